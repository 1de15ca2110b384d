"""Frames of video files, through FFmpeg: only the groups of pictures that hold wanted frames are decoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from typing import IO, SupportsBytes, cast

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from ..errors import MediaError
from .image import MAX_PIXELS
from .index import PacketIndex, Run, packets, read_index
from .sampling import average_rate
from .sniff import is_text
from .source import Source
from .track import FramesMissingError, Rgb, VideoInfo

# Decoders that can leave out frames which no other frame refers to, without changing the rest by a bit.
_SKIPS_UNREFERENCED = frozenset({"h264", "hevc", "mpeg4", "mpeg2video"})
# How many keyframes earlier to begin when a frame didn't come; a stream of gradual refreshes needs several.
_EARLIER = (0, 1, 4)
# Reading on is cheaper than seeking up to about so many packets.
_SEEK_PACKETS = 300


@contextmanager
def open_container(source: Source) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The container and its main video stream, ready to decode.

    Raises:
        MediaError: text, an unknown or cut-off format, sound only, no decoder, or frames larger than `MAX_PIXELS`.
    """
    if is_text(source.head()):
        # FFmpeg would take some texts for play lists and open the files and addresses they name.
        raise MediaError(f"{source.label}: not a video: it holds text; pass an MP4, MKV, WebM or similar.")
    file: str | IO[bytes] = str(source.path) if source.path else source.open()
    try:
        container = av.open(file, "r", metadata_errors="replace")
    except FFmpegError as error:
        raise MediaError(
            f"{source.label}: can't be opened as a video ({error.strerror}): cut off, damaged or of an unknown format; "
            "get a whole copy."
        ) from error
    with container:
        pictures = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
        if not pictures:
            raise MediaError(f"{source.label}: holds no video stream, only {_streams(container)}; pass a video.")
        stream = max(pictures, key=lambda s: (s.disposition & Disposition.default, -s.index))
        codec = stream.codec_context
        if codec is None:
            raise MediaError(f"{source.label}: no decoder for its video stream; convert it to H.264 first.")
        if codec.width * codec.height > MAX_PIXELS:
            raise MediaError(
                f"{source.label}: frames of {codec.width}x{codec.height} px are over the limit of {MAX_PIXELS} px; "
                "scale the video down first."
            )
        codec.thread_type = "AUTO"
        codec.thread_count = 4  # each thread holds a frame
        yield container, stream


@dataclass(frozen=True)
class Orientation:
    """How decoded frames are turned to stand upright: axes swapped first, then mirrored."""

    swap: bool = False
    mirror_x: bool = False
    mirror_y: bool = False

    @classmethod
    def of(cls, frame: VideoFrame) -> Orientation:
        """Read the display matrix: x' = a x + c y, y' = b x + d y, as nine 16.16 integers a b u c d v ..."""
        matrix = frame.side_data.get("DISPLAYMATRIX")
        if matrix is None:
            return cls()
        a, b, _, c, d = (int(value) for value in np.frombuffer(bytes(cast(SupportsBytes, matrix)), dtype="<i4")[:5])
        swap = abs(b) > abs(a)
        return cls(swap, (c if swap else a) < 0, (b if swap else d) < 0)

    def apply(self, rgb: Rgb) -> Rgb:
        """`[H, W, 3]` upright."""
        if self.swap:
            rgb = rgb.swapaxes(0, 1)
        if self.mirror_x:
            rgb = rgb[:, ::-1]
        if self.mirror_y:
            rgb = rgb[::-1]
        return np.ascontiguousarray(rgb)


class FileTrack:
    """A `Track` over a video file. With `whole`, its frames are counted by decoding all of them.

    Raises:
        MediaError: as `open_container`; or not one frame can be decoded.
    """

    def __init__(self, source: Source, *, whole: bool = False) -> None:
        self._source = source
        with open_container(source) as (container, stream):
            first = next(_decoded(container, stream), None)
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
        else:
            self.times = self._count(float(rate or 24))
            last = float(self.times[-1]) / max(1, len(self.times) - 1)
        duration = float(self.times[-1]) + last
        fps = average_rate(self.times, float(rate or 0))
        width = max(1, round(width * aspect))
        if self._orientation.swap:
            width, height = height, width
        self.info = VideoInfo(width, height, duration or 1 / fps, fps, len(self.times))

    def counted(self) -> FileTrack:
        """As `Track.counted`."""
        return FileTrack(self._source, whole=True)

    def frames(self, wanted: Sequence[int]) -> Iterator[tuple[int, Rgb]]:
        """As `Track.frames`."""
        if self._index is None:
            yield from self._frames_by_number(wanted)
            return
        number = {int(self._index.pts[frame]): frame for frame in wanted}
        for earlier in _EARLIER:
            runs = self._index.runs(sorted(number.values()), earlier)
            for frame in self._decode(runs, seeks=earlier == 0):
                if (found := number.pop(frame.pts, None) if frame.pts is not None else None) is not None:
                    yield found, self._upright(frame)
            if not number:
                return
        raise FramesMissingError

    def _frames_by_number(self, wanted: Sequence[int]) -> Iterator[tuple[int, Rgb]]:
        remaining = set(wanted)
        with open_container(self._source) as (container, stream):
            for number, frame in enumerate(_decoded(container, stream)):
                if number in remaining:
                    remaining.remove(number)
                    yield number, self._upright(frame)
                if not remaining:
                    return
        raise MediaError(f"{self._source.label}: {len(remaining)} frames are gone; the file changed while it was read.")

    def _upright(self, frame: VideoFrame) -> Rgb:
        return self._orientation.apply(cast(Rgb, frame.to_ndarray(format="rgb24")))

    def _read_index(self) -> PacketIndex | None:
        with open_container(self._source) as (container, stream):
            return read_index(container, stream)

    def _count(self, rate: float) -> NDArray[np.float64]:
        """The time of every frame that can be decoded: its own stamp, or its number over the rate."""
        with open_container(self._source) as (container, stream):
            base = float(stream.time_base or 0)
            stamps = [frame.pts for frame in _decoded(container, stream)]
        known = np.array([pts for pts in stamps if pts is not None], dtype=np.float64)
        if len(known) == len(stamps) and (np.diff(known) > 0).all():
            return np.asarray((known - known[0]) * base)
        return np.arange(len(stamps)) / rate

    def _decode(self, runs: Sequence[Run], *, seeks: bool) -> Iterator[VideoFrame]:
        """The wanted frames of each run, and perhaps others, in one pass over the file."""
        assert self._index is not None
        with open_container(self._source) as (container, stream):
            cursor = _Cursor(container, stream, self._index, seeks=seeks)
            skips = stream.codec_context.name in _SKIPS_UNREFERENCED
            for run in runs:
                for packet in cursor.read(run):
                    skip = skips and packet.pts not in run.wanted
                    stream.codec_context.skip_frame = "NONREF" if skip else "DEFAULT"
                    with suppress(FFmpegError):  # damaged; its frame will be missed
                        yield from packet.decode()
                with suppress(FFmpegError):
                    yield from stream.decode(None)
                stream.codec_context.flush_buffers()


class _Cursor:
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


def _decoded(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Every frame that can be decoded, in the order shown."""
    with suppress(FFmpegError):  # the file is cut off
        for packet in packets(container, stream):
            with suppress(FFmpegError):
                yield from packet.decode()
    with suppress(FFmpegError):
        yield from stream.decode(None)


def _streams(container: InputContainer) -> str:
    return ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
