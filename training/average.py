"""Averages runs that parted from one state: `python -m training.average OUT RUN RUN…` (each a state.pt).

Two runs that cool down on different data from the same point, averaged, are worth about one run on twice the data.
"""

import argparse
from pathlib import Path

import torch


def average(states: list[Path]) -> dict[str, object]:
    """The first state with the mean of all weights."""
    loaded = [torch.load(path, map_location="cpu") for path in states]
    model = {name: torch.stack([one["model"][name] for one in loaded]).mean(0) for name in loaded[0]["model"]}
    return {**loaded[0], "model": model}


def main() -> None:
    """Reads the command line and averages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("runs", type=Path, nargs="+")
    args = parser.parse_args()
    torch.save(average(args.runs), args.out)


if __name__ == "__main__":
    main()
