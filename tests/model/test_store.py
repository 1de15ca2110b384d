"""Beginnings of conversations on disk."""

import json
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from quintet import Image
from quintet.errors import BadInputError
from quintet.model import ChatModel, load_model

SYSTEM = SystemMessage("Instructions that every conversation begins with, and that take some reading. " * 20)


def opened(checkpoint: Path, folder: Path, **settings: Any) -> ChatModel:
    return load_model(str(checkpoint), cache_folder=folder, max_tokens=12, temperature=0.0, **settings)


def asked(model: ChatModel, messages: list[BaseMessage]) -> tuple[str, int]:
    """What was answered, and how many tokens were not read for it."""
    answer = model.invoke(messages)
    assert answer.usage_metadata
    return str(answer.content), answer.usage_metadata["input_token_details"]["cache_read"]


@pytest.fixture
def talk() -> list[BaseMessage]:
    picture = Image(PIL.Image.radial_gradient("L").resize((128, 96))).to_block()
    return [SYSTEM, HumanMessage([{"type": "text", "text": "Look at this. " * 60}, picture, "What is it?"])]


def test_a_later_process_does_not_read_again(checkpoint: Path, tmp_path: Path, talk: list[BaseMessage]) -> None:
    first, nothing = asked(opened(checkpoint, tmp_path / "cache"), talk)
    later, known = asked(opened(checkpoint, tmp_path / "cache"), talk)
    _, beginning = asked(opened(checkpoint, tmp_path / "cache"), [SYSTEM, HumanMessage("Something else?")])
    assert (first, nothing) == (later, 0)
    assert known > beginning > 256


def test_what_is_loaded_can_be_edited_and_gone_on_with(
    checkpoint: Path, tmp_path: Path, talk: list[BaseMessage]
) -> None:
    asked(opened(checkpoint, tmp_path / "cache"), talk)
    model = opened(checkpoint, tmp_path / "cache")
    asked(model, talk)
    edited = [SYSTEM, HumanMessage("Something else. " * 60)]
    assert asked(model, edited)[0] == asked(opened(checkpoint, tmp_path / "other"), edited)[0]


def test_another_models_folder_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    opened(checkpoint, tmp_path / "cache")
    with pytest.raises(BadInputError, match=r"belongs to '.*'.*give 'nano' a folder of its own"):
        load_model(cache_folder=tmp_path / "cache")
    with pytest.raises(BadInputError, match="other weights or settings"):
        opened(checkpoint, tmp_path / "cache", context=8192)


def test_a_folder_that_is_none_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(BadInputError, match="can't be used"):
        opened(checkpoint, tmp_path / "file")
    (tmp_path / "model.json").write_text("{")
    with pytest.raises(BadInputError, match="can't be used"):
        opened(checkpoint, tmp_path)


def test_damaged_files_are_read_around(
    checkpoint: Path, tmp_path: Path, talk: list[BaseMessage], caplog: pytest.LogCaptureFixture
) -> None:
    answer, _ = asked(opened(checkpoint, tmp_path), talk)
    for number, file in enumerate(sorted(tmp_path.glob("*.safetensors"))):
        file.write_bytes(file.read_bytes()[: 100 if number else -100])
    again, known = asked(opened(checkpoint, tmp_path), talk)
    assert (again, known) == (answer, 0)
    assert "left aside" in caplog.text


def test_a_file_that_vanishes_is_done_without(checkpoint: Path, tmp_path: Path, talk: list[BaseMessage]) -> None:
    answer, _ = asked(opened(checkpoint, tmp_path), talk)
    model = opened(checkpoint, tmp_path)
    for file in tmp_path.glob("*.safetensors"):
        file.unlink()
    assert asked(model, talk) == (answer, 0)
    assert asked(opened(checkpoint, tmp_path), talk)[1] > 256  # it was written again


def test_the_folder_is_bounded(
    checkpoint: Path, tmp_path: Path, talk: list[BaseMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(opened(checkpoint, tmp_path), talk)
    used = sum(file.stat().st_size for file in tmp_path.glob("*.safetensors"))
    monkeypatch.setattr("quintet.model.local._STORE_BYTES", 2 * used)
    for number in range(4):
        asked(opened(checkpoint, tmp_path), [SystemMessage(f"{number}. " * 10 + str(SYSTEM.text)), talk[1]])
        assert sum(file.stat().st_size for file in tmp_path.glob("*.safetensors")) <= 2 * used
    assert asked(opened(checkpoint, tmp_path), [SystemMessage("3. " * 10 + str(SYSTEM.text)), talk[1]])[1] > 256
    assert asked(opened(checkpoint, tmp_path), talk)[1] == 0
    asked(opened(checkpoint, tmp_path), [HumanMessage("More than fits. " * 700)])
    assert sum(file.stat().st_size for file in tmp_path.glob("*.safetensors")) <= 2 * used


def test_the_folder_says_whose_it_is(checkpoint: Path, tmp_path: Path) -> None:
    opened(checkpoint, tmp_path)
    assert json.loads((tmp_path / "model.json").read_text())["model"] == str(checkpoint)
