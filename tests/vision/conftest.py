"""Real videos, made here: every frame carries its number in light and dark squares over moving noise."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from quintet.vision import Patches

os.environ.setdefault("SVT_LOG", "1")  # the AV1 encoder greets on stderr otherwise

BITS = 12
MakeVideo = Callable[..., Path]
Frame = NDArray[np.uint8]


def draw(number: int, width: int, height: int) -> Frame:
    """Frame `number`: noise that moves, with the number's bits along the top in squares of 16 px."""
    noise = np.random.default_rng(0).integers(90, 160, (height // 8, width // 8), dtype=np.uint8)
    frame = np.roll(np.kron(noise, np.ones((8, 8), np.uint8)), 3 * number, axis=1)
    frame = np.repeat(frame[:, :, None], 3, axis=2)
    for bit in range(BITS):
        frame[:16, 16 * bit : 16 * bit + 16] = 255 if number >> bit & 1 else 0
    return frame


@pytest.fixture
def make_video(tmp_path: Path) -> MakeVideo:
    """Encode `frames` numbered frames; `stamps` are their times in units of `base` (default: one frame at `rate`)."""

    def make(
        name: str = "clip.mp4",
        frames: int = 60,
        *,
        codec: str = "libx264",
        rate: int = 25,
        size: tuple[int, int] = (192, 128),
        stamps: Sequence[int] | None = None,
        base: Fraction | None = None,
        rotation: float | None = None,
        mirror: bool = False,
        faststart: bool = False,
        aspect: Fraction | None = None,
        pixels: str = "yuv420p",
        **options: str,
    ) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w", options={"movflags": "faststart"} if faststart else {}) as container:
            try:
                stream = container.add_stream(codec, rate=rate, options=options)
            except av.codec.codec.UnknownCodecError:
                pytest.skip(f"this FFmpeg has no {codec} encoder")
            stream.width, stream.height = size
            stream.pix_fmt = pixels
            stream.codec_context.thread_count = 1  # libvpx's threads wait for each other in loops
            if base is not None:
                stream.codec_context.time_base = base
            if aspect is not None:
                stream.codec_context.sample_aspect_ratio = aspect
            if rotation is not None or mirror:
                stream.set_display_rotation(rotation or 0, hflip=mirror)
            for number in range(frames):
                frame = av.VideoFrame.from_ndarray(draw(number, *size), format="rgb24")
                frame.pts = number if stamps is None else stamps[number]
                frame.time_base = base or Fraction(1, rate)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return path

    return make


@pytest.fixture
def every_frame() -> Callable[[Path], list[Frame]]:
    """All frames of a file by a plain full decode, each `[H, W, 3]`."""

    def decode(path: Path) -> list[Frame]:
        with av.open(str(path)) as container:
            return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]

    return decode


@pytest.fixture
def to_frames() -> Callable[[Patches], Frame]:
    """Patch rows put together again: `[frames, H, W, 3]`."""

    def assemble(patches: Patches) -> Frame:
        (t, h, w), s = patches.grid, patches.settings
        rows = patches.pixels.numpy()
        rows = rows.reshape(t, h // s.merge, w // s.merge, s.merge, s.merge, 3, s.temporal, s.patch, s.patch)
        return rows.transpose(0, 6, 1, 3, 7, 2, 4, 8, 5).reshape(t * s.temporal, h * s.patch, w * s.patch, 3)

    return assemble


@pytest.fixture
def read_number() -> Callable[[Frame], int]:
    """The number drawn on a frame `[H, W, 3]`."""

    def read(frame: Frame) -> int:
        return sum(1 << bit for bit in range(BITS) if frame[4:12, 16 * bit + 4 : 16 * bit + 12].mean() > 128)

    return read
