"""Files from the command line, sorted by what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from mimetypes import guess_type
from pathlib import Path

from ..errors import BadInputError, MissingFileError
from ..vision import Image, Video, kind_of


@dataclass(frozen=True)
class Given:
    """Pictures and videos in the order given, and the documents and folders that go to a library."""

    media: tuple[Image | Video, ...]
    documents: tuple[Path, ...]


def sort_files(paths: Sequence[Path]) -> Given:
    """Sort files into media and documents by content; a folder counts as documents.

    Raises:
        MissingFileError: there is nothing at a path.
        MediaError: a picture or video can't be read.
        BadInputError: a file is neither a picture, a video nor a document.
    """
    media: list[Image | Video] = []
    documents: list[Path] = []
    for path in paths:
        if not path.exists():
            raise MissingFileError(f"{path}: no such file or folder; check the path")
        kind = "document" if path.is_dir() else kind_of(path)
        match kind:
            case "picture":
                media.append(Image(path))
            case "video":
                media.append(Video(path))
            case "document":
                documents.append(path)
            case _:
                raise _unusable(path)
    return Given(tuple(media), tuple(documents))


def is_model(path: Path) -> bool:
    """Whether a word names a model rather than a file: nano, the folder of a checkpoint, or org/name of the hub."""
    if path.exists():
        return (path / "config.json").is_file()
    return str(path) == "nano" or (len(path.parts) == 2 and not path.is_absolute() and guess_type(path)[0] is None)


def _unusable(path: Path) -> BadInputError:
    """Why a file can't be used: what its own kind says of it, if its name claims one."""
    try:
        _ = Video(path).info
    except BadInputError as error:
        if path.stat().st_size == 0 or path.suffix.lower() in {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi"}:
            return error
    return BadInputError(
        f"{path}: neither a picture, a video nor a document; give a PNG, JPEG, MP4, PDF, DOCX or text file"
    )
