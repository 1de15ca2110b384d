"""Moments: what a long video shows at some minute, seen by watching the stretch around that minute again."""

from dataclasses import dataclass, replace
from random import Random

from ..clips import Timing, lattice
from ..reels import NOTHING, SIZES, Reel, Scene, card, moved, shapes
from ..sample import Call, Part, Sample, Turn, assistant, tool, user
from ..schemas import CALCULATOR, ZOOM, Schema, search_documents, varied, watch_video
from ..words import Words
from .clock import moment, stretch
from .looking import QUARTERS
from .pictures import listing
from .reading import printed

WRITTEN = (
    *["What is written {m}?", "What does it say {m}?", "Which word is shown {m}?", "What word can you see {m}?"],
    *["Read the word {m}.", "What text is on screen {m}?", "{m}, what is written?", "What does the card say {m}?"],
    *["Tell me the word {m}.", "Which word appears {m}?", "What is the text {m}?", "What is there to read {m}?"],
    *["What can be read {m}?", "Which word stands there {m}?", "{m}: which word is it?", "Read the text {m}."],
    *["What does the screen say {m}?", "There is a word {m}. Which one?", "What does the video say {m}?"],
    *["What is printed {m}?", "Go to the word {m} and read it.", "I missed what was written {m}. What was it?"],
    *["Watch the part {m} again. What is written there?", "Look {m}: what does it say?", "The word {m}?"],
)
WRITTEN_HELD = (
    "Please read what is written {m}.",
    "Which word does the video show {m}?",
    "{m}, which word is on the screen?",
)
NUMBERED = (
    *["Which number is shown {m}?", "What number is it {m}?", "Read the number {m}.", "Which number can you see {m}?"],
    *["What is the number {m}?", "{m}, which number is there?", "Tell me the number {m}.", "Which number appears {m}?"],
)
NUMBERED_HELD = ("What number does the video show {m}?", "Please read the number {m}.")
SHOWN = (
    *["What is shown {m}?", "What can be seen {m}?", "What do you see {m}?", "What is there {m}?"],
    *[
        "Which shape is there {m}?",
        "{m}, what is shown?",
        "What does the video show {m}?",
        "Tell me what is shown {m}.",
        "What appears {m}?",
    ],
    *["Which shapes are shown {m}?", "Describe what is there {m}.", "What is on screen {m}?"],
)
SHOWN_HELD = ("Please tell me what can be seen {m}.", "{m}, what is on the screen?")
NEXT = ("And {m}?", "And what about {m}?", "Now {m}.", "What about {m}?", "Then {m}?", "And the same {m}?")
NEXT_HELD = ("And how about {m}?", "Then what is there {m}?")
BETWEEN = (
    *["between {} and {}", "from {} to {}", "in the time from {} to {}", "somewhere between {} and {}"],
    *["in the part from {} to {}"],
)
BETWEEN_HELD = ("anywhere from {} to {}", "in between {} and {}")
PREVIEWS = (4, 4, 4, 5, 6, 6, 8, 8, 12, 16, 24, 32, 32, 32, 32)


@dataclass(frozen=True)
class _Look:
    """A moment asked for, what to watch, the number of the scene, and what is there."""

    said: str
    thought: str
    start: int
    end: int
    number: int
    kind: str = ""
    answer: str = ""
    seen: str = ""
    scene: Scene = NOTHING
    corner: str = ""

    @property
    def box(self) -> tuple[float, float, float, float]:
        return QUARTERS[self.corner] if self.corner else (0, 0, 1, 1)


