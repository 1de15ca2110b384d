"""Frames of video files, through FFmpeg: only the groups of pictures that hold wanted frames are decoded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain

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
# Seconds beyond which a good frame tells less than the damaged one itself.
_FAR = 5.0
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
            MediaError: decoding takes longer than `policy` allows, or nothing near a damaged frame can be decoded.
        """
        missing, painter = set(wanted), Painter(self._upright, self.info.hdr)
        deadline = Deadline(self._policy, self._source.label)
        damage: list[tuple[int, int]] = []
        for frame, picture in chain(self._sound(missing, damage, deadline), self._damaged(missing, damage, deadline)):
            rgb = painter.rgb(picture)
            with deadline.stopped():
                yield frame, rgb

    def _sound(
        self, missing: set[int], damage: list[tuple[int, int]], deadline: Deadline
    ) -> Iterator[tuple[int, VideoFrame]]:
        """The good frames, taken out of `missing`; what went wrong for the others is left in `damage`."""
        for earlier, exact in _ATTEMPTS:
            if missing:
                damage.clear()  # the last attempt knows best
                for frame, picture in self._decode(missing, earlier, deadline, damage, exact=exact):
                    missing.remove(frame)
                    yield frame, picture
        if missing and not damage and not self._whole:
            raise FramesMissingError

    def _damaged(
        self, missing: set[int], damage: list[tuple[int, int]], deadline: Deadline
    ) -> Iterator[tuple[int, VideoFrame]]:
        """The nearest good frame for each that is missing; where none is near, the frame itself, smeared as it is."""
        if not missing:
            return
        good = ~_smeared(self._index, damage)
        good[list(missing)] = False
        neighbours = _nearest(self.times, good, missing)
        far = {
            frame
            for frame in missing
            if frame not in neighbours or abs(self.times[neighbours[frame]] - self.times[frame]) > _FAR
        }
        if far:
            for frame, picture in self._decode(far, 0, deadline, exact=True, trusting=True):
                missing.remove(frame)
                self.report = replace(self.report, smeared=self._with(self.report.smeared, {frame}))
                yield frame, picture
        self.report = replace(self.report, damaged=self._with(self.report.damaged, missing))
        for _ in range(_NEIGHBOURS):
            places: dict[int, list[int]] = defaultdict(list)
            for frame, neighbour in _nearest(self.times, good, missing).items():
                places[neighbour].append(frame)
            good[list(places)] = False
            for neighbour, picture in self._decode(set(places), 1, deadline, exact=True):
                good[neighbour] = True
                for frame in places[neighbour]:
                    missing.remove(frame)
                    yield frame, picture
            if not missing:
                return
        seconds = float(self.times[min(missing)])
        raise MediaError(f"{self._source.label}: nothing can be decoded near {seconds:.1f} s; get a whole copy.")

    def _decode(
        self,
        wanted: set[int],
        earlier: int,
        deadline: Deadline,
        damage: list[tuple[int, int]] | None = None,
        *,
        exact: bool,
        trusting: bool = False,
    ) -> Iterator[tuple[int, VideoFrame]]:
        """What `RunDecoder` gives in one pass over the file; what went wrong is added to `damage`."""
        index = self._index
        runs = index.runs(sorted(wanted), earlier)
        with open_container(self._source, self._policy) as (container, stream):
            # Where frames were missing, a seek may have been at fault.
            places = index.packet[index.keys] if index.seekable and not exact else index.keys[:0]
            cursor = Cursor(container, stream, deadline, index.stamps, places)
            decoder = RunDecoder(stream.codec_context, index, exact=exact, trusting=trusting)
            for run in runs:
                yield from decoder.decode(run, cursor.read(run.start, run.end))
            if damage is not None:
                damage.extend(decoder.damage)

    def _with(self, seconds: tuple[float, ...], frames: set[int]) -> tuple[float, ...]:
        return tuple(sorted({*seconds, *(float(self.times[frame]) for frame in frames)}))

    def _describe(self, first: VideoFrame, aspect: float, rate: float) -> VideoInfo:
        check_size(first, self._source.label, self._policy)
        width, height = max(1, round(first.width * aspect)), first.height
        if self._upright.swap:
            width, height = height, width
        fps = average_rate(self.times, rate)
        duration = float(self.times[-1]) + self._index.last or 1 / fps
        self._policy.check_duration(duration, self._source.label)
        return VideoInfo(width, height, duration, fps, len(self.times), transfer_of(first))

    def _search_picture(self, deadline: Deadline) -> VideoFrame:
        with open_container(self._source, self._policy) as (container, stream):
            first = next(all_frames(container, stream, deadline), None)
        if first is None:
            raise MediaError(
                f"{self._source.label}: no frame can be decoded within the limit of {self._policy.max_pixels} px; the "
                "video is damaged, get a whole copy, or too large, pass policy=MediaPolicy(max_pixels=...)."
            )
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


def _nearest(times: NDArray[np.float64], good: NDArray[np.bool_], frames: set[int]) -> dict[int, int]:
    """The good frame nearest in time to each of these; empty if none is good."""
    places = np.flatnonzero(good)
    if not len(places):
        return {}
    return {frame: int(places[np.argmin(np.abs(times[places] - times[frame]))]) for frame in frames}
