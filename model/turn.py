"""One assistant turn being written: drawn tokens in, deltas out, until something ends it."""

import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tokenizers.decoders import DecodeStream
from torch import Tensor

from .engine import FinishReason, Logprob, Request
from .grammar import Grammars, Matcher
from .parse import Delta, Parser, TextDelta
from .prompt import MARK, PromptFormat
from .sampling import Sampler

_REPEATED = 96  # tokens
_LONGEST_PERIOD = 96  # tokens


class Turn:
    """`reason` is None while the turn goes on; `thought` counts the tokens of thinking."""

    def __init__(
        self,
        request: Request,
        chat_format: PromptFormat,
        grammars: Grammars,
        generation_config: Mapping[str, Any],
    ) -> None:
        self._format = chat_format
        self._tokenizer = chat_format.backend
        self._sampling = request.resolve(generation_config)
        self._alternatives = request.logprobs
        self._parser = Parser(request.schemas, thinking=request.thinks)
        self._stop = StopFilter(request.stop)
        self._stream = DecodeStream(skip_special_tokens=False)
        self._new_matcher = grammars.calls(request.callable) if request.callable else lambda: None
        self._matcher: Matcher | None = None
        self._only_call = request.call is not None
        self._forced = deque([chat_format.control["<tool_call>"]] if self._only_call else [])
        self._end_thinking = chat_format.encode(f"\n{MARK}</think>{MARK}\n\n", {}).ids
        self._repetition = Repetition()
        self._budget = None if isinstance(request.thinking, bool) else request.thinking
        self._ends = {chat_format.control[name] for name in ("<|im_end|>", "<|endoftext|>")}
        self._longest_value = len(json.dumps(request.callable))  # tokens: more than one of everything in the schema
        self._reserve = 0  # tokens of room from which on a call that has to be whole is watched
        self._left: FinishReason | None = None
        self.reason: FinishReason | None = None
        self.thought = 0

    def begin(self, prompt: Sequence[int], room: int) -> None:
        """Tells which ids stand before the turn, and how many it may have."""
        self._sampler = Sampler(self._sampling, prompt)
        self._room = room

    def draw(self, logits: Tensor) -> int:
        """The next token: one that must come now, or one drawn from `logits` `[vocabulary]`."""
        self._logits = logits
        if self._forced:
            return self._forced.popleft()
        token = self._sampler.draw(self._matcher.restrict(logits) if self._matcher else logits)
        if self._matcher and self._room <= self._reserve and len(self._matcher.way_out(token)) >= self._room:
            self._leave("length")
        return self._forced.popleft() if self._forced else token

    def take(self, token: int) -> Iterator[Delta | Logprob]:
        """Takes the token that was drawn."""
        self._room -= 1
        if self._alternatives is not None:
            yield self._logprob(token, self._alternatives)
        if token in self._ends:
            self.reason = self._left or ("tool_calls" if self._parser.calls else "stop")
            return
        control = self._format.control_name(token)
        if control is not None:
            self._stream = DecodeStream(skip_special_tokens=False)
        piece = control or self._stream.step(self._tokenizer, token)
        if self._parser.part == "thinking":
            self.thought += 1
        if self._matcher:
            self._matcher.take(token)
        if piece:
            yield from self._shown(self._parser.feed(piece, control is not None))
        self._follow_call()
        circling = self._repetition.take(token)
        if self._parser.part == "thinking":
            if not self._forced and (circling or self.thought == self._budget):
                self._forced.extend(self._end_thinking)
        elif circling and not (self._forced or self._leave("repetition")):
            self.reason = self.reason or "repetition"

    def close(self) -> Iterator[Delta]:
        """Hands out what was held back, when the turn has ended or its room is used up."""
        yield from self._shown(self._parser.finish())
        if rest := self._stop.rest():
            yield TextDelta(rest)
        self.reason = self.reason or self._left or "length"

    def _leave(self, reason: FinishReason) -> bool:
        """Ends a call that is forced, and so has to be whole, if there is room for that."""
        way = self._matcher.way_out() if self._matcher and self._only_call else []
        if not 0 < len(way) <= self._room:
            return False
        self._forced.extend(way)
        self._left = reason
        return True

    def _logprob(self, token: int, alternatives: int) -> Logprob:
        logprobs = self._logits.float().log_softmax(-1)
        values, ids = logprobs.topk(alternatives)
        top = tuple(zip(map(self._spelled, ids.tolist()), values.tolist(), strict=True))
        return Logprob(self._spelled(token), float(logprobs[token]), top)

    def _spelled(self, token: int) -> str:
        return self._format.control_name(token) or self._tokenizer.decode([token], skip_special_tokens=False)

    def _follow_call(self) -> None:
        """A matcher from the beginning of a call to its end, after which a forced call is all there is."""
        if self._parser.part != "call":
            if self._matcher and self._only_call:
                self._forced.append(self._format.control["<|im_end|>"])
            self._matcher = None
        elif self._matcher is None:
            self._matcher = self._new_matcher()
            if self._matcher and self._only_call:
                self._reserve = 2 * len(self._matcher.way_out()) + self._longest_value

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


class Repetition:
    """Notices that a turn says the same few tokens again and again, which small models don't get out of.

    That is: the last tokens, `_REPEATED` or more, are a stretch of at most `_LONGEST_PERIOD` said four times or more.
    """

    def __init__(self) -> None:
        self._recent: deque[int] = deque(maxlen=max(_REPEATED, 4 * _LONGEST_PERIOD))
        self._count = 0

    def take(self, token: int) -> bool:
        """Notes a token; True where the turn goes round in circles. What was noticed is noticed once."""
        self._recent.append(token)
        self._count += 1
        if len(self._recent) < _REPEATED or self._count % 8:
            return False
        recent = list(self._recent)
        circling = any(_repeats(recent, period) for period in range(1, _LONGEST_PERIOD + 1))
        if circling:
            self._recent.clear()
        return circling


def _repeats(recent: Sequence[int], period: int) -> bool:
    length = max(_REPEATED, 4 * period)
    return len(recent) >= length and recent[-length + period :] == recent[-length:-period]


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
