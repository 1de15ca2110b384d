"""The conversations that are kept, and which of them a prompt goes on from."""

from collections.abc import Callable, Sequence
from threading import Condition
from typing import NamedTuple

from .session import Session
from .state import DecoderState
from .store import PrefixStore

_MOMENT = 0.25  # seconds
_PATIENCE = 6  # moments


class Taken(NamedTuple):
    """A session to go on with. The kept conversation nearest to the prompt is `common` characters like it; what it says
    behind the session's end is `otherwise`.
    """

    session: Session
    common: int
    otherwise: str


class SessionPool:
    """The newest conversations within `budget` bytes. One that is being continued is nobody else's, so none can mix.

    What a prompt shares with a kept conversation, up to one of its marks, is not read again: the conversation itself
    goes back there, or, where it would lose more than half of what it knows or is being continued, a fork of it goes
    on. Where another is about to read what a prompt shares with it, the prompt waits for that. What no conversation
    here shares is looked for in `store`.
    """

    def __init__(self, new_state: Callable[[], DecoderState], *, budget: int, store: PrefixStore | None = None) -> None:
        self._new_state = new_state
        self._budget = budget
        self._store = store
        self._idle: list[Session] = []
        self._busy: dict[Session, tuple[str, Sequence[int]]] = {}  # with the prompt, and where it will be marked
        self._changed = Condition()

    def take(self, text: str, places: Sequence[int]) -> Taken:
        """A session that has said as much of a prompt's `text` as any. Its reader marks it at `places` of the text."""
        with self._changed:
            patience = _PATIENCE  # with one who should read and has stopped to do something else
            while patience and self._coming(text) > self._nearest(text)[0]:
                told = self._changed.wait(_MOMENT) or any(session.reading for session in self._busy)
                patience = _PATIENCE if told else patience - 1
            shared, *_ = self._nearest(text)
        stored = self._store.load(text, self._new_state(), more_than=shared) if self._store else None
        with self._changed:
            shared, common, best = self._nearest(text)
            otherwise = best.text[shared:] if best else ""
            session = stored if stored and len(stored.text) > shared else self._continued(best, shared)
            self._busy[session] = text, places
            return Taken(session, common, otherwise)

    def mark(self, session: Session) -> None:
        """Marks a session that was taken, where it is now."""
        with self._changed:
            session.mark(self._budget // 8)
            self._changed.notify_all()

    def put(self, session: Session) -> None:
        """Gives a session back; beyond the budget the oldest are dropped."""
        usable = False
        try:
            usable = session.mend()
            if usable and self._store:
                self._store.save(session)
        finally:
            with self._changed:
                del self._busy[session]
                if usable:
                    self._idle.append(session)
                self._drop_oldest()
                self._changed.notify_all()

    def _drop_oldest(self) -> None:
        while len(self._idle) > 1 and sum(one.nbytes for one in self._idle) > self._budget:
            del self._idle[0]

    def _nearest(self, text: str) -> tuple[int, int, Session | None]:
        """How much of `text` needs no reading, how much of it is known, and by which session."""
        found: tuple[int, int, Session | None] = 0, 0, None
        for session in (*self._busy, *self._idle):
            common = common_length(text, session.text)
            shared = session.shared(text, common, busy=session in self._busy)
            if (shared, common) >= found[:2]:
                found = shared, common, session
        return found

    def _coming(self, text: str) -> int:
        """How much of `text` will soon need no reading, when those that read it now have come as far."""
        coming = 0
        for session, (prompt, places) in tuple(self._busy.items()):
            common = min(common_length(text, prompt), len(text) - 1)
            coming = max([coming, *(place for place in places if len(session.text) < place <= common)])
        return coming

    def _continued(self, best: Session | None, shared: int) -> Session:
        if best is None or shared == 0:
            return Session(self._new_state())
        if best in self._busy or best.loses(shared) > len(best.ids) // 2:
            return best.fork(shared)
        self._idle.remove(best)
        best.rewind(shared)
        return best


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
