"""The packets of a video stream, read without decoding, and a place among them that moves forward."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain

import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream
from numpy.typing import NDArray

from .container import Deadline, packets

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NO_STAMP = -(1 << 63)
# Keyframes' packets kept to look at the first frame.
_SAMPLES = 3
# Seconds by which other streams may play on after the picture, at least and as a share of the whole.
_SLACK = 1.0
_SLACK_SHARE = 0.05
_TS_PACKET_SIZES = (188, 192, 204)
# Reading on is cheaper than seeking up to about so many packets.
_SEEK_PACKETS = 300


@dataclass(frozen=True, eq=False)
class Packets:
    """What demuxing alone tells of each packet, in file order: `[packets]` each.

    pts, dts, duration: in units of the stream's time base. shown: the frame appears, and its packet is whole enough to
    say when. key: a keyframe's. corrupt: known to be damaged. samples: the first keyframes' packets themselves.
    cut: the file ends early.
    """

    pts: Ints
    dts: Ints
    duration: Ints
    shown: Bools
    key: Bools
    corrupt: Bools
    samples: tuple[Packet[VideoStream], ...]
    cut: bool


def read_packets(container: InputContainer, stream: VideoStream, deadline: Deadline) -> Packets:
    """Demux the whole file. Raises MediaError at the deadline."""
    pts, dts, duration = array("q"), array("q"), array("q")
    shown, key, corrupt = array("b"), array("b"), array("b")
    samples: list[Packet[VideoStream]] = []
    hides = stream.codec_context.name == "vp8"
    cut = False
    try:
        for packet in packets(container, stream, deadline):
            pts.append(NO_STAMP if packet.pts is None else packet.pts)
            dts.append(NO_STAMP if packet.dts is None else packet.dts)
            duration.append(packet.duration or 0)
            # VP8 alone stores frames that are never shown in packets of their own; bit 4 of the first byte says so.
            shown.append(not (packet.is_discard or (hides and not memoryview(packet)[0] & 0x10)))
            key.append(packet.is_keyframe)
            corrupt.append(packet.is_corrupt)
            if packet.is_keyframe and len(samples) < _SAMPLES:
                samples.append(packet)
    except FFmpegError:  # what was read so far stands
        cut = True
    whole = len(corrupt)
    while whole and corrupt[whole - 1]:  # cut through a packet
        whole -= 1
        shown[whole] = 0
    stamps, broken = np.array(pts, np.int64), np.array(corrupt, np.bool_)
    end = max((time for time in (*pts[-32:], *dts[-32:])), default=0) + (duration[-1] if duration else 0)
    return Packets(
        stamps,
        np.array(dts, np.int64),
        np.array(duration, np.int64),
        np.array(shown, np.bool_) & ~(broken & (stamps == NO_STAMP)),
        np.array(key, np.bool_),
        broken,
        tuple(samples),
        cut
        or whole < len(corrupt)
        or _ends_early(container, stream, [sample.pos for sample in samples if sample.pos is not None], len(pts), end),
    )


def _ends_early(container: InputContainer, stream: VideoStream, places: Sequence[int], count: int, end: int) -> bool:
    """Whether more was meant to be there than these `count` packets, the last of them shown up to stamp `end`.

    places: where some packets are in the file, bytes.
    """
    name = container.format.name
    if name == "mpegts":
        return all(
            container.size % size for size in _TS_PACKET_SIZES if all((at - places[0]) % size == 0 for at in places)
        )
    if "mp4" in name:
        return len(stream.index_entries) > count
    if name == "avi":
        return (stream.duration or 0) > end
    if name.startswith(("matroska", "flv")) and stream.time_base:
        if stated := _stated_seconds(stream):
            return stated - end * stream.time_base > _SLACK
        stated = (container.duration or 0) / 1_000_000
        return stated - end * stream.time_base > max(_SLACK, _SLACK_SHARE * stated)
    return False


def _stated_seconds(stream: VideoStream) -> float | None:
    """A Matroska stream's own duration, which most programs write: "00:01:02.500000000"."""
    try:
        hours, minutes, seconds = stream.metadata.get("DURATION", "").split(":")
        return 3600 * int(hours) + 60 * int(minutes) + float(seconds)
    except ValueError:
        return None


class Cursor:
    """A place among a file's packets that moves forward, by reading or by seeking.

    stamps: of all packets `[packets]`; keys: numbers of the keyframes' packets, ascending, where seeking may land.
    """

    def __init__(
        self, container: InputContainer, stream: VideoStream, deadline: Deadline, stamps: Ints, keys: Ints
    ) -> None:
        self._container, self._stream, self._deadline = container, stream, deadline
        self._stamps, self._keys = stamps, keys
        self._numbers = dict(zip(stamps[keys].tolist(), keys.tolist(), strict=True))
        self._number = 0  # of the next packet
        self._packets = packets(container, stream, deadline)

    def read(self, start: int, end: int) -> Iterator[Packet[VideoStream]]:
        """Packets `start` to `end`, both included, each stamped with its number.

        None if a seek landed behind them, fewer if the file doesn't hold what it held.
        """
        with suppress(FFmpegError):
            if start - self._number > _SEEK_PACKETS and len(self._keys):
                self._seek(start)
            if self._number > start:
                return
            stamps = self._stamps[self._number : end + 1].tolist()
            for stamp in stamps:
                packet = next(self._packets, None)
                if packet is None or (NO_STAMP if packet.pts is None else packet.pts) != stamp:
                    return
                number = self._number
                self._number += 1
                if number >= start:
                    packet.pts = packet.dts = number
                    yield packet

    def _seek(self, start: int) -> None:
        """Go before the keyframe numbered `start`; the first keyframe met there tells where the cursor is."""
        # Aim one keyframe early: MPEG-TS finds places by their decoding stamps, which lie before the presentation's.
        aim = max(0, int(np.searchsorted(self._keys, start)) - 1)
        self._container.seek(int(self._stamps[self._keys[aim]]), stream=self._stream)
        self._packets = packets(self._container, self._stream, self._deadline)
        for packet in self._packets:
            if packet.is_keyframe and packet.pts in self._numbers:
                self._number = self._numbers[packet.pts]
                self._packets = chain([packet], self._packets)
                return
