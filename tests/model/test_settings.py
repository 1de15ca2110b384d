"""Settings of a model and of a call."""

from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from quintet.errors import BadInputError
from quintet.model import ChatModel, load_model


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temprature": 1}, "unknown setting 'temprature'; known are temperature, top_p"),
        ({"temperature": -1}, "temperature=-1"),
        ({"temperature": "hot"}, "temperature='hot' can't be used; give a number; 0 is greedy"),
        ({"repetition_penalty": 0}, "repetition_penalty=0"),
        ({"top_k": 2.5}, "top_k=2.5 can't be used; give a whole number"),
        ({"seed": "lucky"}, "seed='lucky'"),
        ({"max_tokens": 0}, "max_tokens=0"),
        ({"max_tokens": True}, "max_tokens=True can't be used; give a number of tokens"),
        ({"stop": 7}, "stop=7 can't be used"),
        ({"stop": ["a", 7]}, r"stop=\['a', 7\]"),
        ({"thinking": -5}, "thinking=-5"),
        ({"thinking": "hard"}, "thinking='hard' can't be used; give True, False, or a budget in tokens"),
        ({"history": "forget"}, "history='forget' can't be used; give what becomes of earlier turns' thinking: 'keep'"),
        ({"effort": "low"}, "effort='low': this checkpoint's chat template knows no levels of effort"),
        ({"effort": 3}, "effort=3 can't be used"),
        ({"logprobs": 5}, "logprobs=5 can't be used; give True or False"),
        ({"top_logprobs": 3}, "top_logprobs=3 needs logprobs=True"),
        ({"logprobs": True, "top_logprobs": 99}, "top_logprobs=99 can't be used; give a whole number from 0 to 20"),
        ({"n": 0}, "n=0 can't be used; give a number of candidates"),
        ({"tools": [], "tool_choice": "weigh"}, "tool_choice='weigh'"),
        ({"tools": [{"type": "web_search"}]}, "isn't a function that can be called"),
        ({"tools": [{"name": "a"}, {"name": "a"}]}, "two tools are called 'a'"),
    ],
)
def test_bad_settings_are_named(model: ChatModel, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        model.invoke("hi", **settings)


def test_settings_out_of_range_are_refused_when_loading(checkpoint: Path) -> None:
    with pytest.raises(BadInputError, match="temperature=-1"):
        load_model(str(checkpoint), temperature=-1)
    with pytest.raises(BadInputError, match="max_tokens=0"):
        load_model(str(checkpoint), max_tokens=0)
    with pytest.raises(BadInputError, match="temperature='hot'"):
        load_model(str(checkpoint), temperature="hot")


def test_a_call_s_settings_go_before_the_model_s(model: ChatModel) -> None:
    short = ChatModel(engine=model.engine, max_tokens=3, thinking=False)

    def tokens(**settings: Any) -> int:
        answer = short.invoke("Say something.", **settings)
        assert answer.usage_metadata
        return answer.usage_metadata["output_tokens"]

    assert [tokens(), tokens(max_tokens=5), tokens(max_tokens=None)] == [3, 5, 3]


def test_a_stop_string_ends_the_text_before_it(model: ChatModel) -> None:
    whole = model.invoke("Say something.", max_tokens=12, thinking=False).text
    stop = whole[len(whole) // 2 :][:2]
    stopped = model.invoke("Say something.", max_tokens=12, thinking=False, stop=[stop])
    assert stopped.text == whole[: whole.index(stop)]
    assert stopped.response_metadata["finish_reason"] == "stop"
    assert model.invoke("Say something.", max_tokens=12, thinking=False, stop=stop).text == stopped.text  # type: ignore[arg-type]


def test_a_model_may_have_stop_strings(model: ChatModel) -> None:
    whole = model.invoke("Say something.", max_tokens=12, thinking=False).text
    stop = whole[len(whole) // 2 :][:2]
    stopping = ChatModel(engine=model.engine, max_tokens=12, thinking=False, stop=stop)
    assert stopping.invoke("Say something.").text == whole[: whole.index(stop)]
    assert stopping.invoke("Say something.", stop=[]).text == whole


def test_thinking_is_kept_or_dropped_as_asked(model: ChatModel) -> None:
    first = model.invoke("Say something.", max_tokens=24, thinking=8)
    history = [HumanMessage("Say something."), first, HumanMessage("And?")]

    def tokens(**settings: Any) -> int:
        answer = model.invoke(history, max_tokens=2, **settings)
        assert answer.usage_metadata
        return answer.usage_metadata["input_tokens"]

    assert tokens(history="drop") < tokens() == tokens(history="keep") == tokens(history="template")


def test_a_repetition_penalty_changes_the_words(model: ChatModel) -> None:
    plain = model.invoke("Say something.", max_tokens=30, thinking=False).text
    assert model.invoke("Say something.", max_tokens=30, thinking=False, repetition_penalty=0.1).text != plain
