import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import PIL.Image
import pytest

from quintet.errors import MissingFileError
from quintet.vision import kind_of


@pytest.mark.parametrize("form", ["png", "jpeg", "gif", "webp", "bmp", "tiff", "ppm", "ico", "tga", "avif"])
def test_pictures_are_told_by_their_content(tmp_path: Path, form: str) -> None:
    path = tmp_path / "file.txt"
    PIL.Image.new("RGB", (32, 32), "teal").save(path, form)
    assert kind_of(path) == "picture"


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.avi", "a.mpg", "a.webm", "a.flv", "a.mov"])
def test_videos_are_told_by_their_content(make_video: Callable[..., Path], name: str) -> None:
    codec = {"a.avi": "mpeg4", "a.mpg": "mpeg2video", "a.webm": "libvpx"}.get(name, "libx264")
    path = make_video(name, 5, codec=codec)
    assert kind_of(path.rename(path.with_name("file.png"))) == "video"


def test_an_animated_picture_is_a_video(tmp_path: Path) -> None:
    frames = [PIL.Image.new("RGB", (8, 8), (60 * i, 0, 0)) for i in range(3)]
    for form in ("gif", "webp", "png"):
        frames[0].save(tmp_path / f"moving.{form}", save_all=True, append_images=frames[1:])
        assert kind_of(tmp_path / f"moving.{form}") == "video"


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7\n...",
        b"PK\x03\x04 an office file",
        "Grüße, 世界\n".encode(),
        "Grüße".encode("utf-16"),
        "Für die Größe der Öfen gilt: ".encode("latin-1") * 10,
        b"BMW builds motor cars.",
        b"<html></html>",
    ],
)
def test_documents_are_told_by_their_content(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert kind_of(path) == "document"


def test_a_long_text_may_be_cut_within_a_character(tmp_path: Path) -> None:
    for shift in range(4):
        path = tmp_path / "long.txt"
        path.write_text("x" * shift + "世" * 5000, encoding="utf-8")
        assert kind_of(path) == "document"


def test_text_in_the_place_of_media_is_unknown(tmp_path: Path) -> None:
    for name in ("clip.mp4", "picture.PNG"):
        (tmp_path / name).write_text("404 not found")
        assert kind_of(tmp_path / name) == "unknown"


def test_nothing_usable_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "noise").write_bytes(bytes(range(256)) * 100)
    assert {kind_of(tmp_path), kind_of(tmp_path / "empty"), kind_of(tmp_path / "noise")} == {"unknown"}
    with pytest.raises(MissingFileError):
        kind_of(tmp_path / "nothing")


def test_importing_vision_loads_neither_torch_nor_ffmpeg() -> None:
    code = "import sys, quintet.vision; sys.exit(any(name in sys.modules for name in ('torch', 'av', 'transformers')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
