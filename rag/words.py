"""What full-text search sees of a text, and the expression a question becomes."""

from __future__ import annotations

import re

# Chinese, Japanese and Korean write words without spaces: such a run is searched by its pairs of characters.
_RUN = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]+")
_WORD = re.compile(r"\w+")
_MOST_WORDS = 64  # of a query; more cost time and tell nothing
_COMMON = frozenset(
    re.findall(
        r"\w+",
        """
        a about all also am an and any are as at be been but by can could did do does for from had has have he how i if
        in into is it its me my no not of on or our she so some than that the their them then there these they this
        those to us was we were what when where which who whom whose why will with would you your
        """,
    )
)


def searchable(text: str) -> str:
    """The text with each unspaced run spelt as overlapping pairs."""
    return _RUN.sub(lambda run: f" {' '.join(_pairs(run[0]))} ", text)


def match_expression(query: str, *, every: bool = False) -> str:
    """An FTS5 expression for any word of the query, or every one; common English words count only without others."""
    words = list(dict.fromkeys(_WORD.findall(searchable(query).lower())))
    telling = [word for word in words if word not in _COMMON]
    words = (telling or words)[:_MOST_WORDS]
    return (" AND " if every else " OR ").join(f'"{word}"' for word in words)


def _pairs(run: str) -> list[str]:
    return [run[start : start + 2] for start in range(len(run) - 1)] or [run]
