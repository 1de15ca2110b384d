"""Makes tokenizer.json and tokenizer_config.json: `python -m training.make_tokenizer [FOLDER]` (model/nano by default).

A byte-level BPE trained on generated text, split by the family's own pattern, so that transformers reads it the same
whether it trusts the file or not. A word's letters become the same tokens wherever it stands: merges with the space
before it come last, and only with whole tokens, so that ` Drovo` is `Drovo` but for the first token. Copying a name
from a sentence into a call is then a matter of tokens.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from .chatformat import NANO
from .sample import Sample
from .skills import training_sample

VOCABULARY = 2048
SPACED = 560  # tokens that are another one with the space before it
PATTERN = (  # Qwen3.5's
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}"
    r"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# The same, but a word without what stands before it.
ALONE = r"[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+"
SPACE = "\u0120"
SPECIAL = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|object_ref_start|>",
    "<|object_ref_end|>",
    "<|box_start|>",
    "<|box_end|>",
    "<|quad_start|>",
    "<|quad_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
PLAIN = ("<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>", "<think>", "</think>")
FIXED = (
    "system\nuser\nassistant\n# Tools\n\nYou have access to the following functions:\n\n<tools>\n</tools>\n\n"
    "Call a function when it helps; otherwise answer. <0.5 seconds>"
)
MIXTURE = {
    "copying": 1.0,
    "pictures": 1.0,
    "reading": 0.5,
    "motion": 0.3,
    "times": 0.6,
    "tools": 3.0,
    "documents": 3.0,
    "conversation": 1.0,
    "looking": 0.3,
}


def make_tokenizer(folder: Path, samples: int = 12_000) -> Tokenizer:
    """Trains and writes the tokenizer of `folder`."""
    texts = list(_texts(samples))
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = _split(ALONE)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - len(SPECIAL) - len(PLAIN) - SPACED,
        min_frequency=2,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
        max_token_length=12,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.model = _spaced(tokenizer, texts)
    tokenizer.pre_tokenizer = _split(PATTERN)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in PLAIN])
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "TokenizersBackend",
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
        "model_max_length": 8192,
        "clean_up_tokenization_spaces": False,
        "split_special_tokens": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")
    return tokenizer


def _split(pattern: str) -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def _spaced(tokenizer: Tokenizer, texts: list[str]) -> models.BPE:
    """The model with the tokens added that most often follow a space, joined with it."""
    tokenizer.pre_tokenizer = _split(PATTERN)
    description = json.loads(tokenizer.to_str())["model"]
    following: Counter[str] = Counter()
    for encoding in tokenizer.encode_batch(texts, add_special_tokens=False):
        following.update(b for a, b in pairwise(encoding.tokens) if a == SPACE and b[0].isalpha() and b != SPACE)
    vocabulary, merges = description["vocab"], [tuple(merge) for merge in description["merges"]]
    for token, _ in following.most_common():
        if SPACE + token not in vocabulary and len(vocabulary) < VOCABULARY - len(SPECIAL) - len(PLAIN):
            vocabulary[SPACE + token] = len(vocabulary)
            merges.append((SPACE, token))
    return models.BPE(vocabulary, merges)


def _texts(samples: int) -> Iterator[str]:
    rng = Random(0)
    yield from [FIXED] * 500
    for _ in range(samples):
        yield from _text(training_sample(rng, MIXTURE, 1.0))


def _text(sample: Sample) -> Iterator[str]:
    yield from (json.dumps(tool, ensure_ascii=False) for tool in sample.tools)
    for turn in sample.turns:
        yield turn.text
        yield turn.thought
        for call in turn.calls:
            yield (
                f"<function={call.name}>\n"
                + "".join(f"<parameter={key}>\n{value}\n</parameter>\n" for key, value in call.arguments.items())
                + "</function>\n"
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=NANO)
    made = make_tokenizer(parser.parse_args().folder)
    print(f"{made.get_vocab_size()} tokens")
