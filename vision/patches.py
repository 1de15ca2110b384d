"""`Patches`: what the vision tower reads of one picture or video."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from .resize import VisionSettings

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Patches:
    """Pixel rows of one picture or video, with the grid and times that place them.

    pixels: uint8 `[t * h * w, channels * temporal * patch * patch]`, rows in merge-window order.
    grid: `(t, h, w)`, temporal patches and patches down and across.
    times: seconds in the video, one per temporal patch; empty for a picture.
    digests: one per temporal patch, of its pixels, its grid and the settings; equal digests have equal embeddings.
    kept: bool `[t, tokens of a temporal patch]`, the tokens that go into the prompt; None: all of them.
    notes: what is wrong with the file, in sentences.
    """

    kind: Literal["image", "video"]
    pixels: Tensor
    grid: tuple[int, int, int]
    times: tuple[float, ...]
    digests: tuple[str, ...]
    settings: VisionSettings
    kept: Tensor | None = None
    notes: tuple[str, ...] = ()

    @property
    def tokens(self) -> int:
        """Tokens in the prompt, without markers and timestamps."""
        return self.grid[0] * self.tokens_per_frame if self.kept is None else int(self.kept.sum())

    @property
    def tokens_per_frame(self) -> int:
        """Tokens of one temporal patch, before pruning."""
        return self.grid[1] * self.grid[2] // self.settings.merge**2

    @cached_property
    def digest(self) -> str:
        """Of everything that the prompt's tokens stand for, but the times."""
        digest = hashlib.blake2b("".join(self.digests).encode(), digest_size=16)
        if self.kept is not None:
            digest.update(self.kept.numpy().tobytes())
        return digest.hexdigest()

    def normalised(self, dtype: torch.dtype, device: torch.device | str) -> Tensor:
        """`[rows, values]` around 0, computed in float32 on `device` and rounded to `dtype` once."""
        import torch

        mean, std = 255 * self.settings.mean, 255 * self.settings.std
        return self.pixels.to(device=device).to(torch.float32).sub_(mean).div_(std).to(dtype)

    def pruned(self, difference: float) -> Patches:
        """Without tokens that look like the last one kept at their place: by less than `difference` of 255 on average.

        All tokens of the first temporal patch are kept, and of each other one at least that which changed most.
        """
        import torch

        rows = self.pixels.view(self.grid[0], self.tokens_per_frame, -1)
        kept = torch.ones(rows.shape[:2], dtype=torch.bool)
        shown = rows[0].clone()
        for frame in range(1, len(rows)):
            change = (rows[frame].short() - shown.short()).abs().float().mean(-1)
            kept[frame] = change >= difference
            kept[frame, change.argmax()] = True
            shown[kept[frame]] = rows[frame, kept[frame]]
        return replace(self, kept=kept)


class PatchRows:
    """Rows being filled frame by frame, so that no frame is held beside its patches."""

    def __init__(self, frames: int, size: tuple[int, int], settings: VisionSettings) -> None:
        import torch

        patch, merge, temporal = settings.patch, settings.merge, settings.temporal
        self._settings = settings
        self._grid = (-(-frames // temporal), size[0] // patch, size[1] // patch)
        t, h, w = self._grid
        self._rows = torch.empty(
            (t, h // merge, w // merge, merge, merge, 3, temporal, patch, patch), dtype=torch.uint8
        )

    @property
    def frames(self) -> int:
        """Places to fill: whole temporal patches."""
        return self._grid[0] * self._settings.temporal

    def put(self, position: int, frame: Tensor) -> None:
        """Write one resized frame, uint8 `[3, H, W]`, at its position in time."""
        patch, merge, temporal = self._settings.patch, self._settings.merge, self._settings.temporal
        _, h, w = self._grid
        line = f"V{patch}"  # a patch's line is copied as one value: torch's strided copy wakes all cores for each frame
        lines = np.ascontiguousarray(frame.numpy()).view(line)  # [3, H, w]
        windows = lines.reshape(3, h // merge, merge, patch, w // merge, merge).transpose(1, 4, 2, 5, 0, 3)
        rows = self._rows.numpy()[position // temporal, ..., position % temporal, :, :]
        rows.view(line)[..., 0] = windows

    def finish(self, kind: Literal["image", "video"], times: tuple[float, ...], notes: tuple[str, ...] = ()) -> Patches:
        """The patches, once every position is written."""
        t, h, w = self._grid
        pixels = self._rows.view(t * h * w, self._settings.row)
        digests = tuple(self._digest(rows) for rows in pixels.view(t, -1))
        return Patches(kind, pixels, self._grid, times, digests, self._settings, notes=notes)

    def _digest(self, rows: Tensor) -> str:
        s = self._settings
        digest = hashlib.blake2b(digest_size=16)
        digest.update(repr((self._grid[1:], s.patch, s.merge, s.temporal, s.mean, s.std)).encode())
        digest.update(rows.numpy().data)
        return digest.hexdigest()


def pair_times(times: Sequence[float], temporal: int) -> tuple[float, ...]:
    """One time per temporal patch: the mean of its first and last frame's, in seconds. The last frame fills a gap."""
    padded = [*times, *list(times[-1:]) * (-len(times) % temporal)]
    return tuple((padded[i] + padded[i + temporal - 1]) / 2 for i in range(0, len(padded), temporal))
