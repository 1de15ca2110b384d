"""Frames of video files, through FFmpeg: only the groups of pictures that hold wanted frames are decoded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np
from av.error import FFmpegError
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from ..errors import MediaError
from .container import Deadline, all_frames, check_size, open_container
from .index import PacketIndex, build_counted, build_index
from .orientation import Orientation
from .packets import Cursor, Ints, Packets, read_packets
from .policy import MediaPolicy
from .runs import RunDecoder
from .sampling import average_rate
from .source import Source
from .tone import Painter, transfer_of
from .track import FramesMissingError, Report, Rgb, VideoInfo

# How many keyframes earlier to begin, and whether to decode exactly; the later ones for frames that didn't come or
# can't be trusted. A stream of gradual refreshes needs several keyframes.
_ATTEMPTS = ((0, False), (1, True), (4, True))
# How many neighbours are tried to stand in for a damaged frame.
_NEIGHBOURS = 16


class FileTrack:
    """A `Track` over a video file. With `whole`, its frames are counted by decoding all of them.

    Opening reads every packet and decodes one frame, which alone tells which way up the video is. What is kept is small
    (some 50 bytes a frame) and may be used by several threads at once.

    Raises:
        MediaError: as `open_container`; longer than `policy` allows; or not one frame can be decoded.
    """

    def __init__(self, source: Source, policy: MediaPolicy, *, whole: bool = False) -> None:
        self._source, self._policy, self._whole = source, policy, whole
        deadline = Deadline(policy, source.label)
        with open_container(source, policy) as (container, stream):
            packets = read_packets(container, stream, deadline)
            first = _first_picture(packets) or self._search_picture(deadline)
            index = None if whole else build_index(packets, container, stream)
            aspect = float(stream.sample_aspect_ratio or 1)
            rate = float(stream.average_rate or 0)
        self._index = index or self._count(packets, deadline)
        self._upright = Orientation.of(first)
        self.times: NDArray[np.float64] = self._index.times
        self.keyframes: Ints = self._index.keys
        self.info = self._describe(first, aspect, rate)
        self.report = Report(truncated=packets.cut, tone_mapped=self.info.hdr is not None)

    def counted(self) -> FileTrack:
        """As `Track.counted`."""
        return FileTrack(self._source, self._policy, whole=True)

    def frames(self, wanted: Sequence[int]) -> Iterator[tuple[int, Rgb]]:
        """As `Track.frames`.

        Raises:
            MediaError: decoding takes longer than `policy` allows, or nothing good is near a damaged frame.
        """
        missing, painter = set(wanted), Painter(self._upright, self.info.hdr)
        deadline = Deadline(self._policy, self._source.label)
        damage: list[tuple[int, int]] = []
        for earlier, exact in _ATTEMPTS:
            damage.clear()  # the last attempt knows best
            for frame, picture in self._decode(sorted(missing), earlier, exact, damage, deadline):
                missing.remove(frame)
                rgb = painter.rgb(picture)
                with deadline.stopped():
                    yield frame, rgb
            if not missing:
                return
        if not damage and not self._whole:
            raise FramesMissingError
        yield from self._stand_ins(missing, damage, painter, deadline)

    def _decode(
        self, wanted: Sequence[int], earlier: int, exact: bool, damage: list[tuple[int, int]], deadline: Deadline
    ) -> Iterator[tuple[int, VideoFrame]]:
        """The trusted among the wanted frames in one pass over the file; what went wrong is added to `damage`."""
        index = self._index
        with open_container(self._source, self._policy) as (container, stream):
            keys = index.packet[index.keys] if index.seekable and not exact else index.keys[:0]
            cursor = Cursor(container, stream, deadline, index.stamps, keys)
            decoder = RunDecoder(stream.codec_context, index, exact=exact)
            for run in index.runs(wanted, earlier):
                yield from decoder.decode(run, cursor.read(run.start, run.end))
            damage.extend(decoder.damage)

    def _stand_ins(
        self, missing: set[int], damage: list[tuple[int, int]], painter: Painter, deadline: Deadline
    ) -> Iterator[tuple[int, Rgb]]:
        """The nearest good frame for each of those that are missing."""
        index = self._index
        self.report = replace(
            self.report,
            damaged=tuple(sorted({*self.report.damaged, *(float(self.times[frame]) for frame in missing)})),
        )
        good = ~_smeared(index, damage)
        good[list(missing)] = False
        for _ in range(_NEIGHBOURS):
            places: dict[int, list[int]] = defaultdict(list)
            for frame in missing:
                if (neighbour := _nearest(self.times, good, frame)) is not None:
                    places[neighbour].append(frame)
            good[list(places)] = False
            for neighbour, picture in self._decode(sorted(places), 1, True, [], deadline):
                rgb = painter.rgb(picture)
                good[neighbour] = True
                for frame in places[neighbour]:
                    missing.remove(frame)
                    with deadline.stopped():
                        yield frame, rgb
            if not missing:
                return
        seconds = float(self.times[min(missing)])
        raise MediaError(f"{self._source.label}: nothing can be decoded near {seconds:.1f} s; get a whole copy.")

    def _describe(self, first: VideoFrame, aspect: float, rate: float) -> VideoInfo:
        check_size(first, self._source.label, self._policy)
        width, height = max(1, round(first.width * aspect)), first.height
        if self._upright.swap:
            width, height = height, width
        fps = average_rate(self.times, rate)
        duration = float(self.times[-1]) + self._index.last or 1 / fps
        if duration > self._policy.max_duration:
            raise MediaError(
                f"{self._source.label}: {duration:.0f} s are over the limit of {self._policy.max_duration:g} s; cut "
                "out the part that matters, or pass policy=MediaPolicy(max_duration=...)."
            )
        return VideoInfo(width, height, duration, fps, len(self.times), transfer_of(first))

    def _search_picture(self, deadline: Deadline) -> VideoFrame:
        with open_container(self._source, self._policy) as (container, stream):
            first = next(all_frames(container, stream, deadline), None)
        if first is None:
            raise MediaError(f"{self._source.label}: no frame can be decoded; the video is damaged, get a whole copy.")
        return first

    def _count(self, packets: Packets, deadline: Deadline) -> PacketIndex:
        with open_container(self._source, self._policy) as (container, stream):
            numbers = [frame.pts for frame in all_frames(container, stream, deadline)]
            return build_counted(packets, [number for number in numbers if number is not None], container, stream)


def _first_picture(packets: Packets) -> VideoFrame | None:
    """The first keyframe, decoded by itself."""
    for packet in packets.samples:
        codec = packet.stream.codec_context
        with suppress(FFmpegError):
            pictures = [*codec.decode(packet), *codec.decode(None)]
            codec.flush_buffers()
            if pictures:
                return pictures[0]
    return None


def _smeared(index: PacketIndex, damage: Sequence[tuple[int, int]]) -> NDArray[np.bool_]:
    """Frames that lean on a damaged packet: `[frames]`."""
    smeared, starts = np.zeros(len(index.packet), np.bool_), index.starts()
    for first, last in damage:
        smeared |= (index.packet >= first) & (starts <= last)
    return smeared


def _nearest(times: NDArray[np.float64], good: NDArray[np.bool_], frame: int) -> int | None:
    """The good frame nearest in time."""
    frames = np.flatnonzero(good)
    return int(frames[np.argmin(np.abs(times[frames] - times[frame]))]) if len(frames) else None
