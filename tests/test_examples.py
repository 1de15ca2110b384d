"""Every example runs as written, on the sample files and the bundled model."""

from __future__ import annotations

import re
import runpy
from importlib.resources import files
from pathlib import Path

import pytest

from examples.demo import main as demo
from examples.samples import Samples, make_samples

FOLDER = Path(__file__).resolve().parent.parent / "examples"
LONGER = {"demo.py", "samples.py", "__init__.py"}
SHORT = sorted(path.name for path in FOLDER.glob("*.py") if path.name not in LONGER)


def arguments(samples: Samples) -> dict[str, list[str]]:
    return {
        "picture.py": [str(samples.shapes)],
        "video.py": [str(samples.clip)],
        "documents.py": [str(samples.manuals)],
        "long_video.py": [str(samples.clip), "When does the red circle appear?"],
        "own_tools.py": [],
        "streaming.py": [],
        "langchain_agent.py": [str(samples.shapes)],
        "real_checkpoint.py": [str(files("quintet.model.nano")), "What colour is the circle?", str(samples.shapes)],
    }


@pytest.mark.parametrize("name", SHORT)
def test_an_example_runs(
    name: str, samples: Samples, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", [name, *arguments(samples)[name]])
    runpy.run_path(str(FOLDER / name), run_name="__main__")
    assert len(capsys.readouterr().out.splitlines()) >= 2


@pytest.mark.parametrize("name", SHORT)
def test_an_example_is_short(name: str) -> None:
    assert 15 <= len((FOLDER / name).read_text().splitlines()) <= 50


def test_the_quick_start_of_the_readme_runs(
    samples: Samples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "demo").symlink_to(samples.shapes.parent)
    monkeypatch.chdir(tmp_path)
    program, *_ = re.findall(r"```python\n(.*?)```", (FOLDER.parent / "README.md").read_text(), re.DOTALL)
    (tmp_path / "start.py").write_text(program)
    runpy.run_path("start.py")
    assert len(capsys.readouterr().out.splitlines()) >= 2


def test_a_real_checkpoint_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["real_checkpoint.py"])
    with pytest.raises(SystemExit, match="NAME is a repository"):
        runpy.run_path(str(FOLDER / "real_checkpoint.py"), run_name="__main__")


def test_samples_are_made_once(samples: Samples) -> None:
    before = {path: path.stat().st_mtime_ns for path in samples.shapes.parent.rglob("*")}
    assert make_samples(samples.shapes.parent) == samples
    assert {path: path.stat().st_mtime_ns for path in samples.shapes.parent.rglob("*")} == before


def test_the_demo_answers_right(samples: Samples, capsys: pytest.CaptureFixture[str]) -> None:
    assert demo(str(samples.shapes.parent)) == 0, capsys.readouterr().out
    assert "All answers are right." in capsys.readouterr().out
