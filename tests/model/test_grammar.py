"""Calls are well formed whatever the model: these models have random weights and don't know what they write."""

import random
from collections import deque
from datetime import date
from importlib.resources import files
from typing import Annotated, Any, Literal

import pytest
import torch
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field
from transformers import AutoTokenizer

from quintet.errors import BadInputError
from quintet.model import ChatModel, PromptFormat
from quintet.model.grammar import Grammars
from quintet.model.parse import Call, Parser


class Order(BaseModel):
    """Order fruit."""

    fruit: Literal["apple", "black cherry", "</parameter>"]
    count: Annotated[int, Field(ge=1, le=99)]
    wrapped: bool
    days: Annotated[list[Literal["monday", "friday"]], Field(min_length=1, max_length=2)]
    size: Literal[1, 2, None] = None
    ribbon: Literal["red", "blue"] | None
    name: Annotated[str, Field(pattern="^[a-z]{2,5}$")] | None


class Wait(BaseModel):
    """Wait."""


SEEDS = range(5)


@pytest.mark.parametrize("seed", SEEDS)
def test_structured_output_is_always_valid(model: ChatModel, seed: int) -> None:
    order = model.with_structured_output(Order).invoke("Two apples.", temperature=1.5, top_k=0, top_p=1.0, seed=seed)
    assert isinstance(order, Order)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_forced_call_is_one_of_the_tools_and_ends_the_turn(model: ChatModel, seed: int) -> None:
    forced = model.bind_tools([Order, Wait], tool_choice="any")
    answer = forced.invoke("Do it.", temperature=1.5, top_k=0, top_p=1.0, seed=seed)
    assert answer.response_metadata["finish_reason"] == "tool_calls"
    (call,) = answer.tool_calls
    assert {"Order": Order, "Wait": Wait}[call["name"]].model_validate(call["args"])


def test_a_named_call_is_of_that_tool(model: ChatModel) -> None:
    (call,) = model.bind_tools([Order, Wait], tool_choice="Wait").invoke("Do it.").tool_calls
    assert (call["name"], call["args"]) == ("Wait", {})


class Scribe:
    """Writes calls of one function, `odd`, at random, as far as the grammar lets it."""

    def __init__(self) -> None:
        self.format = PromptFormat(AutoTokenizer.from_pretrained(str(files("quintet.model.nano"))))
        self.size = len(self.format.tokenizer)
        self.end = self.format.control["</tool_call>"]
        self.grammars = Grammars(self.format.backend, vocabulary=self.size, end=self.end)
        self.close = self.format.encode("\n</parameter>\n", {}).ids
        spelled = [self.format.backend.decode([token]) for token in range(self.size)]
        self.endings = torch.tensor([text.startswith(tuple('"]}\n,')) for text in spelled])

    def write(self, parameters: dict[str, Any], seed: int) -> Call:
        """The call that random logits lead to; tokens that end something are likelier, so that it ends."""
        matcher = self.grammars.calls([described(parameters)])()
        rng, generator = random.Random(seed), torch.Generator().manual_seed(seed)
        closing: deque[int] = deque()
        drawn: list[int] = []
        while not drawn or drawn[-1] != self.end:
            assert len(drawn) < 5000
            logits = torch.randn(self.size, generator=generator) * 2 + 4 * self.endings * (rng.random() < 0.5)
            logits = matcher.restrict(logits)
            if not closing and rng.random() < 0.1:
                closing.extend(self.close)
            token = closing.popleft() if closing and logits[closing[0]].isfinite() else int(logits.argmax())
            matcher.take(token)
            drawn.append(token)
        parser = Parser({"odd": parameters}, thinking=False)
        deltas = [*parser.feed("<tool_call>", control=True), *parser.feed(self.format.backend.decode(drawn[:-1]))]
        deltas += parser.feed("</tool_call>", control=True)
        assert isinstance(deltas[-1], Call)
        return deltas[-1]


@pytest.fixture(scope="module")
def scribe() -> Scribe:
    return Scribe()


