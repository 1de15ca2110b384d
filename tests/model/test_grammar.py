"""Calls are well formed whatever the model: these models have random weights and don't know what they write."""

from importlib.resources import files
from typing import Annotated, Any, Literal

import pytest
import torch
from langchain_core.messages import AIMessage
from pydantic import BaseModel, Field
from transformers import AutoTokenizer

from quintet.errors import BadInputError
from quintet.model import ChatModel, PromptFormat
from quintet.model.grammar import Grammars


class Order(BaseModel):
    """Order fruit."""

    fruit: Literal["apple", "black cherry", "</parameter>"]
    count: Annotated[int, Field(ge=1, le=99)]
    wrapped: bool
    days: Annotated[list[Literal["monday", "friday"]], Field(min_length=1, max_length=2)]
    size: Literal[1, 2, None] = None
    ribbon: Literal["red", "blue"] | None


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


def described(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, "required": list(properties), **more}
    return {"type": "function", "function": {"name": "odd", "description": "", "parameters": parameters}}


@pytest.mark.parametrize(
    ("tool", "check"),
    [
        (described({"x": True}), lambda args: "x" in args),
        (described({"x": {"enum": ["", "1", 1, None]}}), lambda args: args["x"] in ("", "1", 1, None)),
        (described({'"x\\': {"const": 'q"\\'}}), lambda args: args == {'"x\\': 'q"\\'}),
        (
            described({"x": {"$ref": "#/definitions/X"}}, definitions={"X": {"enum": [1, 2]}}),
            lambda args: args["x"] in (1, 2),
        ),
        (
            {"type": "function", "function": {"name": "odd", "description": "", "parameters": None}},
            lambda args: not args,
        ),
    ],
)
@pytest.mark.parametrize("seed", range(2))
def test_odd_schemas_are_kept_to(model: ChatModel, tool: dict[str, Any], check: Any, seed: int) -> None:
    # random weights seldom end a free text, so that a call may be cut off where the schema allows one
    forced = model.bind(tools=[tool], tool_choice="odd", max_tokens=400, temperature=1.5, top_k=0, top_p=1.0, seed=seed)
    answer = forced.invoke("Do it.")
    assert isinstance(answer, AIMessage)
    assert all(check(call["args"]) for call in answer.tool_calls)
    assert answer.tool_calls or answer.response_metadata["finish_reason"] in ("length", "repetition")


def test_thousands_of_choices_make_a_grammar_too() -> None:
    chat_format = PromptFormat(AutoTokenizer.from_pretrained(str(files("quintet.model.nano"))))
    size = len(chat_format.tokenizer)
    grammars = Grammars(chat_format.backend, vocabulary=size, end=chat_format.control["</tool_call>"])
    matcher = grammars.calls([described({"x": {"enum": [f"v{number}" for number in range(5000)]}})])()
    call = "\n<function=odd>\n<parameter=x>\nv4999\n</parameter>\n</function>\n"
    for token in chat_format.encode(call, {}).ids:
        assert matcher.restrict(torch.zeros(size))[token] == 0
        matcher.take(token)


@pytest.mark.parametrize("name", ["a>b", "a\nb"])
def test_names_that_the_format_can_not_tell_apart_are_refused(model: ChatModel, name: str) -> None:
    with pytest.raises(BadInputError, match="can't name a tool or a parameter"):
        model.bind(tools=[described({name: {}})]).invoke("hi", max_tokens=2)


def test_a_schema_that_makes_no_grammar_is_refused_by_name(model: ChatModel) -> None:
    broken: dict[str, Any] = {"type": "object", "properties": {"x": {"$ref": "#/$defs/missing"}}}
    tool = {"type": "function", "function": {"name": "broken", "description": "", "parameters": broken}}
    with pytest.raises(BadInputError, match="'broken'"):
        model.bind_tools([tool]).invoke("hi", max_tokens=2)
    assert model.invoke("hi", max_tokens=2)
