"""Starts a training from a checkpoint, even one of another tokenizer: each token begins with what it knew of it."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer, decoders
from torch import Tensor

from .chatformat import NANO
from .network import Nano

EMBEDDING = "model.language_model.embed_tokens.weight"


def start_from(model: Nano, folder: Path, tokens: Path = NANO) -> None:
    """Loads the weights of `folder` into `model`, which reads with the tokenizer of the folder `tokens`."""
    weights = load_file(folder / "model.safetensors")
    weights[EMBEDDING] = moved(
        weights[EMBEDDING].float(),
        Tokenizer.from_file(str(folder / "tokenizer.json")),
        Tokenizer.from_file(str(tokens / "tokenizer.json")),
    )
    model.load_state_dict({name: tensor.float() for name, tensor in weights.items()})


def moved(rows: Tensor, old: Tokenizer, new: Tokenizer) -> Tensor:
    """Rows `[vocabulary, width]` for the tokens of `new`: those of the same token, else the mean of its parts'."""
    known, spelled = old.get_vocab(), decoders.ByteLevel()
    out = torch.empty(new.get_vocab_size(), rows.shape[1])
    for token, index in new.get_vocab().items():
        parts = [known[token]] if token in known else old.encode(spelled.decode([token]), add_special_tokens=False).ids
        out[index] = rows[parts].mean(0)
    return out
