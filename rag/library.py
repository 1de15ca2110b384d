"""A library: documents on disk, found by meaning and by words."""

from __future__ import annotations

import logging
import os
import socket
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count, islice
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.tools import BaseTool

from ..errors import BadInputError, DocumentError, LibraryError, MissingFileError
from .catalogue import Catalogue, DocumentRecord, StoredPassage
from .embed import default_embedding, identity_of
from .files import Skipped, collect
from .intake import AddReport, Intake
from .retriever import LibraryRetriever, search_tool
from .search import Searcher
from .settings import LibrarySettings
from .store import ChromaIndex

_log = logging.getLogger(__name__)

Progress = Callable[[int, int, str], None]


class Library:
    """Documents under `path`, a folder that is made if there is none (unless `create` is off).

    embedding: any langchain-core `Embeddings`; by default the offline one if it is installed, else passages are found
    by their words only. An embedding with a method `count_tokens(text) -> int` has passages cut by its own tokens.

    Raises:
        LibraryError: it can't be opened, or was made with another embedding.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        embedding: Embeddings | None = None,
        settings: LibrarySettings | None = None,
        create: bool = True,
    ) -> None:
        self.path = Path(path)
        self.settings = settings or LibrarySettings()
        if not create and not (self.path / "catalogue.sqlite").is_file():
            raise LibraryError(f"no library in {str(self.path)!r}: check the path, or make one by adding documents")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LibraryError(
                f"{str(self.path)!r} can't be a library ({error.strerror}): give the path of a folder"
            ) from error
        self.embedding = default_embedding() if embedding is None else embedding
        self._catalogue = Catalogue(self.path / "catalogue.sqlite")
        self._index = ChromaIndex(self.path / "index", self._catalogue)
        self.close = weakref.finalize(self, _close, self._index, self._catalogue)
        self._lock = FileLock(self.path / "lock")
        self._searcher = Searcher(self._catalogue, self._index, self.embedding, self.settings)
        try:
            self._check_embedding()
        except LibraryError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Contents

    def add(self, *paths: str | os.PathLike[str], progress: Progress | None = None) -> AddReport:
        """Add files, and all documents of folders. A file that changed replaces what the library had of it.

        progress: called with (files done, files in all, source) when a file is written, or found to need nothing.

        Raises:
            MissingFileError, DocumentError: a file that was named itself can't be used; nothing was written.
            LibraryError: another process is writing, or the disk refuses; what was added before stays.
        """
        files, skipped = collect(paths, leave_out=self.path)
        report = AddReport(skipped=skipped)
        done = count(1)

        def settled(source: str) -> None:
            if progress:
                progress(next(done), len(files), source)

        intake = Intake(self._catalogue, self.embedding, self.settings, settled)
        read = {file: intake.read(file) for file in files if file.named}
        with self._writing():
            intake.fill()
            for file in files:
                try:
                    intake.take(file, read[file] if file.named else intake.read(file), report)
                except (DocumentError, MissingFileError) as error:
                    report.skipped.append(Skipped(file.source, str(error)))
                    settled(file.source)
            intake.finish()
            self._index.refresh()
        return report

    def remove(self, source: str) -> None:
        """Remove a document by its source, as `documents()` lists it.

        Raises:
            BadInputError: there is no such document.
        """
        with self._writing():
            if self._catalogue.document("source", source) is None:
                raise BadInputError(
                    f"no document {source!r} in {str(self.path)!r}: library.documents() lists their sources"
                )
            self._catalogue.remove(source)
            self._index.refresh()

    def documents(self) -> list[DocumentRecord]:
        """All documents, by source."""
        return self._catalogue.documents()

    # Search

    def search(self, query: str, k: int = 5) -> list[Document]:
        """The k best passages, best first.

        Each document's metadata has `source`, `page` (from 1, None without pages), `heading` (a path, "" without),
        `score` (0..1, where 1 is first by meaning and by words) and `path` (of the file).

        Raises:
            BadInputError: an empty query, or k below 1.
        """
        if not query.strip():
            raise BadInputError("the query is empty: expected some words to look for")
        if k < 1:
            raise BadInputError(f"k={k}: expected at least 1 passage")
        tries = 10
        while True:
            ranked = self._searcher.ranked(query, k)
            passages = self._catalogue.passages([id_ for id_, _ in ranked])
            tries -= 1
            if len(passages) == len(ranked) or not tries:  # else a writer has just replaced some
                break
        if self._index.damaged:
            self._heal()
        found = ((passages[id_], score) for id_, score in ranked if id_ in passages)
        return [_document(passage, score) for passage, score in islice(found, k)]

    def as_retriever(self, *, k: int = 5) -> LibraryRetriever:
        """This library as LangChain's retriever."""
        return LibraryRetriever(library=self, k=k)

    def as_tool(self, *, k: int = 5) -> BaseTool:
        """This library as an agent's tool, `search_documents(query)`."""
        return search_tool(self, k)

    # Inside

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            self._lock.acquire(timeout=self.settings.lock_timeout)
        except Timeout as error:
            writer = self._catalogue.fact("writer")
            raise LibraryError(
                f"{str(self.path)!r} is being written by {writer}: wait until it is done, or stop it"
            ) from error
        try:
            self._check_embedding()
            self._catalogue.set_fact("writer", f"process {os.getpid()} on {socket.gethostname()}")
            yield
        finally:
            self._lock.release()

    def _heal(self) -> None:
        try:
            with self._lock.acquire(timeout=0):
                self._index.refresh()
        except Timeout:
            pass  # who writes now will rebuild it; until then every vector is compared
        except LibraryError as error:
            _log.warning("%s", error)

    def _check_embedding(self) -> None:
        made_with = self._catalogue.fact("embedding")
        if self.embedding is None or made_with is None:
            return
        if made_with != (given := identity_of(self.embedding)):
            raise LibraryError(
                f"{str(self.path)!r} was made with the embedding {made_with}, not {given}: "
                "open it with that one, or add the documents to a new library"
            )


def _document(passage: StoredPassage, score: float) -> Document:
    metadata = {
        "source": passage.source,
        "page": passage.page,
        "heading": passage.heading,
        "score": round(score, 4),
        "path": passage.path,
    }
    return Document(id=str(passage.id), page_content=passage.text, metadata=metadata)


def _close(index: ChromaIndex, catalogue: Catalogue) -> None:
    index.close()
    catalogue.close()
