"""What the parser promises, whatever the pieces its input comes in."""

import random
from collections.abc import Mapping
from dataclasses import replace
from itertools import groupby, pairwise
from typing import Any

import pytest

from quintet.errors import BadInputError
from quintet.model.parse import Call, CallStarted, Delta, Parser, TextDelta, ThinkingDelta
from quintet.model.schema import Schema

CONTROLS = ("<think>", "</think>", "<tool_call>", "</tool_call>")


def parse(
    written: str, schemas: Mapping[str, Mapping[str, Any]] | None = None, *, thinking: bool = False, size: int = 1
) -> list[Delta]:
    """Feeds `written` in pieces of `size` characters; control tokens are written in double braces."""
    parser = Parser(schemas or {}, thinking=thinking)
    deltas: list[Delta] = []
    for index, part in enumerate(written.replace("{{", "\0").replace("}}", "\0").split("\0")):
        if index % 2:
            deltas += parser.feed(part, control=True)
        else:
            for start in range(0, len(part), size):
                deltas += parser.feed(part[start : start + size])
    return [*deltas, *parser.finish()]


def thinking_of(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, ThinkingDelta))


def text_of(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))


def calls_of(deltas: list[Delta]) -> list[Call]:
    return [delta for delta in deltas if isinstance(delta, Call)]


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_thinking_text_and_calls_are_told_apart(size: int) -> None:
    written = (
        "I look first.\n{{</think>}}\n\nLet me  see.\n\n{{<tool_call>}}\n<function=look>\n<parameter=place>\nthe door\n"
        "</parameter>\n</function>\n{{</tool_call>}}\n{{<tool_call>}}\n<function=wait>\n</function>\n{{</tool_call>}}"
    )
    deltas = parse(written, thinking=True, size=size)
    assert thinking_of(deltas) == "I look first."
    assert text_of(deltas) == "Let me  see."
    assert [(call.name, call.args) for call in calls_of(deltas)] == [("look", {"place": "the door"}), ("wait", {})]
    assert [delta.name for delta in deltas if isinstance(delta, CallStarted)] == ["look", "wait"]


def test_control_tokens_spelt_out_as_text_stay_text() -> None:
    deltas = parse("write <tool_call> to call, </think> to stop thinking")
    assert text_of(deltas) == "write <tool_call> to call, </think> to stop thinking"
    assert not calls_of(deltas)


def test_a_call_within_the_thinking_is_not_lost() -> None:
    deltas = parse("hm {{<tool_call>}}\n<function=look>\n</function>\n{{</tool_call>}}done", thinking=True)
    assert thinking_of(deltas) == "hm"
    assert [call.name for call in calls_of(deltas)] == ["look"]
    assert text_of(deltas) == "done"


def test_thinking_that_goes_on_after_a_call_ends_at_its_own_end() -> None:
    written = "hm {{<tool_call>}}\n<function=look>\n</function>\n{{</tool_call>}}\nso\n{{</think>}}\n\nIt's a door."
    deltas = parse(written, thinking=True)
    assert (thinking_of(deltas), text_of(deltas)) == ("hm", "so\n\nIt's a door.")


def test_a_call_cut_off_is_an_error_and_never_a_call_with_arguments_missing() -> None:
    written = "{{<tool_call>}}\n<function=send>\n<parameter=to>\nAda\n</parameter>\n<parameter=text>\nHel"
    (call,) = calls_of(parse(written))
    assert call.name == "send"
    assert call.args == {}
    assert call.error == "the call was cut off before </tool_call>"
    assert "Ada" in call.raw
    assert call.understood == {"to": "Ada"}


def test_what_a_call_was_cut_off_at_is_not_taken_for_its_end() -> None:
    written = "{{<tool_call>}}\n<function=send>\n<parameter=text>\nHel\n</parameter>\n</function>\n"
    (call,) = calls_of(parse(written))
    assert (call.args, call.understood) == ({}, {})
    assert call.error == "the call was cut off before </tool_call>"


