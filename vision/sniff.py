"""What a file is, told by its content."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal

from ..errors import BadInputError, MissingFileError
from .policy import MediaPolicy
from .source import Source

Kind = Literal["picture", "video", "document", "unknown"]

_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
# (offset, bytes) of each format, from the formats' own specifications.
_PICTURES: dict[str, tuple[tuple[int, bytes], ...]] = {
    "image/png": ((0, b"\x89PNG\r\n\x1a\n"),),
    "image/jpeg": ((0, b"\xff\xd8\xff"),),
    "image/gif": ((0, b"GIF87a"), (0, b"GIF89a")),
    "image/webp": ((8, b"WEBPVP8"),),
    "image/bmp": ((0, b"BM"),),
    "image/tiff": ((0, b"II*\x00"), (0, b"MM\x00*"), (0, b"II+\x00"), (0, b"MM\x00+")),
    "image/avif": ((4, b"ftypavif"), (4, b"ftypavis")),
    "image/heic": tuple((4, b"ftyp" + brand) for brand in _HEIF_BRANDS),
    "image/jxl": ((0, b"\xff\x0a"), (4, b"JXL \r\n\x87\n")),
    "image/jp2": ((4, b"jP  \r\n\x87\n"), (0, b"\xff\x4f\xff\x51")),
    "image/vnd.adobe.photoshop": ((0, b"8BPS"),),
    "image/x-icon": ((0, b"\x00\x00\x01\x00"),),
}
_VIDEOS: dict[str, tuple[tuple[int, bytes], ...]] = {
    "video/quicktime": ((4, b"ftypqt  "), (4, b"moov"), (4, b"mdat"), (4, b"wide")),
    "video/mp4": ((4, b"ftyp"),),
    "video/webm": ((24, b"webm"), (31, b"webm")),
    "video/x-matroska": ((0, b"\x1a\x45\xdf\xa3"),),
    "video/x-msvideo": ((8, b"AVI "),),
    "video/x-flv": ((0, b"FLV\x01"),),
    "video/mpeg": ((0, b"\x00\x00\x01\xba"), (0, b"\x00\x00\x01\xb3")),
    "video/x-ms-wmv": ((0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),),
}
_DOCUMENTS = (b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rtf")
_PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".avif", ".heic")
_VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".flv", ".mpg", ".mpeg", ".m2ts", ".wmv", ".3gp")
# No binary format goes on for so many bytes without a control character.
_LONG = 128
_ANIMATED = frozenset({"image/gif", "image/webp", "image/png", "image/avif"})


def kind_of(path: str | Path | Source, policy: MediaPolicy = MediaPolicy()) -> Kind:  # noqa: B008  frozen
    """Whether a file is a picture, a video, a document or none of them, whatever its name says.

    An animated GIF, WebP or PNG is a video; sound without pictures is "unknown". Text is a document, unless its name
    claims a picture or a video: then something else was saved in that file's place, and it is "unknown" too.

    Raises:
        MissingFileError: no such file.
    """
    try:
        source = Source.of(path, "file", policy)
    except MissingFileError:
        raise
    except BadInputError:  # empty, a folder or device, or not readable
        return "unknown"
    head = source.head()
    if (mime := picture_mime(head)) is not None:
        return "video" if mime in _ANIMATED and _is_animated(source, policy) else "picture"
    if head.startswith(_DOCUMENTS):
        return "document"
    if is_text(head):
        claimed = Path(source.name or "").suffix.lower()
        return "unknown" if claimed in _PICTURE_SUFFIXES + _VIDEO_SUFFIXES else "document"
    if _has_picture(source, policy):
        return "picture"
    return "video" if _has_video(source, policy) else "unknown"


def picture_mime(head: bytes) -> str | None:
    """The MIME type of a picture's first bytes, or None."""
    return None if is_text(head) else _match(head, _PICTURES)  # "BM" begins many a text


def video_mime(head: bytes) -> str | None:
    """The MIME type of a video container's first bytes, or None."""
    if head[:1] == b"\x47" and head[188:189] == b"\x47":
        return "video/mp2t"
    return _match(head, _VIDEOS)


def is_text(head: bytes) -> bool:
    """Whether the first bytes of a file read as text: no control characters, in UTF-8, UTF-16 or an older encoding."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    if any(byte < 32 and byte not in b"\t\n\f\r\x1b" for byte in head):
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:  # the cut may go through the last character
        return error.start >= len(head) - 3 or len(head) >= _LONG
    return True


def _match(head: bytes, table: dict[str, tuple[tuple[int, bytes], ...]]) -> str | None:
    for mime, marks in table.items():
        if any(head[offset : offset + len(mark)] == mark for offset, mark in marks):
            return mime
    return None


def _is_animated(source: Source, policy: MediaPolicy) -> bool:
    from .picture import open_picture

    try:
        with open_picture(source, policy) as picture:
            return bool(getattr(picture, "is_animated", False))
    except BadInputError:
        return False


def _has_picture(source: Source, policy: MediaPolicy) -> bool:
    from .picture import open_picture

    return _opens(open_picture(source, policy))


def _has_video(source: Source, policy: MediaPolicy) -> bool:
    from .container import open_container

    return _opens(open_container(source, policy))


def _opens(opening: AbstractContextManager[object]) -> bool:
    try:
        with opening:
            return True
    except BadInputError:
        return False
