"""The frames of a video stream: when each is shown, and from which packet it can be decoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from .container import begins_before
from .packets import NO_STAMP, Ints, Packets

Seconds = NDArray[np.float64]

# Formats whose stamps may start anew in mid-file, as in recordings put together; steps of so many seconds tell.
_BROADCAST = frozenset({"mpegts", "mpeg"})
_FORWARD = 10.0
_BACK = 0.5
# Sound is stored up to so many seconds earlier than it is heard.
_LEAD_IN = 0.05


@dataclass(frozen=True)
class Run:
    """Packets `start` to `end`, both included, decode to these frames (indices)."""

    start: int
    end: int
    wanted: frozenset[int]


@dataclass(frozen=True, eq=False)
class PacketIndex:
    """Frames in the order shown; packets are numbered in file order.

    times: when each frame appears, s `[frames]`. last: how long the last one is shown, s.
    packet: the number of each frame's packet `[frames]`. keys: the frames that are keyframes, ascending `[keyframes]`.
    stamps: of the packets, as the container gives them `[packets]`. corrupt: damaged packets' numbers, ascending.
    seekable: a keyframe's stamp leads to it.
    """

    times: Seconds
    last: float
    packet: Ints
    keys: Ints
    stamps: Ints
    corrupt: Ints
    seekable: bool

    def runs(self, wanted: Sequence[int], earlier: int) -> list[Run]:
        """The packets to decode for these frames, each run from `earlier` keyframes before the nearest."""
        starts = self.starts(earlier)
        runs: list[Run] = []
        for start, end, frame in sorted((int(starts[frame]), int(self.packet[frame]), frame) for frame in wanted):
            if runs and start <= runs[-1].end + 1:
                before = runs.pop()
                runs.append(Run(before.start, max(before.end, end), before.wanted | {frame}))
            else:
                runs.append(Run(start, end, frozenset([frame])))
        return runs

    def starts(self, earlier: int = 0) -> Ints:
        """The packet from which each frame can be decoded, `earlier` keyframes before the nearest `[frames]`.

        The nearest is the last keyframe that comes before the frame both in the file and on screen: frames shown
        before their keyframe lean on the group before it (open groups of pictures).
        """
        key = self._key - earlier
        if not len(self.keys):
            return np.zeros_like(self.packet)
        return np.where(key >= 0, self.packet[self.keys[np.maximum(key, 0)]], 0)

    @cached_property
    def _key(self) -> Ints:
        """Which of `keys` is nearest to each frame, -1 for none `[frames]`."""
        on_screen = np.searchsorted(self.keys, np.arange(len(self.packet)), side="right")
        in_file = np.searchsorted(np.sort(self.packet[self.keys]), self.packet, side="right")
        return np.minimum(on_screen, in_file) - 1

    @cached_property
    def frame(self) -> Ints:
        """The frame of each packet, -1 for none `[packets]`."""
        frames = np.full(len(self.stamps), -1, np.int64)
        frames[self.packet] = np.arange(len(self.packet))
        return frames

    @cached_property
    def horizon(self) -> Ints:
        """The last frame on screen of the packets up to each `[packets]`."""
        return np.maximum.accumulate(self.frame)


def build_index(packets: Packets, container: InputContainer, stream: VideoStream) -> PacketIndex | None:
    """None where the packets don't tell the time of every frame, one packet each."""
    numbers = np.flatnonzero(packets.shown)
    stamps = packets.pts[numbers]
    if not len(numbers) or (stamps == NO_STAMP).any():
        return None
    if _guesses_stamps(container, stream) and (np.diff(stamps) >= 0).all():
        return None
    index = _by_stamps(packets, numbers, container, stream)
    return None if (np.diff(index.times) <= 0).any() else index


def build_counted(
    packets: Packets, numbers: Sequence[int], container: InputContainer, stream: VideoStream
) -> PacketIndex:
    """The index of the frames that decoding gave, told by their packets' numbers, in the order they came.

    Their times are their packets' stamps, or in files without stamps their places over the rate. Damage upsets the
    order in which frames come, not their stamps.
    """
    found = np.array(list(dict.fromkeys(numbers)), np.int64)
    if _guesses_stamps(container, stream) or (packets.pts[found] == NO_STAMP).any():
        gap = 1 / float(stream.average_rate or 24)
        times: Seconds = np.arange(len(found), dtype=np.float64) * gap
        return _index(packets, found, times, gap, seekable=True)
    return _by_stamps(packets, found, container, stream)


def _by_stamps(packets: Packets, numbers: Ints, container: InputContainer, stream: VideoStream) -> PacketIndex:
    unit = stream.time_base or Fraction(0)
    base = float(unit)
    stamps, continuous = _joined(packets, container.format.name, base)
    numbers = numbers[np.argsort(stamps[numbers], kind="stable")]
    # Divided once: halves of a decimal round as they do in transformers' time stamps.
    times: Seconds = (stamps[numbers] - stamps[numbers[0]]) * unit.numerator / unit.denominator
    gap = float(times[-1]) / max(1, len(times) - 1)
    last = float(packets.duration[numbers[-1]]) * base or gap
    begin = begins_before(container, stream, int(packets.pts[numbers[0]]))
    if begin >= _LEAD_IN + (gap or last):
        times += begin
    return _index(packets, numbers, times, last, seekable=continuous)


def _joined(packets: Packets, name: str, base: float) -> tuple[Ints, bool]:
    """Stamps that go on where the file's start anew, as players show it, and whether they are as in the file."""
    if name not in _BROADCAST:
        return packets.pts, True
    numbers = np.flatnonzero(packets.shown & (packets.pts != NO_STAMP))
    clock = np.where(packets.dts == NO_STAMP, packets.pts, packets.dts)[numbers]
    steps = np.diff(clock) * base
    breaks = np.flatnonzero((steps > _FORWARD) | (steps < -_BACK)) + 1
    stamps, end = packets.pts.copy(), None
    for part in np.split(numbers, breaks) if len(breaks) else ():
        if end is not None:
            stamps[part] += end - stamps[part].min()
        last = part[np.argmax(stamps[part])]
        end = stamps[last] + max(1, packets.duration[last])
    return stamps, not len(breaks)


def _index(packets: Packets, numbers: Ints, times: Seconds, last: float, *, seekable: bool) -> PacketIndex:
    keys = np.flatnonzero(packets.key[numbers])
    places = packets.pts[numbers[keys]]
    seekable = seekable and bool((places != NO_STAMP).all()) and len(np.unique(places)) == len(places)
    return PacketIndex(times, last, numbers, keys, packets.pts, np.flatnonzero(packets.corrupt), seekable)


def _guesses_stamps(container: InputContainer, stream: VideoStream) -> bool:
    """Whether stamps may be of decoding, not of presentation: AVI has no others to give for reordered frames."""
    return container.format.name == "avi" and bool(stream.codec_context.has_b_frames)
