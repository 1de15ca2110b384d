"""What a file becomes before it is cut: pages of text with the headings found in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Heading:
    """A heading at character `offset` of its page; `level` 1 is the outermost."""

    offset: int
    level: int
    text: str


@dataclass(frozen=True)
class Page:
    """Text of one page. `number` counts from 1 and is None where the format has no pages."""

    text: str
    number: int | None = None
    headings: tuple[Heading, ...] = ()


@dataclass(frozen=True)
class Loaded:
    """A document as read: its `digest` is the SHA-256 of the file's bytes."""

    kind: str
    title: str
    digest: str
    pages: tuple[Page, ...]


@dataclass
class PageWriter:
    """Collects the blocks of one page, a blank line between them, and keeps the offsets of headings."""

    number: int | None = None
    _parts: list[str] = field(default_factory=list)
    _length: int = 0
    _headings: list[Heading] = field(default_factory=list)

    def block(self, text: str) -> None:
        """Add a paragraph or table; empty ones are dropped."""
        self._append(text.strip(), gap="\n\n")

    def item(self, text: str) -> None:
        """Add a list item; one right after another stands on the next line."""
        if text.strip():
            self._append(
                f"- {text.strip()}", gap="\n" if self._parts and self._parts[-1].lstrip().startswith("- ") else "\n\n"
            )

    def heading(self, text: str, level: int) -> None:
        """Add a heading line, whitespace inside it collapsed."""
        text = " ".join(text.split())
        if text:
            self._headings.append(Heading(self._length + (2 if self._parts else 0), level, text))
            self.block(text)

    def table(self, rows: Iterable[Iterable[str]]) -> None:
        """Add a table, one line a row, cells between bars."""
        lines = [" | ".join(" ".join(cell.split()) for cell in row) for row in rows]
        self.block("\n".join(line for line in lines if line.strip(" |")))

    def _append(self, text: str, gap: str) -> None:
        if text:
            self._parts.append(gap + text if self._parts else text)
            self._length += len(self._parts[-1])

    def page(self) -> Page:
        return Page("".join(self._parts), self.number, tuple(self._headings))
