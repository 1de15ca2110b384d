"""What it costs that calls are always well formed: masks and matchers, as a share of the time that writing takes.

The nano writes a call that its schema makes long, and in the same run as many tokens of plain text without a grammar,
where the tokens that would end the turn are ruled out. Then a call with a file and a list is followed in the family's
full vocabulary (the bundled tokenizer with pairs of its tokens added), beside the output layer alone of the smallest
model that has it.
"""

from __future__ import annotations

import argparse
import inspect
import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from statistics import mean, median
from typing import Any
from unittest.mock import patch

import torch
from tokenizers import Tokenizer

from benchmarks.report import Claim, main
from quintet import load_model
from quintet.model.grammar import Grammars, Matcher
from quintet.model.turn import Turn

RUNS = 7
VOCABULARY = 248_320
HIDDEN = 1024  # of the 0.8B
LINE = {
    "type": "object",
    "properties": {"number": {"type": "integer"}, "why": {"type": "string", "maxLength": 40}},
    "required": ["number", "why"],
    "additionalProperties": False,
}
PARAMETERS = {
    "type": "object",
    "properties": {
        "lines": {"type": "array", "items": LINE, "minItems": 10, "maxItems": 10},
        "code": {"type": "string"},
    },
    "required": ["lines"],
}
TOOL = {"type": "function", "function": {"name": "note", "description": "Notes lines.", "parameters": PARAMETERS}}


@dataclass
class Clock:
    """When each token was drawn (s), and the time spent on grammars in between."""

    drawn: list[float] = field(default_factory=list)
    spent: float = 0.0

    @property
    def total(self) -> float:
        """Seconds from the first token to the last."""
        return self.drawn[-1] - self.drawn[0]

    def watch(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """The method, with its time added up."""

        @wraps(method)
        def watched(*args: Any) -> Any:
            start = time.perf_counter()
            result = method(*args)
            self.spent += time.perf_counter() - start
            return result

        return watched


@contextmanager
def clock() -> Iterator[Clock]:
    """Watches what is generated meanwhile."""
    found = Clock()
    draw = Turn.draw

    def drawn(turn: Turn, logits: torch.Tensor) -> int:
        token = draw(turn, logits)
        found.drawn.append(time.perf_counter())
        return token

    with (
        patch.object(Turn, "draw", drawn),
        patch.object(Matcher, "restrict", found.watch(Matcher.restrict)),
        patch.object(Matcher, "take", found.watch(Matcher.take)),
    ):
        yield found


def nano() -> tuple[list[Clock], list[Clock]]:
    """Runs of the nano with a grammar and without, alternating."""
    model = load_model(device="cpu", temperature=1.0, thinking=False)
    engine: Any = model.engine
    ends = torch.tensor([engine.format.control[name] for name in ("<|im_end|>", "<|endoftext|>", "<tool_call>")])
    with_grammar, without = [], []
    for run in range(RUNS):
        with clock() as calls:
            model.bind(tools=[TOOL], tool_choice="note").invoke(f"Note {run}.", seed=run, max_tokens=400)
        hook = engine.model.lm_head.register_forward_hook(
            lambda _module, _input, logits: logits.index_fill(-1, ends.to(logits.device), float("-inf"))
        )
        with clock() as text:
            model.invoke(f"Tell me about {run}.", seed=run, max_tokens=len(calls.drawn))
        hook.remove()
        with_grammar.append(calls)
        without.append(text)
    return with_grammar, without


def full_vocabulary() -> list[float]:
    """Seconds of each token's mask and step, in a vocabulary of the family's size."""
    engine: Any = load_model(device="cpu").engine
    description = json.loads(engine.format.backend.to_str())
    vocabulary = description["model"]["vocab"]
    words, rng = [word for word in vocabulary if len(word) > 1], random.Random(0)
    number = engine.model.lm_head.out_features
    while number < VOCABULARY:
        if (pair := "".join(rng.choices(words, k=2))) not in vocabulary:
            vocabulary[pair] = number
            number += 1
    grammars = Grammars(
        Tokenizer.from_str(json.dumps(description)), vocabulary=VOCABULARY, end=engine.format.control["</tool_call>"]
    )
    matcher = grammars.calls([TOOL])()
    code = inspect.getsource(argparse.ArgumentParser)
    lines = json.dumps([{"number": number, "why": line[:40]} for number, line in enumerate(code.splitlines()[20:30])])
    written = f"<parameter=lines>\n{lines}\n</parameter>\n<parameter=code>\n{code}\n</parameter>\n"
    seconds = []
    logits = torch.zeros(VOCABULARY)
    for token in engine.format.encode(f"\n<function=note>\n{written}</function>\n", {}).ids:
        start = time.perf_counter()
        matcher.restrict(logits)
        matcher.take(token)
        seconds.append(time.perf_counter() - start)
    return seconds


def output_layer() -> float:
    """Seconds of the logits of one token in the smallest model of the family, reckoned from a sixteenth of them."""
    weights, state = torch.randn(VOCABULARY // 16, HIDDEN), torch.randn(HIDDEN)
    seconds = []
    for _ in range(50):
        start = time.perf_counter()
        torch.mv(weights, state)
        seconds.append(time.perf_counter() - start)
    return 16 * median(seconds)


def measure() -> tuple[dict[str, float], list[Claim]]:
    """Medians over the runs of the nano, and the mean over the tokens in the full vocabulary."""
    with_grammar, without = nano()
    share = median(run.spent / run.total for run in with_grammar)
    slower = median(
        (a.total / len(a.drawn)) / (b.total / len(b.drawn)) for a, b in zip(with_grammar, without, strict=True)
    )
    full, output = mean(full_vocabulary()), output_layer()
    figures = {
        "tokens of a call": median(len(run.drawn) for run in with_grammar),
        "with a grammar, tokens/s": median(len(run.drawn) / run.total for run in with_grammar),
        "without, tokens/s": median(len(run.drawn) / run.total for run in without),
        "mask and step of the nano, µs": 1e6 * median(run.spent / len(run.drawn) for run in with_grammar),
        f"mask and step of {VOCABULARY:,} tokens, µs": 1e6 * full,
        "output layer of the 0.8B, µs": 1e6 * output,
    }
    return figures, [
        Claim("share of the nano's decode time spent on the grammar", share, most=0.1),
        Claim("time of a token with a grammar over one without", slower, most=1.1),
        Claim("mask and step in the full vocabulary over the output layer alone of the 0.8B", full / output, most=0.1),
    ]


if __name__ == "__main__":
    main(measure)
