"""Looking again: zoom into what is too small to read, watch the stretch of a video where something was missed."""

from random import Random

from PIL import Image, ImageDraw

from ..clips import Actor, clip, frame_size, stamps, timing
from ..pictures import COLOURS, PAPERS, SHAPES, Thing, draw_thing, finished, font, jittered, place
from ..sample import Call, Sample, assistant, tool, user
from ..schemas import WATCH, ZOOM, Schema, distractors
from ..words import Words
from .pictures import article
from .reading import printed

QUARTERS = {
    "top left": (0.0, 0.0, 0.5, 0.5),
    "top right": (0.5, 0.0, 1.0, 0.5),
    "bottom left": (0.0, 0.5, 0.5, 1.0),
    "bottom right": (0.5, 0.5, 1.0, 1.0),
}
SMALL = (
    "Zoom in and read the small word at the {}.",
    "What does the tiny word at the {} say? Zoom in.",
    "Read the small text at the {}. Look closer.",
    "Look closer at the {}. What does it say?",
    "Zoom into the {}: what is written there?",
    "Look again at the {} part. Which word is there?",
    "Read the word at the {}. It is very small, so zoom in.",
    "There is a small word at the {}. What is it?",
    "What is written at the {}? Look closely.",
    "Look closely at the {} and read the word.",
    "Which word stands at the {}? Zoom.",
    "Use zoom to read the {} corner.",
    "Zoom to the {} and tell me the word.",
    "Enlarge the {}: which word do you see?",
    "The {} has a tiny text. Read it.",
    "Go closer to the {}. Which word is it?",
    "Can you zoom into the {} and say what is there?",
)
SMALL_HELD = ("Take a closer look at the {}: which word is there?", "Please zoom into the {} and read it.")


def zooming(rng: Random, *, held: bool = False, level: float = 1.0) -> Sample:
    """A word too small to read in some quarter of the picture: zoom there, then read it."""
    words = Words(rng, held=held)
    word = printed(words, 0.5 * level)
    columns, rows = rng.choice(((5, 5), (5, 5), (5, 4), (4, 5), (6, 4)))
    width, height = columns * 32, rows * 32
    zone = rng.choice(list(QUARTERS))
    left, top, right, bottom = QUARTERS[zone]
    big = 3  # the product crops the original, which is larger than what the model saw
    size, face = rng.randint(int(height * 0.16), int(height * 0.3)), rng.choice((0, 0, 1, 2, 3))
    while font(size, face).getlength(word) > width * big / 2 - 20 and size > 12:
        size = int(size * 0.85)
    size = max(12, size)
    ground = rng.choice(PAPERS)
    image = Image.new("RGB", (width * big, height * big), ground)
    draw = ImageDraw.Draw(image)
    length = font(size, face).getlength(word)
    x = left * width * big + rng.uniform(4, max(5.0, width * big / 2 - length - 4))
    y = top * height * big + rng.uniform(4, max(5.0, height * big / 2 - size * 1.3))
    draw.text((x, y), word, fill=(20, 20, 20), font=font(size, face))
    for name in QUARTERS:
        if name != zone and rng.random() < 0.5:
            a, b, c, d = QUARTERS[name]
            r = rng.uniform(0.25, 0.6) * min(width, height) * big / 4
            colour = rng.choice(list(COLOURS))
            thing = Thing(rng.choice(SHAPES), colour, (a + c) / 2 * width * big, (b + d) / 2 * height * big, r)
            draw_thing(draw, thing, jittered(rng, colour))
    seen = finished(rng, image, width, height)
    part = image.crop(
        (int(left * width * big), int(top * height * big), int(right * width * big), int(bottom * height * big))
    )
    closer = finished(rng, part, width, height)
    thinking = rng.random() < 0.5
    box = [int(side) if side in (0, 1) else side for side in QUARTERS[zone]]
    call = Call("zoom_image", {"picture": 1, "box": box})
    question = rng.choice(SMALL_HELD if held else SMALL).format(zone)
    said = f"picture 1, box [{', '.join(f'{side:g}' for side in box)}]:"
    turns = (
        user(seen, question),
        assistant("", f"It is too small, I zoom into the {zone}." if thinking else "", call),
        tool(said, closer),
        assistant(f'It says "{word}".', f"The printed word is {word}." if thinking else ""),
    )
    return Sample("looking", turns, _schemas(rng, ZOOM), thinking)


