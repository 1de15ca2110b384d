"""Files into pages of text, by their content."""

from __future__ import annotations

import hashlib
import io
import re
import stat
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DocumentError, MissingFileError
from .kind import Kind, decoded, kind_of
from .pages import Heading, Loaded, Page, PageWriter
from .pdf import pdf_pages

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

MAX_BYTES = 256 * 2**20  # of a file, and of what a zipped document unpacks to

_REFUSED: dict[Kind, str] = {
    "empty": "is empty: put text in it, or leave it out",
    "picture": "is a picture, not a document: give it to the question itself, as agent.ask(question, picture)",
    "video": "is a video, not a document: give it to the question itself, as agent.ask(question, video)",
    "sound": "is a sound recording, not a document: add a transcript of it",
    "office": "is an office file that can't be read: save it as DOCX, PDF or text and add that",
    "archive": "is an archive: unpack it and add the folder",
    "binary": "is not a document (binary data): expected PDF, DOCX, HTML, Markdown or text",
}
_ATX = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$")
_FENCE = re.compile(r"^ {0,3}(```|~~~)")
_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?([\w-]+)", re.I)
_SKIPPED_TAGS = {"script", "style", "nav", "noscript", "template", "svg", "iframe", "head", "button", "select"}
_INLINE_TAGS = {
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd", "label",
    "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
}  # fmt: skip


def load(path: Path) -> Loaded:
    """Read a document: PDF, DOCX, HTML, Markdown or text, told apart by content.

    Raises:
        MissingFileError: there is no such file.
        DocumentError: it can't be read, holds no text, or is no document.
    """
    raw = _bytes(path)
    kind = kind_of(raw, path.name)
    if kind in _REFUSED:
        raise DocumentError(f"{path.name} {_REFUSED[kind]}")
    if kind == "pdf":
        title, pages = pdf_pages(raw, path.name)
    elif kind == "docx":
        title, pages = _docx(raw, path.name)
    elif kind == "html":
        title, pages = _html(raw)
    else:
        title, pages = _text(decoded(raw), markdown=kind == "markdown")
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
        if size > MAX_BYTES:
            raise DocumentError(
                f"{path.name} has {size / 2**20:.0f} MiB, more than {MAX_BYTES // 2**20}: split it, and add the parts"
            )
        return path.read_bytes()
    except FileNotFoundError as error:
        raise MissingFileError(f"no file {str(path)!r}: check the name") from error
    except OSError as error:
        raise DocumentError(
            f"{path.name} can't be read ({error.strerror}): check that it is a file you may read"
        ) from error


def _text(text: str, *, markdown: bool) -> tuple[str, tuple[Page, ...]]:
    """The text as it is; in Markdown, `#` lines outside of code are headings."""
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


def _docx(raw: bytes, name: str) -> tuple[str, tuple[Page, ...]]:
    import docx
    from docx.table import Table

    writer = PageWriter()
    try:
        if sum(member.file_size for member in zipfile.ZipFile(io.BytesIO(raw)).infolist()) > MAX_BYTES:
            raise DocumentError(f"{name} unpacks to more than {MAX_BYTES // 2**20} MiB: split it, and add the parts")
        document = docx.Document(io.BytesIO(raw))
        for item in document.iter_inner_content():
            if isinstance(item, Table):
                # A merged cell is given once for every column it spans.
                writer.table(
                    [_once([cell.text for cell in row.cells], [cell._tc for cell in row.cells]) for row in item.rows]
                )
                continue
            style = (item.style.name or "") if item.style else ""
            level = re.fullmatch(r"Heading (\d)", style)
            if level or style == "Title":
                writer.heading(item.text, int(level[1]) if level else 1)
            elif style.startswith("List"):
                writer.item(item.text)
            else:
                writer.block(item.text)
        title = document.core_properties.title
    except DocumentError:
        raise
    except (
        Exception
    ) as error:  # python-docx lets whatever a broken package causes through: KeyError, lxml's errors, BadZipFile
        raise DocumentError(
            f"{name} is a damaged DOCX ({type(error).__name__}): open and save it again, or leave it out"
        ) from error
    return title.strip(), (writer.page(),)


def _once(texts: list[str], cells: list[object]) -> list[str]:
    return [text for number, text in enumerate(texts) if number == 0 or cells[number] is not cells[number - 1]]


def _html(raw: bytes) -> tuple[str, tuple[Page, ...]]:
    from selectolax.lexbor import LexborHTMLParser

    declared = _CHARSET.search(raw[:2048])
    tree = LexborHTMLParser(decoded(raw, declared[1].decode() if declared else ""))
    title = tree.css_first("title")
    writer = PageWriter()
    if tree.body is not None:
        _walk(tree.body, writer)
    return " ".join(title.text().split()) if title else "", (writer.page(),)


def _walk(root: LexborNode, writer: PageWriter) -> None:
    """Write an element's blocks in document order; runs of inline text become one paragraph."""
    run: list[str] = []

    blocks = [""]  # the tags of those that are open

    def flush() -> None:
        (writer.item if blocks[-1] == "li" else writer.block)(" ".join("".join(run).split()))
        run.clear()

    # Nodes to write, None where a block ends: pages nest deeper than Python's own stack goes.
    pending: list[LexborNode | None] = [root]
    while pending:
        node = pending.pop()
        if node is None:
            flush()
            blocks.pop()
            continue
        tag = node.tag or ""
        if tag == "-text":
            run.append(node.text(deep=False) or "")
        elif tag == "br":
            run.append(" ")
        elif tag in _SKIPPED_TAGS or not tag[:1].isalpha():  # comments and the like
            continue
        elif re.fullmatch("h[1-6]", tag):
            flush()
            writer.heading(node.text(), int(tag[1]))
        elif tag == "pre":
            flush()
            writer.block(node.text())
        elif tag == "table" and not node.css("table table"):
            flush()
            writer.table([[cell.text(separator=" ") for cell in row.css("th, td")] for row in node.css("tr")])
        else:
            if tag not in _INLINE_TAGS:
                flush()
                blocks.append(tag)
                pending.append(None)
            pending.extend(reversed(list(node.iter(include_text=True))))
