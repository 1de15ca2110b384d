"""Weights in: finding a checkpoint and loading it through transformers."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import BadInputError, ModelNotFoundError, UnsupportedModelError
from .config import ModelSpec

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_SMALL_FILES = ("config.json", "preprocessor_config.json", "video_preprocessor_config.json", "generation_config.json")
_DTYPES = ("float32", "bfloat16", "float16")


@dataclass(frozen=True)
class Checkpoint:
    """A loaded checkpoint."""

    spec: ModelSpec
    model: "PreTrainedModel"
    tokenizer: "PreTrainedTokenizerBase"


def load_checkpoint(
    name: str, *, device: "str | torch.device | None" = None, dtype: "str | torch.dtype | None" = None
) -> Checkpoint:
    """Loads `nano`, a folder, or a repository `org/name` of the hub.

    `device` is chosen if not given: a GPU if there is one. `dtype` defaults to what the checkpoint was saved in, and to
    float32 on a CPU.

    Raises:
        ModelNotFoundError: if there is no such folder, and the hub has no such repository or can't be reached.
        UnsupportedModelError: if it isn't a Qwen3.5-family checkpoint, or a file that it needs is missing or damaged.
    """
    import transformers
    from safetensors import SafetensorError

    place = str(files("quintet.model.nano")) if name == "nano" else str(Path(name).expanduser())
    spec = ModelSpec.from_hf(name, _read_small_files(name, place))
    device = _device(device)
    wanted = _dtype(dtype, device)
    on_cpu = device.type == "cpu"
    options = {"experts_implementation": "eager"} if on_cpu and "Moe" in spec.architecture else {}
    try:
        with _quiet(bundled=name == "nano", on_cpu=on_cpu):
            model = getattr(transformers, spec.architecture).from_pretrained(
                place,
                dtype=wanted,
                device_map=None if on_cpu else {"": device},
                attn_implementation="sdpa",
                **options,
            )
        # Not AutoTokenizer: for this family it puts a pattern of its own in place of the one in tokenizer.json.
        tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(place)
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:  # RuntimeError: out of memory too
        raise UnsupportedModelError(f"{name!r} can't be loaded: {_first_line(error)}") from error
    if not tokenizer.chat_template:
        raise UnsupportedModelError(f"{name!r} has no chat template; add its chat_template.jinja to the checkpoint")
    return Checkpoint(spec, model.eval().requires_grad_(False), tokenizer)


@contextmanager
def _quiet(*, bundled: bool, on_cpu: bool) -> Iterator[None]:
    """No progress bar for the bundled model, and on a CPU no advice to install GPU kernels."""
    from transformers.utils import logging as transformers_logging

    if on_cpu:
        logging.getLogger("transformers.integrations.hub_kernels").setLevel(logging.ERROR)
    shown = transformers_logging.is_progress_bar_enabled()
    if bundled:
        transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            transformers_logging.enable_progress_bar()


def _read_small_files(name: str, place: str) -> dict[str, dict[str, Any]]:
    folder = Path(place)
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise ModelNotFoundError(f"{name!r} is a folder without config.json; give the folder of a checkpoint")
        paths = {file: folder / file for file in _SMALL_FILES if (folder / file).is_file()}
    else:
        paths = _download_small_files(name)
    try:
        return {file: json.loads(path.read_text(encoding="utf-8")) for file, path in paths.items()}
    except ValueError as error:
        raise UnsupportedModelError(f"{name!r} has a damaged configuration file: {_first_line(error)}") from error


def _download_small_files(name: str) -> dict[str, Path]:
    """From the hub's cache on this machine, else from the hub."""
    from huggingface_hub import HfApi, hf_hub_download, try_to_load_from_cache

    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise ModelNotFoundError(
            f"no model {name!r}: give 'nano', the folder of a checkpoint, or a hub repository as 'org/name'"
        )
    cached = {file: try_to_load_from_cache(name, file) for file in _SMALL_FILES}
    paths = {file: Path(path) for file, path in cached.items() if isinstance(path, str)}
    if "config.json" in paths:
        return paths
    try:  # asked once and without the retries of a download, so that a missing network is told at once
        offered = {one.rfilename for one in HfApi().model_info(name, timeout=10).siblings or ()}
        wanted = [file for file in _SMALL_FILES if file in offered or file == "config.json"]
        return {file: Path(hf_hub_download(name, file)) for file in wanted}
    except Exception as error:  # the hub client's errors have no common base across its versions
        raise ModelNotFoundError(
            f"no model {name!r}: it is no folder here, not in the cache, and the hub can't provide it "
            f"({_first_line(error)}); check the name and the network, or use 'nano'"
        ) from error


def _device(device: "str | torch.device | None") -> "torch.device":
    import torch

    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError) as error:
        raise BadInputError(f"device {str(device)!r} can't be used here ({_first_line(error)}); try 'cpu'") from error
    return chosen


def _dtype(dtype: "str | torch.dtype | None", device: "torch.device") -> "torch.dtype | str":
    import torch

    if dtype is None:
        return torch.float32 if device.type == "cpu" else "auto"
    if isinstance(dtype, torch.dtype):
        return dtype
    if dtype not in _DTYPES:
        raise BadInputError(f"dtype {dtype!r} isn't known; give one of {', '.join(_DTYPES)}")
    chosen: torch.dtype = getattr(torch, dtype)
    return chosen


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
