"""Writes a checkpoint folder from a run: `python -m training.export RUN [FOLDER]` (model/nano by default)."""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from .chatformat import NANO, ChatFormat
from .network import Nano
from .sizes import SIZES, config, preprocessors


def export(model: nn.Module, size: str, folder: Path) -> None:
    """bf16 weights and the configuration files that belong to them."""
    folder.mkdir(parents=True, exist_ok=True)
    control = ChatFormat().control
    weights = {
        name: tensor.detach().to("cpu", torch.bfloat16).contiguous() for name, tensor in model.state_dict().items()
    }
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    generation = {
        "eos_token_id": control["<|im_end|>"],
        "pad_token_id": control["<|endoftext|>"],
        "do_sample": False,
        "max_new_tokens": 512,
    }
    files = {"config.json": config(SIZES[size], control), "generation_config.json": generation, **preprocessors()}
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content, indent=2) + "\n")


def main() -> None:
    """Reads the command line and exports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="the run's state.pt")
    parser.add_argument("folder", type=Path, nargs="?", default=NANO)
    args = parser.parse_args()
    state = torch.load(args.run, map_location="cpu")
    model = Nano(SIZES[state["size"]])
    model.load_state_dict(state["model"])
    export(model, state["size"], args.folder)
    print(f"{args.folder}: step {state['step']}, {state['trained'] / 60:.1f} minutes")


if __name__ == "__main__":
    main()
