"""Whatever happens to conversations, the model's state of each is that of a fresh read."""

from pathlib import Path

import pytest

from tests.model.conftest import write_checkpoint
from tests.model.histories import Histories


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["dense", "moe"])
def test_random_histories_with_guesses_equal_fresh_reads(kind: str, tmp_path: Path) -> None:
    histories = Histories(write_checkpoint(tmp_path, kind, mtp=True), seed=3, speculate=2)
    for _ in range(16):
        histories.step()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_random_histories_equal_fresh_reads(checkpoint: Path, seed: int) -> None:
    histories = Histories(checkpoint, seed)
    for _ in range(24):
        histories.step()
