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
    import transformers

    folder = hub.find(name)
    settings = hub.read_settings(name, folder)
    spec = ModelSpec.from_hf(name, settings, context=context)
    config = model_config(spec, settings["config.json"])
    device = choose_device(device)
    dtype = choose_dtype(dtype, device, config)
    hub.download(name, folder)
    with _explained(name):
        from .mtp import load_mtp
        from .weights import Weights

        weights = Weights(folder, block=spec.block)
        model = _fill(getattr(transformers, spec.architecture), config, weights, device, dtype)
        mtp = load_mtp(weights, model) if speculate else None
        # Not AutoTokenizer: it puts the pattern of the family in place of the one in tokenizer.json, whatever that is.
        tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(folder)
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

    `from_pretrained` would do, if it didn't fill what it doesn't find with random numbers, and didn't need another
    package to multiply FP8 out and to load onto a GPU.
    """
    import torch

    from .attention import NAME
    from .mtp import PREFIX
    from .weights import some

    config._attn_implementation = "sdpa"
    config.text_config._attn_implementation = NAME
    if device.type == "cpu":
        if hasattr(config.text_config, "num_experts"):
            config._experts_implementation = "grouped_mm"
        logging.getLogger("transformers.integrations.hub_kernels").setLevel(logging.ERROR)  # advice for GPUs
    with torch.device("meta"):
        model = kind(config)
    wanted = model.state_dict()
    if unknown := sorted(weights.names() - weights.names(PREFIX) - wanted.keys()):
        _logger.warning("%s: left out %s, not known", weights.folder, some(unknown))
    wanted = {name: tensor for name, tensor in wanted.items() if name not in model.all_tied_weights_keys}
    weights.check(wanted)
    model.load_state_dict(weights.read(wanted, device=device, dtype=dtype), strict=False, assign=True)
    model.tie_weights()
    for module in model.modules():  # frequencies of positions, which are in no file
        for name, buffer in module.named_buffers(recurse=False):
            if buffer.is_meta:
                setattr(module, name, getattr(type(module)(module.config), name).to(device))
    model.eval().requires_grad_(False)
    return model


def model_config(spec: ModelSpec, settings: Mapping[str, Any]) -> "PreTrainedConfig":
    """transformers' reading of `config.json`, with the context wanted, and without FP8, which is undone on the way.

    Raises:
        UnsupportedModelError: if transformers can't make sense of it.
    """
    from transformers import AutoConfig

    plain = deepcopy({key: value for key, value in settings.items() if key != "quantization_config"})
    with _explained(spec.name):
        config: PreTrainedConfig = AutoConfig.for_model(**plain)
    if spec.yarn:
        config.text_config.max_position_embeddings = spec.yarn * spec.native_context
        config.text_config.rope_parameters |= {
            "rope_type": "yarn",
            "factor": float(spec.yarn),
            "original_max_position_embeddings": spec.native_context,
        }
    return config


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """What libraries say of a checkpoint that can't be loaded becomes our error."""
    from huggingface_hub.errors import StrictDataclassError
    from safetensors import SafetensorError

    try:
        yield
    except BadInputError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, SafetensorError, StrictDataclassError) as error:
        # RuntimeError: out of memory too
        raise UnsupportedModelError(f"{name!r} can't be loaded: {_reason(error)}") from error


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
        raise BadInputError(f"device {str(device)!r} can't be used here ({_reason(error)}); try 'cpu'") from error
    return chosen


def choose_dtype(
    dtype: "str | torch.dtype | None", device: "torch.device", config: "PreTrainedConfig"
) -> "torch.dtype":
    """What was asked for, else float32 on a CPU, and on a GPU what the checkpoint was saved in.

    Raises:
        BadInputError: if it isn't known.
    """
    import torch

    if dtype is None:
        saved = config.dtype or config.text_config.dtype or torch.bfloat16
        dtype = torch.float32 if device.type == "cpu" else saved
    if isinstance(dtype, torch.dtype):
        return dtype
    if dtype not in _DTYPES:
        raise BadInputError(f"dtype {dtype!r} isn't known; give one of {', '.join(_DTYPES)}")
    chosen: torch.dtype = getattr(torch, dtype)
    return chosen


def _reason(error: BaseException, longest: int = 300) -> str:
    """What an error says, on one line, and not all of it if it goes on and on."""
    return " ".join((str(error).strip() or type(error).__name__).split())[:longest]
