from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch

from quintet.errors import BadInputError
from quintet.vision import Image, media_from_block

COLOURS = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def seen(array: Any) -> np.ndarray[Any, Any]:
    return np.array(Image(array).pil)


def test_arrays_in_every_layout_show_the_same() -> None:
    for array in (
        *(
            COLOURS,
            COLOURS[:, ::-1][:, ::-1],
            COLOURS.astype(np.uint16) * 257,
            COLOURS / 255,
            COLOURS.astype("f2") / 255,
        ),
        *(torch.from_numpy(COLOURS).permute(2, 0, 1), torch.from_numpy(COLOURS).permute(2, 0, 1).float() / 255),
        *(torch.from_numpy(COLOURS).permute(2, 0, 1).double().requires_grad_() / 255, (COLOURS / 255).astype(">f8")),
    ):
        assert np.array_equal(seen(array), COLOURS)


def test_grey_and_bool_arrays_show_grey() -> None:
    grey = COLOURS[:, :, 0]
    expected = np.repeat(grey[:, :, None], 3, axis=2)
    for array in (grey, grey[:, :, None], torch.from_numpy(grey.copy()), torch.from_numpy(grey.copy())[None]):
        assert np.array_equal(seen(array), expected)
    assert np.array_equal(seen(grey > 99)[:, :, 1], np.where(grey > 99, 255, 0))
    assert np.array_equal(seen((grey > 99).astype(np.uint16) * 65535)[:, :, 1], np.where(grey > 99, 255, 0))


def test_alpha_lies_on_white() -> None:
    rgba = np.zeros((20, 30, 4), np.uint8)
    rgba[:10, :, 3] = 255
    for array in (rgba, torch.from_numpy(rgba).permute(2, 0, 1)):
        assert (seen(array)[:10] == 0).all()
        assert (seen(array)[10:] == 255).all()


def test_half_precision_and_rounding_errors_are_fine() -> None:
    assert seen(torch.full((3, 20, 30), 0.5, dtype=torch.bfloat16))[0, 0].tolist() == [128] * 3
    assert seen(np.full((20, 30), 1 + 1e-6))[0, 0].tolist() == [255] * 3


def test_later_changes_of_an_array_dont_matter() -> None:
    array = COLOURS.copy()
    image = Image(array)
    array[:] = 0
    assert np.array_equal(np.array(image.pil), COLOURS)


def test_an_array_survives_its_block() -> None:
    image = media_from_block(Image(COLOURS, max_tokens=40).to_block())
    assert isinstance(image, Image)
    assert image.max_tokens == 40
    assert np.array_equal(np.array(image.pil), COLOURS)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((3, 20, 30), np.uint8), r"\[3, 20, 30\].*write array\.transpose\(1, 2, 0\)"),
        (torch.zeros(20, 30, 3), r"write array\.permute\(2, 0, 1\)"),
        (np.zeros((3, 30, 4), np.uint8), "could both be the colours"),
        (torch.zeros(3, 30, 1), "could both be the colours"),
        (np.zeros((20, 30, 2), np.uint8), "1, 3 or 4 colours"),
        (np.zeros((1, 20, 30, 3), np.uint8), "take one of the batch"),
        (np.zeros(30, np.uint8), "two or three axes"),
        (np.zeros((0, 30), np.uint8), "no pixels"),
        (np.zeros((20, 30), np.int64), "int64: expected uint8"),
        (np.zeros((20, 30), np.complex64), "complex64: expected uint8"),
        (np.zeros((20, 30), object), "object: expected uint8"),
        (torch.zeros((20, 30), dtype=torch.int8), "int8: expected uint8"),
        (np.full((20, 30), 255.0), "from 255 to 255; floats must go from 0 to 1"),
        (np.full((20, 30), -0.5), "floats must go from 0 to 1"),
        (np.full((20, 30), np.nan), "none NaN"),
        (np.full((20, 30), np.inf), "floats must go from 0 to 1"),
    ],
)
def test_arrays_that_are_no_pictures_say_why(array: Any, message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        Image(array)


def test_an_array_is_exact_in_patches() -> None:
    assert Image(COLOURS).patches().digest == Image(PIL.Image.fromarray(COLOURS)).patches().digest
