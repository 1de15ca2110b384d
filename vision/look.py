"""`Look`: how a video is looked at, and what that makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from math import inf, isfinite
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from ..errors import BadInputError
from .box import edges, fractions
from .patches import pair_times
from .picking import Pick
from .plan import Plan
from .resize import VisionSettings, fit_video
from .sampling import average_rate, frame_count, stretch, stretch_frames
from .sampling import choose as evenly
from .track import Rgb, Track, VideoInfo

# Settings that choose frames, as `times` does.
CHOOSING = ("fps", "max_frames", "start", "end")
_POSITIVE = ("fps", "prune")
_WHOLE = ("max_frames", "max_tokens", "max_pixels")


@dataclass(frozen=True)
class Look:
    """The settings of `Video`, which says what each means.

    Raises:
        BadInputError: a setting out of range.
    """

    fps: float | None = None
    max_frames: int | None = None
    max_tokens: int | None = None
    max_pixels: int | None = None
    start: float | None = None
    end: float | None = None
    box: Sequence[float] | None = None
    times: Sequence[float] | None = None
    prune: float | None = None

    def __post_init__(self) -> None:
        for key in _POSITIVE:
            value = getattr(self, key)
            if value is not None and not (_is_number(value) and 0 < value < inf):
                raise BadInputError(f"{key}={value!r}: expected more than 0, or None for the model's own.")
        for key in _WHOLE:
            value = getattr(self, key)
            if value is not None and not (_is_number(value) and isinstance(value, int) and value > 0):
                raise BadInputError(f"{key}={value!r}: expected more than 0, a whole number, or None.")
        limits = (0 if self.start is None else self.start, inf if self.end is None else self.end)
        if not (all(map(_is_number, limits)) and 0 <= limits[0] < limits[1]):
            raise BadInputError(f"start={self.start!r}, end={self.end!r}: expected 0 <= start < end, in seconds.")
        for key in ("box", "times"):
            if (value := getattr(self, key)) is not None:
                object.__setattr__(self, key, _numbers(key, value))
        if self.times is not None:
            self._check_times(self.times)

    def _check_times(self, times: Sequence[float]) -> None:
        if not (times and all(isfinite(time) and time >= 0 for time in times)):
            raise BadInputError(f"times={list(times)}: expected one or more seconds, none below 0.")
        for key in CHOOSING:
            if (value := getattr(self, key)) is not None:
                raise BadInputError(f"{key}={value}: times alone say which frames are looked at; give one of them.")

    @property
    def part(self) -> bool:
        """Whether only a stretch is looked at."""
        return self.start is not None or self.end is not None

    def given(self) -> dict[str, Any]:
        """The settings that aren't None, as JSON has them."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {key: list(v) if isinstance(v, tuple) else v for key, v in values.items() if v is not None}

    def shape(self, info: VideoInfo) -> tuple[int, int]:
        """Height and width, in px as seen, of what is looked at of each frame."""
        if self.box is None:
            return info.height, info.width
        left, top, right, bottom = edges(fractions(self.box, info.width, info.height), info.width, info.height)
        return bottom - top, right - left

    def closer(self, box: Sequence[float], info: VideoInfo) -> tuple[float, ...]:
        """The part `box` of what is looked at of each frame, as a part of the whole frame.

        Raises:
            BadInputError: it lies outside.
        """
        height, width = self.shape(info)
        part = fractions(box, width, height)
        left, top, right, bottom = fractions(self.box or (0, 0, 1, 1), info.width, info.height)
        places, sides = (left, top), (right - left, bottom - top)
        return tuple(places[axis % 2] + sides[axis % 2] * side for axis, side in enumerate(part))

    def cut(self, rgb: Rgb, info: VideoInfo) -> Rgb:
        """The part of a decoded frame `[H, W, 3]`, whose pixels need not be square."""
        if self.box is None:
            return rgb
        left, top, right, bottom = edges(fractions(self.box, info.width, info.height), rgb.shape[1], rgb.shape[0])
        return np.ascontiguousarray(rgb[top:bottom, left:right])

    def seen(self, rgb: Rgb, info: VideoInfo) -> Rgb:
        """The same with square pixels."""
        height, width = self.shape(info)
        part = self.cut(rgb, info)
        if part.shape[:2] == (height, width):
            return part
        return np.asarray(PIL.Image.fromarray(part).resize((width, height), PIL.Image.Resampling.BICUBIC))

    def plan(self, track: Track, settings: VisionSettings, pick: Pick | None) -> Plan:
        """Which frames to take, and the size of each.

        Raises:
            MediaError: not one frame fits the budget.
            BadInputError: the stretch, a time or the box lies outside the video.
        """
        height, width = self.shape(track.info)
        choose, count = self._chooser(track, settings, pick)
        while True:
            chosen = choose(count)
            count, size = fit_video(
                len(chosen), height, width, settings, self.max_tokens, self.max_pixels, steady=self.part
            )
            if count >= len(chosen):
                frames = [*chosen, *chosen[-1:] * (-len(chosen) % settings.temporal)]
                times = pair_times([float(track.times[frame]) for frame in frames], settings.temporal)
                return Plan("video", size, tuple(frames), times, settings)

    def _chooser(
        self, track: Track, settings: VisionSettings, pick: Pick | None
    ) -> tuple[Callable[[int], list[int]], int]:
        """What chooses at most so many frames, and how many to begin with."""
        temporal, least = settings.temporal, settings.min_frames
        if self.times is not None:
            shown = on_screen(track, self.times)
            return partial(_still, shown, temporal=temporal), len(shown) * temporal
        part = stretch(track.times, track.info.duration, self.start, self.end)
        rate = average_rate(track.times[part], track.info.fps)
        fps, most = self.fps or settings.fps, self.max_frames or settings.max_frames
        if pick is None and self.part:
            end = track.info.duration if self.end is None else self.end
            within = partial(stretch_frames, track.times, track.info.fps, self.start or 0.0, end)
            return lambda count: within(fps=fps, max_frames=count, min_frames=least, temporal=temporal), most
        count = frame_count(track.times[part], rate, fps=fps, min_frames=least, max_frames=most)
        if pick is None:
            return partial(evenly, track.times, rate), count

        def picked(count: int) -> list[int]:
            glance = Glance(self, track, part, rate, max(1, count // temporal))
            if not (shown := on_screen(track, pick(glance))):
                raise BadInputError("pick chose no frames; it must return the seconds of one at least.")
            return _still(shown, count, temporal=temporal)

        return picked, count


@dataclass(frozen=True)
class Glance:
    """The `Probe` that chooses frames of the stretch `part` of a track; `count` is how many there may be."""

    _look: Look
    _track: Track
    _part: slice
    rate: float
    count: int

    @property
    def info(self) -> VideoInfo:
        return self._track.info

    @property
    def times(self) -> NDArray[np.float64]:
        return self._track.times[self._part]

    @property
    def keyframes(self) -> NDArray[np.float64]:
        keys = self._track.keyframes
        times: NDArray[np.float64] = self._track.times[keys[(keys >= self._part.start) & (keys < self._part.stop)]]
        return times

    def look(self, times: Sequence[float], side: int = 64) -> list[Rgb]:
        """The frames on screen at `times`, ascending, their longer side `side` px: `[H, W, 3]` each."""
        wanted = [_frame_at(self._track, time) for time in times]
        height, width = self._look.shape(self.info)
        scale = side / max(height, width)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = {}
        for index, rgb in self._track.frames(sorted(set(wanted))):
            part = PIL.Image.fromarray(self._look.cut(rgb, self.info))
            small[index] = np.asarray(part.resize(size, PIL.Image.Resampling.BOX))
        return [small[index] for index in wanted]


def on_screen(track: Track, times: Iterable[float]) -> list[int]:
    """The frames on screen at these seconds, ascending, each once.

    Raises:
        BadInputError: a time lies outside the video.
    """
    return sorted({_frame_at(track, time) for time in times})


def _frame_at(track: Track, time: float) -> int:
    if not 0 <= time <= track.info.duration + 1e-6:
        raise BadInputError(f"{time:g} s: the video goes from 0 to {track.info.duration:.1f} s.")
    return max(0, int(np.searchsorted(track.times, time + 1e-6, side="right")) - 1)


def _still(frames: Sequence[int], count: int, *, temporal: int) -> list[int]:
    """`count // temporal` of the frames at most, spread evenly; each fills a temporal patch by itself."""
    most = min(len(frames), max(1, count // temporal))
    places = np.linspace(0, len(frames) - 1, most).round().astype(int)
    return [frames[place] for place in places for _ in range(temporal)]


def _numbers(key: str, values: Iterable[float]) -> tuple[float, ...]:
    """Of NumPy and torch too, as JSON has them."""
    try:
        return tuple(value if type(value) is int else float(value) for value in values)
    except (TypeError, ValueError) as error:
        raise BadInputError(f"{key}={values!r}: expected a list of numbers.") from error


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value
