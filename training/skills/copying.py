"""Copying: the ground that calling tools and quoting passages stand on. Cheap text, many repetitions."""

from random import Random

from ..sample import Sample, assistant, user
from ..wordlists import CITIES, NAMES, NOUNS
from ..words import Words
from .clock import moment, stretch
from .documents import passages, results
from .facts import fact

SAYING = ("is called", "belongs to", "stands near", "costs", "needs", "weighs", "has")


def copying(rng: Random, *, level: float = 1.0) -> Sample:
    """Repeat a line, find a value by its key or a sentence by a word, cite passages, tell moments in seconds."""
    words = Words(rng)
    kind = rng.choices(("repeat", "lookup", "quote", "json", "seconds", "passages"), (2, 2, 1.5, 1, 3.5, 4))[0]
    if kind in ("seconds", "passages"):
        return _seconds(rng) if kind == "seconds" else _passages(words, level)
    thinking = rng.random() < 0.3
    n = rng.randint(2, 3 + round(9 * level))
    match kind:
        case "repeat":
            line = " ".join(_thing(words) for _ in range(rng.randint(2, 24)))
            question, answer = (
                rng.choice(("Repeat: {}", "Say this again: {}", "Copy this line:\n{}", "Repeat after me: {}")).format(
                    line
                ),
                line,
            )
        case "lookup":
            keys = words.several(NOUNS, n) if rng.random() < 0.5 else list({words.invented(): 0 for _ in range(n)})
            table = {key: _thing(words) for key in keys}
            key = rng.choice(keys)
            joint = rng.choice((": ", " = ", " is ", " -> "))
            lines = rng.choice(("\n", "; ", ", ")).join(f"{k}{joint}{v}" for k, v in table.items())
            question = f"{lines}\n" + rng.choice(("What is {}?", "Which value has {}?", "{}?", "Give me {}.")).format(
                key
            )
            answer = table[key]
        case "json":
            keys = list({_identifier(words): 0 for _ in range(n)})
            table = {key: _thing(words) for key in keys}
            key = rng.choice(keys)
            question = "{" + ", ".join(f'"{k}": "{v}"' for k, v in table.items()) + "}\n" + f'What is "{key}"?'
            answer = table[key]
        case _:
            nouns = words.several(NOUNS, min(n, 8))
            sentences = [f"The {noun} {rng.choice(SAYING)} {_thing(words)}." for noun in nouns]
            noun = rng.choice(nouns)
            question = (
                " ".join(sentences)
                + "\n"
                + rng.choice(
                    ("What about the {}?", "Quote the sentence about the {}.", "Tell me about the {}.")
                ).format(noun)
            )
            answer = next(s for s in sentences if s.startswith(f"The {noun} "))
    return Sample(
        "copying", (user(question), assistant(answer, "I look it up." if thinking else "")), thinking=thinking
    )


def _seconds(rng: Random) -> Sample:
    """Moments in seconds, or what to watch for them."""
    asked = [moment(rng, rng.choice((600, 3600, 7200))) for _ in range(rng.randint(1, 6))]
    said = "; ".join(phrase for phrase, _ in asked)
    if rng.random() < 0.4:
        return Sample(
            "copying", (user(f"In seconds: {said}"), assistant("; ".join(str(second) for _, second in asked)))
        )
    parts = "; ".join("{} to {}".format(*stretch(second)) for _, second in asked)
    return Sample("copying", (user(f"What to watch: {said}"), assistant(parts)))


def _passages(words: Words, level: float) -> Sample:
    """Numbered passages and several questions at once, each answered by a sentence with its passage's number."""
    rng = words.rng
    wanted = [fact(words) for _ in range(rng.randint(1, 5))]
    groups = passages(words, wanted[0], level, near=True)
    places = []
    for one in wanted:
        at = rng.randrange(len(groups))
        groups[at].insert(rng.randint(0, len(groups[at])), one)
        places.append(at + 1)
    text = f"{results(words, groups, level)}\n\n" + " ".join(one.question for one in wanted)
    answer = " ".join(f"{one.sentence[:-1]} [{at}]." for one, at in zip(wanted, places, strict=True))
    return Sample("copying", (user(text), assistant(answer)))


def _thing(words: Words) -> str:
    rng = words.rng
    match rng.randrange(8):
        case 0:
            return str(words.number(9999))
        case 1:
            return words.letters(2, 8)
        case 2:
            return f"{words.invented()} {words.invented()}"
        case 3:
            return words.pick(rng.choice((CITIES, NAMES)))
        case 4:
            return f"{words.number(99)}.{rng.randint(0, 9)}"
        case 5:
            return words.letters(2, 6, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
        case 6:
            return words.phrase(1, 2)
    return words.invented()


def _identifier(words: Words) -> str:
    parts = [
        words.invented() if words.rng.random() < 0.5 else words.pick(NOUNS) for _ in range(words.rng.randint(1, 2))
    ]
    return "_".join(parts)
