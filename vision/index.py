"""The packets of a video stream: when each frame is shown, and from which keyframe it can be decoded."""

from __future__ import annotations

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

from .container import packets

Ints = NDArray[np.int64]

# Reading on is cheaper than seeking up to about so many packets.
_SEEK_PACKETS = 300


@dataclass(frozen=True)
class Run:
    """Packets `start` to `end`, both included, decode to the frames with these presentation stamps."""

    start: int
    end: int
    wanted: frozenset[int]


@dataclass(frozen=True, eq=False)
class PacketIndex:
    """What demuxing alone tells, in units of the stream's time base; packets are numbered in file order.

    pts: of each frame shown, ascending `[frames]`. packet: the number of its packet `[frames]`.
    keys, key_pts: numbers and stamps of the keyframes' packets. last: how long the last frame is shown.
    """

    pts: Ints
    packet: Ints
    keys: Ints
    key_pts: Ints
    last: int

    def runs(self, wanted: Sequence[int], earlier: int) -> list[Run]:
        """The packets to decode for these frames, each run from a keyframe, `earlier` keyframes before the nearest.

        The nearest is the last keyframe that comes before the frame both in the file and on screen: frames shown
        before their keyframe lean on the group before it (open groups of pictures).
        """
        runs: list[Run] = []
        for start, end, pts in sorted(self._span(frame, earlier) for frame in wanted):
            if runs and start <= runs[-1].end + 1:
                before = runs.pop()
                runs.append(Run(before.start, max(before.end, end), before.wanted | {pts}))
            else:
                runs.append(Run(start, end, frozenset([pts])))
        return runs

    def _span(self, frame: int, earlier: int) -> tuple[int, int, int]:
        pts, packet = int(self.pts[frame]), int(self.packet[frame])
        key = int(np.searchsorted(self.keys, packet, side="right")) - 1
        while key > 0 and self.key_pts[key] > pts:
            key -= 1
        key -= earlier
        return (int(self.keys[key]) if key >= 0 else 0), packet, pts


class Cursor:
    """A place among a file's packets that moves forward, by reading or by seeking."""

    def __init__(self, container: InputContainer, stream: VideoStream, index: PacketIndex, *, seeks: bool) -> None:
        self._container = container
        self._stream = stream
        self._index = index
        self._seeks = seeks
        self._number = 0  # of the next packet
        self._packets = packets(container, stream)

    def read(self, run: Run) -> Iterator[Packet[VideoStream]]:
        """The packets of a run; none if a seek landed behind its start, fewer if the file is cut off."""
        with suppress(FFmpegError):
            if self._seeks and run.start - self._number > _SEEK_PACKETS:
                self._seek(run.start)
            if self._number > run.start:
                return
            while self._number <= run.end and (packet := next(self._packets, None)):
                self._number += 1
                if self._number > run.start:
                    yield packet

    def _seek(self, start: int) -> None:
        """Go before the keyframe numbered `start`; the first keyframe met there tells where the cursor is."""
        keys, stamps = self._index.keys.tolist(), self._index.key_pts.tolist()
        # Aim one keyframe early: MPEG-TS finds places by their decoding stamps, which lie before the presentation's.
        self._container.seek(stamps[max(0, keys.index(start) - 1)], stream=self._stream)
        self._packets = packets(self._container, self._stream)
        numbers = dict(zip(stamps, keys, strict=True))
        for packet in self._packets:
            if packet.is_keyframe and packet.pts in numbers:
                self._number = numbers[packet.pts]
                self._packets = chain([packet], self._packets)
                return


def read_index(container: InputContainer, stream: VideoStream) -> PacketIndex | None:
    """Read all packets without decoding. None where they don't tell the time of every frame, one packet each."""
    shown: list[tuple[int, int, int]] = []  # stamp, number, duration
    keys: list[tuple[int, int]] = []
    try:
        for number, packet in enumerate(packets(container, stream)):
            if packet.is_discard or packet.is_corrupt or _is_hidden(packet):
                continue
            if packet.pts is None:
                return None
            shown.append((packet.pts, number, packet.duration or 0))
            if packet.is_keyframe:
                keys.append((number, packet.pts))
    except FFmpegError:  # cut off: what was read so far stands
        pass
    if not shown or (guesses_stamps(container, stream) and shown == sorted(shown)):
        return None
    shown.sort()
    frames = np.array(shown, dtype=np.int64)
    if (np.diff(frames[:, 0]) <= 0).any():
        return None
    starts = np.array(keys, dtype=np.int64).reshape(-1, 2)
    gap = (frames[-1, 0] - frames[0, 0]) // max(1, len(shown) - 1)
    return PacketIndex(frames[:, 0], frames[:, 1], starts[:, 0], starts[:, 1], int(frames[-1, 2] or gap))


def guesses_stamps(container: InputContainer, stream: VideoStream) -> bool:
    """Whether stamps may be of decoding, not of presentation: AVI has no others to give for reordered frames."""
    return container.format.name == "avi" and bool(stream.codec_context.has_b_frames)


def _is_hidden(packet: Packet[VideoStream]) -> bool:
    # VP8 alone stores frames that are never shown in packets of their own; show_frame is bit 4 of the frame header.
    return packet.stream.codec_context.name == "vp8" and not bytes(packet)[0] & 0x10
