"""Which frames of a video are worth looking at: each strategy is a function from a probe to times.

`uniform` spreads them evenly, `keyframes` takes those that are cheapest to decode, `scene_changes` shows each scene,
`by_question` keeps what a scorer finds nearest to the question. Pass one as `Video(..., pick=...)`, or your own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from ..errors import BadInputError
from .sampling import Times, average_rate, choose
from .track import Rgb, VideoInfo

# Keyframes stand for the whole where there are so many of them, and one in so many seconds.
_KEYFRAMES = 16
_KEYFRAME_SECONDS = 12.0
_QUANTILES = np.linspace(0.05, 0.95, 10)


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
        """The frames on screen at these ascending seconds, small: `[h, w, 3]`, the longer side `side` px at most."""
        ...


Pick = Callable[[Probe], Sequence[float]]
Score = Callable[[list[PIL.Image.Image]], Sequence[float]]
Embed = Callable[[list[PIL.Image.Image]], Sequence[Sequence[float]]]


def uniform(probe: Probe) -> list[float]:
    """Evenly over the stretch: the stock choice."""
    return [float(probe.times[frame]) for frame in choose(probe.times, probe.rate, probe.count)]


def keyframes(probe: Probe) -> list[float]:
    """Keyframes alone, evenly thinned to the budget: several times cheaper to decode. `uniform` if none are known."""
    keys = np.asarray(probe.keyframes, dtype=np.float64)
    if not len(keys):
        return uniform(probe)
    return [float(keys[key]) for key in choose(keys, average_rate(keys, 0.0), min(probe.count, len(keys)))]


def scene_changes(*, threshold: float = 0.1, looks: int = 256) -> Pick:
    """One frame inside each scene; what the budget has left goes to the longest scenes.

    A scene ends where the colours of two coarse frames differ by more than `threshold`, from 0 (equal) to 1 (black
    to white); if there are more scenes than frames, where they differ most. Coarse frames are keyframes where those
    are dense, else at most `looks` frames evenly over the stretch; scenes between two of them go unseen.

    Raises:
        BadInputError: `threshold` is outside 0 to 1, or `looks` below 2.
    """
    if not 0 <= threshold <= 1 or looks < 2:
        raise BadInputError(f"threshold={threshold}, looks={looks}: expected 0 <= threshold <= 1 and 2 looks at least.")

    def pick(probe: Probe) -> list[float]:
        seen = _coarse(probe, looks)
        colours = np.stack([_colours(frame) for frame in probe.look(list(seen))])
        change = np.abs(np.diff(colours, axis=0)).mean(axis=(1, 2, 3))
        strongest = np.argsort(-change, kind="stable")[: probe.count - 1]
        firsts = np.sort([0, *(index + 1 for index in strongest if change[index] > threshold)])
        lasts = np.append(firsts[1:], len(seen)) - 1
        lengths = np.diff(np.append(seen[firsts], probe.times[-1]))
        wanted = [
            np.linspace(seen[first], seen[last], 2 * frames + 1)[1::2]
            for first, last, frames in zip(firsts, lasts, _shares(probe.count, lengths), strict=True)
        ]
        return _filled(probe, _shown(probe, np.concatenate(wanted)))

    return pick


def by_question(score: Score, *, looks: int = 64, side: int = 224) -> Pick:
    """The frames that `score` rates highest, each with one on either side, until the budget is spent.

    `score` gets at most `looks` coarse frames, the longer side `side` px, and returns a number for each, higher for
    nearer to the question; `cosine` makes one from embeddings. Of two coarse frames in a row the second only comes
    once every other place has had its turn, so that one long scene doesn't take everything.

    Raises:
        BadInputError: `looks` or `side` below 1; when picking: not one finite score for each frame.
    """
    if looks < 1 or side < 1:
        raise BadInputError(f"looks={looks}, side={side}: expected at least 1 of each.")

    def pick(probe: Probe) -> list[float]:
        seen = _coarse(probe, looks)
        frames = [PIL.Image.fromarray(frame) for frame in probe.look(list(seen), side)]
        scores = np.asarray(score(frames), dtype=np.float64)
        if scores.shape != seen.shape or not np.isfinite(scores).all():
            raise BadInputError(f"score returned {scores.shape} for {len(seen)} frames; expected a number for each.")
        best = [int(index) for index in np.argsort(-scores, kind="stable")]
        between = (seen[:-1] + seen[1:]) / 2
        wanted: list[float] = []
        near: set[int] = set()
        for index in best:
            if index not in near:
                near |= {index - 1, index + 1}
                wanted += [seen[index], *between[max(0, index - 1) : index + 1]]
        return _filled(probe, _shown(probe, [*wanted, *seen[best]]))

    return pick


def cosine(question: Sequence[float], embed: Embed) -> Score:
    """A score for `by_question`: how near each frame's embedding points to the question's, both of one model."""

    def score(frames: list[PIL.Image.Image]) -> list[float]:
        vectors = np.asarray(embed(frames), dtype=np.float64)
        target = np.asarray(question, dtype=np.float64)
        lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(target)
        return [float(value) for value in vectors @ target / np.maximum(lengths, 1e-12)]

    return score


def _coarse(probe: Probe, looks: int) -> Times:
    """At most `looks` frames that stand for the stretch: keyframes where they are dense, else evenly."""
    keys = np.asarray(probe.keyframes, dtype=np.float64)
    span = float(probe.times[-1] - probe.times[0])
    dense = len(keys) >= _KEYFRAMES and span <= _KEYFRAME_SECONDS * len(keys)
    times, rate = (keys, average_rate(keys, 0.0)) if dense else (probe.times, probe.rate)
    return times[choose(times, rate, min(looks, len(times)))]


def _colours(frame: Rgb) -> NDArray[np.float64]:
    """How red, green and blue are spread in each quarter of the frame `[h, w, 3]`: ten quantiles each, from 0 to 1."""
    quarters = [part for half in np.array_split(frame, 2) for part in np.array_split(half, 2, axis=1)]
    return np.stack([np.quantile(quarter, _QUANTILES, axis=(0, 1)) for quarter in quarters if quarter.size]) / 255


def _shares(count: int, lengths: Times) -> NDArray[np.int64]:
    """`count` frames over scenes of these lengths: one each, the rest by length, whole frames by largest remainder."""
    parts = (count - len(lengths)) * lengths / max(float(lengths.sum()), 1e-9)
    shares = parts.astype(np.int64)
    longest = np.argsort(shares - parts, kind="stable")[: count - len(lengths) - shares.sum()]
    shares[longest] += 1
    return shares + 1


def _shown(probe: Probe, wanted: Sequence[float] | Times) -> list[float]:
    """When the frames on screen at these seconds appeared, each once, in the order given."""
    frames = np.searchsorted(probe.times, np.asarray(wanted) + 1e-6, side="right") - 1
    return list(dict.fromkeys(float(probe.times[max(0, frame)]) for frame in frames))


def _filled(probe: Probe, chosen: list[float]) -> list[float]:
    """The first of `chosen` as far as the budget goes; what it has left is spread evenly over all other frames."""
    chosen = chosen[: probe.count]
    others = np.setdiff1d(probe.times, chosen)
    places = np.linspace(0, len(others) - 1, min(probe.count - len(chosen), len(others))).round().astype(int)
    return sorted({*chosen, *others[places].tolist()})
