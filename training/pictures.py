"""Drawing: simple shapes and printed words, cheaply, at sizes that lie on the patch grid."""

import functools
import math
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .sample import Picture

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (220, 30, 30),
    "green": (30, 160, 50),
    "blue": (30, 70, 220),
    "yellow": (245, 220, 40),
    "orange": (250, 140, 20),
    "purple": (130, 40, 160),
    "pink": (250, 130, 180),
    "black": (15, 15, 15),
}
SHAPES = ("circle", "square", "triangle", "star", "diamond", "cross")
PAPERS = [
    (255, 255, 255),
    (255, 255, 255),
    (245, 245, 245),
    (250, 245, 230),
    (230, 240, 250),
    (225, 225, 225),
    (235, 250, 235),
]
_DARK = [(40, 40, 60), (60, 60, 60), (30, 50, 40)]


@dataclass(frozen=True)
class Thing:
    """A shape in a picture: its centre and radius in pixels."""

    shape: str
    colour: str
    x: float
    y: float
    radius: float

    @property
    def name(self) -> str:
        return f"{self.colour} {self.shape}"


def canvas_size(rng: Random) -> tuple[int, int]:
    """(width, height) in pixels on the 32-pixel grid, at most 25,600 pixels; half of them the largest there are."""
    if rng.random() < 0.5:
        columns, rows = rng.randint(3, 4), rng.randint(3, 4)
    else:
        columns, rows = rng.choice(((5, 5), (5, 5), (5, 4), (4, 5), (6, 4), (4, 6), (6, 3), (7, 3)))
    return columns * 32, rows * 32


def background(rng: Random, things: tuple[Thing, ...] = ()) -> tuple[int, int, int]:
    """A quiet colour that no thing has."""
    if rng.random() < 0.12 and all(thing.colour not in ("black", "purple", "blue", "green") for thing in things):
        return rng.choice(_DARK)
    return rng.choice(PAPERS)


def place(
    rng: Random, names: list[tuple[str, str]], width: int, height: int, *, radius: tuple[float, float] | None = None
) -> list[Thing]:
    """Things of the given (colour, shape) at random places without overlap, sorted from left to right."""
    side = min(width, height)
    crowd = max(1.0, math.sqrt(len(names) * side / max(width, height)))
    low, high = radius or (max(7.0, 0.07 * side), 0.34 * side / crowd)
    things: list[Thing] = []
    tries = 0
    while len(things) < len(names):
        tries += 1
        shrink = 0.98 ** max(0, tries - 10)
        size = rng.uniform(min(low, high), high) * shrink
        x, y = rng.uniform(size + 2, width - size - 2), rng.uniform(size + 2, height - size - 2)
        if all(math.hypot(x - other.x, y - other.y) > (size + other.radius) * 1.12 for other in things):
            colour, shape = names[len(things)]
            things.append(Thing(shape, colour, x, y, size))
    return sorted(things, key=lambda thing: thing.x)


def jittered(rng: Random, colour: str, amount: int = 14) -> tuple[int, int, int]:
    """The colour, a little off."""
    red, green, blue = (min(255, max(0, channel + rng.randint(-amount, amount))) for channel in COLOURS[colour])
    return red, green, blue


def outline(thing: Thing, turn: float = 0.0) -> list[tuple[float, float]]:
    """The corners of a thing that is no circle."""
    x, y, r = thing.x, thing.y, thing.radius
    match thing.shape:
        case "square":
            angles = [(45 + 90 * i, 1.15) for i in range(4)]
        case "triangle":
            angles = [(-90 + 120 * i, 1.1) for i in range(3)]
        case "diamond":
            return [(x, y - r * 1.15), (x + r * 0.75, y), (x, y + r * 1.15), (x - r * 0.75, y)]
        case "star":
            angles = [(-90 + 36 * i, 1.15 if i % 2 == 0 else 0.46) for i in range(10)]
        case _:  # a cross
            a, b = r * 0.33, r * 1.0
            return [
                (x + i, y + j)
                for i, j in (
                    (-a, -b),
                    (a, -b),
                    (a, -a),
                    (b, -a),
                    (b, a),
                    (a, a),
                    (a, b),
                    (-a, b),
                    (-a, a),
                    (-b, a),
                    (-b, -a),
                    (-a, -a),
                )
            ]
    return [
        (x + r * k * math.cos(math.radians(angle + turn)), y + r * k * math.sin(math.radians(angle + turn)))
        for angle, k in angles
    ]


def draw_thing(draw: ImageDraw.ImageDraw, thing: Thing, fill: tuple[int, int, int], turn: float = 0.0) -> None:
    """Draws one thing."""
    if thing.shape == "circle":
        x, y, r = thing.x, thing.y, thing.radius
        draw.ellipse((x - r, y - r, x + r, y + r), fill=fill)
    else:
        draw.polygon(outline(thing, turn), fill=fill)


