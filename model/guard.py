"""Texts from outside, kept from spelling what is ours.

Unicode has noncharacters, which no interchange of text uses: they are our punctuation while a prompt is being made, and
texts from outside are cleaned of them.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import BadInputError

MARK = "\ufdd0"  # on both sides of a control token
GUARD = "\ufdd1"  # behind a character of a text from outside that could begin one
CALL, CALL_END = "\ufdd2", "\ufdd3"  # around a call that went wrong, where its control tokens will be
_FOREIGN = re.compile("[\ufdd0-\ufdd3\ud800-\udfff]")  # and half a surrogate pair is no character at all


def cleaned(text: str) -> str:
    """`text` without the characters that are ours, or are none."""
    return _FOREIGN.sub("\ufffd", text)


def check_names(names: Iterable[str]) -> None:
    """Makes sure that tools and parameters can be named so in the format, which has no quotes for it.

    Raises:
        BadInputError: if one can't, naming it.
    """
    for name in names:
        if not name or ">" in name or "\n" in name:
            raise BadInputError(f"{name!r} can't name a tool or a parameter; leave out '>' and line breaks")


class Guard:
    """Guards texts against the tokens that `control` spells, wherever in a value of JSON they stand."""

    def __init__(self, control: Iterable[str]) -> None:
        self._firsts = re.compile("([" + "".join(sorted({re.escape(token[0]) for token in control})) + "])")

    def text(self, text: str) -> str:
        """`text`, in which no control token can be found, nor when more text follows."""
        return self._firsts.sub(rf"\1{GUARD}", cleaned(text))

    def value(self, value: Any) -> Any:
        """`value` with all its texts guarded.

        Raises:
            BadInputError: if it isn't a value of JSON.
        """
        match value:
            case str():
                return self.text(value)
            case bool() | int() | float() | None:
                return value
            case Mapping() if all(isinstance(key, str) for key in value):
                return {self.text(key): self.value(inner) for key, inner in value.items()}
            case list() | tuple():
                return [self.value(inner) for inner in value]
        raise BadInputError(f"{value!r:.80} has no place in arguments or schemas; give what JSON can hold")
