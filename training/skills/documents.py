"""Documents: search, then answer with the sentence that tells it and its passage's number, or say that none does."""

from dataclasses import dataclass
from random import Random

from ..sample import Call, Sample, Turn, assistant, tool, user
from ..schemas import distractors, search_documents
from ..words import ADJECTIVES, NOUNS, UNITS, VERBS, Words


@dataclass(frozen=True)
class Fact:
    """A sentence of a document, a question it answers, and the words that a search for it would use."""

    sentence: str
    question: str
    query: str
    kind: int


def thing(words: Words) -> str:
    """What documents are about: a lamp, a small lamp, the Drovo lamp, a table lamp."""
    rng, noun = words.rng, words.noun()
    kind = rng.random()
    if kind < 0.35:
        return f"{words.invented(2).capitalize()} {noun}"
    return noun if kind < 0.65 else f"{words.pick(ADJECTIVES)} {noun}" if kind < 0.85 else f"{words.pick(NOUNS)} {noun}"


def fact(words: Words, about: str | None = None) -> Fact:
    """A fact about some invented or everyday thing, or about a part of it."""
    rng = words.rng
    topic = about or thing(words)
    if rng.random() < 0.35:
        topic = f"{words.noun()} of the {topic}"
    number, unit = words.number(999), rng.choice(UNITS)
    verb, city, name = words.pick(VERBS), words.city(), words.name()
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
            f"The {t} opens at {rng.randint(5, 11)} o'clock.",
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
        (f"Contact {name} about the {t}.", (f"Whom do I contact about the {t}?", f"Who is the contact for the {t}?")),
    ]
    kind = rng.randrange(len(options))
    sentence, questions = options[kind]
    return Fact(sentence, rng.choice(questions), t, kind)


FILLER = (
    "Please read this page with care.",
    "Keep it in a dry place.",
    "More follows in the next section.",
    "This applies to all sites.",
    "It is simple to use.",
    "Ask if you are not sure.",
    "The table below shows more.",
    "We update this page every year.",
    "Always follow the rules.",
    "See also the next chapter.",
    "Nothing else is needed.",
    "Thank you for reading.",
    "These rules are for everybody.",
    "It works in every room.",
    "Do this with a friend.",
    "That is all.",
)
NAMES_OF_FILES = (
    "handbook",
    "manual",
    "guide",
    "notes",
    "report",
    "faq",
    "policy",
    "overview",
    "readme",
    "catalogue",
    "plan",
    "rules",
    "prices",
)
UNKNOWN = "The documents don't say."


def passage(words: Words, facts: list[Fact], level: float) -> str:
    """The facts' sentences among others, as a page would hold them."""
    rng = words.rng
    sentences = [one.sentence for one in facts]
    sentences += rng.sample(FILLER, rng.choice((0, 0, 0, 1, round(4 * level))))
    rng.shuffle(sentences)
    heading = rng.random()
    title = words.phrase(1, 2).capitalize()
    text = ("\n" if rng.random() < 0.2 else " ").join(sentences)
    return f"{title}\n{text}" if heading < 0.3 else f"# {title}\n\n{text}" if heading < 0.45 else text


def results(words: Words, facts: list[list[Fact]], level: float) -> str:
    """What the library's search returns."""
    rng = words.rng
    lines = []
    for index, some in enumerate(facts, 1):
        stem = rng.choice(NAMES_OF_FILES) if rng.random() < 0.6 else words.noun()
        ending = rng.choice(("pdf", "pdf", "pdf", "md", "html", "docx", "txt"))
        where = f"{stem}.{ending}" + (f", page {rng.randint(1, 60)}" if ending == "pdf" else "")
        lines.append(f"[{index}] ({where}) {passage(words, some, level)}")
    return rng.choice(("\n", "\n", "\n\n")).join(lines)


ASK = (
    "{}",
    "{}",
    "{}",
    "{}",
    "What do the documents say: {}",
    "Look in the documents: {}",
    "{} Look it up.",
    "Search the documents. {}",
    "{} Please cite the source.",
)
ASK_HELD = ("{}", "{}", "According to the documents: {}", "Please find out: {}")


def documents(rng: Random, *, held: bool = False, level: float = 1.0) -> Sample:
    """A question, the search, what it found, and the answer with its citation."""
    words = Words(rng, held=held)
    thinking = rng.random() < 0.5
    tools = [search_documents(rng)]
    if rng.random() < 0.12:
        tools += [one for one in distractors(rng) if one["function"]["name"] != "search_documents"]
        rng.shuffle(tools)
    turns: list[Turn] = []
    for _ in range(1 if held or rng.random() < 0.85 else 2):
        turns += _round(rng, words, thinking, level, held)
    return Sample("documents", tuple(turns), tuple(tools), thinking)


def _round(rng: Random, words: Words, thinking: bool, level: float, held: bool) -> list[Turn]:
    wanted = fact(words)
    number = rng.choice((1, 2, 3, 4, 5))
    subject = wanted.query.split(" of the ")[-1]
    groups: list[list[Fact]] = []
    for _ in range(number):
        about = subject if rng.random() < 0.4 else thing(words)
        group: list[Fact] = []
        for _ in range(rng.randint(1, 2 + round(level))):
            other = fact(words, about if rng.random() < 0.7 else None)
            if (other.query, other.kind) != (wanted.query, wanted.kind):
                group.append(other)
        groups.append(group)
    known = rng.random() < 0.88
    question = rng.choice(ASK_HELD if held else ASK).format(wanted.question)
    search = assistant(
        "", "I search the documents." if thinking else "", Call("search_documents", {"query": wanted.query})
    )
    if not known:
        found = results(words, groups, level) if rng.random() < 0.8 else "No passage matches."
        return [user(question), search, tool(found), assistant(UNKNOWN, "No passage tells it." if thinking else "")]
    at = rng.randrange(number)
    groups[at].insert(rng.randint(0, len(groups[at])), wanted)
    answer = wanted.sentence[:-1] + f" [{at + 1}]."
    return [
        user(question),
        search,
        tool(results(words, groups, level)),
        assistant(answer, f"Passage {at + 1} tells it." if thinking else ""),
    ]
