"""An agent at work, on a terminal: thinking and tools dimmed on stderr, the answer on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from ..agent import Answer, Citation, End, Event, Notice, TextDelta, ThinkingDelta, ToolCall, ToolResult

# What a model writes may come from a web page: let no escape sequence through to the terminal.
_CONTROLS = {code: None for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}
_LONG = 300  # characters of a tool's result worth showing


def clean(text: str) -> str:
    """`text` without control characters."""
    return text.translate(_CONTROLS)


class Screen:
    """Writes events as they come. `quiet` leaves stderr to errors only."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._error = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True, quiet=quiet)
        self._live = sys.stdout.isatty()
        self._open_line: type[Event] | None = None

    @contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """A spinner beside `text`, on a terminal only."""
        if not self._error.is_terminal:
            yield
            return
        with self._error.status(text):
            yield

    @contextmanager
    def progress(self, text: str) -> Iterator[Callable[[int, int, str], None]]:
        """A progress bar, on a terminal only; call what it gives with (done, total, detail)."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[detail]}"),
        )
        with Progress(*columns, console=self._error, transient=True, disable=not self._error.is_terminal) as bar:
            task = bar.add_task(text, total=None, detail="")
            yield lambda done, total, detail: bar.update(task, completed=done, total=total, detail=clean(detail))

    def note(self, text: str) -> None:
        """One line on stderr."""
        self._error.print(clean(text), style="yellow")

    def answer(self, events: Iterable[Event]) -> Answer:
        """Show events until the end; on a terminal the answer grows as it is written, elsewhere it comes whole."""
        try:
            for event in events:
                if type(event) is not self._open_line:
                    self._break()
                if isinstance(event, End):
                    self._finish(event.answer)
                    return event.answer
                self._show(event)
        finally:
            self._break()
        raise AssertionError("the events ended without an End")

    def _show(self, event: Event) -> None:
        match event:
            case ThinkingDelta(text):
                self._dim(text, end="")
                self._open_line = ThinkingDelta
            case TextDelta(text) if self._live:
                print(clean(text), end="", flush=True)
                self._open_line = TextDelta
            case ToolCall(_, name, args):
                self._dim(f"→ {name}({arguments(args)})")
            case ToolResult(_, _, content, error):
                self._dim(f"{'✗' if error else '←'} {summary(content)}")
            case Notice(text):
                self.note(text)
            case _:
                pass

    def _finish(self, answer: Answer) -> None:
        if not self._live:
            print(clean(answer.text))
        for citation in answer.citations:
            print(f"  — {clean(place(citation))}")
        sys.stdout.flush()

    def _break(self) -> None:
        """End a line that deltas have left open."""
        if self._open_line is ThinkingDelta:
            self._dim("")
        elif self._open_line is TextDelta:
            print()
        self._open_line = None

    def _dim(self, text: str, *, end: str = "\n") -> None:
        self._error.print(clean(text), style="dim", end=end)


def arguments(args: Mapping[str, Any] | str) -> str:
    """A call's arguments in one line; those that can't be parsed as they were written."""
    if isinstance(args, str):
        return args
    return ", ".join(f"{name}={value!r}" for name, value in args.items())


def place(citation: Citation) -> str:
    """Where a citation points: `handbook.pdf, page 3` or `clip.mp4, 1.5 s`."""
    parts = [citation.source]
    if citation.page is not None:
        parts.append(f"page {citation.page}")
    if citation.start is not None:
        end = citation.end
        parts.append(
            f"{citation.start:.1f} s" if end in (None, citation.start) else f"{citation.start:.1f} to {end:.1f} s"
        )
    return ", ".join(parts)


def summary(content: str | Sequence[str | dict[str, Any]]) -> str:
    """A tool's result in one line; pictures and videos by their kind."""
    parts = [content] if isinstance(content, str) else content
    words = [part if isinstance(part, str) else part.get("text", f"[{_kind(part)}]") for part in parts]
    text = " ".join(" ".join(words).split())
    return text if len(text) <= _LONG else text[: _LONG - 1] + "…"


def _kind(block: Mapping[str, Any]) -> str:
    """What a block holds; a file's MIME type tells."""
    return str(block.get("mime_type") or block.get("type")).partition("/")[0]


def answer_facts(answer: Answer) -> dict[str, Any]:
    """An answer as JSON-able facts, without the messages."""
    return {
        "answer": answer.text,
        "thinking": answer.thinking,
        "citations": [asdict(citation) for citation in answer.citations],
        "notes": list(answer.notes),
        "steps": answer.steps,
        "stopped": answer.stopped,
        "usage": answer.usage,
    }


def print_json(facts: Mapping[str, Any]) -> None:
    """One JSON object on one line."""
    print(json.dumps(facts, ensure_ascii=False))


def print_facts(facts: Mapping[str, Any], indent: str = "") -> None:
    """Facts for people: a line each; those with parts of their own begin an indented block."""
    for key, value in facts.items():
        label = indent + _words(key)
        match value:
            case dict() if any(isinstance(part, dict | list) for part in value.values()):
                print(label)
                print_facts(value, indent + "  ")
            case [dict(), *_]:
                print(label)
                for item in value:
                    print(f"{indent}  {_in_line(item)}")
            case _:
                print(f"{label}: {_in_line(value, key)}")


def _in_line(value: Any, key: str = "") -> str:
    """A fact in words; `key` says whether it is in bytes."""
    match value:
        case dict():
            shown = ((name, part) for name, part in value.items() if part is not None)
            return ", ".join(f"{_words(name)} {_in_line(part, f'{key} {name}')}" for name, part in shown)
        case list():
            return " ".join(_in_line(part) for part in value)
        case None:
            return "none"
        case int() if "bytes" in key:
            return decimal(value)
        case int():
            return f"{value:,}"
        case _:
            return clean(str(value))


def _words(key: str) -> str:
    """The name of a fact; bytes are told by their unit."""
    return key.removeprefix("bytes_").replace("_bytes", "").replace("_", " ")
