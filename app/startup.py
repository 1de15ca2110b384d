"""Starting swiftly."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """No garbage collection meanwhile, and none later of what is there at the end.

    Importing torch and transformers and loading a model makes a million objects that stay; searching them for garbage
    again and again takes a fifth of the time to the first answer.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()
