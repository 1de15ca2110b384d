"""Invented functions: a schema, a request that needs it, the call that answers the request, and a result."""

import json
from dataclasses import dataclass
from typing import Any

from ..schemas import Schema, schema
from ..wordlists import UNITS, VERBS
from ..words import Words
from .parameters import Parameter, parameters


@dataclass(frozen=True)
class Function:
    """A function about some thing, what a person says to need it, and what it returns."""

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    thing: str
    request: str
    result: str
    answer: str

    @property
    def schema(self) -> Schema:
        properties = {p.name: p.schema for p in self.parameters}
        return schema(self.name, self.description, properties, [p.name for p in self.parameters if p.needed])

    @property
    def arguments(self) -> dict[str, Any]:
        return {p.name: p.value for p in self.parameters if p.said}


GETTERS = "get_{} {} find_{} {}_of look_up_{} read_{} current_{} {}_lookup fetch_{} show_{} lookup_{} {}_info".split()
COUNTERS = "count_{} how_many_{} number_of_{} {}_count".split()
GETS = (
    "Get the {t}.",
    "Get the {t} of something.",
    "Look up the {t}.",
    "Returns the {t}.",
    "The {t} of something.",
    "Find the {t}.",
    "Tells the {t}.",
    "Gives the current {t}.",
    "Retrieve the {t}.",
)
COUNTS = ("Count the {t}s.", "Count how many {t}s there are.", "The number of {t}s.")
DOES = ("{v} {a} {t}.", "{v} the {t}.", "Lets you {w} {a} {t}.", "{v} {t} for the user.", "Use this to {w} the {t}.")
ASK_COUNT = (
    "How many {t}s are there",
    "How many {t}s do we have",
    "Count the {t}s",
    "Number of {t}s",
    "How many {t}s exist",
)
ASK = (
    "What is the {t}",
    "What is the {t}",
    "What's the {t}",
    "What is the current {t}",
    "Tell me the {t}",
    "Find the {t}",
    "Find out the {t}",
    "Give me the {t}",
    "I need the {t}",
    "I want the {t}",
    "Look up the {t}",
    "How is the {t}",
    "Show me the {t}",
    "Can you find the {t}",
    "Could you look up the {t}",
    "Do you know the {t}",
    "Let me know the {t}",
    "Check the {t}",
    "I'd love to see the {t}",
    "Which {t} do we have",
    "I am looking for the {t}",
    "Get the {t}",
    "Now the {t}",
    "The {t}",
    "Help me find the {t}",
    "Please tell me the {t}",
    "Would you check the {t}",
    "Could you give me the {t}",
    "I'd like to know the {t}",
    "I want to know the {t}",
    "May I know the {t}",
    "Please find the {t}",
    "Say what the {t} is",
    "What do you know about the {t}",
    "Read me the {t}",
    "Please show me the {t}",
    "We need the {t}",
    "Is there a {t}",
    "Can you get me the {t}",
)
ASK_HELD = ("Could you tell me the {t}", "I would like to know the {t}", "Please get me the {t}")
TELL = (
    "{v} {a} {t}",
    "{v} the {t}",
    "{v} {t}",
    "Please {w} the {t}",
    "Please {w} {a} {t}",
    "I want to {w} {a} {t}",
    "I'd like to {w} the {t}",
    "Can you {w} {a} {t}",
    "Could you {w} the {t}",
    "Will you {w} the {t}",
    "I need you to {w} the {t}",
    "I need to {w} {a} {t}",
    "You have to {w} the {t}",
    "We should {w} the {t}",
    "Now {w} the {t}",
    "Help me {w} the {t}",
    "Let us {w} {a} {t}",
    "Let's {w} the {t}",
    "Try to {w} the {t}",
    "It is necessary to {w} the {t}",
    "I ask you to {w} {a} {t}",
    "Make sure to {w} the {t}",
    "Be so kind and {w} the {t}",
    "It's time that you {w} the {t}",
    "You may {w} the {t} now",
    "I am asking you to {w} {a} {t}",
    "Somebody must {w} the {t}",
    "Do {w} the {t}",
    "Next, {w} {a} {t}",
    "First {w} the {t}",
    "Start to {w} the {t}",
    "Go ahead, {w} the {t}",
    "Don't forget to {w} the {t}",
    "I would like you to {w} {a} {t}",
    "My wish is to {w} the {t}",
    "The task is to {w} {a} {t}",
    "Why not {w} the {t}",
    "Your job: {w} the {t}",
    "Shall we {w} the {t}",
    "Is it possible to {w} {a} {t}",
    "Would it be possible to {w} the {t}",
    "How about you {w} the {t}",
    "Quickly {w} {a} {t}",
    "Let me {w} the {t}",
    "We want to {w} {a} {t}",
    "They told me to {w} the {t}",
    "The plan is to {w} the {t}",
)
TELL_HELD = ("Would you {w} the {t}", "Go and {w} {a} {t}", "Time to {w} the {t}")
CALLS = (
    *[
        "Call {}.",
        "Run {}.",
        "{}",
        "What is {}?",
        "Use the tool: {}",
        "What does {} return?",
        "Compute {} with the tool.",
    ],
    *["What is the value of {}?", "Give me the value of {}. Call the tool.", "I need {}. Use the tool.", "Execute {}."],
    *["What do you get for {}?", "Tell me what {} gives. Use the tool.", "What is the result of {}? Use the function."],
)
ASKING = ("What", "What's", "How", "Can", "Could", "Would", "Will", "Do", "Which", "Shall", "Is", "May", "Why")


