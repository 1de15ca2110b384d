"""`FramesTrack`: frames that are pictures of their own, shown at a rate."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadInputError, MediaError
from .arrays import frames_of, is_array
from .image import Image
from .policy import MediaPolicy
from .track import Report, Rgb, Track, VideoInfo


class FramesTrack:
    """A `Track` over a list of frames, each anything that `Image` takes; or one array, `[T, H, W, C]`, `[T, C, H, W]`
    of torch. `rate` is in frames a second: frame i is shown from i / rate on. Files are opened when they are needed.

    Raises:
        BadInputError: no frames, no rate, or a rate that isn't more than 0.
        MediaError: the first frame can't be read, or the video lasts longer than `policy` allows.
    """

    def __init__(self, frames: Any, rate: float | None, policy: MediaPolicy = MediaPolicy()) -> None:  # noqa: B008
        self._frames = _listed(frames)
        self._policy = policy
        if rate is None:
            raise BadInputError(f"rate: missing for {len(self._frames)} frames; give their rate in frames a second.")
        if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 < rate < float("inf"):
            raise BadInputError(f"rate={rate!r}: expected frames a second, more than 0.")
        count = len(self._frames)
        if count / rate > policy.max_duration:
            raise MediaError(
                f"{count} frames at {rate:g} a second last {count / rate:g} s; the limit is {policy.max_duration:g} s."
            )
        width, height = self._picture(0).size
        self.info = VideoInfo(width, height, count / rate, float(rate), count)
        self.times: NDArray[np.float64] = np.arange(count) / rate
        self.keyframes: NDArray[np.int64] = np.arange(count)
        self.report = Report()

    def frames(self, wanted: Sequence[int]) -> Iterator[tuple[int, Rgb]]:
        """As `Track.frames`.

        Raises:
            MissingFileError: a frame's file doesn't exist.
            MediaError: a frame can't be read.
            BadInputError: a frame has another size than the first.
        """
        for index in wanted:
            rgb = np.array(self._picture(index).pil)
            height, width = rgb.shape[:2]
            if (width, height) != (self.info.width, self.info.height):
                raise BadInputError(
                    f"frame {index} is {width}x{height} px and the first is {self.info.width}x{self.info.height}; "
                    "bring all frames to one size."
                )
            yield index, rgb

    def counted(self) -> FramesTrack:
        """Itself: nothing needs to be counted."""
        return self

    def _picture(self, index: int) -> Image:
        frame = self._frames[index]
        return frame if isinstance(frame, Image) else Image(frame, policy=self._policy)


def _listed(frames: Any) -> Sequence[Any]:
    if is_array(frames):
        frames = frames_of(frames)
    if isinstance(frames, (str, bytes)) or not isinstance(frames, Sequence):
        raise BadInputError(f"{type(frames).__name__} is no video; pass a path, bytes, or a list of frames with rate.")
    if not frames:
        raise BadInputError("The list of frames is empty; give one frame at least.")
    return frames


def lossless(track: Track) -> bytes:
    """The frames as a QuickTime file of PNGs."""
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="mov") as container:
        stream = container.add_stream("png", rate=Fraction(track.info.fps).limit_denominator(100_000))
        stream.width, stream.height, stream.pix_fmt = track.info.width, track.info.height, "rgb24"
        for _, rgb in track.frames(range(len(track.times))):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode(None))
    return file.getvalue()
