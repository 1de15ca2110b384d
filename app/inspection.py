"""What `quintet inspect` tells: plain, JSON-able facts about a model, a picture, a video or a library."""

from __future__ import annotations

import os
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..vision import Image, Video, VisionSettings

if TYPE_CHECKING:
    import torch

    from ..model.config import ModelSpec
    from ..rag import Library

_WIDTHS = {"float32": 4, "bfloat16": 2, "float8": 1}  # bytes a parameter
_MEMORY = {Path("/proc/meminfo"): r"MemAvailable: *(\d+) kB", Path("/sys/fs/cgroup/memory.max"): r"(\d+)"}


def describe_model(name: str) -> tuple[dict[str, Any], ModelSpec]:
    """A checkpoint's size, layers, limits, and what of it fits on this machine; and its specification.

    Only settings and the headers of the weights are read, from the hub if they aren't here.
    """
    from ..model import hub
    from ..model.checkpoint import choose_device, choose_dtype, model_config
    from ..model.config import ModelSpec
    from ..model.sampling import Sampling
    from ..model.sizes import Sizes

    folder = hub.find(name)
    settings = hub.read_settings(name, folder)
    spec = ModelSpec.from_hf(name, settings)
    config = model_config(spec, settings["config.json"])
    text, vision = config.text_config, config.vision_config
    sizes = Sizes(hub.headers(name, folder), text)
    device = choose_device(None)
    dtype = choose_dtype(None, device, config)
    memory = _memory(device)
    facts: dict[str, Any] = {
        "name": spec.name,
        "architecture": spec.architecture,
        "parameters": sizes.parameters,
        "active_parameters": sizes.active,
        "vision_parameters": sizes.vision,
        "mtp_parameters": sizes.mtp or None,
        "bytes_on_disk": sizes.disk,
        "layers": {kind: text.layer_types.count(kind) for kind in sorted({*text.layer_types})},
        "vision_layers": vision.depth,
        "hidden": text.hidden_size,
        "vocabulary": text.vocab_size,
        "context_tokens": spec.context,
        "context_tokens_by_yarn": spec.longest_context,
        "image_pixels": [spec.vision.image_min_pixels, spec.vision.image_max_pixels],
        "video_pixels": [spec.vision.video_min_pixels, spec.vision.video_max_pixels],
        "sampling": asdict(Sampling.for_checkpoint(spec.generation, True)),
        "sampling_without_thinking": asdict(Sampling.for_checkpoint(spec.generation, False)),
        "device": str(device),
        "dtype": str(dtype).removeprefix("torch."),
        "kv_bytes_per_token": sizes.kv(dtype.itemsize),
        "state_bytes_per_conversation": sizes.state(dtype.itemsize),
        "free_memory_bytes": memory,
        "fits_on_this_machine": {
            kind: {
                "weights_bytes": sizes.weights(bytes_each),
                "context_tokens": min(sizes.room(memory, bytes_each), spec.longest_context),
            }
            for kind, bytes_each in _WIDTHS.items()
        },
    }
    if getattr(text, "num_experts", None):
        facts["experts"] = {"routed": text.num_experts, "used_per_token": text.num_experts_per_tok, "shared": 1}
    return facts, spec


def _memory(device: torch.device) -> int:
    """Bytes that are free for a model: on the GPU, or in this machine's or this container's memory."""
    import torch

    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for place, pattern in _MEMORY.items():
        if place.is_file() and (number := re.search(pattern, place.read_text())):
            found.append(int(number[1]) * (1024 if place.name == "meminfo" else 1))
    return min(found)


def describe_media(item: Image | Video, settings: VisionSettings) -> dict[str, Any]:
    """A picture's or video's size, and what a model with these vision settings sees of it."""
    plan = item.plan(settings)
    seen = {"seen_px": list(reversed(plan.size)), "tokens": plan.tokens}
    if isinstance(item, Image):
        page = {} if item.page is None else {"page": item.page}
        return {"name": item.name, "kind": "picture", **page, "px": list(item.size), **seen}
    info = item.info
    return {
        "name": item.name,
        "kind": "video",
        "px": [info.width, info.height],
        "seconds": round(info.duration, 3),
        "fps": round(info.fps, 3),
        "frames": info.frames,
        **({"notes": list(item.report.notes)} if item.report else {}),
        **seen,
        "seen_at_seconds": [round(time, 3) for time in plan.times],
    }


def describe_library(library: Library) -> dict[str, Any]:
    """A library's documents."""
    documents = library.documents()
    listed = [{"source": one.source, "kind": one.kind, "pages": one.pages} for one in documents]
    return {"path": str(library.path), "count": len(documents), "documents": listed}
