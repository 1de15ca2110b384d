"""Animated pictures (GIF, WebP, PNG) as video, through Pillow. A still picture is a video of one frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from ..errors import MediaError
from .image import DAMAGE, open_picture, upright_rgb
from .policy import MediaPolicy
from .sampling import average_rate
from .source import Source
from .track import Report, Rgb, VideoInfo

# Browsers show a frame of 10 ms or less for 100 ms.
_SHORTEST = 11
_DEFAULT = 100


class PictureTrack:
    """A `Track` over the frames of one picture file.

    Raises:
        MediaError: not a picture, damaged from the first frame on, or too large.
    """

    def __init__(self, source: Source, policy: MediaPolicy) -> None:
        self._policy = policy
        self.report = Report()
        self._source = source
        sizes: list[tuple[int, int]] = []
        ends: list[float] = [0.0]  # ms
        for picture in self._each():
            duration = float(picture.info.get("duration") or 0)
            ends.append(ends[-1] + (duration if duration >= _SHORTEST else _DEFAULT))
            if not sizes:
                sizes.append(upright_rgb(picture).size)
        if not sizes:
            raise MediaError(f"{source.label}: the picture is damaged; get a whole copy.")
        self.times: NDArray[np.float64] = np.array(ends[:-1]) / 1000
        self.keyframes = np.zeros(0, np.int64)
        duration, count = ends[-1] / 1000, len(self.times)
        self.info = VideoInfo(*sizes[0], duration, average_rate(self.times, count / duration), count)

    def frames(self, wanted: Sequence[int]) -> Iterator[tuple[int, Rgb]]:
        """As `Track.frames`."""
        remaining = set(wanted)
        for index, picture in enumerate(self._each()):
            if index in remaining:
                remaining.remove(index)
                yield index, np.array(upright_rgb(picture))
            if not remaining:
                return

    def counted(self) -> PictureTrack:
        """Itself: the frames are always counted by decoding them."""
        return self

    def _each(self) -> Iterator[PIL.Image.Image]:
        """Every frame up to the first damaged one."""
        with open_picture(self._source) as picture:
            index = 0
            while True:
                try:
                    picture.seek(index)
                    picture.load()
                except DAMAGE:  # EOFError at the end
                    return
                yield picture
                index += 1
