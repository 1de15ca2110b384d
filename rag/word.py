"""DOCX through python-docx: headings, paragraphs, lists and tables, in order."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING

from ..errors import DocumentError
from .pages import Page, PageWriter

if TYPE_CHECKING:
    from docx.table import Table

_MAX_UNPACKED = 256 * 2**20  # bytes


def word_pages(raw: bytes, name: str) -> tuple[str, tuple[Page, ...]]:
    """Title and text of a DOCX, as one page without a number.

    Raises:
        DocumentError: damaged, or far larger than it looks.
    """
    try:
        unpacked = sum(member.file_size for member in zipfile.ZipFile(io.BytesIO(raw)).infolist())
        if unpacked > _MAX_UNPACKED:
            raise DocumentError(
                f"{name} unpacks to {unpacked >> 20} MiB, more than {_MAX_UNPACKED >> 20}: split it, and add the parts"
            )
        return _read(raw)
    except DocumentError:
        raise
    except Exception as error:  # a broken package raises whatever python-docx, lxml or zipfile stumble on
        kind = type(error).__name__
        raise DocumentError(f"{name} is a damaged DOCX ({kind}): open and save it again, or leave it out") from error


def _read(raw: bytes) -> tuple[str, tuple[Page, ...]]:
    import docx
    import docx.table

    document = docx.Document(io.BytesIO(raw))
    writer = PageWriter()
    for item in document.iter_inner_content():
        if isinstance(item, docx.table.Table):
            writer.table(_rows(item))
            continue
        style = (item.style.name or "") if item.style else ""
        if level := re.fullmatch(r"Heading (\d)", style):
            writer.heading(item.text, int(level[1]))
        elif style == "Title":
            writer.heading(item.text, 1)
        elif style.startswith("List"):
            writer.item(item.text)
        else:
            writer.block(item.text)
    return document.core_properties.title.strip(), (writer.page(),)


def _rows(table: Table) -> list[list[str]]:
    """The cells' texts; a merged cell, which comes once for every column it spans, once."""
    rows = []
    for row in table.rows:
        cells = {cell._tc: cell.text for cell in row.cells}
        rows.append(list(cells.values()))
    return rows