AGAIN = (
    "Watch from {a} to {b} seconds again. What appears?",
    "Look again between {a} and {b} seconds: what appears?",
    "What appears between {a} and {b} seconds? Watch closely.",
    "Watch the part from {a} to {b} seconds more closely. Which shape appears?",
    "From {a} to {b} seconds something appears. What is it? Watch again.",
    "Watch {a} to {b} seconds again: what comes up?",
    "Look at the time from {a} to {b} seconds once more. What appears there?",
    "What comes between {a} and {b} seconds? Look again.",
    "See {a} to {b} seconds again and tell me what appears.",
    "Go back to {a} to {b} seconds. What appears?",
    "Something is shown between {a} and {b} seconds. Watch that part and name it.",
    "Which shape shows up from {a} to {b} seconds? Watch closely.",
)
AGAIN_HELD = (
    "Please rewatch {a} to {b} seconds. What shows up?",
    "Between {a} and {b} seconds, look closely: what appears?",
)


def watching(rng: Random, *, held: bool = False, level: float = 1.0) -> Sample:
    """Something is shown too briefly for the first look: watch that stretch again."""
    duration = rng.choice((4, 6, 8, 10))
    when = timing(rng, duration)
    width, height = frame_size(rng, len(when.times))
    names = list(zip(rng.sample(list(COLOURS), 2), rng.sample(SHAPES, 2), strict=True))
    still, brief = place(rng, names, width, height, radius=(0.1 * min(width, height), 0.2 * min(width, height)))
    start = rng.randint(0, duration - 2)
    end = start + rng.choice((1, 2))
    fine = timing(rng, end - start, 8, float(start))
    moment = rng.choice(fine.times[2:-1])
    first = clip(rng, [Actor(still)], width, height, when)
    w, h = frame_size(rng, len(fine.times))
    scaled = [
        Thing(t.shape, t.colour, t.x * w / width, t.y * h / height, min(t.radius * w / width, t.radius * h / height))
        for t in (still, brief)
    ]
    closer = clip(rng, [Actor(scaled[0]), Actor(scaled[1], moment)], w, h, fine)
    label = next(text for text, last in zip(stamps(fine.times), fine.times[1::2], strict=True) if last >= moment)
    thinking = rng.random() < 0.5
    question = rng.choice(AGAIN_HELD if held else AGAIN).format(a=start, b=end)
    turns = (
        user(first, question),
        assistant(
            "",
            "I watch that part again." if thinking else "",
            Call("watch_video", {"video": 1, "start": start, "end": end}),
        ),
        tool(f"video 1 from {start:.1f} to {end:.1f} seconds:", closer),
        assistant(
            f"{article(brief.name).capitalize()} appears.",
            f"{article(brief.name).capitalize()} appears at {label} seconds." if thinking else "",
        ),
    )
    return Sample("looking", turns, _schemas(rng, WATCH), thinking)


def looking(rng: Random, *, held: bool = False, level: float = 1.0) -> Sample:
    """A picture or a video that needs a second look."""
    return (zooming if rng.random() < 0.6 else watching)(rng, held=held, level=level)


def _schemas(rng: Random, needed: Schema) -> tuple[Schema, ...]:
    others = [
        one
        for one in (distractors(rng) if rng.random() < 0.25 else ())
        if one["function"]["name"] != needed["function"]["name"]
    ]
    schemas = [needed, *others]
    rng.shuffle(schemas)
    return tuple(schemas)
