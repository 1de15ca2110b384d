"""`quintet inspect MODEL`: a checkpoint's facts, from its settings and the headers of its files alone."""

from __future__ import annotations

import base64
import json
import shutil
from importlib.resources import files
from pathlib import Path

import PIL.Image
import pytest

from quintet.app.cli import main

NANO = Path(str(files("quintet.model.nano")))


def facts(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    assert main(["inspect", *words, "--json"]) == 0
    model: dict[str, object] = json.loads(capsys.readouterr().out)["model"]
    return model


def test_the_bundled_model(capsys: pytest.CaptureFixture[str]) -> None:
    model = facts(capsys, "nano")
    assert model["parameters"] == 17_843_040
    assert model["active_parameters"] == 6_963_872
    assert model["mtp_parameters"] is None
    assert model["bytes_on_disk"] == {"BF16": 35_686_080}
    assert model["context_tokens_by_yarn"] == 4 * 8192
    assert model["kv_bytes_per_token"] == 1024 if model["dtype"] == "float32" else 512
    assert set(model["fits_on_this_machine"]) == {"float32", "bfloat16", "float8"}  # type: ignore[call-overload]


def test_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(NANO)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "  parameters: 17,843,040" in lines
    assert "  on disk: BF16 35.7 MB" in lines
    assert "  mtp parameters: none" in lines
    assert "    bfloat16: weights 35.7 MB, context tokens 32,768" in lines


def test_no_weights_are_loaded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file holds a header and zeros that were never written, as large as no test could load."""
    shutil.copy(NANO / "config.json", tmp_path)
    size = 2**40
    name = "model.language_model.layers.0.mlp.experts.down_proj"
    header = json.dumps({name: {"dtype": "BF16", "shape": [size // 2], "data_offsets": [0, size]}}).encode()
    with (tmp_path / "model.safetensors").open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + size)
    model = facts(capsys, str(tmp_path))
    assert model["bytes_on_disk"] == {"BF16": size}
    assert model["fits_on_this_machine"]["float32"]["context_tokens"] == 0  # type: ignore[index]


def test_pages_and_addresses_of_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    red, blue = PIL.Image.new("RGB", (40, 30), "red"), PIL.Image.new("RGB", (50, 30), "blue")
    red.save(tmp_path / "two.tif", save_all=True, append_images=[blue])
    red.save(tmp_path / "one.png")
    address = "data:image/png;base64," + base64.b64encode((tmp_path / "one.png").read_bytes()).decode()
    assert main(["inspect", str(tmp_path / "two.tif"), (tmp_path / "one.png").as_uri(), address, "--json"]) == 0
    media = json.loads(capsys.readouterr().out)["media"]
    assert [(one["name"], one.get("page"), one["px"]) for one in media] == [
        ("two.tif", 1, [40, 30]),
        ("two.tif", 2, [50, 30]),
        ("one.png", None, [40, 30]),
        ("picture", None, [40, 30]),
    ]


@pytest.mark.parametrize("file", ["model.safetensors", "config.json"])
def test_what_is_missing_is_told(file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(NANO, tmp_path, dirs_exist_ok=True)
    (tmp_path / file).unlink()
    assert main(["inspect", "--model", str(tmp_path)]) == 2
    assert file in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["org/no-such-model"], "no-such-model"),
        (["none.png"], "none.png"),
        (["folder/none.png"], "none.png"),
        (["nano", "--model", "nano"], "one at a time"),
    ],
)
def test_bad_words(words: list[str], named: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", *words]) == 2
    assert named in capsys.readouterr().err
