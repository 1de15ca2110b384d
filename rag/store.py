"""Chroma's index of the catalogue's vectors: built beside the old one, published whole, rebuilt when damaged.

Chroma rewrites its files in place, and a process that dies there leaves them broken. So an index in use is never
written to: a change goes into a copy, or a new one, and only once that is complete does the catalogue name it.
"""

from __future__ import annotations

import json
import logging
import shutil
import threading
import uuid
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import LibraryError
from .catalogue import Catalogue, Vectors

_log = logging.getLogger(__name__)
_COLLECTION = "passages"
_BATCH = 5000  # rows; Chroma takes at most 5,461


@dataclass(frozen=True)
class _Published:
    """The index the catalogue names: its folder, what it holds, and each vector file's (size, mtime in ns, CRC-32)."""

    folder: str
    generation: int
    count: int
    files: dict[str, list[int]]


class ChromaIndex:
    """The newest published index under `folder`."""

    def __init__(self, folder: Path, catalogue: Catalogue) -> None:
        self._folder = folder
        self._catalogue = catalogue
        self._opened: tuple[_Published, Any, Any] | None = None  # with its client and collection
        self._lock = threading.RLock()
        self.damaged = False  # set by a query that failed, until the next refresh

    def refresh(self) -> None:
        """Bring the index up to the catalogue. Only for who holds the library's lock."""
        with self._lock:
            old, generation = self._published(), self._catalogue.generation
            if old and (self.damaged or not self._is_sound(old)):
                old = None
            if old and old.generation == generation:
                return
            self.close()
            if not self._catalogue.vector_count():
                self._catalogue.set_fact("index", "")
                shutil.rmtree(self._folder, ignore_errors=True)
                return
            target = self._build(generation, old)
            self._publish(target, generation)
            self.damaged = False

    def query(self, vector: Vectors, k: int) -> tuple[int, list[tuple[int, float]]] | None:
        """Up to which generation the index goes and its k nearest, (passage id, cosine); None without a sound index."""
        with self._lock:
            while published := self._published():
                nearest, cause = None, ""
                try:
                    nearest = self._nearest(published, vector, k)
                except BaseException as error:
                    _raise_interrupts(error)
                    cause = str(error)
                    self.close()
                # A writer publishes before it removes the index before: what is published still was whole.
                if self._published() != published:
                    continue
                if nearest is not None:
                    return published.generation, nearest
                self.damaged = True
                _log.warning("the index in %s is damaged and will be rebuilt: %s", self._folder, cause)
                break
            return None

    def close(self) -> None:
        with self._lock:
            if self._opened:
                self._opened[1].close()
                self._opened = None

    def _nearest(self, published: _Published, vector: Vectors, k: int) -> list[tuple[int, float]]:
        removed = set(self._catalogue.removed(published.generation))
        wanted = min(k + len(removed), published.count)
        found = self._collection(published).query(
            query_embeddings=vector[None], n_results=wanted, include=["distances"]
        )
        ids, distances = map(int, found["ids"][0]), found["distances"][0]
        near = [
            (id_, 1.0 - float(distance)) for id_, distance in zip(ids, distances, strict=True) if id_ not in removed
        ]
        return near[:k]

    def _collection(self, published: _Published) -> Any:
        if self._opened is None or self._opened[0] != published:
            self.close()
            if not self._is_sound(published):
                raise FileNotFoundError("vector files are missing or changed")
            client = _client(self._folder / published.folder)
            collection = client.get_collection(_COLLECTION, embedding_function=None)
            self._opened = (published, client, collection)
            if collection.count() != published.count:
                raise ValueError(f"{collection.count()} vectors, expected {published.count}")
        return self._opened[2]

    def _published(self) -> _Published | None:
        fact = self._catalogue.fact("index")
        return _Published(**json.loads(fact)) if fact else None

    def _build(self, generation: int, old: _Published | None) -> Path:
        """Write a folder that holds the catalogue's vectors: a copy of the old one with the changes if they're few."""
        if old and 2 * self._catalogue.vector_count(old.generation) < self._catalogue.vector_count():
            target = self._new_folder(generation)
            try:
                shutil.copytree(self._folder / old.folder, target)
                self._write(target, after=old.generation)
                return target
            except BaseException as error:
                _raise_interrupts(error)
                _log.warning("the index in %s is damaged and is built anew: %s", self._folder, error)
        target = self._new_folder(generation)
        try:
            self._write(target, after=0)
        except BaseException as error:
            _raise_interrupts(error)
            raise LibraryError(
                f"the index {target} can't be written ({error}): check the disk; "
                "the documents are safe, and the next add writes it again"
            ) from error
        return target

    def _new_folder(self, generation: int) -> Path:
        """A path not used before: Chroma keeps the state of a path that once failed in the process."""
        return self._folder / f"{generation}-{uuid.uuid4().hex[:8]}"

    def _write(self, target: Path, *, after: int) -> None:
        """Put the vectors written after a generation into the index at `target`, and take the removed ones out."""
        client = _client(target)
        try:
            collection = client.get_or_create_collection(
                _COLLECTION, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
            )
            removed = self._catalogue.removed(after) if after else []
            for start in range(0, len(removed), _BATCH):
                collection.delete(ids=[str(id_) for id_ in removed[start : start + _BATCH]])
            beyond = 0
            while True:
                ids, vectors = self._catalogue.vectors(after, beyond=beyond, limit=_BATCH)
                if not len(ids):
                    break
                collection.upsert(ids=[str(id_) for id_ in ids], embeddings=vectors)
                beyond = int(ids[-1])
        finally:
            client.close()

    def _publish(self, target: Path, generation: int) -> None:
        published = _Published(target.name, generation, self._catalogue.vector_count(), _fingerprints(target))
        self._catalogue.set_fact("index", json.dumps(asdict(published)))
        self._catalogue.forget_removed(generation)
        for other in self._folder.iterdir():
            if other != target:
                shutil.rmtree(other, ignore_errors=True)

    def _is_sound(self, published: _Published) -> bool:
        """Whether the vector files are those that were published: by size and time, or if copied, by their bytes."""
        folder = self._folder / published.folder
        files = _vector_files(folder)
        if not (folder / "chroma.sqlite3").is_file() or published.files.keys() != dict(files).keys():
            return False
        for name, file in files:
            size, modified, checksum = published.files[name]
            status = file.stat()
            if status.st_size != size or (status.st_mtime_ns != modified and _checksum(file) != checksum):
                return False
        return True


def _raise_interrupts(error: BaseException) -> None:
    """Pass on what isn't Chroma's. Beside its errors Chroma raises its core's panics, which are no `Exception`."""
    if isinstance(error, KeyboardInterrupt | SystemExit | LibraryError):
        raise error


def _client(folder: Path) -> Any:
    import chromadb
    from chromadb.config import Settings

    return chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))


def _vector_files(folder: Path) -> list[tuple[str, Path]]:
    """Chroma's vector files. Until it first writes them in full, with their metadata, every reader makes them anew."""
    written = [metadata.parent for metadata in folder.glob("*/index_metadata.pickle")]
    return [(str(file.relative_to(folder)), file) for parent in written for file in sorted(parent.iterdir())]


def _fingerprints(folder: Path) -> dict[str, list[int]]:
    return {
        name: [file.stat().st_size, file.stat().st_mtime_ns, _checksum(file)] for name, file in _vector_files(folder)
    }


def _checksum(file: Path) -> int:
    checksum = 0
    with file.open("rb") as opened:
        while block := opened.read(2**20):
            checksum = zlib.crc32(block, checksum)
    return checksum
