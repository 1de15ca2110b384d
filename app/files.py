"""Files from the command line, sorted by what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from mimetypes import guess_type
from pathlib import Path

from ..errors import BadInputError, MissingFileError
from ..vision import Image, MediaPolicy, Video, kind_of
from ..vision.source import Source, is_url


@dataclass(frozen=True)
class Given:
    """Pictures and videos in the order given, and the documents and folders that go to a library."""

    media: tuple[Image | Video, ...]
    documents: tuple[Path, ...]


def sort_files(places: Sequence[str], policy: MediaPolicy) -> Given:
    """Sort files and addresses into media and documents by content; a folder counts as documents.

    Raises:
        MissingFileError: there is nothing at a path.
        MediaError: a picture or video can't be read, or `policy` doesn't allow its address.
        BadInputError: a file is neither a picture, a video nor a document.
    """
    media: list[Image | Video] = []
    documents: list[Path] = []
    for place in (word if is_url(word) else Path(word) for word in places):
        if isinstance(place, Path) and place.is_dir():
            documents.append(place)
            continue
        source = _source(place, policy)
        match kind_of(source, policy):
            case "picture":
                media.extend(Image(source, policy=policy).pages)
            case "video":
                media.append(Video(source, policy=policy))
            case "document" if isinstance(place, Path):
                documents.append(place)
            case "document":
                raise BadInputError(f"{source.label}: a document; download it and name the file")
            case _:
                raise _unusable(source)
    return Given(tuple(media), tuple(documents))


def is_model(word: str) -> bool:
    """Whether a word names a model rather than a file: nano, the folder of a checkpoint, or org/name of the hub."""
    if is_url(word):
        return False
    path = Path(word)
    if path.exists():
        return (path / "config.json").is_file()
    return str(path) == "nano" or (len(path.parts) == 2 and not path.is_absolute() and guess_type(path)[0] is None)


def _source(place: str | Path, policy: MediaPolicy) -> Source:
    if isinstance(place, Path) and not place.exists():
        raise MissingFileError(f"{place}: no such file or folder; check the path")
    return Source.of(place, "file", policy)


def _unusable(source: Source) -> BadInputError:
    """Why a file can't be used: what its own kind says of it, if its name claims one."""
    try:
        _ = Video(source).info
    except BadInputError as error:
        if Path(source.name or "").suffix.lower() in {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi"}:
            return error
    return BadInputError(
        f"{source.label}: neither a picture, a video nor a document; give a PNG, JPEG, MP4, PDF, DOCX or text file"
    )
