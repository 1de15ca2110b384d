"""One assistant turn being written: drawn tokens in, deltas out, until something ends it."""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from tokenizers.decoders import DecodeStream
from torch import Tensor

from .engine import FinishReason, Request
from .parse import Delta, Parser, TextDelta
from .prompt import MARK, PromptFormat
from .sampling import Sampler


class Turn:
    """`reason` is None while the turn goes on; `thought` counts the tokens of thinking."""

    def __init__(self, request: Request, chat_format: PromptFormat, generation_config: Mapping[str, Any]) -> None:
        self._format = chat_format
        self._tokenizer = chat_format.backend
        self._sampler = Sampler(request.resolve(generation_config))
        self._parser = Parser(request.schemas, thinking=request.thinks)
        self._stop = StopFilter(request.stop)
        self._stream = DecodeStream(skip_special_tokens=False)
        self._forced = deque(chat_format.encode(_opening(request.call), {}).ids)
        self._end_thinking = chat_format.encode(f"\n{MARK}</think>{MARK}\n\n", {}).ids
        self._budget = None if isinstance(request.thinking, bool) else request.thinking
        self._ends = {chat_format.control[name] for name in ("<|im_end|>", "<|endoftext|>")}
        self.reason: FinishReason | None = None
        self.thought = 0

    def draw(self, logits: Tensor) -> int:
        """The next token: one that must come now, or one drawn from `logits` `[vocabulary]`."""
        return self._forced.popleft() if self._forced else self._sampler.draw(logits)

    def take(self, token: int) -> Iterator[Delta]:
        """Takes the token that was drawn."""
        if token in self._ends:
            self.reason = "tool_calls" if self._parser.calls else "stop"
            return
        control = self._format.control_name(token)
        if control is not None:
            self._stream = DecodeStream(skip_special_tokens=False)
        piece = control or self._stream.step(self._tokenizer, token)
        if self._parser.part == "thinking":
            self.thought += 1
        if piece:
            yield from self._shown(self._parser.feed(piece, control is not None))
        if self._parser.part == "thinking" and self.thought == self._budget:
            self._forced.extend(self._end_thinking)

    def close(self) -> Iterator[Delta]:
        """Hands out what was held back, when the turn has ended or its room is used up."""
        yield from self._shown(self._parser.finish())
        if rest := self._stop.rest():
            yield TextDelta(rest)
        self.reason = self.reason or "length"

    def _shown(self, deltas: Iterator[Delta]) -> Iterator[Delta]:
        for delta in deltas:
            if not isinstance(delta, TextDelta):
                if rest := self._stop.rest():
                    yield TextDelta(rest)
                yield delta
            elif text := self._stop.feed(delta.text):
                yield TextDelta(text)
            if self._stop.hit:
                self.reason = "stop"
                return


class StopFilter:
    """Lets text through up to the first of the stop strings, holding back what might be the beginning of one."""

    def __init__(self, stops: tuple[str, ...]) -> None:
        self._stops = [stop for stop in stops if stop]
        self._held = ""
        self.hit = False

    def feed(self, text: str) -> str:
        """Takes more text; returns what may be shown now."""
        text = self._held + text
        found = [at for stop in self._stops if (at := text.find(stop)) >= 0]
        if found:
            self._held, self.hit = "", True
            return text[: min(found)]
        keep = max((n for stop in self._stops for n in range(1, len(stop)) if text.endswith(stop[:n])), default=0)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def rest(self) -> str:
        """What is still held back, once no more can follow."""
        held, self._held = self._held, ""
        return held


def _opening(call: str | None) -> str:
    """What a forced call begins with: a function's name, or any function for ""."""
    if call is None:
        return ""
    return f"{MARK}<tool_call>{MARK}\n<function=" + (f"{call}>\n" if call else "")
