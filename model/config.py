"""What quintet needs to know of a checkpoint beyond its weights."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from ..errors import BadInputError, UnsupportedModelError
from ..vision import VisionSettings

# model_type -> the class in transformers that holds the reference mathematics
ARCHITECTURES = {
    "qwen3_5": "Qwen3_5ForConditionalGeneration",
    "qwen3_5_moe": "Qwen3_5MoeForConditionalGeneration",
}
_FARTHEST = 4  # times the native context, by YaRN


@dataclass(frozen=True)
class ModelSpec:
    """A checkpoint's kind, limits and settings, read once from its JSON files.

    `context` is what it runs with; `native_context` is what it was trained on. `yarn` is the factor by which positions
    are stretched for this run (None: as the checkpoint says), and `block` the size of its FP8 blocks, if it has any.
    """

    name: str
    architecture: str
    context: int  # tokens
    native_context: int  # tokens
    vision: VisionSettings
    generation: Mapping[str, Any] = field(default_factory=dict)
    yarn: int | None = None
    block: tuple[int, int] | None = None

    @property
    def longest_context(self) -> int:
        """As far as YaRN reaches, tokens."""
        return max(self.context, _FARTHEST * self.native_context)

    @classmethod
    def from_hf(cls, name: str, files: Mapping[str, Mapping[str, Any]], *, context: int | None = None) -> Self:
        """Reads the parsed `config.json` and, where present, the preprocessor and generation files, by file name.

        `context` is in tokens: more than the checkpoint has is reached by YaRN, less is a limit.

        Raises:
            UnsupportedModelError: if the checkpoint isn't of the Qwen3.5 family, or quantised in an unknown way.
            BadInputError: if `context` is more than four times what the checkpoint was trained on.
        """
        config = files["config.json"]
        kind = config.get("model_type")
        if kind not in ARCHITECTURES:
            known = " or ".join(ARCHITECTURES)
            raise UnsupportedModelError(
                f"{name!r} is a {kind!r} checkpoint; quintet runs the Qwen3.5 family ({known}): give one of those"
            )
        text = config.get("text_config", {})
        longest = int(text.get("max_position_embeddings") or 0)
        if not longest:
            raise UnsupportedModelError(
                f"the config.json of {name!r} lacks text_config.max_position_embeddings; add it"
            )
        rope = text.get("rope_parameters") or text.get("rope_scaling") or {}
        native = int(rope.get("original_max_position_embeddings") or longest)
        if context is not None and not 0 < context <= _FARTHEST * native:
            raise BadInputError(
                f"a context of {context} tokens can't be had: {name!r} was trained on {native}, and YaRN reaches "
                f"{_FARTHEST} times as far; give 1 to {_FARTHEST * native}"
            )
        return cls(
            name=name,
            architecture=ARCHITECTURES[kind],
            context=context or longest,
            native_context=native,
            yarn=math.ceil(context / native) if context and context > longest else None,
            block=_fp8_block(name, config.get("quantization_config")),
            vision=VisionSettings.from_hf(
                files.get("preprocessor_config.json", {}), files.get("video_preprocessor_config.json", {})
            ),
            generation=files.get("generation_config.json", {}),
        )


def _fp8_block(name: str, quantization: Mapping[str, Any] | None) -> tuple[int, int] | None:
    if not quantization:
        return None
    method, block = quantization.get("quant_method"), quantization.get("weight_block_size")
    if method != "fp8" or not block:
        raise UnsupportedModelError(
            f"{name!r} is quantised as {method!r} with blocks of {block}; quintet reads 16 and 32 bits, and 'fp8' "
            "with blocks: give the original checkpoint or its FP8 release"
        )
    rows, columns = block
    return int(rows), int(columns)
