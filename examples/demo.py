"""An agent thinks, looks, searches and answers: `make demo`, or python -m examples.demo [FOLDER]

Everything is made on this machine and runs on its CPU; nothing is fetched. Exits with 1 if an answer is wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from langchain_core.tools import BaseTool

from examples.samples import Samples, make_samples
from quintet import Agent, Answer, load_model
from quintet.app.show import Screen
from quintet.rag import Library
from quintet.tools import calculator, watch_video

Tool = BaseTool | Callable[..., Any]


@dataclass(frozen=True)
class Question:
    """A question, a word that a right answer has in it, and the page that it has to cite."""

    text: str
    expected: str
    media: tuple[Path, ...] = ()
    page: int | None = None

    def is_answered(self, answer: Answer) -> bool:
        """Whether `answer` is right."""
        cited = self.page is None or self.page in [citation.page for citation in answer.citations]
        return cited and self.expected.lower() in answer.text.lower()


def room_temperature(room: str) -> str:
    """Get the temperature of a room.

    Args:
        room: name of the room
    """
    return {"kitchen": "21 degrees", "cellar": "14 degrees"}.get(room.lower(), "no such room")


def parts(samples: Samples, library: Library) -> list[tuple[str, list[Tool], list[Question]]]:
    """What each part of the demo is about, its tools, and its questions."""
    return [
        (
            "A picture: a red circle and a blue square",
            [],
            [
                Question("What colour is the circle?", "red", (samples.shapes,)),
                Question("How many shapes are there?", "2", (samples.shapes,)),
            ],
        ),
        ("A picture of a printed word", [], [Question("What does it say?", "STOP", (samples.word,))]),
        (
            "A video: a square moves, a circle appears",
            [watch_video],
            [
                Question("When does the red circle appear?", "2.", (samples.clip,)),
                Question("Which way does the square move?", "right", (samples.clip,)),
            ],
        ),
        (
            "A folder of documents: PDF, HTML, Markdown, Word",
            [library.as_tool()],
            [
                Question("How much does the Lumo lamp weigh?", "3 kilograms", page=1),
                Question("How long does the battery of the Lumo lamp last?", "9 hours", page=2),
            ],
        ),
        (
            "Tools: a calculator, and a Python function the model never saw",
            [calculator, room_temperature],
            [Question("What is 17 * 23?", "391"), Question("How warm is the room kitchen?", "21 degrees")],
        ),
    ]


def main(folder: str) -> int:
    """Ask every question, each in a conversation of its own, and count the wrong answers."""
    screen = Screen()
    samples = make_samples(folder)
    print(f"Sample files are in {folder}/.")
    with screen.waiting("Loading the bundled model"):
        model = load_model(seed=0, max_tokens=200)
    wrong = []
    with TemporaryDirectory() as place, Library(place) as library:
        with screen.progress("Indexing") as show:
            library.add(samples.manuals, progress=show)
        for title, tools, questions in parts(samples, library):
            print(f"\n── {title} ──")
            for question in questions:
                print(f"\nQ: {question.text}  {' '.join(path.name for path in question.media)}".rstrip(), flush=True)
                answer = screen.answer(Agent(model, tools).stream(question.text, *question.media))
                if not question.is_answered(answer):
                    wrong.append(question)
                    page = f" and cites page {question.page}" if question.page else ""
                    print(f"   (wrong: a right answer says {question.expected!r}{page})")
    print(f"\n{len(wrong)} wrong answers" if wrong else "\nAll answers are right.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "demo"))
