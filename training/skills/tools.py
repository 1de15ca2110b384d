"""Tools: choose among functions never seen, fill their arguments from the request, and answer from the result."""

from random import Random

from ..sample import Call, Sample, Turn, assistant, system, tool, user
from ..schemas import CALCULATOR, distractors, varied
from ..words import Words
from .functions import Function, function, related


def tools(rng: Random, *, held: bool = False, level: float = 1.0) -> Sample:
    """A request, one to four functions, the call, its result and the answer."""
    if rng.random() < 0.15:
        return _calculation(rng, held=held, level=level)
    words = Words(rng, held=held)
    wanted = function(words, level=level)
    others = related(words, wanted, rng.randint(0, max(1, round(3 * level))))
    thinking = rng.random() < 0.5
    schemas = [varied(rng, one.schema) for one in (wanted, *others)]
    if rng.random() < 0.08:
        schemas += list(distractors(rng))
    rng.shuffle(schemas)
    turns: list[Turn] = [system(rng.choice(PERSONAS))] if rng.random() < 0.12 else []
    kind = rng.random()
    if kind < 0.06 and not held:
        stranger = related(words, wanted, 1)[0]
        schemas = [varied(rng, one.schema) for one in (wanted, *others)]
        turns += [
            user(stranger.request),
            assistant("I have no tool for that.", "No function fits." if thinking else ""),
        ]
        return Sample("tools", tuple(turns), tuple(schemas), thinking)
    turns += [user(wanted.request), _call(wanted, thinking)]
    if kind < 0.12 and not held:
        error = rng.choice(("not found", "timed out", "permission denied", "service unavailable", "unknown value"))
        turns += [
            tool(f"error: {error}"),
            assistant(f"That failed: {error}.", f"{wanted.name} failed." if thinking else ""),
        ]
    else:
        turns += [tool(wanted.result), assistant(wanted.answer, "I have the result." if thinking else "")]
    if rng.random() < 0.2 and others and not held:
        second = others[0]
        turns += [
            user(second.request),
            _call(second, thinking),
            tool(second.result),
            assistant(second.answer, "I have the result." if thinking else ""),
        ]
    return Sample("tools", tuple(turns), tuple(schemas), thinking)


PERSONAS = (
    "You are a helpful assistant.",
    "Be brief.",
    "Answer in one sentence.",
    "You help with the household.",
    "Use the tools.",
)


def _call(wanted: Function, thinking: bool) -> Turn:
    return assistant("", f"{wanted.name} fits." if thinking else "", Call(wanted.name, wanted.arguments))


def _calculation(rng: Random, *, held: bool, level: float) -> Sample:
    words = Words(rng, held=held)
    a, b, c = words.number(9999 if level > 0.5 else 99), words.number(999 if level > 0.5 else 99), words.number(99)
    op = rng.choice("+-*/")
    expression = rng.choice(
        (
            f"{a} {op} {b}",
            f"{a} {op} {b}",
            f"{a} {op} {b} {rng.choice('+-')} {c}",
            f"({a} {rng.choice('+-')} {b}) {op} {c}",
        )
    )
    if level <= 0.5:
        expression = f"{a} {op} {b}"
    spoken = expression
    if expression == f"{a} {op} {b}" and rng.random() < 0.5:
        spoken = {"+": f"{a} plus {b}", "-": f"{a} minus {b}", "*": f"{a} times {b}", "/": f"{a} divided by {b}"}[op]
    result = eval(expression)  # of our own digits
    said = str(result) if isinstance(result, int) else f"{result:.12g}"
    seen = ("What is {}?", "Compute {}.", "Calculate {}.", "How much is {}?", "{} = ?", "Work out {}.", "What's {}?")
    question = rng.choice(("Please compute {}.", "Tell me what {} is.") if held else seen).format(spoken)
    thinking = rng.random() < 0.5
    others = [varied(rng, one.schema) for one in related(words, function(words), rng.randint(0, 1))]
    more = [one for one in distractors(rng) if one["function"]["name"] != "calculator"] if rng.random() < 0.2 else []
    schemas = [varied(rng, CALCULATOR), *others, *more]
    rng.shuffle(schemas)
    call = assistant("", "calculator fits." if thinking else "", Call("calculator", {"expression": expression}))
    answer = assistant(f"{expression} = {said}", "I have the result." if thinking else "")
    return Sample("tools", (user(question), call, tool(said), answer), tuple(schemas), thinking)
