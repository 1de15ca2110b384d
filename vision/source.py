"""Where a picture or video comes from: a file, or bytes in memory."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..errors import MediaError, MissingFileError


@dataclass(frozen=True)
class Source:
    """A readable file (`path`), or the bytes themselves (`data`). `label` is what errors call it."""

    path: Path | None
    data: bytes | None
    label: str

    @classmethod
    def of(cls, value: str | Path | bytes, kind: str) -> Source:
        """Check that `value` can be read at all; `kind` is "picture" or "video", for the errors.

        Raises:
            MissingFileError: no such file.
            MediaError: a folder or device, an empty file, no bytes, or a file that can't be opened.
        """
        if isinstance(value, bytes):
            if not value:
                raise MediaError(f"The {kind} has 0 bytes; pass the whole file's bytes.")
            return cls(None, value, f"the {kind} of {len(value)} bytes")
        try:
            path = Path(value).expanduser().absolute()
            exists, is_file = path.exists(), path.is_file()
        except (OSError, ValueError, RuntimeError) as error:  # too long, a zero byte, an unknown user's ~
            raise MissingFileError(
                f"{str(value)[:80]!r}: no path of a file ({error}); check the {kind}'s path."
            ) from error
        if not exists:
            raise MissingFileError(f"{path}: no such file; check the path of the {kind}.")
        if not is_file:
            raise MediaError(f"{path}: a folder or device, not a {kind} file; name one file.")
        source = cls(path, None, str(path))
        if not source.head(1):
            raise MediaError(f"{path}: the file is empty (0 bytes); copy or download the {kind} again.")
        return source

    @property
    def name(self) -> str | None:
        """The file's name without its folders; None for bytes."""
        return self.path.name if self.path else None

    def open(self) -> IO[bytes]:
        """A new stream at the first byte."""
        if self.path is None:
            return io.BytesIO(self.data or b"")
        try:
            return self.path.open("rb")
        except OSError as error:
            raise MediaError(f"{self.label}: can't be opened ({error.strerror}); check its permissions.") from error

    def head(self, size: int = 4096) -> bytes:
        """The first `size` bytes, or all there are."""
        if self.data is not None:
            return self.data[:size]
        with self.open() as stream:
            return stream.read(size)

    def read(self) -> bytes:
        """All bytes."""
        if self.data is not None:
            return self.data
        with self.open() as stream:
            return stream.read()
