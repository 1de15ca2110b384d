from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings

from quintet.rag import Library, OfflineEmbedding, default_embedding

WritePdf = Callable[[Path, Sequence[Sequence[str]]], Path]


@pytest.fixture(scope="session")
def write_pdf() -> WritePdf:
    """Writes a real PDF: a page for each list of lines."""

    def write(path: Path, pages: Sequence[Sequence[str]]) -> Path:
        document = pypdfium2.PdfDocument.new()
        font = pdfium.FPDFText_LoadStandardFont(document, b"Helvetica")
        for lines in pages:
            page = document.new_page(595, 842)
            for number, line in enumerate(lines):
                text = pdfium.FPDFPageObj_CreateTextObj(document, font, 12.0)
                encoded = (line + "\0").encode("utf-16-le")
                pdfium.FPDFText_SetText(text, (ctypes.c_ushort * (len(encoded) // 2)).from_buffer_copy(encoded))
                pdfium.FPDFPageObj_Transform(text, 1, 0, 0, 1, 60, 780 - 16 * number)
                pdfium.FPDFPage_InsertObject(page, text)
            pdfium.FPDFPage_GenerateContent(page)
            page.close()
        document.save(path)
        pdfium.FPDFFont_Close(font)
        document.close()
        return path

    return write


@pytest.fixture(scope="session")
def embedding() -> Embeddings:
    """Deterministic vectors without meaning: for tests that search by words, or for a passage's very text."""
    return DeterministicFakeEmbedding(size=32)


@pytest.fixture(scope="session")
def offline() -> OfflineEmbedding:
    """The offline embedding, its model loaded once for all tests."""
    found = default_embedding()
    assert found is not None
    return found


@pytest.fixture
def library(tmp_path: Path, embedding: Embeddings) -> Iterator[Library]:
    with Library(tmp_path / "library", embedding=embedding) as opened:
        yield opened


@pytest.fixture
def manuals(tmp_path: Path, write_pdf: WritePdf) -> Path:
    """A folder with a PDF of three pages, Markdown in a folder, and HTML."""
    folder = tmp_path / "manuals"
    (folder / "office").mkdir(parents=True)
    write_pdf(
        folder / "engine.pdf",
        [
            ["The Boreas engine", "A handbook for owners."],
            ["Changing the oil", "The oil is changed every 400 hours of", "operation, while the engine is warm."],
            ["Warranty", "The warranty ends two years after purchase."],
        ],
    )
    (folder / "office" / "rules.md").write_text(
        "# Rules\n\n## Pets\n\nA kitten may sleep on the radiator.\n\n"
        "## Bills\n\nInvoices are settled within thirty days.\n"
    )
    (folder / "safety.html").write_text("<!doctype html><title>Safety</title><p>Wear goggles when you drill.</p>")
    return folder
