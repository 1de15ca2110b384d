"""Block-FP8, as Qwen releases it: float8 weights, and one scale for every block of 128 by 128."""

import torch
from torch import Tensor


def dequantised(weight: Tensor, scale: Tensor, block: tuple[int, int]) -> Tensor:
    """The float32 weight that a block-FP8 one stands for: each value times its block's scale.

    Args:
        weight: `[..., rows, columns]`, float8.
        scale: `[..., ceil(rows / block[0]), ceil(columns / block[1])]`; blocks at the far edges may be cut off.
            The releases call it `weight_scale_inv`; it is multiplied all the same.

    Raises:
        ValueError: if the scales are too few or too many for the weight.
    """
    rows, columns = weight.shape[-2:]
    wanted = (*weight.shape[:-2], -(-rows // block[0]), -(-columns // block[1]))
    if tuple(scale.shape) != wanted:
        raise ValueError(f"its scales have the shape {list(scale.shape)}, and blocks of {block} need {list(wanted)}")
    spread = scale.float().repeat_interleave(block[0], -2)[..., :rows, :].repeat_interleave(block[1], -1)
    return weight.to(torch.float32) * spread[..., :columns]
