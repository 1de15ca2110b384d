"""Generations in threads: several at once, or one that an event loop waits for. What is abandoned is closed."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any, TypeVar

_END = object()

A = TypeVar("A")
T = TypeVar("T")


def together(work: Callable[[A], Iterator[T]], arguments: Sequence[A]) -> list[list[T]]:
    """All that `work` yields for each of the arguments, at once.

    When one fails, or the caller is interrupted, none goes on.
    """
    abandoned = Event()

    def items(argument: A) -> list[T]:
        found = []
        for item in work(argument):
            found.append(item)
            if abandoned.is_set():
                break
        return found

    with ThreadPoolExecutor(len(arguments)) as pool:
        try:
            return list(pool.map(items, arguments))
        except BaseException:
            abandoned.set()
            raise


async def in_thread(items: Generator[T, None, None]) -> AsyncGenerator[T, None]:
    """The items, each made in a thread.

    A task that is cancelled waits for the item that is being made, and closes the rest: when it is over, nothing of it
    is still at work.
    """
    loop, thread = asyncio.get_running_loop(), ThreadPoolExecutor(1)  # its own: generations wait for each other
    step: asyncio.Future[Any] = loop.run_in_executor(thread, next, items, _END)
    try:
        while (item := await asyncio.shield(step)) is not _END:
            yield item
            step = loop.run_in_executor(thread, next, items, _END)
    finally:
        await asyncio.gather(step, return_exceptions=True)
        await loop.run_in_executor(thread, items.close)
        thread.shutdown(wait=False)
