"""Whatever happens to conversations, the model's state of each is that of a fresh read."""

from pathlib import Path

import pytest

from tests.model.histories import Histories


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_random_histories_equal_fresh_reads(checkpoint: Path, seed: int) -> None:
    histories = Histories(checkpoint, seed)
    for _ in range(24):
        histories.step()
