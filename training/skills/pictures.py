"""Pictures: which colour, which shape, how many, where, larger or smaller, and what is there at all."""

from random import Random

from ..pictures import COLOURS, SHAPES, Thing, canvas_size, picture, place
from ..sample import Picture, Sample, Turn, assistant, user
from .phrases import (
    ALIKE,
    ALIKE_HELD,
    COLOUR_OF,
    COLOUR_OF_HELD,
    COUNT,
    COUNT_HELD,
    DESCRIBE,
    DESCRIBE_HELD,
    IN_ONE,
    IN_ONE_HELD,
    SHAPE_OF,
    SHAPE_OF_HELD,
    WHICH_ONE,
    WHICH_ONE_HELD,
)

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def article(name: str) -> str:
    """The name with a or an."""
    return ("an " if name[0] in "aeiou" else "a ") + name


def listing(things: list[Thing]) -> str:
    """a red circle, a blue square and a green star"""
    names = [article(thing.name) for thing in things]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def counted(n: int, colour: str, shape: str) -> str:
    """There are 3 red circles."""
    name = " ".join(word for word in (colour, shape) if word)
    plural = name + ("es" if name.endswith("cross") else "s")
    return f"There are no {plural}." if n == 0 else f"There is 1 {name}." if n == 1 else f"There are {n} {plural}."


def _plural(shape: str) -> str:
    return shape + ("es" if shape == "cross" else "s")


def pictures(rng: Random, *, held: bool = False, level: float = 1.0) -> Sample:
    """A picture of shapes and questions about it, or several; `level` from 0 (one or two shapes) to 1 (up to nine)."""
    thinking = rng.random() < 0.5
    if rng.random() < (0.12 if held else 0.2):
        return Sample("pictures", tuple(_several(rng, held, level, thinking)), thinking=thinking)
    kind = rng.choices(
        ("describe", "colour", "shape", "count", "zone", "beside", "larger", "exists"),
        (4, 4, 3, 5, 2, 2, 2, 1.5) if held else (3, 4, 3, 6, 2.5, 2.5, 2.5, 3),
    )[0]
    if held and kind == "describe":
        kind = "colour"
    width, height = canvas_size(rng)
    most = 2 + round(level * (7 if kind == "count" else 4))
    n = max(rng.randint(1, most), 2 if kind in ("beside", "larger") else 1)
    question, answer, things = _ask(rng, kind, n, width, height, held)
    shown = picture(rng, things, width, height)
    turns = [_question(rng, shown, question), assistant(answer, _thought(things) if thinking else "")]
    if rng.random() < 0.25:
        for _ in range(rng.randint(1, 2)):
            question, answer = _again(rng, things, held, turns[-1].text)
            turns += [user(question), assistant(answer, _thought(things) if thinking else "")]
    return Sample("pictures", tuple(turns), thinking=thinking)


def _question(rng: Random, shown: Picture, question: str) -> Turn:
    gap = "\n" if rng.random() < 0.1 else ""
    return user(question + gap, shown) if rng.random() < 0.1 else user(shown, gap + question)


def _thought(things: list[Thing]) -> str:
    return f"I see {listing(things)}."


def _again(rng: Random, things: list[Thing], held: bool, before: str = "") -> tuple[str, str]:
    """A further question about the same picture; the same one of another thing if `before` answered one of colours."""

    def phrase(seen: tuple[str, ...], kept: tuple[str, ...]) -> str:
        return rng.choice(kept if held else seen)

    alone = [thing for thing in things if sum(other.shape == thing.shape for other in things) == 1]
    named = before.removeprefix("The ").partition(" is ")
    if alone and named[0] in SHAPES and named[2].rstrip(".") in COLOURS and rng.random() < 0.6:
        thing = rng.choice(alone)
        return phrase(ALIKE, ALIKE_HELD).format(thing.shape), f"The {thing.shape} is {thing.colour}."
    shape, colour = rng.choice([thing.shape for thing in things]), rng.choice([thing.colour for thing in things])
    of_shape, of_colour = [t for t in things if t.shape == shape], [t for t in things if t.colour == colour]
    if len(of_shape) == 1 and rng.random() < 0.5:
        return phrase(COLOUR_OF, COLOUR_OF_HELD).format(shape), f"The {shape} is {of_shape[0].colour}."
    if len(of_colour) == 1 and rng.random() < 0.5:
        return phrase(SHAPE_OF, SHAPE_OF_HELD).format(colour), f"The {colour} shape is {article(of_colour[0].shape)}."
    if rng.random() < 0.5:
        return phrase(COUNT, COUNT_HELD).format(_plural(shape)), counted(len(of_shape), "", shape)
    return phrase(COUNT, COUNT_HELD).format(f"{colour} shapes"), counted(len(of_colour), colour, "shape")


