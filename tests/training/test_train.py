"""The optimizer learns, skips what isn't finite, and a run that resumes goes on where it stopped."""

from pathlib import Path
from random import Random

import pytest
import torch

from training import train
from training.chatformat import ChatFormat
from training.network import Nano
from training.optim import Optimizer, orthogonal
from training.pack import Batch, Packer, Shape
from training.sizes import SIZES
from training.skills import SKILLS


def batch_of(skill: str) -> Batch:
    chat = ChatFormat()
    samples = [chat.encode(SKILLS[skill](Random(seed))) for seed in range(3)]
    return next(Packer(Shape(1, 512, 2), SIZES["small"].vision_side).batches(samples))


def test_muon_makes_matrices_orthogonal() -> None:
    torch.manual_seed(0)
    made = orthogonal(torch.randn(3, 16, 40), torch.float32)
    singular = torch.linalg.svdvals(made)
    assert float(singular.min()) > 0.6
    assert float(singular.max()) < 1.3


def test_a_few_steps_lower_the_loss_and_nan_is_skipped() -> None:
    torch.manual_seed(0)
    network = Nano(SIZES["small"])
    optimizer = Optimizer(network, muon_rate=0.02, adam_rate=3e-3)
    batch = batch_of("pictures")
    losses = []
    for _ in range(4):
        loss, _ = network.loss(batch)
        loss.backward()
        optimizer.step(1.0)
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] - 1
    before = network.state_dict()["model.language_model.norm.weight"].clone()
    (network.loss(batch)[0] * float("nan")).backward()
    optimizer.step(1.0)
    assert optimizer.skipped == 1
    assert torch.equal(before, network.state_dict()["model.language_model.norm.weight"])


def test_a_run_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "RUNS", tmp_path)
    options = ["--size", "small", "--device", "cpu", "--no-compile", "--seed", "3"]
    first = train.Trainer(train.options(options))
    first._train(batch_of("pictures"))
    first.step, first.trained = 1, 2.0
    first.save()
    second = train.Trainer(train.options(options))
    assert (second.step, second.trained) == (1, 2.0)
    for run in (first, second):
        torch.manual_seed(0)
        run._train(batch_of("tools"))
    for name, weight in first.model.state_dict().items():
        assert torch.equal(weight, second.model.state_dict()[name])
