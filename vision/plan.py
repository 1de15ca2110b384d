"""`Plan`: what will be read of a picture or video, known before anything is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .resize import VisionSettings


@dataclass(frozen=True)
class Plan:
    """Sizes and places of one picture or video under a checkpoint's settings.

    size: (height, width) in px after resizing. frames: indices of the video's frames that are looked at, ascending;
    empty for a picture. times: seconds in the video, one per temporal patch; empty for a picture.
    """

    kind: Literal["image", "video"]
    size: tuple[int, int]
    frames: tuple[int, ...]
    times: tuple[float, ...]
    settings: VisionSettings

    @property
    def grid(self) -> tuple[int, int, int]:
        """Temporal patches, and patches down and across."""
        height, width = self.size
        return max(1, len(self.times)), height // self.settings.patch, width // self.settings.patch

    @property
    def tokens(self) -> int:
        """Tokens in the prompt, without markers and timestamps; of a pruned video the most it can be."""
        t, h, w = self.grid
        return t * h * w // self.settings.merge**2
