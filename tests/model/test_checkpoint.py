"""Checkpoints as they are published: their files, number formats and contexts, and what is damaged about them."""

import json
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from quintet.errors import BadInputError, UnsupportedModelError
from quintet.model.checkpoint import load_checkpoint

from .conftest import one_by_one, rewrite, write_checkpoint

NATIVE = 262_144
FIRST_Q = "model.language_model.layers.3.self_attn.q_proj.weight"


def edit(folder: Path | str, **settings: object) -> str:
    """Changes `config.json`; settings of the text model are given as `text_config`."""
    path = Path(folder) / "config.json"
    config = json.loads(path.read_text())
    config["text_config"] |= settings.pop("text_config", {})
    path.write_text(json.dumps(config | settings))
    return str(folder)


def shard(folder: Path, to: Path, count: int) -> Path:
    """A copy with its tensors dealt out to `count` files, and the index of them."""
    rewrite(folder, to, {})
    tensors = load_file(to / "model.safetensors")
    (to / "model.safetensors").unlink()
    files = [f"model-{number:05}-of-{count:05}.safetensors" for number in range(1, count + 1)]
    places = {name: files[index % count] for index, name in enumerate(sorted(tensors))}
    for file in files:
        save_file({name: tensors[name] for name in places if places[name] == file}, to / file)
    (to / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))
    return to


def same(one: str | Path, other: str | Path) -> bool:
    pairs = zip(
        load_checkpoint(str(one)).model.parameters(), load_checkpoint(str(other)).model.parameters(), strict=True
    )
    return all(torch.equal(a, b) for a, b in pairs)


def test_shards_are_one_checkpoint(checkpoint: Path, tmp_path: Path) -> None:
    assert same(checkpoint, shard(checkpoint, tmp_path, 3))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision(checkpoint: Path, tmp_path: Path, dtype: torch.dtype) -> None:
    stored = {name: tensor.to(dtype) for name, tensor in load_file(checkpoint / "model.safetensors").items()}
    place = rewrite(checkpoint, tmp_path, dict(stored))
    for wanted in (torch.float32, dtype):
        model = load_checkpoint(place, dtype=wanted).model
        assert model.dtype == wanted
        assert torch.equal(model.get_parameter(FIRST_Q), stored[FIRST_Q].to(wanted))


def quantised(weight: Tensor, block: int) -> tuple[Tensor, Tensor, Tensor]:
    """A weight in FP8, its scales, and what the two stand for, block after block."""
    rows, columns = (math.ceil(side / block) for side in weight.shape)
    scales = torch.empty(rows, columns)
    codes, meant = weight.to(torch.float8_e4m3fn), torch.empty(weight.shape)
    for row in range(rows):
        for column in range(columns):
            part = slice(row * block, (row + 1) * block), slice(column * block, (column + 1) * block)
            scales[row, column] = scale = (weight[part].abs().max() / 448).bfloat16().float()
            codes[part] = (weight[part] / scale).to(torch.float8_e4m3fn)
            meant[part] = codes[part].float() * scale
    return codes, scales.bfloat16(), meant


def write_fp8(folder: Path, to: Path, block: int) -> tuple[str, str]:
    """Copies in block FP8 and in the numbers that this stands for, both with experts one by one."""
    tensors = load_file(folder / "model.safetensors")
    apart = one_by_one(tensors)
    stored: dict[str, Tensor | None] = dict(apart)
    meant: dict[str, Tensor | None] = dict(apart)
    for name, weight in (tensors | apart).items():
        linear = "language_model.layers" in name and name.endswith(("_proj.weight", "in_proj_qkv.weight"))
        if weight is not None and linear:
            stored[name], stored[f"{name}_scale_inv"], meant[name] = quantised(weight, block)
    place = edit(
        rewrite(folder, to / "fp8", stored),
        quantization_config={
            "quant_method": "fp8",
            "activation_scheme": "dynamic",
            "weight_block_size": [block, block],
            "modules_to_not_convert": ["lm_head", "model.visual"],
        },
    )
    return place, rewrite(folder, to / "meant", meant)