def described(parameters: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": "odd", "description": "", "parameters": parameters}}


STRING, INTEGER, NULL = {"type": "string"}, {"type": "integer"}, {"type": "null"}
DEFINITIONS = {
    "Point": {
        "type": "object",
        "properties": {"x": {"type": "number"}, "y": {"type": "integer", "minimum": 0, "maximum": 100}},
        "required": ["x", "y"],
        "additionalProperties": False,
    },
    "Tree": {
        "type": "object",
        "properties": {"sons": {"type": "array", "items": {"$ref": "#/$defs/Tree"}, "maxItems": 2}},
        "required": ["sons"],
        "additionalProperties": False,
    },
}
SCHEMAS: dict[str, Any] = {
    "string": STRING,
    "anything": {},
    "true": True,
    "lengths": {"type": "string", "minLength": 3, "maxLength": 8},
    "least length": {"type": "string", "minLength": 1},
    "pattern": {"type": "string", "pattern": "^[a-z]{2,4}/[0-9]+$"},
    "pattern within": {"type": "string", "pattern": "ab?c"},
    "pattern and lengths": {"type": "string", "pattern": "^[a-z ]+$", "minLength": 5, "maxLength": 9},
    "date": {"type": "string", "format": "date"},
    "date and time": {"type": "string", "format": "date-time"},
    "uuid": {"type": "string", "format": "uuid"},
    "string or null": {"anyOf": [STRING, NULL]},
    "date or null": {"anyOf": [{"type": "string", "format": "date"}, NULL]},
    "string or integer": {"type": ["string", "integer"]},
    "string or list": {"anyOf": [STRING, {"type": "array", "items": STRING}]},
    "string or object": {"anyOf": [STRING, {"$ref": "#/$defs/Point"}]},
    "long string or others": {"anyOf": [{"type": "string", "minLength": 3}, INTEGER, {"type": "boolean"}]},
    "string in parts": {"allOf": [{"type": "string", "minLength": 2}, {"maxLength": 4}]},
    "integer": INTEGER,
    "range": {"type": "integer", "minimum": -5, "exclusiveMaximum": 17},
    "number": {"type": "number", "minimum": 0, "maximum": 1},
    "multiple": {"type": "integer", "multipleOf": 7},
    "boolean": {"type": "boolean"},
    "boolean or null": {"type": ["boolean", "null"]},
    "integer or null": {"anyOf": [INTEGER, NULL]},
    "integer in parts": {"allOf": [{"type": "integer", "minimum": 3}, {"maximum": 9}]},
    "choices": {"enum": ["", "a", "1", 1, None, True, [1, 2], {"x": "é"}, "two\nlines"]},
    "constant": {"const": 'q"\\'},
    "many choices": {"enum": [f"v{number}" for number in range(5000)]},
    "list": {"type": "array", "items": INTEGER, "minItems": 1, "maxItems": 3},
    "tuple": {"type": "array", "prefixItems": [INTEGER, STRING], "items": False, "minItems": 2},
    "dates": {"type": "array", "items": {"type": "string", "format": "date"}, "maxItems": 1},
    "map": {"type": "object", "additionalProperties": {"type": "boolean"}, "maxProperties": 3},
    "object": {"$ref": "#/$defs/Point"},
    "object or null": {"anyOf": [{"$ref": "#/$defs/Point"}, NULL]},
    "tree": {"$ref": "#/$defs/Tree"},
    "neighbour": {"$ref": "#/properties/list"},
    "kinds": {
        "oneOf": [
            {"type": "object", "properties": {"kind": {"const": "a"}}, "required": ["kind"]},
            {"type": "object", "properties": {"kind": {"const": "b"}, "n": INTEGER}, "required": ["kind", "n"]},
        ]
    },
    '"odd\\ name': INTEGER,
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_the_grammar_allows_fits_the_schema(scribe: Scribe, name: str) -> None:
    properties = {name: SCHEMAS[name], "list": SCHEMAS["list"], "$ref": {"type": "string", "nullable": True}}
    parameters = {"type": "object", "properties": properties, "required": [name], "$defs": DEFINITIONS}
    for seed in range(4):
        call = scribe.write(parameters, seed)
        assert call.error is None
        Draft202012Validator(parameters).validate(call.args | {"$ref": ""})


@pytest.mark.parametrize("parameters", [None, {}, {"type": "object"}, {"type": "object", "properties": {}}])
def test_a_function_may_have_no_parameters(scribe: Scribe, parameters: Any) -> None:
    assert scribe.write(parameters or {}, 0).args == {}
    assert scribe.grammars.calls([described(parameters)])()


def test_parameters_may_be_referred_to_and_come_in_parts(scribe: Scribe) -> None:
    parts = [{"$ref": "#/$defs/Point"}, {"properties": {"z": {"const": 3}}, "required": ["z", "w"]}]
    call = scribe.write({"allOf": parts, "$defs": DEFINITIONS}, 0)
    assert set(call.args) == {"x", "y", "z", "w"}
    assert call.args["z"] == 3


def test_parameters_may_differ_by_kind(scribe: Scribe) -> None:
    kinds = [{"properties": {"kind": {"const": kind}, "n": INTEGER}, "required": ["n"]} for kind in ("a", "b")]
    found = {scribe.write({"oneOf": kinds, "required": ["kind"]}, seed).args["kind"] for seed in range(10)}
    assert found == {"a", "b"}


def test_dates_are_in_the_calendar(scribe: Scribe) -> None:
    for seed in range(40):
        date.fromisoformat(scribe.write({"properties": {"x": SCHEMAS["date"]}, "required": ["x"]}, seed).args["x"])


def test_what_no_grammar_can_hold_is_left_to_validation(scribe: Scribe) -> None:
    lenient = {
        "around": {"type": "string", "pattern": "^(?!a)b"},
        "unfinished": {"type": "array", "items": {"type": "string", "pattern": "("}, "maxItems": 1},
        "unknown": {"type": "string", "format": "klingon"},
        "long": {"type": "string", "maxLength": 1_000_000},
        "unique": {"type": "array", "items": {"enum": [1]}, "uniqueItems": True, "maxItems": 2},
        "not": {"type": "integer", "not": {"const": 1}},
    }
    call = scribe.write({"type": "object", "properties": lenient, "required": list(lenient)}, 0)
    assert set(call.args) == set(lenient)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"$ref": "#/$defs/missing"}, "'#/\\$defs/missing' points to nothing"),
        ({"type": "array", "items": {"$ref": "#/$defs/missing"}}, "/\\$defs/missing' does not exist"),
        ({"type": "int"}, "Invalid type: int"),
        ({"type": "integer", "minimum": 5, "maximum": 3}, "minimum \\(5\\) is greater than maximum \\(3\\)"),
        ({"type": "string", "enum": [1]}, "no value fits"),
        ({"anyOf": []}, "no value fits"),
        ({"type": 5}, "'type' of a schema is 5; expected a string or a list"),
        ("string", "'string' stands where a schema should"),
        ({"type": "object", "required": True}, "'required' of a schema is True; expected a list"),
        ({"type": "string", "pattern": 5}, "'pattern' of a schema is 5; expected a string"),
        ({"enum": list(range(100_000))}, "characters of JSON; at most"),
    ],
)
def test_a_schema_that_makes_no_grammar_is_refused_with_the_reason(scribe: Scribe, value: Any, reason: str) -> None:
    with pytest.raises(BadInputError, match=f"schema of tool 'odd' can't be made a grammar: .*{reason}"):
        scribe.grammars.calls([described({"properties": {}}), described({"properties": {"x": value}})])


@pytest.mark.parametrize("name", ["a>b", "a\nb", ""])
def test_names_that_the_format_can_not_tell_apart_are_refused(scribe: Scribe, name: str) -> None:
    with pytest.raises(BadInputError, match="can't name a tool or a parameter"):
        scribe.grammars.calls([described({"properties": {name: {}}})])


def test_a_call_that_can_not_go_on_is_an_error(scribe: Scribe) -> None:
    impossible = {"type": "string", "pattern": "^a$", "minLength": 3}
    with pytest.raises(BadInputError, match="can't be followed"):
        scribe.write({"properties": {"x": impossible}, "required": ["x"]}, 0)


def test_nothing_is_generated_for_a_schema_that_is_refused(model: ChatModel) -> None:
    broken = described({"type": "object", "properties": {"x": {"$ref": "#/$defs/missing"}}})
    with pytest.raises(BadInputError, match="'odd'"):
        next(model.bind_tools([broken]).stream("hi", max_tokens=2))
    assert model.invoke("hi", max_tokens=2)
