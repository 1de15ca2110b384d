"""The one thread that runs the model, for all conversations of a process.

Reading a stretch of a prompt is one job. Decode steps that wait at the same time are taken together, so conversations
that run at once share them, and a long prompt, read in stretches, holds nobody up for longer than one stretch. A caller
that is interrupted while it waits (Ctrl-C) leaves a job that was not begun undone, and one that was begun is completed:
what the model remembers of a conversation is never torn.
"""

from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from threading import Condition, Thread
from typing import Generic, TypeVar

T = TypeVar("T")
A = TypeVar("A")
R = TypeVar("R")

_MOST = 8  # conversations in one step
_GRACE = 0.002  # seconds in which a conversation that took part in the last steps may come for the next one
_IDLE = 1.0  # seconds after which the thread ends


class Worker(Generic[A, R]):
    """`take` does a step of several conversations: their arguments -> their results."""

    def __init__(self, take: Callable[[Sequence[A]], Sequence[R]]) -> None:
        self._take = take
        self._changed = Condition()
        self._reads: deque[Callable[[], None]] = deque()
        self._steps: deque[tuple[Hashable, A, Future[R]]] = deque()
        self._rounds: deque[set[Hashable]] = deque([set()], maxlen=2)  # who took part in the last steps
        self._stepped = False
        self._running = False

    def read(self, work: Callable[[], T]) -> T:
        """The result of `work`, done by the thread."""
        future: Future[T] = Future()
        return self._result(future, lambda: self._reads.append(lambda: _fill(future, work)))

    def step(self, who: Hashable, argument: A) -> R:
        """The result of a step of conversation `who`, taken together with those of others that wait."""
        future: Future[R] = Future()
        return self._result(future, lambda: self._steps.append((who, argument, future)))

    def _result(self, future: Future[T], enqueue: Callable[[], None]) -> T:
        try:
            with self._changed:
                enqueue()
                self._changed.notify()
                if not self._running:
                    Thread(target=self._run, name="quintet model", daemon=True).start()
                    self._running = True
            return future.result()
        except BaseException:
            while not (future.cancel() or future.done()):
                with suppress(KeyboardInterrupt):  # what was begun ends soon, and must not be torn
                    wait([future])
            raise

    def _run(self) -> None:
        while job := self._next():
            job()
            del job  # it holds a conversation

    def _next(self) -> Callable[[], None] | None:
        """The next stretch or step: by turns, where both wait."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._reads or self._steps, _IDLE):
                self._running = False
                return None
            self._stepped = bool(self._steps) and not (self._reads and self._stepped)
            if not self._stepped:
                return self._reads.popleft()
            expected = min(len(set().union(*self._rounds)), _MOST)
            self._changed.wait_for(lambda: self._reads or len(self._steps) >= expected, _GRACE)
            batch = [self._steps.popleft() for _ in range(min(len(self._steps), _MOST))]
            self._rounds.append({who for who, _, _ in batch})
            return lambda: self._do(batch)

    def _do(self, batch: Sequence[tuple[Hashable, A, Future[R]]]) -> None:
        begun = [(argument, future) for _, argument, future in batch if future.set_running_or_notify_cancel()]
        try:
            results = self._take([argument for argument, _ in begun]) if begun else []
            for (_, future), result in zip(begun, results, strict=True):
                future.set_result(result)
        except BaseException as error:  # handed to those who wait
            for _, future in begun:
                future.set_exception(error)


def _fill(future: Future[T], work: Callable[[], T]) -> None:
    if future.set_running_or_notify_cancel():
        try:
            future.set_result(work())
        except BaseException as error:  # handed to who waits
            future.set_exception(error)
