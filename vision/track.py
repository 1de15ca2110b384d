"""`Track`: the frames of one video, whatever decodes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .sniff import picture_mime
from .source import Source

Rgb = NDArray[np.uint8]


@dataclass(frozen=True)
class VideoInfo:
    """What the person sees: upright width and height in px with square pixels, seconds, frames a second on average."""

    width: int
    height: int
    duration: float
    fps: float
    frames: int


class FramesMissingError(Exception):
    """Frames that the packets announced can't be decoded; the frames must be counted by decoding them."""


class Track(Protocol):
    """Frames in the order they are shown."""

    @property
    def info(self) -> VideoInfo: ...

    @property
    def times(self) -> NDArray[np.float64]:
        """Seconds at which each frame appears, ascending, the first at 0.0: `[frames]`."""
        ...

    def frames(self, wanted: Sequence[int]) -> Iterator[tuple[int, Rgb]]:
        """Decode the frames of these ascending indices: pairs of index and upright `[H, W, 3]`, in any order.

        Raises:
            FramesMissingError: some of them aren't there; `counted()` knows which are.
        """
        ...

    def counted(self) -> Track:
        """The same video, its frames counted by decoding all of them: slow, and right for any file."""
        ...


def open_track(source: Source) -> Track:
    """The decoder that fits the content: Pillow for (animated) pictures, FFmpeg for everything else.

    Raises:
        MediaError: not a video, or nothing of it can be decoded.
    """
    if picture_mime(source.head()):
        from .animation import PictureTrack

        return PictureTrack(source)
    from .decode import FileTrack

    return FileTrack(source)
