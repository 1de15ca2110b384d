"""Pages into passages: cut at headings, then at paragraphs, lines and sentences, within a budget of tokens."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any

from .pages import Heading, Page

# A token of an unknown embedding, roughly: an ideograph, a syllable or two, or a sign.
_PIECE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af]|\w{1,5}|[^\w\s]")
# Characters of a token, at most: to a tokenizer an encoded picture of a megabyte may be one unknown word.
_LONGEST_TOKEN = 10


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

    def size(text: str) -> int:
        return max(count(text), ceil(len(text) / _LONGEST_TOKEN))

    passages: list[Passage] = []
    path: list[Heading] = []
    for page in pages:
        for start, end, headings in _sections(page):
            for heading in headings:
                path = [outer for outer in path if outer.level < heading.level] + [heading]
            section = page.text[start:end]
            if not section.strip():
                continue
            name = " > ".join(heading.text for heading in path)
            # Without memoize: semchunk's cache of counts would hold on to every text for good.
            chunks: Any = chunk(section, budget, size, memoize=False, offsets=True)
            for text, (offset, _) in zip(*chunks, strict=True):
                first = start + offset + len(text) - len(text.lstrip())
                passages.append(Passage(text.strip(), first, first + len(text.strip()), page.number, name))
    return passages


def _sections(page: Page) -> Iterator[tuple[int, int, list[Heading]]]:
    """Start, end and opening headings of a page's sections; a heading with nothing below it stays with the next."""
    start, headings = 0, list[Heading]()
    for heading in page.headings:
        above = page.text[headings[-1].offset if headings else start : heading.offset]
        if heading.offset > start and (not headings or "\n" in above.strip()):
            yield start, heading.offset, headings
            start, headings = heading.offset, []
        headings.append(heading)
    yield start, len(page.text), headings
