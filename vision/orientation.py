"""Which way up a video is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, SupportsBytes, cast

import numpy as np
from av.sidedata.sidedata import SideDataContainer
from av.video.frame import VideoFrame

from .track import Rgb


@dataclass(frozen=True)
class Orientation:
    """How decoded frames are turned to stand upright: axes swapped first, then mirrored."""

    swap: bool = False
    mirror_x: bool = False
    mirror_y: bool = False

    @classmethod
    def of(cls, frame: VideoFrame) -> Orientation:
        """Read the display matrix: x' = a x + c y, y' = b x + d y, as nine 16.16 integers a b u c d v ...

        Not for every frame: asking for side data ties a frame to itself, to be freed only when Python collects garbage.
        """
        # `frame.side_data` would be kept on the frame, and refer to it: a cycle, so that frames pile up in memory.
        matrix = cast(Any, SideDataContainer)(frame).get("DISPLAYMATRIX")
        if matrix is None:
            return cls()
        a, b, _, c, d = (int(value) for value in np.frombuffer(bytes(cast(SupportsBytes, matrix)), dtype="<i4")[:5])
        swap = abs(b) > abs(a)
        return cls(swap, (c if swap else a) < 0, (b if swap else d) < 0)

    def apply(self, rgb: Rgb) -> Rgb:
        """`[H, W, 3]` upright."""
        if self.swap:
            rgb = rgb.swapaxes(0, 1)
        if self.mirror_x:
            rgb = rgb[:, ::-1]
        if self.mirror_y:
            rgb = rgb[::-1]
        return np.ascontiguousarray(rgb)
