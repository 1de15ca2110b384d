from collections.abc import Callable
from dataclasses import replace

import numpy as np
import PIL.Image
import pytest
import torch
from numpy.typing import NDArray
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
from transformers.models.qwen3_vl.video_processing_qwen3_vl import Qwen3VLVideoProcessor

from quintet.vision import Image, Patches, VisionSettings
from quintet.vision.patches import PatchRows, pair_times

SETTINGS = VisionSettings(image_min_pixels=4096, image_max_pixels=200_000)
HALF = [0.5, 0.5, 0.5]


def picture(width: int, height: int) -> PIL.Image.Image:
    coarse = np.random.default_rng(0).integers(0, 256, (height // 12 + 2, width // 12 + 2, 3), dtype=np.uint8)
    return PIL.Image.fromarray(coarse).resize((width, height), PIL.Image.Resampling.BILINEAR)


@pytest.mark.parametrize("size", [(320, 224), (640, 480), (333, 517), (100, 40), (31, 65), (900, 50)])
def test_an_image_equals_the_stock_processor(size: tuple[int, int]) -> None:
    stock = Qwen2VLImageProcessorPil(
        patch_size=16,
        image_mean=HALF,
        image_std=HALF,
        size={"shortest_edge": SETTINGS.image_min_pixels, "longest_edge": SETTINGS.image_max_pixels},
    )
    expected = stock(images=[picture(*size)], return_tensors="pt")
    patches = Image(picture(*size)).patches(SETTINGS)

    assert [list(patches.grid)] == expected["image_grid_thw"].tolist()
    assert patches.pixels.dtype == torch.uint8
    assert patches.pixels.shape == expected["pixel_values"].shape == (patches.grid[1] * patches.grid[2], 1536)
    # Pillow's resize, which the stock processor uses here, is up to 11 of 255 away from torch's.
    difference = (patches.normalised(torch.float32, "cpu") - expected["pixel_values"]).abs()
    assert difference.max() <= 11 / 127.5 + 1e-4


def test_an_image_that_needs_no_resize_equals_the_stock_processor_bit_for_bit() -> None:
    stock = Qwen2VLImageProcessorPil(
        patch_size=16, image_mean=HALF, image_std=HALF, size={"shortest_edge": 4096, "longest_edge": 200_000}
    )
    expected = stock(images=[picture(320, 224)], return_tensors="pt")["pixel_values"]
    normalised = Image(picture(320, 224)).patches(SETTINGS).normalised(torch.float32, "cpu")
    torch.testing.assert_close(normalised, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("frames", [1, 2, 5, 8])
def test_video_rows_equal_the_stock_order(frames: int) -> None:
    film = torch.randint(0, 256, (frames, 3, 64, 96), dtype=torch.uint8)
    stock = Qwen3VLVideoProcessor(patch_size=16)
    expected, *grid = stock.patchify(film[None], 16, 2, 2)

    rows = PatchRows(frames, (64, 96), VisionSettings())
    for place in range(rows.frames):
        rows.put(place, film[min(place, frames - 1)])
    patches = rows.finish("video", pair_times([float(i) for i in range(frames)], 2))
    assert patches.grid == tuple(grid)
    assert torch.equal(patches.pixels, expected[0])
    assert len(patches.times) == patches.grid[0]


def test_rows_hold_every_pixel_in_its_place(to_frames: Callable[[Patches], NDArray[np.uint8]]) -> None:
    original = picture(160, 96)
    both = to_frames(Image(original).patches(SETTINGS))
    assert np.array_equal(both[0], np.array(original))
    assert np.array_equal(both[0], both[1])


def test_tokens_are_counted_per_merged_patch() -> None:
    patches = Image(picture(160, 96)).patches(SETTINGS)
    assert patches.grid == (1, 6, 10)
    assert patches.tokens == patches.tokens_per_frame == 15
    assert patches.times == ()


def test_the_digest_tells_pixels_and_processing_apart() -> None:
    one = Image(picture(160, 96)).patches(SETTINGS)
    again = Image(picture(160, 96)).patches(SETTINGS)
    flipped = Image(picture(160, 96).transpose(PIL.Image.Transpose.FLIP_LEFT_RIGHT)).patches(SETTINGS)
    scaled = Image(picture(160, 96)).patches(replace(SETTINGS, std=0.25))
    assert one.digest == again.digest
    assert len({one.digest, flipped.digest, scaled.digest}) == 3


def test_a_digest_depends_on_the_grid_too() -> None:
    digests = set()
    for size in ((64, 96), (96, 64)):
        rows = PatchRows(2, size, SETTINGS)
        for place in range(2):
            rows.put(place, torch.zeros((3, *size), dtype=torch.uint8))
        digests.add(rows.finish("image", ()).digest)
    assert len(digests) == 2


def test_normalised_values_run_from_minus_one_to_one() -> None:
    white = Image(PIL.Image.new("RGB", (64, 64), "white")).patches(SETTINGS)
    black = Image(PIL.Image.new("RGB", (64, 64), "black")).patches(SETTINGS)
    assert white.normalised(torch.bfloat16, "cpu").unique().tolist() == [1.0]
    assert black.normalised(torch.float32, "cpu").unique().tolist() == [-1.0]
    assert white.pixels.unique().tolist() == [255]  # the rows themselves stay as they are
