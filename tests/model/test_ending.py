"""Ways out of calls, from wherever a call may be."""

from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer

from quintet.model import PromptFormat
from quintet.model.grammar import Grammars, Matcher
from quintet.model.parse import Call, Parser

TREE = {
    "type": "object",
    "properties": {"value": {"type": "integer"}, "inner": {"type": "array"}},
    "required": ["value"],
}
TREE["properties"]["inner"]["items"] = {"$ref": "#/$defs/tree"}  # type: ignore[index]
SCHEMAS: dict[str, dict[str, Any]] = {
    "texts": {"a": {"type": "string"}, "b": {"type": "string"}},
    "scalars": {"a": {"type": "integer"}, "b": {"type": "number"}, "c": {"enum": ["black", "white"]}},
    "lists": {"a": {"type": "array", "items": {"type": "string"}}, "b": {"type": "array", "minItems": 2}},
    "objects": {"a": {"type": "object", "properties": {"k": {"type": "string"}}, "required": ["k"]}, "b": {}},
    "limits": {"a": {"type": "string", "minLength": 5}, "b": {"type": "string", "pattern": "^[a-z]+-[0-9]{3}$"}},
    "formats": {"a": {"type": "string", "format": "date"}},
    "unions": {"a": {"type": ["integer", "null"]}, "b": {"type": ["string", "null"]}},
    "trees": {"a": {"$ref": "#/$defs/tree"}},
}


@pytest.fixture(scope="module")
def chat_format() -> PromptFormat:
    return PromptFormat(AutoTokenizer.from_pretrained(Path(str(files("quintet.model.nano")))))


@pytest.mark.parametrize("kind", SCHEMAS)
def test_a_call_can_be_ended_anywhere(chat_format: PromptFormat, kind: str) -> None:
    vocabulary = max(chat_format.control.values()) + 1
    end = chat_format.control["</tool_call>"]
    parameters = {"type": "object", "properties": SCHEMAS[kind], "required": [*SCHEMAS[kind]], "$defs": {"tree": TREE}}
    tools = [{"function": {"name": "f", "parameters": parameters}}]
    fresh = Grammars(chat_format.backend, vocabulary=vocabulary, end=end).calls(tools)
    for seed in range(30):
        matcher, rng = fresh(), Random(seed)
        drawn: list[int] = []
        for _ in range(rng.randrange(60)):
            token = rng.choice(torch.isfinite(matcher.restrict(torch.zeros(vocabulary))).nonzero().flatten().tolist())
            if token == end:
                break
            matcher.take(token)
            drawn.append(token)
        way = matcher.way_out()
        assert 0 < len(way) < 80
        follow(matcher, way)
        (call,) = read(chat_format, parameters, [*drawn, *way])
        assert call.error is None
        assert {*call.args} >= {*SCHEMAS[kind]}


def follow(matcher: Matcher, way: list[int]) -> None:
    for token in way:
        matcher.take(token)


def read(chat_format: PromptFormat, parameters: dict[str, Any], ids: list[int]) -> list[Call]:
    parser = Parser({"f": parameters}, thinking=False)
    text = chat_format.backend.decode(ids[:-1], skip_special_tokens=False)
    pieces = [("<tool_call>", True), (text, False), ("</tool_call>", True)]
    return [delta for piece in pieces for delta in parser.feed(*piece) if isinstance(delta, Call)]
