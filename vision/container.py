"""Video files opened through FFmpeg."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ..errors import MediaError
from .policy import MediaPolicy
from .sniff import is_text
from .source import Source

# Each decoding thread holds a frame.
_THREADS = 4


@contextmanager
def open_container(source: Source, policy: MediaPolicy) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The container and its main video stream, ready to decode.

    Raises:
        MediaError: text, an unknown or cut-off format, sound only, no decoder, or over a limit of `policy`.
    """
    if is_text(source.head()):
        # FFmpeg would take some texts for play lists and open the files they name.
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
        if codec.width * codec.height > policy.max_pixels:
            raise MediaError(
                f"{source.label}: frames of {codec.width}x{codec.height} px are over the limit of {policy.max_pixels} "
                "px; scale the video down first, or pass policy=MediaPolicy(max_pixels=...)."
            )
        codec.thread_type = "AUTO"
        codec.thread_count = _THREADS
        yield container, stream


def packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    """The stream's packets from where the container stands, without the empty ones that mark its end."""
    return (packet for packet in container.demux(stream) if packet.size)


def all_frames(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Every frame that can be decoded, in the order shown."""
    with suppress(FFmpegError):  # the file is cut off
        for packet in packets(container, stream):
            with suppress(FFmpegError):
                yield from packet.decode()
    with suppress(FFmpegError):
        yield from stream.decode(None)


def _streams(container: InputContainer) -> str:
    return ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
