"""Words that nobody has listed, practically without end: real-looking, syllabic, joined of two, or plain letters.

A model that is to copy whatever name it meets must not be able to learn the names by heart.
"""

from collections import defaultdict
from collections.abc import Callable
from random import Random

from .wordlists import ADJECTIVES, CITIES, NAMES, NOUNS, VERBS

_REAL = [word.lower() for word in (*NOUNS, *ADJECTIVES, *VERBS, *CITIES, *NAMES)]
_ONSETS = (
    "b c d f g h j k l m n p r s t v w z br ch cl dr fl gr kr pl pr sh sk sl sp st tr th".split(),
    "b c d f g l m n p r s t v qu gl tr pr br sc".split(),
    "b v g d k l m n p r s t z zh kh st vl sv dr kr bl mir".split(),
    "k s t n h m y r w g z d b p ky sh ch ts ry".split(),
    "x q j v z w y k ph rh wr kn gn ps".split(),
)
_VOWELS = (
    "a e i o u ai ea ee oo ou".split(),
    "a e i o u ia io a o e".split(),
    "a e i o u ya y a o".split(),
    "a i u e o a i u o".split(),
    "a e i o u y ae ei oa ue".split(),
)
_CODAS = (
    ["", "", "", "l", "m", "n", "r", "s", "t", "k", "nd", "st", "x", "ck"],
    ["", "", "", "", "n", "s", "l", "r", "no", "lla"],
    ["", "", "n", "v", "k", "sk", "r", "l", "ts", "vich", "ski"],
    ["", "", "", "n", "ko", "ra"],
    ["", "", "x", "q", "z", "ff", "lm", "rk", "pt", "gh"],
)
_ENDINGS = (
    "er ing ist ful ness ment ion ette let ling ship ward ville burg ton ford ham stead wick ov ova ini ez".split()
)


def _table() -> dict[str, str]:
    """What follows two letters (or fewer, at the start) in real words; `$` is the end."""
    following: defaultdict[str, str] = defaultdict(str)
    for word in _REAL:
        for index, letter in enumerate(word + "$"):
            following["^^"[index:] + word[max(0, index - 2) : index]] += letter
    return dict(following)


_FOLLOWING = _table()


def blended(rng: Random) -> str:
    """Letters as they follow each other in real words: tratch, bellary, morino."""
    while True:
        word = "^^"
        while len(word) < 14 and (letter := rng.choice(_FOLLOWING[word[-2:]])) != "$":
            word += letter
        if 5 <= len(word) <= 12:
            return word[2:]


def syllabic(rng: Random, syllables: int | None = None) -> str:
    """Syllables as one of several languages makes them."""
    kind = rng.choice((0, 0, 0, 1, 2, 3, 4))
    n = syllables or rng.choice((1, 2, 2, 3))
    body = "".join(rng.choice(_ONSETS[kind]) + rng.choice(_VOWELS[kind]) for _ in range(n))
    return body + rng.choice(_CODAS[kind])


def joined(rng: Random) -> str:
    """The start of one real word and the end of another, or a real word with an ending."""
    first, second = rng.choice(_REAL), rng.choice(_REAL)
    if rng.random() < 0.3:
        return first.rstrip("e") + rng.choice(_ENDINGS)
    return first[: rng.randint(2, 5)] + second[-rng.randint(2, 5) :]


def scattered(rng: Random) -> str:
    """Letters at random."""
    return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(3, 7)))


_MAKERS: tuple[Callable[[Random], str], ...] = (blended, syllabic, joined, scattered)


def invented(rng: Random) -> str:
    """A word of any of these kinds, in lower case."""
    return rng.choices(_MAKERS, (4, 3, 2.5, 0.5))[0](rng)
