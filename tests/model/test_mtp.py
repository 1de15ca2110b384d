"""The layer that guesses the token after the next: read under its published names, and computed as published."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from transformers.cache_utils import Cache

from quintet.errors import UnsupportedModelError
from quintet.model.checkpoint import Checkpoint, load_checkpoint
from quintet.model.state import GrowingLayer

from .conftest import one_by_one, rewrite, write_checkpoint

ROWS = 9


@pytest.fixture(scope="module", params=["dense", "moe"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp(request.param), request.param, mtp=True)


@pytest.fixture(scope="module")
def loaded(folder: Path) -> Checkpoint:
    return load_checkpoint(str(folder), speculate=True)


@torch.inference_mode()
def read(loaded: Checkpoint, pieces: list[int], rows: Tensor) -> Tensor:
    """The predictor's results on random rows, read in pieces of these lengths."""
    assert loaded.mtp
    cache, done, results = Cache(layers=[GrowingLayer()]), 0, []
    for count in pieces:
        part = slice(done, done + count)
        positions = torch.arange(done, done + count).expand(3, -1)
        rotary = loaded.model.model.language_model.rotary_emb
        results.append(loaded.mtp(rows[0, part], rows[1, part], positions, cache, rotary))
        done += count
    return torch.cat(results)


def test_every_weight_is_the_checkpoints(folder: Path, loaded: Checkpoint) -> None:
    assert loaded.mtp
    stored = load_file(folder / "model.safetensors")
    own = loaded.mtp.state_dict()
    assert len(own) == sum(name.startswith("mtp.") for name in stored)
    for name, tensor in own.items():
        assert torch.equal(tensor, stored[f"mtp.{name}".replace(".layer.", ".layers.0.")])


def test_it_is_the_formula(loaded: Checkpoint) -> None:
    """Norm both, join with the embedding first, project, one decoder layer, norm."""
    mtp = loaded.mtp
    assert mtp
    rows = torch.randn(2, ROWS, 64)

    def norm(one: Tensor, weight: Tensor) -> Tensor:
        return one * torch.rsqrt(one.pow(2).mean(-1, keepdim=True) + 1e-6) * (1 + weight)

    joined = torch.cat(
        [norm(rows[0], mtp.pre_fc_norm_embedding.weight), norm(rows[1], mtp.pre_fc_norm_hidden.weight)], dim=-1
    )
    hidden = (joined @ mtp.fc.weight.T)[None]
    turned = loaded.model.model.language_model.rotary_emb(hidden, torch.arange(ROWS).expand(3, 1, -1))
    expected = norm(mtp.layer(hidden, position_embeddings=turned, attention_mask=None)[0], mtp.norm.weight)
    torch.testing.assert_close(read(loaded, [ROWS], rows), expected)


def test_pieces_give_what_the_whole_gives(loaded: Checkpoint) -> None:
    rows = torch.randn(2, ROWS, 64)
    torch.testing.assert_close(read(loaded, [4, 1, 3, 1], rows), read(loaded, [ROWS], rows))


def test_the_main_model_is_the_same_without_it(folder: Path, loaded: Checkpoint) -> None:
    plain = load_checkpoint(str(folder))
    assert plain.mtp is None
    for one, other in zip(plain.model.parameters(), loaded.model.parameters(), strict=True):
        assert torch.equal(one, other)


def test_experts_may_be_stored_one_by_one(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = write_checkpoint(tmp_path_factory.mktemp("fused"), "moe", mtp=True)
    change = one_by_one(load_file(folder / "model.safetensors"))
    apart = load_checkpoint(rewrite(folder, tmp_path, change), speculate=True)
    fused = load_checkpoint(str(folder), speculate=True)
    assert apart.mtp
    assert fused.mtp
    for one, other in zip(apart.model.parameters(), fused.model.parameters(), strict=True):
        assert torch.equal(one, other)
    for one, other in zip(apart.mtp.parameters(), fused.mtp.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"mtp.fc.weight": None}, "lacks mtp.fc.weight"),
        ({"mtp.norm.weight": torch.zeros(63)}, r"mtp.norm.weight has the shape \[63\]"),
        ({"mtp.layers.0.self_attn.q_proj.weight": None}, "lacks mtp.layers.0.self_attn.q_proj.weight"),
        ({"mtp.embed_tokens.weight": torch.zeros(2, 64)}, "holds mtp.embed_tokens.weight"),
    ],
)
def test_a_damaged_layer_is_told(folder: Path, tmp_path: Path, change: dict[str, Tensor | None], named: str) -> None:
    place = rewrite(folder, tmp_path, change)
    with pytest.raises(UnsupportedModelError, match=named):
        load_checkpoint(place, speculate=True)
    assert load_checkpoint(place).mtp is None


def test_without_the_layer_there_is_no_speculation(checkpoint: Path) -> None:
    with pytest.raises(UnsupportedModelError, match="no MTP layer"):
        load_checkpoint(str(checkpoint), speculate=True)
