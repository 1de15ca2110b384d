"""The two sizes of the nano model, and the checkpoint's configuration files."""

from dataclasses import dataclass
from typing import Any

IMAGE_PIXELS = (4096, 25600)
VIDEO_PIXELS = (4096, 196608)
MOST_FRAMES = 32


@dataclass(frozen=True)
class Size:
    """Widths and depths; the names follow the family's configuration."""

    vocab: int = 2048
    hidden: int = 256
    layers: int = 8  # every fourth is gated attention
    heads: int = 8
    kv_heads: int = 2
    head_dim: int = 32
    rotary: float = 0.5
    sections: tuple[int, int, int] = (3, 3, 2)
    key_heads: int = 8
    value_heads: int = 8
    linear_dim: int = 32
    conv: int = 4
    experts: int = 16
    chosen: int = 4
    expert_dim: int = 96
    shared_dim: int = 256
    vision_layers: int = 6
    vision_hidden: int = 192
    vision_heads: int = 6
    vision_mlp: int = 768
    vision_side: int = 16  # the learned position grid is `vision_side` squared

    @property
    def rotary_dim(self) -> int:
        return int(self.head_dim * self.rotary)

    @property
    def key_dim(self) -> int:
        return self.key_heads * self.linear_dim

    @property
    def value_dim(self) -> int:
        return self.value_heads * self.linear_dim

    def attends(self, layer: int) -> bool:
        """Whether this layer is gated attention rather than Gated DeltaNet."""
        return layer % 4 == 3


SIZES = {
    "full": Size(),
    "small": Size(
        hidden=192,
        layers=4,
        heads=4,
        kv_heads=1,
        key_heads=4,
        value_heads=4,
        experts=8,
        chosen=2,
        expert_dim=128,
        shared_dim=128,
        vision_layers=3,
        vision_hidden=128,
        vision_heads=4,
        vision_mlp=384,
    ),
}
THETA = 10_000.0


def config(size: Size, control: dict[str, int]) -> dict[str, Any]:
    """config.json of the checkpoint."""
    end, pad = control["<|im_end|>"], control["<|endoftext|>"]
    text = {
        "model_type": "qwen3_5_moe_text",
        "vocab_size": size.vocab,
        "hidden_size": size.hidden,
        "num_hidden_layers": size.layers,
        "num_attention_heads": size.heads,
        "num_key_value_heads": size.kv_heads,
        "head_dim": size.head_dim,
        "hidden_act": "silu",
        "max_position_embeddings": 8192,
        "rms_norm_eps": 1e-6,
        "tie_word_embeddings": True,
        "attention_bias": False,
        "linear_conv_kernel_dim": size.conv,
        "linear_key_head_dim": size.linear_dim,
        "linear_value_head_dim": size.linear_dim,
        "linear_num_key_heads": size.key_heads,
        "linear_num_value_heads": size.value_heads,
        "moe_intermediate_size": size.expert_dim,
        "shared_expert_intermediate_size": size.shared_dim,
        "num_experts": size.experts,
        "num_experts_per_tok": size.chosen,
        "layer_types": ["full_attention" if size.attends(i) else "linear_attention" for i in range(size.layers)],
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": THETA,
            "partial_rotary_factor": size.rotary,
            "mrope_section": list(size.sections),
            "mrope_interleaved": True,
        },
        "eos_token_id": end,
        "pad_token_id": pad,
        "dtype": "bfloat16",
    }
    vision = {
        "model_type": "qwen3_5_moe_vision",
        "depth": size.vision_layers,
        "hidden_size": size.vision_hidden,
        "hidden_act": "gelu_pytorch_tanh",
        "intermediate_size": size.vision_mlp,
        "num_heads": size.vision_heads,
        "in_channels": 3,
        "patch_size": 16,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "out_hidden_size": size.hidden,
        "num_position_embeddings": size.vision_side**2,
        "rope_parameters": {"rope_type": "axial", "rope_theta": 10000.0},
    }
    return {
        "architectures": ["Qwen3_5MoeForConditionalGeneration"],
        "model_type": "qwen3_5_moe",
        "text_config": text,
        "vision_config": vision,
        "image_token_id": control["<|image_pad|>"],
        "video_token_id": control["<|video_pad|>"],
        "vision_start_token_id": control["<|vision_start|>"],
        "vision_end_token_id": control["<|vision_end|>"],
        "tie_word_embeddings": True,
        "dtype": "bfloat16",
    }


def preprocessors() -> dict[str, dict[str, Any]]:
    """The other configuration files, by name."""
    common = {
        "patch_size": 16,
        "temporal_patch_size": 2,
        "merge_size": 2,
        "image_mean": [0.5] * 3,
        "image_std": [0.5] * 3,
    }
    return {
        "preprocessor_config.json": {
            "image_processor_type": "Qwen2VLImageProcessor",
            "size": {"shortest_edge": IMAGE_PIXELS[0], "longest_edge": IMAGE_PIXELS[1]},
            **common,
        },
        "video_preprocessor_config.json": {
            "video_processor_type": "Qwen3VLVideoProcessor",
            "size": {"shortest_edge": VIDEO_PIXELS[0], "longest_edge": VIDEO_PIXELS[1]},
            "fps": 2,
            "min_frames": 4,
            "max_frames": MOST_FRAMES,
            **common,
        },
    }
