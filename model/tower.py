"""The vision tower: pixels -> embeddings, many temporal patches at once, and each of them once.

Weights and mathematics are those of transformers' `Qwen3_5VisionModel`, in which a temporal patch attends to nothing
but itself. So those of equal grid are one batch, where transformers launches attention for one after the other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import PreTrainedModel

from ..vision import Patches
from ..vision.cache import ByteBudget
from .encodings import MEMORY, Encodings
from .store import fingerprint

_KNOWN = ("Qwen3_5VisionModel", "Qwen3_5MoeVisionModel")  # equal but for their names
_BATCH = {"cpu": 2048}  # rows of pixels in one pass, or those of one temporal patch: bounds the memory
_LARGE_BATCH = 32_768
_PLACES_BYTES = 64 << 20
# Without cuDNN's: it takes 60 ms to plan for each new number of rows or frames, and gains a fifth at most.
_ATTENTION = [SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]

_TRITON = find_spec("triton") is not None

Frame = tuple[Patches, int]
"""A temporal patch: whose, and its index there."""


class _Places(NamedTuple):
    """What a patch's place in its frame adds to it, rows in merge-window order."""

    added: Tensor  # [rows, width]
    cos: Tensor  # [rows, head / 2], float32
    sin: Tensor


class Tower:
    """Encodes `Patches` with a checkpoint's vision model.

    `memory` is the limit in bytes for embeddings that are kept, on the model's device. With `folder` they are kept
    there too, for a later process.

    Raises:
        BadInputError: if `folder` can't be written.
    """

    def __init__(self, visual: PreTrainedModel, *, memory: int = MEMORY, folder: Path | None = None) -> None:
        self._visual: Any = visual
        self._weight: Tensor = next(visual.parameters())
        self._encodings = Encodings(memory, folder, fingerprint=fingerprint(visual, {}) if folder else "")
        self._places: ByteBudget[_Places] = ByteBudget(_PLACES_BYTES)
        self.encoded = 0  # temporal patches that went through the tower

    def encode(self, patches: Patches) -> Tensor:
        """The embeddings `[tokens, hidden]` of the tokens that a picture or video has in the prompt."""
        frames = self.embed([(patches, frame) for frame in range(patches.grid[0])])
        if patches.kept is not None:
            frames = [frame[kept.to(frame.device)] for frame, kept in zip(frames, patches.kept, strict=True)]
        return torch.cat(frames)

    @torch.inference_mode()
    def embed(self, frames: Sequence[Frame]) -> list[Tensor]:
        """The embeddings `[tokens, hidden]` of each temporal patch, pruned tokens and all."""
        found: dict[str, Tensor] = {}
        missing: dict[tuple[int, ...], dict[str, Frame]] = {}
        for patches, index in frames:
            digest = patches.digests[index]
            known = self._encodings.get(digest, self._weight.device)
            if known is not None:
                found[digest] = known
            elif digest not in found:
                missing.setdefault(patches.grid[1:], {})[digest] = patches, index
        for (height, width), group in missing.items():
            for batch in self._batches(list(group), height * width):
                made = self._run([group[digest] for digest in batch], height, width)
                for digest, embedding in zip(batch, made, strict=True):
                    found[digest] = embedding.clone()  # not a view that holds its whole batch
                    self._encodings.put(digest, found[digest])
        return [found[patches.digests[index]] for patches, index in frames]

    def _batches(self, digests: list[str], rows: int) -> Iterator[list[str]]:
        most = max(1, _BATCH.get(self._weight.device.type, _LARGE_BATCH) // rows)
        for start in range(0, len(digests), most):
            yield digests[start : start + most]

    def _run(self, frames: Sequence[Frame], height: int, width: int) -> Tensor:
        """Temporal patches of one grid through the tower: `[frames, tokens, hidden]`."""
        self.encoded += len(frames)
        rows = [patches.pixels.view(patches.grid[0], -1, patches.settings.row)[index] for patches, index in frames]
        shown = replace(frames[0][0], pixels=torch.cat([part.to(self._weight.device) for part in rows]))
        pixels = shown.normalised(self._weight.dtype, self._weight.device)
        if type(self._visual).__name__ in _KNOWN:
            made = self._together(pixels, len(frames), height, width)
        else:
            grid = torch.tensor([[len(frames), height, width]], device=pixels.device)
            made = self._visual(pixels, grid_thw=grid).pooler_output
        return made.view(len(frames), -1, made.shape[-1])

    def _together(self, pixels: Tensor, frames: int, height: int, width: int) -> Tensor:
        """Normalised pixels `[frames * rows, values]` -> embeddings `[frames * tokens, hidden]`."""
        visual, places = self._visual, self._placed(height, width)
        project = visual.patch_embed.proj
        hidden = F.linear(pixels, project.weight.flatten(1), project.bias)  # a convolution whose windows don't overlap
        hidden = hidden.view(frames, height * width, -1) + places.added
        with sdpa_kernel(_ATTENTION):
            for block in visual.blocks:
                hidden = _layer(block, hidden, places.cos, places.sin)
        merged: Tensor = visual.merger(hidden)
        return merged

    def _placed(self, height: int, width: int) -> _Places:
        key = f"{height} {width}"
        places = self._places.get(key)
        if places is None:
            visual, device = self._visual, self._weight.device
            side = visual.num_grid_per_side
            table = visual.pos_embed.weight.float().view(side, side, -1).permute(2, 0, 1)[None]
            spread = F.interpolate(table, size=(height, width), mode="bilinear", align_corners=True)[0]
            axes = torch.meshgrid(
                torch.arange(height, device=device), torch.arange(width, device=device), indexing="ij"
            )
            merge = visual.spatial_merge_size
            angles = visual.rotary_pos_emb(table, _windows(torch.stack(axes, -1), merge))
            cos, sin = (part.chunk(2, dim=-1)[0].contiguous() for part in angles)  # the halves are equal
            places = _Places(_windows(spread.permute(1, 2, 0), merge).to(self._weight.dtype), cos, sin)
            self._places.put(key, places, sum(part.nbytes for part in places))
        return places


def _windows(grid: Tensor, merge: int) -> Tensor:
    """`[rows down, rows across, n] -> [rows, n]`, windows of `merge` x `merge` one after the other."""
    height, width, values = grid.shape
    windows = grid.reshape(height // merge, merge, width // merge, merge, values).transpose(1, 2)
    return windows.reshape(height * width, values)


def _layer(block: Any, hidden: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """One layer of the tower on `[frames, rows, width]`."""
    attention = block.attn
    projected = attention.qkv(block.norm1(hidden)).view(*hidden.shape[:2], 3, attention.num_heads, -1)
    queries, keys = _rotated(projected[:, :, :2], cos, sin).permute(2, 0, 3, 1, 4)  # [frames, heads, rows, head]
    attended = F.scaled_dot_product_attention(queries, keys, projected[:, :, 2].transpose(1, 2))
    hidden = hidden + attention.proj(attended.transpose(1, 2).flatten(2))
    result: Tensor = hidden + block.mlp(block.norm2(hidden))
    return result


def _rotated(heads: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions on `[frames, rows, 2, heads, head]`, computed in float32 and rounded once."""
    if heads.is_cuda and _TRITON:
        from .rotary import rotate_

        return rotate_(heads, cos, sin)
    first, second = heads.chunk(2, dim=-1)
    cos, sin = cos[:, None, None], sin[:, None, None]
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1).to(heads.dtype)
