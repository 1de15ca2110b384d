"""Drawing clips: shapes that move, appear and leave, sampled at the times that the product would sample."""

import math
from dataclasses import dataclass
from random import Random

import numpy as np
from PIL import Image, ImageDraw

from .pictures import Thing, background, draw_thing, jittered
from .sample import Clip

VIDEO_MAX_PIXELS = 196608  # over all frames


@dataclass(frozen=True)
class Actor:
    """A thing on screen from `start` to `end` (s), moving by (`dx`, `dy`) pixels a second from where it stands."""

    thing: Thing
    start: float = 0.0
    end: float = 1e9
    dx: float = 0.0
    dy: float = 0.0

    def shown(self, time: float) -> bool:
        return self.start <= time < self.end


@dataclass(frozen=True)
class Timing:
    """A file of `count` frames at `rate` a second, from `begin` seconds on, of which the product looks at `wanted`."""

    rate: int
    count: int
    wanted: int
    begin: float = 0.0

    @property
    def all_times(self) -> tuple[float, ...]:
        """When each frame of the file is shown."""
        return tuple(self.begin + index / self.rate for index in range(self.count))

    @property
    def times(self) -> tuple[float, ...]:
        """When the product looks: `linspace` over the frames, an even number of them."""
        times = [self.begin + float(index) / self.rate for index in np.linspace(0, self.count - 1, self.wanted).round()]
        return tuple(times if len(times) % 2 == 0 else [*times, times[-1]])


def lattice(rate: int, start: float, end: float, duration: float, most: int = 8) -> tuple[float, ...]:
    """When the product looks to see at most `most` frames of a stretch: in pairs on a lattice fixed to the whole video.

    Its rate is the file's, lowered to 3/4, 1/2, 3/8... until no stretch of that length touches more.
    """
    last = duration - 1 / rate
    length = min(end, last) - start + 1 / rate
    steps, fps = 0, float(rate)
    while (int(length * fps + 1e-6) + 3) // 2 * 2 > most:
        steps += 1
        fps = rate * (0.75 if steps % 2 else 1.0) / 2 ** (steps // 2)
    first, final = math.ceil(start * fps - 1e-6), math.floor(min(end, last) * fps + 1e-6)
    indices = range(first // 2 * 2, final // 2 * 2 + 2)
    return tuple(min(round(index / fps * rate) / rate, last) for index in indices)


def timing(rng: Random, duration: float, frames: int | None = None, begin: float = 0.0) -> Timing:
    """A file of some rate, looked at twice a second (or `frames` times in all)."""
    rate = rng.choice((8, 10, 12, 15, 20, 24, 25, 30))
    count = max(4, int(duration * rate))
    return Timing(rate, count, min(count, max(4, frames or int(count / rate * 2))), begin)


def frame_size(rng: Random, frames: int) -> tuple[int, int]:
    """(width, height) on the 32-pixel grid such that the whole clip stays within its budget."""
    room = VIDEO_MAX_PIXELS // frames // 1024
    choices = [(c, r) for c in range(2, 9) for r in range(2, 8) if c * r <= room and max(c, r) <= 2 * min(c, r)]
    largest = max(c * r for c, r in choices)
    columns, rows = rng.choice([(c, r) for c, r in choices if c * r >= min(largest, rng.choice((4, 6, 9, 12, 20)))])
    return columns * 32, rows * 32


def shown_size(frames: int, width: int, height: int) -> tuple[int, int]:
    """(width, height) of each of so many frames of a file, as the product shows them (Qwen3-VL's rule)."""
    across, down = (max(1, round(side / 32)) * 32 for side in (width, height))
    if frames * across * down > VIDEO_MAX_PIXELS:
        beta = math.sqrt(frames * height * width / VIDEO_MAX_PIXELS)
        across, down = (max(32, math.floor(side / beta / 32) * 32) for side in (width, height))
    return across, down


def stamps(times: tuple[float, ...]) -> list[str]:
    """What stands before each temporal patch: the mean time of its pair, one decimal."""
    return [f"{(first + second) / 2:.1f}" for first, second in zip(times[::2], times[1::2], strict=True)]


@dataclass(frozen=True)
class Film:
    """The actors on their ground: can be drawn at any times and size."""

    actors: tuple[Actor, ...]
    width: int
    height: int
    ground: tuple[int, int, int]
    fills: tuple[tuple[int, int, int], ...]

    def frame(self, time: float, scale: float = 1.0) -> Image.Image:
        """What is shown at `time`, `scale` times as large."""
        image = Image.new("RGB", (round(self.width * scale), round(self.height * scale)), self.ground)
        draw = ImageDraw.Draw(image)
        for actor, fill in zip(self.actors, self.fills, strict=True):
            if actor.shown(time):
                t, since = actor.thing, time - max(0.0, actor.start)
                moved = Thing(
                    t.shape,
                    t.colour,
                    (t.x + actor.dx * since) * scale,
                    (t.y + actor.dy * since) * scale,
                    t.radius * scale,
                )
                draw_thing(draw, moved, fill)
        return image


def clip(rng: Random, actors: list[Actor], width: int, height: int, when: Timing) -> Clip:
    """The actors at the given times."""
    ground = background(rng, tuple(actor.thing for actor in actors))
    film = Film(tuple(actors), width, height, ground, tuple(jittered(rng, actor.thing.colour) for actor in actors))
    scale = rng.choice((1.0, 1.0, 1.3, 1.7))
    frames = []
    for time in when.times:
        image = film.frame(time, scale)
        frames.append(np.asarray(image if scale == 1.0 else image.resize((width, height), Image.Resampling.BICUBIC)))
    return Clip(np.stack(frames), when.times, film, when)
