from collections.abc import Callable
from dataclasses import replace

import numpy as np
import PIL.Image
import pytest
import torch
from numpy.typing import NDArray
from transformers.models.qwen3_vl.video_processing_qwen3_vl import Qwen3VLVideoProcessor

from quintet.vision import Image, Patches, VisionSettings
from quintet.vision.patches import PatchRows, pair_times

SETTINGS = VisionSettings(image_min_pixels=4096, image_max_pixels=200_000)


def picture(width: int, height: int) -> PIL.Image.Image:
    coarse = np.random.default_rng(0).integers(0, 256, (height // 12 + 2, width // 12 + 2, 3), dtype=np.uint8)
    return PIL.Image.fromarray(coarse).resize((width, height), PIL.Image.Resampling.BILINEAR)


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