def picture(rng: Random, things: list[Thing], width: int, height: int) -> Picture:
    """The things on a quiet background, now and then drawn larger and a little stretched, or slightly turned."""
    wide, high = stretch(rng)
    image = Image.new("RGB", (round(width * wide), round(height * high)), background(rng, tuple(things)))
    draw = ImageDraw.Draw(image)
    scale = min(wide, high)
    for thing in things:
        turn = rng.uniform(-12, 12) if rng.random() < 0.3 and thing.shape != "diamond" else 0.0
        moved = Thing(thing.shape, thing.colour, thing.x * wide, thing.y * high, thing.radius * scale)
        draw_thing(draw, moved, jittered(rng, thing.colour), turn)
    return finished(rng, image, width, height)


def stretch(rng: Random) -> tuple[float, float]:
    """How much larger than shown a picture is, across and down: as drawn, or as the product would shrink it."""
    if rng.random() < 0.4:
        return 1.0, 1.0
    scale = rng.choice((1.2, 1.6, 2.0, 2.6))
    return scale * rng.uniform(0.9, 1.15), scale * rng.uniform(0.9, 1.15)


def finished(rng: Random, image: Image.Image, width: int, height: int) -> Picture:
    """Pixels of `image` at its final size, now and then with noise."""
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BICUBIC)
    pixels = np.asarray(image)
    if rng.random() < 0.15:
        noise = np.random.default_rng(rng.getrandbits(32)).integers(-9, 10, (*pixels.shape[:2], 1), dtype=np.int16)
        pixels = np.clip(pixels.astype(np.int16) + noise, 0, 255).astype(np.uint8)
    return Picture(np.ascontiguousarray(pixels))


@functools.cache
def font_files() -> tuple[str, ...]:
    """DejaVu faces where this machine has them; Pillow's own face is always there."""
    names = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSerif.ttf", "DejaVuSansMono.ttf", "DejaVuSerif-Bold.ttf")
    folders = [Path("/usr/share/fonts/truetype/dejavu")]
    try:
        import matplotlib  # type: ignore[import-not-found]

        folders.append(Path(matplotlib.get_data_path()) / "fonts" / "ttf")
    except ImportError:
        pass
    return tuple(str(folder / name) for name in names for folder in folders[:] if (folder / name).is_file())


@functools.lru_cache(maxsize=4096)
def font(size: int, face: int = 0) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Face 0 is Pillow's own; the others are DejaVu, where found."""
    files = font_files()
    return (
        ImageFont.load_default(size)
        if face == 0 or not files
        else ImageFont.truetype(files[(face - 1) % len(files)], size)
    )


@dataclass(frozen=True)
class Line:
    """A word in a picture: its text, colour and top left corner."""

    text: str
    colour: str
    x: float
    y: float
    size: int
    face: int


FACES = (0, 0, 1, 2, 3, 4, 5)


def typeset(
    rng: Random,
    words: list[str],
    width: int,
    height: int,
    *,
    sizes: tuple[int, int] = (13, 60),
    faces: tuple[int, ...] = FACES,
    colours: tuple[str, ...] = tuple(COLOURS),
) -> list[Line]:
    """Words in rows from top to bottom, each as large as it likes within its row; words that don't fit are left out."""
    rows = len(words)
    lines = []
    for index, word in enumerate(words):
        face = rng.choice(faces)
        room = height / rows
        size = int(rng.uniform(sizes[0], min(sizes[1], room * 0.85)))
        while size > sizes[0] and font(size, face).getlength(word) > width - 6:
            size = max(sizes[0], int(size * 0.85))
        length = font(size, face).getlength(word)
        if length > width - 2 or size * 1.15 > room:
            continue
        x = rng.uniform(2, max(2.1, width - length - 2))
        y = index * room + rng.uniform(0, max(0.1, room - size * 1.15))
        lines.append(Line(word, rng.choice(colours), x, y, size, face))
    return lines


def page(rng: Random, lines: list[Line], width: int, height: int, things: tuple[Thing, ...] = ()) -> Picture:
    """The words (and things) on a quiet background."""
    plain = rng.random() < 0.5 and len({line.colour for line in lines}) == 1
    dark = rng.random() < 0.12 and not things
    ground = (
        rng.choice(_DARK)
        if dark
        else background(rng, things)
        if not any(line.colour == "yellow" for line in lines)
        else (60, 60, 60)
    )
    scale = rng.choice((1, 1, 2)) if len(lines) > 2 else rng.choice((1, 1, 2, 3))
    image = Image.new("RGB", (width * scale, height * scale), ground)
    draw = ImageDraw.Draw(image)
    for thing in things:
        draw_thing(
            draw,
            Thing(thing.shape, thing.colour, thing.x * scale, thing.y * scale, thing.radius * scale),
            jittered(rng, thing.colour),
        )
    for line in lines:
        fill = (15, 15, 15) if plain else jittered(rng, line.colour)
        if sum(ground) < 250 and sum(fill) < 330:
            fill = (240, 240, 240)
        draw.text((line.x * scale, line.y * scale), line.text, fill=fill, font=font(line.size * scale, line.face))
    return finished(rng, image, width, height)
