"""An hour of video, answered by looking again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from examples.samples import WORDS, make_hour
from quintet.app.cli import main

BUDGET = 12_288  # video tokens, all looks together


@pytest.fixture(scope="module")
def hour(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_hour(tmp_path_factory.mktemp("hour") / "hour.mp4")


@pytest.mark.slow
@pytest.mark.parametrize("minute", [41, 7])
def test_what_is_written_at_some_minute_of_an_hour(hour: Path, minute: int, capsys: pytest.CaptureFixture[str]) -> None:
    question = f"What is written at about {minute} minutes?"
    assert main(["ask", question, str(hour), "--media-tokens", str(BUDGET), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert WORDS[minute] in answer["answer"]
    (look,) = answer["citations"]
    assert look["start"] < 60 * minute < look["end"]
    assert answer["usage"]["input_token_details"]["video"] <= BUDGET
