"""Which frames of a video are looked at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import BadInputError

Times = NDArray[np.float64]


def stretch(times: Times, duration: float, start: float | None, end: float | None) -> slice:
    """The frames that appear from `start` to `end` seconds, both included; if none does, the one on screen at `start`.

    Raises:
        BadInputError: the stretch begins after the video's end.
    """
    low = 0.0 if start is None else start
    high = float("inf") if end is None else end
    if low > duration:
        raise BadInputError(f"start={low:g} s: the video ends at {duration:.1f} s; start earlier.")
    first = int(np.searchsorted(times, low - 1e-6))
    last = int(np.searchsorted(times, high + 1e-6))
    if first >= last:
        first, last = first - 1, first
    return slice(first, last)


def average_rate(times: Times, stated: float) -> float:
    """Frames a second: what the file states if the true times agree with it to one frame, else what they say."""
    gap = _gap(times)
    if gap == 0:
        return stated or 1.0
    return stated if stated and abs(len(times) * gap - len(times) / stated) <= 1 / stated else 1 / gap


def choose(times: Times, rate: float, count: int) -> list[int]:
    """At most `count` frames spread evenly over the video, as ascending indices into `times`.

    At a constant rate these are the stock indices, `linspace(0, N - 1, count)` rounded. At a variable rate they are the
    frames nearest to evenly spaced times, each once, so that a busy second gets no more of them than a quiet one.
    """
    total = len(times)
    if is_constant(times, rate):
        return [int(index) for index in np.linspace(0, total - 1, min(count, total)).round()]
    targets = np.linspace(times[0], times[-1], count)
    after = np.searchsorted(times, targets).clip(1, total - 1)
    nearest = np.where(targets - times[after - 1] <= times[after] - targets, after - 1, after)
    return [int(index) for index in np.unique(nearest)]


def frame_count(times: Times, rate: float, *, fps: float, min_frames: int, max_frames: int) -> int:
    """How many frames to look at for `fps`: Qwen3-VL's rule, `N / rate * fps` cut to a whole number and clamped."""
    return min(max(int(len(times) / rate * fps), min_frames), max_frames)


def is_constant(times: Times, rate: float) -> bool:
    """Whether every frame is within half a frame of where a constant rate puts it."""
    even = np.linspace(times[0], times[-1], len(times))
    return bool(np.abs(times - even).max() < 0.5 / rate)


def _gap(times: Times) -> float:
    """Seconds between frames, on average."""
    return float(times[-1] - times[0]) / max(1, len(times) - 1)
