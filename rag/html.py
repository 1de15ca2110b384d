"""HTML through selectolax: what a page says, block by block."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .kind import decoded
from .pages import Page, PageWriter

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?([\w-]+)", re.I)
_SKIPPED_TAGS = {"script", "style", "nav", "noscript", "template", "svg", "iframe", "head", "button", "select"}
_INLINE_TAGS = {
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd", "label",
    "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
}  # fmt: skip


def html_pages(raw: bytes) -> tuple[str, tuple[Page, ...]]:
    """Title and text of an HTML page, as one page without a number; without its scripts, styles and navigation."""
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
