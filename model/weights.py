"""The safetensors files of a checkpoint: what their headers say, and tensors as transformers' modules want them."""

import json
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ..errors import UnsupportedModelError
from .fp8 import dequantised

_SINGLE, _INDEX = "model.safetensors", "model.safetensors.index.json"
_EXPERT = re.compile(r"(.+\.experts)\.(\d+)\.(?:gate|up|down)_proj\.weight")
_SCALE = "_scale_inv"
_READERS = 4  # threads


@dataclass(frozen=True)
class Stored:
    """A tensor as a file's header describes it; `dtype` is safetensors' own name, as in `BF16` and `F8_E4M3`."""

    dtype: str
    shape: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many numbers it has."""
        return prod(self.shape)

    @property
    def bytes(self) -> int:
        bits = re.search(r"\d+", self.dtype)
        return self.count * (int(bits[0]) if bits else 8) // 8  # without digits: BOOL


class Weights:
    """The weights in one folder. Headers are read at once, tensors when they are asked for.

    Experts that are stored one by one, as FP8 releases do, are given as transformers has them: `experts.gate_up_proj`
    `[experts, 2 x width, hidden]` and `experts.down_proj` `[experts, hidden, width]`.
    """

    def __init__(self, folder: Path, *, block: tuple[int, int] | None = None) -> None:
        """Reads the headers. `block` is the size of a block of FP8 weights, if there are any.

        Raises:
            UnsupportedModelError: if there are no safetensors files, or one is missing, cut off or damaged.
        """
        self.folder = folder
        self.stored: dict[str, Stored] = {}
        self._block = block
        self._files: dict[str, str] = {}  # tensor -> file
        index = _index(folder)
        for file in sorted(weight_files(folder)):
            self._read_header(file)
        if lost := sorted(index.keys() - self.stored.keys()):
            raise self._error(f"{_INDEX} lists {some(lost)}, which no file holds; download it again")
        self._parts = _parts(self.stored)

    def names(self, prefix: str = "") -> set[str]:
        """The tensors that `read` can give, by the names that transformers gives them."""
        return {name for name in self._parts if name.startswith(prefix)}

    def check(self, expected: Mapping[str, Tensor]) -> None:
        """Compares the headers with the tensors expected, which may be on the meta device.

        Raises:
            UnsupportedModelError: if one is missing or has another shape, naming it.
        """
        if missing := sorted(expected.keys() - self._parts.keys()):
            raise self._error(f"lacks {some(missing)}; download it again")
        for name, tensor in expected.items():
            if (shape := self._shape(name)) != tensor.shape:
                raise self._error(f"{name} has the shape {[*shape]} and its config.json says {[*tensor.shape]}")

    def read(self, names: Iterable[str], *, device: torch.device, dtype: torch.dtype) -> dict[str, Tensor]:
        """The tensors of these names, FP8 blocks multiplied out.

        Raises:
            UnsupportedModelError: if the scales of an FP8 weight are missing or have the wrong shape.
        """
        with ExitStack() as stack, ThreadPoolExecutor(_READERS) as pool:
            files = {
                file: stack.enter_context(safe_open(self.folder / file, framework="pt"))
                for file in {*self._files.values()}
            }

            def load(name: str) -> Tensor:
                if name in self.stored:
                    return self._tensor(name, files, device).to(device, dtype)
                parts = self._parts[name]
                whole = torch.empty(self._shape(name), device=device, dtype=dtype)
                for place, part in zip(whole.view(len(parts), *self.stored[parts[0]].shape), parts, strict=True):
                    place.copy_(self._tensor(part, files, device))
                return whole

            wanted = list(names)
            return dict(zip(wanted, pool.map(load, wanted), strict=True))

    def _tensor(self, name: str, files: Mapping[str, Any], device: torch.device) -> Tensor:
        """A tensor as it is stored, or in float32 and on `device` if that is FP8."""
        tensor: Tensor = files[self._files[name]].get_tensor(name)
        if not self.stored[name].dtype.startswith("F8"):
            return tensor
        scale = name + _SCALE
        if scale not in self.stored:
            raise self._error(f"lacks {scale}, the scales of the FP8 weight; download it again")
        if not self._block:
            raise self._error(f"{name} is FP8, and config.json gives no weight_block_size; download it again")
        try:
            scales = files[self._files[scale]].get_tensor(scale)
            return dequantised(tensor.to(device), scales.to(device), self._block)
        except ValueError as error:
            raise self._error(f"{name} can't be dequantised: {error}") from error

    def _shape(self, name: str) -> tuple[int, ...]:
        """What `read` makes of the stored parts, which must be there and have equal shapes."""
        parts = self._parts[name]
        if missing := [part for part in parts if part not in self.stored]:
            raise self._error(f"lacks {some(missing)}; download it again")
        shape = self.stored[parts[0]].shape
        if odd := [part for part in parts if self.stored[part].shape != shape]:
            raise self._error(f"{some(odd)} has another shape than {parts[0]}; download it again")
        if name in self.stored:
            return shape
        rows, *columns = shape
        return (len(parts) // 2, 2 * rows, *columns) if name.endswith("gate_up_proj") else (len(parts), rows, *columns)

    def _read_header(self, file: str) -> None:
        try:
            with safe_open(self.folder / file, framework="numpy") as opened:  # torch would map all of it, to write in
                for name in opened.keys():  # noqa: SIM118 (it is no mapping)
                    header = opened.get_slice(name)
                    self._files[name] = file
                    self.stored[name] = Stored(header.get_dtype(), tuple(header.get_shape()))
        except FileNotFoundError as error:
            raise self._error(f"{file} is missing; download it again") from error
        except (SafetensorError, OSError) as error:
            raise self._error(f"{file} is damaged or cut off ({error}); download it again") from error

    def _error(self, text: str) -> UnsupportedModelError:
        return UnsupportedModelError(f"{self.folder}: {text}")


def some(names: Iterable[str], most: int = 3) -> str:
    """The first few names, and how many more there are."""
    listed = list(names)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more


def weight_files(folder: Path) -> set[str]:
    """The names of the files that hold a checkpoint's weights, or should."""
    return {*_index(folder).values()} or {_SINGLE}


def _index(folder: Path) -> dict[str, str]:
    """Which file holds which tensor; empty if there is one file for all."""
    if (folder / _SINGLE).is_file() or not (folder / _INDEX).is_file():
        return {}
    try:
        files: dict[str, str] = json.loads((folder / _INDEX).read_text(encoding="utf-8"))["weight_map"]
    except (ValueError, KeyError) as error:
        raise UnsupportedModelError(f"{folder}: {_INDEX} is damaged ({error}); download it again") from error
    return files


def _parts(stored: Iterable[str]) -> dict[str, list[str]]:
    """The stored tensors that each tensor to give is made of: an expert's gate lies before its up projection."""
    parts: dict[str, list[str]] = {}
    experts: dict[str, int] = {}
    for name in stored:
        if match := _EXPERT.fullmatch(name):
            experts[match[1]] = max(experts.get(match[1], 0), int(match[2]) + 1)
        elif not name.endswith(_SCALE):
            parts[name] = [name]
    for base, count in experts.items():
        each = [f"{base}.{expert}" for expert in range(count)]
        parts[f"{base}.gate_up_proj"] = [f"{one}.{half}_proj.weight" for one in each for half in ("gate", "up")]
        parts[f"{base}.down_proj"] = [f"{one}.down_proj.weight" for one in each]
    return parts
