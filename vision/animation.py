"""Animated pictures (GIF, WebP, PNG, AVIF) as video, through Pillow. A still picture is a video of one frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from ..errors import MediaError
from .container import Deadline
from .picture import DAMAGE, open_picture, upright_rgb, upright_size
from .policy import MediaPolicy
from .sampling import average_rate
from .source import Source
from .track import Report, Rgb, VideoInfo

# Browsers show a frame of 10 ms or less for 100 ms.
_SHORTEST = 11
_DEFAULT = 100


class PictureTrack:
    """A `Track` over the frames of one picture file, of which Pillow holds one at a time.

    Opening decodes all of them, as the times of most formats stand beside the frames.

    Raises:
        MediaError: not a picture, damaged from the first frame on, or over a limit of `policy`.
    """

    def __init__(self, source: Source, policy: MediaPolicy) -> None:
        self._source, self._policy = source, policy
        size = (0, 0)
        ends = [0.0]  # ms
        for picture in self._each(Deadline(policy, source.label)):
            size = size if len(ends) > 1 else upright_size(picture)
            duration = float(picture.info.get("duration") or 0)
            ends.append(ends[-1] + (duration if duration >= _SHORTEST else _DEFAULT))
            policy.check_duration(ends[-1] / 1000, source.label)
        if len(ends) == 1:
            raise MediaError(f"{source.label}: the picture is damaged; get a whole copy.")
        self.times: NDArray[np.float64] = np.array(ends[:-1]) / 1000
        # Which frames stand by themselves isn't told.
        self.keyframes: NDArray[np.int64] = np.zeros(0, np.int64)
        self.report = Report(truncated=self._stated() != len(self.times))
        duration, count = ends[-1] / 1000, len(self.times)
        self.info = VideoInfo(*size, duration, average_rate(self.times, count / duration), count)

    def frames(self, wanted: Sequence[int]) -> Iterator[tuple[int, Rgb]]:
        """As `Track.frames`. Raises MediaError if it takes longer than the policy allows, or the file has changed."""
        missing, deadline = set(wanted), Deadline(self._policy, self._source.label)
        for index, picture in enumerate(self._each(deadline)):
            if index in missing:
                missing.remove(index)
                rgb = np.array(upright_rgb(picture))
                with deadline.stopped():
                    yield index, rgb
            if not missing:
                return
        raise MediaError(f"{self._source.label}: {len(missing)} frames are gone; the file changed while it was read.")

    def counted(self) -> PictureTrack:
        """Itself: the frames are always counted by decoding them."""
        return self

    def _each(self, deadline: Deadline) -> Iterator[PIL.Image.Image]:
        """Every frame up to the first damaged one."""
        with open_picture(self._source, self._policy) as picture:
            index = 0
            while True:
                deadline.check()
                try:
                    picture.seek(index)
                    picture.load()
                except DAMAGE:  # EOFError at the end
                    return
                yield picture
                index += 1

    def _stated(self) -> int | None:
        """How many frames the file claims to hold; None if it is too damaged to tell."""
        with open_picture(self._source, self._policy) as picture:
            try:
                return int(getattr(picture, "n_frames", 1))
            except DAMAGE:
                return None
