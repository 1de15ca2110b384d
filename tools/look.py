"""Look again: tools that zoom into a picture or watch a stretch of a video of the running conversation."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import Field

from ..errors import ToolError
from .functions import Returned, as_tool

if TYPE_CHECKING:
    from ..vision import Image, Video

MediaT = TypeVar("MediaT")

Box = Annotated[list[float], Field(min_length=4, max_length=4)]

MAX_FRAMES = 64
WHOLE = [0, 0, 1, 1]

media_shelf: ContextVar[Sequence[Image | Video]] = ContextVar("media_shelf", default=())
"""The pictures and videos of the running conversation, in the order they appeared; an `Agent` sets it for its tools."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was looked at: a stretch of a video (`start` to `end`, s) or a part of a picture (`box`, fractions)."""

    source: str
    start: float | None = None
    end: float | None = None
    box: tuple[float, float, float, float] | None = None


def look_at_picture(picture: int, box: Box) -> Returned:
    """Zoom into a part of a picture.

    Args:
        picture: number of the picture, from 1
        box: left, top, right, bottom as fractions from 0 to 1, or in pixels
    """
    from ..vision import Image

    image = _pick(Image, "picture", picture)
    left, top, right, bottom = box
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise ToolError(
            f"box is {_numbers(box)}; it must be left, top, right, bottom as fractions from 0 to 1, "
            "such as [0.5, 0, 1, 0.5] for the upper right quarter"
        )
    part = image.crop((left, top, right, bottom))
    text = f"picture {picture}, box {_numbers(box)}:"
    return Returned([text, part], Evidence(image.name, box=(left, top, right, bottom)))


def look_at_video(video: int, start: float, end: float, frames: int = 8, box: Box = WHOLE) -> Returned:
    """Watch a part of a video again, more closely.

    Args:
        video: number of the video, from 1
        start: first second
        end: last second
        frames: how many frames to see
        box: part of the frame to see, as fractions from 0 to 1, or in pixels
    """
    from ..vision import Video

    clip = _pick(Video, "video", video)
    duration = clip.info.duration
    if not 1 <= frames <= MAX_FRAMES:
        raise ToolError(f"frames is {frames}; it must be from 1 to {MAX_FRAMES}")
    if not (0 <= start < end and start < duration):
        raise ToolError(
            f"start is {start:g} and end is {end:g}; video {video} is {duration:.1f} seconds long, "
            "and start must be before end"
        )
    end = min(end, duration)
    block = clip.clip(start, end).to_block()
    # Every frame there is, but at most so many: the conversation's own rate may be too low for a short stretch.
    block["extras"] = {**block.get("extras", {}), "fps": clip.info.fps, "max_frames": frames}
    text = f"video {video} from {start:.1f} to {end:.1f} seconds:"
    return Returned([text, block], Evidence(clip.name, start, end))


def _pick(kind: type[MediaT], noun: str, number: int) -> MediaT:
    media = [item for item in media_shelf.get() if isinstance(item, kind)]
    if 1 <= number <= len(media):
        return media[number - 1]
    match len(media):
        case 0:
            raise ToolError(f"there is no {noun} in this conversation")
        case 1:
            raise ToolError(f"there is 1 {noun}; {noun} must be 1, not {number}")
        case count:
            raise ToolError(f"there are {count} {noun}s; {noun} must be from 1 to {count}, not {number}")


def _numbers(values: Sequence[Any]) -> str:
    return f"[{', '.join(f'{value:g}' for value in values)}]"


zoom_image = as_tool(look_at_picture, name="zoom_image")
watch_video = as_tool(look_at_video, name="watch_video")
