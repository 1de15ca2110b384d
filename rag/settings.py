"""What a library can be set to."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import BadInputError


@dataclass(frozen=True)
class LibrarySettings:
    """How a library cuts, searches and waits.

    passage_tokens: the longest passage, in tokens of the embedding.
    exact_below: with fewer passages than this every vector is compared; from there on Chroma's index is asked.
    dense_weight, lexical_weight: how much a rank by meaning and a rank by words count in the fused ranking.
    candidates: how many passages either list brings to the fusion.
    lock_timeout: seconds to wait while another process writes.
    """

    passage_tokens: int = 200
    exact_below: int = 20_000
    dense_weight: float = 1.0
    lexical_weight: float = 1.0
    candidates: int = 50
    lock_timeout: float = 10.0

    def __post_init__(self) -> None:
        if self.passage_tokens < 16:
            raise BadInputError(f"passage_tokens={self.passage_tokens}: expected at least 16")
        if min(self.dense_weight, self.lexical_weight) < 0 or self.dense_weight + self.lexical_weight == 0:
            weights = f"dense_weight={self.dense_weight}, lexical_weight={self.lexical_weight}"
            raise BadInputError(f"{weights}: expected 0 or more, not both 0")
        if self.candidates < 1:
            raise BadInputError(f"candidates={self.candidates}: expected at least 1")
