"""PDF pages through PDFium: text, page numbers, and headings where the file has an outline."""

from __future__ import annotations

import re
import threading
from typing import Any

from ..errors import DocumentError
from .pages import Heading, Page

_lock = threading.Lock()  # PDFium is not safe for threads

# PDFium puts U+FFFE (older releases U+0002) in place of the hyphen of a word that goes on in the next line.
_HYPHENATED = re.compile("[\ufffe\x02]\\s*")
# A line that goes on in the next: no end of a sentence or cell before the break, a small letter after it.
_WRAPPED = re.compile(r"(?<=[^\s.:;!?|])[ \t]*\n(?=[a-zß-öø-ÿ])")


def pdf_pages(raw: bytes, name: str) -> tuple[str, tuple[Page, ...]]:
    """Title and pages of a PDF; pages without text are kept, so that numbers are the file's own.

    Raises:
        DocumentError: damaged, locked with a password, or without any text.
    """
    import pypdfium2

    with _lock:
        try:
            document = pypdfium2.PdfDocument(raw)
        except pypdfium2.PdfiumError as error:
            if "password" in str(error).lower():
                raise DocumentError(
                    f"{name} is locked with a password: save a copy without one and add that"
                ) from error
            raise DocumentError(
                f"{name} is a damaged PDF ({error}): open and save it again, or leave it out"
            ) from error
        try:
            outline = _outline(document)
            pages = tuple(_page(document, index, outline.get(index, [])) for index in range(len(document)))
            title = document.get_metadata_value("Title")
        except pypdfium2.PdfiumError as error:
            raise DocumentError(
                f"{name} is a damaged PDF ({error}): open and save it again, or leave it out"
            ) from error
        finally:
            document.close()
    if not any(page.text for page in pages):
        raise DocumentError(
            f"{name} is a PDF without text, {len(pages)} scanned pages or so: run it through text recognition first"
        )
    return title.strip(), pages


def _outline(document: Any) -> dict[int, list[tuple[int, str]]]:
    """Page index -> (level, title) of the outline's entries that lead there."""
    entries: dict[int, list[tuple[int, str]]] = {}
    for entry in document.get_toc():
        target = entry.get_dest()
        index = target.get_index() if target else None
        title = " ".join(entry.get_title().split())
        if index is not None and title:
            entries.setdefault(index, []).append((entry.level + 1, title))
    return entries


def _page(document: Any, index: int, outline: list[tuple[int, str]]) -> Page:
    page = document[index]
    textpage = page.get_textpage()
    try:
        text = textpage.get_text_range()
    finally:
        textpage.close()
        page.close()
    text = _HYPHENATED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _WRAPPED.sub(" ", text).strip()
    headings = []
    for level, title in outline:
        found = re.search(r"\s+".join(map(re.escape, title.split())), text, re.IGNORECASE)
        headings.append(Heading(found.start() if found else 0, level, title))
    return Page(text, index + 1, tuple(sorted(headings, key=lambda heading: heading.offset)))
