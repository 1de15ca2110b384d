from __future__ import annotations

import io
import os
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import PIL.Image
import pypdfium2
import pytest

from quintet.errors import DocumentError, MissingFileError
from quintet.rag.load import load


def test_pdf_keeps_page_numbers_and_joins_wrapped_lines(tmp_path: Path, write_pdf: Callable[..., Path]) -> None:
    path = write_pdf(tmp_path / "a.pdf", [["First page"], [], ["It goes on", "in the next line.", "Then A new one."]])
    document = load(path)
    assert document.kind == "pdf"
    assert [page.number for page in document.pages] == [1, 2, 3]
    assert [page.text for page in document.pages] == ["First page", "", "It goes on in the next line.\nThen A new one."]


def test_pdf_headings_come_from_its_outline(tmp_path: Path, write_pdf: Callable[..., Path]) -> None:
    raw = write_pdf(tmp_path / "a.pdf", [["Words before", "Oil and water", "More"]]).read_bytes()
    raw = raw.replace(b"/Type/Catalog", b"/Type/Catalog/Outlines 91 0 R")
    # PDFium wrote the page as object 4. Without the table of objects, as after a broken download, it looks for them.
    outline = (
        b"91 0 obj<</Type/Outlines/First 92 0 R/Last 92 0 R/Count 1>>endobj\n"
        b"92 0 obj<</Title(Oil and\twater)/Parent 91 0 R/Dest[4 0 R/Fit]>>endobj\n"
    )
    (tmp_path / "b.pdf").write_bytes(raw[: raw.rindex(b"xref\r\n0 ")] + outline + b"trailer<</Root 1 0 R>>\n%%EOF")
    page = load(tmp_path / "b.pdf").pages[0]
    assert [(heading.text, heading.level) for heading in page.headings] == [("Oil and water", 1)]
    assert page.text[page.headings[0].offset :].startswith("Oil and water")


