"""Samples -> batches of constant shape: rows of text tokens and rows of patches, both holding several samples each."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .chatformat import Frame, Tokens

PATCH_ROW = 256  # patches of one vision row
WAITING = 8  # a batch is full when so many samples have found no place in it

_Placed = tuple[int, int, Tokens, list[tuple[int, int]]]  # row, first token, what, and (row, first patch) of each frame


@dataclass(frozen=True)
class Shape:
    """Rows of a batch: `rows` of `length` text tokens, `vision_rows` of 256 patches."""

    rows: int
    length: int
    vision_rows: int


@dataclass(frozen=True)
class Batch:
    """One batch; `n` tokens a row, `R` vision rows of `P` patches.

    skills: of each row's samples, by their number in `segments` (number 0 is padding).
    ids, segments (which sample, 0 for padding), age (tokens since the sample's start) `[rows, n]`; weights `[rows, n]`
    of each token as a target; positions `[3, rows, n]`; patches uint8 `[R, P, 1536]`; frames `[R, P]` (which one);
    places `[R, P, 2]` (row, column of each patch); tap_index and tap_weight `[R, P, 4]` into the position grid; slots
    `[R * P / 4]` (flat index of the token that takes each merged patch).
    """

    skills: tuple[tuple[str, ...], ...]
    ids: Tensor
    segments: Tensor
    age: Tensor
    weights: Tensor
    positions: Tensor
    patches: Tensor
    frames: Tensor
    places: Tensor
    tap_index: Tensor
    tap_weight: Tensor
    slots: Tensor

    def to(self, device: torch.device) -> "Batch":
        """The same on `device`."""
        moved = {
            f.name: getattr(self, f.name).to(device, non_blocking=True) for f in fields(self) if f.name != "skills"
        }
        return replace(self, **moved)

    def trimmed(self) -> "Batch":
        """The same without the vision rows at the end that hold nothing."""
        used = max(1, int((self.frames > 0).any(1).sum()))
        cut = {name: getattr(self, name)[:used] for name in ("patches", "frames", "places", "tap_index", "tap_weight")}
        return replace(self, **cut, slots=self.slots[: used * PATCH_ROW // 4])

    def pinned(self) -> "Batch":
        """The same in page-locked memory."""
        return replace(self, **{f.name: getattr(self, f.name).pin_memory() for f in fields(self) if f.name != "skills"})


@lru_cache(maxsize=512)
def _geometry(height: int, width: int, side: int) -> tuple[NDArray[np.int16], NDArray[np.int32], NDArray[np.float32]]:
    """Places `[n, 2]`, taps `[n, 4]` and their weights of a grid of patches, in the order of rows (2 by 2 blocks)."""
    row, column = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    order = np.arange(height * width).reshape(height // 2, 2, width // 2, 2).transpose(0, 2, 1, 3).reshape(-1)
    row, column = row.reshape(-1)[order], column.reshape(-1)[order]

    def taps(index: NDArray[np.int64], n: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        where = index * (side - 1) / max(n - 1, 1)
        low = np.floor(where).astype(np.int64)
        return low, np.minimum(low + 1, side - 1), where - low

    top, bottom, y = taps(row, height)
    left, right, x = taps(column, width)
    index = np.stack((top * side + left, top * side + right, bottom * side + left, bottom * side + right), -1)
    weight = np.stack(((1 - y) * (1 - x), (1 - y) * x, y * (1 - x), y * x), -1)
    return np.stack((row, column), -1).astype(np.int16), index.astype(np.int32), weight.astype(np.float32)


def patch_rows(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pixels `[2, height, width, 3]` of one temporal patch -> `[patches, 1536]` in the family's order."""
    _, height, width, _ = pixels.shape
    gh, gw = height // 16, width // 16
    cut = pixels.reshape(2, gh // 2, 2, 16, gw // 2, 2, 16, 3)
    return cut.transpose(1, 4, 2, 5, 7, 0, 3, 6).reshape(gh * gw, 1536)


class _Rows:
    """First-fit packing of lengths into rows."""

    def __init__(self, rows: int, length: int) -> None:
        self.used = [0] * rows
        self.length = length

    def find(self, needed: int, used: list[int] | None = None) -> int | None:
        for row, taken in enumerate(self.used if used is None else used):
            if taken + needed <= self.length:
                return row
        return None


class Packer:
    """Fills batches of one shape from a stream of samples."""

    def __init__(self, shape: Shape, side: int) -> None:
        self.shape = shape
        self.side = side

    def batches(self, stream: Iterable[Tokens]) -> Iterator[Batch]:
        """Batches as they fill up. What doesn't fit waits for the next one; samples longer than a row are left out."""
        text, vision = self._fresh()
        held: list[_Placed] = []
        waiting: list[Tokens] = []
        for tokens in stream:
            if len(tokens.ids) > self.shape.length:
                continue
            if not self._place(tokens, text, vision, held):
                waiting.append(tokens)
            if len(waiting) == WAITING:
                yield self._built(held)
                text, vision = self._fresh()
                held = []
                waiting = [one for one in waiting if not self._place(one, text, vision, held)]
        while held:
            yield self._built(held)
            text, vision = self._fresh()
            held = []
            waiting = [one for one in waiting if not self._place(one, text, vision, held)]

    def _place(self, tokens: Tokens, text: _Rows, vision: _Rows, held: list[_Placed]) -> bool:
        row = text.find(len(tokens.ids))
        places = self._frames(tokens.frames, vision) if row is not None else None
        if row is None or places is None:
            return False
        held.append((row, text.used[row], tokens, places))
        text.used[row] += len(tokens.ids)
        return True

    def _fresh(self) -> tuple[_Rows, _Rows]:
        return _Rows(self.shape.rows, self.shape.length), _Rows(self.shape.vision_rows, PATCH_ROW)

    def _frames(self, frames: list[Frame], vision: _Rows) -> list[tuple[int, int]] | None:
        """Where each frame's patches go, or None (and nothing taken) if they don't all fit."""
        used, places = list(vision.used), []
        for frame in frames:
            needed = frame.rows * frame.columns * 4
            row = vision.find(needed, used)
            if row is None:
                return None
            places.append((row, used[row]))
            used[row] += needed
        vision.used = used
        return places

    def _built(self, held: list[_Placed]) -> Batch:
        rows, length, vision_rows = self.shape.rows, self.shape.length, self.shape.vision_rows
        ids, segments, age = (np.zeros((rows, length), np.int64) for _ in range(3))
        weights, positions = np.zeros((rows, length), np.float32), np.zeros((3, rows, length), np.int32)
        patches = np.zeros((vision_rows, PATCH_ROW, 1536), np.uint8)
        frames, spots = np.zeros((vision_rows, PATCH_ROW), np.int32), np.zeros((vision_rows, PATCH_ROW, 2), np.int16)
        tap_index, tap_weight = (
            np.zeros((vision_rows, PATCH_ROW, 4), np.int32),
            np.zeros((vision_rows, PATCH_ROW, 4), np.float32),
        )
        slots = np.full((vision_rows, PATCH_ROW // 4), rows * length, np.int64)
        skills: list[list[str]] = [[""] for _ in range(rows)]
        count = 0
        for row, start, tokens, places in held:
            end = start + len(tokens.ids)
            ids[row, start:end] = tokens.ids
            weights[row, start:end] = tokens.weights
            weights[row, start] = 0
            skills[row].append(tokens.skill)
            segments[row, start:end] = len(skills[row]) - 1
            age[row, start:end] = np.arange(len(tokens.ids))
            positions[:, row, start:end] = mrope(tokens)
            for frame, (vision_row, first) in zip(tokens.frames, places, strict=True):
                count += 1
                n = frame.rows * frame.columns
                last = first + n * 4
                patches[vision_row, first:last] = patch_rows(frame.pixels)
                frames[vision_row, first:last] = count
                place, index, weight = _geometry(frame.rows * 2, frame.columns * 2, self.side)
                spots[vision_row, first:last], tap_index[vision_row, first:last], tap_weight[vision_row, first:last] = (
                    place,
                    index,
                    weight,
                )
                slots[vision_row, first // 4 : first // 4 + n] = row * length + start + frame.start + np.arange(n)
        text = (torch.from_numpy(part) for part in (ids, segments, age, weights, positions))
        seen = (torch.from_numpy(part) for part in (patches, frames, spots, tap_index, tap_weight, slots.reshape(-1)))
        return Batch(tuple(map(tuple, skills)), *text, *seen)


def mrope(tokens: Tokens) -> NDArray[np.int32]:
    """Interleaved M-RoPE positions `[3, n]`: a frame at p takes t = p, h = p + row, w = p + column."""
    n = len(tokens.ids)
    out = np.empty((3, n), np.int32)
    done = position = 0
    for frame in tokens.frames:
        text = frame.start - done
        out[:, done : frame.start] = np.arange(position, position + text)
        position += text
        done = frame.start + frame.rows * frame.columns
        row, column = np.divmod(np.arange(frame.rows * frame.columns), frame.columns)
        out[0, frame.start : done] = position
        out[1, frame.start : done] = position + row
        out[2, frame.start : done] = position + column
        position += max(frame.rows, frame.columns)
    out[:, done:] = np.arange(position, position + n - done)
    return out