def moments(rng: Random, *, held: bool = False, level: float = 1.0) -> Sample:
    """A long video at a glance, one or two questions about moments of it, each with its look at the stretch around."""
    words = Words(rng, held=held)
    thinking = rng.random() < 0.5
    rate = 1 if held else rng.choice((1, 8, 10, 12, 15, 20, 24, 25, 30))
    looks: list[_Look] = []
    while not looks:
        reel, duration, looks = _video(words, level, rate)
    count = rng.choice((4, 6, 32)) if held else rng.choice(PREVIEWS)
    when = Timing(rate, duration * rate, count)
    preview = reel.clip(when, when.times)
    which = 1
    first: list[Part] = [preview]
    if not held and rng.random() < 0.06:
        second = Reel(reel.width, reel.height, 60.0, 0.0, rng.getrandbits(30), {})
        brief = Timing(rate, 600 * rate, 4)
        which = rng.choice((1, 2))
        first.insert(2 - which, second.clip(brief, brief.times))
    turns: list[Turn] = []
    for index, look in enumerate(looks):
        question = _question(words, look, index, which if len(first) > 1 else 0)
        parts = (*first, question) if index == 0 else (question,)
        turns.append(user(*parts) if rng.random() < 0.93 else user(parts[-1], *parts[:-1]))
        box = [int(side) if side in (0, 1) else side for side in look.box]
        where = {"box": box} if look.corner else {}
        call = Call("watch_video", {"video": which, "start": look.start, "end": look.end, **where})
        turns.append(assistant("", look.thought if thinking else "", call))
        if index + 1 == len(looks) and not held and rng.random() < 0.35:
            break  # calls are cheap to learn from, pictures are not
        closer = reel.clip(when, lattice(rate, look.start, look.end, duration), look.box)
        end = min(float(look.end), float(duration))
        said = f", box [{', '.join(f'{side:g}' for side in box)}]" if look.corner else ""
        turns.append(tool(f"video {which} from {look.start:.1f} to {end:.1f} seconds{said}:", closer))
        turns.append(assistant(look.answer, look.seen if thinking else ""))
    return Sample("moments", tuple(turns), _tools(rng), thinking)


def _tools(rng: Random) -> tuple[Schema, ...]:
    """watch_video, mostly with what `quintet ask` has beside it."""
    tools = [watch_video(rng)]
    if rng.random() < 0.5:
        tools.insert(0, CALCULATOR)
    if rng.random() < 0.25:
        tools.insert(len(tools) - 1, ZOOM)
    if rng.random() < 0.1:
        tools.append(search_documents(rng))
    return tuple(tools if rng.random() < 0.7 else [varied(rng, one) for one in tools])


def _video(words: Words, level: float, rate: int) -> tuple[Reel, int, list[_Look]]:
    """A video, its length in seconds, and the looks at it; none where a card didn't fit."""
    rng = words.rng
    width, height = rng.choice(SIZES)
    duration = 60 * rng.choice((1, 2, 3, 5, 10, 20, 30, 45, 60, 60, 90, 120)) + rng.choice(
        (0, 0, 0, rng.randint(1, 59))
    )
    length = rng.choice((10.0, 12.0, 15.0, 20.0, 30.0, 30.0, 45.0, 60.0, 60.0, 120.0, 300.0))
    if words.held:
        length = max(length, 20.0)
    reel = Reel(width, height, length, rng.choice((0.0, rng.uniform(0, length))), rng.getrandbits(30), {})
    looks: list[_Look] = []
    for _ in range(rng.choice((1, 1, 1, 2)) if words.held else rng.choice((1, 1, 2, 3))):
        look = _look(words, reel, duration, level, rate)
        if look is None:
            return reel, duration, []
        if look.number not in reel.known:
            reel.known[look.number] = look.scene
            looks.append(look)
    return reel, duration, looks


def _look(words: Words, reel: Reel, duration: int, level: float, rate: int) -> _Look | None:
    """One moment and what is there, clear of the scene's edges as far as the frames can tell."""
    rng = words.rng
    if rng.random() < 0.1 and duration > 200:
        return _range(words, reel, duration, level)
    for _ in range(30):
        said, second = moment(rng, duration - 2, held=words.held)
        start, end = stretch(second)
        number = reel.number(second)
        begins = reel.phase + (number - 1) * reel.length
        room = min(second - begins, begins + reel.length - second)
        if words.held and room < 8:
            continue
        times = lattice(rate, start, end, duration)
        nearest = min(zip(times[::2], times[1::2], strict=True), key=lambda pair: abs(sum(pair) / 2 - second))
        if {reel.number(time) for time in nearest} == {number}:
            return _shown(words, reel, _Look(said, f"That is at {second} seconds.", start, end, number), level)
    return None


