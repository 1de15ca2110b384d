"""Structured answers: a form filled by a call, repaired where it is wrong, insisted on where it is missing."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from langchain_core.messages import HumanMessage
from pydantic import BaseModel, Field

from quintet.agent import Agent, Limits
from quintet.errors import BadInputError
from quintet.tools import calculator


class Shape(BaseModel):
    """A shape."""

    name: Literal["circle", "square"]
    count: int = Field(default=1, ge=1)


class Picture(BaseModel):
    shapes: list[Shape]


def test_the_form_is_offered_filled_and_returned(script: Any) -> None:
    shapes = [{"name": "circle", "count": 2}, {"name": "square"}]
    model = script.model(
        script.call("calculator", {"expression": "1+1"}), script.call("give_answer", {"shapes": shapes})
    )
    agent = Agent(model, [calculator])
    answer = agent.ask("Which shapes?", schema=Picture)
    assert answer.data == Picture(shapes=[Shape(name="circle", count=2), Shape(name="square")])
    assert (answer.steps, answer.stopped) == (2, None)
    assert answer.text == answer.data.model_dump_json()
    assert [tool["function"]["name"] for tool in model.settings[0]["tools"]] == ["calculator", "give_answer"]
    assert [message.type for message in agent.messages] == ["human", "ai", "tool", "ai", "tool"]


def test_a_wrong_form_is_told_and_repaired(script: Any) -> None:
    model = script.model(
        script.call("give_answer", {"name": "cube"}),
        script.call("give_answer", {"name": "circle", "count": 0}),
        script.call("give_answer", {"name": "circle"}),
    )
    answer = Agent(model).ask("Which shape?", schema=Shape)
    assert answer.data == Shape(name="circle")
    assert "the argument 'name' of give_answer is 'cube'" in str(answer.messages[2].content)
    assert "the argument 'count' of give_answer is 0" in str(answer.messages[4].content)


def test_an_answer_in_words_is_asked_for_as_a_form(script: Any) -> None:
    model = script.model(script.say("It is a circle."), script.call("give_answer", {"name": "circle"}))
    answer = Agent(model.bind(temperature=0)).ask("Which shape?", schema=Shape)
    assert answer.data == Shape(name="circle")
    assert model.seen[1][-1] == HumanMessage("Call give_answer with that answer.")
    assert "tool_choice" not in model.settings[0]
    assert (model.settings[1]["tool_choice"], model.settings[1]["temperature"]) == ("give_answer", 0)


def test_a_form_never_filled_ends_at_the_limit(script: Any) -> None:
    model = script.model(*(script.say("A circle.") for _ in range(3)))
    answer = Agent(model, limits=Limits(steps=3)).ask("Which shape?", schema=Shape)
    assert (answer.data, answer.stopped, answer.text) == (None, "steps", "A circle.")


def test_a_schema_must_be_a_pydantic_model(script: Any) -> None:
    with pytest.raises(BadInputError, match="pass a pydantic model"):
        Agent(script.model()).ask("Which?", schema={"type": "object"})  # type: ignore[arg-type]
