"""Files into the catalogue: what is new or changed is read, cut, embedded in batches and written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from langchain_core.embeddings import Embeddings

from .catalogue import Catalogue, Vectors
from .embed import identity_of, token_counter, unit
from .files import Found, Skipped
from .load import digest_of, load
from .pages import Loaded
from .settings import LibrarySettings
from .split import Passage, split

_AT_ONCE = 128  # passages embedded together


@dataclass(frozen=True)
class AddReport:
    """What `Library.add` did, by source. A file that moved counts as updated."""

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


@dataclass(frozen=True)
class _Job:
    """A document that waits for its vectors."""

    source: str
    path: str
    loaded: Loaded
    passages: list[Passage]


class Intake:
    """Fills a catalogue. Only for who holds the library's lock, but for `read`."""

    def __init__(
        self,
        catalogue: Catalogue,
        embedding: Embeddings | None,
        settings: LibrarySettings,
        settled: Callable[[str], None],
    ) -> None:
        """settled: called with a file's source when it is written, or found to need nothing."""
        self._catalogue = catalogue
        self._settled = settled
        self._embedding = embedding
        self._budget = settings.passage_tokens
        self._jobs: list[_Job] = []

    def read(self, file: Found) -> Loaded | None:
        """The document in a file, or None if the catalogue has it as it is.

        Raises:
            MissingFileError, DocumentError: as `load`.
        """
        digest = digest_of(file.path)
        known = self._catalogue.document("path", str(file.path))
        return None if known and known.digest == digest else load(file.path)

    def take(self, file: Found, loaded: Loaded | None, report: AddReport) -> None:
        """Put what `read` gave in line for the catalogue, and its source in the report."""
        path = str(file.path)
        known = self._catalogue.document("path", path)
        if known and (loaded is None or known.digest == loaded.digest):
            report.unchanged.append(known.source)
            self._settled(known.source)
            return
        loaded = loaded or load(file.path)  # None: it was removed from the catalogue since it was read
        moved = None if known else self._catalogue.document("digest", loaded.digest)
        if moved and not Path(moved.path).exists():
            source = moved.source if moved.source == file.source else self._free_source(file)
            self._catalogue.move(moved.id, source, path)
            report.updated.append(source)
            self._settled(source)
            return
        source = known.source if known else self._free_source(file)
        (report.updated if known else report.added).append(source)
        passages = split(loaded.pages, budget=self._budget, count=token_counter(self._embedding))
        self._jobs.append(_Job(source, path, loaded, passages))
        if sum(len(job.passages) for job in self._jobs) >= _AT_ONCE:
            self.finish()

    def finish(self) -> None:
        """Embed and write what is in line."""
        jobs, self._jobs = self._jobs, []
        vectors = self._vectors([(passage.heading, passage.text) for job in jobs for passage in job.passages])
        start = 0
        for job in jobs:
            end = start + len(job.passages)
            self._catalogue.put(
                job.source, job.path, job.loaded, job.passages, None if vectors is None else vectors[start:end]
            )
            start = end
            self._settled(job.source)

    def fill(self) -> None:
        """Embed passages that were added while there was no embedding."""
        while self._embedding and (rows := self._catalogue.without_vectors(_AT_ONCE)):
            vectors = self._vectors([(heading, text) for _, heading, text in rows])
            if vectors is not None:
                self._catalogue.add_vectors([id_ for id_, _, _ in rows], vectors)

    def _free_source(self, file: Found) -> str:
        """The file's source, with as many folders before it as tell it from the library's others."""
        taken = {job.source for job in self._jobs}
        source = Path(file.source)
        for folder in file.path.parents[len(source.parts) - 1 :]:
            if source.as_posix() not in taken and self._catalogue.document("source", source.as_posix()) is None:
                break
            source = Path(folder.name or folder) / source
        return source.as_posix()

    def _vectors(self, passages: Iterable[tuple[str, str]]) -> Vectors | None:
        """Unit vectors of (heading, text), `[passages, dimension]`."""
        texts = [text if heading.split(" > ")[-1] in text else f"{heading}\n{text}" for heading, text in passages]
        if self._embedding is None or not texts:
            return None
        vectors = unit(self._embedding.embed_documents(texts))
        if self._catalogue.fact("embedding") is None:
            self._catalogue.set_fact("dimension", str(vectors.shape[-1]))
            self._catalogue.set_fact("embedding", identity_of(self._embedding))
        self._catalogue.check_dimension(vectors.shape[-1])
        return vectors
