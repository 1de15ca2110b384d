"""Pictures and videos within a number of tokens: who steps down, in which order, and that it stays decided."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from quintet.errors import BadInputError, ContextLengthError, MissingFileError
from quintet.model import load_model
from quintet.model.budget import MediaBudget
from quintet.vision import Image, VisionSettings, media_from_block

SETTINGS = VisionSettings(image_min_pixels=1024, image_max_pixels=64 * 1024)


def photo(colour: str, side: int = 256) -> dict[str, Any]:
    """A picture of 64 tokens."""
    file = io.BytesIO()
    PIL.Image.new("RGB", (side, side), colour).save(file, "PNG")
    return Image(file.getvalue()).to_block()


def turns(*colours: str) -> list[BaseMessage]:
    return [HumanMessage([photo(colour), {"type": "text", "text": f"And {colour}?"}]) for colour in colours]


def shown(messages: list[BaseMessage], tokens: int) -> list[int | str]:
    """Tokens of each picture, or the line that stands for it."""
    budget = MediaBudget(media_from_block, lambda media: media.plan(SETTINGS))
    found: list[int | str] = []
    for message in budget.within(messages, tokens).messages:
        assert isinstance(message.content, list)
        for block in message.content[:-1]:
            media = media_from_block(block)
            found.append(media.plan(SETTINGS).tokens if media else block["text"])
    return found


def test_what_fits_stays_as_it_is() -> None:
    messages = turns("red", "green")
    budget = MediaBudget(media_from_block, lambda media: media.plan(SETTINGS))
    assert budget.within(messages, 128) == (messages, ())


def test_the_oldest_step_down_first_and_the_newest_last() -> None:
    line = "[picture 1: picture, not shown here]"
    assert shown(turns("red", "green", "blue"), 191) == [4, 64, 64]
    assert shown(turns("red", "green", "blue"), 100) == [4, 4, 64]
    assert shown(turns("red", "green", "blue"), 94) == [line, 4, 64]
    assert shown(turns("red"), 8) == [4]
    assert shown(turns("red"), 3) == [line]


def test_the_newest_is_made_no_smaller_than_it_must_be() -> None:
    assert shown(turns("red"), 40) == [36]
    assert shown(turns("red", "green"), 40) == ["[picture 1: picture, not shown here]", 36]


def test_a_quarter_is_freed_so_that_the_next_picture_changes_nothing_before_it() -> None:
    colours = ["red", "green", "blue", "white", "black", "grey", "pink", "tan", "gold", "navy"]
    before: list[int | str] = []
    rewritten = 0
    for count in range(1, len(colours) + 1):
        now = shown(turns(*colours[:count]), 320)
        assert sum(tokens for tokens in now if isinstance(tokens, int)) <= 320
        rewritten += now[: count - 1] != before
        before = now
    assert rewritten <= 3


def test_pictures_of_one_message_share_what_there_is() -> None:
    both: list[BaseMessage] = [*turns("red"), HumanMessage([photo("green"), photo("blue"), "Which?"])]
    assert shown(both, 80) == ["[picture 1: picture, not shown here]", 36, 36]


def test_what_was_done_is_told() -> None:
    budget = MediaBudget(media_from_block, lambda media: media.plan(SETTINGS))
    (note,) = budget.within(turns("red", "green", "blue"), 94).notes
    assert note.startswith("Of 3 pictures and videos 1 are shown smaller and 1 only named")


def test_a_file_that_is_gone_leaves_a_line(tmp_path: Path) -> None:
    path = tmp_path / "red.png"
    PIL.Image.new("RGB", (256, 256), "red").save(path)
    messages: list[BaseMessage] = [HumanMessage([Image(path).to_block(), "What colour?"]), *turns("green")]
    path.unlink()
    assert shown(messages, 500) == ["[picture 1: no longer there]", 64]
    budget = MediaBudget(media_from_block, lambda media: media.plan(SETTINGS))
    (note,) = budget.within(messages, 500).notes
    assert str(path) in note
    with pytest.raises(MissingFileError):
        budget.within(messages[:1], 500)


def test_a_video_is_named_with_its_length(samples: Any) -> None:
    clip = {"type": "video", "url": samples.clip.as_uri()}
    messages: list[BaseMessage] = [HumanMessage([clip, "When?"]), *turns("red")]
    assert shown(messages, 70) == ["[video 1: clip.mp4, 4.0 seconds, not shown here]", 64]


def test_a_conversation_with_too_many_pictures_goes_on() -> None:
    model = load_model("nano", device="cpu", media_tokens=60, temperature=0, max_tokens=4, thinking=False)
    messages: list[BaseMessage] = []
    for colour in ("red", "green", "blue", "yellow"):
        messages += turns(colour)
        answer = model.invoke(messages)
        assert answer.usage_metadata
        assert answer.usage_metadata["input_token_details"]["image"] <= 60  # type: ignore[typeddict-item]
        messages.append(AIMessage(answer.text))


def test_pictures_make_room_for_text() -> None:
    model = load_model("nano", device="cpu", context=512, temperature=0, max_tokens=4, thinking=False)
    many = turns("red", "green", "blue", "yellow", "black", "white")
    image = model.invoke(many).usage_metadata["input_token_details"]["image"]  # type: ignore[index,typeddict-item]
    assert image > 75
    long = [*many, HumanMessage("one two three four five six seven eight nine ten " * 14)]
    assert model.invoke(long).usage_metadata["input_token_details"]["image"] < image  # type: ignore[index,typeddict-item]
    with pytest.raises(ContextLengthError, match="shorten it"):
        model.invoke([*many, HumanMessage("one two three four five six seven " * 99)])


def test_a_budget_below_zero_is_refused() -> None:
    with pytest.raises(BadInputError, match="media_tokens=-1 is out of range; give 0 or more"):
        load_model("nano", media_tokens=-1)
