import io
import zlib
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from quintet.errors import BadInputError, MediaError, MissingFileError
from quintet.vision import Image


def encoded(picture: PIL.Image.Image, form: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def gradient(width: int = 64, height: int = 48) -> PIL.Image.Image:
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return PIL.Image.fromarray(np.stack([x, y, 255 - x], axis=2).astype(np.uint8))


def test_a_path_bytes_and_a_pillow_picture_read_the_same(tmp_path: Path) -> None:
    path = tmp_path / "gradient.png"
    path.write_bytes(encoded(gradient()))
    for source in (path, str(path), path.read_bytes(), gradient()):
        assert np.array_equal(np.array(Image(source).pil), np.array(gradient()))
    assert Image(path).name == "gradient.png"
    assert Image(gradient()).name == Image(path.read_bytes()).name == "picture"


def test_exif_orientation_is_applied() -> None:
    turned = gradient().transpose(PIL.Image.Transpose.ROTATE_90)
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # "turn 90 degrees clockwise to view"
    assert np.array_equal(np.array(Image(encoded(turned, exif=exif)).pil), np.array(gradient()))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_transparency_lies_on_white(mode: str) -> None:
    picture = PIL.Image.new("RGBA", (4, 2), (0, 0, 0, 0))
    picture.putpixel((0, 0), (0, 0, 0, 255))
    picture = picture.convert(mode)
    read = np.array(Image(picture).pil)
    assert read[0, 0].tolist() == [0, 0, 0]
    assert read[1, 3].tolist() == [255, 255, 255]


def test_half_transparent_red_is_pink() -> None:
    assert Image(PIL.Image.new("RGBA", (2, 2), (255, 0, 0, 128))).pil.getpixel((0, 0)) == (255, 127, 127)


def test_a_palette_with_a_transparent_colour_lies_on_white() -> None:
    picture = PIL.Image.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 200, 100, 50])
    picture.putpixel((1, 0), 1)
    read = Image(encoded(picture, transparency=0)).pil
    assert [read.getpixel((x, 0)) for x in (0, 1)] == [(255, 255, 255), (200, 100, 50)]


def test_sixteen_bit_grey_keeps_its_tones() -> None:
    deep = (np.arange(256, dtype=np.uint16) * 257).reshape(16, 16)
    read = np.array(Image(encoded(PIL.Image.fromarray(deep))).pil)
    assert np.array_equal(read[:, :, 0], np.arange(256).reshape(16, 16))


@pytest.mark.parametrize("scale", [1.0, 255.0])
def test_grey_in_floats_keeps_its_tones(scale: float) -> None:
    tones = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16) * np.float32(scale)
    read = np.array(Image(PIL.Image.fromarray(tones)).pil)
    assert np.array_equal(read[:, :, 2], np.arange(256).reshape(16, 16))


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr", "HSV", "LAB", "I;16"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    picture = PIL.Image.new(mode, (40, 30))
    assert Image(picture).pil.mode == "RGB"
    assert Image(picture).pil.size == (40, 30)


def test_a_cmyk_jpeg_keeps_its_colours() -> None:
    red = PIL.Image.new("RGB", (32, 32), (250, 10, 10)).convert("CMYK")
    r, g, b = Image(encoded(red, "JPEG", quality=95)).pil.getpixel((16, 16))
    assert r > 230
    assert max(g, b) < 40


def test_a_missing_file_names_the_path(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"nothing\.png: no such file"):
        Image(tmp_path / "nothing.png")
    for path in ("a\0b.png", "long" * 1000, "~nobody-of-that-name/a.png"):
        with pytest.raises(MissingFileError):
            Image(path)


def test_empty_files_and_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    with pytest.raises(MediaError, match="empty"):
        Image(tmp_path / "empty.png")
    with pytest.raises(MediaError, match="folder"):
        Image(tmp_path)
    with pytest.raises(MediaError, match="0 bytes"):
        Image(b"")


def test_text_named_like_a_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "page.png"
    path.write_text("<html>404</html>")
    with pytest.raises(MediaError, match=r"page\.png: not a picture: it holds text"):
        _ = Image(path).pil


def test_postscript_is_not_run() -> None:
    with pytest.raises(MediaError, match="PostScript"):
        _ = Image(encoded(gradient(), "EPS")).pil


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "AVIF"])
def test_a_picture_cut_in_half_is_refused(form: str) -> None:
    noise = PIL.Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8))
    whole = encoded(noise, form)
    with pytest.raises(MediaError):
        _ = Image(whole[: len(whole) // 2]).pil


def test_a_decompression_bomb_is_refused_by_its_header() -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    for side in (12_000, 100_000):
        header = side.to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
        bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000)))
        with pytest.raises(MediaError, match="scale the picture down"):
            _ = Image(bomb).pil


def test_a_crop_is_given_in_fractions() -> None:
    cropped = Image(gradient(100, 80)).crop((0.25, 0.5, 0.75, 1.0))
    assert np.array_equal(np.array(cropped.pil), np.array(gradient(100, 80))[40:80, 25:75])
    assert Image(gradient(10, 10)).crop((0.5, 0.5, 0.501, 0.501)).pil.size == (1, 1)


@pytest.mark.parametrize("box", [(0.5, 0, 0.5, 1), (0.6, 0, 0.4, 1), (-0.1, 0, 1, 1), (0, 0, -1, 1), (0, 0, 65, 40), (float("nan"), 0, 1, 1)])
def test_a_box_outside_the_picture_is_refused(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(BadInputError, match="expected"):
        Image(gradient()).crop(box)
