"""Settings of a model and of a call."""

from pathlib import Path
from typing import Any

import pytest

from quintet.errors import BadInputError
from quintet.model import ChatModel, load_model


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temprature": 1}, "unknown setting 'temprature'"),
        ({"temperature": -1}, "temperature=-1"),
        ({"max_tokens": 0}, "max_tokens=0"),
        ({"thinking": -5}, "thinking=-5"),
        ({"tools": [], "tool_choice": "weigh"}, "tool_choice='weigh'"),
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


def test_a_stop_string_ends_the_text_before_it(model: ChatModel) -> None:
    whole = model.invoke("Say something.", max_tokens=12, thinking=False).text
    stop = whole[len(whole) // 2 :][:2]
    stopped = model.invoke("Say something.", max_tokens=12, thinking=False, stop=[stop])
    assert stopped.text == whole[: whole.index(stop)]
    assert stopped.response_metadata["finish_reason"] == "stop"
    assert model.invoke("Say something.", max_tokens=12, thinking=False, stop=stop).text == stopped.text  # type: ignore[arg-type]
