"""The videos that are measured: H.264 in MP4 at 30 frames a second, made here, `python -m benchmarks.clips [FOLDER]`.

A textured scene is panned, three textured discs move before it, the film has grain, and two lines of text change: the
scene's number and the time. Scenes last 3 to 9 s; x264 is left to its ways (a keyframe at a cut and after 250 frames,
B-frames that others refer to), at 1 to 3 Mbit/s. Of the long videos a minute is encoded once, and its packets are
written again and again with later stamps. Five minutes' work for two cores, 0.7 GB in the folder `quintet-clips` for
temporary files unless another is named; what is there already is left as it is.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import gettempdir

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

FOLDER = Path(gettempdir()) / "quintet-clips"
RATE = 30  # frames a second
MINUTE = 60 * RATE  # frames
X264 = {"preset": "faster", "crf": "22", "threads": "2"}

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Clip:
    """A file to make: `minutes` of `width` x `height` px."""

    name: str
    width: int
    height: int
    minutes: int


CLIPS = {
    "1080p 60 s": Clip("1080p-60s.mp4", 1920, 1080, 1),
    "720p 10 min": Clip("720p-10min.mp4", 1280, 720, 10),
    "720p 1 h": Clip("720p-1h.mp4", 1280, 720, 60),
}


def make_clip(clip: Clip, folder: Path = FOLDER) -> Path:
    """The clip's path; made if it isn't there."""
    path = folder / clip.name
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.mp4")
    if clip.minutes == 1:
        encode(clip, part)
    else:
        minute = Clip(f"{clip.height}p-minute.mp4", clip.width, clip.height, 1)
        repeat(make_clip(minute, folder), clip.minutes, part)
    return part.rename(path)


def encode(clip: Clip, path: Path) -> None:
    """A minute, frame by frame."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options=X264)
        stream.width, stream.height, stream.pix_fmt = clip.width, clip.height, "yuv420p"
        for number, pixels in enumerate(film(clip.width, clip.height)):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def repeat(minute: Path, times: int, path: Path) -> None:
    """The minute's packets, `times` times one after another."""
    with av.open(str(path), "w") as out, av.open(str(minute)) as source:
        film = source.streams.video[0]
        copy = out.add_stream_from_template(film)
        assert film.time_base is not None
        length = round(60 / film.time_base)
        for turn in range(times):
            source.seek(0)
            for packet in source.demux(film):
                if packet.dts is None or packet.pts is None:  # the end
                    continue
                packet.pts += turn * length
                packet.dts += turn * length
                packet.stream = copy
                out.mux(packet)


def film(width: int, height: int) -> Iterator[Pixels]:
    """A minute's frames, each `[height, width, 3]`."""
    rng = np.random.default_rng(0)
    grain = rng.normal(8, 2.5, (height + 64, width + 64, 1)).clip(0, 16).astype(np.uint8)
    scene, end = 0, 0
    while end < MINUTE:
        scene, start = scene + 1, end
        end = min(MINUTE, start + int(rng.integers(3 * RATE, 9 * RATE)))
        wall = texture(rng, 2 * width, 2 * height)
        discs = [texture(rng, height // 3, height // 3) for _ in range(3)]
        speeds, places = rng.uniform(-6, 6, (4, 2)), rng.uniform(0, min(width, height), (4, 2))
        for number in range(start, end):
            places += speeds
            x, y = (int(place) % side for place, side in zip(places[3], (width, height), strict=True))
            frame = wall[y : y + height, x : x + width].copy()
            for disc, place in zip(discs, places, strict=False):
                paste(frame, disc, place)
            across, down = rng.integers(0, 64, 2)
            frame += grain[down : down + height, across : across + width]
            words = text(f"Scene {scene}\n{number // RATE:02} s", height // 12)
            frame[height // 20 :, width // 20 :][: words.shape[0], : words.shape[1]][words] = 255
            yield frame


@cache
def text(lines: str, size: int) -> NDArray[np.bool_]:
    """Where the letters are, `size` px high."""
    picture = Image.new("1", (8 * size, 3 * size))
    ImageDraw.Draw(picture).text((0, 0), lines, 1, ImageFont.load_default(size))
    return np.asarray(picture)


def texture(rng: np.random.Generator, width: int, height: int) -> Pixels:
    """Coarse to fine blots of colour, dark enough for grain to be added: `[height, width, 3]`."""
    total = np.zeros((height, width, 3), np.float32)
    for count in (3, 12, 48, 192):
        small = Image.fromarray(rng.integers(0, 256, (count, count, 3), dtype=np.uint8))
        total += np.asarray(small.resize((width, height), Image.Resampling.BICUBIC), np.float32) / count**0.5
    total -= total.min()
    blots: Pixels = (total * (235 / total.max())).astype(np.uint8)
    return blots


def paste(frame: Pixels, disc: Pixels, place: NDArray[np.float64]) -> None:
    """Put a disc where it has got to; what leaves on one side comes back on the other."""
    side = len(disc)
    height, width = frame.shape[0] - side, frame.shape[1] - side
    x, y = int(place[0]) % width, int(place[1]) % height
    across = np.arange(side) - side / 2
    inside = across[:, None] ** 2 + across**2 < side**2 / 4
    frame[y : y + side, x : x + side][inside] = disc[inside]


if __name__ == "__main__":
    for wanted in CLIPS.values():
        print(make_clip(wanted, Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER))
