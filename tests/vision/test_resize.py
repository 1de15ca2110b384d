import math
import random
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import smart_resize as stock_image_size
from transformers.models.qwen3_vl.video_processing_qwen3_vl import Qwen3VLVideoProcessor
from transformers.models.qwen3_vl.video_processing_qwen3_vl import smart_resize as stock_video_size

from quintet.errors import MediaError, UnsupportedModelError
from quintet.vision import VisionSettings
from quintet.vision.resize import fit_image, fit_video, image_size, video_size

SMALL = VisionSettings(image_min_pixels=4096, image_max_pixels=50_000, video_min_pixels=4096, video_max_pixels=400_000)


def sides(seed: int, count: int) -> list[tuple[int, int]]:
    draw = random.Random(seed)
    pairs = [(int(2 ** draw.uniform(0, 13)), int(2 ** draw.uniform(0, 13))) for _ in range(count)]
    halves = [(32 * i + 16, 32 * j + 16) for i in range(1, 8) for j in range(1, 8)]
    return [(h, w) for h, w in pairs + halves if max(h, w) <= 200 * min(h, w)]


@pytest.mark.parametrize("settings", [VisionSettings(), SMALL])
def test_image_size_is_the_stock_one(settings: VisionSettings) -> None:
    for height, width in sides(1, 3000):
        expected = stock_image_size(height, width, 32, settings.image_min_pixels, settings.image_max_pixels)
        assert image_size(height, width, settings) == expected, (height, width)


@pytest.mark.parametrize("settings", [VisionSettings(), SMALL])
def test_video_size_is_the_stock_one(settings: VisionSettings) -> None:
    frames = random.Random(2)
    for height, width in sides(2, 3000):
        count = frames.choice([2, 3, 4, 5, 6, 7, 64, 255, 768])
        expected = stock_video_size(count, height, width, 2, 32, settings.video_min_pixels, settings.video_max_pixels)
        assert video_size(count, height, width, settings) == expected, (count, height, width)


def test_a_single_frame_is_sized_like_the_pair_it_becomes() -> None:
    assert video_size(1, 480, 640, SMALL) == video_size(2, 480, 640, SMALL)


def test_extreme_shapes_are_refused_with_the_size_and_the_remedy() -> None:
    with pytest.raises(MediaError, match=r"10000x20 px: .*crop or pad"):
        image_size(20, 10000, VisionSettings())
    with pytest.raises(MediaError, match="crop or pad"):
        video_size(4, 20000, 40, VisionSettings())


def budgets(seed: int, count: int) -> Iterator[tuple[int, int, int | None, int | None]]:
    """Random shapes with random budgets: height, width, max_tokens, max_pixels."""
    draw = random.Random(seed)
    for height, width in sides(seed, count):
        max_tokens = draw.choice([None, int(2 ** draw.uniform(0, 14))])
        max_pixels = draw.choice([None, int(2 ** draw.uniform(8, 24))])
        yield height, width, max_tokens, max_pixels


def test_a_picture_never_passes_its_budgets() -> None:
    refused = 0
    for height, width, max_tokens, max_pixels in budgets(4, 3000):
        stock = image_size(height, width, SMALL)
        aspect = max(height, width) / min(height, width)
        least = min(max_tokens or math.inf, (max_pixels or math.inf) / 1024)
        try:
            rows, columns = fit_image(height, width, SMALL, max_tokens, max_pixels)
        except MediaError:
            refused += 1
            assert least < aspect + 1, (height, width, max_tokens, max_pixels)
            continue
        assert rows % 32 == columns % 32 == 0
        assert rows * columns <= min(least * 1024, stock[0] * stock[1])
        if stock[0] * stock[1] <= least * 1024:
            assert (rows, columns) == stock
    assert 0 < refused < 1000


def test_a_budget_is_used_as_the_stock_rule_uses_its_maximum() -> None:
    for height, width, max_tokens, _ in budgets(5, 3000):
        budget = max(max_tokens or 50, 4)
        stock = image_size(height, width, SMALL)
        expected = stock_image_size(height, width, 32, 4096, budget * 1024)
        # Where a side is a token thin, the stock rule passes its maximum.
        if expected[0] * expected[1] <= budget * 1024 < stock[0] * stock[1]:
            assert fit_image(height, width, SMALL, budget) == expected, (height, width, budget)


def test_a_larger_budget_never_gives_less() -> None:
    for height, width in sides(6, 100):
        areas = []
        for max_tokens in range(1, 120):
            with suppress(MediaError):
                size = fit_image(height, width, SMALL, max_tokens)
                areas.append(size[0] * size[1])
        assert areas == sorted(areas)
        aspect = max(height, width) / min(height, width)
        assert len(areas) >= 119 - aspect  # once something fits, everything larger does


def test_pixels_and_tokens_are_one_budget() -> None:
    assert fit_image(720, 1280, VisionSettings(), max_pixels=100 * 1024 + 1023) == fit_image(
        720, 1280, VisionSettings(), max_tokens=100
    )
    count, size = fit_video(16, 720, 1280, VisionSettings(), max_pixels=100 * 1024)
    assert count == 16
    assert size == fit_image(720, 1280, VisionSettings(), max_tokens=100)


