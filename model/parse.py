"""Generated tokens -> thinking, text and tool calls, as they come.

The parser is fed pieces of text and is told which are control tokens: the characters `<tool_call>` written out as
ordinary text are text. Whitespace that the format puts between the parts belongs to none of them, so it is held back
until more follows.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .schema import Schema

Part = Literal["thinking", "text", "call"]


@dataclass(frozen=True)
class ThinkingDelta:
    """More of the thinking."""

    text: str


@dataclass(frozen=True)
class TextDelta:
    """More of the visible answer."""

    text: str


@dataclass(frozen=True)
class CallStarted:
    """A tool call whose name is known and whose arguments are being written."""

    index: int
    name: str


@dataclass(frozen=True)
class CallDelta:
    """More of a call's arguments, as the format writes them."""

    index: int
    text: str


@dataclass(frozen=True)
class Call:
    """A complete tool call, or one that can't be used: then `error` says why.

    One that can't has no `args`, so that it isn't run by mistake; `understood` holds what could be read of them.
    """

    index: int
    name: str
    args: dict[str, Any]
    raw: str
    error: str | None = None
    understood: dict[str, Any] = field(default_factory=dict)


Delta = ThinkingDelta | TextDelta | CallStarted | CallDelta | Call

_FUNCTION = re.compile(r"\s*<function=([^>\n]+)>\n?")
# What ends a value: the tag that is followed by another parameter, or by the end of the function and of the call. Tags
# on lines of their own are tried first, which is how templates write them and leaves more to values; then any.
_ENDS = (
    re.compile(r"(?<=\n)</parameter>\n(?:<parameter=([^>\n]+)>(?=\n)|</function>\s*\Z)"),
    re.compile(r"</parameter>\s*(?:<parameter=([^>\n]+)>|</function>\s*\Z)"),
)


class Parser:
    """Splits one assistant turn. `schemas` maps a function's name to its JSON schema of parameters.

    A call ends the thinking it stands in: what follows is text, unless `</think>` shows that it was thinking still. A
    part that is taken up again goes on in a new paragraph. A function that has no schema may have any parameters.
    """

    def __init__(self, schemas: Mapping[str, Mapping[str, Any]], *, thinking: bool) -> None:
        self._schemas = schemas
        self._part: Part = "thinking" if thinking else "text"
        self._thinks = thinking  # until </think>
        self._spoken: set[Part] = set()  # what has shown anything in this turn
        self._begun = False  # whether the current part has
        self._held: list[str] = []  # whitespace that may turn out to lie between parts
        self._body: list[str] = []
        self._named = False  # whether the first tag of the call has come
        self.calls = 0

    @property
    def part(self) -> Part:
        """What is being written now."""
        return self._part

    def feed(self, piece: str, control: bool = False) -> Iterator[Delta]:
        """Takes the next piece of the turn. A control token that has no place there is shown as its characters."""
        if self._part == "call":
            if control and piece == "</tool_call>":
                yield self._close()
            else:
                self._body.append(piece)
                yield from self._announce(piece)
        elif control and piece == "<tool_call>":
            self._enter("call")
        elif control and piece == "<think>":
            self._thinks = True
            self._enter("thinking")
        elif control and piece == "</think>" and self._thinks:
            self._thinks = False
            self._enter("text")
        else:
            yield from self._show(piece)

    def finish(self) -> Iterator[Delta]:
        """Ends the turn; a call still open is handed out as an error, never as a call with arguments missing."""
        if self._part == "call":
            yield self._close("the call was cut off before </tool_call>")

    def _enter(self, part: Part) -> None:
        self._part, self._begun, self._body, self._named = part, False, [], False
        self._held = ["\n\n"] if part in self._spoken else []

    def _show(self, piece: str) -> Iterator[Delta]:
        text = piece if self._begun else piece.lstrip()
        shown = text.rstrip()
        if shown:
            delta = ThinkingDelta if self._part == "thinking" else TextDelta
            yield delta("".join(self._held) + shown)
            self._held = [text[len(shown) :]]
            self._begun = True
            self._spoken.add(self._part)
        elif text:
            self._held.append(text)

    def _announce(self, piece: str) -> Iterator[CallStarted | CallDelta]:
        if self._named and piece:
            yield CallDelta(self.calls, piece)
        elif ">" in piece:
            self._named = True
            body = "".join(self._body)
            if function := _FUNCTION.match(body):
                yield CallStarted(self.calls, function[1])
            yield from self._announce(body[body.index(">") + 1 :])

    def _close(self, fault: str | None = None) -> Call:
        body = "".join(self._body)
        name, args, wrong = self._read(body + "…" if fault else body)  # where it was cut off may look like its end
        fault = fault or wrong
        call = Call(self.calls, name, {} if fault else args, body.strip(), fault, args if fault else {})
        self.calls += 1
        self._enter("text")
        return call

    def _read(self, body: str) -> tuple[str, dict[str, Any], str | None]:
        """Name and arguments of a call, and what is wrong with it."""
        function = _FUNCTION.match(body)
        if function is None:
            return _from_json(body)
        name = function[1]
        schema = Schema.whole(self._schemas.get(name, {}))
        text = "\n</parameter>\n" + body[function.end() :]
        readings = [_arguments(text, ends, schema) for ends in _ENDS]
        args, wrong = next((reading for reading in readings if not reading[1]), readings[0])
        return name, args, wrong and f"the call of {name} isn't well formed: {wrong}"


def _arguments(text: str, ends: re.Pattern[str], function: Schema) -> tuple[dict[str, Any], str | None]:
    """The arguments in `text`, which begins as if a value had just ended, and what is wrong with them.

    A string goes on over what looks like its end, unless a parameter follows that the function has and that wasn't
    written yet. No other value can hold such an end, so there every tag counts.
    """
    args: dict[str, Any] = {}
    key, start = None, 0
    for end in ends.finditer(text):
        following = end[1]  # None at the end of the function
        if key is not None:
            schema = function.parameters.get(key) or Schema.whole({})
            new = following not in (*args, key) and (function.open or following in function.parameters)
            if following is not None and not new and "string" in schema.types:
                continue
            args[key] = schema.read(text[start : end.start()].removeprefix("\n").removesuffix("\n"))
        elif end.start() > 1:
            break
        if following is None:
            return args, None
        if following in args:
            return args, f"the parameter {following} is written twice"
        key, start = following, end.end()
    return args, "expected <parameter=…> or </function>"


def _from_json(body: str) -> tuple[str, dict[str, Any], str | None]:
    """The older form of the family: one JSON object with a name and arguments."""
    try:
        call = json.loads(body)
        return str(call["name"]), dict(call.get("arguments", {})), None
    except (ValueError, TypeError, KeyError, RecursionError):
        return "", {}, "the call doesn't begin with <function=NAME>"
