"""Facts: sentences that documents hold, the questions they answer, and what one searches for to find them."""

from dataclasses import dataclass

from ..wordlists import UNITS
from ..words import Words


@dataclass(frozen=True)
class Fact:
    """A sentence of a document, a question it answers, and the words that a search for it would use."""

    sentence: str
    question: str
    query: str
    kind: int


HOURS = ("o'clock", "in the morning", "in the evening")


def thing(words: Words) -> str:
    """What documents are about: a lamp, a small lamp, the Drovo lamp, a table lamp."""
    rng, noun = words.rng, words.noun()
    kind = rng.random()
    if kind < 0.35:
        return f"{words.invented().capitalize()} {noun}"
    return noun if kind < 0.65 else f"{words.adjective()} {noun}" if kind < 0.85 else f"{words.noun()} {noun}"


def fact(words: Words, about: str | None = None) -> Fact:
    """A fact about some invented or everyday thing, or about a part of it."""
    rng = words.rng
    topic = about or thing(words)
    if rng.random() < 0.35:
        topic = f"{words.noun()} of the {topic}"
    number, unit = words.number(999), rng.choice(UNITS)
    verb, city, name = words.verb(), words.city(), words.name()
    adjective = words.adjective()
    piece, colour = words.phrase(1, 2), rng.choice(("red", "green", "blue", "yellow", "white", "black", "grey"))
    other = words.noun()
    day = rng.choice("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split())
    month = rng.choice("January February March April May June July August September October November December".split())
    code = words.letters(2, 4, "ABCDEFGHKLMNPRSTUVWXYZ") + "-" + str(rng.randint(10, 999))
    t = topic
    options: list[tuple[str, tuple[str, ...]]] = [
        (
            f"The {t} lasts {number} {unit}.",
            (f"How long does the {t} last?", f"What is the duration of the {t}?", f"How long is the {t}?"),
        ),
        (
            f"The {t} weighs {number} kilograms.",
            (f"How heavy is the {t}?", f"How much does the {t} weigh?", f"What is the weight of the {t}?"),
        ),
        (
            f"The {t} costs {number} euros.",
            (f"How much does the {t} cost?", f"What does the {t} cost?", f"What is the price of the {t}?"),
        ),
        (f"The {t} is {colour}.", (f"What colour is the {t}?", f"Which colour does the {t} have?")),
        (
            f"The {t} was built in {rng.randint(1800, 2025)}.",
            (f"When was the {t} built?", f"In which year was the {t} built?"),
        ),
        (f"The {t} is in {city}.", (f"Where is the {t}?", f"In which city is the {t}?")),
        (f"{name} is responsible for the {t}.", (f"Who is responsible for the {t}?", f"Who takes care of the {t}?")),
        (f"The {t} is made of {other}.", (f"What is the {t} made of?", f"Which material is the {t} made of?")),
        (
            f"To {verb} the {t}, press the {piece}.",
            (f"How do I {verb} the {t}?", f"How can I {verb} the {t}?", f"What must I press to {verb} the {t}?"),
        ),
        (
            f"The {t} opens at {rng.randint(5, 11)} {rng.choice(HOURS)}.",
            (f"When does the {t} open?", f"At what time does the {t} open?"),
        ),
        (
            f"The {t} must be checked every {number} {unit}.",
            (f"How often must the {t} be checked?", f"How often is the {t} checked?"),
        ),
        (
            f"The {t} holds up to {number} {unit}.",
            (f"How much does the {t} hold?", f"What is the capacity of the {t}?"),
        ),
        (f"The code of the {t} is {code}.", (f"What is the code of the {t}?", f"Which code does the {t} have?")),
        (
            f"Every employee gets {number} {t} days.",
            (f"How many {t} days does an employee get?", f"How many {t} days are there?"),
        ),
        (f"The {t} was invented by {name}.", (f"Who invented the {t}?", f"Who was the inventor of the {t}?")),
        (f"The {t} takes place on {day}.", (f"When does the {t} take place?", f"On which day is the {t}?")),
        (
            f"The {t} ends on {rng.randint(1, 28)} {month}.",
            (f"When does the {t} end?", f"On which date does the {t} end?"),
        ),
        (
            f"The {t} needs {number} {unit} of {other}.",
            (f"What does the {t} need?", f"How much {other} does the {t} need?"),
        ),
        (f"The {t} is stored in the {piece}.", (f"Where is the {t} stored?", f"Where do I find the {t}?")),
        (
            f"Our {t} has {number} {other}s.",
            (f"How many {other}s does the {t} have?", f"How many {other}s are in the {t}?"),
        ),
        (f"The {t} belongs to {name}.", (f"Whose is the {t}?", f"Who owns the {t}?", f"To whom does the {t} belong?")),
        (f"The maximum {t} is {number} {unit}.", (f"What is the maximum {t}?", f"How high may the {t} be?")),
        (
            f"You can return the {t} within {number} days.",
            (f"Within how many days can I return the {t}?", f"How long can I return the {t}?"),
        ),
        (
            f"The {t} reaches {number} {unit}.",
            (f"How many {unit} does the {t} reach?", f"What does the {t} reach?"),
        ),
        (f"The {t} was made in {city}.", (f"Where was the {t} made?", f"In which place was the {t} made?")),
        (
            f"The {t} moves {number} {unit} in a minute.",
            (f"How much does the {t} move in a minute?", f"How many {unit} does the {t} move?"),
        ),
        (
            f"The {t} is as {adjective} as {number} {unit}.",
            (f"How {adjective} is the {t}?", f"How {adjective} can the {t} be?"),
        ),
        (
            f"The {t} is changed every {number} {unit}.",
            (f"How often is the {t} changed?", f"When is the {t} changed?"),
        ),
        (
            f"{verb.capitalize()} the {t} with a {piece}.",
            (f"With what do I {verb} the {t}?", f"What do I {verb} the {t} with?"),
        ),
        (f"Contact {name} about the {t}.", (f"Whom do I contact about the {t}?", f"Who is the contact for the {t}?")),
    ]
    kind = rng.randrange(len(options))
    sentence, questions = options[kind]
    return Fact(sentence, rng.choice(questions), t, kind)
