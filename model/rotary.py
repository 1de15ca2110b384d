"""Rotary positions for the vision tower, written over queries and keys in one pass of a GPU's memory.

PyTorch's own operations take ten passes, with float32 in between: a third of the tower's time.
"""

import triton  # type: ignore[import-not-found, unused-ignore]  # comes with PyTorch for GPUs
import triton.language as tl  # type: ignore[import-not-found, unused-ignore]
from torch import Tensor


def rotate_(heads: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turns `[frames, rows, ..., head]` by angles `[rows, head / 2]`, in float32, rounded once.

    Its last dimensions lie side by side, those in front of them at equal distances.
    """
    frames, rows, *between, head = heads.shape
    count = between[0] * between[1]
    _rotate[(frames * rows,)](
        heads,
        cos,
        sin,
        rows,
        heads.stride(1),
        count,
        head // 2,
        COUNT=triton.next_power_of_2(count),
        HALF=triton.next_power_of_2(head // 2),
    )
    return heads


@triton.jit  # type: ignore[untyped-decorator, unused-ignore]
def _rotate(heads, cos, sin, rows, stride, count, half, COUNT: tl.constexpr, HALF: tl.constexpr):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, N803
    row = tl.program_id(0).to(tl.int64)
    head = tl.arange(0, COUNT)[:, None]
    place = tl.arange(0, HALF)[None, :]
    there = (head < count) & (place < half)
    at = heads + row * stride + head * (2 * half) + place
    first = tl.load(at, there).to(tl.float32)
    second = tl.load(at + half, there).to(tl.float32)
    angle = (row % rows) * half + place
    cosine = tl.load(cos + angle, place < half)
    sine = tl.load(sin + angle, place < half)
    tl.store(at, first * cosine - second * sine, there)
    tl.store(at + half, second * cosine + first * sine, there)
