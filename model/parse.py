"""Generated tokens -> thinking, text and tool calls, as they come.

The parser is fed pieces of text and is told which are control tokens: the characters `<tool_call>` written out as
ordinary text are text. Whitespace that the format puts between the parts belongs to none of them, so it is held back
until more follows.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

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
class Call:
    """A complete tool call, or one that can't be used: then `error` says why and `args` is empty."""

    index: int
    name: str
    args: dict[str, Any]
    raw: str
    error: str | None = None


Delta = ThinkingDelta | TextDelta | CallStarted | Call

_FUNCTION = re.compile(r"\s*<function=([^>\n]+)>\n?")
# A value ends at the first `</parameter>` that is followed by another parameter or by the end of the function, so that
# the tag's own characters may stand inside a value. Tags on lines of their own are tried first, which is how the
# grammar has it and leaves more to values; then tags anywhere.
_PARAMETERS = (
    re.compile(r"<parameter=([^>\n]+)>\n(.*?)\n</parameter>\n(?=<parameter=|</function>)", re.DOTALL),
    re.compile(r"\s*<parameter=([^>\n]+)>\n?(.*?)\n?</parameter>(?=\s*(?:<parameter=|</function>))", re.DOTALL),
)
_END = re.compile(r"\s*</function>\s*")


class Parser:
    """Splits one assistant turn. `schemas` maps a function's name to its JSON schema of parameters."""

    def __init__(self, schemas: Mapping[str, Mapping[str, Any]], *, thinking: bool) -> None:
        self._schemas = schemas
        self._part: Part = "thinking" if thinking else "text"
        self._held = ""  # whitespace that may turn out to lie between parts
        self._begun = False  # whether the current part has shown anything
        self._body = ""
        self._announced = False
        self.calls = 0

    @property
    def part(self) -> Part:
        """What is being written now."""
        return self._part

    def feed(self, piece: str, control: bool = False) -> Iterator[Delta]:
        """Takes the next piece of the turn."""
        if control and piece == "</think>" and self._part == "thinking":
            self._enter("text")
        elif control and piece == "<tool_call>" and self._part != "call":
            self._enter("call")
        elif control and piece == "</tool_call>" and self._part == "call":
            yield self._finish_call()
            self._enter("text")
        elif control and piece == "<think>" and self._part != "call":
            self._enter("thinking")
        elif self._part == "call":
            self._body += piece
            yield from self._announce()
        else:
            yield from self._show(piece)

    def finish(self) -> Iterator[Delta]:
        """Ends the turn; a call still open is handed out as an error, never as a call with arguments missing."""
        if self._part == "call":
            yield self._failed("the call was cut off before </tool_call>")
            self._enter("text")

    def _enter(self, part: Part) -> None:
        self._part, self._held, self._begun, self._body, self._announced = part, "", False, "", False

    def _show(self, piece: str) -> Iterator[Delta]:
        text = self._held + piece
        if not self._begun:
            text = text.lstrip()
        shown = text.rstrip()
        self._held = text[len(shown) :]
        if shown:
            self._begun = True
            yield ThinkingDelta(shown) if self._part == "thinking" else TextDelta(shown)

    def _announce(self) -> Iterator[CallStarted]:
        if not self._announced and (match := _FUNCTION.match(self._body)):
            self._announced = True
            yield CallStarted(self.calls, match[1].strip())

    def _finish_call(self) -> Call:
        function = _FUNCTION.match(self._body)
        if function is None:
            return self._from_json()
        name = function[1].strip()
        types = self._schemas.get(name, {}).get("properties", {})
        for parameter in _PARAMETERS:
            position = function.end()
            args: dict[str, Any] = {}
            while match := parameter.match(self._body, position):
                key = match[1].strip()
                args[key] = read_value(match[2], types.get(key, {}))
                position = match.end()
            if _END.fullmatch(self._body, position):
                return self._done(Call(self.calls, name, args, self._body))
        return self._failed(f"the call of {name} isn't well formed: expected <parameter=…> or </function>")

    def _from_json(self) -> Call:
        """The older form of the family: one JSON object with a name and arguments."""
        try:
            call = json.loads(self._body)
            return self._done(Call(self.calls, str(call["name"]), dict(call.get("arguments", {})), self._body))
        except (ValueError, TypeError, KeyError):
            return self._failed("the call doesn't begin with <function=NAME>")

    def _failed(self, error: str) -> Call:
        function = _FUNCTION.match(self._body)
        return self._done(Call(self.calls, function[1].strip() if function else "", {}, self._body.strip(), error))

    def _done(self, call: Call) -> Call:
        self.calls += 1
        return call


def read_value(raw: str, schema: Mapping[str, Any] | bool) -> Any:
    """The value of a parameter written as text, by its JSON schema.

    Where the schema wants a string the text is it, to the letter. Elsewhere the text is JSON, or Python's True, False
    and None, which some templates of the family print. What fits nothing stays text: validation will name the fault.
    """
    types = types_of(schema)
    if types == {"string"}:
        return raw
    value = _literal(raw)
    if value is None and raw.strip() in ("null", "None"):
        return None if "null" in types or not types or "string" not in types else raw
    if value is None:
        return raw
    if isinstance(value, float) and value.is_integer() and "integer" in types and "number" not in types:
        value = int(value)
    return value if not types or _json_type(value) & types or "string" not in types else raw


def types_of(schema: Mapping[str, Any] | bool) -> set[str]:
    """The JSON types that a schema allows by its `type`, unions or enumeration; empty where it says nothing."""
    if isinstance(schema, bool):  # true allows anything
        return set()
    declared = schema.get("type", ())
    types = {declared} if isinstance(declared, str) else set(declared)
    for union in ("anyOf", "oneOf"):
        for option in schema.get(union, ()):
            types |= types_of(option)
    return types or {name for value in choices_of(schema) for name in _json_type(value)}


def choices_of(schema: Mapping[str, Any] | bool) -> list[Any]:
    """The values that a schema lists one by one; empty if it allows others."""
    if isinstance(schema, bool):
        return []
    if "const" in schema or schema.get("type") == "null":
        return [schema.get("const")]
    if "enum" in schema:
        return list(schema["enum"])
    options = [choices_of(option) for option in schema.get("anyOf", schema.get("oneOf", ()))]
    return [choice for option in options for choice in option] if all(options) else []


def _json_type(value: Any) -> set[str]:
    match value:
        case bool():
            return {"boolean"}
        case int():
            return {"integer", "number"}
        case float():
            return {"number"}
        case str():
            return {"string"}
        case list():
            return {"array"}
        case dict():
            return {"object"}
    return {"null"}


def _literal(raw: str) -> Any:
    text = raw.strip()
    if text in ("True", "False"):
        return text == "True"
    try:
        return json.loads(text)
    except ValueError:
        return None
