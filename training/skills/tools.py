"""Tools: choose among functions never seen, fill their arguments from the request, and answer from the result."""

from random import Random

from ..sample import Call, Sample, Turn, assistant, system, tool, user
from ..schemas import CALCULATOR, Schema, distractors, varied
from ..words import Words
from .functions import Function, function, related

NONE_FITS = "I have no tool for that."
PERSONAS = (
    "You are a helpful assistant.",
    "Be brief.",
    "Answer in one sentence.",
    "You help with the household.",
    "Use the tools.",
    "You are an agent. Call functions when they help.",
    "You work for a small company.",
)
ERRORS = (
    "not found",
    "timed out",
    "permission denied",
    "service unavailable",
    "unknown value",
    "no such {n}",
    "the {n} is missing",
    "{n} is closed",
    "invalid {n}",
    "{w}",
)


def tools(rng: Random, *, held: bool = False, level: float = 1.0) -> Sample:
    """A request, one to eight functions, the call or two, the results and the answer; or that no function fits."""
    if rng.random() < 0.12:
        return _calculation(rng, held=held, level=level)
    words = Words(rng, held=held)
    thinking = rng.random() < 0.5
    wanted = function(words, level=level)
    # A fourth of the samples have many functions, the others few.
    many = level > 0.3 and rng.random() < 0.25
    others = related(words, wanted, rng.randint(3, 7) if many else rng.randint(0, max(1, round(3 * level))))
    turns: list[Turn] = [system(rng.choice(PERSONAS))] if rng.random() < 0.12 else []
    kind = rng.random()
    if kind < (0.1 if held else 0.08):
        stranger = related(words, wanted, 1)[0]
        turns += [user(stranger.request), assistant(NONE_FITS, "No function fits." if thinking else "")]
        return Sample("tools", tuple(turns), _schemas(rng, [wanted, *others], more=False), thinking)
    if kind < (0.2 if held else 0.24):
        turns += _both(words, wanted, others[0] if others else None, thinking)
    elif kind < (0.28 if held else 0.31):
        error = rng.choice(ERRORS).format(n=words.noun(), w=words.phrase(1, 3))
        told = rng.choice(("error: {}", "error: {}", "Error: {}", "error: {n} failed: {}")).format(error, n=wanted.name)
        said = told.partition(": ")[2]
        turns += [user(wanted.request), _call(thinking, wanted), tool(told)]
        turns += [assistant(f"That failed: {said}.", f"{wanted.name} failed." if thinking else "")]
    else:
        turns += _served(wanted, thinking)
    if rng.random() < 0.15 and others:
        turns += _served(others[0], thinking)
    return Sample("tools", tuple(turns), _schemas(rng, [wanted, *others]), thinking)


def _schemas(rng: Random, functions: list[Function], *, more: bool = True) -> tuple[Schema, ...]:
    schemas = [varied(rng, one.schema) for one in functions]
    if more and rng.random() < 0.08:
        schemas += list(distractors(rng))
    rng.shuffle(schemas)
    return tuple(schemas)


def _call(thinking: bool, *wanted: Function) -> Turn:
    names = " and ".join(dict.fromkeys(one.name for one in wanted))
    fits = "fits" if len({one.name for one in wanted}) == 1 else "fit"
    return assistant("", f"{names} {fits}." if thinking else "", *(Call(one.name, one.arguments) for one in wanted))


def _served(wanted: Function, thinking: bool) -> list[Turn]:
    """A request, its call, the result, the answer."""
    answer = assistant(wanted.answer, "I have the result." if thinking else "")
    return [user(wanted.request), _call(thinking, wanted), tool(wanted.result), answer]


def _both(words: Words, first: Function, second: Function | None, thinking: bool) -> list[Turn]:
    """Two requests at once, two calls at once, and an answer from both results."""
    rng = words.rng
    if second is None:
        return _served(first, thinking)
    joint = rng.choice(JOINTS[:4] if words.held else JOINTS)
    request = first.request.rstrip(".") + ("" if first.request.endswith("?") else ".") + joint + second.request
    answer = assistant(f"{first.answer} {second.answer}", "I have the results." if thinking else "")
    return [user(request), _call(thinking, first, second), tool(first.result), tool(second.result), answer]


JOINTS = (
    *[" ", " Also: ", " And then: ", " Then: ", " And: ", " Besides: ", " After that: ", " Second: ", " Next: "],
    *[" Plus: ", " One more: ", " Do this too: "],
)
COMPUTE = (
    "What is {}?",
    "Compute {}.",
    "Calculate {}.",
    "How much is {}?",
    "{} = ?",
    "Work out {}.",
    "What's {}?",
    "{}",
    "Give me the result of {}.",
    "Use the calculator: {}",
    "I need {}.",
    "Can you compute {}?",
    "What does {} give?",
    "Solve {}.",
)
COMPUTE_HELD = ("Please compute {}.", "Tell me what {} is.")


def _calculation(rng: Random, *, held: bool, level: float) -> Sample:
    words = Words(rng, held=held)
    a, b, c = words.number(9999 if level > 0.5 else 99), words.number(999 if level > 0.5 else 99), words.number(99)
    op = rng.choice("+-*/")
    plain = f"{a} {op} {b}"
    longer = (plain, plain, f"{plain} {rng.choice('+-')} {c}", f"({a} {rng.choice('+-')} {b}) {op} {c}")
    expression = plain if level <= 0.5 else rng.choice(longer)
    spoken = expression
    if expression == plain and rng.random() < 0.5:
        spoken = {"+": f"{a} plus {b}", "-": f"{a} minus {b}", "*": f"{a} times {b}", "/": f"{a} divided by {b}"}[op]
    result = eval(expression)  # of our own digits
    said = str(result) if isinstance(result, int) else f"{result:.12g}"
    question = rng.choice(COMPUTE_HELD if held else COMPUTE).format(spoken)
    thinking = rng.random() < 0.5
    others = [varied(rng, one.schema) for one in related(words, function(words), rng.choice((0, 0, 1, 1, 2, 3)))]
    more = [one for one in distractors(rng) if one["function"]["name"] != "calculator"] if rng.random() < 0.2 else []
    schemas = [varied(rng, CALCULATOR), *others, *more]
    rng.shuffle(schemas)
    call = assistant("", "calculator fits." if thinking else "", Call("calculator", {"expression": expression}))
    answer = assistant(f"{expression} = {said}", "I have the result." if thinking else "")
    return Sample("tools", (user(question), call, tool(said), answer), tuple(schemas), thinking)