def test_a_budget_that_nothing_meets_is_an_error_with_the_remedy() -> None:
    with pytest.raises(MediaError, match=r"max_tokens=4: .*1000x100 px, which takes 8 tokens .*; raise"):
        fit_image(100, 1000, VisionSettings(), max_tokens=4)
    with pytest.raises(MediaError, match=r"max_pixels=1000: .*takes 1 tokens of 32 x 32 px"):
        fit_image(100, 100, VisionSettings(), max_pixels=1000)
    with pytest.raises(MediaError, match=r"max_tokens=1: .*one frame of 1000x100 px"):
        fit_video(4, 100, 1000, VisionSettings(), 1)


def test_a_video_never_passes_its_budgets() -> None:
    frames = random.Random(7)
    for height, width, max_tokens, max_pixels in budgets(7, 1500):
        asked, steady = frames.randint(1, 800), frames.random() < 0.5
        try:
            count, size = fit_video(asked, height, width, SMALL, max_tokens, max_pixels, steady=steady)
        except MediaError:
            continue
        assert 1 <= count <= asked
        assert size[0] % 32 == size[1] % 32 == 0
        assert size[0] * size[1] <= (max_pixels or math.inf)
        assert -(-count // 2) * size[0] * size[1] // 1024 <= (max_tokens or math.inf), (height, width, max_tokens)


def test_a_video_without_budgets_has_the_stock_size() -> None:
    for height, width in sides(8, 300):
        assert fit_video(11, height, width, SMALL) == (11, video_size(11, height, width, SMALL))


def test_max_tokens_lowers_the_size_first_and_then_the_number_of_frames() -> None:
    full, large = fit_video(64, 720, 1280, VisionSettings())
    same, smaller = fit_video(64, 720, 1280, VisionSettings(), 32 * 60)
    fewer, smallest = fit_video(64, 720, 1280, VisionSettings(), 160)
    assert full == same == 64
    assert large[0] > smaller[0]
    assert fewer == 20
    assert smallest == (96, 160)


def test_steady_sizes_are_few() -> None:
    plain = {fit_video(count, 720, 1280, VisionSettings(), 3000)[1] for count in range(26, 129)}
    steady = {fit_video(count, 720, 1280, VisionSettings(), 3000, steady=True)[1] for count in range(26, 129)}
    assert len(steady) <= 5 < len(plain)


def test_settings_are_read_from_the_configs_of_a_checkpoint() -> None:
    normal = {
        "image_mean": [0.5] * 3,
        "image_std": [0.5] * 3,
        "patch_size": 16,
        "merge_size": 2,
        "temporal_patch_size": 2,
    }
    image = {"size": {"shortest_edge": 1024, "longest_edge": 9999}} | normal
    video = {
        "size": {"shortest_edge": 2048, "longest_edge": 88888},
        "fps": 1,
        "max_frames": 12,
        "min_frames": 2,
    } | normal
    assert VisionSettings.from_hf(image, video) == VisionSettings(
        image_min_pixels=1024,
        image_max_pixels=9999,
        video_min_pixels=2048,
        video_max_pixels=88888,
        fps=1.0,
        min_frames=2,
        max_frames=12,
    )
    assert VisionSettings.from_hf({}, {}) == VisionSettings()


EDGES = {"shortest_edge": 10_000, "longest_edge": 20_000}


@pytest.mark.parametrize(
    "budget",
    [
        {"size": {"shortest_edge": 65536, "longest_edge": 16777216}},  # as published with Qwen3.5
        {"size": EDGES, "min_pixels": None, "max_pixels": None},
        {"size": EDGES, "min_pixels": 3136},
        {"size": EDGES, "min_pixels": 3136, "max_pixels": 12845056},
    ],
)
def test_budgets_are_read_from_configs_as_the_stock_processors_read_them(budget: dict[str, Any]) -> None:
    read = VisionSettings.from_hf(budget, budget)
    image, video = Qwen2VLImageProcessorPil(**deepcopy(budget)).size, Qwen3VLVideoProcessor(**deepcopy(budget)).size
    assert (read.image_min_pixels, read.image_max_pixels) == (image.shortest_edge, image.longest_edge)
    assert (read.video_min_pixels, read.video_max_pixels) == (video.shortest_edge, video.longest_edge)


def test_other_grids_are_read() -> None:
    finer = {"patch_size": 14, "merge_size": 4, "temporal_patch_size": 1}
    read = VisionSettings.from_hf(finer, finer)
    assert (read.factor, read.row) == (56, 3 * 14 * 14)


def test_configs_that_this_grid_cannot_serve_are_refused() -> None:
    with pytest.raises(UnsupportedModelError, match="patch grid"):
        VisionSettings.from_hf({"patch_size": 14}, {"patch_size": 16})
    with pytest.raises(UnsupportedModelError, match="image_mean"):
        VisionSettings.from_hf({"image_mean": [0.48, 0.45, 0.40]}, {})
