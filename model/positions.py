"""Interleaved M-RoPE positions, computed by us and kept with the session, never on the model.

Text counts one by one on all three axes. A block of vision tokens at position p has t = p, h = p + row, w = p +
column, and the text after it goes on at p + max(rows, columns). Every temporal patch of a video is a block of its own.
(Formula: Qwen3-VL technical report and `Qwen3_5Model.get_rope_index`; equality with the latter is tested.)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Block:
    """Vision tokens of one temporal patch within a stretch of ids.

    `kept` are the places, counted row by row, whose tokens are there; None: all.
    """

    start: int  # index of the first vision token in the stretch
    rows: int  # after merging
    columns: int
    kept: tuple[int, ...] | None = None

    @property
    def tokens(self) -> int:
        return self.rows * self.columns if self.kept is None else len(self.kept)


def mrope_positions(length: int, blocks: Sequence[Block], start: int = 0) -> tuple[Tensor, int]:
    """Positions of `length` tokens that follow position `start - 1`.

    Returns:
        int64 `[3, length]` (t, h, w), and the next free position.
    """
    positions = torch.empty(3, length, dtype=torch.long)
    done, position = 0, start
    for block in blocks:
        text = block.start - done
        positions[:, done : block.start] = torch.arange(position, position + text)
        position += text
        end = block.start + block.tokens
        positions[0, block.start : end] = position
        places = torch.arange(block.rows * block.columns) if block.kept is None else torch.tensor(block.kept)
        positions[1, block.start : end] = position + places // block.columns
        positions[2, block.start : end] = position + places % block.columns
        position += max(block.rows, block.columns)
        done = end
    positions[:, done:] = torch.arange(position, position + length - done)
    return positions, position + length - done
