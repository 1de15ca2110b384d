"""Makes model/nano/tokenizer.json and tokenizer_config.json: `python -m training.make_tokenizer`.

A byte-level BPE trained on generated text. A word takes the space before it, digits come one by one, and punctuation
takes the spaces within it, so that JSON costs few tokens.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from .chatformat import NANO
from .sample import Sample
from .skills import training_sample

VOCABULARY = 2048
PRE_TOKENS = r" ?\p{L}+|\p{N}|[^\s\p{L}\p{N}]+(?: [^\s\p{L}\p{N}]+)*|\s*[\r\n]+|\s+(?!\S)|\s+"
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
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PRE_TOKENS), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - len(SPECIAL) - len(PLAIN),
        min_frequency=2,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
        max_token_length=12,
    )
    tokenizer.train_from_iterator(_texts(samples), trainer)
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
    made = make_tokenizer(NANO)
    print(f"{made.get_vocab_size()} tokens")