def test_indentation_and_closing_tags_within_a_value_survive() -> None:
    code = "    if x:\n        print('</parameter>')\n"
    body = f"<function=run>\n<parameter=code>\n{code}\n</parameter>\n</function>"
    written = "{{<tool_call>}}\n" + body + "\n{{</tool_call>}}"
    (call,) = calls_of(parse(written, {"run": {"properties": {"code": {"type": "string"}}}}, size=7))
    assert call.args == {"code": code}


STRINGS = {"f": {"properties": {"a": {"type": "string"}, "b": {"type": "string"}, "n": {"type": "integer"}}}}


def call_of(body: str, schemas: Mapping[str, Mapping[str, Any]] = STRINGS) -> Call:
    """The call with that body of the function `f`."""
    (call,) = calls_of(parse(f"{{{{<tool_call>}}}}\n<function=f>\n{body}</function>\n{{{{</tool_call>}}}}", schemas))
    return call


@pytest.mark.parametrize(
    "value",
    [
        "so: <parameter=x>1</parameter></function> and so on",
        "\n</parameter>\n</function>\n",
        "</parameter>\n</function>\n</tool_call>\n",
        "\n</parameter>\n<parameter=unknown>\n1\n</parameter>\n",
        "\n</parameter>\n<parameter=a>\nwritten already",
        "\n\n  indented\t\n",
        "",
    ],
)
def test_what_looks_like_the_end_of_a_string_may_stand_in_it(value: str) -> None:
    call = call_of(f"<parameter=a>\n{value}\n</parameter>\n<parameter=n>\n1\n</parameter>\n")
    assert call.args == {"a": value, "n": 1}
    call = call_of(f"<parameter=n>\n1\n</parameter>\n<parameter=a>\n{value}\n</parameter>\n")
    assert call.args == {"n": 1, "a": value}


def test_a_value_that_is_no_string_ends_at_any_tag() -> None:
    call = call_of("<parameter=n>\n1\n</parameter>\n<parameter=unknown>\n[2]\n</parameter>\n")
    assert call.args == {"n": 1, "unknown": [2]}


def test_a_parameter_written_twice_is_an_error() -> None:
    call = call_of("<parameter=a>\nx\n</parameter>\n<parameter=n>\n1\n</parameter>\n<parameter=n>\n2\n</parameter>\n")
    assert call.error == "the call of f isn't well formed: the parameter n is written twice"
    assert (call.args, call.understood) == ({}, {"a": "x", "n": 1})


def test_a_function_that_is_not_known_is_a_call_with_what_it_says() -> None:
    call = call_of("<parameter=q>\n[1]\n</parameter>\n<parameter=r>\nwords\n</parameter>\n", {})
    assert (call.name, call.args, call.error) == ("f", {"q": [1], "r": "words"}, None)


def test_a_function_may_be_open_to_any_parameter() -> None:
    schema = {"f": {"properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "string"}}}
    call = call_of("<parameter=a>\nx\n</parameter>\n<parameter=q>\ny\n</parameter>\n", schema)
    assert call.args == {"a": "x", "q": "y"}


def test_an_empty_string_may_be_written_on_no_line_at_all() -> None:
    call = call_of("<parameter=a>\n</parameter>\n<parameter=b>\nx\n</parameter>\n")
    assert call.args == {"a": "", "b": "x"}


def test_a_call_without_line_breaks_is_read() -> None:
    body = "<function=note><parameter=text>a</parameter> <parameter=loud>\ntrue\n</parameter></function>"
    (call,) = calls_of(parse("{{<tool_call>}}" + body + "{{</tool_call>}}"))
    assert (call.name, call.args) == ("note", {"text": "a", "loud": True})


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("look at the door", "the call doesn't begin with <function=NAME>"),
        ('{"arguments": {} }', "the call doesn't begin with <function=NAME>"),
        ("[" * 100_000, "the call doesn't begin with <function=NAME>"),
        ("<function=f>", "the call of f isn't well formed: expected <parameter=…> or </function>"),
        ("<function=f>\nwell\n</function>", "the call of f isn't well formed: expected <parameter=…> or </function>"),
        (
            "<function=f>\n<parameter=a>\nx\n</function>",
            "the call of f isn't well formed: expected <parameter=…> or </function>",
        ),
    ],
)
def test_a_malformed_call_is_an_error_that_says_what_is_wrong(body: str, error: str) -> None:
    (call,) = calls_of(parse("{{<tool_call>}}" + body + "{{</tool_call>}}", size=1000))
    assert (call.error, call.args) == (error, {})