def _range(words: Words, reel: Reel, duration: int, level: float) -> _Look | None:
    """A stretch asked for by its ends, all of it in one scene."""
    rng = words.rng
    number = rng.randint(1, max(1, int((duration - reel.phase) // reel.length) - 1))
    low, high = reel.phase + (number - 1) * reel.length, reel.phase + number * reel.length
    if high - low < 20 or high > duration:
        return None
    start, end = int(low) + 1 + rng.randint(0, 4), int(high) - 1 - rng.randint(0, 4)
    if end - start > 60:
        start = rng.randint(start, end - 60)
        end = start + rng.randint(10, 60)
    clock = [f"{second // 60}:{second % 60:02d}" for second in (start, end)]
    if rng.random() < 0.3:
        clock = [str(start), f"{end} seconds"]
    said = rng.choice(BETWEEN_HELD if words.held else BETWEEN).format(*clock)
    thought = f"That is from {start} to {end} seconds."
    return _shown(words, reel, _Look(said, thought, start, end, number), level)


def _shown(words: Words, reel: Reel, look: _Look, level: float) -> _Look | None:
    """The look with a scene: a word or two, a number, or shapes."""
    rng = words.rng
    kind = rng.choices(("word", "number", "shape"), (7, 1, 2))[0]
    if kind == "shape":
        scene = shapes(rng, reel.width, reel.height, rng.choice((1, 1, 2)))
        told = listing(sorted(scene.things, key=lambda thing: thing.x))
        return replace(look, kind=kind, scene=scene, answer=told[0].upper() + told[1:] + ".", seen=f"I see {told}.")
    if kind == "number":
        text = str(rng.randint(0, 10 ** rng.randint(1, 5)))
        seen, answer = f"The printed number is {text}.", f"The number is {text}."
        texts = [text]
    else:
        texts = [printed(words, min(level + 0.2, 0.9))]
        if rng.random() < 0.1:
            texts.append(printed(words, min(level, 0.6)))
        text = " ".join(texts)
        seen, answer = f"The printed word is {text}.", f'It says "{text}".'
    if rng.random() < 0.08:
        corner = rng.choice(list(QUARTERS))
        small = card(rng, texts[:1], reel.width // 2, reel.height // 2, large=0.24)
        if small is None or len(texts) > 1:
            return None
        x, y = QUARTERS[corner][0] * reel.width, QUARTERS[corner][1] * reel.height
        return replace(look, kind=kind, scene=moved(small, x, y), answer=answer, seen=seen, corner=corner)
    scene = card(rng, texts, reel.width, reel.height)
    return scene and replace(look, kind=kind, scene=scene, answer=answer, seen=seen)


def _question(words: Words, look: _Look, index: int, which: int) -> str:
    """The question; a further one may leave out what it is about."""
    rng = words.rng
    if index and rng.random() < 0.5 and not look.corner:
        return rng.choice(NEXT_HELD if words.held else NEXT).format(m=look.said)
    seen, kept = {"word": (WRITTEN, WRITTEN_HELD), "number": (NUMBERED, NUMBERED_HELD), "shape": (SHOWN, SHOWN_HELD)}[
        look.kind
    ]
    if look.kind == "word" and rng.random() < 0.12 and not look.corner:
        seen, kept = SHOWN, SHOWN_HELD
    said = f"{look.said} in video {which}" if which else look.said
    if look.corner:
        said = rng.choice((f"{said} at the {look.corner}", f"at the {look.corner} {said}", f"{said}, {look.corner}"))
    question = rng.choice(kept if words.held else seen).format(m=said)
    return question[0].upper() + question[1:]
