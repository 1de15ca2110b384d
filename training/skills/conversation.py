"""Conversation: small talk with or without tools, limits admitted, things told earlier, a system prompt obeyed."""

import dataclasses
from random import Random

from ..sample import Sample, Turn, assistant, system, user
from ..schemas import Schema, distractors, varied
from ..words import Words
from .functions import function
from .smalltalk import BYE, CAN, GREETED, GREETING, OUTSIDE, OUTSIDE_HELD, THANKS, TOLD, UNKNOWN, WHO, Talk

PERSONAS = (
    *["You are a helpful assistant.", "Be brief.", "You are quintet.", "Answer politely.", "Be friendly and exact."],
)
BEGIN = ("Begin every answer with {}.", "Start each answer with the word {}.")
END = ("End every answer with {}.", "Finish each answer with the word {}.")


def conversation(rng: Random, *, held: bool = False, level: float = 1.0) -> Sample:
    """Small talk, a limit admitted, or a fact told earlier and asked for now; now and then under instructions."""
    words = Words(rng, held=held)
    thinking = rng.random() < 0.5
    opening = [system(rng.choice(PERSONAS))] if rng.random() < 0.15 else []
    if rng.random() < 0.5:
        turns = opening + told(words, thinking)
        tools = _around(words) if rng.random() < (0.15 if held else 0.3) else ()
    else:
        talk = rng.choices((GREETING, WHO, CAN, THANKS, BYE, None), (1.5, 1, 1, 1, 0.7, 3))[0]
        before = told(words, thinking, graded=False) if talk in (THANKS, BYE) and rng.random() < 0.4 else []
        turns = [*opening, *before, *_talk(words, talk, thinking)]
        tools = _around(words) if talk is not None and rng.random() < 0.4 else ()
    if rng.random() < 0.15:
        turns = _instructed(words, turns[len(opening) :])
    return Sample("conversation", tuple(turns), tools, thinking)


def _talk(words: Words, talk: Talk | None, thinking: bool) -> list[Turn]:
    rng = words.rng
    if talk is not None:
        said = rng.choice(talk.held if words.held else talk.said)
        return [user(said), assistant(talk.answer, talk.thought if thinking else "")]
    question = rng.choice(OUTSIDE_HELD if words.held else OUTSIDE).format(
        c=words.city(), n=words.noun(), i=words.invented(), p=words.name(), y=rng.randint(1500, 2020)
    )
    return [user(question), assistant(UNKNOWN, "I can't know that." if thinking else "")]


def _around(words: Words) -> tuple[Schema, ...]:
    """Tools that none of this needs: the product's own or invented ones."""
    rng = words.rng
    own = distractors(rng) if rng.random() < 0.6 else ()
    others = tuple(varied(rng, function(words).schema) for _ in range(rng.randint(0 if own else 1, 3)))
    return (*own, *others)


def _instructed(words: Words, turns: list[Turn]) -> list[Turn]:
    """The same under a system prompt that says how each answer begins or ends."""
    rng, word = words.rng, words.invented()
    orders, form = (BEGIN, f"{word}: {{}}") if rng.random() < 0.5 else (END, f"{{}} {word}.")
    answers = [
        dataclasses.replace(turn, parts=(form.format(turn.text),)) if turn.role == "assistant" else turn
        for turn in turns
    ]
    return [system(rng.choice(orders).format(word)), *answers]


def told(words: Words, thinking: bool, *, graded: bool = True) -> list[Turn]:
    """Things told, in one or several turns, then one of them asked for."""
    rng, side = words.rng, int(words.held)
    values = {
        "name": words.name(),
        "city": words.city(),
        "number": str(words.number(rng.choice((99, 999, 9999)))),
        "word": words.invented() if rng.random() < 0.7 else words.noun(),
        "thing": words.noun() if rng.random() < 0.7 else words.phrase(2, 2),
        "friend": words.name(),
    }
    chosen = rng.sample(list(TOLD), rng.randint(1, 4))
    said = [rng.choice(TOLD[kind].said[side]).format(values[kind]) for kind in chosen]
    turns: list[Turn] = []
    if rng.random() < 0.5:
        for one in said:
            noted = assistant("I will remember that.", "A fact to remember." if thinking else "", graded=False)
            turns += [user(one), noted]
            if rng.random() < 0.12:
                greeted = assistant(GREETED, GREETING.thought if thinking else "", graded=False)
                turns += [user(rng.choice(GREETING.said)), greeted]
        said = []
    for kind in rng.sample(chosen, min(len(chosen), rng.choice((1, 1, 2)))):
        question = " ".join([*said, rng.choice(TOLD[kind].asked[side])])
        answer = TOLD[kind].answer.format(values[kind])
        turns += [user(question), assistant(answer, "It was told before." if thinking else "", graded=graded)]
        said = []
    return turns