def function(words: Words, topic: str | None = None, verb: str | None = None, *, level: float = 0.3) -> Function:
    """A function about some noun, which the request names too."""
    rng = words.rng
    topic, verb = topic or words.noun(), verb or words.verb()
    thing = f"{words.adjective()} {topic}" if rng.random() < 0.25 else topic
    a = "an" if thing[0] in "aeiou" else "a"
    getter = rng.random() < 0.45
    counting = getter and rng.random() < 0.15
    names = COUNTERS if counting else GETTERS if getter else [f"{verb}_{{}}"]
    name = _written(words, rng.choice(names).format(thing.replace(" ", "_")))
    count = rng.choices((0, 1, 2, 3, 4), (1, 5, 4, 2, 0.5) if level > 0.3 else (1, 6, 2, 0.3, 0))[0]
    made = tuple(parameters(words, count))
    described = rng.choice(COUNTS if counting else GETS if getter else DOES)
    if getter:
        asked = rng.choice(ASK_COUNT if counting else ASK_HELD if words.held else ASK)
    else:
        asked = rng.choice(TELL_HELD if words.held else TELL)
    written = not words.held and rng.random() < 0.1
    fill = {"v": verb.capitalize(), "w": verb, "a": a, "t": thing}
    result, answer = _result(words, thing, getter, [str(p.value) for p in made if isinstance(p.value, str) and p.said])
    description = described.format(**fill) if rng.random() < 0.9 else f"{thing.capitalize()}."
    request = _notation(words, name, made) if written else _request(words, asked.format(**fill), made)
    return Function(name, description, made, thing, request, result, answer)


def _request(words: Words, asked: str, made: tuple[Parameter, ...]) -> str:
    """The request with the words for each argument, in any order."""
    rng = words.rng
    spoken = [p.said for p in made if p.said]
    rng.shuffle(spoken)
    end = "?" if asked.split()[0] in ASKING else "."
    if not spoken:
        return asked + end
    return asked + " " + rng.choice((" ", " and ", ", ")).join(spoken) + (end if rng.random() < 0.9 else "")


def _notation(words: Words, name: str, made: tuple[Parameter, ...]) -> str:
    """The request as programmers write a call: lamp_price(3, "Oslo")."""
    rng, named = words.rng, words.rng.random() < 0.3
    given = [(p.name, json.dumps(p.value, ensure_ascii=False)) for p in made if p.said]
    call = f"{name}({', '.join(f'{key}={value}' if named else value for key, value in given)})"
    return rng.choice(CALLS).format(call)


def _written(words: Words, name: str) -> str:
    """snake_case as it is, now and then camelCase."""
    if words.rng.random() > 0.15:
        return name
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _result(words: Words, thing: str, getter: bool, keys: list[str]) -> tuple[str, str]:
    """What the function returns, and the answer made of it."""
    rng = words.rng
    if not getter and rng.random() < 0.5:
        return rng.choice(("done", "ok", "success", "true", "finished")), f"The {thing} is done."
    found = rng.choice(
        (
            str(words.number(9999)),
            f"{words.number(99)} {rng.choice(UNITS)}",
            words.phrase(1, 2),
            words.invented(),
            words.city(),
            f"{words.number(99)}.{rng.randint(0, 9)}",
            words.name(),
            words.letters(2, 4, "ABCDEFGHJKLMNPQRSTUVWXYZ") + str(words.number(99)),
        )
    )
    if keys and rng.random() < 0.2:
        return f"{rng.choice(keys)}: {found}", f"The {thing} is {found}."
    form = rng.choice(
        (
            "{v}",
            "{v}",
            "{v}",
            '{{"{k}": "{v}"}}',
            "{t}: {v}",
            '{{"result": "{v}"}}',
            "The {t} is {v}.",
            '{{"status": "ok", "value": "{v}"}}',
        )
    )
    return form.format(v=found, k=thing.split()[-1], t=thing), f"The {thing} is {found}."


_COMMON = frozenset("get find show look up read the of a an to current info lookup fetch count how many number".split())


def related(words: Words, first: Function, n: int) -> list[Function]:
    """Other functions to choose among, some of them close: the same verb or the same thing with another verb."""
    rng = words.rng
    others: list[Function] = []
    asked = set(first.request.lower().strip(".?").split())
    while len(others) < n:
        verb = first.name.split("_")[0] if rng.random() < 0.2 and first.name.split("_")[0] in VERBS else None
        other = function(words, None, verb)
        if other.name in {one.name for one in (first, *others)}:
            continue
        if not set(other.name.lower().split("_")) & asked - _COMMON - set(VERBS):
            others.append(other)
    return others
