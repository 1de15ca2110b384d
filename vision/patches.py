"""`Patches`: what the vision tower reads of one picture or video."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

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
    digest: of pixels, grid and settings; equal digests have equal embeddings.
    """

    kind: Literal["image", "video"]
    pixels: Tensor
    grid: tuple[int, int, int]
    times: tuple[float, ...]
    digest: str
    settings: VisionSettings

    @property
    def tokens(self) -> int:
        """Tokens in the prompt, without markers and timestamps."""
        return self.grid[0] * self.tokens_per_frame

    @property
    def tokens_per_frame(self) -> int:
        """Tokens of one temporal patch."""
        return self.grid[1] * self.grid[2] // self.settings.merge**2

    def normalised(self, dtype: torch.dtype, device: torch.device | str) -> Tensor:
        """`[rows, values]` around 0, computed in float32 on `device` and rounded to `dtype` once."""
        import torch

        mean, std = 255 * self.settings.mean, 255 * self.settings.std
        return self.pixels.to(device=device).to(torch.float32).sub_(mean).div_(std).to(dtype)


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
        windows = frame.reshape(3, h // merge, merge, patch, w // merge, merge, patch).permute(1, 4, 2, 5, 0, 3, 6)
        self._rows[position // temporal, ..., position % temporal, :, :] = windows

    def finish(self, kind: Literal["image", "video"], times: tuple[float, ...]) -> Patches:
        """The patches, once every position is written."""
        t, h, w = self._grid
        pixels = self._rows.view(t * h * w, self._settings.row)
        return Patches(kind, pixels, self._grid, times, self._digest(pixels), self._settings)

    def _digest(self, pixels: Tensor) -> str:
        s = self._settings
        digest = hashlib.blake2b(digest_size=16)
        digest.update(repr((self._grid, s.patch, s.merge, s.temporal, s.mean, s.std)).encode())
        digest.update(pixels.numpy().data)
        return digest.hexdigest()


def pair_times(times: list[float], temporal: int) -> tuple[float, ...]:
    """One time per temporal patch: the mean of its first and last frame's, in seconds. The last frame fills a gap."""
    padded = times + times[-1:] * (-len(times) % temporal)
    return tuple((padded[i] + padded[i + temporal - 1]) / 2 for i in range(0, len(padded), temporal))
