"""One generator per skill: `skill(rng, held=…, level=…) -> Sample`."""

import dataclasses
from collections.abc import Callable
from random import Random

from ..sample import Sample
from ..schemas import distractors
from .conversation import conversation
from .copying import copying
from .documents import documents
from .looking import looking
from .moments import moments
from .pictures import pictures
from .reading import reading, sign
from .tools import tools
from .video import motion, times
from .wording import reworded

SKILLS: dict[str, Callable[..., Sample]] = {
    "pictures": pictures,
    "reading": reading,
    "motion": motion,
    "times": times,
    "tools": tools,
    "documents": documents,
    "looking": looking,
    "moments": moments,
    "conversation": conversation,
}
"""What evaluation asks for."""

LEVEL = 0.5
"""The difficulty of the declared skills: up to five shapes or so, words of up to six characters, clips of up to 6 s."""

LOOKING = ("pictures", "reading", "motion", "times")


def training_sample(rng: Random, mixture: dict[str, float], level: float) -> Sample:
    """A sample of some skill (or of copying), by the weights of `mixture`."""
    name = rng.choices(list(mixture), list(mixture.values()))[0]
    if name == "copying":
        return copying(rng, level=level)
    skill = sign if name == "reading" and rng.random() < 0.1 else SKILLS[name]
    sample = skill(rng, level=level)
    if name in LOOKING and rng.random() < 0.12:
        sample = dataclasses.replace(sample, tools=distractors(rng))
    return reworded(rng, sample) if name != "conversation" and rng.random() < 0.3 else sample
