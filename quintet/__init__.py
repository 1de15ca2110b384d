"""quintet: multimodal agents on the Qwen3.5 family.

Names resolve on first use, so importing the package loads neither torch nor Chroma.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .agent import Agent, Answer, Citation, Limits
    from .model import load_model
    from .vision import Image, Video

__version__ = "0.1.0"
__all__ = ["Agent", "Answer", "Citation", "Image", "Limits", "Video", "__version__", "load_model"]

_HOMES = {
    "Agent": "agent",
    "Answer": "agent",
    "Citation": "agent",
    "Image": "vision",
    "Limits": "agent",
    "Video": "vision",
    "load_model": "model",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'quintet' has no attribute {name!r}")
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
