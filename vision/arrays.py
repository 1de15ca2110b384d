"""Arrays of NumPy and torch as pictures."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from ..errors import BadInputError

_COLOURS = (1, 3, 4)
# The 8-bit tone of each 16-bit one.
EIGHT_BITS: NDArray[np.uint8] = np.rint(np.arange(65536) / 257).astype(np.uint8)
# Resizing overshoots the range of floats by rounding errors.
_SLACK = 1e-3


def is_tensor(value: object) -> bool:
    """Whether `value` is a tensor of torch, which need not be loaded."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def is_array(value: object) -> bool:
    """Whether `value` is an array of NumPy or a tensor of torch."""
    return isinstance(value, np.ndarray) or is_tensor(value)


def from_array(value: Any) -> PIL.Image.Image:
    """A picture from NumPy's `[H, W]` or `[H, W, C]`, or torch's `[H, W]` or `[C, H, W]`; C is 1, 3 or 4 (with alpha).

    uint8 0 to 255, uint16 0 to 65535, floats 0 to 1, or bool.

    Raises:
        BadInputError: another shape, another type, a float outside of 0 to 1, or both ends could be the colours.
    """
    found = f"An array of shape {list(value.shape)} and type {str(value.dtype).removeprefix('torch.')}"
    pixels = _channels_last(value, found)
    return PIL.Image.fromarray(_to_bytes(pixels, found))


def frames_of(value: Any) -> Sequence[Any]:
    """The frames of NumPy's `[T, H, W, C]` or torch's `[T, C, H, W]`.

    Raises:
        BadInputError: not four axes.
    """
    if value.ndim != 4:
        raise BadInputError(
            f"An array of shape {list(value.shape)}: expected [frames, height, width, 3], "
            "or [frames, 3, height, width] of torch, or a list of pictures."
        )
    return [value[index] for index in range(len(value))]


def _channels_last(value: Any, found: str) -> NDArray[Any]:
    """As NumPy's `[H, W]` or `[H, W, 3 | 4]`."""
    tensor = is_tensor(value)
    if value.ndim == 3:
        first, last = value.shape[0] in _COLOURS, value.shape[2] in _COLOURS
        if first and last:
            raise BadInputError(
                f"{found}: the first axis and the last could both be the colours; pass PIL.Image.fromarray(...)."
            )
        if not (first if tensor else last):
            other = first or last
            turn = ("permute(2, 0, 1)" if tensor else "transpose(1, 2, 0)") if other else ""
            raise BadInputError(
                f"{found}: expected {'[C, H, W]' if tensor else '[H, W, C]'} with 1, 3 or 4 colours"
                + (f"; write array.{turn}." if turn else ".")
            )
    elif value.ndim != 2:
        hint = "; take one of the batch, or pass frames to Video" if value.ndim == 4 else ""
        raise BadInputError(f"{found}: expected two or three axes{hint}.")
    if 0 in value.shape:
        raise BadInputError(f"{found}: it has no pixels.")
    if tensor:
        value = value.detach().cpu()
        value = value.float() if value.is_floating_point() else value
        value = (value.permute(1, 2, 0) if value.ndim == 3 else value).numpy()
    pixels: NDArray[Any] = value
    return pixels[:, :, 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels


def _to_bytes(pixels: NDArray[Any], found: str) -> NDArray[np.uint8]:
    if pixels.dtype == np.uint8:
        return pixels.astype(np.uint8)
    if pixels.dtype == np.bool_:
        return pixels.astype(np.uint8) * np.uint8(255)
    if pixels.dtype == np.uint16:
        return EIGHT_BITS.take(pixels)
    if pixels.dtype.kind != "f":
        raise BadInputError(f"{found}: expected uint8, uint16, bool or floats from 0 to 1; convert it first.")
    low, high = float(pixels.min()), float(pixels.max())
    if not (low >= -_SLACK and high <= 1 + _SLACK):  # NaN fails too
        raise BadInputError(f"{found}: its values go from {low:g} to {high:g}; floats must go from 0 to 1, none NaN.")
    tones: NDArray[np.float32] = pixels.clip(0, 1).astype(np.float32) * 255
    return np.rint(tones).astype(np.uint8)
