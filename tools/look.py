"""Look again: tools that zoom into a picture or watch a stretch of a video of the running conversation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import Field

from ..errors import BadInputError, ToolError
from .functions import Returned, as_tool

if TYPE_CHECKING:
    from ..vision import Image, Video

MediaT = TypeVar("MediaT")

Box = Annotated[list[float], Field(min_length=4, max_length=4)]

MAX_FRAMES = 64
MAX_TOKENS = 2048  # of one look
WHOLE: list[float] = [0, 0, 1, 1]

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
    from ..vision.box import fractions

    image = _pick(Image, "picture", picture)
    with _told():
        part = _as_shown(Image(image.crop(box).pil, max_tokens=MAX_TOKENS, policy=image.policy))
        evidence = Evidence(image.name, box=fractions(box, *image.size))
    return Returned([f"picture {picture}, box {_numbers(box)}:", part], evidence)


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
    every = clip.info.fps
    with _told():
        part = clip.look.box if box == WHOLE else clip.look.closer(box, clip.info)
        # Every frame there is, but at most so many: the conversation's own rate may be too low for a short stretch.
        closer = clip.clip(start, end, fps=every, max_frames=frames, max_tokens=MAX_TOKENS, box=part)
        closer.plan()
    text = f"video {video} from {start:.1f} to {end:.1f} seconds{f', box {_numbers(box)}' if box != WHOLE else ''}:"
    return Returned([text, closer], Evidence(clip.name, start, end))


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


def _as_shown(image: Image) -> Image:
    """No larger than it can be shown, resized as it would be then: the message holds all of it."""
    height, width = image.plan().size
    if height * width >= image.size[0] * image.size[1]:
        return image
    return type(image)(image.pixels((height, width)), max_tokens=MAX_TOKENS, policy=image.policy)


@contextmanager
def _told() -> Iterator[None]:
    """What is wrong with the arguments is told to the model."""
    try:
        yield
    except BadInputError as error:
        raise ToolError(str(error)) from error


def _numbers(values: Sequence[Any]) -> str:
    return f"[{', '.join(f'{value:g}' for value in values)}]"


zoom_image = as_tool(look_at_picture, name="zoom_image")
watch_video = as_tool(look_at_video, name="watch_video")
