"""A conversation as the model holds it: token ids, and the state that belongs to them.

The ids that the model drew are kept as drawn. A new prompt is compared with the session as text (`Prompt.text`:
characters, control tokens and media digests); what agrees is not read again. Where they part, the session goes back to
its newest checkpoint before that place.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .state import Checkpoint, DecoderState


@dataclass(frozen=True)
class Mark:
    """A place to which a session can go back: the length of its text there, and the state's checkpoint."""

    end: int  # characters
    checkpoint: Checkpoint


@dataclass(eq=False)
class Session:
    """`text` and `ids` are all that was said; `drawn` is the turn being written."""

    state: DecoderState
    text: str = ""
    ids: list[int] = field(default_factory=list)
    drawn: list[int] = field(default_factory=list)
    marks: tuple[Mark, ...] = ()
    reading: bool = False  # whether a prompt is being read just now

    @property
    def unread(self) -> list[int]:
        """What was said and has not been read: the token that ended the last turn, or the few last drawn."""
        return self.ids[self.state.length :]

    @property
    def sound(self) -> bool:
        """Whether the state has read nothing but what was said."""
        return self.state.whole and self.state.length <= len(self.ids)

    @property
    def nbytes(self) -> int:
        """Memory that the session takes, in bytes."""
        return self.state.nbytes + self.marks_nbytes

    @property
    def marks_nbytes(self) -> int:
        """What of it the marks take."""
        return sum(mark.checkpoint.nbytes for mark in self.marks)

    def heard(self, text: str, ids: list[int]) -> None:
        """Notes a part of the prompt."""
        self.text += text
        self.ids += ids

    def settle(self, decode: Callable[[Sequence[int]], str]) -> None:
        """Makes the drawn turn part of what was said."""
        self.heard(decode(self.drawn), self.drawn)
        self.drawn = []

    def mark(self, budget: int) -> None:
        """Makes a mark here, where all that was said has been read; others go to keep them within `budget` bytes.

        The first stays, behind what other conversations begin with too, and so does the newest. Of the others the most
        crowded one goes, by the distance of its neighbours in relation to that from the end: how much more would have
        to be read without it, for how far one goes back. So marks are dense at the end and thin out towards the past.
        """
        marks = [*self.marks, Mark(len(self.text), self.state.checkpoint())]
        used = self.marks_nbytes + marks[-1].checkpoint.nbytes
        while used > budget and len(marks) > 2:
            length = [mark.checkpoint.length for mark in marks]
            crowded = min(
                range(1, len(marks) - 1), key=lambda i: (length[i + 1] - length[i - 1]) / (length[-1] + 1 - length[i])
            )
            used -= marks.pop(crowded).checkpoint.nbytes
        self.marks = tuple(marks)

    def shared(self, text: str, common: int, *, busy: bool) -> int:
        """How many characters of `text` need not be read again, if the first `common` are the session's own.

        Fewer than it has, so that a next token follows. A session that is `busy` has only its marks to share.
        """
        if not busy and common == len(self.text) < len(text):
            return common
        return max((mark.end for mark in self.marks if mark.end <= common and mark.end < len(text)), default=0)

    def loses(self, length: int) -> int:
        """How many tokens lie behind the first `length` characters, as `shared` gave them."""
        known = [mark.checkpoint.length for mark in self.marks if mark.end == length]
        return len(self.ids) - known[0] if known and length < len(self.text) else 0

    def fork(self, length: int) -> "Session":
        """A session of its own that goes on from where `length` characters had been said, as `shared` gave it."""
        marks = tuple(mark for mark in self.marks if mark.end <= length)
        last = marks[-1].checkpoint
        return Session(self.state.fork(last), self.text[:length], self.ids[: last.length], marks=marks)

    def rewind(self, length: int) -> None:
        """Goes back to where `length` characters had been said, as `shared` gave it."""
        if length == len(self.text) and self.sound:
            return
        self.marks = tuple(mark for mark in self.marks if mark.end <= length)
        checkpoint = self.marks[-1].checkpoint
        self.state.rewind(checkpoint)
        self.text = self.text[:length]
        del self.ids[checkpoint.length :]

    def mend(self) -> bool:
        """After a reading that was broken off, goes back to the last mark; False if nothing is left to go on with."""
        self.reading = False
        if self.marks and not self.sound:
            self.rewind(self.marks[-1].end)
        return self.sound and self.state.length > 0