def _several(rng: Random, held: bool, level: float, thinking: bool) -> list[Turn]:
    """Two or three pictures, at once or one after the other; questions about one of them, or which one it is."""
    shown: list[tuple[Picture, list[Thing]]] = []
    kinds = rng.sample([(colour, shape) for colour in COLOURS for shape in SHAPES], 9)
    for _ in range(rng.choice((2, 2, 3))):
        width, height = 32 * rng.randint(3, 4), 32 * rng.randint(3, 4)
        things = place(rng, [kinds.pop() for _ in range(rng.randint(1, 2 + round(level * 1.4)))], width, height)
        shown.append((picture(rng, things, width, height), things))
    at = rng.randrange(len(shown))
    number, ordinal = at + 1, ("first", "second", "third")[at]
    if rng.random() < 0.3:
        thing = rng.choice(shown[at][1])
        question = rng.choice(WHICH_ONE_HELD if held else WHICH_ONE).format(thing.name)
        answer, thought = f"The {thing.name} is in picture {number}.", f"Picture {number} shows it."
    else:
        question, answer = _again(rng, shown[at][1], held)
        question = rng.choice(IN_ONE_HELD if held else IN_ONE).format(p=number, o=ordinal, q=question)
        thought = _thought(shown[at][1])
    last = assistant(answer, thought if thinking else "")
    if rng.random() < 0.6:
        return [user(*(one for one, _ in shown), question), last]
    turns: list[Turn] = []
    for one, things in shown:
        asked, said = _again(rng, things, held)
        turns += [user(one, asked), assistant(said, _thought(things) if thinking else "")]
    return [*turns, user(question), last]


def _ask(rng: Random, kind: str, n: int, width: int, height: int, held: bool) -> tuple[str, str, list[Thing]]:
    def phrase(seen: tuple[str, ...], kept: tuple[str, ...]) -> str:
        return rng.choice(kept if held else seen)

    colours, shapes = list(COLOURS), list(SHAPES)
    if kind == "count":
        if rng.random() < 0.6:  # a few kinds, so that there is something to count
            some = [(rng.choice(colours), rng.choice(shapes)) for _ in range(rng.randint(1, 3))]
            names = [rng.choice(some) for _ in range(n)]
        else:
            names = [(rng.choice(colours), rng.choice(shapes)) for _ in range(n)]
        things = place(rng, names, width, height)
        colour, shape = rng.choice(names) if rng.random() < 0.88 else (rng.choice(colours), rng.choice(shapes))
        by = rng.choice(("all", "shape", "colour", "both"))
        match by:
            case "all":
                return (
                    phrase(COUNT, COUNT_HELD).format(rng.choice(("shapes", "shapes", "objects", "things"))),
                    counted(n, "", "shape"),
                    things,
                )
            case "shape":
                return (
                    phrase(COUNT, COUNT_HELD).format(_plural(shape)),
                    counted(sum(t.shape == shape for t in things), "", shape),
                    things,
                )
            case "colour":
                name = rng.choice(("shapes", "shapes", "objects", "things"))
                return (
                    phrase(COUNT, COUNT_HELD).format(f"{colour} {name}"),
                    counted(sum(t.colour == colour for t in things), colour, "shape"),
                    things,
                )
        both = sum(t.colour == colour and t.shape == shape for t in things)
        return phrase(COUNT, COUNT_HELD).format(f"{colour} {_plural(shape)}"), counted(both, colour, shape), things
    chosen_shapes = rng.sample(shapes, min(n, 6))
    chosen_colours = (
        rng.sample(colours, min(n, 6)) if rng.random() < 0.7 or kind == "shape" else rng.choices(colours, k=min(n, 6))
    )
    names = list(zip(chosen_colours, chosen_shapes, strict=True))
    if kind == "zone":
        return _zone(rng, names[: rng.choice((1, 1, 2, 3))], width, height, held)
    things = place(rng, names, width, height)
    target = rng.choice(things)
    match kind:
        case "describe":
            return phrase(DESCRIBE, DESCRIBE_HELD), listing(things)[0].upper() + listing(things)[1:] + ".", things
        case "colour":
            return (
                phrase(COLOUR_OF, COLOUR_OF_HELD).format(target.shape),
                f"The {target.shape} is {target.colour}.",
                things,
            )
        case "shape":
            return (
                phrase(SHAPE_OF, SHAPE_OF_HELD).format(target.colour),
                f"The {target.colour} shape is {article(target.shape)}.",
                things,
            )
        case "exists":
            there = rng.random() < 0.5
            colour = target.colour if there else rng.choice([c for c in colours if (c, target.shape) not in names])
            seen = (
                "Is there a {}?",
                "Do you see a {}?",
                "Can you see a {} in the picture?",
                "Does the picture show a {}?",
                "Is a {} there?",
                "Does it have a {}?",
                "Is a {} shown?",
                "Have you found a {}?",
                "Could there be a {}?",
                "I look for a {}. Is there one?",
                "A {}: is it there?",
                "Is there one {} at least?",
                "Can a {} be seen?",
                "Tell me if there is a {}.",
                "Does a {} appear here?",
            )
            question = phrase(seen, ("Is a {} in this picture?", "Is there any {}?")).format(f"{colour} {target.shape}")
            name = article(f"{colour} {target.shape}")
            return question, f"Yes, there is {name}." if there else f"No, there is no {colour} {target.shape}.", things
        case "larger":
            return _larger(rng, things, held)
    return _beside(rng, things, held)


