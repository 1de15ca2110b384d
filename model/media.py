"""Pictures and videos that a conversation shows again and again, decoded once."""

import hashlib
import json
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar
from urllib.parse import unquote, urlparse

from ..vision import Image, Patches, Video, VisionSettings

T = TypeVar("T")
_PATCH_BYTES = 1 << 30


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


class MediaCache:
    """Patches by what was asked for: a file's path, size and time of change, or the bytes themselves."""

    def __init__(self, settings: VisionSettings) -> None:
        self._settings = settings
        self._known: ByteBudget[Patches] = ByteBudget(_PATCH_BYTES)

    def patches(self, media: Image | Video) -> Patches:
        """The patches of a picture or video under this checkpoint's settings."""
        key = _identity(media)
        known = self._known.get(key)
        if known is None:
            known = media.patches(self._settings)
            self._known.put(key, known, known.pixels.nbytes)
        return known


def _identity(media: Image | Video) -> str:
    block = media.to_block()
    url = urlparse(str(block.get("url", "")))
    stamp: tuple[int, ...] = ()
    if url.scheme == "file":
        stat = Path(unquote(url.path)).stat()
        stamp = (stat.st_size, stat.st_mtime_ns)
    return hashlib.sha256(json.dumps([block, stamp], sort_keys=True).encode()).hexdigest()
