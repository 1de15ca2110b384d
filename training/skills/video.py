"""Video: which way something moves, when something appears or leaves, and what comes first."""

from random import Random

from ..clips import Actor, clip, frame_size, stamps, timing
from ..pictures import COLOURS, SHAPES, Thing, place
from ..sample import Clip, Sample, assistant, user
from .pictures import article

WAYS = {"right": (1, 0), "left": (-1, 0), "down": (0, 1), "up": (0, -1)}
MOVES = (
    "Which way does the {} move?",
    "In which direction does the {} move?",
    "Where does the {} go?",
    "How does the {} move?",
    "What is the direction of the {}?",
    "The {} moves in which direction?",
    "What does the {} do?",
    "In what direction is the {} moving?",
    "Does the {} move left, right, up or down?",
    "Where does the {} move?",
    "Say which way the {} goes.",
    "Which way does the {} go?",
    "To which side does the {} move?",
    "The {}: which way does it go?",
    "The motion of the {}?",
    "Where is the {} heading?",
    "In which direction is the {} going?",
    "Can you say which way the {} moves?",
    "Watch the {}. Which way does it go?",
    "Name the direction in which the {} moves.",
    "Which way is the {} moving?",
    "Where to does the {} travel?",
    "How is the {} moving?",
)
MOVES_HELD = ("Tell me which way the {} moves.", "Which direction is the {} going?", "Where is the {} moving to?")
APPEARS = (
    "When does the {} appear?",
    "At what time does the {} appear?",
    "When do you first see the {}?",
    "After how many seconds does the {} appear?",
    "When does the {} show up?",
    "At which second does the {} appear?",
    "The {} appears when?",
    "What is the time when the {} appears?",
    "Say when the {} appears.",
    "When does the {} come?",
    "When can you see the {} for the first time?",
    "How long until the {} appears?",
    "From when on is the {} there?",
    "Since when is the {} in the video?",
    "Give the time at which the {} appears.",
    "When is the {} visible for the first time?",
    "At what moment can we see the {}?",
    "From what time on can the {} be seen?",
    "When does one first notice the {}?",
    "The {}: when does it appear?",
    "At which time is the {} first there?",
    "Look for the {}. When does it come?",
    "When is the {} first shown?",
    "How many seconds pass before the {} appears?",
    "When did the {} turn up?",
    "The first second with the {} in it?",
    "When do we get to see the {}?",
    "How late is it when the {} appears?",
    "Can you say when the {} appears?",
    "In which second is the {} first visible?",
)
APPEARS_HELD = ("When can the {} first be seen?", "Tell me when the {} appears.", "What time does the {} appear at?")
LEAVES = (
    "When does the {} disappear?",
    "At what time does the {} disappear?",
    "When does the {} leave?",
    "When is the {} gone?",
    "When does the {} vanish?",
    "The {} disappears when?",
    "Say when the {} disappears.",
    "When do you last see the {}?",
    "At which second does the {} disappear?",
    "After how many seconds is the {} gone?",
    "Until when is the {} there?",
    "Give the time at which the {} disappears.",
    "When does the {} go away?",
    "Can you say when the {} disappears?",
    "The {}: when does it vanish?",
    "When is the {} no longer visible?",
    "How long is the {} visible?",
    "When did the {} go?",
    "At which time is the {} no longer there?",
    "When can the {} no longer be seen?",
    "How many seconds pass before the {} is gone?",
    "At what moment does the {} leave?",
)
LEAVES_HELD = ("Tell me when the {} disappears.", "What time does the {} disappear at?")
FIRST = (
    "Which appears first, the {} or the {}?",
    "What comes first, the {} or the {}?",
    "Which is first: the {} or the {}?",
    "Does the {} or the {} appear first?",
    "Which one appears first, the {} or the {}?",
    "Which one comes first: the {} or the {}?",
    "What appears earlier, the {} or the {}?",
    "Which is seen first, the {} or the {}?",
    "Is the {} or the {} first?",
    "Say what appears first, the {} or the {}.",
    "Tell me what is first: the {} or the {}.",
    "Who is first, the {} or the {}?",
    "The {} or the {}: which appears first?",
    "The {} and the {}: which one comes first?",
    "Between the {} and the {}, which is first?",
    "Is it the {} or the {} that appears first?",
    "There are the {} and the {}. Which appears first?",
    "Can you say which appears first, the {} or the {}?",
    "The {} and the {}: which of them is first?",
    "Out of the {} and the {}, which appears earlier?",
    "Which one is there before the other, the {} or the {}?",
    "Compare the {} and the {}: which comes first?",
    "What did you see first, the {} or the {}?",
)
FIRST_HELD = ("Of the {} and the {}, which appears first?", "Tell me which comes first, the {} or the {}.")
WHAT = (
    "What happens in the video?",
    "What happens?",
    "Describe the video.",
    "What do you see in the clip?",
    "What is going on?",
    "Tell me what happens.",
    "What changes?",
)


def _cast(rng: Random, n: int, width: int, height: int) -> list[Thing]:
    names = list(zip(rng.sample(list(COLOURS), n), rng.sample(SHAPES, n), strict=True))
    return place(rng, names, width, height, radius=(0.11 * min(width, height), 0.2 * min(width, height)))


def _called(rng: Random, thing: Thing) -> str:
    """How a question may call a thing that is the only one of its shape and of its colour."""
    return rng.choice((thing.shape, thing.shape, thing.name, thing.name, f"{thing.colour} shape"))


