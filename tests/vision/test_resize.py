import random

import pytest
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import smart_resize as stock_image_size
from transformers.models.qwen3_vl.video_processing_qwen3_vl import smart_resize as stock_video_size

from quintet.errors import MediaError, UnsupportedModelError
from quintet.vision import VisionSettings
from quintet.vision.resize import fit_video, image_size, video_size

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


def test_max_tokens_is_never_passed_and_is_used_well() -> None:
    draw = random.Random(3)
    for height, width in sides(4, 400):
        if max(height, width) > 20 * min(height, width):
            continue
        frames, max_tokens = draw.randint(1, 800), draw.randint(20, 12288)
        count, size = fit_video(frames, height, width, VisionSettings(), max_tokens)
        tokens = -(-count // 2) * size[0] * size[1] // 1024
        assert 1 <= count <= frames
        assert tokens <= max_tokens, (frames, height, width, max_tokens)


def test_max_tokens_lowers_the_size_first_and_then_the_number_of_frames() -> None:
    full, large = fit_video(64, 720, 1280, VisionSettings())
    same, smaller = fit_video(64, 720, 1280, VisionSettings(), 32 * 60)
    fewer, smallest = fit_video(64, 720, 1280, VisionSettings(), 160)
    assert full == same == 64
    assert large[0] > smaller[0]
    assert fewer == 20
    assert smallest == (96, 160)


def test_max_tokens_too_small_for_one_frame_is_an_error() -> None:
    with pytest.raises(MediaError, match=r"max_tokens=1: .*raise max_tokens"):
        fit_video(4, 100, 1000, VisionSettings(), 1)


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


def test_configs_that_this_grid_cannot_serve_are_refused() -> None:
    with pytest.raises(UnsupportedModelError, match="patch grid"):
        VisionSettings.from_hf({"patch_size": 14}, {"patch_size": 16})
    with pytest.raises(UnsupportedModelError, match="image_mean"):
        VisionSettings.from_hf({"image_mean": [0.48, 0.45, 0.40]}, {})
