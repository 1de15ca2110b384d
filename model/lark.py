"""Tools' schemas -> the grammar of one call, as llguidance reads it: Lark rules with JSON schemas inside.

Left to the tools' own validation, since nothing here enforces it: `not`, `if`, `uniqueItems`, `contains`,
`propertyNames`, `dependentRequired`, that one option only of a `oneOf` fits, patterns that look around or back, formats
that aren't known, the limits of numbers and lists that stand in a union with strings, and unions of whole parameter
lists. Parameters that a schema allows without naming them are never written.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import llguidance

from ..errors import BadInputError
from .guard import check_names
from .schema import Schema, spelled

_LARGEST = 100_000  # characters of a tool's schema as JSON
_LONGEST = 2_000  # characters that are counted in a text

_DAY = "((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)"
_LEAP_YEAR = "([1-9][0-9](0[48]|[2468][048]|[13579][26])|([2468][048]|[13579][26])00)"
_DATE = f"([1-9][0-9]{{3}}-{_DAY}|{_LEAP_YEAR}-02-29)"
_ZONE = "(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
_TIME = rf"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{{1,6}})?{_ZONE}?"
_FORMATS = {
    "date": _DATE,
    "time": _TIME,
    "date-time": f"{_DATE}T{_TIME}",
    "uuid": "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
}
_SCALARS = {
    "null": '"null"',
    "boolean": '"true" | "false"',
    "integer": "/-?(0|[1-9][0-9]*)/",
    "number": r"/-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/",
}
_END = '"\\n</parameter>\\n"'
# Any text is written line by line: masks are made many times faster for that than for one terminal of many lines.
_LINE = r"LINE: /[^\n]*\n/ & ~/<\/parameter>\n/"
_BEYOND_END = r"/(?s:.*)\n<\/parameter>\n(?s:.+)/"


def call_grammar(functions: Sequence[Mapping[str, Any]], end: int) -> str:
    """The grammar of a call of one of `functions`, from behind `<tool_call>` to the token `end`.

    Raises:
        BadInputError: if a schema is none, is too large, or has a name that the format can't hold.
    """
    rules = []
    for number, function in enumerate(functions):
        try:
            rules += _function(f"f{number}", function["name"], function.get("parameters") or {})
        except BadInputError as error:
            raise refused(function["name"], str(error)) from error
    names = " | ".join(f"f{number}" for number in range(len(functions)))
    return "\n".join([f'start: "\\n" ({names}) "\\n" <[{end}]>', _LINE, *rules])


def refused(name: str, reason: str) -> BadInputError:
    """The error for a tool whose calls can't be followed."""
    return BadInputError(f"the schema of tool {name!r} can't be made a grammar: {reason}")


def _function(rule: str, name: str, document: Mapping[str, Any]) -> list[str]:
    if (size := len(json.dumps(document))) > _LARGEST:
        raise BadInputError(f"it has {size} characters of JSON; at most {_LARGEST} can be followed")
    schema = Schema.whole(document)
    check_names((name, *schema.parameters))
    parts, rules = [_quoted(f"<function={name}>"), '"\\n"'], []
    for index, (key, value) in enumerate(schema.parameters.items()):
        parameter = f"{rule}_{index}"
        parts.append(parameter + ("" if key in schema.required else "?"))
        rules.append(f"{parameter}: {_quoted(f'<parameter={key}>')} {parameter}_value")
        rules.append(_value(f"{parameter}_value", value))
    return [f'{rule}: {" ".join(parts)} "</function>"', *rules]


def _value(rule: str, schema: Schema) -> str:
    """The rule of a parameter's value, from behind its tag to behind its end."""
    if not schema.types:
        raise BadInputError(f"no value fits {json.dumps(schema.node)}")
    terminal = rule.upper()
    if schema.choices:  # one terminal, however many they are: alternatives of rules are limited
        return f'{rule}: "\\n" {terminal} {_END}\n{terminal}: {_listed(schema)}'
    if "string" not in schema.types:
        return f'{rule}: "\\n" {_json(schema)} {_END}'
    if text := _text(schema):
        return f'{rule}: {terminal}\n{terminal}: "\\n" ({text}) {_END} & ~{_BEYOND_END}'
    return f'{rule}: "\\n" LINE* "</parameter>\\n"'


def _listed(schema: Schema) -> str:
    return " | ".join(_quoted(spelled(choice)) for choice in schema.choices)


def _text(schema: Schema) -> str | None:
    """What a terminal must be for a value written plain, where that isn't simply any text."""
    if schema.choices:
        return _listed(schema)
    options = [option for options in schema.unions for option in options]
    if options:
        texts = [_text(option) for option in options]
    else:
        texts = [_limited(schema) if kind == "string" else _SCALARS.get(kind) for kind in sorted(schema.types)]
    return None if None in texts else " | ".join(f"({text})" for text in texts)


def _limited(schema: Schema) -> str | None:
    """What a terminal must be for a string with limits, if there are any."""
    limits = []
    for node in (part.node for part in schema.parts):
        least, most = node.get("minLength", 0), node.get("maxLength", _LONGEST + 1)
        if 0 < least <= _LONGEST or most <= _LONGEST:
            limits.append(f"/(?s:.{{{least},{most if most <= _LONGEST else ''}}})/")
        if "pattern" in node and (pattern := _search(node["pattern"])):
            limits.append(pattern)
        if node.get("format") in _FORMATS:
            limits.append(f"/{_FORMATS[node['format']]}/")
    return " & ".join(limits) or None


def _search(pattern: str) -> str | None:
    """A regular expression for the texts in which `pattern` is found; None if it isn't quite regular."""
    before = "" if pattern.startswith("^") else "(?s:.*)"
    after = "" if pattern.endswith("$") and not pattern.endswith("\\$") else "(?s:.*)"
    slashes = re.sub(r"\\.|/", lambda match: match[0].rjust(2, "\\"), pattern.replace("\n", r"\n"))
    whole = f"/{before}({slashes}){after}/"
    return None if llguidance.LLMatcher.validate_grammar(f"start: {whole}") else whole


def _json(schema: Schema) -> str:
    """A value as JSON, the way templates write it."""
    node = json.dumps(schema.node)
    root = json.dumps(schema.root) if '"$ref"' in node else "{}"
    adapted = json.loads(f'{{"node": {node}, "$root": {root}}}', object_hook=_adapted)
    style = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": ", "lenient": True}
    return "%json " + json.dumps({**adapted["node"], "$root": adapted["$root"], "x-guidance": style})


def _adapted(node: dict[str, Any]) -> dict[str, Any]:
    """A part of a schema as llguidance knows it."""
    if isinstance(reference := node.get("$ref"), str):
        node["$ref"] = reference.replace("#", "#/$root", 1)
    if isinstance(pattern := node.get("pattern"), str) and not _search(pattern):
        del node["pattern"]
    return {"anyOf": [node, {"type": "null"}]} if node.get("nullable") is True else node


def _quoted(literal: str) -> str:
    return json.dumps(literal, ensure_ascii=False)
