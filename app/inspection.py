"""What `quintet inspect` tells: plain, JSON-able facts about a model, a picture, a video or a library."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..vision import Image, Video, VisionSettings

if TYPE_CHECKING:
    from ..model.config import ModelSpec
    from ..rag import Library


def describe_model(
    name: str, *, device: str | None = None, dtype: str | None = None
) -> tuple[dict[str, Any], ModelSpec]:
    """A checkpoint's size, layers, limits and sampling, and its specification. The weights are loaded for it."""
    from ..model.checkpoint import load_checkpoint
    from ..model.sampling import Sampling

    checkpoint = load_checkpoint(name)
    model, spec = checkpoint.model, checkpoint.spec
    text, vision = model.config.text_config, model.config.vision_config
    kinds = list(text.layer_types)
    facts: dict[str, Any] = {
        "name": spec.name,
        "architecture": spec.architecture,
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "device": str(model.device),
        "dtype": str(model.dtype).removeprefix("torch."),
        "context_tokens": spec.context,
        "vocabulary": text.vocab_size,
        "hidden": text.hidden_size,
        "layers": {kind: kinds.count(kind) for kind in sorted(set(kinds))},
        "vision_layers": vision.depth,
        "image_pixels": [spec.vision.image_min_pixels, spec.vision.image_max_pixels],
        "video_pixels": [spec.vision.video_min_pixels, spec.vision.video_max_pixels],
        "sampling": asdict(Sampling.for_checkpoint(spec.generation, True)),
        "sampling_without_thinking": asdict(Sampling.for_checkpoint(spec.generation, False)),
    }
    if getattr(text, "num_experts", None):
        facts["experts"] = {"routed": text.num_experts, "used_per_token": text.num_experts_per_tok, "shared": 1}
    return facts, spec


def describe_media(item: Image | Video, settings: VisionSettings) -> dict[str, Any]:
    """A picture's or video's size, and what a model with these vision settings sees of it."""
    patches = item.patches(settings)
    _, rows, columns = patches.grid
    seen = {"seen_px": [columns * settings.patch, rows * settings.patch], "tokens": patches.tokens}
    if isinstance(item, Image):
        return {"name": item.name, "kind": "picture", "px": list(item.pil.size), **seen}
    info = item.info
    return {
        "name": item.name,
        "kind": "video",
        "px": [info.width, info.height],
        "seconds": round(info.duration, 3),
        "fps": round(info.fps, 3),
        "frames": info.frames,
        **seen,
        "seen_at_seconds": [round(time, 3) for time in patches.times],
    }


def describe_library(library: Library) -> dict[str, Any]:
    """A library's documents."""
    documents = library.documents()
    listed = [{"source": one.source, "kind": one.kind, "pages": one.pages} for one in documents]
    return {"path": str(library.path), "count": len(documents), "documents": listed}
