"""Embeddings of temporal patches that were made before: the latest in memory, and all on disk where there is a folder.

A file holds one embedding, behind a digest of it. Its name is a digest of the weights and the pixels, so models and
processes can share a folder, and a file never changes.
"""

import hashlib
import logging
import os
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import torch
from safetensors.torch import load, save
from torch import Tensor

from ..errors import BadInputError
from ..vision.cache import ByteBudget

MEMORY = 512 << 20
_DISK = 16 << 30
_CHECK = 16  # bytes of the digest in front
_SUFFIX = ".embedding"
_log = logging.getLogger(__name__)


class Encodings:
    """`memory` and `disk` are limits in bytes; `fingerprint` is of the weights, needed with a `folder`.

    Raises:
        BadInputError: if `folder` can't be written.
    """

    def __init__(
        self, memory: int = MEMORY, folder: Path | None = None, *, fingerprint: str = "", disk: int = _DISK
    ) -> None:
        self._known: ByteBudget[Tensor] = ByteBudget(memory)
        self._folder = folder
        self._fingerprint = fingerprint
        self._budget = disk
        self._used = 0  # bytes on disk, as far as this process knows
        if folder:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                self._shrink(folder)
            except OSError as error:
                raise BadInputError(f"the cache folder {str(folder)!r} can't be used: {error}") from error

    def get(self, digest: str, device: torch.device) -> Tensor | None:
        """The embedding `[tokens, hidden]` of the temporal patch with that digest, if it is known."""
        known = self._known.get(digest)
        if known is None and self._folder:
            known = self._load(self._path(self._folder, digest))
            if known is not None:
                known = known.to(device)
                self._known.put(digest, known, known.nbytes)
        return known

    def put(self, digest: str, embedding: Tensor) -> None:
        """Keeps an embedding `[tokens, hidden]`."""
        self._known.put(digest, embedding, embedding.nbytes)
        if self._folder:
            try:
                self._save(self._path(self._folder, digest), embedding)
            except OSError as error:
                _log.warning("an embedding isn't kept in %s: %s", self._folder, error)

    def _load(self, path: Path) -> Tensor | None:
        try:
            content = path.read_bytes()
            check, content = content[:_CHECK], content[_CHECK:]
            if check != _check(path, content):
                _log.warning("%s is damaged; its picture is encoded again", path)
                return None
            path.touch()
        except OSError:
            return None
        return load(content)["embedding"]

    def _save(self, path: Path, embedding: Tensor) -> None:
        content = save({"embedding": embedding.cpu()})
        written = path.with_suffix(f".{uuid4().hex}.writing")
        try:
            written.write_bytes(_check(path, content) + content)
            written.replace(path)
        finally:
            written.unlink(missing_ok=True)
        self._used += len(content)
        if self._used > self._budget:
            self._shrink(path.parent)

    def _shrink(self, folder: Path) -> None:
        """Counts the files of all processes; beyond the budget, an eighth of it goes too, what was used longest ago."""
        files = []
        for entry in os.scandir(folder):
            with suppress(OSError):  # another process has just dropped it
                files.append((entry.stat().st_mtime, entry.stat().st_size, entry.path))
        self._used = sum(size for _, size, _ in files)
        if self._used > self._budget:
            for _, size, path in sorted(files):
                if self._used <= self._budget * 7 // 8:
                    break
                Path(path).unlink(missing_ok=True)
                self._used -= size

    def _path(self, folder: Path, digest: str) -> Path:
        return folder / (hashlib.sha256(f"{self._fingerprint} {digest}".encode()).hexdigest() + _SUFFIX)


def _check(path: Path, content: bytes) -> bytes:
    return hashlib.blake2b(path.stem.encode() + content, digest_size=_CHECK).digest()
