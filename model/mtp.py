"""Multi-token prediction: the checkpoint's own layer that guesses the token after the next."""

from copy import deepcopy

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.cache_utils import Cache

from ..errors import UnsupportedModelError
from .weights import Weights, some

PREFIX = "mtp."  # of its tensors in a checkpoint


class MultiTokenPredictor(nn.Module):
    """One full-attention decoder layer behind the main model, whose embeddings and head it shares.

    Row i joins the embedding of token i + 1 with what the main model made of token i, behind its last norm; the head
    makes of the result a guess at token i + 2. A result can stand for the main model's hidden state of the next row,
    so several tokens can be guessed in turn. (Formula: `Qwen3_5MultiTokenPredictor` of vLLM.)
    """

    def __init__(self, model: PreTrainedModel) -> None:
        """Without weights yet, from the classes and the settings of the main `model`."""
        super().__init__()
        decoder = model.model.language_model
        config = deepcopy(decoder.config)
        config.num_hidden_layers, config.layer_types = 1, ["full_attention"]
        hidden = config.hidden_size
        norm = type(decoder.norm)
        self.pre_fc_norm_embedding = norm(hidden, config.rms_norm_eps)
        self.pre_fc_norm_hidden = norm(hidden, config.rms_norm_eps)
        self.fc = nn.Linear(2 * hidden, hidden, bias=False)
        self.layer = type(decoder.layers[0])(config, 0)
        self.norm = norm(hidden, config.rms_norm_eps)

    def forward(
        self,
        embeddings: Tensor,
        hidden: Tensor,
        positions: Tensor,
        cache: Cache,
        rotary: nn.Module,
    ) -> Tensor:
        """Reads rows behind those in the cache.

        Args:
            embeddings: `[rows, hidden]`, of tokens 1 to n (of pictures, the tower's).
            hidden: `[rows, hidden]`, the main model's for tokens 0 to n - 1.
            positions: `[3, rows]`, M-RoPE positions of tokens 0 to n - 1.
            cache: with one layer; grows by the rows.
            rotary: the main model's rotary embedding.

        Returns:
            `[rows, hidden]`, for the main model's head.
        """
        joined = torch.cat([self.pre_fc_norm_embedding(embeddings), self.pre_fc_norm_hidden(hidden)], dim=-1)
        rows = self.fc(joined)[None]  # [1, rows, hidden]
        turned = rotary(rows, positions[:, None])
        rows = self.layer(rows, position_embeddings=turned, attention_mask=None, past_key_values=cache)
        result: Tensor = self.norm(rows)[0]
        return result


def load_mtp(weights: Weights, model: PreTrainedModel) -> MultiTokenPredictor | None:
    """The checkpoint's MTP layer, on the main model's device and in its dtype, or None if it has none.

    Raises:
        UnsupportedModelError: if a weight of it is missing, has a wrong shape, or is of a kind that isn't known.
    """
    stored = weights.names(PREFIX)
    if not stored:
        return None
    with torch.device("meta"):
        predictor = MultiTokenPredictor(model)
    names = {f"{PREFIX}{name}".replace(".layer.", ".layers.0."): name for name in predictor.state_dict()}
    weights.check({stored: predictor.get_parameter(name) for stored, name in names.items()})
    if unknown := sorted(stored - names.keys()):
        raise UnsupportedModelError(f"{weights.folder}: holds {some(unknown)}, not known; load it without speculation")
    tensors = weights.read(names, device=model.device, dtype=model.dtype)
    predictor.load_state_dict({names[stored]: tensor for stored, tensor in tensors.items()}, assign=True)
    return predictor.eval().requires_grad_(False)
