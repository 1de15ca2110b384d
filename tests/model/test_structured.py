"""Structured output, on random weights: what a grammar promises holds for any model."""

from typing import Any, Literal, TypedDict

import pytest
from langchain_core.exceptions import OutputParserException
from langchain_core.messages import AIMessage
from pydantic import BaseModel, Field

from quintet.errors import BadInputError
from quintet.model import ChatModel


class Size(BaseModel, extra="forbid"):
    width: Literal[1, 2, 3]
    deep: bool


class Cat(BaseModel):
    """A cat."""

    colour: Literal["black", "white", "ginger"]
    friendly: bool
    size: Size
    owner: None = None


class Dog(TypedDict):
    """A dog."""

    colour: Literal["black", "brown"]
    friendly: bool


SCHEMA = {"type": "object", "properties": {"sum": {"enum": [5, 6]}, "even": {"type": "boolean"}}, "required": ["sum"]}


@pytest.mark.parametrize("method", ["function_calling", "json_schema", "json_mode"])
def test_an_answer_is_always_valid(model: ChatModel, method: str) -> None:
    asked = model.with_structured_output(Cat, method=method, strict=True)
    for seed in range(3):
        assert isinstance(asked.invoke("Which cat?", temperature=2.0, seed=seed), Cat)
    (streamed,) = asked.stream("Which cat?")
    assert isinstance(streamed, Cat)


class Joke(BaseModel):
    setup: str
    punchline: str
    words: list[str] = Field(min_length=1)


def test_an_answer_is_complete_where_its_room_ends(model: ChatModel) -> None:
    for room in (80, 150):
        asked = model.with_structured_output(Joke, include_raw=True, max_tokens=room, temperature=2.0, seed=room)
        answer = asked.invoke("Tell me a joke.")
        assert isinstance(answer["parsed"], Joke)
        assert answer["raw"].response_metadata["finish_reason"] == "length"


def test_dictionaries_for_what_is_no_class(model: ChatModel) -> None:
    dog = model.with_structured_output(Dog).invoke("Which dog?")
    assert {*dog} == {"colour", "friendly"}
    assert model.with_structured_output(SCHEMA).invoke("2 + 3?")["sum"] in (5, 6)
    tool = {"name": "answer", "description": "Answer.", "parameters": SCHEMA}
    assert model.with_structured_output(tool).invoke("2 + 3?")["sum"] in (5, 6)


async def test_it_works_asynchronously(model: ChatModel) -> None:
    assert isinstance(await model.with_structured_output(Cat).ainvoke("Which cat?"), Cat)


def test_what_was_cut_off_is_an_error_that_says_so(model: ChatModel) -> None:
    with pytest.raises(OutputParserException, match=r"ended before it was complete \(length\); allow more max_tokens"):
        model.with_structured_output(Cat, max_tokens=8).invoke("Which cat?")
    raw = model.with_structured_output(Cat, include_raw=True, max_tokens=8).invoke("Which cat?")
    assert isinstance(raw["raw"], AIMessage)
    assert raw["parsed"] is None
    assert isinstance(raw["parsing_error"], OutputParserException)


def test_include_raw_has_the_message_too(model: ChatModel) -> None:
    both = model.with_structured_output(Cat, include_raw=True).invoke("Which cat?")
    assert isinstance(both["parsed"], Cat)
    assert both["raw"].tool_calls[0]["args"] == both["parsed"].model_dump(exclude_unset=True)
    assert both["parsing_error"] is None


def test_what_a_grammar_can_not_say_is_checked(model: ChatModel) -> None:
    class Odd(BaseModel):
        number: Literal[2, 4] = Field(description="odd")

        def model_post_init(self, _: Any) -> None:
            if self.number % 2 == 0:
                raise ValueError("not odd")

    with pytest.raises(OutputParserException, match="not odd"):
        model.with_structured_output(Odd).invoke("An odd number?")


@pytest.mark.parametrize(
    ("schema", "fault"),
    [
        ({"type": "array", "items": {"type": "integer"}}, "isn't a function"),
        ({"title": "list", "type": "array"}, "isn't the schema of an object"),
        (int, "isn't a function"),
        (7, "isn't a function"),
    ],
)
def test_what_is_no_schema_of_an_object_is_refused(model: ChatModel, schema: Any, fault: str) -> None:
    with pytest.raises(BadInputError, match=fault):
        model.with_structured_output(schema)


def test_an_unknown_method_is_refused(model: ChatModel) -> None:
    with pytest.raises(BadInputError, match="method='telepathy' isn't known; give one of function_calling"):
        model.with_structured_output(Cat, method="telepathy")
