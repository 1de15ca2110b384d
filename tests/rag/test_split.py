from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from quintet.rag import Heading, Page
from quintet.rag.split import estimated_tokens, split


def words(text: str) -> int:
    return len(text.split())


def test_passages_are_stretches_of_their_page_within_the_budget() -> None:
    text = "\n\n".join(" ".join(f"word{i}-{j}." for j in range(37)) for i in range(9))
    passages = split([Page(text, 4)], budget=50, count=words)
    assert all(text[passage.start : passage.end] == passage.text for passage in passages)
    assert all(words(passage.text) <= 50 and passage.page == 4 for passage in passages)
    assert " ".join(passage.text for passage in passages).split() == text.split()


def test_cuts_at_headings_and_names_their_path() -> None:
    text = "Before.\nA\nin a\nB\nC\nin c\nD\nin d"
    at = {name: text.index(f"\n{name}\n") + 1 for name in "ABCD"}
    headings = (Heading(at["A"], 1, "A"), Heading(at["B"], 2, "B"), Heading(at["C"], 3, "C"), Heading(at["D"], 2, "D"))
    passages = split([Page(text, None, headings)], budget=50, count=words)
    # B has nothing of its own below it: it stays with C.
    assert [(passage.text, passage.heading) for passage in passages] == [
        ("Before.", ""),
        ("A\nin a", "A"),
        ("B\nC\nin c", "A > B > C"),
        ("D\nin d", "A > D"),
    ]


def test_a_heading_holds_over_pages() -> None:
    pages = [Page("Oil\nfirst", 1, (Heading(0, 1, "Oil"),)), Page("more of it", 2)]
    assert [(passage.page, passage.heading) for passage in split(pages, budget=50)] == [(1, "Oil"), (2, "Oil")]


@pytest.mark.parametrize("count", [estimated_tokens, words])
def test_text_without_any_break_is_cut_too(count: Callable[[str], int]) -> None:
    passages = split([Page("x" * 5000)], budget=100, count=count)
    assert "".join(passage.text for passage in passages) == "x" * 5000
    assert all(len(passage.text) <= 1000 for passage in passages)


def test_many_headings_on_a_page() -> None:
    text = "".join(f"H{number}\ntext\n" for number in range(5000))
    offsets = [0, *(match.end() for match in re.finditer("text\n", text))][:-1]
    headings = tuple(Heading(offset, 1, f"H{number}") for number, offset in enumerate(offsets))
    passages = split([Page(text, None, headings)], budget=50)
    assert [passage.heading for passage in passages] == [f"H{number}" for number in range(5000)]


def test_empty_pages_give_nothing() -> None:
    assert split([Page("", 1), Page("  \n ", 2)], budget=50) == []


def test_estimate_counts_ideographs_one_by_one() -> None:
    assert estimated_tokens("知识库") == 3
    assert estimated_tokens("a fine day.") == 4
