"""What kind of document some bytes are, judged by the bytes themselves."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import PurePath
from typing import Literal

from ..vision.sniff import picture_mime, video_mime

Kind = Literal["pdf", "docx", "html", "markdown", "text", "picture", "video", "office", "archive", "binary", "empty"]

_PREFIXES: tuple[tuple[bytes, Kind], ...] = (
    (b"\xd0\xcf\x11\xe0", "office"),
    (b"{\\rtf", "office"),
    (b"\x1f\x8b", "archive"),
    (b"7z\xbc\xaf", "archive"),
    (b"Rar!", "archive"),
)
_HTML = re.compile(rb"<(!doctype\s+html|html|head|body|title|meta|div|p|h[1-6]|table|ul|article|main)\b", re.I)
_HEADING = re.compile(r"(?:\A|\n[ \t]*\n)#{1,6} +\S[^\n]*(?=\n[ \t]*\n|\n?\Z)")
_CONTROL = bytes(range(32)).translate(None, b"\t\n\r\f\x1b")


def kind_of_document(raw: bytes, name: str = "") -> Kind:
    """The kind of a file from its bytes.

    Its name only decides what bytes can't: whether text with `#` lines is Markdown.
    """
    if not raw.strip(b" \t\r\n\0"):
        return "empty"
    if b"%PDF-" in raw[:1024]:
        return "pdf"
    for prefix, kind in _PREFIXES:
        if raw.startswith(prefix):
            return kind
    if raw.startswith(b"PK\x03\x04"):
        return _zip_kind(raw)
    if not _is_text(raw):
        return "picture" if picture_mime(raw[:4096]) else "video" if video_mime(raw[:4096]) else "binary"
    head = raw[:2048].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"<svg") or (head.startswith(b"<?xml") and b"<svg" in head):
        return "picture"
    if head.startswith(b"<") and _HTML.search(head):
        return "html"
    suffix = PurePath(name).suffix.lower()
    if suffix in (".md", ".markdown"):
        return "markdown"
    return "markdown" if suffix in ("", ".txt") and _HEADING.search(decoded(raw)) else "text"


def decoded(raw: bytes, declared: str = "") -> str:
    """Text of bytes that are text: by their byte order mark, as UTF-8, as declared, or as Windows-1252.

    Newlines become `\\n`.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = raw.decode("utf-16", errors="replace")
    else:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            try:
                text = raw.decode(declared or "cp1252", errors="replace")
            except LookupError:  # no such encoding
                text = raw.decode("cp1252", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _is_text(raw: bytes) -> bool:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    sample = raw[:65536]
    return b"\0" not in sample and len(sample) - len(sample.translate(None, _CONTROL)) <= len(sample) // 200


def _zip_kind(raw: bytes) -> Kind:
    try:
        names = set(zipfile.ZipFile(io.BytesIO(raw)).namelist())
    except zipfile.BadZipFile:
        return "binary"
    if "word/document.xml" in names:
        return "docx"
    return "office" if "[Content_Types].xml" in names or "mimetype" in names else "archive"