def _zone(
    rng: Random, names: list[tuple[str, str]], width: int, height: int, held: bool
) -> tuple[str, str, list[Thing]]:
    zones = ("top left", "top", "top right", "left", "centre", "right", "bottom left", "bottom", "bottom right")
    things, where = [], []
    for (colour, shape), zone in zip(names, rng.sample(range(9), len(names)), strict=True):
        r = min(width, height) * rng.uniform(0.09, 0.14)
        x = width * (1 + 2 * (zone % 3)) / 6 + rng.uniform(-0.02, 0.02) * width
        y = height * (1 + 2 * (zone // 3)) / 6 + rng.uniform(-0.02, 0.02) * height
        things.append(Thing(shape, colour, x, y, r))
        where.append(zones[zone])
    target = rng.randrange(len(things))
    shape, zone_name = things[target].shape, where[target]
    if zone_name in ("left", "right") and rng.random() < 0.6:
        question = f"Is the {shape} on the left or on the right?"
    elif zone_name in ("top", "bottom") and rng.random() < 0.6:
        question = f"Is the {shape} at the top or at the bottom?"
    else:
        seen = (
            "Where is the {}?",
            "Where in the picture is the {}?",
            "In which part of the picture is the {}?",
            "Where do you see the {}?",
            "In what part of the picture is the {}?",
            "The {} is where?",
            "Find the {}. Where is it?",
            "Say where the {} is.",
            "At which place is the {}?",
            "Can you say where the {} is?",
            "What is the position of the {}?",
        )
        question = rng.choice(("Where's the {}?", "Tell me where the {} is.") if held else seen).format(shape)
    said = (
        "in the centre"
        if zone_name == "centre"
        else f"on the {zone_name}"
        if zone_name in ("left", "right")
        else f"at the {zone_name}"
    )
    return question, f"The {shape} is {said}.", sorted(things, key=lambda thing: thing.x)


def _larger(rng: Random, things: list[Thing], held: bool) -> tuple[str, str, list[Thing]]:
    a, b = rng.sample(things, 2)
    if max(a.radius, b.radius) < 1.35 * min(a.radius, b.radius):
        things = [t if t is not a else Thing(t.shape, t.colour, t.x, t.y, b.radius * 0.62) for t in things]
        a = next(t for t in things if t.shape == a.shape)
    word = rng.choice(("larger", "smaller"))
    big, small = (a, b) if a.radius > b.radius else (b, a)
    seen = (
        "Which is {w}, the {a} or the {b}?",
        "Is the {a} or the {b} {w}?",
        "Which shape is {w}: the {a} or the {b}?",
        "What is {w}, the {a} or the {b}?",
        "Which one is {w}: the {a} or the {b}?",
        "Compare the {a} and the {b}: which is {w}?",
        "The {a} and the {b}: which one is {w}?",
        "Say which is {w}, the {a} or the {b}.",
    )
    kept = ("Of the {a} and the {b}, which one is {w}?", "Tell me which is {w}, the {a} or the {b}.")
    question = rng.choice(kept if held else seen).format(w=word, a=a.shape, b=b.shape)
    return question, f"The {(big if word == 'larger' else small).shape} is {word}.", things


def _beside(rng: Random, things: list[Thing], held: bool) -> tuple[str, str, list[Thing]]:
    a, b = rng.sample(things, 2)
    if abs(a.x - b.x) >= abs(a.y - b.y):
        options, said = ("left of", "right of"), "left of" if a.x < b.x else "right of"
    else:
        options, said = ("above", "below"), "above" if a.y < b.y else "below"
    seen = ("Is the {a} {p} or {q} the {b}?", "The {a}: is it {p} or {q} the {b}?", "Is the {a} {q} or {p} the {b}?")
    seen += ("Where is the {a}, {p} or {q} the {b}?", "Say if the {a} is {p} or {q} the {b}.")
    seen += ("Look at the {a}. Is it {p} or {q} the {b}?", "Does the {a} stand {p} or {q} the {b}?")
    question = rng.choice(("Do you see the {a} {p} or {q} the {b}?",) if held else seen).format(
        a=a.shape, b=b.shape, p=options[0], q=options[1]
    )
    return question, f"The {a.shape} is {said} the {b.shape}.", things
