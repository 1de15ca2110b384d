"""Which frames of a video are looked at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import BadInputError


def stretch(times: NDArray[np.float64], start: float | None, end: float | None) -> slice:
    """The frames that appear from `start` to `end` seconds, both included; if none does, the one on screen at `start`.

    Raises:
        BadInputError: a negative or reversed stretch, or one that begins after the last frame.
    """
    low = 0.0 if start is None else float(start)
    high = float("inf") if end is None else float(end)
    if not 0 <= low <= high:
        raise BadInputError(f"stretch {start} to {end} s: expected 0 <= start <= end, in seconds.")
    if low > 0 and low > times[-1] + _gap(times):
        raise BadInputError(f"start={low:g} s: the video's last frame is at {times[-1]:.1f} s; start earlier.")
    first = int(np.searchsorted(times, low - 1e-6))
    last = int(np.searchsorted(times, high + 1e-6))
    if first >= last:
        first = max(0, int(np.searchsorted(times, low + 1e-6)) - 1)
        last = first + 1
    return slice(first, last)


def frame_count(total: int, rate: float, *, fps: float, min_frames: int, max_frames: int) -> int:
    """How many of `total` frames at `rate` frames a second to take for `fps` (Qwen3-VL's rule), at least 1."""
    return max(1, min(max(int(total / rate * fps), min_frames), max_frames, total))


def choose(times: NDArray[np.float64], rate: float, count: int) -> list[int]:
    """`count` frames spread evenly over the video, as ascending indices into `times`.

    At a constant rate these are the stock indices, `linspace(0, N - 1, count)` rounded. At a variable rate they are the
    frames nearest to evenly spaced times, each once, so that a busy second gets no more of them than a quiet one.
    """
    total = len(times)
    if _is_constant(times, rate):
        return [int(index) for index in np.linspace(0, total - 1, count).round()]
    targets = np.linspace(times[0], times[-1], count)
    right = np.searchsorted(times, targets).clip(1, total - 1)
    nearest = np.where(targets - times[right - 1] <= times[right] - targets, right - 1, right)
    return [int(index) for index in np.unique(nearest)]


def _is_constant(times: NDArray[np.float64], rate: float) -> bool:
    """Whether every frame is within half a frame of where a constant rate puts it."""
    if len(times) < 3:
        return True
    even = np.linspace(times[0], times[-1], len(times))
    return bool(np.abs(times - even).max() < 0.5 / rate)


def _gap(times: NDArray[np.float64]) -> float:
    return float(times[-1] - times[0]) / max(1, len(times) - 1)
