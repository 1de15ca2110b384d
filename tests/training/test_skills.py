"""The generators: reproducible, every skill on both sides of the split, and the sides apart."""

from random import Random

import pytest

from training.chatformat import ChatFormat
from training.sample import Sample
from training.skills import SKILLS
from training.words import CITIES, NAMES, NOUNS, Words, held_out


def told(sample: Sample) -> list[str]:
    return [turn.text + turn.thought + str(turn.calls) for turn in sample.turns]


@pytest.mark.parametrize("name", list(SKILLS))
@pytest.mark.parametrize("held", [False, True])
def test_a_seed_gives_the_same_samples(name: str, held: bool) -> None:
    for seed in range(5):
        first, second = (SKILLS[name](Random(seed), held=held) for _ in range(2))
        assert told(first) == told(second)
        assert ChatFormat().encode(first).ids == ChatFormat().encode(second).ids


@pytest.mark.parametrize("words", [NOUNS, CITIES, NAMES])
def test_words_fall_on_either_side(words: list[str]) -> None:
    rng = Random(1)
    seen = {Words(rng).pick(words) for _ in range(300)}
    kept = {Words(rng, held=True).pick(words) for _ in range(300)}
    assert seen
    assert kept
    assert not seen & kept
    assert all(held_out(word) for word in kept)


def test_held_out_questions_are_phrased_otherwise() -> None:
    rng = Random(2)
    for name in ("pictures", "reading", "motion"):
        seen = {SKILLS[name](rng).turns[0].text.strip() for _ in range(300)}
        kept = {SKILLS[name](rng, held=True).turns[0].text.strip() for _ in range(100)}
        common = [
            question for question in kept if question in seen and "left or" not in question and "top or" not in question
        ]
        assert not common