@pytest.mark.parametrize("block", [32, 48, 128])
def test_block_fp8(checkpoint: Path, tmp_path: Path, block: int) -> None:
    """Sides of 64 and 128: whole blocks, blocks cut off at the edges, and blocks wider than the weight."""
    place, meant = write_fp8(checkpoint, tmp_path, block)
    fp8, exact, original = (load_checkpoint(str(name)).model for name in (place, meant, checkpoint))
    for read, true, before in zip(fp8.parameters(), exact.parameters(), original.parameters(), strict=True):
        assert torch.equal(read, true)
        torch.testing.assert_close(read, before, rtol=1 / 16, atol=2e-3)
    ids = torch.arange(100, 120)[None]
    with torch.inference_mode():
        assert torch.equal(fp8(ids).logits, exact(ids).logits)


def test_fp8_becomes_the_wanted_dtype(checkpoint: Path, tmp_path: Path) -> None:
    place, meant = write_fp8(checkpoint, tmp_path, 128)
    half, full = load_checkpoint(place, dtype="bfloat16").model, load_checkpoint(meant).model
    for one, other in zip(half.parameters(), full.parameters(), strict=True):
        assert torch.equal(one, other.bfloat16())


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"quantization_config": {"quant_method": "gptq", "bits": 4}}, "gptq"),
        ({"quantization_config": {"quant_method": "fp8"}}, "fp8"),
        ({"text_config": {"max_position_embeddings": None}}, "max_position_embeddings"),
        ({"text_config": {"hidden_size": 96}}, "has the shape"),
        ({"text_config": {"num_hidden_layers": 5, "layer_types": ["linear_attention"] * 5}}, "lacks"),
        ({"text_config": {"num_hidden_layers": 5}}, "num_hidden_layers"),
        ({"text_config": {"hidden_size": "wide"}}, "hidden_size"),
    ],
)
def test_settings_that_do_not_fit(checkpoint: Path, tmp_path: Path, settings: dict[str, object], named: str) -> None:
    with pytest.raises(UnsupportedModelError, match=named):
        load_checkpoint(edit(rewrite(checkpoint, tmp_path, {}), **settings))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({FIRST_Q: None}, f"lacks {FIRST_Q}"),
        ({FIRST_Q: torch.zeros(64, 64)}, rf"{FIRST_Q} has the shape \[64, 64\]"),
        ({"model.visual.pos_embed.weight": None}, "lacks model.visual.pos_embed.weight"),
    ],
)
def test_tensors_that_do_not_fit(
    checkpoint: Path, tmp_path: Path, change: dict[str, Tensor | None], named: str
) -> None:
    with pytest.raises(UnsupportedModelError, match=named):
        load_checkpoint(rewrite(checkpoint, tmp_path, change))


def test_experts_and_scales_that_do_not_fit(tmp_path: Path) -> None:
    place, _ = write_fp8(write_checkpoint(tmp_path / "moe", "moe"), tmp_path, 128)
    gate = "model.language_model.layers.0.mlp.experts.2.gate_proj.weight"
    changes: dict[str, dict[str, Tensor | None]] = {
        f"lacks {gate};": {gate: None},
        f"{gate} has another shape": {gate: torch.zeros(16, 64)},
        f"lacks {gate}_scale_inv": {f"{gate}_scale_inv": None},
        f"{gate} can't be dequantised": {f"{gate}_scale_inv": torch.ones(2, 2)},
    }
    for number, (named, change) in enumerate(changes.items()):
        with pytest.raises(UnsupportedModelError, match=named):
            load_checkpoint(rewrite(Path(place), tmp_path / str(number), change))


