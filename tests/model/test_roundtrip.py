"""Any call that the template writes is read back as the same call, through the tokens of the bundled tokenizer.

What the format can't tell apart is left out here:
- a string that holds `\\n</parameter>\\n<parameter=KEY>\\n` (its first line break may be the one before the value), KEY
  being a parameter of the function that wasn't written yet;
- a string that spells a value of another type of its union: "7" where integers are allowed too, "null" where null is;
- strings that aren't in Unicode's composed form (NFC), into which tokenizers of the family bring all text.
"""

import json
import random
import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any
from unicodedata import normalize

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.messages.tool import tool_call
from tokenizers.decoders import DecodeStream
from transformers import AutoTokenizer

from quintet.model import PromptFormat
from quintet.model.parse import Call, Delta, Parser, TextDelta, ThinkingDelta
from quintet.model.prompt import MARK
from quintet.model.schema import Schema

FRAGMENTS = [
    *(
        "</parameter>",
        "</function>",
        "</tool_call>",
        "<tool_call>",
        "<think>",
        "</think>",
        "<|im_end|>",
        "<|im_start|>",
    ),
    *("<parameter=unknown>", "<parameter=a>\n1\n</parameter>", "<function=f>", "<|image_pad|>", "<tool_response>"),
    *("\n</parameter>\n", "\n</parameter>\n</function>\n", "\n</parameter>\n<parameter=unknown>\n", "<parameter=b>\n"),
    *(
        "\n",
        "\n\n",
        "    ",
        "\t",
        " ",
        "\r\n",
        "if x:\n    y()\n",
        "\\n",
        '"',
        "'",
        "\\",
        "{",
        "}",
        "[",
        "]",
        "&",
        "<",
        ">",
    ),
    *("null", "None", "true", "True", "12", "-0.5", "[1]", '{"a": 1}', "{'a': True}", "plain words", "1e3", "NaN"),
    *(
        "é",
        "中文",
        "😀",
        "👩‍👧",
        "عربى",
        "\u2028",
        "\u00a0",
        "\x00",
        "\x7f",
        "\ufeff",
        "\ufffd",
        "{{ x }}",
        "{% raw %}",
    ),
]
KEYS = ["a", "b", "path", "a b", "Ключ", "x-y", "parameter", "function=f", "a<b", "'q'", "</parameter", "$ref"]
TYPES = ["string", "integer", "number", "boolean", "null", "array", "object"]


@pytest.fixture(scope="module")
def chat_format() -> PromptFormat:
    return PromptFormat(AutoTokenizer.from_pretrained(str(files("quintet.model.nano"))))


class Maker:
    """Random arguments, and random schemas that they fit."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.definitions: dict[str, Any] = {}

    def text(self) -> str:
        return normalize("NFC", "".join(self.rng.choices(FRAGMENTS, k=self.rng.choice((0, 1, 1, 2, 5, 20)))))

    def value(self, depth: int = 4) -> Any:
        match self.rng.choice(("text", "text", "integer", "number", "rest") + ("list", "dict") * 2 * (depth > 0)):
            case "text":
                return self.text()
            case "integer":
                return self.rng.randrange(-(10**18), 10**18)
            case "number":
                return self.rng.uniform(-1, 1) * 10.0 ** self.rng.randrange(-20, 20)
            case "list":
                return [self.value(depth - 1) for _ in range(self.rng.randrange(4))]
            case "dict":
                return {self.text(): self.value(depth - 1) for _ in range(self.rng.randrange(4))}
        return self.rng.choice((True, False, None, 0, 1, 2.0))

    def schema(self, value: Any) -> dict[str, Any]:
        """A schema that `value` fits, and by which it alone can be meant."""
        plain = self.exactly(value)
        kinds = self.rng.sample(TYPES, 2)
        if isinstance(value, str) and spells_something(value):
            kinds = []
        match self.rng.choice(("plain", "plain", "union", "types", "enum", "const", "nullable", "ref", "all", "any")):
            case "union":
                options = [plain, *({"type": kind} for kind in kinds)]
                return {self.rng.choice(("anyOf", "oneOf")): self.rng.sample(options, len(options))}
            case "types":
                return {"type": [plain["type"], *kinds]}
            case "enum":
                return {"enum": [value, *((None, {"x": []}) if kinds else ()), "another"]}
            case "const":
                return {"const": value}
            case "nullable" if kinds:
                return self.rng.choice(({**plain, "nullable": True}, {"anyOf": [plain, {"type": "null"}]}))
            case "ref":
                name = f"d/{len(self.definitions)}~"
                self.definitions[name] = plain
                return {"$ref": f"#/$defs/{name.replace('~', '~0').replace('/', '~1')}"}
            case "all":
                return {"allOf": [plain, {"description": "more"}]}
            case "any" if kinds:
                return self.rng.choice(({}, {"$ref": "#/$defs/json"}))
        return plain

    def exactly(self, value: Any) -> dict[str, Any]:
        match value:
            case list() if value:
                return {"type": "array", "items": {"anyOf": [self.schema(item) for item in value]}}
            case dict():
                return {"type": "object", "properties": {key: self.schema(inner) for key, inner in value.items()}}
        return {"type": type_of(value)}

    def call(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Arguments and the schema of their function, which knows other parameters too."""
        keys = self.rng.sample(KEYS, self.rng.randrange(len(KEYS)))
        given = keys[: self.rng.randrange(len(keys) + 1)]
        args = {key: self.value() for key in given}
        for index, key in enumerate(given):
            if isinstance(args[key], str) and holds_an_end(args[key], keys[index + 1 :]):
                args[key] = "nothing"
        anything = {"anyOf": [{"type": kind} for kind in TYPES if kind != "array"]}
        anything["anyOf"].append({"type": "array", "items": {"$ref": "#/$defs/json"}})
        self.definitions = {"json": anything}
        properties = {key: self.schema(args.get(key, self.text())) for key in self.rng.sample(keys, len(keys))}
        required = self.rng.sample(given, self.rng.randrange(len(given) + 1))
        return args, {"type": "object", "properties": properties, "required": required, "$defs": self.definitions}


