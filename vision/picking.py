"""Which frames of a video are worth looking at: each strategy is a function from a probe to times.

`uniform` spreads them evenly, `keyframes` takes those that are cheapest to decode, `scene_changes` shows each scene,
`by_question` keeps what a scorer finds nearest to the question. Pass one as `Video(..., pick=...)`, or your own.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from ..errors import BadInputError
from .sampling import Times, average_rate, choose
from .track import Rgb, VideoInfo

Floats = NDArray[np.float64]


class Probe(Protocol):
    """What a strategy may ask about a video, or about the stretch of it that is looked at."""

    @property
    def info(self) -> VideoInfo:
        """Of the whole video."""
        ...

    @property
    def times(self) -> Times:
        """Seconds at which the frames appear, ascending: `[frames]`."""
        ...

    @property
    def keyframes(self) -> Sequence[float] | Times:
        """Seconds of the frames that can be decoded by themselves, ascending; empty if unknown."""
        ...

    @property
    def count(self) -> int:
        """How many frames the budget allows."""
        ...

    @property
    def rate(self) -> float:
        """Frames a second, on average."""
        ...

    def look(self, times: Sequence[float], side: int = 64) -> list[Rgb]:
        """The frames on screen at these ascending seconds, small: `[h, w, 3]` with the longer side at most `side` px."""
        ...


Pick = Callable[[Probe], Sequence[float]]
Score = Callable[[list[PIL.Image.Image]], Sequence[float]]


def uniform(probe: Probe) -> list[float]:
    """Evenly over the stretch: the stock choice."""
    return [float(probe.times[frame]) for frame in choose(probe.times, probe.rate, probe.count)]


def keyframes(probe: Probe) -> list[float]:
    """Keyframes alone, evenly thinned to the budget: several times cheaper to decode. `uniform` if none are known."""
    keys = np.asarray(probe.keyframes, dtype=np.float64)
    if not len(keys):
        return uniform(probe)
    return [float(keys[key]) for key in choose(keys, average_rate(keys, 0.0), min(probe.count, len(keys)))]
