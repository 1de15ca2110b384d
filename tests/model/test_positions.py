"""Our positions against transformers' own."""

import random

import pytest
import torch
from transformers import Qwen3_5Config
from transformers.models.qwen3_5.modeling_qwen3_5 import Qwen3_5Model

from quintet.model.positions import Block, mrope_positions


def stock_positions(kinds: list[int], images: list[list[int]], videos: list[list[int]]) -> torch.Tensor:
    with torch.device("meta"):
        model = Qwen3_5Model(Qwen3_5Config(text_config={"num_hidden_layers": 1}, vision_config={"depth": 1}))
    ids = torch.zeros(1, len(kinds), dtype=torch.long)
    positions, _ = model.get_rope_index(
        ids,
        torch.tensor([kinds], dtype=torch.int),
        image_grid_thw=torch.tensor(images) if images else None,
        video_grid_thw=torch.tensor(videos) if videos else None,
    )
    return positions[:, 0]


def test_a_picture_and_a_video_between_text_have_transformers_positions() -> None:
    # 3 text, a 4x6 picture (2x3 merged), 2 text, two temporal patches of 4x4 with 3 tokens of timestamp between, 5 text
    kinds = [0] * 3 + [1] * 6 + [0] * 2 + [2] * 4 + [0] * 3 + [2] * 4 + [0] * 5
    blocks = [Block(3, 2, 3), Block(11, 2, 2), Block(18, 2, 2)]
    ours, following = mrope_positions(len(kinds), blocks)
    expected = stock_positions(kinds, [[1, 4, 6]], [[2, 4, 4]])
    assert torch.equal(ours, expected)
    assert following == int(expected.max()) + 1


@pytest.mark.parametrize("seed", range(5))
def test_any_conversation_has_transformers_positions(seed: int) -> None:
    draw = random.Random(seed)
    kinds: list[int] = []
    grids: dict[int, list[list[int]]] = {1: [], 2: []}
    blocks = []
    for _ in range(draw.randint(1, 6)):
        kinds += [0] * draw.randint(1, 30)
        kind, rows, columns = draw.choice([1, 2]), draw.randint(1, 9), draw.randint(1, 9)
        frames = 1 if kind == 1 else draw.randint(1, 5)
        grids[kind].append([frames, 2 * rows, 2 * columns])
        for frame in range(frames):
            kinds += [0] * (draw.randint(3, 9) if frame else 0)
            blocks.append(Block(len(kinds), rows, columns))
            kinds += [kind] * (rows * columns)
    kinds += [0] * draw.randint(1, 30)
    ours, following = mrope_positions(len(kinds), blocks)
    expected = stock_positions(kinds, grids[1], grids[2])
    assert torch.equal(ours, expected)
    assert following == int(expected.max()) + 1


def test_a_pruned_patch_keeps_the_positions_of_what_is_left() -> None:
    whole, end = mrope_positions(20, [Block(4, 3, 2), Block(12, 2, 2)])
    pruned, same = mrope_positions(16, [Block(4, 3, 2, kept=(0, 3, 5)), Block(9, 2, 2, kept=(0, 1, 3))])
    left = [*range(5), 7, *range(9, 14), 15, *range(16, 20)]
    assert torch.equal(pruned, whole[:, left])
    assert same == end


def test_reading_in_two_stretches_gives_the_same_positions() -> None:
    whole, end = mrope_positions(20, [Block(4, 3, 2), Block(14, 1, 2)])
    first, middle = mrope_positions(12, [Block(4, 3, 2)])
    second, last = mrope_positions(8, [Block(2, 1, 2)], start=middle)
    assert torch.equal(torch.cat([first, second], dim=1), whole)
    assert last == end
