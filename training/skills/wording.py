"""Ways to say the same: politeness and small words around a question, so that its heart has to be found."""

import dataclasses
from random import Random

from ..sample import Sample, Turn

BEFORE = (
    *["Please: ", "Quick question: ", "Hi! ", "Hello, ", "OK, ", "Now, ", "So ", "Next: ", "One more thing: "],
    *["Question: ", "I have a question. ", "Hey, ", "Well, ", "Now tell me: ", "Good. ", "Please help: ", "Listen: "],
    *["Can you help? ", "Here is my question: ", "My question is: ", "I ask you: ", "Fine. ", "Then ", "And "],
    *["Just this: ", "Sorry, "],
)
AFTER = (
    *[" Thanks.", " Please.", " Thank you!", " Be quick.", " Answer briefly.", " I need it soon.", " It is important."],
    *[" Do you know?", " That is my question.", " Help me.", " Right now.", " If you can.", " Thanks a lot!"],
)


def reworded(rng: Random, sample: Sample) -> Sample:
    """The same with other words around a person's questions."""
    return dataclasses.replace(
        sample, turns=tuple(_reworded(rng, turn) if turn.role == "user" else turn for turn in sample.turns)
    )


def _reworded(rng: Random, turn: Turn) -> Turn:
    """The last text of the turn between other words."""
    where = max(index for index, part in enumerate(turn.parts) if isinstance(part, str))
    text = str(turn.parts[where])
    lead, body = text[: len(text) - len(text.lstrip())], text.lstrip()
    kind = rng.random()
    if kind < 0.6:
        before = rng.choice(BEFORE)
        lowered = (
            before.endswith((", ", "So ", "Then ", "And "))
            and body[:1].isupper()
            and body.split()[0] not in ("I", "I'd")
        )
        body = before + (body[0].lower() + body[1:] if lowered else body)
    if kind > 0.4 and body.rstrip()[-1:] in ".?!":
        body = body.rstrip() + rng.choice(AFTER) + body[len(body.rstrip()) :]
    elif kind > 0.9:
        body = body.rstrip(".?!")
    return dataclasses.replace(turn, parts=(*turn.parts[:where], lead + body, *turn.parts[where + 1 :]))
