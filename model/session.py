"""A conversation as the model holds it: token ids, and the state that belongs to them.

The ids that the model drew are kept as drawn. A new prompt is compared with the session as text (`Prompt.text`:
characters, control tokens and media digests); what agrees is not read again. Where they part, the session goes back to
its newest checkpoint before that place.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from threading import Lock

from .state import Checkpoint, DecoderState


@dataclass
class Session:
    """`text` and `ids` are all that was said, `state.length` of them read; `drawn` is the turn being written."""

    state: DecoderState
    text: str = ""
    ids: list[int] = field(default_factory=list)
    drawn: list[int] = field(default_factory=list)
    checkpoints: list[tuple[int, Checkpoint]] = field(default_factory=list)  # with the length of the text there
    keep: int = 8

    @property
    def unread(self) -> list[int]:
        """What was said and has not been read: at most the token that ended the last turn."""
        return self.ids[self.state.length :]

    def heard(self, text: str, ids: list[int]) -> None:
        """Notes a part of the prompt."""
        self.text += text
        self.ids += ids

    def settle(self, decode: Callable[[Sequence[int]], str]) -> None:
        """Makes the drawn turn part of what was said."""
        self.heard(decode(self.drawn), self.drawn)
        self.drawn = []

    def mark(self) -> None:
        """Makes a checkpoint here, where all that was said has been read.

        Of many the first stays, behind what other conversations begin with too, and so do the newest.
        """
        self.checkpoints = [*self.checkpoints, (len(self.text), self.state.checkpoint())]
        del self.checkpoints[1 : 1 - self.keep]

    def shared(self, text: str) -> int:
        """How many characters of `text` need not be read again; fewer than it has, so that a next token follows."""
        common = common_length(text, self.text)
        if common == len(self.text) < len(text):
            return common
        return max((end for end, _ in self.checkpoints if end <= common and end < len(text)), default=0)

    def fork(self, length: int) -> "Session":
        """A session of its own that goes on from where `length` characters had been said, as `shared` gave it."""
        checkpoints = [(end, checkpoint) for end, checkpoint in self.checkpoints if end <= length]
        last = checkpoints[-1][1]
        return Session(self.state.fork(last), self.text[:length], self.ids[: last.length], checkpoints=checkpoints)

    def rewind(self, length: int) -> None:
        """Goes back to where `length` characters had been said, as `shared` gave it."""
        if length == len(self.text):
            return
        self.checkpoints = [(end, checkpoint) for end, checkpoint in self.checkpoints if end <= length]
        checkpoint = self.checkpoints[-1][1]
        self.state.rewind(checkpoint)
        self.text = self.text[:length]
        del self.ids[checkpoint.length :]


class SessionPool:
    """The few newest conversations. One that is being continued is taken out, so two can never mix."""

    def __init__(self, new_state: Callable[[], DecoderState], size: int = 4) -> None:
        self._new_state = new_state
        self._size = size
        self._sessions: list[Session] = []
        self._lock = Lock()

    def take(self, text: str) -> Session:
        """A session that has said as much of a prompt's `text` as any: a known one, a fork of one, or a new one."""
        with self._lock:
            known = [(session.shared(text), session) for session in self._sessions]
            shared, best = max(known, key=itemgetter(0), default=(0, None))
            if best is None or shared == 0:
                return Session(self._new_state())
            if 2 * shared < len(best.text):  # another conversation with the same beginning
                return best.fork(shared)
            self._sessions.remove(best)
        best.rewind(shared)
        return best

    def put(self, session: Session) -> None:
        """Gives a session back, unless a reading was broken off; beyond the pool's size the oldest is dropped."""
        with self._lock:
            if session.state.whole and session.text:
                self._sessions = [*self._sessions, session][-self._size :]


def common_length(one: str, other: str) -> int:
    """How many characters two texts begin with alike, by halving: a conversation may have a million."""
    low, high = 0, min(len(one), len(other))
    if one[:high] == other[:high]:
        return high
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
