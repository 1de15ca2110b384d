"""Passages for a question: by meaning and by words, the two rankings fused."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from langchain_core.embeddings import Embeddings

from .catalogue import Catalogue, Ids, Vectors
from .embed import unit
from .settings import LibrarySettings
from .store import ChromaIndex

# Reciprocal-rank fusion: a place counts 1 / (60 + rank); Cormack, Clarke and Büttcher, SIGIR 2009.
_RANK_OFFSET = 60


def fused(rankings: Sequence[tuple[float, Sequence[int]]]) -> list[tuple[int, float]]:
    """One ranking of (id, score) out of weighted ones, best first; score 1 is the first place in all of them."""
    scores: dict[int, float] = {}
    best = sum(weight for weight, _ in rankings) / (_RANK_OFFSET + 1)
    for weight, ids in rankings:
        for rank, id_ in enumerate(ids, start=1):
            scores[id_] = scores.get(id_, 0.0) + weight / (_RANK_OFFSET + rank) / best
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


class Searcher:
    """Ranks a catalogue's passages. What Chroma's index lacks, or all of a small library, is compared exactly."""

    def __init__(
        self, catalogue: Catalogue, index: ChromaIndex, embedding: Embeddings | None, settings: LibrarySettings
    ) -> None:
        self._catalogue = catalogue
        self._index = index
        self._embedding = embedding
        self._settings = settings
        self._lock = threading.Lock()
        self._kept: tuple[tuple[int, int], Ids, Vectors] | None = None  # vectors after a generation, as of another

    def ranked(self, query: str, k: int) -> list[tuple[int, float]]:
        """(passage id, score in 0..1) of at least the best k, if there are so many."""
        wanted = max(k, self._settings.candidates)
        words, meaning = self._settings.lexical_weight, self._settings.dense_weight
        rankings: list[tuple[float, list[int]]] = []
        if words > 0:
            rankings.append((words, self._catalogue.matching(query, wanted)))
            # Names and numbers mean little to an embedding: a passage with every word asked for counts more.
            if complete := self._catalogue.matching(query, wanted, every=True):
                rankings.append((words / 2, complete))
        if meaning > 0 and self._embedding is not None and self._catalogue.vector_count():
            vector = unit(self._embedding.embed_query(query))
            self._catalogue.check_dimension(len(vector))
            rankings.append((meaning, self.nearest(vector, wanted)))
        return fused(rankings)

    def nearest(self, vector: Vectors, k: int) -> list[int]:
        """Ids of the k passages nearest to a unit vector `[dimension]`, nearest first."""
        large = self._catalogue.vector_count() >= self._settings.exact_below
        after, from_index = (self._index.query(vector, k) if large else None) or (0, [])
        found = dict(from_index)
        ids, vectors = self._vectors(after)
        if len(ids):
            similar = vectors @ vector
            nearest = np.argpartition(-similar, k)[:k] if k < len(similar) else np.arange(len(similar))
            found.update((int(ids[row]), float(similar[row])) for row in nearest)
        return sorted(found, key=lambda id_: (-found[id_], id_))[:k]

    def _vectors(self, after: int) -> tuple[Ids, Vectors]:
        """The vectors written after a generation, kept until the library changes."""
        with self._lock:
            state = (after, self._catalogue.generation)
            if self._kept is None or self._kept[0] != state:
                self._kept = (state, *self._catalogue.vectors(after))
            return self._kept[1], self._kept[2]
