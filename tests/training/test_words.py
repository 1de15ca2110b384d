"""Words: practically without end, apart on both sides of the split, and wordings that leave the answer alone."""

from random import Random

import pytest

from training.sample import Picture
from training.skills import SKILLS
from training.skills.wording import reworded
from training.wordlists import NOUNS
from training.words import Words, held_out


@pytest.mark.parametrize("draw", ["invented", "noun", "name", "city", "adjective", "verb"])
def test_a_word_is_of_its_side(draw: str) -> None:
    for held in (False, True):
        words = Words(Random(4), held=held)
        drawn = {getattr(words, draw)() for _ in range(300)}
        assert all(held_out(word) == held for word in drawn)


def test_invented_words_hardly_ever_come_again() -> None:
    words = Words(Random(1))
    drawn = [words.invented() for _ in range(4000)]
    assert len(set(drawn)) > 3500
    assert all(word.isalpha() and word.islower() and len(word) > 2 for word in drawn)


def test_listed_words_are_plain() -> None:
    assert all(word.isascii() and word.isalpha() and word.islower() for word in NOUNS)


@pytest.mark.parametrize("name", ["pictures", "tools", "documents"])
def test_a_reworded_question_has_the_same_answer(name: str) -> None:
    changed = 0
    for seed in range(40):
        sample = SKILLS[name](Random(seed))
        other = reworded(Random(seed), sample)
        changed += other != sample
        for before, after in zip(sample.turns, other.turns, strict=True):
            assert before == after or before.role == after.role == "user"
            media = [[part for part in turn.parts if isinstance(part, Picture)] for turn in (before, after)]
            assert media[0] == media[1]
    assert changed > 30
