"""Draws words for samples, and says which of them are held out for evaluation.

Every word falls on one side by a hash of its letters, so the split needs no list and never moves.
"""

import zlib
from collections.abc import Sequence
from random import Random

from . import invent
from .wordlists import ADJECTIVES, CITIES, NAMES, NOUNS, VERBS

_PLAIN = frozenset(
    "and are but can for has her his how its let may nor not now off one our out she the too was who why you".split()
)


def held_out(word: str) -> bool:
    """Whether `word` (in any case) belongs to evaluation; about one in eight does."""
    return zlib.crc32(word.lower().encode()) % 8 == 0


class Words:
    """Draws words of one side of the split."""

    def __init__(self, rng: Random, *, held: bool = False) -> None:
        self.rng = rng
        self.held = held

    def pick(self, words: Sequence[str]) -> str:
        """One of `words` on this side of the split."""
        while True:
            word = self.rng.choice(words)
            if held_out(word) == self.held:
                return word

    def several(self, words: Sequence[str], n: int) -> list[str]:
        """`n` different words of `words`."""
        found: list[str] = []
        while len(found) < n:
            word = self.pick(words)
            if word not in found:
                found.append(word)
        return found

    def invented(self, syllables: int | None = None) -> str:
        """A word that no list has, in lower case; of so many `syllables` if given."""
        while True:
            word = invent.syllabic(self.rng, syllables) if syllables else invent.invented(self.rng)
            if len(word) > 2 and word not in _PLAIN and held_out(word) == self.held:
                return word

    def letters(self, low: int, high: int, alphabet: str = "abcdefghijklmnopqrstuvwxyz") -> str:
        """A random string of `low` to `high` characters."""
        while True:
            word = "".join(self.rng.choice(alphabet) for _ in range(self.rng.randint(low, high)))
            if held_out(word) == self.held:
                return word

    def noun(self) -> str:
        """A noun, half of the time an invented one."""
        return self._of(NOUNS, 0.45)

    def adjective(self) -> str:
        """An adjective, now and then an invented one."""
        return self._of(ADJECTIVES, 0.2)

    def verb(self) -> str:
        """A verb, now and then an invented one."""
        return self._of(VERBS, 0.2)

    def name(self) -> str:
        """A person's first name, half of the time an invented one."""
        return self._of(NAMES, 0.5).capitalize()

    def city(self) -> str:
        """A city, half of the time an invented one."""
        return self._of(CITIES, 0.5).capitalize()

    def phrase(self, low: int = 1, high: int = 3) -> str:
        """A few words in a row, nouns behind adjectives."""
        n = self.rng.randint(low, high)
        return " ".join([*(self.adjective() for _ in range(n - 1)), self.noun()])

    def number(self, high: int = 999) -> int:
        """A whole number, small ones as likely as large ones; held-out numbers leave 3 and 7 when divided by 10."""
        while True:
            top = self.rng.choice([t for t in (9, 99, 999, 9999) if t <= high] or [high])
            n = self.rng.randint(1, top)
            if n < 10 or (n % 10 in (3, 7)) == self.held:
                return n

    def _of(self, words: Sequence[str], unlisted: float) -> str:
        return self.invented() if self.rng.random() < unlisted else self.pick(words)
