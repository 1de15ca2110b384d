import base64
import io
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from quintet.errors import BadInputError, MediaError, MissingFileError
from quintet.vision import Image, VisionSettings
from quintet.vision.resize import image_size
from tests.vision.pictures import encoded, gradient


def test_a_path_bytes_and_a_pillow_picture_read_the_same(tmp_path: Path) -> None:
    path = tmp_path / "gradient.png"
    path.write_bytes(encoded(gradient()))
    for source in (path, str(path), path.read_bytes(), gradient()):
        assert np.array_equal(np.array(Image(source).pil), np.array(gradient()))
    assert Image(path).name == "gradient.png"
    assert Image(gradient()).name == Image(path.read_bytes()).name == "picture"


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


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "AVIF"])
def test_a_picture_cut_in_half_is_refused(form: str) -> None:
    noise = PIL.Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8))
    whole = encoded(noise, form)
    with pytest.raises(MediaError):
        _ = Image(whole[: len(whole) // 2]).pil


def test_a_crop_is_given_in_fractions() -> None:
    cropped = Image(gradient(100, 80)).crop((0.25, 0.5, 0.75, 1.0))
    assert np.array_equal(np.array(cropped.pil), np.array(gradient(100, 80))[40:80, 25:75])
    assert Image(gradient(10, 10)).crop((0.5, 0.5, 0.501, 0.501)).pil.size == (1, 1)


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_a_crop_is_given_in_pixels_of_the_upright_picture(form: str) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    lying = Image(encoded(gradient(100, 80).transpose(PIL.Image.Transpose.ROTATE_90), form, exif=exif), max_tokens=4)
    part = lying.crop([25, 40, 75, 80])
    assert np.array_equal(np.array(part.pil), np.array(gradient(100, 80))[40:80, 25:75])
    assert part.max_tokens == 4


@pytest.mark.parametrize(
    "box", [(0.5, 0, 0.5, 1), (0.6, 0, 0.4, 1), (-0.1, 0, 1, 1), (0, 0, -1, 1), (0, 0, 65, 40), (float("nan"), 0, 1, 1)]
)
def test_a_box_outside_the_picture_is_refused(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(BadInputError, match="expected"):
        Image(gradient()).crop(box)


def test_the_pages_of_a_tiff_are_pictures() -> None:
    pages = [gradient(64 + 32 * number, 64) for number in range(3)]
    data = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    image = Image(data, max_tokens=8)
    assert [page.size for page in image.pages] == [(64, 64), (96, 64), (128, 64)]
    assert [page.page for page in image.pages] == [1, 2, 3]
    assert np.array_equal(np.array(image.pages[2].pil), np.array(pages[2]))
    assert np.array_equal(np.array(image.pil), np.array(pages[0]))
    assert Image(data, page=2).pages[0].size == (96, 64)
    assert {page.max_tokens for page in image.pages} == {8}
    with pytest.raises(BadInputError, match=r"page=4: .* has 3 pages"):
        _ = Image(data, page=4).size


def test_a_tiff_cut_off_between_its_pages_is_refused() -> None:
    data = encoded(gradient(), "TIFF", save_all=True, append_images=[gradient(), gradient()])
    cut = Image(data[: len(data) // 2])
    with pytest.raises(MediaError, match="whole copy"):
        _ = cut.pages
    with pytest.raises(MediaError, match="whole copy"):
        _ = Image(data[: len(data) // 2], page=3).pil


def test_other_pictures_have_one_page() -> None:
    moving = encoded(gradient(), "GIF", save_all=True, append_images=[gradient().rotate(90)])
    for source in (gradient(), encoded(gradient()), moving):
        assert len(Image(source).pages) == 1
    with pytest.raises(BadInputError, match="has 1 page; frames of an animation are read by Video"):
        _ = Image(moving, page=2).pil
    with pytest.raises(BadInputError, match="only files have pages"):
        Image(gradient(), page=1)


def test_an_open_file_a_view_and_an_address_are_read(tmp_path: Path) -> None:
    data = encoded(gradient())
    path = tmp_path / "a picture.png"
    path.write_bytes(data)
    address = "data:image/png;base64," + base64.encodebytes(data).decode()
    for source in (io.BytesIO(data), bytearray(data), memoryview(data), address, path.as_uri()):
        assert np.array_equal(np.array(Image(source).pil), np.array(gradient()))
    assert Image(path.as_uri()).name == "a picture.png"
    with path.open() as text, pytest.raises(BadInputError, match="rb"):
        Image(text)
    with pytest.raises(MediaError, match="no address"):
        Image("https://[::1/a.png")
    for nonsense in (5, None, ["a.png"]):
        with pytest.raises(BadInputError, match="is no picture"):
            Image(nonsense)


@pytest.mark.parametrize("size", [(640, 480), (1920, 1080), (100, 1000), (50, 50)])
@pytest.mark.parametrize(
    "limits", [{}, {"max_tokens": 12}, {"max_tokens": 70}, {"max_pixels": 12000}, {"max_tokens": 9**9}]
)
def test_budgets_hold_and_are_known_before_decoding(size: tuple[int, int], limits: dict[str, int]) -> None:
    data = encoded(PIL.Image.new("RGB", size, "teal"))
    image = Image(data[: len(data) // 2], **limits)  # enough for the header alone
    plan = image.plan()
    patches = Image(data, **limits).patches()
    assert (plan.kind, plan.grid, plan.tokens) == (patches.kind, patches.grid, patches.tokens)
    assert plan.tokens <= limits.get("max_tokens", 16384)
    assert plan.size[0] * plan.size[1] <= limits.get("max_pixels", 1 << 24)
    if not limits:
        assert plan.size == image_size(size[1], size[0], VisionSettings())


@pytest.mark.parametrize(
    "limits", [{"max_tokens": 0}, {"max_pixels": -5}, {"page": 0}, {"page": 1.5}, {"max_tokens": True}]
)
def test_settings_out_of_range_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(BadInputError, match="expected a whole number"):
        Image(encoded(gradient()), **limits)


@pytest.mark.parametrize(("size", "limits"), [((64, 64), {"max_pixels": 1000}), ((6400, 32), {"max_tokens": 20})])
def test_a_budget_that_no_size_keeps_is_refused(size: tuple[int, int], limits: dict[str, int]) -> None:
    image = Image(PIL.Image.new("RGB", size), **limits)
    for read in (image.plan, image.patches):
        with pytest.raises(MediaError, match="max_"):
            read()


def test_a_picture_is_saved_as_it_is_seen(tmp_path: Path) -> None:
    image = Image(gradient())
    image.save(tmp_path / "seen.png")
    assert (tmp_path / "seen.png").read_bytes() == image.png()
    assert np.array_equal(np.array(Image(image.png()).pil), np.array(gradient()))


def test_the_callers_picture_stays_as_it_is() -> None:
    mine = gradient()
    Image(mine).pil.paste("red", (0, 0, 10, 10))
    assert np.array_equal(np.array(mine), np.array(gradient()))
