"""Samples -> token ids, without transformers or langchain: fast, and equal to the product's prompt (tested).

Only generated data comes through here, which never contains control tokens, so nothing is escaped.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from .sample import Clip, Part, Picture, Sample, Turn

NANO = Path(__file__).parent.parent / "model" / "nano"
PATCH, MERGE = 16, 2
CELL = PATCH * MERGE  # pixels of one vision token's side
OUTSIDE = 0.03  # weight of tokens that the model reads, beside 1 for those it writes
DECISIVE = 3.0  # weight of those that decide: how a turn begins, which function, which passage
_MEDIA = "\ufffc"


@dataclass(frozen=True)
class Frame:
    """One temporal patch: `pixels` `[2, height, width, 3]`, its first vision token among the ids."""

    start: int
    pixels: NDArray[np.uint8]

    @property
    def rows(self) -> int:
        return int(self.pixels.shape[1]) // CELL

    @property
    def columns(self) -> int:
        return int(self.pixels.shape[2]) // CELL


@dataclass(frozen=True)
class Tokens:
    """Ids `[n]`, the loss weight of each as a target, and the vision frames among them."""

    ids: list[int]
    weights: list[float]
    frames: list[Frame]
    skill: str


class ChatFormat:
    """Renders samples with the tokenizer of `folder`."""

    def __init__(self, folder: Path = NANO) -> None:
        description = json.loads((folder / "tokenizer.json").read_text())
        self.control: dict[str, int] = {token["content"]: token["id"] for token in description["added_tokens"]}
        description["added_tokens"] = []
        self._plain = Tokenizer.from_str(json.dumps(description))
        longest_first = sorted(self.control, key=len, reverse=True)
        self._split = re.compile("(" + "|".join(map(re.escape, longest_first)) + f"|{_MEDIA})")

    def encode(self, sample: Sample) -> Tokens:
        """The whole conversation, as the model reads and writes it."""
        out = Tokens([], [], [], sample.skill)
        self._text(self._opening(sample), [], out, read=True)
        turns = sample.turns[1:] if sample.turns[0].role == "system" else sample.turns
        for index, turn in enumerate(turns):
            if turn.role == "assistant":
                self._text(
                    "<|im_start|>assistant\n<think>\n" + ("" if turn.thought else "\n</think>\n\n"), [], out, read=True
                )
                self._text(_spoken(turn), [], out, read=False)
                self._text("\n", [], out, read=True)
            elif turn.role == "tool":
                before = "<|im_start|>user" if index == 0 or turns[index - 1].role != "tool" else ""
                after = "<|im_end|>\n" if index + 1 == len(turns) or turns[index + 1].role != "tool" else ""
                text = f"{before}\n<tool_response>\n{_flat(turn.parts)}\n</tool_response>{after}"
                self._text(text, [part for part in turn.parts if not isinstance(part, str)], out, read=True)
            else:
                media = [part for part in turn.parts if not isinstance(part, str)]
                self._text(f"<|im_start|>user\n{_flat(turn.parts).strip()}<|im_end|>\n", media, out, read=True)
        return out

    def _opening(self, sample: Sample) -> str:
        first = sample.turns[0]
        text = first.text.strip() if first.role == "system" else ""
        if sample.tools:
            lines = "".join("\n" + json.dumps(tool, ensure_ascii=False) for tool in sample.tools)
            head = "# Tools\n\nYou have access to the following functions:\n\n<tools>"
            tail = "\n</tools>\n\nCall a function when it helps; otherwise answer."
            text = head + lines + tail + ("\n\n" + text if text else "")
        return f"<|im_start|>system\n{text}<|im_end|>\n" if text else ""

    def _text(self, text: str, media: Sequence[Part], out: Tokens, *, read: bool) -> None:
        weight = OUTSIDE if read else 1.0
        remaining, first = iter(media), len(out.weights)
        for piece in self._split.split(text):
            if piece == _MEDIA:
                self._media(next(remaining), out)
            elif piece in self.control:
                out.ids.append(self.control[piece])
                out.weights.append(weight)
            elif piece:
                encoded = self._plain.encode(piece, add_special_tokens=False)
                out.ids.extend(encoded.ids)
                out.weights.extend([weight] * len(encoded.ids) if read else _weighed(encoded.tokens))
        if not read:
            out.weights[first] = DECISIVE

    def _media(self, part: Part, out: Tokens) -> None:
        if isinstance(part, Picture):
            self._span("<|image_pad|>", np.stack([part.pixels, part.pixels]), out)
            return
        assert isinstance(part, Clip)
        self._control("<|vision_start|>", out)
        for first in range(0, len(part.frames), 2):
            stamp = f"<{(part.times[first] + part.times[first + 1]) / 2:.1f} seconds>"
            ids = self._plain.encode(stamp, add_special_tokens=False).ids
            out.ids.extend(ids)
            out.weights.extend([0.0] * len(ids))
            self._span("<|video_pad|>", part.frames[first : first + 2], out)
        self._control("<|vision_end|>", out)

    def _span(self, pad: str, pixels: NDArray[np.uint8], out: Tokens) -> None:
        self._control("<|vision_start|>", out)
        frame = Frame(len(out.ids), pixels)
        out.frames.append(frame)
        out.ids.extend([self.control[pad]] * (frame.rows * frame.columns))
        out.weights.extend([0.0] * (frame.rows * frame.columns))
        self._control("<|vision_end|>", out)

    def _control(self, token: str, out: Tokens) -> None:
        out.ids.append(self.control[token])
        out.weights.append(0.0)


def _weighed(tokens: list[str]) -> list[float]:
    """Weights of what the model writes: more for the first token of a function's name and a passage's number."""
    before = [("", ""), ("", tokens[0]), *pairwise(tokens)]
    return [
        DECISIVE
        if (one.isdigit() and (last.endswith("[") or earlier == "Passage")) or (last == "=" and earlier == "function")
        else 1.0
        for one, (earlier, last) in zip(tokens, before, strict=False)
    ]


def _flat(parts: tuple[Part, ...]) -> str:
    return "".join(part if isinstance(part, str) else _MEDIA for part in parts)


def _spoken(turn: Turn) -> str:
    """What the model writes after the generation prompt."""
    text = turn.text.strip()
    out = f"{turn.thought}\n</think>\n\n{text}" if turn.thought else text
    for index, call in enumerate(turn.calls):
        out += "\n\n" if index == 0 and text else "" if index == 0 else "\n"
        out += f"<tool_call>\n<function={call.name}>\n"
        for key, value in call.arguments.items():
            written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            out += f"<parameter={key}>\n{written}\n</parameter>\n"
        out += "</function>\n</tool_call>"
    return out + "<|im_end|>"
