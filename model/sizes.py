"""What a checkpoint weighs, and what a conversation with it takes: arithmetic on names and shapes, without weights."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from transformers import PreTrainedConfig

from .weights import Stored

_EMBEDDING = "model.language_model.embed_tokens.weight"
_FP8_SIDE = 128  # shorter sides aren't stored in FP8


@dataclass(frozen=True)
class Sizes:
    """Counts of numbers and bytes, from the tensors that the headers list and from the text model's settings."""

    stored: Mapping[str, Stored]
    text: PreTrainedConfig

    @property
    def parameters(self) -> int:
        """Of the model as it is loaded: text and vision, without the MTP layer."""
        return self._count(lambda name: not name.startswith("mtp."))

    @property
    def active(self) -> int:
        """Parameters that one token of text needs: the routed experts, everything else in each layer, and the head."""
        text = self._count(lambda name: not name.startswith(("mtp.", "model.visual.")))
        experts = self._count(lambda name: name.startswith("model.language_model.") and ".experts." in name)
        if experts:
            text -= experts - experts * self.text.num_experts_per_tok // self.text.num_experts
        untied = "lm_head.weight" in self.stored  # else the embedding is the head as well
        return text - self._count(lambda name: name == _EMBEDDING and untied)

    @property
    def vision(self) -> int:
        """Parameters of the vision tower."""
        return self._count(lambda name: name.startswith("model.visual."))

    @property
    def mtp(self) -> int:
        """Parameters of the MTP layer."""
        return self._count(lambda name: name.startswith("mtp."))

    @property
    def disk(self) -> dict[str, int]:
        """Bytes in files, by the type of numbers."""
        found: Counter[str] = Counter()
        for tensor in self.stored.values():
            found[tensor.dtype] += tensor.bytes
        return dict(found)

    def weights(self, width: int) -> int:
        """Bytes of the loaded model at `width` bytes a parameter; at 1, what FP8 leaves alone has 2."""

        def bytes_of(name: str) -> int:
            shape = self.stored[name].shape
            quantised = ".layers." in name and len(shape) > 1 and min(shape[-2:]) >= _FP8_SIDE
            return self.stored[name].count * (width if quantised else max(width, 2))

        return sum(bytes_of(name) for name in self.stored if _is_weight(name) and not name.startswith("mtp."))

    def kv(self, width: int) -> int:
        """Bytes that a token leaves in the attention layers, at `width` bytes a number."""
        layers = self.text.layer_types.count("full_attention")
        return int(layers * 2 * self.text.num_key_value_heads * self.text.head_dim * width)

    def state(self, width: int) -> int:
        """Bytes of the Gated DeltaNet layers' states of a conversation of any length, or of one checkpoint in it.

        The recurrent states are always float32; the states of the convolutions have `width` bytes a number.
        """
        text = self.text
        keys = text.linear_num_key_heads * text.linear_key_head_dim
        values = text.linear_num_value_heads * text.linear_value_head_dim
        recurrent = values * text.linear_key_head_dim * 4
        convolution = (2 * keys + values) * text.linear_conv_kernel_dim * width
        return int(text.layer_types.count("linear_attention") * (recurrent + convolution))

    def room(self, memory: int, width: int) -> int:
        """Tokens of one conversation that `memory` bytes hold beside the weights, of `width` bytes a parameter.

        Keys and values have as many bytes each, but never less than 2. What a step itself needs isn't counted.
        """
        rest = memory - self.weights(width) - self.state(max(width, 2))
        return max(0, rest // self.kv(max(width, 2)))

    def _count(self, wanted: Callable[[str], bool]) -> int:
        return sum(tensor.count for name, tensor in self.stored.items() if _is_weight(name) and wanted(name))


def _is_weight(name: str) -> bool:
    return not name.endswith("_scale_inv")
