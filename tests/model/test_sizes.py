"""Counts and bytes from names and shapes: of published models, which fit in no test, and of what is in memory."""

from pathlib import Path

import pytest
import torch
from transformers import Qwen3_5MoeConfig, Qwen3_5MoeForConditionalGeneration

from quintet.model.checkpoint import load_checkpoint
from quintet.model.sizes import Sizes
from quintet.model.weights import Stored, Weights

from .conftest import write_checkpoint

LARGE = {
    "num_hidden_layers": 60,
    "hidden_size": 4096,
    "num_attention_heads": 32,
    "linear_num_value_heads": 64,
    "num_experts": 512,
    "num_experts_per_tok": 10,
    "moe_intermediate_size": 1024,
    "shared_expert_intermediate_size": 1024,
}


def published(**text: int) -> Sizes:
    """A published model by its shapes alone; without any, the one of 35B."""
    config = Qwen3_5MoeConfig(text_config=text, vision_config={"out_hidden_size": text.get("hidden_size", 2048)})
    with torch.device("meta"):
        model = Qwen3_5MoeForConditionalGeneration(config)
    stored = {name: Stored("BF16", tuple(tensor.shape)) for name, tensor in model.state_dict().items()}
    return Sizes(stored, model.config.text_config)


def test_35b_a3b() -> None:
    sizes = published()
    assert sizes.parameters == pytest.approx(35e9, rel=0.01)
    assert sizes.active == pytest.approx(3e9, rel=0.05)
    assert sizes.vision == pytest.approx(0.45e9, rel=0.01)
    assert sizes.kv(2) == 20_480
    assert sizes.weights(2) == sizes.disk["BF16"] == 2 * sizes.parameters


def test_397b_a17b() -> None:
    sizes = published(**LARGE)
    assert sizes.parameters == pytest.approx(397e9, rel=0.01)
    embedding = 248_320 * 4096  # the makers count it
    assert sizes.active + embedding == pytest.approx(17e9, rel=0.03)
    assert sizes.kv(2) == 30_720
    assert sizes.state(2) == 188_743_680 + 4_423_680  # recurrent and convolution
    assert sizes.weights(1) == pytest.approx(sizes.weights(2) / 2, rel=0.01)


def test_what_fits() -> None:
    sizes = published(**LARGE)
    beside = sizes.weights(2) + sizes.state(2)
    assert sizes.room(beside + 1000 * 30_720, 2) == 1000
    assert sizes.room(beside - 1, 2) == 0


@torch.inference_mode()
def test_it_is_what_is_in_memory(checkpoint: Path) -> None:
    model = load_checkpoint(str(checkpoint)).model
    sizes = Sizes(Weights(checkpoint).stored, model.config.text_config)
    assert sizes.parameters == sum(weight.numel() for weight in model.parameters())
    assert sizes.weights(4) == sum(weight.nbytes for weight in model.parameters())
    assert sizes.vision == sum(weight.numel() for weight in model.model.visual.parameters())
    assert sizes.disk == {"F32": 4 * sizes.parameters}
    kinds = model.config.text_config.layer_types
    layers = model(torch.arange(7)[None], use_cache=True).past_key_values.layers
    memories = list(zip(kinds, layers, strict=True))
    attention = [layer for kind, layer in memories if kind == "full_attention"]
    linear = [layer for kind, layer in memories if kind == "linear_attention"]
    assert 7 * sizes.kv(4) == sum(layer.keys.nbytes + layer.values.nbytes for layer in attention)
    assert sizes.state(4) == sum(layer.conv_states[0].nbytes + layer.recurrent_states[0].nbytes for layer in linear)


def test_the_mtp_layer_counts_for_itself(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path, "moe", mtp=True)
    loaded = load_checkpoint(str(folder), speculate=True)
    sizes = Sizes(Weights(folder).stored, loaded.model.config.text_config)
    assert loaded.mtp
    assert sizes.mtp == sum(weight.numel() for weight in loaded.mtp.parameters())
    assert sizes.parameters == sum(weight.numel() for weight in loaded.model.parameters())
