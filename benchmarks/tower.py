"""Frames a second through the vision tower: quintet against transformers' own, same weights and pixels, in turns.

On a GPU (--device cuda) a tower of the size that Qwen3.5-35B-A3B has, with random weights in bfloat16; on a CPU the
bundled model's, in float32, and seconds are those of CPU time. Both begin with what their processor hands over on the
host: float32 there, uint8 here. Transformers' is also timed with its pixels on the device already.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch
from torch import Tensor

from benchmarks.report import Claim, hand_over, parser
from quintet.model.tower import Tower
from quintet.vision import Patches, VisionSettings
from quintet.vision.patches import PatchRows
from quintet.vision.resize import fit_video, image_size

RUNS = 5
PUBLISHED: dict[str, Any] = {"depth": 27, "hidden_size": 1152, "intermediate_size": 4304, "num_heads": 16}


@dataclass(frozen=True)
class Case:
    """Pictures, or a video of so many frames within a limit of tokens; `size` is height and width in px."""

    name: str
    size: tuple[int, int]
    pictures: int = 1
    frames: int = 1
    max_tokens: int | None = None
    least: float | None = None  # times as fast as transformers' that it must be

    def patches(self, settings: VisionSettings, seed: int) -> list[Patches]:
        """Random pixels in the size that the stock sampling gives them."""
        size = image_size(*self.size, settings)
        if self.frames > 1:
            _, size = fit_video(self.frames, *self.size, settings, self.max_tokens)
        random = torch.Generator().manual_seed(seed)
        shown = []
        for _ in range(self.pictures):
            rows = PatchRows(self.frames, size, settings)
            for place in range(rows.frames):
                rows.put(place, torch.randint(0, 256, (3, *size), dtype=torch.uint8, generator=random))
            shown.append(rows.finish("image", ()))
        return shown


CASES = {
    "cuda": (
        Case("64 frames of 320x192", (192, 320), frames=64, least=2.5),
        Case("64 frames of 640x360", (360, 640), frames=64),
        Case("64 frames of 720p in 12,288 tokens", (720, 1280), frames=64, max_tokens=12_288),
        Case("64 pictures of 320x192", (192, 320), pictures=64),
        Case("a picture of 1080p", (1080, 1920)),
    ),
    "cpu": (
        Case("64 frames of 720p", (720, 1280), frames=64, least=1.0),
        Case("64 pictures of 720p", (720, 1280), pictures=64, least=1.0),
        Case("a picture of 720p", (720, 1280)),
    ),
}


def published() -> tuple[Any, VisionSettings]:
    """The tower of Qwen3.5-35B-A3B with random weights, in bfloat16, on a GPU."""
    from transformers.models.qwen3_5_moe.configuration_qwen3_5_moe import Qwen3_5MoeVisionConfig
    from transformers.models.qwen3_5_moe.modeling_qwen3_5_moe import Qwen3_5MoeVisionModel

    torch.manual_seed(0)
    config = Qwen3_5MoeVisionConfig(**PUBLISHED, out_hidden_size=2048)
    config._attn_implementation = "sdpa"
    with torch.device("cuda"):
        visual: Any = Qwen3_5MoeVisionModel(config)
    visual.to(torch.bfloat16).eval().requires_grad_(False)
    for weight in visual.parameters():
        if weight.dim() > 1:
            weight.normal_(std=weight[0].numel() ** -0.5)
    return visual, VisionSettings()


def bundled() -> tuple[Any, VisionSettings]:
    """The bundled model's tower, in float32, on a CPU."""
    from quintet.model.checkpoint import load_checkpoint

    nano = load_checkpoint("nano", device="cpu")
    model: Any = nano.model
    return model.model.visual, nano.spec.vision


def timed(work: Callable[[], Tensor]) -> tuple[float, Tensor]:
    """Seconds until what `work` gives is there, of CPU time if no GPU takes part, and that."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = work()
    if not result.is_cuda:
        return time.process_time() - cpu, result
    torch.cuda.synchronize()
    return time.perf_counter() - wall, result


@torch.inference_mode()
def compare(visual: Any, settings: VisionSettings, case: Case) -> tuple[dict[str, float], list[Claim]]:
    """Medians of one case, on new pixels in each run, after one to warm up."""
    weight = next(visual.parameters())
    tower = Tower(visual)
    runs: list[tuple[float, float, float, float]] = []
    for run in range(RUNS + 1):
        shown = case.patches(settings, run)
        pixels = torch.cat([patches.normalised(torch.float32, "cpu") for patches in shown])
        grids = torch.tensor([patches.grid for patches in shown], device=weight.device)
        on_device = pixels.to(weight.device, weight.dtype)
        wanted = [(patches, frame) for patches in shown for frame in range(patches.grid[0])]
        ours, made = timed(lambda: torch.cat(tower.embed(wanted)))  # noqa: B023  called at once, as those below
        theirs, expected = timed(lambda: visual(pixels.to(weight.device), grid_thw=grids).pooler_output)  # noqa: B023
        there, _ = timed(lambda: visual(on_device, grid_thw=grids).pooler_output)  # noqa: B023
        error = float((made - expected).float().norm() / expected.float().norm())
        runs.append((ours, theirs, there, error))
    ours, theirs, there, error = (median(figures) for figures in zip(*runs[1:], strict=True))
    count = case.pictures * case.frames
    figures = {
        f"{case.name}, quintet, frames/s": count / ours,
        f"{case.name}, transformers, frames/s": count / theirs,
        f"{case.name}, transformers with its pixels on the device, frames/s": count / there,
        f"{case.name}, times as fast": theirs / ours,
        f"{case.name}, times as fast as with its pixels on the device": there / ours,
        f"{case.name}, first time, ms": 1000 * runs[0][0],
    }
    most = 1e-4 if weight.dtype == torch.float32 else 0.02
    claims = [Claim(f"{case.name}, relative difference of the embeddings", error, most=most)]
    if case.least:
        claims.append(Claim(f"{case.name}, times as fast as transformers", theirs / ours, least=case.least))
    return figures, claims


def measure(device: str) -> tuple[dict[str, float], list[Claim]]:
    """All cases of a device."""
    visual, settings = published() if device == "cuda" else bundled()
    figures: dict[str, float] = {}
    claims: list[Claim] = []
    for case in CASES[device]:
        measured, kept = compare(visual, settings, case)
        figures |= measured
        claims += kept
    return figures, claims


if __name__ == "__main__":
    options = parser(measure)
    options.add_argument("--device", choices=list(CASES), default="cpu")
    arguments = options.parse_args()
    hand_over(*measure(arguments.device), arguments.json)
