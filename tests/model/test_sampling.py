"""How tokens are drawn."""

from collections import Counter

import pytest
import torch

from quintet.errors import BadInputError
from quintet.model.sampling import Sampler, Sampling

LOGITS = torch.tensor([0.5, 0.2, 0.2, 0.06, 0.04]).log()


def draw(count: int, **settings: float) -> Counter[int]:
    sampler = Sampler(Sampling(**{"temperature": 1.0, "top_p": 1.0, "top_k": 0, "seed": 7, **settings}))  # type: ignore[arg-type]
    return Counter(sampler.draw(LOGITS) for _ in range(count))


def test_temperature_zero_takes_the_likeliest() -> None:
    assert draw(20, temperature=0.0) == {0: 20}


def test_frequencies_follow_the_probabilities() -> None:
    counts = draw(4000)
    assert counts[0] / 4000 == pytest.approx(0.5, abs=0.04)
    assert set(counts) == {0, 1, 2, 3, 4}


@pytest.mark.parametrize(
    ("settings", "left"), [({"top_k": 2}, {0, 1}), ({"top_p": 0.6}, {0, 1}), ({"min_p": 0.3}, {0, 1, 2})]
)
def test_each_filter_keeps_the_likeliest(settings: dict[str, float], left: set[int]) -> None:
    drawn = set(draw(500, **settings))
    assert drawn <= {0, 1, 2}
    assert len(drawn) == len(left)


def test_a_presence_penalty_turns_to_what_was_not_said() -> None:
    assert draw(5, temperature=0.0, presence_penalty=2.0) == draw(5, temperature=0.0, presence_penalty=2.0)
    assert len(draw(5, temperature=0.0, presence_penalty=2.0)) > 1


def test_the_checkpoints_own_settings_come_before_the_recommended() -> None:
    own = Sampling.for_checkpoint({"temperature": 0.3, "top_k": 5, "pad_token_id": 0}, thinking=True)
    assert (own.temperature, own.top_k, own.top_p) == (0.3, 5, 0.95)
    assert Sampling.for_checkpoint({"do_sample": False}, thinking=True).temperature == 0


@pytest.mark.parametrize("settings", [{"temperature": -0.1}, {"top_p": 1.5}, {"top_k": -1}, {"presence_penalty": 9}])
def test_settings_out_of_range_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(BadInputError, match="out of range"):
        Sampling(**settings)  # type: ignore[arg-type]
