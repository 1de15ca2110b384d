"""What a second question costs: the tokens of the conversation so far are not read again, as `usage` counts them."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.report import Claim, main
from examples.samples import make_samples
from quintet import Agent, load_model


def measure() -> tuple[dict[str, float], list[Claim]]:
    """Two questions about one picture, in one conversation."""
    agent = Agent(load_model())
    with TemporaryDirectory() as folder:
        picture: Path = make_samples(folder).shapes
        first = agent.ask("What colour is the circle?", picture).usage
        second = agent.ask("What colour is the square?").usage
    assert first is not None
    assert second is not None
    said = first["total_tokens"] - 1  # the token that ended the turn was drawn, and is read with the second question
    known = second.get("input_token_details", {}).get("cache_read", 0)
    figures: dict[str, float] = {
        "tokens read and written for the first question": first["total_tokens"],
        "tokens of the second question's prompt": second["input_tokens"],
        "of which not read again": known,
    }
    return figures, [Claim("old tokens read again", said - known, most=0)]


if __name__ == "__main__":
    main(measure)
