"""Where a picture or video comes from: a file, or bytes in memory."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import unquote, unquote_to_bytes, urlsplit
from urllib.request import url2pathname

from ..errors import BadInputError, MediaError, MissingFileError
from .policy import MediaPolicy


@dataclass(frozen=True)
class Source:
    """A readable file (`path`), or the bytes themselves (`data`). `label` is what errors call it."""

    path: Path | None
    data: bytes | None
    label: str
    title: str | None = None

    @classmethod
    def of(cls, value: object, kind: str, policy: MediaPolicy = MediaPolicy()) -> Source:  # noqa: B008  frozen
        """Check that `value` can be read at all; `kind` is "picture" or "video", for the errors.

        A path; an address (`https:` where `policy` allows it, `file:`, `data:`); bytes; or an open binary file.

        Raises:
            MissingFileError: no such file.
            MediaError: a folder or device, an empty or too large file, no bytes, a file that can't be opened, or an
                address that may not be or can't be fetched.
            BadInputError: something else.
        """
        if isinstance(value, Source):
            return value
        if isinstance(value, str) and is_url(value):
            return cls._of_url(value, kind, policy)
        if isinstance(value, (str, Path)):
            return cls._of_path(value, kind, policy)
        if isinstance(value, (bytes, bytearray, memoryview)):
            return cls._of_bytes(bytes(value), kind, policy)
        if callable(read := getattr(value, "read", None)):
            if isinstance(value, io.TextIOBase) or not isinstance(data := read(), bytes):
                raise BadInputError(f'The {kind}\'s file gives text; open it with mode "rb".')
            return cls._of_bytes(data, kind, policy)
        raise BadInputError(f"{type(value).__name__} is no {kind}; pass a path, an address or the bytes of a file.")

    @classmethod
    def _of_bytes(cls, data: bytes, kind: str, policy: MediaPolicy, title: str | None = None) -> Source:
        source = cls(None, data, title or f"the {kind} of {len(data)} bytes", title)
        if not data:
            raise MediaError(f"The {kind} has 0 bytes; pass the whole file's bytes.")
        policy.check_bytes(len(data), source.label)
        return source

    @classmethod
    def _of_url(cls, url: str, kind: str, policy: MediaPolicy) -> Source:
        scheme = url.partition(":")[0].lower()
        if scheme == "data":
            return cls._of_bytes(_read_data_url(url), kind, policy)
        if scheme == "file":
            host, _, path = url[5:].removeprefix("//").partition("/")
            if host not in ("", "localhost"):
                raise MediaError(f"{url[:80]}: a file on another machine; copy it here and pass its path.")
            return cls._of_path(url2pathname("/" + path), kind, policy)
        from .fetch import fetch

        data = fetch(url, policy)
        parts = urlsplit(url)
        return cls._of_bytes(data, kind, policy, PurePosixPath(unquote(parts.path)).name or parts.hostname)

    @classmethod
    def _of_path(cls, value: str | Path, kind: str, policy: MediaPolicy) -> Source:
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
            raise MediaError(f"{path}: a folder or device; name one file.")
        source = cls(path, None, str(path))
        policy.check_bytes(path.stat().st_size, source.label)
        if not source.head(1):
            raise MediaError(f"{path}: the file is empty (0 bytes); copy or download the {kind} again.")
        return source

    @property
    def name(self) -> str | None:
        """The file's name without its folders or address; None for bytes."""
        return self.path.name if self.path else self.title

    @property
    def identity(self) -> str:
        """Equal for equal content: a file's path, length and time of change, or a digest of bytes. Raises as `open`."""
        return self._digest if self.path is None else f"{self.path} {self.stamp}"

    @property
    def stamp(self) -> tuple[int, int]:
        """A file's length in bytes and time of change in ns; 0 for bytes, which never change. Raises as `open`."""
        if self.path is None:
            return len(self.data or b""), 0
        try:
            stat = self.path.stat()
        except OSError as error:
            raise _unreadable(self.label, error) from error
        return stat.st_size, stat.st_mtime_ns

    @cached_property
    def _digest(self) -> str:
        return hashlib.blake2b(self.read(), digest_size=16).hexdigest()

    def open(self) -> IO[bytes]:
        """A new stream at the first byte.

        Raises:
            MissingFileError: the file is there no longer.
            MediaError: it can't be opened.
        """
        if self.path is None:
            return io.BytesIO(self.data or b"")
        try:
            return self.path.open("rb")
        except OSError as error:
            raise _unreadable(self.label, error) from error

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


def _unreadable(label: str, error: OSError) -> BadInputError:
    if isinstance(error, FileNotFoundError):
        return MissingFileError(f"{label}: the file is there no longer; put it back, or pass its new path.")
    return MediaError(f"{label}: can't be opened ({error.strerror}); check its permissions.")


def is_url(text: str) -> bool:
    """Whether `text` is an address rather than a path."""
    return "://" in text[:32] or text[:5].lower() in ("data:", "file:")


def decode_base64(text: str) -> bytes:
    """Bytes from base64, which may be broken into lines.

    Raises:
        MediaError: something else is among it, or it is cut off.
    """
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise MediaError(f"A content block's base64 can't be read ({error}); encode the file's bytes again.") from error


def _read_data_url(url: str) -> bytes:
    header, comma, body = url.partition(",")
    if not comma:
        raise MediaError(f"{url[:40]!r}: a data: URL without content; expected data:TYPE;base64,CONTENT.")
    return decode_base64(unquote(body)) if header.lower().endswith(";base64") else unquote_to_bytes(body)
