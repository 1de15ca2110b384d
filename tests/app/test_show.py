"""What an agent's events look like on a terminal and in a pipe."""

from __future__ import annotations

import pytest

from quintet.agent import Answer, Citation, End, Notice, TextDelta, ThinkingDelta, ToolCall, ToolResult
from quintet.agent import Event as AgentEvent
from quintet.app.show import Screen, clean, place, print_facts, summary

ANSWER = Answer("It lasts 24 months [1].", citations=(Citation("handbook.pdf", page=3, quote="The warranty"),))
EVENTS: list[AgentEvent] = [
    ThinkingDelta("I will "),
    ThinkingDelta("search."),
    ToolCall("1", "search_documents", {"query": "warranty"}),
    ToolResult("1", "search_documents", "[1] (handbook.pdf, page 3)\nThe warranty lasts 24 months.", False),
    Notice("careful"),
    TextDelta("It lasts "),
    TextDelta("24 months [1]."),
    End(ANSWER),
]


def test_only_the_answer_and_its_sources_go_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert Screen().answer(iter(EVENTS)) is ANSWER
    out, err = capsys.readouterr()
    assert out == "It lasts 24 months [1].\n  — handbook.pdf, page 3\n"
    assert err.splitlines() == [
        "I will search.",
        "→ search_documents(query='warranty')",
        "← [1] (handbook.pdf, page 3) The warranty lasts 24 months.",
        "careful",
    ]


def test_on_a_terminal_the_answer_grows(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    Screen().answer(iter(EVENTS))
    assert capsys.readouterr().out == "It lasts 24 months [1].\n  — handbook.pdf, page 3\n"


def test_quiet_says_nothing_but_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    Screen(quiet=True).answer(iter(EVENTS))
    assert capsys.readouterr().err == ""


def test_an_open_line_is_ended_when_the_events_break_off(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(AssertionError):
        Screen().answer([ThinkingDelta("I will")])
    assert capsys.readouterr().err == "I will\n"


def test_no_escape_sequence_reaches_the_terminal() -> None:
    assert clean("\x1b]0;title\x07 red\x9b31m\ttab\nline\x7f") == "]0;title red31m\ttab\nline"


@pytest.mark.parametrize(
    ("citation", "text"),
    [
        (Citation("a.pdf", page=3), "a.pdf, page 3"),
        (Citation("a.md"), "a.md"),
        (Citation("clip.mp4", start=1.5), "clip.mp4, 1.5 s"),
        (Citation("clip.mp4", start=1.5, end=1.5), "clip.mp4, 1.5 s"),
        (Citation("clip.mp4", start=1.0, end=2.25), "clip.mp4, 1.0 to 2.2 s"),
    ],
)
def test_places(citation: Citation, text: str) -> None:
    assert place(citation) == text


def test_results_are_summed_up_in_a_line() -> None:
    assert summary([{"type": "text", "text": "picture 1:\n"}, {"type": "image", "url": "file:///a.png"}]) == (
        "picture 1: [image]"
    )
    assert len(summary("word " * 1000)) == 300


def test_facts_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    print_facts({"model": {"name": "nano", "layers": {"full": 2}}, "media": [{"kind": "video", "px": [12, 10]}]})
    assert capsys.readouterr().out.splitlines() == [
        "model",
        "  name: nano",
        "  layers: full 2",
        "media",
        "  kind video, px 12 10",
    ]
