"""Where in a prompt's text it is worth coming back to, and what of it had been read before in another form."""

import re
from collections.abc import Sequence

from .guard import MARK

_CONTROL = re.compile(f"{MARK}([^{MARK}]*){MARK}")
_TURN = f"{MARK}<|im_start|>{MARK}"
_THOUGHT = re.compile(f"{MARK}<think>{MARK}.*?{MARK}</think>{MARK}\\s*", re.DOTALL)
_BETWEEN_WORDS = re.compile(r"(?<=\w) (?=\w)")
_APART = 1500  # characters


def places(text: str) -> list[int]:
    """Lengths of beginnings of a prompt's `text` that other prompts may share, all of them behind control tokens.

    They are: behind the system turn, which other conversations begin with too; behind each picture and video, about
    which there may be other questions; before the last turn, the assistant's, which may be asked for again or be shown
    differently later; and before other turns, some distance apart.
    """
    turns, found, shown = [], set(), 0
    for match in _CONTROL.finditer(text):
        token, _, key = match[1].partition("#")
        if token == "<|im_start|>":
            turns.append(match.start())
        elif key:
            shown = match.end()
            found.add(shown)
        elif token == "<|vision_end|>" and match.start() == shown:
            found.remove(shown)
            shown = match.end()
            found.add(shown)
    last = 0
    for turn in turns[1:]:
        if turn - last >= _APART or turn in (turns[1], turns[-1]):
            found.add(turn)
            last = turn
    return sorted(found)


def word_before(text: str, start: int, end: int) -> list[int]:
    """The last place between two words of `text[start:end]`, in the ordinary text that it ends in, if there is one.

    The family's tokenizers never join two words, so ids may be cut there.
    """
    if text.count(MARK, 0, end) % 2:
        return []  # within a control token
    start = max(start, text.rfind(MARK, 0, end) + 1)
    return [match.start() for match in _BETWEEN_WORDS.finditer(text, start, end)][-1:]


def parts(text: str, start: int, cuts: Sequence[int]) -> list[str]:
    """`text` from `start` on, cut at those `cuts` that lie behind it."""
    ends = [cut for cut in sorted(cuts) if start < cut < len(text)]
    return [text[one:other] for one, other in zip([start, *ends], [*ends, len(text)], strict=True)]


def read_before(text: str, otherwise: str) -> list[str]:
    """The turns that begin in `text` and stand in `otherwise` too, but for their thinking."""
    known = {_visible(turn) for turn in _turns(otherwise)}
    return [turn for turn in _turns(text) if _visible(turn) in known]


def _turns(text: str) -> list[str]:
    return [_TURN + turn for turn in text.split(_TURN)[1:]]


def _visible(turn: str) -> str:
    return _THOUGHT.sub("", turn).strip()
