"""Documents: a library that finds the right passage and page.

Names resolve on first use; Chroma and the embedding's model load when a library needs them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .catalogue import DocumentRecord
    from .embed import OfflineEmbedding, default_embedding
    from .files import Skipped
    from .intake import AddReport
    from .library import Library
    from .pages import Heading, Loaded, Page
    from .retriever import LibraryRetriever
    from .settings import LibrarySettings
    from .split import Passage

__all__ = [
    "AddReport",
    "DocumentRecord",
    "Heading",
    "Library",
    "LibraryRetriever",
    "LibrarySettings",
    "Loaded",
    "OfflineEmbedding",
    "Page",
    "Passage",
    "Skipped",
    "default_embedding",
]

_HOMES = {
    "AddReport": "intake",
    "DocumentRecord": "catalogue",
    "Heading": "pages",
    "Library": "library",
    "LibraryRetriever": "retriever",
    "LibrarySettings": "settings",
    "Loaded": "pages",
    "OfflineEmbedding": "embed",
    "Page": "pages",
    "Passage": "split",
    "Skipped": "files",
    "default_embedding": "embed",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'quintet.rag' has no attribute {name!r}")
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value
