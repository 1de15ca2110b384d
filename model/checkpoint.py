"""Weights in: loading a checkpoint into transformers' modules."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import BadInputError, UnsupportedModelError
from . import hub
from .config import ModelSpec

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from .mtp import MultiTokenPredictor
    from .weights import Weights

_DTYPES = ("float32", "bfloat16", "float16")
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint:
    """A loaded checkpoint; `mtp` is its layer for speculation, if that was asked for."""

    spec: ModelSpec
    model: "PreTrainedModel"
    tokenizer: "PreTrainedTokenizerBase"
    mtp: "MultiTokenPredictor | None" = None


def load_checkpoint(
    name: str,
    *,
    device: "str | torch.device | None" = None,
    dtype: "str | torch.dtype | None" = None,
    context: int | None = None,
    speculate: bool = False,
) -> Checkpoint:
    """Loads `nano`, a folder, or a repository `org/name` of the hub.

    `device` is chosen if not given: a GPU if there is one. `dtype` defaults to what the checkpoint was saved in, and to
    float32 on a CPU; FP8 is multiplied out. `context` is in tokens: more than the checkpoint's own turns on YaRN, which
    reaches four times as far; less is a limit. `speculate` loads the checkpoint's MTP layer too.

    Raises:
        ModelNotFoundError: if there is no such folder, and the hub has no such repository or can't be reached.
        UnsupportedModelError: if it isn't a Qwen3.5-family checkpoint, a file or a tensor that it needs is missing or
            damaged, or `speculate` finds no MTP layer.
        BadInputError: if `device`, `dtype` or `context` can't be had.
    """
    import torch
    import transformers
    from safetensors import SafetensorError

    folder = hub.find(name)
    settings = hub.read_settings(name, folder)
    spec = ModelSpec.from_hf(name, settings, context=context)
    device = choose_device(device)
    wanted = choose_dtype(dtype, device)
    hub.download(name, folder)
    try:
        from .mtp import load_mtp
        from .weights import Weights

        kind: type[PreTrainedModel] = getattr(transformers, spec.architecture)
        config = model_config(spec, settings["config.json"])
        weights = Weights(folder, block=spec.block)
        with _quiet(on_cpu=device.type == "cpu"):
            model = _fill(kind, config, weights, device, wanted or config.text_config.dtype or torch.bfloat16)
        mtp = load_mtp(weights, model) if speculate else None
        # Not AutoTokenizer: for this family it puts a pattern of its own in place of the one in tokenizer.json.
        tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(folder)
    except (OSError, RuntimeError, KeyError, SafetensorError) as error:  # RuntimeError: out of memory too
        raise UnsupportedModelError(f"{name!r} can't be loaded: {_first_line(error)}") from error
    if speculate and not mtp:
        raise UnsupportedModelError(f"{name!r} has no MTP layer to speculate with; load it with speculate=False")
    if not tokenizer.chat_template:
        raise UnsupportedModelError(f"{name!r} has no chat template; add its chat_template.jinja to the checkpoint")
    return Checkpoint(spec, model, tokenizer, mtp)


def _fill(
    kind: "type[PreTrainedModel]",
    config: "PreTrainedConfig",
    weights: "Weights",
    device: "torch.device",
    dtype: "torch.dtype",
) -> "PreTrainedModel":
    """The model with its weights.

    transformers is given tensors, not files: by itself it fills what it doesn't find with random numbers, and needs
    another package to multiply FP8 out or to load onto a GPU.
    """
    import torch

    from .mtp import PREFIX
    from .weights import some

    with torch.device("meta"):
        empty = kind(config)
    expected = {name: tensor for name, tensor in empty.state_dict().items() if name not in empty.all_tied_weights_keys}
    weights.check(expected)
    if unknown := sorted(weights.names() - weights.names(PREFIX) - empty.state_dict().keys()):
        _logger.warning("%s: %s not known and left out", weights.folder, some(unknown))
    model = kind.from_pretrained(
        None,
        config=config,
        state_dict=weights.read(expected, device=device, dtype=dtype),
        dtype=dtype,
        attn_implementation="sdpa",
        **({"experts_implementation": "eager"} if device.type == "cpu" and "Moe" in kind.__name__ else {}),
    )
    return model.to(device).eval().requires_grad_(False)


def model_config(spec: ModelSpec, settings: Mapping[str, Any]) -> "PreTrainedConfig":
    """transformers' reading of `config.json`, with the context wanted, and without FP8, which is undone on the way."""
    from transformers import AutoConfig

    config: PreTrainedConfig = AutoConfig.for_model(
        **deepcopy({key: value for key, value in settings.items() if key != "quantization_config"})
    )
    if spec.yarn:
        config.text_config.max_position_embeddings = spec.yarn * spec.native_context
        config.text_config.rope_parameters |= {
            "rope_type": "yarn",
            "factor": float(spec.yarn),
            "original_max_position_embeddings": spec.native_context,
        }
    return config


@contextmanager
def _quiet(*, on_cpu: bool) -> Iterator[None]:
    """No progress bar for what takes no time, and on a CPU no advice to install GPU kernels."""
    from transformers.utils import logging as transformers_logging

    if on_cpu:
        logging.getLogger("transformers.integrations.hub_kernels").setLevel(logging.ERROR)
    shown = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            transformers_logging.enable_progress_bar()


def choose_device(device: "str | torch.device | None") -> "torch.device":
    """The device that was asked for, or a GPU if there is one.

    Raises:
        BadInputError: if it can't be used here.
    """
    import torch

    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError) as error:
        raise BadInputError(f"device {str(device)!r} can't be used here ({_first_line(error)}); try 'cpu'") from error
    return chosen


def choose_dtype(dtype: "str | torch.dtype | None", device: "torch.device") -> "torch.dtype | None":
    """What was asked for, else float32 on a CPU, or None for what the checkpoint was saved in.

    Raises:
        BadInputError: if it isn't known.
    """
    import torch

    if dtype is None:
        return torch.float32 if device.type == "cpu" else None
    if isinstance(dtype, torch.dtype):
        return dtype
    if dtype not in _DTYPES:
        raise BadInputError(f"dtype {dtype!r} isn't known; give one of {', '.join(_DTYPES)}")
    chosen: torch.dtype = getattr(torch, dtype)
    return chosen


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
