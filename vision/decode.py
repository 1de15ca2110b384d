"""Frames of video files, through FFmpeg: only the groups of pictures that hold wanted frames are decoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain
from typing import cast

import numpy as np
from av.error import FFmpegError
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from ..errors import MediaError
from .container import all_frames, open_container
from .index import Cursor, PacketIndex, Run, guesses_stamps, read_index
from .orientation import Orientation
from .policy import MediaPolicy
from .sampling import average_rate
from .source import Source
from .track import FramesMissingError, Report, Rgb, VideoInfo

# Decoders that can leave out frames which no other frame refers to, without changing the rest by a bit.
_SKIPS_UNREFERENCED = frozenset({"h264", "hevc", "mpeg4", "mpeg2video"})
# How many keyframes earlier to begin when a frame didn't come; a stream of gradual refreshes needs several.
_EARLIER = (0, 1, 4)


class FileTrack:
    """A `Track` over a video file. With `whole`, its frames are counted by decoding all of them.

    Raises:
        MediaError: as `open_container`; or not one frame can be decoded.
    """

    def __init__(self, source: Source, policy: MediaPolicy, *, whole: bool = False) -> None:
        self._source, self._policy = source, policy
        self.report = Report()
        with open_container(source, policy) as (container, stream):
            first = next(all_frames(container, stream), None)
            if first is None:
                raise MediaError(f"{source.label}: no frame can be decoded; the video is damaged, get a whole copy.")
            self._orientation = Orientation.of(first)
            height, width = first.height, first.width
            aspect = stream.sample_aspect_ratio or 1
            rate, base = stream.average_rate, stream.time_base
        self._index = None if whole else self._read_index()
        if self._index:
            assert base is not None
            seconds = float(base)
            self.times: NDArray[np.float64] = (self._index.pts - self._index.pts[0]) * seconds
            last = self._index.last * seconds
            self.keyframes = np.searchsorted(self._index.pts, np.sort(self._index.key_pts))
        else:
            self.times, self._numbers = self._count(float(rate or 24))
            last = float(self.times[-1]) / max(1, len(self.times) - 1)
            self.keyframes = np.zeros(0, np.int64)
        duration = float(self.times[-1]) + last
        fps = average_rate(self.times, float(rate or 0))
        width = max(1, round(width * aspect))
        if self._orientation.swap:
            width, height = height, width
        self.info = VideoInfo(width, height, duration or 1 / fps, fps, len(self.times))

    def counted(self) -> FileTrack:
        """As `Track.counted`."""
        return FileTrack(self._source, self._policy, whole=True)

    def frames(self, wanted: Sequence[int]) -> Iterator[tuple[int, Rgb]]:
        """As `Track.frames`."""
        if self._index is None:
            yield from self._frames_by_number(wanted)
            return
        missing = {int(self._index.pts[frame]): frame for frame in wanted}
        for earlier in _EARLIER:
            runs = self._index.runs(sorted(missing.values()), earlier)
            for pts, frame in self._decode(runs, seeks=earlier == 0):
                if pts in missing:
                    yield missing.pop(pts), self._upright(frame)
            if not missing:
                return
        raise FramesMissingError

    def _frames_by_number(self, wanted: Sequence[int]) -> Iterator[tuple[int, Rgb]]:
        missing = {int(self._numbers[frame]): frame for frame in wanted}
        with open_container(self._source, self._policy) as (container, stream):
            for number, frame in enumerate(all_frames(container, stream)):
                if number in missing:
                    yield missing.pop(number), self._upright(frame)
                if not missing:
                    return
        raise MediaError(f"{self._source.label}: {len(missing)} frames are gone; the file changed while it was read.")

    def _upright(self, frame: VideoFrame) -> Rgb:
        return self._orientation.apply(cast(Rgb, frame.to_ndarray(format="rgb24")))

    def _read_index(self) -> PacketIndex | None:
        with open_container(self._source, self._policy) as (container, stream):
            return read_index(container, stream)

    def _count(self, rate: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Decode everything: the time of each frame, and its number in the order decoded.

        The time is the frame's own stamp, or its number over the rate in files without stamps. Damage upsets the
        order in which frames come out, not their stamps.
        """
        with open_container(self._source, self._policy) as (container, stream):
            base = float(stream.time_base or 0)
            stamps = [frame.pts for frame in all_frames(container, stream)]
            guessed = guesses_stamps(container, stream)
        known = [pts for pts in stamps if pts is not None]
        if guessed or len(known) < len(stamps):
            return np.arange(len(stamps)) / rate, np.arange(len(stamps))
        ordered, numbers = np.unique(np.array(known, dtype=np.int64), return_index=True)
        return (ordered - ordered[0]) * base, numbers

    def _decode(self, runs: Sequence[Run], *, seeks: bool) -> Iterator[tuple[int, VideoFrame]]:
        """The wanted frames of each run with their stamps, in one pass over the file."""
        assert self._index is not None
        with open_container(self._source, self._policy) as (container, stream):
            cursor = Cursor(container, stream, self._index, seeks=seeks)
            codec = stream.codec_context
            skips = codec.name in _SKIPS_UNREFERENCED
            for run in runs:
                for packet in chain(cursor.read(run), [None]):  # None: give out what is held back
                    wanted = packet is None or packet.pts in run.wanted
                    codec.skip_frame = "NONREF" if skips and not wanted else "DEFAULT"
                    with suppress(FFmpegError):  # damaged; its frame will be missed
                        for frame in codec.decode(packet):
                            if frame.pts is not None and frame.pts in run.wanted:
                                yield frame.pts, frame
                codec.flush_buffers()
