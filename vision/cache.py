"""What is kept to be used again: values up to a number of bytes, and the indices of opened videos."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

from .policy import MediaPolicy
from .source import Source
from .track import Track, open_track

T = TypeVar("T")
_TRACKS = 32


class ByteBudget(Generic[T]):
    """The most recently used values, up to `budget` bytes; the newest is kept whatever its size."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._used = 0
        self._items: OrderedDict[str, tuple[T, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str) -> T | None:
        """The value under `key`, if it is still there."""
        with self._lock:
            if key not in self._items:
                return None
            self._items.move_to_end(key)
            return self._items[key][0]

    def put(self, key: str, value: T, size: int) -> None:
        """Keeps a value of `size` bytes, and drops the oldest where the budget is exceeded."""
        with self._lock:
            _, replaced = self._items.pop(key, (None, 0))
            self._items[key] = (value, size)
            self._used += size - replaced
            while self._used > self._budget and len(self._items) > 1:
                _, (_, dropped) = self._items.popitem(last=False)
                self._used -= dropped


_opening = Lock()
_tracks: ByteBudget[Track] = ByteBudget(_TRACKS)  # each counts as 1


def shared_track(source: Source, policy: MediaPolicy) -> Track:
    """The video, opened once in this process as long as its file stays as it is. Raises as `open_track`."""
    with _opening:  # or many threads would open one file many times
        track = _tracks.get(f"{source.identity} {policy}")
        if track is None:
            track = open_track(source, policy)
            share(source, policy, track)
    return track


def share(source: Source, policy: MediaPolicy, track: Track) -> None:
    """Makes `track` the one that is shared."""
    _tracks.put(f"{source.identity} {policy}", track, 1)