def test_a_call_in_json_is_read() -> None:
    (call,) = calls_of(parse('{{<tool_call>}}\n{"name": "look", "arguments": {"at": [1]} }\n{{</tool_call>}}'))
    assert (call.name, call.args, call.error) == ("look", {"at": [1]}, None)


def merged(deltas: list[Delta]) -> list[Delta]:
    """The deltas with neighbours of one part put together."""
    return [
        replace(run[0], text="".join(delta.text for delta in run)) if hasattr(run[0], "text") else one
        for _, group in groupby(deltas, lambda delta: type(delta) if hasattr(delta, "text") else id(delta))
        for run in [list(group)]
        for one in run[:1]
    ]


@pytest.mark.parametrize("seed", range(200))
def test_deltas_are_the_same_however_the_turn_is_cut(seed: int) -> None:
    rng = random.Random(seed)
    fragments = [
        *CONTROLS,
        "\n<function=f>\n",
        "<parameter=a>\n",
        "x > y\n",
        "\n</parameter>\n",
        "</function>\n",
        " ",
        "\n\n",
    ]
    pieces = [(rng.choice(CONTROLS), True) if rng.random() < 0.2 else (rng.choice(fragments), False) for _ in range(40)]
    thinking = rng.random() < 0.5

    def deltas(cuts: int) -> list[Delta]:
        parser = Parser(STRINGS, thinking=thinking)
        found: list[Delta] = []
        for control, run in groupby(pieces, lambda piece: piece[1]):
            texts = [text for text, _ in run]
            if not control:
                whole = "".join(texts)
                places = sorted([0, len(whole), *rng.choices(range(len(whole) + 1), k=cuts)])
                texts = [whole[start:end] for start, end in pairwise(places)]
            for text in texts:
                found += parser.feed(text, control)
        return merged([*found, *parser.finish()])

    whole = deltas(0)
    assert all(deltas(cuts) == whole for cuts in (1, 3, 10, 100))


