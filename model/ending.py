"""The way out of a call that has to end: few tokens, each allowed where it comes, up to the end.

A grammar keeps a call well formed but doesn't end it: a small model may go on in a text for ever. Where the room is
used up, this is what is written instead: texts and lists are closed where they are, and what is still required is as
short as can be.
"""

import llguidance
import numpy as np

_LONGEST = 4_000  # tokens


class Ending:
    """Finds ways out for one tokenizer; `end` is the token that a call ends with."""

    def __init__(self, tokenizer: llguidance.LLTokenizer, end: int) -> None:
        self._end = [end]
        self._closers = [tokenizer.tokenize_str(text) for text in ("\n</parameter>\n", "</function>\n")]
        self._brackets = [tokenizer.tokenize_str(text) for text in "]}"]
        self._quote = tokenizer.tokenize_str('"')
        self._comma = tokenizer.tokenize_str(", ")  # behind a number that a list can't end with yet
        self._zero = tokenizer.tokenize_str("0")

    def way(self, matcher: llguidance.LLMatcher) -> list[int]:
        """The tokens from where `matcher` is, and which it takes, to the end; empty if there is no short way."""
        way: list[int] = []
        while len(way) < _LONGEST and not matcher.is_error():
            step = self._step(matcher)
            way += step
            if step[-1:] == self._end:
                return way
            matcher.consume_tokens(step)
        return []

    def _step(self, matcher: llguidance.LLMatcher) -> list[int]:
        def fits(tokens: list[int]) -> bool:
            return bool(tokens) and matcher.validate_tokens(tokens) == len(tokens)

        for tokens in (self._end, *self._closers):
            if fits(tokens):
                return tokens
        for bracket in self._brackets:
            if fits(bracket) and not fits(bracket + self._quote):  # which could follow within a text
                return bracket
        for tokens in (self._quote, matcher.compute_ff_tokens(), self._comma, self._zero):
            if fits(tokens):
                return tokens
        allowed = np.unpackbits(np.frombuffer(matcher.compute_bitmask(), np.uint8), bitorder="little")
        return [int(allowed.argmax())]  # byte-level vocabularies begin with single bytes
