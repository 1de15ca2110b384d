"""What the parser promises, whatever the pieces its input comes in."""

from collections.abc import Mapping
from typing import Any

import pytest

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


def test_a_call_cut_off_is_an_error_and_never_a_call_with_arguments_missing() -> None:
    written = "{{<tool_call>}}\n<function=send>\n<parameter=to>\nAda\n</parameter>\n<parameter=text>\nHel"
    (call,) = calls_of(parse(written))
    assert call.name == "send"
    assert call.args == {}
    assert call.error == "the call was cut off before </tool_call>"
    assert "Ada" in call.raw


def test_indentation_and_closing_tags_within_a_value_survive() -> None:
    code = "    if x:\n        print('</parameter>')\n"
    body = f"<function=run>\n<parameter=code>\n{code}\n</parameter>\n</function>"
    written = "{{<tool_call>}}\n" + body + "\n{{</tool_call>}}"
    (call,) = calls_of(parse(written, {"run": {"properties": {"code": {"type": "string"}}}}, size=7))
    assert call.args == {"code": code}


def test_a_whole_call_may_stand_within_a_value() -> None:
    value = "so: <parameter=x>1</parameter></function> and so on"
    body = (
        f"<function=note>\n<parameter=text>\n{value}\n</parameter>\n<parameter=loud>\ntrue\n</parameter>\n</function>"
    )
    (call,) = calls_of(parse("{{<tool_call>}}\n" + body + "\n{{</tool_call>}}"))
    assert call.args == {"text": value, "loud": True}


def test_a_call_without_line_breaks_is_read() -> None:
    body = "<function=note><parameter=text>a</parameter> <parameter=loud>\ntrue\n</parameter></function>"
    (call,) = calls_of(parse("{{<tool_call>}}" + body + "{{</tool_call>}}"))
    assert (call.name, call.args) == ("note", {"text": "a", "loud": True})


def test_a_malformed_call_is_an_error_that_says_what_is_wrong() -> None:
    (call,) = calls_of(parse("{{<tool_call>}}look at the door{{</tool_call>}}"))
    assert call.error == "the call doesn't begin with <function=NAME>"


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
    ],
)
def test_values_are_read_by_their_schema(raw: str, schema: dict[str, Any] | bool, value: Any) -> None:
    read = Schema.whole(schema).read(raw)
    assert read == value
    assert type(read) is type(value)