@pytest.mark.parametrize(
    ("raw", "schema", "value"),
    [
        ("12", {"type": "string"}, "12"),
        ("null", {"type": "string"}, "null"),
        ("12", {"type": "integer"}, 12),
        ("12.0", {"type": "integer"}, 12),
        ("1e3", {"type": "number"}, 1000.0),
        ("true", {"type": "boolean"}, True),
        ("False", {"type": "boolean"}, False),
        ("None", {"type": ["integer", "null"]}, None),
        ("null", {"anyOf": [{"type": "string"}, {"type": "null"}]}, None),
        ("red", {"anyOf": [{"type": "string"}, {"type": "integer"}]}, "red"),
        ("7", {"anyOf": [{"type": "string"}, {"type": "integer"}]}, 7),
        ('{"a": [1, 2]}', {"type": "object"}, {"a": [1, 2]}),
        ("[1, 2]", {"type": "array"}, [1, 2]),
        ("2", {"enum": ["2", "4"]}, "2"),
        ("2", {"enum": [2, 4]}, 2),
        ("many", {"type": "integer"}, "many"),
        ("plain words", {}, "plain words"),
        ("2", {"const": "2"}, "2"),
        ("null", {"anyOf": [{"enum": ["a"], "type": "string"}, {"type": "null"}]}, None),
        ("[1]", {}, [1]),
        ("[1]", True, [1]),
        ('"quoted"', {}, '"quoted"'),
        ('"quoted"', {"type": ["string", "null"]}, '"quoted"'),
        ("2.5", {"type": ["integer", "string"]}, "2.5"),
        ("NaN", {"type": "number"}, "NaN"),
        ("1", {"type": "number"}, 1),
        ("1.0", {"type": "number"}, 1.0),
        ("True", {"type": ["string", "boolean"]}, True),
        ("True", {"type": "string"}, "True"),
        ("None", {"type": "string", "nullable": True}, None),
        ("None", {"anyOf": [{}, {"type": "null"}]}, None),
        ("{'a': True, 'b': (1, None)}", {"type": "object"}, {"a": True, "b": [1, None]}),
        ("['a']", {"anyOf": [{"type": "array"}, {"type": "null"}]}, ["a"]),
        ("['a']", {"type": ["array", "string"]}, "['a']"),
        ("{1, 2}", {"type": "array"}, "{1, 2}"),
        ("[1, 2", {"type": "array"}, "[1, 2"),
        ('["a"]', {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}, ["a"]),
        ("[1]", {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}, "[1]"),
        ("[1, 2]", {"anyOf": [{"type": "string"}, {"prefixItems": [{"type": "integer"}], "items": False}]}, "[1, 2]"),
        ('{"b": 1}', {"anyOf": [{"type": "string"}, {"type": "object", "required": ["a"]}]}, '{"b": 1}'),
        ("3", {"anyOf": [{"type": "string"}, {"enum": [1, 2]}]}, "3"),
        ("7", {"allOf": [{"type": ["string", "integer"]}, {"type": ["integer", "null"]}]}, 7),
        ("7", {"$ref": "#/$defs/N", "$defs": {"N": {"type": "integer"}}}, 7),
        ("7", {"$ref": "#/definitions/a~1b%20c", "definitions": {"a/b c": {"type": "string"}}}, "7"),
        ("7", {"anyOf": [{"$ref": "#"}, {"type": "string"}]}, 7),
        ("[" * 100_000, {"type": "array"}, "[" * 100_000),
        ("[" * 100_000, {}, "[" * 100_000),
        ("1" * 5000, {"type": "integer"}, "1" * 5000),
    ],
)
def test_values_are_read_by_their_schema(raw: str, schema: dict[str, Any] | bool, value: Any) -> None:
    read = Schema.whole(schema).read(raw)
    assert read == value
    assert type(read) is type(value)


TREE = {"type": "object", "properties": {"sons": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}}


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ('{"sons": [{"sons": []}]}', {"sons": [{"sons": []}]}),
        ('{"sons": [{"sons": [1]}]}', '{"sons": [{"sons": [1]}]}'),
    ],
)
def test_schemas_may_refer_to_themselves(raw: str, value: Any) -> None:
    schema = {"anyOf": [{"$ref": "#/$defs/tree"}, {"type": "string"}], "$defs": {"tree": TREE}}
    assert Schema.whole(schema).read(raw) == value


@pytest.mark.parametrize(
    ("schema", "error"),
    [
        ({"$ref": "#/$defs/missing"}, "'#/\\$defs/missing' points to nothing"),
        ({"$ref": "other.json"}, "'other.json' points to nothing"),
        ({"anyOf": ["string"]}, "'string' stands where a schema should"),
        ({"enum": "abc"}, "'enum' of a schema is 'abc'; expected a list"),
    ],
)
def test_what_is_no_schema_is_refused(schema: dict[str, Any], error: str) -> None:
    with pytest.raises(BadInputError, match=error):
        Schema.whole(schema).read("x")
