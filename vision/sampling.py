"""Which frames of a video are looked at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import BadInputError

Times = NDArray[np.float64]


def stretch(times: Times, duration: float, start: float | None, end: float | None) -> slice:
    """The frames that appear from `start` to `end` seconds, both included; if none does, the one on screen at `start`.

    Before the first frame, which other streams may precede, that is the first.

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
        last = max(first, 1)
        first = last - 1
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
    return [int(index) for index in _nearest(times, np.linspace(times[0], times[-1], count))]


def stretch_frames(
    times: Times,
    rate: float,
    start: float,
    end: float,
    *,
    fps: float,
    max_frames: int,
    min_frames: int = 4,
    temporal: int = 2,
) -> list[int]:
    """Frames to look at from `start` to `end` seconds, as ascending indices into the whole video's `times`.

    They lie on a lattice that is fixed to the whole video: the frames nearest to 0, 1/fps, 2/fps... seconds, each
    once, in pairs (temporal patches) from the first on. A stretch takes every pair of which a frame appears in it. So
    overlapping stretches at one rate share their pairs, and nothing is encoded twice; a pair that straddles an edge
    brings a frame from outside the stretch, by one gap of the lattice at most.

    The rate follows from the settings and the length of the stretch alone. Where `max_frames` might not do, it is
    lowered to 3/4, 1/2, 3/8, 1/4... of `fps`: few enough rates for stretches of similar length to share one, close
    enough to spend half of the budget at least, three quarters as a rule. Where fewer than `min_frames` would appear,
    it is doubled, up to every frame of the file. Where no lattice serves (a single frame on screen, a picture that
    stands still across an edge, a budget of less than a pair), frames are spread over the stretch by itself.
    """
    part = stretch(times, float("inf"), start, end)
    if part.stop - part.start == 1:
        return [part.start]
    length = min(end, float(times[-1])) - start + 1 / rate
    fps = _lattice_rate(length, rate, fps, min(min_frames, max_frames), max_frames, temporal)
    frames = _on_lattice(times, rate, fps, part, temporal)
    if frames and len(frames) <= max_frames:
        return frames
    count = frame_count(times[part], rate, fps=fps, min_frames=min_frames, max_frames=max_frames)
    return [part.start + frame for frame in choose(times[part], rate, count)]


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


def _lattice_rate(length: float, rate: float, fps: float, least: int, most: int, temporal: int) -> float:
    """The highest rate from `fps` down at which no `length` seconds touch more than `most` frames."""
    highest = min(fps, rate)
    while highest * length + 1 < least and highest < rate:
        highest = min(2 * highest, rate)
    steps, lowered = 0, highest
    while _touched(length * lowered, temporal) > max(most, temporal):
        steps += 1
        lowered = highest * (0.75 if steps % 2 else 1.0) / 2 ** (steps // 2)
    return lowered


def _touched(gaps: float, temporal: int) -> int:
    """The most frames in whole temporal patches that a stretch as long as so many gaps of the lattice can touch."""
    return -(-(int(gaps + 1e-6) + temporal) // temporal) * temporal


def _on_lattice(times: Times, rate: float, fps: float, part: slice, temporal: int) -> list[int]:
    """The lattice's frames in whole temporal patches that touch `part`; none if one reaches too far beyond it."""
    every = fps >= rate and is_constant(times, rate)
    lattice = np.arange(len(times)) if every else _nearest(times, np.arange(0, times[-1] + 1e-6, 1 / fps))
    first, last = np.searchsorted(lattice, (part.start, part.stop))
    if first == last:
        return []
    frames = lattice[first // temporal * temporal : -(-last // temporal) * temporal]
    beyond = max(times[part.start] - times[frames[0]], times[frames[-1]] - times[part.stop - 1])
    return [] if beyond > (temporal - 1) / fps + 1 / rate + 1e-6 else [int(frame) for frame in frames]


def _nearest(times: Times, targets: Times) -> NDArray[np.int64]:
    """The frames that appear nearest to these seconds, each once."""
    after = np.searchsorted(times, targets).clip(max=len(times) - 1)
    before = (after - 1).clip(min=0)
    return np.unique(np.where(targets - times[before] <= times[after] - targets, before, after))
