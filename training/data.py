"""Batches from worker processes: each draws its own samples, seeded by the run's seed, the stretch and its number."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from .chatformat import ChatFormat, Tokens
from .pack import Batch, Packer, Shape
from .skills import training_sample

MIXTURE = {
    "copying": 2.4,
    "pictures": 4.2,
    "reading": 2.0,
    "motion": 0.7,
    "times": 1.8,
    "tools": 3.4,
    "documents": 2.6,
    "looking": 0.8,
    "moments": 1.6,
    "conversation": 2.2,
}
"""How often each skill is drawn; documents, looking and moments are long, so they cost more than they seem."""


@dataclass(frozen=True)
class Curriculum:
    """Difficulty from 0 to 1, and the mixture."""

    level: float
    mixture: dict[str, float]


class Stream(IterableDataset[Batch]):
    """An endless stream of batches."""

    def __init__(self, shape: Shape, side: int, seed: int, curriculum: Curriculum) -> None:
        self.shape, self.side, self.seed, self.curriculum = shape, side, seed, curriculum

    def __iter__(self) -> Iterator[Batch]:
        info = get_worker_info()
        torch.set_num_threads(1)
        rng = Random(f"{self.seed}/{info.id if info else 0}")
        return Packer(self.shape, self.side).batches(self._samples(rng))

    def _samples(self, rng: Random) -> Iterator[Tokens]:
        chat = ChatFormat()
        while True:
            # Mostly near the level reached, always some easier ones.
            level = self.curriculum.level * rng.random() ** 0.5
            yield chat.encode(training_sample(rng, self.curriculum.mixture, level))


def _aside(_: int) -> None:
    """A worker takes what time is left, on any core, also where the trainer is bound to one."""
    os.nice(10)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))


def loader(stream: Stream, workers: int, *, pin: bool) -> Iterator[Batch]:
    """Batches of `stream`, made by `workers` processes (0: in this one)."""
    if workers == 0:
        return iter(stream)
    made = DataLoader(
        stream,
        batch_size=None,
        num_workers=workers,
        prefetch_factor=4,
        persistent_workers=True,
        worker_init_fn=_aside,
        multiprocessing_context="forkserver" if pin else "fork",
    )
    return iter(made)
