"""Decoding several tokens in one step of the model: its own draft layer guesses them, the model reads them all at once.

What the model says behind a token doesn't depend on who thought of it, so as long as the tokens that are really drawn
are those guessed, nothing has to be read for the next ones. Where they part, the state goes back to before the guesses.
By whatever settings tokens are drawn, they are those of plain decoding.
"""

from collections import deque

from torch import Tensor

from .encoded import Encoded
from .machine import Guess, Machine
from .state import DecoderState

_MOST_AGAIN = 8  # tokens that are read again in front of the next guesses, before they get a checkpoint of their own


class Speculation:
    """Decodes behind what `state` has read, `count` guesses at a time. `stop` when the turn ends."""

    def __init__(self, machine: Machine, state: DecoderState, count: int) -> None:
        assert state.tail
        self._machine = machine
        self._state = state
        self._count = count
        self._tail = state.tail  # of the last token drawn
        self._checkpoint = state.checkpoint()
        self._drawn: list[int] = []  # since the checkpoint
        self._guesses: deque[Guess] = deque()
        self._ahead = False  # whether the state has read more than was drawn

    def next(self, token: int) -> Tensor:
        """The logits `[vocabulary]` behind one token more."""
        if self._guesses and self._guesses[0].token == token:
            _, logits, self._tail = self._guesses.popleft()
            self._ahead = bool(self._guesses)
        else:
            if not self._ahead or len(self._drawn) > _MOST_AGAIN:
                self._secure()
            back = self._checkpoint if self._ahead else None
            self._ahead = True
            logits, self._tail, guesses = self._machine.speculate(
                self._state, [*self._drawn, token], self._tail, self._count, back
            )
            self._guesses = deque(guesses)
        self._drawn.append(token)
        return logits

    def stop(self) -> None:
        """Leaves the state as it was at some token that was drawn; those behind it count as unread."""
        if self._ahead:
            self._state.rewind(self._checkpoint)

    def _secure(self) -> None:
        """Makes a checkpoint behind the last token drawn."""
        if self._ahead:
            self._state.rewind(self._checkpoint)
            self._machine.read(self._state, Encoded(self._drawn, []))
            self._ahead = False
        self._checkpoint, self._drawn = self._state.checkpoint(), []
