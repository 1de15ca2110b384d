"""Video files opened through FFmpeg."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import IO

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ..errors import MediaError
from .policy import MediaPolicy
from .sniff import is_text
from .source import Source

# Decoders that may use several threads. The others hide damage when they do: they give a frame out before it is all
# there, or don't look for errors. One thread takes no more of the processor's time.
_THREADED = frozenset({"hevc", "vp9", "libdav1d"})
THREADS = 4
_INT_MAX = 2**31 - 1


class Deadline:
    """The wall time that one pass over a video may still take; it stands still while the frames' user works.

    Raises:
        MediaError: from `check`, once `policy.max_decode_time` is over.
    """

    def __init__(self, policy: MediaPolicy, label: str) -> None:
        self._limit, self._label = policy.max_decode_time, label
        self._end = monotonic() + self._limit

    def check(self) -> None:
        if monotonic() > self._end:
            raise MediaError(
                f"{self._label}: decoding took longer than the limit of {self._limit:g} s; look at a shorter stretch "
                "or at fewer frames, or pass policy=MediaPolicy(max_decode_time=...)."
            )

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """While the frames' user has a frame."""
        start = monotonic()
        yield
        self._end += monotonic() - start


@contextmanager
def open_container(
    source: Source,
    policy: MediaPolicy = MediaPolicy(),  # noqa: B008  frozen
) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The container and its main video stream, ready to decode.

    Raises:
        MediaError: text, an unknown or cut-off format, sound only, no decoder, or over a limit of `policy`.
    """
    if is_text(source.head()):
        # FFmpeg would take some texts for play lists and open the files they name.
        raise MediaError(f"{source.label}: not a video: it holds text; pass an MP4, MKV, WebM or similar.")
    policy.check_bytes(source.stamp[0], source.label)
    largest = {"max_pixels": str(min(policy.max_pixels, _INT_MAX))}
    file: str | IO[bytes] = str(source.path) if source.path else source.open()
    try:
        # FFmpeg looks at frames of its own accord; it must not make room for huge ones either.
        container = av.open(file, "r", metadata_errors="replace", options=largest)
    except FFmpegError as error:
        raise MediaError(
            f"{source.label}: can't be opened as a video ({error.strerror}): cut off, damaged or of an unknown format; "
            "get a whole copy."
        ) from error
    with container:
        stream = _main_stream(container, source.label)
        codec = stream.codec_context
        check_size(codec, source.label, policy)
        codec.options = largest
        codec.thread_type = "SLICE"
        codec.thread_count = THREADS if codec.name in _THREADED else 1
        yield container, stream


def check_size(picture: VideoCodecContext | VideoFrame, label: str, policy: MediaPolicy) -> None:
    """Raises MediaError if frames are larger than `policy` allows."""
    if picture.width * picture.height > policy.max_pixels:
        raise MediaError(
            f"{label}: frames of {picture.width}x{picture.height} px are over the limit of {policy.max_pixels} px; "
            "scale the video down first, or pass policy=MediaPolicy(max_pixels=...)."
        )


def packets(
    container: InputContainer, stream: VideoStream, deadline: Deadline | None = None
) -> Iterator[Packet[VideoStream]]:
    """The stream's packets from where the container stands, without the empty ones that mark its end."""
    for packet in container.demux(stream):
        if deadline:
            deadline.check()
        if packet.size:
            yield packet


def all_frames(container: InputContainer, stream: VideoStream, deadline: Deadline) -> Iterator[VideoFrame]:
    """Every frame that can be decoded, in the order shown; its `pts` is the number of its packet in the file."""
    with suppress(FFmpegError):  # the file is cut off
        for number, packet in enumerate(packets(container, stream, deadline)):
            packet.pts = packet.dts = number
            with suppress(FFmpegError):
                yield from packet.decode()
    with suppress(FFmpegError):
        yield from stream.decode(None)


def begins_before(container: InputContainer, stream: VideoStream, start: int) -> float:
    """Seconds by which sound or another picture begins before `start`, the stamp of the first frame; 0 if none does.

    Several pictures in a transport stream are several programmes, each with a clock of its own.
    """
    pictures = [other for other in container.streams.video if not other.disposition & Disposition.attached_pic]
    if stream.time_base is None or (container.format.name == "mpegts" and len(pictures) > 1):
        return 0.0
    others: list[Stream] = [other for other in (*pictures, *container.streams.audio) if other.index != stream.index]
    starts = [
        other.start_time * other.time_base for other in others if other.start_time is not None and other.time_base
    ]
    return max(0.0, float(start * stream.time_base - min(starts))) if starts else 0.0


def _main_stream(container: InputContainer, label: str) -> VideoStream:
    pictures = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    if not pictures:
        kinds = ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
        raise MediaError(f"{label}: holds no video stream, only {kinds}; pass a video.")
    stream = max(pictures, key=lambda stream: (stream.disposition & Disposition.default, -stream.index))
    # No decoder: typed as if there always were one.
    if stream.codec_context is None:
        raise MediaError(f"{label}: no decoder for its video stream; convert it to H.264 first.")
    return stream
