"""Media of a conversation: sorted by content, shown before the question, and there for the tools that look again."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from langchain_core.messages import HumanMessage, ToolMessage

from quintet.agent import Agent, ToolResult
from quintet.errors import BadInputError, MediaError, MissingFileError
from quintet.tools import Evidence, media_shelf, watch_video, zoom_image
from quintet.vision import Image, MediaPolicy, Video


def types_of(message: Any) -> list[str]:
    return [block["type"] for block in message.content]


def test_media_come_before_the_question_whatever_they_are(script: Any, samples: Any) -> None:
    model = script.model(script.say("ok"))
    media = [
        str(samples.shapes),
        samples.clip,
        PIL.Image.new("RGB", (40, 40)),
        Image(samples.word),
        Video(samples.clip, fps=1),
    ]
    Agent(model).ask("What?", *media)
    (message,) = model.seen[0]
    assert isinstance(message, HumanMessage)
    assert types_of(message) == ["image", "video", "image", "image", "video", "text"]
    assert message.content[4]["extras"] == {"fps": 1}
    assert message.text == "What?"


def test_files_are_told_apart_by_content_not_by_name(script: Any, samples: Any, tmp_path: Path) -> None:
    picture = shutil.copy(samples.shapes, tmp_path / "really_a_picture.mp4")
    video = shutil.copy(samples.clip, tmp_path / "really_a_video.png")
    model = script.model(script.say("ok"))
    Agent(model).ask("What?", picture, video)
    assert types_of(model.seen[0][0]) == ["image", "video", "text"]


def test_bytes_and_open_files_are_told_apart_too(script: Any, samples: Any) -> None:
    model = script.model(script.say("ok"))
    with samples.clip.open("rb") as opened:
        Agent(model).ask("What?", samples.shapes.read_bytes(), samples.clip.read_bytes(), opened)
    assert types_of(model.seen[0][0]) == ["image", "video", "video", "text"]


def test_files_that_are_no_media_are_refused_before_the_model_runs(script: Any, samples: Any, tmp_path: Path) -> None:
    agent = Agent(script.model())
    fake = tmp_path / "fake.mp4"
    fake.write_text("just text")
    empty = tmp_path / "empty.png"
    empty.touch()
    with pytest.raises(BadInputError, match=r"handbook\.pdf is a document.*Library"):
        agent.ask("What?", samples.manuals / "handbook.pdf")
    with pytest.raises(BadInputError, match=r"is a folder.*Library"):
        agent.ask("What?", samples.manuals)
    with pytest.raises(MissingFileError, match=r"nowhere\.png"):
        agent.ask("What?", "nowhere.png")
    with pytest.raises(MediaError, match=r"fake\.mp4"):
        agent.ask("What?", fake)
    with pytest.raises(MediaError, match="empty"):
        agent.ask("What?", empty)
    with pytest.raises(BadInputError, match="int is no media"):
        agent.ask("What?", 3)  # type: ignore[arg-type]
    assert agent.messages == []


def test_tools_look_at_what_the_person_gave(script: Any, samples: Any) -> None:
    model = script.model(
        script.call("zoom_image", {"picture": 1, "box": [0, 0, 0.5, 1]}),
        script.call("watch_video", {"video": 1, "start": 1, "end": 3}),
        script.say("ok"),
    )
    answer = Agent(model, [zoom_image, watch_video]).ask("Look.", samples.shapes, samples.clip)
    zoomed, watched = (message for message in answer.messages if isinstance(message, ToolMessage))
    assert types_of(zoomed) == ["text", "image"]
    assert zoomed.artifact == Evidence("shapes.png", box=(0, 0, 0.5, 1))
    assert types_of(watched) == ["text", "file"]
    assert watched.artifact == Evidence("clip.mp4", 1, 3)


def test_tools_look_within_the_limits_that_the_agent_was_given(script: Any, samples: Any) -> None:
    policies: list[MediaPolicy] = []

    def limits() -> str:
        """Tell the limits."""
        policies.extend(item.policy for item in media_shelf.get() if isinstance(item, Image))
        return "told"

    model = script.model(script.call("limits", {}), script.say("ok"))
    Agent(model, [limits], media_policy=MediaPolicy(max_pixels=1 << 20)).ask("Which?", samples.shapes)
    assert [policy.max_pixels for policy in policies] == [1 << 20]


def test_what_tools_return_is_numbered_after_what_came_before(script: Any, samples: Any) -> None:
    zoom = {"picture": 1, "box": [0, 0, 0.5, 0.5]}
    model = script.model(
        script.call("zoom_image", {**zoom, "picture": 2}),
        script.call("zoom_image", zoom),
        script.call("zoom_image", {**zoom, "picture": 2}),
        script.say("ok"),
        script.call("zoom_image", {**zoom, "picture": 4}),
        script.say("ok"),
    )
    agent = Agent(model, [zoom_image])
    results = [event for event in agent.stream("Look.", samples.shapes) if isinstance(event, ToolResult)]
    assert [result.error for result in results] == [True, False, False]
    assert results[0].content == "error: there is 1 picture; picture must be 1, not 2"
    # pictures 2 and 3 are the parts seen so far, picture 4 is the next one given
    results = [event for event in agent.stream("And here?", samples.word) if isinstance(event, ToolResult)]
    assert [result.error for result in results] == [False]


def test_pictures_of_a_persons_own_tools_reach_the_model(script: Any) -> None:
    def chart(value: int) -> list[Any]:
        """Draw a chart."""
        return [f"chart of {value}", PIL.Image.new("RGB", (100, value), "blue")]

    model = script.model(script.call("chart", {"value": 50}), script.say("ok"))
    Agent(model, [chart]).ask("Draw.")
    assert types_of(model.seen[1][2]) == ["text", "image"]


def test_broken_media_of_a_tool_are_told_not_shown(script: Any, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")

    def photo() -> Image:
        """Take a photo."""
        return Image(broken)

    model = script.model(script.call("photo", {}), script.say("It is broken."))
    answer = Agent(model, [photo]).ask("Take one.")
    result = answer.messages[2]
    assert isinstance(result, ToolMessage)
    assert result.status == "error"
    assert "is damaged" in str(result.content)


def test_a_zoom_too_narrow_to_be_shown_is_told(script: Any) -> None:
    wide = PIL.Image.new("RGB", (1000, 1000))
    model = script.model(script.call("zoom_image", {"picture": 1, "box": [0, 0, 1, 0.001]}), script.say("ok"))
    answer = Agent(model, [zoom_image]).ask("Look.", wide)
    assert "200" in str(answer.messages[2].content)
    assert [message.type for message in answer.messages] == ["human", "ai", "tool", "ai"]
