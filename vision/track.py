"""`Track`: the frames of one video, whatever decodes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from .policy import MediaPolicy
from .sniff import picture_mime
from .source import Source

Rgb = NDArray[np.uint8]

# Seconds between damaged frames that one note tells of.
_NEAR = 5.0


@dataclass(frozen=True)
class VideoInfo:
    """What the person sees: upright width and height in px with square pixels, seconds, frames a second on average.

    hdr: the transfer function of a high-dynamic-range video, whose frames are tone-mapped; None for all others.
    """

    width: int
    height: int
    duration: float
    fps: float
    frames: int
    hdr: Literal["pq", "hlg"] | None = None


@dataclass(frozen=True)
class Report:
    """What isn't as recorded in the frames handed out; false when all is well.

    damaged: seconds of the frames that were asked for but can't be decoded; the nearest good frame stands in.
    smeared: seconds of those shown as they are, for want of a good one near: what they lean on is damaged.
    truncated: the file ends early. tone_mapped: high dynamic range was brought to the standard one.
    """

    damaged: tuple[float, ...] = ()
    smeared: tuple[float, ...] = ()
    truncated: bool = False
    tone_mapped: bool = False

    def __bool__(self) -> bool:
        return bool(self.damaged or self.smeared or self.truncated or self.tone_mapped)

    @property
    def notes(self) -> tuple[str, ...]:
        """The same in sentences."""
        notes = [_damage_note(group) for group in _groups(self.damaged)]
        notes += [_smear_note(group) for group in _groups(self.smeared)]
        if self.truncated:
            notes.append("The file ends early; this is what there is.")
        if self.tone_mapped:
            notes.append("The video has a high dynamic range; its frames were tone-mapped.")
        return tuple(notes)


class FramesMissingError(Exception):
    """Frames that the packets announced can't be decoded; the frames must be counted by decoding them."""


class Track(Protocol):
    """Frames in the order they are shown."""

    @property
    def report(self) -> Report:
        """What is known by now; complete for the frames asked for once `frames()` has been read to its end."""
        ...

    @property
    def keyframes(self) -> NDArray[np.int64]:
        """Indices of the frames that can be decoded by themselves, ascending; empty if unknown: `[keyframes]`."""
        ...

    @property
    def info(self) -> VideoInfo: ...

    @property
    def times(self) -> NDArray[np.float64]:
        """Seconds of the video the person sees at which each frame appears, ascending: `[frames]`."""
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


def open_track(source: Source, policy: MediaPolicy = MediaPolicy()) -> Track:  # noqa: B008  frozen
    """The decoder that fits the content: Pillow for (animated) pictures, FFmpeg for everything else.

    Raises:
        MediaError: not a video, over a limit of `policy`, or nothing of it can be decoded.
    """
    if picture_mime(source.head()):
        from .animation import PictureTrack

        return PictureTrack(source, policy)
    from .decode import FileTrack

    return FileTrack(source, policy)


def _groups(times: tuple[float, ...]) -> list[list[float]]:
    """Split ascending times wherever more than `_NEAR` seconds lie between two."""
    groups: list[list[float]] = []
    for time in times:
        if groups and time - groups[-1][-1] <= _NEAR:
            groups[-1].append(time)
        else:
            groups.append([time])
    return groups


def _damage_note(times: list[float]) -> str:
    if len(times) == 1:
        return f"The frame at {times[0]:.1f} s is damaged; the nearest good frame stands in."
    return f"{len(times)} frames {_place(times)} are damaged; the nearest good frames stand in."


def _smear_note(times: list[float]) -> str:
    return f"Frames {_place(times)} may be smeared: one before them is damaged."


def _place(times: list[float]) -> str:
    first, last = f"{times[0]:.1f} s", f"{times[-1]:.1f} s"
    return f"at {first}" if first == last else f"from {first} to {last}"
