"""Sizes on the patch grid, token budgets, and the resize itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, NoReturn

from ..errors import MediaError, UnsupportedModelError

if TYPE_CHECKING:
    from torch import Tensor

MAX_ASPECT = 200
# Below this many tokens a pair of frames shows too little; fewer frames are the better saving.
_LEGIBLE_TOKENS = 16


@dataclass(frozen=True)
class VisionSettings:
    """How a checkpoint wants its pictures: grid, pixel budgets, sampling. The defaults are Qwen3.5's.

    `patch` in px; a token is `merge` x `merge` patches; `temporal` frames make one temporal patch. Pixel budgets of a
    video are totals over its frames. `mean` and `std` are on the scale 0 to 1, the same for every channel.
    """

    patch: int = 16
    merge: int = 2
    temporal: int = 2
    image_min_pixels: int = 65536
    image_max_pixels: int = 16777216
    video_min_pixels: int = 4096
    video_max_pixels: int = 25165824
    fps: float = 2.0
    min_frames: int = 4
    max_frames: int = 768
    mean: float = 0.5
    std: float = 0.5

    @property
    def factor(self) -> int:
        """Side of one token in px: every side of a resized picture is a multiple of it."""
        return self.patch * self.merge

    @property
    def row(self) -> int:
        """Values in one row of pixels: channels x temporal x patch x patch."""
        return 3 * self.temporal * self.patch * self.patch

    @classmethod
    def from_hf(cls, image_config: Mapping[str, Any], video_config: Mapping[str, Any]) -> VisionSettings:
        """Read a checkpoint's preprocessor_config.json and video_preprocessor_config.json.

        Raises:
            UnsupportedModelError: the two disagree about the grid, or normalise each channel differently.
        """
        default = cls()
        grid = {"patch_size": default.patch, "merge_size": default.merge, "temporal_patch_size": default.temporal}
        grids = [
            {key: int(config.get(key, value)) for key, value in grid.items()} for config in (image_config, video_config)
        ]
        if grids[0] != grids[1]:
            raise UnsupportedModelError(
                f"The processor configs disagree about the patch grid: pictures {grids[0]}, video {grids[1]}; "
                "expected the same in both files of the checkpoint."
            )
        image_min, image_max = _budget(image_config, default.image_min_pixels, default.image_max_pixels)
        edges = {"size": video_config.get("size")}  # all that the stock processor of video reads
        video_min, video_max = _budget(edges, default.video_min_pixels, default.video_max_pixels)
        return cls(
            patch=grids[0]["patch_size"],
            merge=grids[0]["merge_size"],
            temporal=grids[0]["temporal_patch_size"],
            image_min_pixels=image_min,
            image_max_pixels=image_max,
            video_min_pixels=video_min,
            video_max_pixels=video_max,
            fps=float(video_config.get("fps") or default.fps),
            min_frames=int(video_config.get("min_frames") or default.min_frames),
            max_frames=int(video_config.get("max_frames") or default.max_frames),
            mean=_scalar(image_config, video_config, "image_mean", default.mean),
            std=_scalar(image_config, video_config, "image_std", default.std),
        )


def image_size(height: int, width: int, settings: VisionSettings) -> tuple[int, int]:
    """Height and width in px of a picture on the grid (the rule of Qwen2-VL's image processor).

    Raises:
        MediaError: one side is more than 200 times the other.
    """
    _check_aspect(height, width)
    return _on_grid(1, 1, height, width, settings.factor, settings.image_min_pixels, settings.image_max_pixels)


def video_size(frames: int, height: int, width: int, settings: VisionSettings) -> tuple[int, int]:
    """Height and width in px of each of `frames` frames on the grid (the rule of Qwen3-VL's video processor).

    Raises:
        MediaError: one side is more than 200 times the other.
    """
    frames = max(frames, settings.temporal)
    if min(height, width) < settings.factor:
        scale = max(settings.factor / height, settings.factor / width)
        height, width = int(height * scale), int(width * scale)
    _check_aspect(height, width)
    # Rounded to whole temporal patches, halves to even, where the grid decides; as counted where the scale is computed.
    whole = round(frames / settings.temporal) * settings.temporal
    return _on_grid(frames, whole, height, width, settings.factor, settings.video_min_pixels, settings.video_max_pixels)


def fit_image(
    height: int, width: int, settings: VisionSettings, max_tokens: int | None = None, max_pixels: int | None = None
) -> tuple[int, int]:
    """Height and width in px of a picture that costs at most `max_tokens` and has at most `max_pixels` px once resized.

    Where the stock size passes a budget, it is the one that the stock rule finds with the budget as its maximum.

    Raises:
        MediaError: no size keeps within a budget, or one side is more than 200 times the other.
    """
    budget = _tokens(settings, max_tokens, max_pixels)
    size = _within(budget, image_size(height, width, settings), height, width, settings)
    return size or _refuse("a picture", height, width, settings, max_tokens, max_pixels)


def fit_video(
    frames: int,
    height: int,
    width: int,
    settings: VisionSettings,
    max_tokens: int | None = None,
    max_pixels: int | None = None,
    *,
    steady: bool = False,
) -> tuple[int, tuple[int, int]]:
    """How many of `frames` frames to take, and their size in px, so that the video costs at most `max_tokens`.

    First the size of each frame is lowered, down to 16 tokens a temporal patch; then the number of frames. No frame
    has more than `max_pixels` px once resized. With `steady`, sizes are those of somewhat more frames (up to half as
    many again), so that stretches of nearly equal length get the same one and can share what was encoded.

    Raises:
        MediaError: not even one frame fits, or one side is more than 200 times the other.
    """
    most = frames if max_tokens is None else max(1, max_tokens // _LEGIBLE_TOKENS) * settings.temporal
    for number in range(min(frames, most), 0, -1):
        temporal_patches = math.ceil(number / settings.temporal)
        if steady:
            temporal_patches = _step_up(temporal_patches)
        stock = video_size(temporal_patches * settings.temporal if steady else number, height, width, settings)
        each = None if max_tokens is None else max_tokens // temporal_patches
        if size := _within(_tokens(settings, each, max_pixels), stock, height, width, settings):
            return number, size
    return _refuse("one frame", height, width, settings, max_tokens, max_pixels)


def resize(pixels: Tensor, size: tuple[int, int]) -> Tensor:
    """Bicubic with antialiasing in uint8: `[3, H, W] -> [3, *size]`, bit for bit torchvision's arithmetic."""
    from torch.nn.functional import interpolate

    if pixels.shape[-2:] == size:
        return pixels
    return interpolate(pixels[None], size=size, mode="bicubic", antialias=True)[0]


def _on_grid(
    frames: int, whole: int, height: int, width: int, factor: int, min_pixels: int, max_pixels: int
) -> tuple[int, int]:
    rows = round(height / factor) * factor
    columns = round(width / factor) * factor
    if whole * rows * columns > max_pixels:
        beta = math.sqrt(frames * height * width / max_pixels)
        rows = math.floor(height / beta / factor) * factor
        columns = math.floor(width / beta / factor) * factor
    elif whole * rows * columns < min_pixels:
        beta = math.sqrt(min_pixels / (frames * height * width))
        rows = math.ceil(height * beta / factor) * factor
        columns = math.ceil(width * beta / factor) * factor
    return max(factor, rows), max(factor, columns)


def _tokens(settings: VisionSettings, max_tokens: int | None, max_pixels: int | None) -> int | None:
    """The tighter of two budgets, in tokens."""
    limits = [max_tokens, None if max_pixels is None else max_pixels // settings.factor**2]
    return min((limit for limit in limits if limit is not None), default=None)


def _within(
    budget: int | None, stock: tuple[int, int], height: int, width: int, settings: VisionSettings
) -> tuple[int, int] | None:
    """The stock size if it costs at most `budget` tokens, else the stock rule's with the budget as maximum.

    None where that fails, because a side can't become thinner than a token.
    """
    factor = settings.factor
    if budget is None or stock[0] * stock[1] <= budget * factor**2:
        return stock
    if budget < 1:
        return None
    beta = math.sqrt(height * width / (budget * factor**2))
    rounded = [max(1, round(side / factor)) for side in (height, width)]
    lowered = [max(1, math.floor(side / beta / factor)) for side in (height, width)]
    fitting = [size for size in (rounded, lowered) if math.prod(size) <= budget]
    rows, columns = max(fitting, key=math.prod, default=(0, 0))
    return (rows * factor, columns * factor) if rows else None


def _step_up(number: int) -> int:
    """The least of 1, 2, 3, 4, 6, 8, 12, 16, 24... that is not below `number`."""
    power = 1 << (number - 1).bit_length()
    return power * 3 // 4 if number <= power * 3 // 4 else power


def _refuse(
    what: str, height: int, width: int, settings: VisionSettings, max_tokens: int | None, max_pixels: int | None
) -> NoReturn:
    limits = {"max_tokens": max_tokens, "max_pixels": max_pixels}
    given = ", ".join(f"{key}={value}" for key, value in limits.items() if value is not None)
    stock = image_size(height, width, settings)
    least = next(tokens for tokens in count(1) if _within(tokens, stock, height, width, settings))
    raise MediaError(
        f"{given}: too little for {what} of {width}x{height} px, which takes {least} tokens of {settings.factor} x "
        f"{settings.factor} px at least; raise the limit, or crop it to a squarer part."
    )


def _check_aspect(height: int, width: int) -> None:
    if max(height, width) > MAX_ASPECT * min(height, width):
        raise MediaError(f"{width}x{height} px: one side is over {MAX_ASPECT} times the other; crop or pad it first.")


def _budget(config: Mapping[str, Any], low: int, high: int) -> tuple[int, int]:
    """As the stock processor of pictures reads them: pixels win over edges."""
    size = config.get("size") or {}
    low = config.get("min_pixels") or size.get("shortest_edge") or low
    high = config.get("max_pixels") or size.get("longest_edge") or high
    return int(low), int(high)


def _scalar(image_config: Mapping[str, Any], video_config: Mapping[str, Any], key: str, default: float) -> float:
    found = {float(value) for config in (image_config, video_config) for value in config.get(key) or (default,)}
    if len(found) != 1:
        raise UnsupportedModelError(
            f"{key} of the checkpoint's processors is {sorted(found)}; expected one number for all channels."
        )
    return found.pop()
