"""Calls are well formed whatever the model: these models have random weights and don't know what they write."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from quintet.errors import BadInputError
from quintet.model import ChatModel


class Order(BaseModel):
    """Order fruit."""

    fruit: Literal["apple", "black cherry", "</parameter>"]
    count: Annotated[int, Field(ge=1, le=99)]
    wrapped: bool
    days: Annotated[list[Literal["monday", "friday"]], Field(min_length=1, max_length=2)]
    size: Literal[1, 2, None] = None


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


def test_a_schema_that_makes_no_grammar_is_refused_by_name(model: ChatModel) -> None:
    broken: dict[str, Any] = {"type": "object", "properties": {"x": {"$ref": "#/$defs/missing"}}}
    tool = {"type": "function", "function": {"name": "broken", "description": "", "parameters": broken}}
    with pytest.raises(BadInputError, match="'broken'"):
        model.bind_tools([tool]).invoke("hi", max_tokens=2)
    assert model.invoke("hi", max_tokens=2)
