"""Averages the weights of two checkpoints of one line: `python -m training.average FOLDER OTHER SHARE [OUT]`.

SHARE is the other's (0 to 1). A run that starts from a checkpoint stays close enough to it for what lies between them
to be better than both; how much of each is best, only held-out samples tell.
"""

import argparse
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from .chatformat import NANO


def average(first: dict[str, Tensor], second: dict[str, Tensor], share: float) -> dict[str, Tensor]:
    """The weights between, in bf16; `share` of them the second's.

    Raises:
        ValueError: the two hold weights of different names.
    """
    if first.keys() != second.keys():
        raise ValueError(f"different weights: {sorted(first.keys() ^ second.keys())}; expected two of one size")
    return {
        name: ((1 - share) * tensor.float() + share * second[name].float()).to(torch.bfloat16).contiguous()
        for name, tensor in first.items()
    }


def main() -> None:
    """Reads the command line and writes the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("other", type=Path)
    parser.add_argument("share", type=float)
    parser.add_argument("out", type=Path, nargs="?", default=NANO)
    args = parser.parse_args()
    first, second = (load_file(folder / "model.safetensors") for folder in (args.folder, args.other))
    save_file(average(first, second, args.share), args.out / "model.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    main()
