"""What transformers' own processors make of seeded pictures and frames, as digests.

Their default back end is torchvision, which isn't installed beside the tests. Where it is, this program runs the stock
processors and prints `DIGESTS` anew: `PYTHONPATH=. python tests/vision/stock.py`. Those below are of transformers
5.23.0, torch 2.13.0 and torchvision 0.28.0.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import PIL.Image
import torch
from numpy.typing import NDArray
from torch import Tensor

# Pixel budgets: one that keeps the pictures small, and the one published with Qwen3.5.
SMALL = {"shortest_edge": 4096, "longest_edge": 200_000}
PUBLISHED = {"shortest_edge": 65_536, "longest_edge": 16_777_216}
COMMON: dict[str, Any] = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3, "patch_size": 16}

# (height, width): needing no resize, up, down, both at once, odd, thin, one pixel.
PICTURES = [
    *[(224, 320), (40, 100), (65, 31), (480, 640), (517, 333), (721, 1283), (1080, 1920)],
    *[(33, 47), (50, 900), (900, 50), (31, 6000), (150, 2), (1, 1), (48, 80)],
]
MODES = ["L", "P", "1", "CMYK", "HSV", "LA"]
# (frames, height, width)
CLIPS = [(2, 96, 128), (1, 100, 70), (5, 31, 57), (8, 240, 426), (7, 719, 405), (3, 20, 300)]

DIGESTS = {
    "small (224, 320)": "a51d7e9f7701bf75",
    "small (40, 100)": "dda61099a4f3ed95",
    "small (65, 31)": "a9f47186f3818aa2",
    "small (480, 640)": "21ed5c4f519305e8",
    "small (517, 333)": "8181ca84ecd64be8",
    "small (721, 1283)": "64103d788157c857",
    "small (1080, 1920)": "9fbb5a9cc072116c",
    "small (33, 47)": "9658eb702be10d5f",
    "small (50, 900)": "ebaaf7954ee9876b",
    "small (900, 50)": "1306c50af36d7062",
    "small (31, 6000)": "e6fc206feeadb9f0",
    "small (150, 2)": "202d9e30546ded86",
    "small (1, 1)": "81f290851fb2b1c8",
    "small (48, 80)": "f43ffe1fbc94e791",
    "published (224, 320)": "a51d7e9f7701bf75",
    "published (40, 100)": "a066f260f5ab1129",
    "published (65, 31)": "a81a19f9acb62ea4",
    "published (480, 640)": "8fbae97d2fbad05e",
    "published (517, 333)": "8181ca84ecd64be8",
    "published (721, 1283)": "7392315d037ef7d1",
    "published (1080, 1920)": "ae5cafff3f63ee14",
    "published (33, 47)": "156b4bd1b6b71c44",
    "published (50, 900)": "c31220075ae94dd3",
    "published (900, 50)": "a038ed1b3fec47ac",
    "published (31, 6000)": "e6fc206feeadb9f0",
    "published (150, 2)": "6fcb0d0261fa8289",
    "published (1, 1)": "907b52629d808baf",
    "published (48, 80)": "62f3f695374f425e",
    "L": "cfd53c764f318d6c",
    "P": "bfdf3c42ed81ada4",
    "1": "431905fab1d48077",
    "CMYK": "14f1485eec75768d",
    "HSV": "057688decd40a64f",
    "LA": "cfd53c764f318d6c",
    "clip (2, 96, 128)": "a102e4fcad0f9460",
    "clip (1, 100, 70)": "3f42f55dc9f7c9cd",
    "clip (5, 31, 57)": "4e86c49ba3687c14",
    "clip (8, 240, 426)": "ffd45aa31325ec4e",
    "clip (7, 719, 405)": "008bd5bfb84e3378",
    "clip (3, 20, 300)": "d468b1a2f42cb49a",
}


def noise(*shape: int) -> NDArray[np.uint8]:
    """Values that every version of NumPy draws alike; half of them black or white, where bicubic overshoots."""
    return np.random.RandomState(sum(shape)).randint(-128, 384, shape).clip(0, 255).astype(np.uint8)


def picture(height: int, width: int, mode: str = "RGB") -> PIL.Image.Image:
    """A picture of noise."""
    return PIL.Image.fromarray(noise(height, width, 3)).convert(mode)


def digest(values: Tensor) -> str:
    """Of float32 values, bit for bit."""
    assert values.dtype == torch.float32
    return hashlib.sha256(values.contiguous().numpy().tobytes()).hexdigest()[:16]


def references() -> dict[str, str]:
    """Digests of the stock processors' output, by name of the case. Needs torchvision."""
    # torchvision built for CUDA beside a torch for CPUs misses its compiled half; resizing only needs the names.
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    from transformers.models.qwen2_vl.image_processing_qwen2_vl import Qwen2VLImageProcessor
    from transformers.models.qwen3_vl.video_processing_qwen3_vl import Qwen3VLVideoProcessor

    found = {}
    for name, budget in {"small": SMALL, "published": PUBLISHED}.items():
        stock = Qwen2VLImageProcessor(size=budget, **COMMON)
        for size in PICTURES:
            found[f"{name} {size}"] = digest(stock(images=[picture(*size)], return_tensors="pt")["pixel_values"])
    stock = Qwen2VLImageProcessor(size=SMALL, **COMMON)
    for mode in MODES:
        found[mode] = digest(stock(images=[picture(90, 130, mode)], return_tensors="pt")["pixel_values"])
    film = Qwen3VLVideoProcessor(size=SMALL, do_sample_frames=False, **COMMON)
    for clip in CLIPS:
        frames = torch.from_numpy(noise(*clip, 3)).permute(0, 3, 1, 2)
        frames = frames.repeat(2, 1, 1, 1) if len(frames) == 1 else frames  # it refuses a single one
        found[f"clip {clip}"] = digest(film(videos=[frames], return_tensors="pt")["pixel_values_videos"])
    return found


if __name__ == "__main__":
    for name, value in references().items():
        print(f'    "{name}": "{value}",')
