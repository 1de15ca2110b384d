"""Pages into passages: cut at headings, then at paragraphs, lines and sentences, within a budget of tokens."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .pages import Heading, Page

# A token of an unknown embedding, roughly: an ideograph, a syllable or two, or a sign.
_PIECE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af]|\w{1,5}|[^\w\s]")


@dataclass(frozen=True)
class Passage:
    """A stretch of one page: `text` is the page's `text[start:end]`; `heading` is its path, as `Engine > Oil`."""

    text: str
    start: int
    end: int
    page: int | None
    heading: str


def estimated_tokens(text: str) -> int:
    """About how many tokens a text has, where the tokenizer isn't known."""
    return len(_PIECE.findall(text))


def split(pages: Iterable[Page], *, budget: int, count: Callable[[str], int] = estimated_tokens) -> list[Passage]:
    """Cut pages into passages of at most `budget` tokens, none over a heading or a page."""
    from semchunk.semchunk import chunk

    passages: list[Passage] = []
    path: list[Heading] = []
    for page in pages:
        for start, end in _sections(page):
            # A title just above a heading opens the same section: the path goes down to the last.
            for heading in page.headings:
                if start <= heading.offset < end:
                    path = [outer for outer in path if outer.level < heading.level] + [heading]
            section = page.text[start:end]
            if not section.strip():
                continue
            name = " > ".join(heading.text for heading in path)
            # Without memoize: semchunk's cache of counts would hold on to every text for good.
            chunks: Any = chunk(section, budget, count, memoize=False, offsets=True)
            for text, (offset, _) in zip(*chunks, strict=True):
                first = start + offset + len(text) - len(text.lstrip())
                passages.append(Passage(text.strip(), first, first + len(text.strip()), page.number, name))
    return passages


def _sections(page: Page) -> Iterator[tuple[int, int]]:
    """Stretches of a page from heading to heading; a heading with nothing below it stays with the next."""
    start = 0
    for before, heading in zip((None, *page.headings), page.headings, strict=False):
        body = page.text[before.offset : heading.offset] if before else page.text[: heading.offset]
        alone = before is not None and "\n" not in body.strip()
        if heading.offset > start and not alone:
            yield start, heading.offset
            start = heading.offset
    yield start, len(page.text)
