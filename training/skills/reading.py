"""Reading: printed words and numbers, one or many in a picture."""

from random import Random

from ..pictures import COLOURS, FACES, Line, canvas_size, font, page, place, typeset
from ..sample import Sample, assistant, user
from ..wordlists import ADJECTIVES, CITIES, NAMES, NOUNS, VERBS
from ..words import Words

SIGNS = (
    "EXIT STOP OPEN CLOSED SALE PUSH PULL HELLO WELCOME ENTER DANGER START FINISH MENU CAFE HOTEL TAXI BUS PARK FREE "
    "NEW HOT COLD"
).split()
ONE = (
    "What does it say?",
    "What does the picture say?",
    "Read the word.",
    "What is written here?",
    "Which word is printed?",
    "Read the text.",
    "What word do you see?",
    "What text is in the picture?",
    "What is printed in the picture?",
    "Which word is in the image?",
    "What does the sign say?",
    "What is the word in the picture?",
    "Read this.",
    "Read what it says.",
    "Say the word.",
    "What is written?",
    "What does this say?",
    "Which text do you see?",
    "The word, please.",
    "What stands there?",
    "What is the text?",
    "Please read it.",
    "Tell me the word.",
)
ONE_HELD = (
    "Can you read the word?",
    "What's the printed word?",
    "Tell me what is written.",
    "What word does the picture show?",
)
NUMBER = (
    "What number is it?",
    "Which number is shown?",
    "Read the number.",
    "What number do you see?",
    "What is the number in the picture?",
    "Which number is it?",
    "What number is printed?",
    "What is the number?",
    "Say the number.",
    "Which number do you see?",
)
NUMBER_HELD = ("Tell me the number.", "What number does the picture show?")
ALL = (
    "Read everything.",
    "Read all the words.",
    "Read all words from top to bottom.",
    "List the words.",
    "What are the words?",
    "Transcribe the text.",
)


def printed(words: Words, level: float) -> str:
    """Something to print: a word, a number or a code, of 1 to 8 characters."""
    rng = words.rng
    longest = max(2, 1 + round(7 * level))
    while True:
        kind = rng.choices(
            ("word", "invented", "number", "letters", "code", "sign"),
            (4, 4, 2.5, 2.5, 1, 1) if level > 0.5 else (1, 1, 3, 3, 1, 1),
        )[0]
        match kind:
            case "word":
                text = words.pick(rng.choice((NOUNS, NOUNS, ADJECTIVES, VERBS, CITIES, NAMES)))
            case "invented":
                text = words.invented()
            case "number":
                text = str(rng.randint(0, 10 ** rng.randint(1, 5)))
            case "letters":
                text = words.letters(1, longest)
            case "sign":
                text = words.pick(SIGNS)
            case _:
                text = words.letters(2, min(6, longest), "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789")
        if len(text) <= longest and not (words.held and len(text) < min(2, longest)):
            break
    case_of = rng.random() if level > 0.5 or rng.random() < 0.15 else 0.0
    return text.upper() if case_of < 0.4 else text.capitalize() if case_of < 0.6 else text


def reading(rng: Random, *, held: bool = False, level: float = 1.0) -> Sample:
    """A picture of words and the question what it says."""
    words = Words(rng, held=held)
    width, height = canvas_size(rng)
    many = not held and rng.random() < 0.6
    easy = level <= 0.5
    n = rng.randint(2, max(2, round(height / (44 if easy else 26)))) if many else 1
    sizes = (26 if easy else 14, 60) if many else (30 if easy else 17, 64)
    faces = (0, 0, 1) if easy else FACES
    colours = ("black",) if easy and rng.random() < 0.7 else tuple(COLOURS)
    lines: list[Line] = []
    while not lines:
        texts = [printed(words, level) for _ in range(n)]
        lines = typeset(rng, texts, width, height, sizes=sizes, faces=faces, colours=colours)
    thinking = rng.random() < 0.4
    if len(lines) == 1:
        text = lines[0].text
        shown = page(rng, lines, width, height)
        number = text.isdigit()
        if number and rng.random() < 0.6:
            question, answer = rng.choice(NUMBER_HELD if held else NUMBER), f"The number is {text}."
        else:
            question, answer = rng.choice(ONE_HELD if held else ONE), f'It says "{text}".'
        thought = f"The printed {'number' if number else 'word'} is {text}."
    else:
        shown = page(rng, lines, width, height)
        chosen = rng.choice(lines)
        alone = sum(line.colour == chosen.colour for line in lines) == 1
        if alone and rng.random() < 0.15 and chosen.colour not in ("black", "purple", "blue"):
            question, answer = f"What does the {chosen.colour} word say?", f'It says "{chosen.text}".'
        else:
            question, answer = rng.choice(ALL), ", ".join(line.text for line in lines)
        thought = f"There are {len(lines)} words."
    gap = "\n" if rng.random() < 0.1 else ""
    turn = user(question + gap, shown) if rng.random() < 0.1 else user(shown, gap + question)
    return Sample("reading", (turn, assistant(answer, thought if thinking else "")), thinking=thinking)


def sign(rng: Random, *, level: float = 1.0) -> Sample:
    """A word beside shapes: a question about either."""
    words = Words(rng)
    width, height = canvas_size(rng)
    half = height // 2
    lines: list[Line] = []
    while not lines:
        lines = typeset(rng, [printed(words, level)], width, half, sizes=(15, 50))
    from ..pictures import SHAPES, Thing  # the lower half holds the shapes
    from .pictures import listing

    names = list(zip(rng.sample(list(COLOURS), 2), rng.sample(SHAPES, 2), strict=True))[: rng.randint(1, 2)]
    things = [Thing(t.shape, t.colour, t.x, t.y + half, t.radius) for t in place(rng, names, width, half)]
    assert font(12)
    shown = page(rng, lines, width, height, tuple(things))
    thinking = rng.random() < 0.4
    if rng.random() < 0.6:
        question, answer, thought = (
            rng.choice(ONE),
            f'It says "{lines[0].text}".',
            f"The printed word is {lines[0].text}.",
        )
    else:
        thing = rng.choice(things)
        question, answer, thought = (
            f"What colour is the {thing.shape}?",
            f"The {thing.shape} is {thing.colour}.",
            f"I see {listing(things)}.",
        )
    return Sample("reading", (user(shown, question), assistant(answer, thought if thinking else "")), thinking=thinking)