def motion(rng: Random, *, held: bool = False, level: float = 1.0) -> Sample:
    """One shape moves; which way?"""
    duration = rng.choice((2, 2, 3, 3, 4, 4, 5, 6, 8))
    when = timing(rng, duration)
    width, height = frame_size(rng, len(when.times))
    way = rng.choice(list(WAYS))
    actors = [_mover(rng, way, when.times[-1], width, height)]
    thing = actors[0].thing
    name = _called(rng, thing)
    if rng.random() < 0.35 * level:
        other = _cast(rng, 1, width, height)[0]
        if other.colour != thing.colour and other.shape != thing.shape:
            actors.insert(0, Actor(other))
    elif rng.random() < 0.25:
        name = rng.choice(("shape", "object", "thing", "it"))
    question = rng.choice(MOVES_HELD if held else MOVES)
    question = ("Where is it going?" if held else "Which way does it move?") if name == "it" else question.format(name)
    answer = f"It moves {way}." if name in ("it", "shape", "object", "thing") else f"The {name} moves {way}."
    thought = f"{article(thing.name).capitalize()} moves {way}."
    return _sample(rng, "motion", clip(rng, actors, width, height, when), question, answer, thought)


def _mover(rng: Random, way: str, span: float, width: int, height: int) -> Actor:
    """A thing that crosses at least a third of the frame."""
    dx, dy = WAYS[way]
    r = rng.uniform(0.11, 0.2) * min(width, height)
    along = width if dx else height
    path = rng.uniform(0.35, 0.95) * (along - 2 * r)
    start = r + rng.uniform(0, along - 2 * r - path)
    if dx + dy < 0:
        start = along - start
    across = rng.uniform(r, (height if dx else width) - r)
    x, y = (start, across) if dx else (across, start)
    thing = Thing(rng.choice(SHAPES), rng.choice(list(COLOURS)), x, y, r)
    speed = path / max(span, 0.1)
    return Actor(thing, dx=dx * speed, dy=dy * speed)


def times(rng: Random, *, held: bool = False, level: float = 1.0) -> Sample:
    """Shapes appear or leave; when, and which first?"""
    duration = rng.choice((3, 4, 4, 5, 6, 6, 8, 10, 12) if level > 0.5 else (3, 4, 5, 6))
    when = timing(rng, duration)
    width, height = frame_size(rng, len(when.times))
    pairs = list(zip(when.times[::2], when.times[1::2], strict=True))
    labels = stamps(when.times)
    kind = rng.choices(("appears", "leaves", "first", "what"), (5, 3, 2.5, 0 if held else 2.5))[0]
    n = rng.randint(2, min(3, len(pairs) - 1)) if kind == "first" else rng.randint(1, min(3, len(pairs) - 1))
    things = _cast(rng, n, width, height)
    rng.shuffle(things)
    beats = rng.sample(range(1, len(pairs)), n)
    leaving = kind == "leaves" or (kind == "what" and rng.random() < 0.4)
    actors = []
    for thing, beat in zip(things, beats, strict=True):
        first, second = pairs[beat]
        moment = (
            (pairs[beat - 1][1] + first) / 2 if rng.random() < 0.7 else (first + second) / 2
        )  # before the pair, or within it
        moment = (pairs[beat - 1][1] + first) / 2 if leaving else moment
        moving = rng.random() < 0.15
        drift = rng.uniform(-0.05, 0.05) * width if moving else 0.0
        actors.append(Actor(thing, 0.0, moment, drift) if leaving else Actor(thing, moment, 1e9, drift))
    if kind in ("appears", "leaves") and n == 1 and rng.random() < 0.4:
        other = _cast(rng, 1, width, height)[0]
        if other.colour != things[0].colour and other.shape != things[0].shape:
            actors.insert(0, Actor(other))
    shown = clip(rng, actors, width, height, when)
    verb = "disappears" if leaving else "appears"
    events = sorted(zip(beats, things, strict=True), key=lambda event: event[0])
    told = " ".join(f"{article(thing.name).capitalize()} {verb} at {labels[beat]} seconds." for beat, thing in events)
    if kind == "what":
        return _sample(rng, "times", shown, rng.choice(WHAT), told, f"{n} things change.")
    if kind == "first":
        a, b = rng.sample(range(n), 2)
        names = [_called(rng, things[i]) for i in (a, b)]
        winner = names[0] if beats[a] < beats[b] else names[1]
        return _sample(
            rng,
            "times",
            shown,
            rng.choice(FIRST_HELD if held else FIRST).format(*names),
            f"The {winner} appears first.",
            told,
        )
    target = rng.randrange(n)
    name = _called(rng, things[target])
    seen, kept = (LEAVES, LEAVES_HELD) if leaving else (APPEARS, APPEARS_HELD)
    label = labels[beats[target]]
    question = rng.choice(kept if held else seen).format(name)
    return _sample(rng, "times", shown, question, f"The {name} {verb} at {label} seconds.", told, tolerance=0.6)


def _sample(
    rng: Random, skill: str, shown: Clip, question: str, answer: str, thought: str, tolerance: float = 0.0
) -> Sample:
    thinking = rng.random() < 0.5
    turn = user(question, shown) if rng.random() < 0.1 else user(shown, question)
    return Sample(skill, (turn, assistant(answer, thought if thinking else "")), thinking=thinking, tolerance=tolerance)
