"""Looking again at the media of a conversation: what is returned, and what the model is told when it asks wrongly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import PIL.Image
import pytest
from langchain_core.messages import ToolMessage
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

from quintet.tools import Evidence, media_shelf, watch_video, zoom_image
from quintet.vision import Image, Video, media_from_block


@pytest.fixture
def shelf(samples: Any) -> Iterator[list[Image | Video]]:
    """Two pictures, red left of blue and all green, and a clip of 4 s."""
    halves = PIL.Image.new("RGB", (400, 200), "red")
    halves.paste("blue", (200, 0, 400, 200))
    media = [Image(halves), Video(samples.clip), Image(PIL.Image.new("RGB", (64, 64), "green"))]
    token = media_shelf.set(media)
    yield media
    media_shelf.reset(token)


def look(tool: BaseTool, **args: Any) -> ToolMessage:
    message = tool.invoke({"type": "tool_call", "id": "c", "name": tool.name, "args": args})
    assert isinstance(message, ToolMessage)
    return message


def told(tool: BaseTool, **args: Any) -> str:
    message = look(tool, **args)
    assert message.status == "error"
    return str(message.content)


def test_zoom_shows_the_part_and_keeps_the_evidence(shelf: list[Image | Video]) -> None:
    message = look(zoom_image, picture=1, box=[0.5, 0, 1, 0.5])
    text, block = message.content
    assert text == {"type": "text", "text": "picture 1, box [0.5, 0, 1, 0.5]:"}
    part = media_from_block(block)
    assert isinstance(part, Image)
    assert part.pil.size == (200, 100)
    assert part.pil.getcolors() == [(20_000, (0, 0, 255))]
    assert message.artifact == Evidence("picture", box=(0.5, 0, 1, 0.5))
    assert look(zoom_image, picture=2, box=[0, 0, 1, 1]).status == "success"  # pictures are numbered apart from videos


def test_watch_shows_the_stretch_with_true_times(shelf: list[Image | Video], samples: Any) -> None:
    message = look(watch_video, video=1, start=1.5, end=2.5, frames=4)
    text, block = message.content
    assert text == {"type": "text", "text": "video 1 from 1.5 to 2.5 seconds:"}
    part = media_from_block(block)
    assert isinstance(part, Video)
    patches = part.patches()
    assert patches.grid[0] == 2  # four frames in pairs
    assert all(1.25 <= moment <= 2.75 for moment in patches.times)  # an edge may fall between the frames of a pair
    assert message.artifact == Evidence(samples.clip.name, 1.5, 2.5)


@pytest.mark.parametrize("frames", [1, 2, 6, 16])
def test_watch_shows_at_most_as_many_frames_as_asked(shelf: list[Image | Video], frames: int) -> None:
    part = media_from_block(look(watch_video, video=1, start=0, end=4, frames=frames).content[1])
    assert isinstance(part, Video)
    assert (frames + 1) // 4 <= part.patches().grid[0] <= (frames + 1) // 2


def test_a_box_is_a_part_of_what_was_shown(shelf: list[Image | Video], samples: Any) -> None:
    shelf[1] = Video(samples.clip, box=(0.5, 0, 1, 0.5))
    closer = media_from_block(look(watch_video, video=1, start=0, end=1, box=[0.5, 0, 1, 1]).content[1])
    same = media_from_block(look(watch_video, video=1, start=0, end=1).content[1])
    assert isinstance(closer, Video)
    assert isinstance(same, Video)
    assert (closer.look.box, same.look.box) == ((0.75, 0, 1, 0.5), (0.5, 0, 1, 0.5))


def test_a_stretch_past_the_end_is_cut(shelf: list[Image | Video]) -> None:
    message = look(watch_video, video=1, start=3, end=99)
    assert message.content[0] == {"type": "text", "text": "video 1 from 3.0 to 4.0 seconds:"}


def test_the_model_is_told_what_is_possible(shelf: list[Image | Video]) -> None:
    assert told(zoom_image, picture=3, box=[0, 0, 1, 1]) == "there are 2 pictures; picture must be from 1 to 2, not 3"
    assert told(watch_video, video=0, start=0, end=1) == "there is 1 video; video must be 1, not 0"
    assert "box [200, 0, 401, 200]: expected" in told(zoom_image, picture=1, box=[200, 0, 401, 200])
    assert "box [0.5, 0, 0.5, 1]: expected" in told(zoom_image, picture=1, box=[0.5, 0, 0.5, 1])
    assert "video 1 is 4.0 seconds long" in told(watch_video, video=1, start=7, end=9)
    assert "start must be before end" in told(watch_video, video=1, start=2, end=1)
    assert told(watch_video, video=1, start=0, end=1, frames=1000) == "frames is 1000; it must be from 1 to 64"


def test_without_a_conversation_there_is_nothing_to_look_at() -> None:
    assert told(zoom_image, picture=1, box=[0, 0, 1, 1]) == "there is no picture in this conversation"
    assert told(watch_video, video=1, start=0, end=1) == "there is no video in this conversation"


def test_the_schemas_are_short() -> None:
    zoom, watch = (convert_to_openai_tool(tool)["function"]["parameters"] for tool in (zoom_image, watch_video))
    assert list(zoom["properties"]) == zoom["required"] == ["picture", "box"]
    assert list(watch["properties"]) == ["video", "start", "end", "frames", "box"]
    assert watch["required"] == ["video", "start", "end"]
