"""What it costs to load a video, from the file to patches: quintet beside transformers, qwen-vl-utils and torchcodec.

Each contender loads each clip in a fresh process, in turns with the others, three times. CPU seconds are of all
threads, memory is the peak above what imports took, figures are medians. The peers need an environment of their own,
whose Python is told by --peers:

    python3.11 -m venv peers
    peers/bin/pip install torch==2.13.0 transformers==5.23.0 qwen-vl-utils==0.0.14 av==18.1.0
    peers/bin/pip install --no-deps torchvision==0.28.0 torchcodec==0.13.0
    peers/bin/pip install --no-deps decord==0.6.0 opencv-python-headless==5.0.0.93
    apt-get install ffmpeg    # torchcodec loads its libraries

Use the same build of torch as quintet's. What doesn't import there is left out with a notice. Everybody's pixels are
compared with quintet's; the claims are about peers with the same frames on the same grid. `torchcodec, raw frames` only
decodes. The clips (0.7 GB) are made on the first run by `benchmarks.clips`, in --folder; --case runs one case alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.clips import CLIPS, FOLDER, Clip, make_clip
from benchmarks.loaders import LOADERS
from benchmarks.report import Claim, hand_over, parser

OURS = "quintet"
RAW = "torchcodec, raw frames"
LOOKS = ("quintet, second look", "quintet, only look", "qwen-vl-utils, only look")
SMALL = Clip("small.mp4", 320, 180, 1)  # what is loaded once before measuring
SAME = 1.0  # the mean difference of pixels, on the scale to 255, up to which they are the same frames


@dataclass(frozen=True)
class Case:
    """A clip and how many of its frames are looked at; with `looks`, a stretch of it is."""

    clip: str
    frames: int
    looks: bool = False


CASES = {
    "1080p 60 s, 64 frames": Case("1080p 60 s", 64),
    "720p 10 min, 64 frames": Case("720p 10 min", 64),
    "720p 10 min, 768 frames": Case("720p 10 min", 768),
    "720p 1 h, 768 frames": Case("720p 1 h", 768),
    "10 s of 720p 1 h": Case("720p 1 h", 768, looks=True),
}


class Contender:
    """One of those that are compared, and what it cost in each round."""

    def __init__(self, name: str, python: str) -> None:
        self.name, self._python = name, python
        self.rounds: list[dict[str, float]] = []

    def load(self, clip: Path, small: Path, frames: int, pixels: Path | str = "") -> bool:
        """One round, in a fresh process. False if the contender can't be run."""
        loaders = Path(__file__).with_name("loaders.py")
        command = (self._python, loaders, self.name, clip, small, str(frames), pixels)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode and self.name.startswith(OURS):
            raise RuntimeError(done.stderr)
        if done.returncode:
            print(f"{self.name} is left out: {(done.stderr.splitlines() or [''])[-1]}", file=sys.stderr)
            return False
        self.rounds.append(json.loads(done.stdout.splitlines()[-1]))
        return True

    def __getitem__(self, key: str) -> float:
        return median(cost[key] for cost in self.rounds)


def measure(
    case: Case, peers: str | None, folder: Path, runs: int
) -> tuple[list[Contender], dict[str, tuple[float, float]]]:
    """Those that could be run, with their costs; and of each with quintet's frames, grid and all, the greatest and the
    mean difference of its pixels."""
    clip, small = make_clip(CLIPS[case.clip], folder), make_clip(SMALL, folder)
    names = LOOKS if case.looks else [name for name in LOADERS if name not in LOOKS]
    pythons = [sys.executable if name.startswith(OURS) else peers for name in names]
    contenders = [Contender(name, python) for name, python in zip(names, pythons, strict=True) if python]
    differences: dict[str, tuple[float, float]] = {}
    with TemporaryDirectory() as temporary:
        pixels = {one: Path(temporary, f"{place}.npy") for place, one in enumerate(contenders)}
        for turn in range(runs):
            for one in list(contenders):
                warm = clip if one.name == "quintet, second look" else small
                compared = not (turn or case.looks or one.name == RAW)
                if not one.load(clip, warm, case.frames, pixels[one] if compared else ""):
                    contenders.remove(one)
                elif pixels[one].exists() and one.name != contenders[0].name:
                    differences |= compare(one.name, pixels[contenders[0]], pixels[one])
                    pixels[one].unlink()
    return contenders, differences


def compare(name: str, ours: Path, theirs: Path) -> dict[str, tuple[float, float]]:
    """The greatest and the mean difference of pixels, on the scale to 255; nothing if the grids differ."""
    one, other = np.load(ours), np.load(theirs)
    if one.shape != other.shape:
        return {}
    apart = np.maximum(one, other) - np.minimum(one, other)
    return {name: (float(apart.max()), float(apart.mean()))}


def claims_of(
    name: str, case: Case, contenders: list[Contender], differences: dict[str, tuple[float, float]]
) -> list[Claim]:
    """What must hold."""
    ours = contenders[0]
    if case.looks:
        return [Claim(f"{name}: a second look, CPU s", ours["cpu"], most=1)]
    claims = [Claim(f"{name}: memory above imports and output, MB", (ours["peak"] - ours["output"]) / 1e6, most=150)]
    same = [one for one in contenders[1:] if differences.get(one.name, (255, 255))[1] < SAME]
    if same:
        fastest = min(same, key=lambda one: one["cpu"])
        text = f"{name}: CPU of {fastest.name}, the fastest with these pixels, over quintet's"
        claims.append(Claim(text, fastest["cpu"] / ours["cpu"], least=1.5))
    return claims


def main() -> None:
    options = parser(measure)
    options.add_argument("--peers", help="the Python of an environment with the peers")
    options.add_argument("--case", choices=CASES, help="this case alone")
    options.add_argument("--folder", type=Path, default=FOLDER, help="where the clips are, or are made")
    options.add_argument("--runs", type=int, default=3, help="rounds; figures are medians")
    arguments = options.parse_args()
    figures: dict[str, float] = {}
    claims: list[Claim] = []
    for name, case in CASES.items():
        if arguments.case not in (None, name):
            continue
        contenders, differences = measure(case, arguments.peers, arguments.folder, arguments.runs)
        for one in contenders:
            figures |= {f"{name}: {one.name}, {key} s": one[key] for key in ("cpu", "wall")}
            figures |= {f"{name}: {one.name}, {key} MB": one[key] / 1e6 for key in ("peak", "output")}
        for other, (greatest, mean) in differences.items():
            figures[f"{name}: {other}, greatest difference of a pixel"] = greatest
            figures[f"{name}: {other}, mean difference of pixels"] = mean
        claims += claims_of(name, case, contenders, differences)
    hand_over(figures, claims, arguments.json)


if __name__ == "__main__":
    main()
