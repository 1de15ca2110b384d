"""Long videos: scenes one after the other for up to two hours, drawn only where somebody looks."""

from dataclasses import dataclass, field, replace
from random import Random

import numpy as np
from PIL import Image, ImageDraw

from .clips import Timing, shown_size
from .pictures import COLOURS, FACES, PAPERS, SHAPES, Thing, draw_thing, font, jittered, place
from .sample import Clip, Pixels

SIZES = ((320, 180), (320, 180), (320, 180), (320, 240), (240, 240), (384, 160), (256, 192), (180, 320))
INKS = ((15, 15, 15), (250, 250, 250), (250, 220, 40), (220, 30, 30), (30, 60, 200), (20, 110, 40), (120, 30, 140))


@dataclass(frozen=True)
class Scene:
    """What stands on screen for a while: words or things on a ground, or a pattern.

    words: (text, x, y of its top left corner, size, face), as drawn; stripes: how many, of the second colour.
    """

    ground: tuple[int, int, int]
    ink: tuple[int, int, int]
    words: tuple[tuple[str, float, float, int, int], ...] = ()
    things: tuple[Thing, ...] = ()
    card: tuple[float, float, float, float] | None = None
    stripes: int = 0
    fills: tuple[tuple[int, int, int], ...] = ()


NOTHING = Scene((0, 0, 0), (0, 0, 0))


@dataclass(frozen=True)
class Reel:
    """A video of `width` x `height` px whose scene changes every `length` seconds, first at `phase`.

    `known` holds the scenes that a question is about, by their number; the others are drawn by `seed`.
    """

    width: int
    height: int
    length: float
    phase: float
    seed: int
    known: dict[int, Scene]
    _drawn: dict[tuple[int, float], Image.Image] = field(default_factory=dict)

    def number(self, time: float) -> int:
        """Which scene is shown at `time`."""
        return int((time + self.length - self.phase) // self.length)

    def frame(self, time: float, scale: float = 1.0) -> Image.Image:
        """What is shown at `time`, `scale` times as large."""
        key = (self.number(time), scale)
        if key not in self._drawn:
            scene = self.known.get(key[0]) or other(Random(f"{self.seed}/{key[0]}"), self.width, self.height)
            self._drawn[key] = drawn(scene, self.width, self.height, scale)
        return self._drawn[key]

    def clip(
        self, when: Timing, times: tuple[float, ...], box: tuple[float, float, float, float] = (0, 0, 1, 1)
    ) -> Clip:
        """The frames (or a `box` of them, fractions) at `times`, an even number, as the product shows so many."""
        scale = 1.0 if box == (0, 0, 1, 1) or self.seed % 2 else 2.0
        sides = (self.width * scale, self.height * scale) * 2
        part = tuple(int(share * side) for share, side in zip(box, sides, strict=True))
        size = shown_size(len(times), part[2] - part[0], part[3] - part[1])
        seen: dict[int, Pixels] = {}
        for time in times:
            if (number := self.number(time)) not in seen:
                frame = self.frame(time, scale).crop(part)  # type: ignore[arg-type]
                seen[number] = np.asarray(frame.resize(size, Image.Resampling.BICUBIC))
        return Clip(np.stack([seen[self.number(time)] for time in times]), times, self, when)


def drawn(scene: Scene, width: int, height: int, scale: float) -> Image.Image:
    """The scene as a picture."""
    image = Image.new("RGB", (round(width * scale), round(height * scale)), scene.ground)
    draw = ImageDraw.Draw(image)
    for index in range(scene.stripes):
        left = (2 * index + 1) * width / (2 * scene.stripes + 1) * scale
        draw.rectangle((left, 0, left + width / (2 * scene.stripes + 1) * scale, height * scale), fill=scene.ink)
    if scene.card:
        draw.rectangle(tuple(side * scale for side in scene.card), outline=scene.ink, width=max(1, round(2 * scale)))
    for thing, fill in zip(scene.things, scene.fills, strict=True):
        moved = Thing(thing.shape, thing.colour, thing.x * scale, thing.y * scale, thing.radius * scale)
        draw_thing(draw, moved, fill)
    for text, x, y, size, face in scene.words:
        draw.text((x * scale, y * scale), text, fill=scene.ink, font=font(round(size * scale), face))
    return image


def card(rng: Random, texts: list[str], width: int, height: int, *, large: float = 0.2) -> Scene | None:
    """A card with words in large letters, at least `large` times as high as the video; None where they don't fit."""
    ground, ink = _pair(rng)
    lines: list[tuple[str, float, float, int, int]] = []
    room = height / len(texts)
    for index, text in enumerate(texts):
        face = rng.choice(FACES)
        size = int(height * rng.uniform(large + 0.04, 0.5))
        while size > height * large and (font(size, face).getlength(text) > width * 0.92 or size * 1.3 > room):
            size = int(size * 0.9)
        length = font(size, face).getlength(text)
        if length > width * 0.96 or size * 1.25 > room:
            return None
        x = (width - length) * (0.5 if rng.random() < 0.4 else rng.uniform(0.03, 0.97))
        y = index * room + (room - size * 1.25) * (0.5 if rng.random() < 0.4 else rng.random())
        lines.append((text, x, y, size, face))
    edge = rng.uniform(1, 5)
    around = (edge, edge, width - edge, height - edge) if rng.random() < 0.15 else None
    return Scene(ground, ink, tuple(lines), card=around)


def moved(scene: Scene, x: float, y: float) -> Scene:
    """The words of a scene elsewhere."""
    words = tuple((text, left + x, top + y, size, face) for text, left, top, size, face in scene.words)
    return replace(scene, words=words, card=None)


def shapes(rng: Random, width: int, height: int, n: int = 1) -> Scene:
    """A few large things on a quiet ground."""
    names = list(zip(rng.sample(list(COLOURS), n), rng.sample(SHAPES, n), strict=True))
    side = min(width, height)
    things = tuple(place(rng, names, width, height, radius=(0.16 * side, (0.36 if n == 1 else 0.26) * side)))
    return Scene(
        rng.choice(PAPERS), (15, 15, 15), things=things, fills=tuple(jittered(rng, thing.colour) for thing in things)
    )


def other(rng: Random, width: int, height: int) -> Scene:
    """Anything else that a video may show."""
    match rng.randrange(6):
        case 0 | 1:
            word = "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(2, 6)))
            return card(rng, [word.upper() if rng.random() < 0.5 else word], width, height) or other(rng, width, height)
        case 2 | 3:
            return shapes(rng, width, height, rng.randint(1, 3))
        case 4:
            ground, ink = _pair(rng)
            return Scene(ground, ink, stripes=rng.randint(1, 6))
    return Scene(_any(rng), (0, 0, 0))


def _pair(rng: Random) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """A ground and an ink that stands out from it."""
    while True:
        ground = rng.choice(PAPERS) if rng.random() < 0.5 else _any(rng)
        ink = rng.choice(INKS)
        if abs(_light(ground) - _light(ink)) > 100:
            return ground, ink


def _any(rng: Random) -> tuple[int, int, int]:
    return rng.randint(0, 255), rng.randint(0, 255), rng.randint(0, 255)


def _light(colour: tuple[int, int, int]) -> float:
    return 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]
