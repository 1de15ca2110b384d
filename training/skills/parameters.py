"""Parameters of invented functions: a name, its schema, a value, and the words that ask for that value."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..schemas import Schema, value
from ..wordlists import ADJECTIVES, LANGUAGES, NOUNS, UNITS
from ..words import Words


@dataclass(frozen=True)
class Parameter:
    """A parameter, the value asked for, and the words that ask for it: none where it is optional and left out."""

    name: str
    schema: Schema
    value: Any
    said: str
    needed: bool = True


PLACE = "city place location town destination where region station".split()
PERSON = "person recipient user contact customer owner guest employee name who".split()
TEXTUAL = "title label message text note topic subject keyword query comment name item product code reason".split()
WHOLE = (
    *["count", "amount", "number", "limit", "quantity", "level", "size", "days", "hours", "pages", "seats", "copies"],
    *["minutes", "guests", "floor", "row", "year", "age"],
)
REAL = "price weight width height length temperature distance speed rate volume duration budget depth".split()
FLAGS = "urgent loud express private silent detailed gift secure dark verbose hidden fast quiet shared".split()
CHOICES = "unit colour mode size format priority style kind type shape category".split()
LISTS = "items names tags topics words guests rooms parts files colours places labels".split()
COUNTED = ("days", "hours", "minutes", "guests", "pages", "seats", "copies")


def parameters(words: Words, count: int) -> list[Parameter]:
    """`count` parameters of different kinds (fewer where two got the same name), some of them optional."""
    kinds = words.rng.sample(list(_MAKERS), count, counts=_MOST)
    found: dict[str, Parameter] = {}
    for kind in kinds:
        one = _MAKERS[kind](words)
        found.setdefault(one.name, _optional(words, one))
    return list(found.values())


def _optional(words: Words, one: Parameter) -> Parameter:
    """Now and then the same as an optional one, asked for or not."""
    rng = words.rng
    if rng.random() > 0.2:
        return one
    said, schema = one.said if rng.random() < 0.4 else "", one.schema
    if schema["type"] == "integer" and rng.random() < 0.7:
        more = {key: of for key, of in schema.items() if key not in ("type", "description")}
        schema = value("integer", schema.get("description", ""), default=rng.randint(1, 10), **more)
    return Parameter(one.name, schema, one.value, said, needed=False)


def _named(words: Words, names: Sequence[str]) -> str:
    """A usual name, the same with a word before it, or any word."""
    rng = words.rng
    if not words.held and rng.random() < 0.08:
        return rng.choice(("input", "value", "x", "n", "argument", "data"))
    match rng.randrange(10):
        case 0 | 1:
            return f"{words.adjective()}_{rng.choice(names)}"
        case 2:
            return words.noun()
        case 3:
            return f"{words.noun()}_{rng.choice(names)}"
    return rng.choice(names)


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _described(words: Words, *texts: str) -> str:
    return words.rng.choice(texts) if words.rng.random() < 0.55 else ""


def _place(words: Words) -> Parameter:
    rng = words.rng
    name, city = rng.choice(PLACE), words.city()
    if rng.random() < 0.15:
        city = f"{city} {words.city()}"
    said = rng.choice(("in {}", "in {}", "at {}", "near {}", "of {}", "for {}")).format(city)
    return Parameter(name, value("string", _described(words, f"the {name}", "name of the place", "where")), city, said)


def _person(words: Words) -> Parameter:
    rng = words.rng
    name, person = rng.choice(PERSON), words.name()
    if rng.random() < 0.2:
        person = f"{person} {words.name()}"
    said = rng.choice(("for {}", "to {}", "with {}", "by {}")).format(person)
    return Parameter(
        name, value("string", _described(words, f"the {name}", "name of the person", "who it is for")), person, said
    )


def _language(words: Words) -> Parameter:
    rng = words.rng
    language = rng.choice(LANGUAGES) if rng.random() < 0.6 else f"{words.invented().capitalize()}ish"
    name = rng.choice(("language", "language", "target_language", "lang"))
    said = rng.choice(("in {}", "to {}", "into {}")).format(language)
    return Parameter(name, value("string", _described(words, "the language")), language, said)


def _text(words: Words) -> Parameter:
    rng = words.rng
    name = _named(words, TEXTUAL)
    text = words.phrase(1, 3) if rng.random() < 0.7 else f"{words.invented()} {words.invented()}"
    if rng.random() < 0.15:
        text = words.letters(2, 5, "ABCDEFGHJKLMNPQRSTUVWXYZ") + "-" + str(words.number(999))
    forms = [
        'with the {n} "{v}"',
        "of the {n} {v}",
        "for the {n} {v}",
        "with {n} {v}",
        '{n} "{v}"',
        "{n}: {v}",
        "whose {n} is {v}",
    ]
    forms += ["for {v}"] if rng.random() < 0.5 else []
    forms += ['called "{v}"', "called {v}"] if name in ("title", "name", "label") else ['saying "{v}" as {n}']
    said = rng.choice(forms).format(n=_spoken(name), v=text)
    return Parameter(
        name, value("string", _described(words, f"the {_spoken(name)}", f"{_spoken(name)} to use")), text, said
    )


def _whole(words: Words) -> Parameter:
    rng = words.rng
    name, number = _named(words, WHOLE), words.number(rng.choice((99, 999, 9999)))
    forms = ["with {n} {v}", "with a {n} of {v}", "{n} {v}", "and {n} {v}", "{n} = {v}", "{n}: {v}", "at {n} {v}"]
    forms = ["for {v} {n}", "with {v} {n}", "{v} {n}"] if name in COUNTED else forms
    said = rng.choice(forms).format(n=_spoken(name), v=number)
    description = _described(words, f"the {_spoken(name)}", f"{_spoken(name)}, a whole number")
    bounds = {} if words.held or rng.random() < 0.75 else _bounds(words, number)
    return Parameter(name, value("integer", description, **bounds), number, said)


def _bounds(words: Words, number: int) -> dict[str, int]:
    """The least and the most that a number may be."""
    least, most = words.rng.choice((0, 1, -10, -100, -1000)), 10 ** len(str(number))
    keys = words.rng.choice((("minimum", "maximum"), ("exclusiveMinimum", "exclusiveMaximum")))
    return dict(zip(keys, (least, most), strict=True))


def _real(words: Words) -> Parameter:
    rng = words.rng
    name, amount = _named(words, REAL), words.number(99) + rng.randint(1, 9) / 10
    unit = rng.choice(UNITS)
    spoken = _spoken(name)
    said = rng.choice(("with a {n} of {v}", "with {n} {v}", "{n} {v}", "{n}: {v}", "{n} {v} {u}")).format(
        n=spoken, v=amount, u=unit
    )
    return Parameter(name, value("number", _described(words, f"{spoken} in {unit}", f"the {spoken}")), amount, said)


def _flag(words: Words) -> Parameter:
    rng = words.rng
    name, on = (words.adjective() if rng.random() < 0.4 else rng.choice(FLAGS)), rng.random() < 0.5
    yes = ("with {n} on", "and make it {n}", "{n}: yes", "{n}", "{n} please", "and it must be {n}")
    no = ("with {n} off", "but not {n}", "{n}: no", "not {n}", "without {n}", "and it mustn't be {n}")
    said = rng.choice(yes if on else no).format(n=name)
    return Parameter(name, value("boolean", _described(words, f"whether it is {name}", f"true if {name}")), on, said)


def _choice(words: Words) -> Parameter:
    rng = words.rng
    name = rng.choice(CHOICES) if rng.random() < 0.7 else words.noun()
    options = words.several(rng.choice((ADJECTIVES, NOUNS)), rng.randint(2, 4))
    if rng.random() < 0.4:
        options = [words.invented() for _ in options]
    chosen = rng.choice(options)
    said = rng.choice(("with {n} {v}", "{n} {v}", "and the {n} {v}", "in {n} {v}", "{n}: {v}", "as {v}")).format(
        n=name, v=chosen
    )
    return Parameter(
        name, value("string", _described(words, f"the {name}", f"which {name}"), enum=options), chosen, said
    )


def _listed(words: Words) -> Parameter:
    rng = words.rng
    name = _named(words, LISTS)
    draw: Callable[[], Any] = rng.choice((words.noun, words.noun, words.name, words.city, lambda: words.number(99)))
    values = [draw() for _ in range(rng.choice((1, 2, 2, 3, 3, 4)))]
    item = "integer" if isinstance(values[0], int) else "string"
    told = " and ".join([", ".join(map(str, values[:-1])), str(values[-1])]) if len(values) > 1 else str(values[0])
    said = rng.choice(("with {n} {v}", "{n}: {v}", "with the {n} {v}", "and {n} {v}")).format(n=_spoken(name), v=told)
    return Parameter(
        name, value("array", _described(words, f"the {_spoken(name)}"), items={"type": item}), values, said
    )


_MAKERS: dict[str, Callable[[Words], Parameter]] = {
    "place": _place,
    "person": _person,
    "language": _language,
    "text": _text,
    "whole": _whole,
    "real": _real,
    "flag": _flag,
    "choice": _choice,
    "list": _listed,
}
_MOST = (1, 1, 1, 2, 2, 1, 1, 1, 1)  # of each kind in one function; two places couldn't be told apart