def test_what_is_not_known_is_left_out(checkpoint: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    place = rewrite(checkpoint, tmp_path, {"model.extra": torch.zeros(1), "mtp.norm.weight": torch.zeros(64)})
    assert same(place, checkpoint)
    assert "left out model.extra" in caplog.text
    assert "mtp" not in caplog.text


def test_files_that_are_missing_or_damaged(checkpoint: Path, tmp_path: Path) -> None:
    shards = shard(checkpoint, tmp_path, 3)
    second, index = shards / "model-00002-of-00003.safetensors", shards / "model.safetensors.index.json"
    content, places = second.read_bytes(), index.read_text()

    def refused(named: str) -> None:
        with pytest.raises(UnsupportedModelError, match=named):
            load_checkpoint(str(shards))

    second.write_bytes(content[:-1000])
    refused("model-00002-of-00003.safetensors is damaged or cut off")
    second.write_bytes(content[:4])
    refused("model-00002-of-00003.safetensors is damaged or cut off")
    second.unlink()
    refused("model-00002-of-00003.safetensors is missing")
    second.write_bytes(content)
    index.write_text(places.replace('"weight_map": {', '"weight_map": {"lost": "model-00002-of-00003.safetensors",'))
    refused("lists lost")
    index.write_text(places[:-20])
    refused("index.json is damaged")
    index.unlink()
    refused("model.safetensors is missing")


def native(checkpoint: Path, to: Path) -> str:
    """A copy trained on a published model's context, and turned as fast."""
    rope = {"rope_type": "default", "rope_theta": 1e7, "partial_rotary_factor": 0.5, "mrope_section": [3, 3, 2]}
    text = {"max_position_embeddings": NATIVE, "rope_parameters": rope | {"mrope_interleaved": True}}
    return edit(rewrite(checkpoint, to, {}), text_config=text)


def yarn(dim: int, theta: float, factor: float) -> list[float]:
    """Turns per token of each pair of dimensions, radians. (YaRN, arXiv 2309.00071, sections 3.2 and 3.4.)"""

    def pair(turns: int) -> float:
        """The pair that turns so many times within the native context."""
        return dim * math.log(NATIVE / (turns * 2 * math.pi)) / (2 * math.log(theta))

    low, high = math.floor(pair(32)), math.ceil(pair(1))
    speeds = []
    for index in range(dim // 2):
        speed = theta ** (-2 * index / dim)
        slowed = min(max((index - low) / (high - low), 0), 1)
        speeds.append(speed * (1 - slowed) + speed / factor * slowed)
    return speeds


@pytest.mark.parametrize(("context", "factor"), [(1_010_000, 4), (4 * NATIVE, 4), (NATIVE + 1, 2)])
def test_a_longer_context_by_yarn(checkpoint: Path, tmp_path: Path, context: int, factor: int) -> None:
    loaded = load_checkpoint(native(checkpoint, tmp_path), context=context)
    assert (loaded.spec.context, loaded.spec.native_context) == (context, NATIVE)
    rotary = loaded.model.model.language_model.rotary_emb
    speeds = yarn(16, 1e7, factor)
    torch.testing.assert_close(rotary.inv_freq, torch.tensor(speeds))
    positions = torch.tensor([[3], [50], [700]])  # t, h, w
    axes = [0, 1, 2, 0, 1, 2, 0, 1]  # interleaved; 3 of t, 3 of h, 2 of w
    angles = torch.tensor([speed * positions[axis, 0].item() for speed, axis in zip(speeds, axes, strict=True)] * 2)
    scale = 0.1 * math.log(factor) + 1
    cosines, sines = rotary(torch.zeros(1), positions[:, None])
    torch.testing.assert_close(cosines[0, 0], angles.cos() * scale)
    torch.testing.assert_close(sines[0, 0], angles.sin() * scale)


def test_a_shorter_context_is_a_limit(checkpoint: Path, tmp_path: Path) -> None:
    place = native(checkpoint, tmp_path)
    short, full = load_checkpoint(place, context=1000), load_checkpoint(place)
    assert (short.spec.context, full.spec.context) == (1000, NATIVE)
    speeds = [loaded.model.model.language_model.rotary_emb.inv_freq for loaded in (short, full)]
    assert torch.equal(*speeds)


@pytest.mark.parametrize("context", [4 * NATIVE + 1, 0, -1])
def test_a_context_that_can_not_be_had(checkpoint: Path, tmp_path: Path, context: int) -> None:
    with pytest.raises(BadInputError, match=str(4 * NATIVE)):
        load_checkpoint(native(checkpoint, tmp_path), context=context)


def test_a_checkpoint_may_bring_yarn(checkpoint: Path, tmp_path: Path) -> None:
    place = native(checkpoint, tmp_path)
    rope = json.loads((tmp_path / "config.json").read_text())["text_config"]["rope_parameters"]
    rope |= {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": NATIVE}
    edit(place, text_config={"rope_parameters": rope, "max_position_embeddings": 4 * NATIVE})
    loaded = load_checkpoint(place)
    assert (loaded.spec.context, loaded.spec.native_context) == (4 * NATIVE, NATIVE)
    torch.testing.assert_close(loaded.model.model.language_model.rotary_emb.inv_freq, torch.tensor(yarn(16, 1e7, 4)))
