"""The truth about a library, in one SQLite file: documents, passages, full text and vectors.

A document is written or removed in one transaction, so a process that dies leaves the last whole state behind. Every
such change is a new generation; vectors and removals carry theirs, which tells what an index built earlier lacks.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import LibraryError
from .database import Database
from .pages import Loaded
from .split import Passage
from .words import match_expression, searchable

Ids = NDArray[np.int64]
Vectors = NDArray[np.float32]

_MOST_VALUES = 30_000  # of a statement; SQLite takes 32,766


@dataclass(frozen=True)
class DocumentRecord:
    """A document in the library. `source` is its name there, `path` where it was read, `added` seconds since 1970."""

    id: int
    source: str
    path: str
    kind: str
    title: str
    digest: str
    pages: int
    passages: int
    added: float


@dataclass(frozen=True)
class StoredPassage(Passage):
    """A passage with its document's source and path."""

    id: int
    source: str
    path: str


class Catalogue(Database):
    """The documents, passages and vectors of a library."""

    def check_dimension(self, dimension: int) -> None:
        """Refuse vectors of another size than the library's."""
        expected = self.fact("dimension")
        if expected is not None and int(expected) != dimension:
            raise LibraryError(
                f"the embedding gives vectors of {dimension} numbers, the library {self.path.parent} has {expected}: "
                "open it with the embedding that it was made with"
            )

    # Documents

    def documents(self) -> list[DocumentRecord]:
        """All documents, by source."""
        return [DocumentRecord(*row) for row in self._rows(f"{_DOCUMENTS} ORDER BY source")]

    def document(self, key: Literal["path", "source", "digest"], value: str) -> DocumentRecord | None:
        """The document with that path, source or digest; of several with one digest, the first."""
        rows = self._rows(f"{_DOCUMENTS} WHERE {key} = ? ORDER BY id LIMIT 1", value)
        return DocumentRecord(*rows[0]) if rows else None

    def put(self, source: str, path: str, loaded: Loaded, passages: Sequence[Passage], vectors: Vectors | None) -> None:
        """Write a document in place of the one read from that path before, all of it or nothing.

        vectors: `[passages, dimension]` of unit length, or None to leave them for later.
        """
        with self._change() as generation:
            self._drop("path = ?", path, generation)
            document = self._insert(
                "INSERT INTO documents (source, path, kind, title, digest, pages, added) VALUES (?, ?, ?, ?, ?, ?, ?)",
                *(source, path, loaded.kind, loaded.title, loaded.digest, len(loaded.pages), time.time()),
            )
            ids = []
            for passage in passages:
                id_ = self._insert(
                    'INSERT INTO passages (document, page, heading, start, "end", text) VALUES (?, ?, ?, ?, ?, ?)',
                    *(document, passage.page, passage.heading, passage.start, passage.end, passage.text),
                )
                words = _words(passage.text, passage.heading, loaded.title)
                self._insert("INSERT INTO words (rowid, text, heading) VALUES (?, ?, ?)", id_, *words)
                ids.append(id_)
            if vectors is not None:
                self._insert_vectors(ids, vectors, generation)

    def move(self, document: int, source: str, path: str) -> None:
        """Give a document another source and path; its passages stay."""
        with self._transaction():
            self._db.execute("UPDATE documents SET source = ?, path = ? WHERE id = ?", (source, path, document))

    def remove(self, source: str) -> None:
        """Remove a document with all that belongs to it."""
        with self._change() as generation:
            self._drop("source = ?", source, generation)

    def _drop(self, condition: str, value: str, generation: int) -> None:
        chosen = f"SELECT id FROM documents WHERE {condition}"
        passages = self._db.execute(
            "SELECT passages.id, text, heading, title FROM passages JOIN documents ON documents.id = document "
            f"WHERE document IN ({chosen})",
            (value,),
        ).fetchall()
        # A table without content is told what it held.
        self._db.executemany(
            "INSERT INTO words (words, rowid, text, heading) VALUES ('delete', ?, ?, ?)",
            [(row[0], *_words(*row[1:])) for row in passages],
        )
        self._db.executemany(
            "INSERT INTO removed SELECT passage, ? FROM vectors WHERE passage = ?",
            [(generation, row[0]) for row in passages],
        )
        self._db.execute(f"DELETE FROM documents WHERE id IN ({chosen})", (value,))

    # Passages

    def passages(self, ids: Sequence[int]) -> dict[int, StoredPassage]:
        """Those of the given passages that are still there, by id."""
        found: dict[int, StoredPassage] = {}
        for start in range(0, len(ids), _MOST_VALUES):
            some = ids[start : start + _MOST_VALUES]
            rows = self._rows(
                'SELECT text, start, "end", page, heading, passages.id, source, path FROM passages '
                f"JOIN documents ON documents.id = document WHERE passages.id IN ({','.join('?' * len(some))})",
                *some,
            )
            found |= {row[5]: StoredPassage(*row) for row in rows}
        return found

    def matching(self, query: str, limit: int, *, every: bool = False) -> list[int]:
        """Ids of the passages that share words with the query (or have every one), best first by BM25.

        Words of headings and titles count half.
        """
        expression = match_expression(query, every=every)
        if not expression:
            return []
        statement = "SELECT rowid FROM words WHERE words MATCH ? ORDER BY bm25(words, 1.0, 0.5), rowid LIMIT ?"
        return [row[0] for row in self._rows(statement, expression, limit)]

    # Vectors

    def without_vectors(self, limit: int) -> list[tuple[int, str, str]]:
        """Passages not embedded yet: id, heading, text."""
        missing = "NOT EXISTS (SELECT 1 FROM vectors WHERE passage = id)"
        return self._rows(f"SELECT id, heading, text FROM passages WHERE {missing} LIMIT ?", limit)

    def add_vectors(self, ids: Sequence[int], vectors: Vectors) -> None:
        with self._change() as generation:
            self._insert_vectors(ids, vectors, generation)

    def _insert_vectors(self, ids: Sequence[int], vectors: Vectors, generation: int) -> None:
        rows = (
            (id_, generation, vector.tobytes()) for id_, vector in zip(ids, vectors.astype(np.float16), strict=True)
        )
        self._db.executemany("INSERT INTO vectors (passage, generation, vector) VALUES (?, ?, ?)", rows)

    def vector_count(self, after: int = 0) -> int:
        """How many vectors were written after a generation."""
        return int(self._rows("SELECT count(*) FROM vectors WHERE generation > ?", after)[0][0])

    def vectors(self, after: int = 0, *, beyond: int = 0, limit: int = -1) -> tuple[Ids, Vectors]:
        """Ids `[n]` and vectors `[n, dimension]` written after a generation, by id, above id `beyond`."""
        rows = self._rows(
            "SELECT passage, vector FROM vectors WHERE passage > ? AND generation > ? ORDER BY passage LIMIT ?",
            beyond,
            after,
            limit,
        )
        ids = np.fromiter((row[0] for row in rows), np.int64, len(rows))
        flat = np.frombuffer(b"".join(row[1] for row in rows), np.float16)
        return ids, flat.reshape(len(rows), -1 if rows else 0).astype(np.float32)

    def removed(self, after: int) -> list[int]:
        """Ids of vectors removed after a generation."""
        return [row[0] for row in self._rows("SELECT passage FROM removed WHERE generation > ?", after)]

    def forget_removed(self, until: int) -> None:
        with self._transaction():
            self._db.execute("DELETE FROM removed WHERE generation <= ?", (until,))


_DOCUMENTS = """SELECT id, source, path, kind, title, digest, pages,
    (SELECT count(*) FROM passages WHERE document = documents.id), added FROM documents"""


def _words(text: str, heading: str, title: str) -> tuple[str, str]:
    return searchable(text), searchable(f"{heading} {title}")
