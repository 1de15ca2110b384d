"""The agent on the bundled model: what holds whatever the model says."""

from __future__ import annotations

from typing import Any

import PIL.Image
from langchain_core.messages import ToolMessage

from quintet.agent import Agent, End, Limits, TextDelta, ThinkingDelta, UsageDelta
from quintet.model import ChatModel


def photo() -> PIL.Image.Image:
    """Take a photo."""
    return PIL.Image.new("RGB", (256, 256), "red")


def test_deltas_add_up_to_the_answer(nano: ChatModel) -> None:
    agent = Agent(nano.bind(max_tokens=60, seed=1))
    *events, end = agent.stream("What is the capital of France?")
    assert isinstance(end, End)
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    thinking = "".join(event.text for event in events if isinstance(event, ThinkingDelta))
    assert (text.strip(), thinking.strip()) == (end.answer.text, end.answer.thinking)
    (usage,) = (event.usage for event in events if isinstance(event, UsageDelta))
    assert usage == end.answer.usage


def test_a_second_question_reads_no_old_token_again(nano: ChatModel, samples: Any) -> None:
    agent = Agent(nano.bind(max_tokens=40, seed=1))
    first = agent.ask("What colour is the circle?", samples.shapes).usage
    second = agent.ask("And the square?").usage
    assert first is not None
    assert second is not None
    assert first["input_token_details"].get("image", 0) > 0  # type: ignore[call-overload]
    # all but the last token, which was sampled but never read
    assert second["input_token_details"]["cache_read"] >= first["total_tokens"] - 1


def test_a_picture_that_a_tool_returns_is_seen(nano: ChatModel) -> None:
    model = nano.bind(tool_choice="photo", thinking=False, max_tokens=60, seed=1)
    answer = Agent(model, [photo], limits=Limits(steps=2)).ask("Take a photo. What colour is it?")
    results = [message for message in answer.messages if isinstance(message, ToolMessage)]
    assert answer.stopped == "steps"
    assert [result.status for result in results] == ["success", "success"]
    assert answer.usage is not None
    assert answer.usage["input_token_details"].get("image", 0) > 0  # type: ignore[call-overload]