def type_of(value: Any) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "null")


def spells_something(text: str) -> bool:
    """Whether a string could be taken for a value of another type."""
    try:
        return text.strip() in ("None", "True", "False") or not isinstance(json.loads(text), str)
    except ValueError:
        return False


def holds_an_end(text: str, keys: list[str]) -> bool:
    """Whether a string holds what ends a value when one of `keys` is still to come."""
    tags = "|".join(map(re.escape, keys))
    return re.search(rf"(^|\n)</parameter>\n<parameter=({tags})>\n", text) is not None


def written(chat_format: PromptFormat, message: AIMessage) -> list[int]:
    """The tokens of an assistant's turn, up to its end, as the checkpoint's template writes it."""
    text = chat_format.render([HumanMessage("Do it."), message], generate=False).text
    begin = f"{MARK}<|im_start|>{MARK}assistant\n{MARK}<think>{MARK}\n"
    turn = text[text.rindex(begin) + len(begin) : text.rindex(f"{MARK}<|im_end|>{MARK}")]
    return chat_format.encode(turn, {}).ids


def parsed(chat_format: PromptFormat, ids: list[int], schemas: dict[str, Any]) -> Iterator[Delta]:
    """The deltas of a turn's tokens, decoded one by one."""
    parser = Parser(schemas, thinking=True)
    stream = DecodeStream(skip_special_tokens=False)
    for token in ids:
        control = chat_format.control_name(token)
        if control is not None:
            stream = DecodeStream(skip_special_tokens=False)
        if piece := control or stream.step(chat_format.backend, token):
            yield from parser.feed(piece, control is not None)
    yield from parser.finish()


def same(one: Any, other: Any) -> bool:
    """Equal in value, type and order."""
    return json.dumps(one) == json.dumps(other)


@pytest.mark.parametrize("seed", range(100))
def test_calls_written_by_the_template_are_read_back(chat_format: PromptFormat, seed: int) -> None:
    made = [Maker(100 * seed + number).call() for number in range(5)]
    schemas = {f"tool_{number}": schema for number, (_, schema) in enumerate(made)}
    assert all(Schema.whole(schema).fits(args) for args, schema in made)
    calls = [tool_call(name=f"tool_{number}", args=args, id="") for number, (args, _) in enumerate(made)]
    thinking, answer = Maker(seed).text().strip(), Maker(-seed).text().strip()
    message = AIMessage([{"type": "reasoning", "reasoning": thinking}, {"type": "text", "text": answer}])
    message.tool_calls = calls
    deltas = list(parsed(chat_format, written(chat_format, message), schemas))
    for call, (number, (args, _)) in zip(
        (delta for delta in deltas if isinstance(delta, Call)), enumerate(made), strict=True
    ):
        assert (call.index, call.name, call.error) == (number, f"tool_{number}", None)
        assert same(call.args, args)
    assert "".join(delta.text for delta in deltas if isinstance(delta, ThinkingDelta)) == thinking
    assert "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)) == answer


@pytest.mark.parametrize("seed", range(20))
def test_no_part_of_a_call_is_run_and_what_was_written_before_is_understood(
    chat_format: PromptFormat, seed: int
) -> None:
    args, schema = Maker(seed).call()
    ids = written(chat_format, AIMessage("", tool_calls=[tool_call(name="f", args=args, id="")]))
    whole = list(args.items())
    for length in random.Random(seed).sample(range(len(ids)), min(len(ids), 40)):
        for delta in parsed(chat_format, ids[:length], {"f": schema}):
            if isinstance(delta, Call):
                assert delta.error
                assert not delta.args
                understood = list(delta.understood.items())
                assert same(understood, whole[: len(understood)])
