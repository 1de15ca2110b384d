"""Every kind of picture, brought upright and to 8-bit RGB."""

import struct
import zlib

import numpy as np
import PIL.Image
import PIL.ImageOps
import pytest

from quintet.vision import Image
from tests.vision.pictures import encoded, gradient


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "WEBP", "AVIF", "MPO"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(form: str, orientation: int) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    image = Image(encoded(gradient(), form, exif=exif, quality=100))
    turned = PIL.Image.new("RGB", gradient().size)
    turned.paste(gradient())
    turned.getexif()[0x0112] = orientation
    expected = PIL.ImageOps.exif_transpose(turned)
    assert image.size == image.pil.size == expected.size
    assert np.abs(np.array(image.pil, int) - np.array(expected, int)).mean() < 4
    assert image.plan().grid == image.patches().grid


def test_exif_behind_the_pixels_of_a_png_counts() -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    plain = encoded(gradient())
    body = exif.tobytes(8).removeprefix(b"Exif\0\0")
    late = struct.pack(">I", len(body)) + b"eXIf" + body + struct.pack(">I", zlib.crc32(b"eXIf" + body))
    image = Image(plain[:-12] + late + plain[-12:])
    assert image.size == image.pil.size == (48, 64)
    assert np.array_equal(np.array(image.pil), np.array(gradient().transpose(PIL.Image.Transpose.ROTATE_270)))


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


def test_one_tone_of_deep_grey_may_be_transparent() -> None:
    deep = PIL.Image.fromarray(np.array([[0, 1000, 65535]], np.uint16))
    read = np.array(Image(encoded(deep, transparency=1000)).pil)
    assert read[0, :, 0].tolist() == [0, 255, 255]


def test_floats_that_are_no_tones_dont_spoil_the_others() -> None:
    tones = np.array([[0.0, 0.5, 1.0, np.nan, np.inf, -np.inf]], np.float32)
    for image in (Image(PIL.Image.fromarray(tones)), Image(encoded(PIL.Image.fromarray(tones), "TIFF"))):
        assert np.array(image.pil)[0, :, 0].tolist() == [0, 128, 255, 0, 255, 0]
    light = PIL.Image.fromarray(np.array([[0, 50_000, 100_000]], np.int32))
    assert np.array(Image(light).pil)[0, :, 0].tolist() == [0, 128, 255]


def test_sixteen_bits_a_colour_are_read() -> None:
    colours = np.array([[[65535, 0, 32896]]], ">u2")
    header = struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" + colours.tobytes())), (b"IEND", b"")]
    chunks = [struct.pack(">I", len(b)) + k + b + struct.pack(">I", zlib.crc32(k + b)) for k, b in parts]
    assert Image(b"\x89PNG\r\n\x1a\n" + b"".join(chunks)).pil.getpixel((0, 0)) == (255, 0, 128)


@pytest.mark.parametrize(
    "mode", ["1", "L", "P", "CMYK", "YCbCr", "HSV", "LAB", "I;16", "I;16B", "I", "F", "La", "RGBa", "RGBX", "PA"]
)
def test_every_mode_becomes_rgb(mode: str) -> None:
    picture = PIL.Image.new(mode, (40, 30))
    assert Image(picture).pil.mode == "RGB"
    assert Image(picture).pil.size == (40, 30)


@pytest.mark.parametrize("form", ["JPEG", "TIFF"])
def test_cmyk_keeps_its_colours(form: str) -> None:
    red = PIL.Image.new("RGB", (32, 32), (250, 10, 10)).convert("CMYK")
    r, g, b = Image(encoded(red, form, quality=95)).pil.getpixel((16, 16))
    assert r > 230
    assert max(g, b) < 40
