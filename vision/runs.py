"""One pass over the packets of wanted frames: what comes out of the decoder, and what of it can be trusted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np
from av.error import FFmpegError
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from .container import THREADS
from .index import PacketIndex, Run
from .packets import Bools

# Decoders that can leave out frames which no other frame refers to, without changing the rest by a bit.
_SKIPS_UNREFERENCED = frozenset({"h264", "hevc", "mpeg4", "mpeg2video"})
# With threads, an error may come out so many packets after the one that caused it.
_DELAY = 2 * THREADS


class RunDecoder:
    """Decodes runs of packets, and hands out the wanted frames that can be trusted.

    Damage spreads: decoders hide it, and frames that refer to a damaged one are smeared without a word. So a frame is
    trusted if nothing went wrong from the keyframe it leans on up to its own packet, in file order.

    exact: with one thread and nothing left out, so that errors can be told to the packet.
    trusting: whatever comes is handed out.
    damage: first and last packet of each place where something went wrong, as far as known; the decoder's own word.
    """

    def __init__(self, codec: VideoCodecContext, index: PacketIndex, *, exact: bool, trusting: bool = False) -> None:
        self._codec, self._index, self._trusting = codec, index, trusting
        self._skips = not exact and codec.name in _SKIPS_UNREFERENCED
        self._delay = 0 if exact else _DELAY
        if exact:
            codec.thread_count = 1
        self._starts = index.starts()
        self.damage: list[tuple[int, int]] = []

    def decode(self, run: Run, packets: Iterable[Packet[VideoStream]]) -> Iterator[tuple[int, VideoFrame]]:
        """Pairs of frame (index) and picture, each once, in the order shown."""
        index, latest = self._index, -1
        inside = index.corrupt[slice(*np.searchsorted(index.corrupt, (run.start, run.end + 1)))]
        self.damage.extend((int(number), int(number)) for number in inside)
        seen = np.zeros(run.end + 1 - run.start, np.bool_)
        held: list[tuple[int, VideoFrame]] = []
        for picture in self._pictures(run, packets):
            if picture is not None:
                number = picture.pts
                if number is None or not run.start <= number <= run.end or seen[number - run.start]:
                    continue
                seen[number - run.start] = True
                if picture.is_corrupt:
                    self.damage.append((number, number))
                frame = int(index.frame[number])
                latest = max(latest, frame)
                if frame in run.wanted:
                    held.append((frame, picture))
            # What a frame leans on may be shown, and found damaged, after it: wait until all of it is there.
            for item in [item for item in held if picture is None or index.horizon[index.packet[item[0]]] <= latest]:
                held.remove(item)
                if self._trusting or self._is_trusted(item[0], run, seen):
                    yield item
        self._codec.flush_buffers()

    def _pictures(self, run: Run, packets: Iterable[Packet[VideoStream]]) -> Iterator[VideoFrame | None]:
        """What the decoder gives out, stamped with the numbers of its packets; None at the end."""
        last = run.start
        for packet in chain(packets, [None]):  # None: give out what is held back
            if packet is not None and packet.pts is not None:
                last = packet.pts
            wanted = packet is None or self._index.frame[last] in run.wanted
            self._codec.skip_frame = "NONREF" if self._skips and not wanted else "DEFAULT"
            try:
                yield from self._codec.decode(packet)
            except FFmpegError:
                self.damage.append((max(run.start, last - self._delay), last))
        yield None

    def _is_trusted(self, frame: int, run: Run, seen: Bools) -> bool:
        start, number = int(self._starts[frame]), int(self._index.packet[frame])
        if any(first <= number and last >= start for first, last in self.damage):
            return False
        leans_on = slice(max(start, run.start), number)
        frames = self._index.frame[leans_on]
        due = (frames >= 0) & (self._starts[frames] >= run.start)
        if self._skips:  # a frame shown in file order can't be told from one that damage made look unreferenced
            due &= frames == self._index.horizon[leans_on]
        return bool(seen[leans_on.start - run.start : number - run.start][due].all())