def test_docx_reads_in_order(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_heading("Bolts", level=1)
    document.add_paragraph("How tight they are.")
    table = document.add_table(2, 2)
    cells = [cell for row in table.rows for cell in row.cells]
    for cell, text in zip(cells, ["size", "torque", "M8", "25 Nm"], strict=True):
        cell.text = text
    wide = table.add_row().cells
    wide[0].merge(wide[1]).text = "cold only"
    document.add_paragraph("first", style="List Bullet")
    document.add_paragraph("second", style="List Bullet")
    document.add_heading("Colours", level=2)
    document.add_paragraph("Crimson.")
    document.core_properties.title = "Manual"
    document.save(str(tmp_path / "manual.docx"))
    loaded = load(tmp_path / "manual.docx")
    assert (loaded.kind, loaded.title) == ("docx", "Manual")
    page = loaded.pages[0]
    assert page.number is None
    assert page.text == (
        "Bolts\n\nHow tight they are.\n\nsize | torque\nM8 | 25 Nm\ncold only\n\n"
        "- first\n- second\n\nColours\n\nCrimson."
    )
    assert [(heading.text, heading.level) for heading in page.headings] == [("Bolts", 1), ("Colours", 2)]
    assert all(page.text[heading.offset :].startswith(heading.text) for heading in page.headings)


def test_html_reads_what_is_said(tmp_path: Path) -> None:
    (tmp_path / "page").write_text(
        "<!DOCTYPE html><html><head><title> My \n page</title><style>p {}</style></head><body><nav>Home Imprint</nav>"
        "<h1>Drills</h1>Wear <b>gog</b>gles<br>always.<p>Twice<ul><li>one<li>two<p>more</ul><pre>a\n  b</pre>"
        "<table><tr><th>size<th>torque<tr><td>M8<td>25</table><script>evil()</script><!-- hidden --></body></html>"
    )
    loaded = load(tmp_path / "page")
    assert (loaded.kind, loaded.title) == ("html", "My page")
    assert loaded.pages[0].text == (
        "Drills\n\nWear goggles always.\n\nTwice\n\n- one\n- two\n\nmore\n\na\n  b\n\nsize | torque\nM8 | 25"
    )
    assert [heading.text for heading in loaded.pages[0].headings] == ["Drills"]


def test_html_nested_deeper_than_the_stack(tmp_path: Path) -> None:
    (tmp_path / "deep.html").write_text("<html><body>" + "<div>" * 3000 + "bottom")
    assert load(tmp_path / "deep.html").pages[0].text == "bottom"


def test_markdown_headings_are_not_those_in_code(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Title #\n\n```sh\n# a comment\n```\n\n## Part\ntext #1\n")
    loaded = load(tmp_path / "a.md")
    assert loaded.title == "Title"
    assert [(heading.text, heading.level) for heading in loaded.pages[0].headings] == [("Title", 1), ("Part", 2)]
    assert loaded.pages[0].text[loaded.pages[0].headings[1].offset :] == "## Part\ntext #1\n"


def test_comments_of_programs_are_no_headings(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("\n# a comment\n\nprint(1)\n")
    assert load(tmp_path / "a.py").kind == "text"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_in_several_encodings(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_bytes("Größe:\r\n“fünf”\r\n".encode(encoding))
    assert load(tmp_path / "a.txt").pages[0].text == "Größe:\n“fünf”\n"


def test_html_says_its_encoding(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes("<html><meta charset='shift_jis'><p>猫".encode("shift_jis"))
    assert load(tmp_path / "a.html").pages[0].text == "猫"
    (tmp_path / "a.html").write_bytes("<html><meta charset='nonsense'><p>fünf".encode("cp1252"))
    assert load(tmp_path / "a.html").pages[0].text == "fünf"


def test_content_counts_not_the_name(tmp_path: Path, write_pdf: Callable[..., Path]) -> None:
    path = write_pdf(tmp_path / "a.txt", [["A page"]])
    assert load(path).kind == "pdf"
    (tmp_path / "a.mp4").write_text("just words")
    assert load(tmp_path / "a.mp4").kind == "text"


def test_digest_is_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("same")
    (tmp_path / "b.md").write_text("same")
    assert load(tmp_path / "a.txt").digest == load(tmp_path / "b.md").digest


def _picture() -> bytes:
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (8, 8)).save(buffer, "PNG")
    return buffer.getvalue()


def _zip(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"\0" * 5000, "is empty"),
        (_picture(), "is a picture"),
        (b"\0\0\0\x20ftypisom" + b"\0" * 100, "is a video"),
        (random.Random(0).randbytes(5000), "binary data"),
        (b"%PDF-1.7\n" + random.Random(0).randbytes(5000), "damaged PDF"),
        (_zip({"notes": b"x"}), "is an archive"),
        (_zip({"word/document.xml": b"<broken"}), "damaged DOCX"),
        (_zip({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}), "office file"),
        (b"{\\rtf1 words}", "office file"),
        (b"<html><body><script>x()</script></body></html>", "holds no text"),
    ],
)  # fmt: skip
def test_what_is_no_document_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "file.pdf").write_bytes(content)
    with pytest.raises(DocumentError, match=says) as caught:
        load(tmp_path / "file.pdf")
    assert "file.pdf" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_pdf_without_text_is_refused(tmp_path: Path) -> None:
    document = pypdfium2.PdfDocument.new()
    document.new_page(100, 100).close()
    document.save(tmp_path / "scan.pdf")
    document.close()
    with pytest.raises(DocumentError, match="without text"):
        load(tmp_path / "scan.pdf")


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="nowhere"):
        load(tmp_path / "nowhere.pdf")
    with pytest.raises(DocumentError, match="not a file"):
        load(tmp_path)
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(DocumentError, match="not a file"):
        load(tmp_path / "pipe.txt")


def test_zip_bomb_is_refused_unopened(tmp_path: Path) -> None:
    bomb = _zip({"word/document.xml": b"<w/>", "word/media": bytes(257 * 2**20)})
    assert len(bomb) < 2 * 2**20
    (tmp_path / "bomb.docx").write_bytes(bomb)
    with pytest.raises(DocumentError, match="unpacks to 257 MiB"):
        load(tmp_path / "bomb.docx")


def test_kinds_are_told_by_content(tmp_path: Path) -> None:
    for content, says in [(b"\0\0\0\x20ftypavif" + b"\0" * 20, "picture"), (b"RIFF\0\0\0\0AVI LIST", "video")]:
        (tmp_path / "file.txt").write_bytes(content)
        with pytest.raises(DocumentError, match=says):
            load(tmp_path / "file.txt")
    (tmp_path / "file.txt").write_bytes(b"BMW builds cars.")
    assert load(tmp_path / "file.txt").kind == "text"
