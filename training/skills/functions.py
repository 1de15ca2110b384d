"""Invented functions: a schema, a request that needs it, the call that answers the request, and a result."""

from dataclasses import dataclass
from random import Random
from typing import Any

from ..schemas import Schema, schema, value
from ..words import ADJECTIVES, LANGUAGES, NOUNS, UNITS, VERBS, Words


@dataclass(frozen=True)
class Parameter:
    """A parameter, the value asked for, and the words that ask for it."""

    name: str
    schema: Schema
    value: Any
    said: str
    needed: bool = True


@dataclass(frozen=True)
class Function:
    """A function, what a person says to need it, and what it returns."""

    name: str
    description: str
    parameters: tuple[Parameter, ...]
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


PLACE = ("city", "place", "location", "town", "destination")
TEXTUAL = (
    "title",
    "label",
    "message",
    "text",
    "note",
    "topic",
    "subject",
    "keyword",
    "query",
    "comment",
    "name",
    "item",
    "product",
)
WHOLE = (
    "count",
    "amount",
    "number",
    "limit",
    "quantity",
    "level",
    "size",
    "days",
    "hours",
    "pages",
    "seats",
    "copies",
    "minutes",
    "guests",
)
REAL = (
    "price",
    "weight",
    "width",
    "height",
    "length",
    "temperature",
    "distance",
    "speed",
    "rate",
    "volume",
    "duration",
)
FLAGS = ("urgent", "loud", "express", "private", "silent", "detailed", "gift", "secure", "dark", "verbose")
CHOICES = ("unit", "colour", "mode", "size", "format", "priority", "style", "kind")
PERSON = ("person", "recipient", "user", "contact", "customer", "owner", "guest", "employee")


def function(words: Words, topic: str | None = None, verb: str | None = None, *, level: float = 0.3) -> Function:
    """A function about some noun, which the request names too."""
    rng = words.rng
    topic = topic or words.noun()
    verb = verb or words.pick(VERBS)
    thing = f"{words.pick(ADJECTIVES)} {topic}" if rng.random() < 0.2 else topic
    snake = thing.replace(" ", "_")
    getter = rng.random() < 0.4
    name = (
        rng.choice(("get_{}", "{}", "find_{}", "{}_of", "look_up_{}", "read_{}", "current_{}", "{}_lookup"))
        if getter
        else f"{verb}_{{}}"
    ).format(snake)
    if rng.random() < 0.15:
        head, *rest = name.split("_")
        name = head + "".join(part.capitalize() for part in rest)
    count = rng.choices((0, 1, 2, 3), (1, 5, 4, 2) if level > 0.3 else (1, 6, 2, 0))[0]
    parameters = _parameters(words, count)
    if getter:
        counting = rng.random() < 0.15
        if counting:
            name = rng.choice(("count_{}", "how_many_{}", "number_of_{}", "{}_count")).format(snake)
        description = rng.choice(
            ("Count the {t}s.", "Count how many {t}s there are.")
            if counting
            else (
                "Get the {t}.",
                "Get the {t} of something.",
                "Look up the {t}.",
                "Returns the {t}.",
                "The {t} of something.",
                "Find the {t}.",
                "Tells the {t}.",
            )
        ).format(t=thing)
        request = rng.choice(
            ("How many {t}s are there", "How many {t}s do we have", "Count the {t}s", "Number of {t}s")
            if counting
            else (
                "What is the {t}",
                "What is the {t}",
                "Tell me the {t}",
                "Find the {t}",
                "Give me the {t}",
                "I need the {t}",
                "Look up the {t}",
                "How is the {t}",
                "Show me the {t}",
            )
            if not words.held
            else ("Could you tell me the {t}", "I would like to know the {t}", "Please get me the {t}")
        ).format(t=thing)
    else:
        a = "an" if thing[0] in "aeiou" else "a"
        description = rng.choice(
            ("{v} {a} {t}.", "{v} the {t}.", "Lets you {w} {a} {t}.", "{v} {t} for the user.")
        ).format(v=verb.capitalize(), w=verb, a=a, t=thing)
        request = rng.choice(
            (
                "{v} {a} {t}",
                "Please {w} the {t}",
                "I want to {w} {a} {t}",
                "{v} the {t}",
                "Can you {w} {a} {t}",
                "I need you to {w} the {t}",
            )
            if not words.held
            else ("Would you {w} the {t}", "Go and {w} {a} {t}", "Time to {w} the {t}")
        ).format(v=verb.capitalize(), w=verb, a=a, t=thing)
    spoken = [p.said for p in parameters if p.said]
    rng.shuffle(spoken)
    request += (" " + rng.choice((" ", " and ", ", ")).join(spoken) if spoken else "") + (
        "?" if request.split()[0] in ("What", "How", "Can", "Could", "Would") else "."
    )
    keys = [str(p.value) for p in parameters if isinstance(p.value, str) and p.said]
    result, answer = _result(words, thing, getter, keys)
    return Function(
        name,
        description if rng.random() < 0.9 else thing.capitalize() + ".",
        tuple(parameters),
        request.replace(" ,", ","),
        result,
        answer,
    )


def _parameters(words: Words, count: int) -> list[Parameter]:
    rng = words.rng
    kinds = rng.sample(
        ("place", "text", "text", "whole", "whole", "real", "flag", "choice", "person", "language"), count
    )
    found: dict[str, Parameter] = {}
    for kind in kinds:
        parameter = _parameter(words, kind)
        found.setdefault(parameter.name, parameter)
    return list(found.values())


