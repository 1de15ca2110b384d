"""Tiny random checkpoints of both kinds, written as a hub would serve them and loaded as a user would."""

import json
import shutil
from importlib.resources import files
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import (
    AutoTokenizer,
    PreTrainedModel,
    Qwen3_5Config,
    Qwen3_5ForConditionalGeneration,
    Qwen3_5MoeConfig,
)
from transformers import Qwen3_5MoeForConditionalGeneration as Moe

from quintet.model import ChatModel, load_model
from quintet.model.mtp import MultiTokenPredictor

NANO = Path(str(files("quintet.model.nano")))


def write_checkpoint(folder: Path, kind: str, *, mtp: bool = False) -> Path:
    """A checkpoint with random float32 weights, an MTP layer if wanted, and the nano's tokenizer and template."""
    tokenizer = AutoTokenizer.from_pretrained(NANO)
    ids = {
        name: tokenizer.convert_tokens_to_ids(f"<|{name}|>")
        for name in ("image_pad", "video_pad", "vision_start", "vision_end")
    }
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": 64,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 32,
        "max_position_embeddings": 4096,
        "linear_key_head_dim": 16,
        "linear_value_head_dim": 16,
        "linear_num_key_heads": 2,
        "linear_num_value_heads": 4,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 10000.0,
            "partial_rotary_factor": 0.5,
            "mrope_section": [3, 3, 2],
            "mrope_interleaved": True,
        },
    }
    vision = {"depth": 2, "hidden_size": 64, "intermediate_size": 128, "num_heads": 4, "out_hidden_size": 64}
    vision |= {"num_position_embeddings": 64}
    tokens = {
        "image_token_id": ids["image_pad"],
        "video_token_id": ids["video_pad"],
        "vision_start_token_id": ids["vision_start"],
        "vision_end_token_id": ids["vision_end"],
    }
    torch.manual_seed(0)
    if kind == "moe":
        experts = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
        experts |= {"shared_expert_intermediate_size": 32}
        model = Moe(Qwen3_5MoeConfig(text_config=text | experts, vision_config=vision, **tokens))
    else:
        dense = Qwen3_5Config(text_config=text | {"intermediate_size": 128}, vision_config=vision, **tokens)
        model = Qwen3_5ForConditionalGeneration(dense)
    randomise(model)
    model.save_pretrained(folder)
    if mtp:
        add_mtp(folder, model)
    for file in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(NANO / file, folder / file)
    sizes = {"size": {"shortest_edge": 4096, "longest_edge": 16384}}
    for file in ("preprocessor_config.json", "video_preprocessor_config.json"):
        (folder / file).write_text(json.dumps(sizes))
    (folder / "generation_config.json").write_text(json.dumps({"do_sample": False}))
    return folder


def randomise(module: torch.nn.Module) -> None:
    with torch.no_grad():
        for weight in module.parameters():
            if weight.dim() > 1:
                weight.normal_(std=weight.shape[-1] ** -0.5)


def add_mtp(folder: Path, model: PreTrainedModel) -> None:
    """An MTP layer under the names of a published checkpoint; save_pretrained leaves such layers out."""
    predictor = MultiTokenPredictor(model)
    randomise(predictor)
    names = {name: f"mtp.{name}".replace(".layer.", ".layers.0.") for name in predictor.state_dict()}
    file = folder / "model.safetensors"
    tensors = {names[name]: tensor for name, tensor in predictor.state_dict().items()}
    save_file(load_file(file) | tensors, file, metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    config["text_config"]["mtp_num_hidden_layers"] = 1
    (folder / "config.json").write_text(json.dumps(config))


def rewrite(folder: Path, to: Path, change: dict[str, Tensor | None]) -> str:
    """A copy of a checkpoint, in one file, with some tensors replaced or added, and those left out that are None."""
    shutil.copytree(folder, to, dirs_exist_ok=True)
    tensors = load_file(to / "model.safetensors") | change
    save_file({name: one for name, one in tensors.items() if one is not None}, to / "model.safetensors")
    return str(to)


def one_by_one(tensors: dict[str, Tensor]) -> dict[str, Tensor | None]:
    """The change that stores experts as FP8 releases do: each projection of each expert on its own."""
    change: dict[str, Tensor | None] = {}
    for base in [name.removesuffix(".down_proj") for name in tensors if name.endswith("experts.down_proj")]:
        for index, (both, down) in enumerate(
            zip(tensors[f"{base}.gate_up_proj"], tensors[f"{base}.down_proj"], strict=True)
        ):
            gate, up = both.chunk(2)
            for part, tensor in {"gate": gate, "up": up, "down": down}.items():
                change[f"{base}.{index}.{part}_proj.weight"] = tensor.clone()
        change |= {f"{base}.gate_up_proj": None, f"{base}.down_proj": None}
    return change


@pytest.fixture(scope="session", params=["dense", "moe"])
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="session")
def model(checkpoint: Path) -> ChatModel:
    return load_model(str(checkpoint))


def write_clip(path: Path, width: int = 64) -> Path:
    """Two seconds of ever lighter grey, 64 px high, H.264."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("h264", rate=4)
        stream.width, stream.height, stream.pix_fmt = width, 64, "yuv420p"
        for shade in range(8):
            frame = av.VideoFrame.from_ndarray(np.full((64, width, 3), 20 * shade, np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
