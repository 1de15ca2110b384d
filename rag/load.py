"""Files into pages of text, by their content."""

from __future__ import annotations

import hashlib
import re
import stat
from pathlib import Path

from ..errors import DocumentError, MissingFileError
from .html import html_pages
from .kind import Kind, decoded, kind_of_document
from .pages import Heading, Loaded, Page
from .pdf import pdf_pages
from .word import word_pages

_MAX_BYTES = 256 * 2**20

_REFUSED: dict[Kind, str] = {
    "empty": "is empty: put text in it, or leave it out",
    "picture": "is a picture, not a document: give it to the question itself, as agent.ask(question, picture)",
    "video": "is a video, not a document: give it to the question itself, as agent.ask(question, video)",
    "office": "is an office file that can't be read: save it as DOCX, PDF or text and add that",
    "archive": "is an archive: unpack it and add the folder",
    "binary": "is not a document (binary data): expected PDF, DOCX, HTML, Markdown or text",
}
_ATX = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$")
_FENCE = re.compile(r"^ {0,3}(```|~~~)")


def load(path: Path) -> Loaded:
    """Read a document: PDF, DOCX, HTML, Markdown or text, told apart by content.

    Raises:
        MissingFileError: there is no such file.
        DocumentError: it can't be read, holds no text, or is no document.
    """
    raw = _bytes(path)
    kind = kind_of_document(raw, path.name)
    if kind in _REFUSED:
        raise DocumentError(f"{path.name} {_REFUSED[kind]}")
    if kind == "pdf":
        title, pages = pdf_pages(raw, path.name)
    elif kind == "docx":
        title, pages = word_pages(raw, path.name)
    elif kind == "html":
        title, pages = html_pages(raw)
    else:
        title, pages = _text_pages(decoded(raw), markdown=kind == "markdown")
    if not any(page.text.strip() for page in pages):
        raise DocumentError(f"{path.name} holds no text: leave it out, or give its pictures to the question itself")
    return Loaded(kind, title or path.stem, hashlib.sha256(raw).hexdigest(), pages)


def digest_of(path: Path) -> str:
    """SHA-256 of a file's bytes.

    Raises:
        MissingFileError, DocumentError: as `load`.
    """
    return hashlib.sha256(_bytes(path)).hexdigest()


def _bytes(path: Path) -> bytes:
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise DocumentError(f"{path.name!a} has a name that isn't UTF-8: rename it") from error
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise DocumentError(f"{path.name} is not a file with contents: expected a document")
        size = status.st_size
        if size > _MAX_BYTES:
            raise DocumentError(
                f"{path.name} has {size / 2**20:.0f} MiB, more than {_MAX_BYTES // 2**20}: split it, and add the parts"
            )
        return path.read_bytes()
    except FileNotFoundError as error:
        raise MissingFileError(f"no file {str(path)!r}: check the name") from error
    except OSError as error:
        raise DocumentError(
            f"{path.name} can't be read ({error.strerror}): check that it is a file you may read"
        ) from error


def _text_pages(text: str, *, markdown: bool) -> tuple[str, tuple[Page, ...]]:
    """The text as it is, as one page without a number; in Markdown, `#` lines outside of code are headings."""
    headings: list[Heading] = []
    fence, offset = "", 0
    for line in text.split("\n") if markdown else ():
        mark = _FENCE.match(line)
        if mark and fence in ("", mark[1]):
            fence = "" if fence else mark[1]
        elif not fence and (found := _ATX.match(line)):
            headings.append(Heading(offset, len(found[1]), found[2]))
        offset += len(line) + 1
    title = headings[0].text if headings and headings[0].level == 1 else ""
    return title, (Page(text, None, tuple(headings)),)
