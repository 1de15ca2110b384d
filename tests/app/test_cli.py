"""The `quintet` command, run as a person would, in this process."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from examples.samples import Samples
from quintet.app.cli import main

SHORT = ("--seed", "0", "--max-tokens", "100")


@pytest.fixture
def library(samples: Samples, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "library"
    assert main(["index", str(samples.manuals), "--library", str(path)]) == 0
    assert capsys.readouterr().out == "4 documents added\n"
    return path


def run_json(capsys: pytest.CaptureFixture[str], *words: str | Path) -> Any:
    assert main([*map(str, words), "--json"]) == 0
    out, _ = capsys.readouterr()
    assert out.count("\n") == 1
    return json.loads(out)


def fail(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str]:
    """The exit status and the one line on stderr."""
    try:
        status = main([*map(str, words)])
    except SystemExit as stop:  # argparse
        status = int(str(stop.code))
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("quintet: ")
    assert err.count("\n") == 1
    return status, err


def test_a_question_about_a_picture(samples: Samples, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "What colour is the circle?", str(samples.shapes), *SHORT]) == 0
    assert "red" in capsys.readouterr().out


def test_an_answer_as_json(samples: Samples, capsys: pytest.CaptureFixture[str]) -> None:
    question = ("ask", "When does the red circle appear?", samples.clip, "--no-think", *SHORT)
    answer = run_json(capsys, *question)
    assert set(answer) == {"answer", "thinking", "citations", "notes", "steps", "stopped", "usage"}
    assert answer["answer"]
    assert answer["thinking"] == ""
    assert answer["usage"]["input_token_details"]["video"] > 0


def test_documents_are_searched(samples: Samples, capsys: pytest.CaptureFixture[str]) -> None:
    question = "How long does the warranty of the Lumo lamp last?"
    assert main(["ask", question, str(samples.manuals), "--no-think", *SHORT]) == 0
    out, err = capsys.readouterr()
    assert "→ search_documents(query=" in err
    assert "← [1] (" in err
    assert out.strip()


def test_a_library_made_before_is_asked(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    question = "How loud is the Aqua pump?"
    answer = run_json(capsys, "ask", question, "--library", library, "--no-think", *SHORT)
    assert answer["steps"] >= 2
    assert all(citation["source"] for citation in answer["citations"])


def test_indexing_again_costs_a_look(samples: Samples, library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = run_json(capsys, "index", samples.manuals, "--library", library)
    assert report["added"] == []
    assert sorted(report["unchanged"]) == ["handbook.pdf", "kettle.docx", "oven.md", "pump.html"]


def test_search(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (passage,) = run_json(capsys, "search", "warranty of the lamp", "--library", library, "-k", "1")["passages"]
    assert passage["source"] == "handbook.pdf"
    assert passage["page"] == 3
    assert main(["search", "warranty of the lamp", "--library", str(library), "-k", "1"]) == 0
    assert capsys.readouterr().out.startswith("[1] handbook.pdf, page 3\n")


def test_a_chat_goes_on_and_takes_files(
    samples: Samples, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = f"What colour is the circle?\n\n/add {samples.word} missing.png\n/add {samples.word}\nWhat does it say?\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    assert main(["chat", str(samples.shapes), "--no-think", *SHORT]) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 2
    assert "missing.png" in err


def test_inspecting(samples: Samples, library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts = run_json(capsys, "inspect", samples.shapes, samples.clip, "--library", library)
    assert facts["model"]["architecture"] == "Qwen3_5MoeForConditionalGeneration"
    picture, video = facts["media"]
    assert (picture["kind"], picture["px"]) == ("picture", [192, 192])
    assert (video["kind"], video["seconds"]) == ("video", 4.0)
    assert len(video["seen_at_seconds"]) >= 2
    assert facts["library"]["count"] == 4
    assert main(["inspect", "--library", str(library)]) == 0
    assert "handbook.pdf" in capsys.readouterr().out


def test_files_are_sorted_by_content(samples: Samples, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    disguised = shutil.copy(samples.clip, tmp_path / "clip.txt")
    (item,) = run_json(capsys, "inspect", disguised)["media"]
    assert item["kind"] == "video"


def bad_files(samples: Samples, folder: Path) -> dict[str, Path]:
    text = folder / "text.mp4"
    text.write_text("not a video")
    cut = folder / "cut.mp4"
    cut.write_bytes(samples.clip.read_bytes()[:2000])
    noise = folder / "noise.bin"
    noise.write_bytes(bytes(range(256)) * 8)
    empty = folder / "empty.png"
    empty.touch()
    no_text = folder / "scan.pdf"
    no_text.write_bytes(samples.manuals.joinpath("handbook.pdf").read_bytes()[:400])
    return {"text": text, "cut": cut, "noise": noise, "empty": empty, "scan": no_text, "missing": folder / "none.png"}


@pytest.mark.parametrize("kind", ["text", "cut", "noise", "empty", "scan", "missing"])
def test_bad_files_are_bad_input(
    kind: str, samples: Samples, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = bad_files(samples, tmp_path)[kind]
    status, line = fail(capsys, "ask", "What is it?", path)
    assert status == 2
    assert path.name in line


def test_a_bad_document_leaves_the_library_as_it_was(
    samples: Samples, library: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = run_json(capsys, "inspect", "--library", library)
    good = tmp_path / "good.md"
    good.write_text("# Good\n\nThis document can be read.\n")
    status, _ = fail(capsys, "index", good, bad_files(samples, tmp_path)["scan"], "--library", library)
    assert status == 2
    assert run_json(capsys, "inspect", "--library", library) == before


def test_a_folder_without_documents_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "papers").mkdir()
    status, line = fail(capsys, "index", tmp_path / "papers", "--library", tmp_path / "library")
    assert status == 2
    assert "papers" in line


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["ask"], "question"),
        (["ask", " "], "question is empty"),
        (["ask", "hello", "--steps", "0"], "steps"),
        (["ask", "hello", "--max-tokens", "0"], "max_tokens"),
        (["ask", "hello", "--model", "Qwen/no-such-model"], "no-such-model"),
        (["ask", "hello", "--model", "neither"], "neither"),
        (["ask", "hello", "--device", "abacus"], "abacus"),
        (["ask", "hello", "--dtype", "int7"], "int7"),
        (["ask", "hello " * 20_000], "context"),
        (["ask", "hello", "--library", "none"], "none"),
        (["search", "hello", "--library", "none"], "none"),
        (["search", "hello", "--library", "none", "-k", "0"], "-k"),
        (["sing"], "sing"),
    ],
)
def test_bad_words_are_bad_input(
    words: list[str], named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    status, line = fail(capsys, *words)
    assert status == 2
    assert named in line


def test_a_checkpoint_of_another_family_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    status, line = fail(capsys, "ask", "hello", "--model", tmp_path)
    assert status == 2
    assert "llama" in line
    assert "Qwen3.5" in line


def test_something_that_is_no_library_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, line = fail(capsys, "search", "hello", "--library", tmp_path)
    assert status == 1
    assert "no library" in line


def test_a_bug_is_told_without_a_traceback(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quintet.app.commands.search", lambda **_: 1 / 0)
    status, line = fail(capsys, "search", "hello")
    assert status == 1
    assert "ZeroDivisionError" in line
    with pytest.raises(ZeroDivisionError):
        main(["--debug", "search", "hello"])


def test_an_interrupt_ends_quietly(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("quintet.app.commands.search", interrupted)
    assert main(["search", "hello"]) == 130
    assert capsys.readouterr() == ("", "")