def _parameter(words: Words, kind: str) -> Parameter:
    rng = words.rng
    describe = rng.random() < 0.5
    invented = rng.random() < 0.3

    def named(names: tuple[str, ...]) -> str:
        if invented and kind not in ("place", "person"):
            return f"{words.pick(ADJECTIVES)}_{rng.choice(names)}" if rng.random() < 0.4 else words.noun()
        return words.pick(list(names)) if not words.held else rng.choice(names)

    match kind:
        case "place":
            name, city = named(PLACE), words.city()
            return Parameter(
                name,
                value("string", f"the {name}" if describe else ""),
                city,
                rng.choice(("in {}", "for {}", "of {}", "at {}")).format(city),
            )
        case "person":
            name, person = named(PERSON), words.name()
            return Parameter(
                name,
                value("string", f"the {name}" if describe else ""),
                person,
                rng.choice(("for {}", "to {}", "of {}", "with {}")).format(person),
            )
        case "language":
            language = rng.choice(LANGUAGES)
            return Parameter(
                "language",
                value("string", "the language" if describe else ""),
                language,
                rng.choice((f"in {language}", f"to {language}", f"into {language}")),
            )
        case "text":
            name = named(TEXTUAL)
            text = words.phrase(1, 3) if rng.random() < 0.7 else f"{words.invented()} {words.invented()}"
            spoken = name.replace("_", " ")
            said = rng.choice(
                (
                    'with the {n} "{v}"',
                    "of the {n} {v}",
                    "for the {n} {v}",
                    "for {v}",
                    "with {n} {v}",
                    '{n} "{v}"',
                    'called "{v}"' if name in ("title", "name", "label") else 'saying "{v}" as {n}',
                )
            )
            return Parameter(
                name, value("string", f"the {spoken}" if describe else ""), text, said.format(n=spoken, v=text)
            )
        case "whole":
            name, number = named(WHOLE), words.number(999)
            spoken = name.replace("_", " ")
            said = rng.choice(
                (
                    "with {n} {v}",
                    "with a {n} of {v}",
                    "{n} {v}",
                    "and {n} {v}",
                    "for {v} {n}" if name in ("days", "hours", "minutes", "guests") else "{n} = {v}",
                )
            )
            optional = rng.random() < 0.15
            extra = {"default": rng.randint(1, 10)} if optional else {}
            said = "" if optional and rng.random() < 0.6 else said.format(n=spoken, v=number)
            return Parameter(
                name, value("integer", f"the {spoken}" if describe else "", **extra), number, said, not optional
            )
        case "real":
            name = named(REAL)
            amount = words.number(99) + rng.randint(1, 9) / 10
            spoken = name.replace("_", " ")
            return Parameter(
                name,
                value("number", f"{spoken} in {rng.choice(UNITS)}" if describe else ""),
                amount,
                rng.choice(("with a {n} of {v}", "with {n} {v}", "{n} {v}")).format(n=spoken, v=amount),
            )
        case "flag":
            name, on = rng.choice(FLAGS), rng.random() < 0.5
            said = rng.choice(
                (f"with {name} on", f"and make it {name}", f"{name}: yes")
                if on
                else (f"with {name} off", f"but not {name}", f"{name}: no")
            )
            return Parameter(name, value("boolean", f"whether it is {name}" if describe else ""), on, said)
    name = rng.choice(CHOICES)
    options = words.several(rng.choice((ADJECTIVES, NOUNS)), rng.randint(2, 4))
    chosen = rng.choice(options)
    return Parameter(
        name,
        value("string", f"the {name}" if describe else "", enum=options),
        chosen,
        rng.choice((f"with {name} {chosen}", f"{name} {chosen}", f"and the {name} {chosen}")),
    )


def _result(words: Words, thing: str, getter: bool, keys: list[str]) -> tuple[str, str]:
    """What the function returns, and the answer made of it."""
    rng = words.rng
    if not getter and rng.random() < 0.5:
        done = rng.choice(("done", "ok", "success", "true"))
        return done, f"The {thing} is done."
    found = rng.choice(
        (
            str(words.number(9999)),
            f"{words.number(99)} {rng.choice(UNITS)}",
            words.phrase(1, 2),
            words.invented(),
            words.city(),
            f"{words.number(99)}.{rng.randint(0, 9)}",
            words.name(),
        )
    )
    if keys and rng.random() < 0.2:
        return f"{rng.choice(keys)}: {found}", f"The {thing} is {found}."
    form = rng.choice(("{v}", "{v}", "{v}", '{{"{k}": "{v}"}}', "{t}: {v}", '{{"result": "{v}"}}', "The {t} is {v}."))
    result = form.format(v=found, k=thing.split()[-1], t=thing)
    return result, f"The {thing} is {found}."


def related(words: Words, first: Function, n: int) -> list[Function]:
    """Other functions to choose among, some of them close: the same verb or a neighbouring noun."""
    rng = words.rng
    others: list[Function] = []
    while len(others) < n:
        verb = first.name.split("_")[0] if rng.random() < 0.2 and first.name.split("_")[0] in VERBS else None
        other = function(words, None, verb)
        taken = {other.name for other in others} | {first.name}
        shared = set(other.name.lower().split("_")) & set(first.request.lower().strip(".?").split())
        if other.name not in taken and not (
            shared - {"get", "find", "show", "look", "up", "read", "the", "of", *VERBS}
        ):
            others.append(other)
    return others


def rng_topic(rng: Random) -> str:
    """A topic for a request that no function fits."""
    return rng.choice(NOUNS)
