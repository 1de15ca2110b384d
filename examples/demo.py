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
from quintet import Agent, load_model
from quintet.app.show import Screen
from quintet.rag import Library
from quintet.tools import calculator, watch_video

Tool = BaseTool | Callable[..., Any]


@dataclass(frozen=True)
class Question:
    """A question and a word that a right answer has in it."""

    text: str
    expected: str
    media: tuple[Path, ...] = ()


def count_stock(item: str) -> int:
    """Count how many of an item are in stock.

    Args:
        item: name of the item
    """
    return {"lamp": 12, "table": 3}.get(item.lower(), 0)


def conversations(samples: Samples, library: Library) -> list[tuple[str, list[Tool], list[Question]]]:
    """What each conversation is about, its tools, and its questions."""
    return [
        (
            "A picture: a red circle and a blue square",
            [],
            [
                Question("What colour is the circle?", "red", (samples.shapes,)),
                Question("How many shapes are there?", "2"),
            ],
        ),
        ("A picture of a printed word", [], [Question("What does it say?", "STOP", (samples.word,))]),
        (
            "A video: a square moves, a circle appears",
            [watch_video],
            [
                Question("When does the red circle appear?", "2.", (samples.clip,)),
                Question("Which way does the square move?", "right"),
            ],
        ),
        (
            "A folder of documents: PDF, HTML, Markdown, Word",
            [library.as_tool()],
            [Question("How long does the warranty of the Lumo lamp last?", "24 months")],
        ),
        (
            "Tools: a calculator, and a Python function the model never saw",
            [calculator, count_stock],
            [Question("What is 17 * 23?", "391"), Question("How many of the item lamp are in stock?", "12")],
        ),
    ]


def main(folder: str) -> int:
    """Hold every conversation and count the wrong answers."""
    screen = Screen()
    samples = make_samples(folder)
    print(f"Sample files are in {folder}/.")
    with screen.waiting("Loading the bundled model"):
        model = load_model(seed=0, max_tokens=200)
    wrong = []
    with TemporaryDirectory() as place, Library(place) as library:
        with screen.progress("Indexing") as show:
            library.add(samples.manuals, progress=show)
        for title, tools, questions in conversations(samples, library):
            print(f"\n── {title} ──")
            agent = Agent(model, tools)
            for question in questions:
                print(f"\nQ: {question.text}  {' '.join(path.name for path in question.media)}".rstrip(), flush=True)
                answer = screen.answer(agent.stream(question.text, *question.media))
                if question.expected.lower() not in answer.text.lower():
                    wrong.append(question)
                    print(f"   (wrong: a right answer says {question.expected!r})")
    print(f"\n{len(wrong)} wrong answers" if wrong else "\nAll answers are right.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "demo"))
