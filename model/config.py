"""What quintet needs to know of a checkpoint beyond its weights."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from ..errors import UnsupportedModelError
from ..vision import VisionSettings

# model_type -> the class in transformers that holds the reference mathematics
ARCHITECTURES = {
    "qwen3_5": "Qwen3_5ForConditionalGeneration",
    "qwen3_5_moe": "Qwen3_5MoeForConditionalGeneration",
}


@dataclass(frozen=True)
class ModelSpec:
    """A checkpoint's kind, limits and settings, read once from its JSON files."""

    name: str
    architecture: str
    context: int  # tokens
    vision: VisionSettings
    generation: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_hf(cls, name: str, files: Mapping[str, Mapping[str, Any]]) -> Self:
        """Reads the parsed `config.json` and, where present, the preprocessor and generation files, by file name.

        Raises:
            UnsupportedModelError: if the checkpoint isn't of the Qwen3.5 family.
        """
        config = files["config.json"]
        kind = config.get("model_type")
        if kind not in ARCHITECTURES:
            known = " or ".join(ARCHITECTURES)
            raise UnsupportedModelError(
                f"{name!r} is a {kind!r} checkpoint; quintet runs the Qwen3.5 family ({known}): give one of those"
            )
        return cls(
            name=name,
            architecture=ARCHITECTURES[kind],
            context=int(config["text_config"]["max_position_embeddings"]),
            vision=VisionSettings.from_hf(
                files.get("preprocessor_config.json", {}), files.get("video_preprocessor_config.json", {})
            ),
            generation=files.get("generation_config.json", {}),
        )
