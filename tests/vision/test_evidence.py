from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from quintet.errors import BadInputError
from quintet.vision import Image, Video
from quintet.vision.evidence import clock, contact_sheet, crop

COLOURS = ["red", "lime", "blue", "yellow", "cyan", "magenta"]
RED_LINE = (0xD1, 0x24, 0x2F)


def slides(rate: float = 0.5, size: tuple[int, int] = (320, 180)) -> Video:
    return Video([PIL.Image.new("RGB", size, colour) for colour in COLOURS], rate=rate)


def ink(image: Image, colour: tuple[int, ...]) -> np.ndarray:
    return (np.array(image.pil) == colour).all(axis=2)


def area(image: Image, colour: str) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of where a colour is."""
    rows, columns = np.nonzero(ink(image, PIL.Image.new("RGB", (1, 1), colour).getpixel((0, 0))))
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def test_frames_stand_side_by_side_in_order_of_time() -> None:
    sheet = contact_sheet(slides(), [0, 2, 4, 6.5, 8, 10], columns=3, width=1000)
    assert sheet.size[0] <= 1000
    places = [area(sheet, colour) for colour in COLOURS]
    assert {(right - left, bottom - top) for left, top, right, bottom in places} == {(317, 178)}
    assert [left for left, *_ in places] == [12, 341, 670] * 2
    assert places[0][1] == places[2][1] < places[3][1] == places[5][1]


def test_each_frame_has_its_time_above_it() -> None:
    here, later = (contact_sheet(slides(), [time]) for time in (0, 2))
    labels = [np.array(sheet.pil)[: area(sheet, colour)[1] - 1] for sheet, colour in ((here, "red"), (later, "lime"))]
    assert all((label < 100).any() for label in labels)
    assert not np.array_equal(*labels)
    asked_between = contact_sheet(slides(), [3.9])
    assert np.array_equal(np.array(asked_between.pil), np.array(later.pil))


def test_times_read_as_a_clock() -> None:
    assert [clock(time) for time in (0, 5.04, 59.96, 61, 2460.5, 3600, 36_061.25)] == [
        *("0:00.0", "0:05.0", "1:00.0", "1:01.0", "41:00.5", "1:00:00.0", "10:01:01.2")
    ]


def test_a_sheet_of_a_real_video(make_video: Callable[..., Path], tmp_path: Path) -> None:
    sheet = contact_sheet(Video(make_video()), [0.0, 0.5, 1.0, 1.5, 2.0])
    sheet.save(tmp_path / "sheet.png")
    with PIL.Image.open(tmp_path / "sheet.png") as saved:
        assert (saved.format, saved.size) == ("PNG", sheet.size)
    assert 1 < sheet.size[0] / sheet.size[1] < 3


@pytest.mark.parametrize("size", [(40, 30), (1000, 2000), (3000, 100)])
def test_sheets_of_odd_sizes_are_legible(size: tuple[int, int]) -> None:
    sheet = contact_sheet(slides(size=size), [0, 2, 4])
    assert 160 <= sheet.size[0] <= 1280
    assert area(sheet, "blue")[1] > 12


def test_bad_times_columns_and_widths_are_refused() -> None:
    for times, message in (([], "one frame at least"), ([-1], "-1"), ([99], "99"), ([float("nan")], "nan")):
        with pytest.raises(BadInputError, match=message):
            contact_sheet(slides(), times)
    for settings in ({"columns": -1}, {"columns": 6, "width": 300}, {"width": 10}):
        with pytest.raises(BadInputError, match="expected"):
            contact_sheet(slides(), [0, 2, 4, 6, 8, 10], **settings)


def test_a_crop_shows_its_part_outlined_with_a_margin() -> None:
    picture = PIL.Image.new("RGB", (400, 300), "cyan")
    picture.paste("yellow", (200, 100, 300, 200))
    shown = crop(Image(picture), (0.5, 1 / 3, 0.75, 2 / 3))
    assert np.array_equal(np.array(shown.pil), np.array(crop(Image(picture), (200, 100, 300, 200)).pil))
    left, top, _, bottom = area(shown, "cyan")
    assert (left, top) == (12, 12)
    assert ink(shown, RED_LINE).any()
    assert (ink(shown, (0x1F, 0x23, 0x28)).nonzero()[0] > bottom - 120).all()  # the text is below


def test_a_crop_without_margin_is_the_part_alone() -> None:
    picture = PIL.Image.new("RGB", (400, 300), "cyan")
    picture.paste("yellow", (200, 100, 300, 200))
    shown = crop(Image(picture), (200, 100, 300, 200), margin=0)
    assert (np.array(shown.pil)[12:492, 12:492] == (255, 255, 0)).all()


@pytest.mark.parametrize("box", [(0, 0, 1, 1), (0, 0, 0.001, 0.001), (0.99, 0.99, 1, 1), (0, 0.5, 1, 0.501)])
@pytest.mark.parametrize("size", [(50, 40), (3000, 2000), (20, 2000)])
def test_any_part_of_any_picture_can_be_shown(size: tuple[int, int], box: tuple[float, ...]) -> None:
    shown = crop(Image(PIL.Image.new("RGB", size, "cyan")), box)
    assert min(shown.size) > 100
    assert max(shown.size) < 1500
    assert shown.png().startswith(b"\x89PNG")


def test_names_are_shown_where_the_font_has_their_letters(tmp_path: Path) -> None:
    for name in ("map.png", "地図.png"):
        PIL.Image.new("RGB", (60, 60), "cyan").save(tmp_path / name)
    named, unnamed = (crop(Image(tmp_path / name), (0, 0, 30, 30)) for name in ("map.png", "地図.png"))
    dark = [int((np.array(shown.pil) < 60).sum()) for shown in (named, unnamed)]
    assert dark[0] > dark[1] > 0


def test_bad_boxes_and_margins_are_refused() -> None:
    image = Image(PIL.Image.new("RGB", (60, 60), "cyan"))
    for box in ((0.5, 0, 0.5, 1), (0, 0, 61, 60), (-1, 0, 1, 1), (0, 0, 1)):
        with pytest.raises(BadInputError, match="expected left, top, right, bottom"):
            crop(image, box)
    for margin in (-0.1, float("nan"), float("inf"), "1"):
        with pytest.raises(BadInputError, match="margin"):
            crop(image, (0, 0, 1, 1), margin=margin)
