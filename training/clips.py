"""Drawing clips: shapes that move, appear and leave, sampled at the times that the product would sample."""

from dataclasses import dataclass
from random import Random

import numpy as np
from PIL import Image, ImageDraw

from .pictures import Thing, background, draw_thing, jittered
from .sample import Clip

VIDEO_MAX_PIXELS = 98304  # over all frames


@dataclass(frozen=True)
class Actor:
    """A thing on screen from `start` to `end` (seconds), moving by (`dx`, `dy`) pixels a second from where it stands."""

    thing: Thing
    start: float = 0.0
    end: float = 1e9
    dx: float = 0.0
    dy: float = 0.0

    def shown(self, time: float) -> bool:
        return self.start <= time < self.end


def sampled_times(rng: Random, duration: float, frames: int | None = None, begin: float = 0.0) -> tuple[float, ...]:
    """When the product looks: `linspace` over the frames of a file of some rate, two a second, an even number of them."""
    rate = rng.choice((8, 10, 12, 15, 20, 24, 25, 30))
    count = max(4, int(duration * rate))
    wanted = min(count, max(4, frames or int(count / rate * 2)))
    indices = np.linspace(0, count - 1, wanted).round()
    times = [begin + float(index) / rate for index in indices]
    return tuple(times if len(times) % 2 == 0 else [*times, times[-1]])


def frame_size(rng: Random, frames: int) -> tuple[int, int]:
    """(width, height) on the 32-pixel grid such that the whole clip stays within its budget."""
    room = VIDEO_MAX_PIXELS // frames // 1024
    choices = [(c, r) for c in range(2, 9) for r in range(2, 8) if c * r <= room and max(c, r) <= 2 * min(c, r)]
    largest = max(c * r for c, r in choices)
    columns, rows = rng.choice([(c, r) for c, r in choices if c * r >= min(largest, rng.choice((4, 6, 9, 12, 20)))])
    return columns * 32, rows * 32


def stamps(times: tuple[float, ...]) -> list[str]:
    """What stands before each temporal patch: the mean time of its pair, one decimal."""
    return [f"{(first + second) / 2:.1f}" for first, second in zip(times[::2], times[1::2], strict=True)]


def clip(rng: Random, actors: list[Actor], width: int, height: int, times: tuple[float, ...]) -> Clip:
    """The actors at the given times."""
    ground = background(rng, tuple(actor.thing for actor in actors))
    fills = [jittered(rng, actor.thing.colour) for actor in actors]
    soft = rng.random() < 0.3
    frames = []
    for time in times:
        scale = 2 if soft else 1
        image = Image.new("RGB", (width * scale, height * scale), ground)
        draw = ImageDraw.Draw(image)
        for actor, fill in zip(actors, fills, strict=True):
            if actor.shown(time):
                t, since = actor.thing, time - max(0.0, actor.start)
                draw_thing(draw, Thing(t.shape, t.colour, t.x + actor.dx * since, t.y + actor.dy * since, t.radius), fill, 0.0, scale)
        frames.append(np.asarray(image.reduce(2) if soft else image))
    return Clip(np.stack(frames), times)
