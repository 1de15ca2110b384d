"""What a hybrid decoder remembers of the tokens it read: attention keys and values, and recurrent states.

Keys and values lie in buffers that grow a little ahead of need, so a token costs no copy of the past; they can be
cropped. Recurrent states can't: they are copied at a checkpoint and put back on a rewind.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor
from transformers import PreTrainedConfig
from transformers.cache_utils import Cache, DynamicLayer, LinearAttentionLayer


class GrowingLayer(DynamicLayer):
    """Keys and values `[1, heads, length, dim]` of one attention layer, as views of larger buffers."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._buffers: list[Tensor] = []
        self.length = 0

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        super().lazy_initialization(key_states, value_states)
        self._buffers = [
            states.new_empty(*states.shape[:2], 0, states.shape[3]) for states in (key_states, value_states)
        ]

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        start, end = self.length, self.length + key_states.shape[2]
        for index, states in enumerate((key_states, value_states)):
            buffer = self._buffers[index]
            if buffer.shape[2] < end:
                grown = buffer.new_empty(*buffer.shape[:2], end + max(end // 16, 256), buffer.shape[3])
                grown[:, :, :start] = buffer[:, :, :start]
                self._buffers[index] = buffer = grown
            buffer[:, :, start:end] = states
        return self._show(end)

    def truncate(self, length: int) -> None:
        """Forgets all but the first `length` tokens."""
        if self.is_initialized:
            self._show(length)

    def twin(self, length: int) -> "GrowingLayer":
        """A layer of its own with the same first `length` tokens."""
        twin = copy(self)
        if twin.is_initialized:
            twin._buffers = [buffer[:, :, :length].clone() for buffer in self._buffers]
            twin._show(length)
        return twin

    def between(self, start: int, end: int) -> tuple[Tensor, ...]:
        """Keys and values of the tokens `start` to `end`."""
        return tuple(buffer[:, :, start:end] for buffer in self._buffers)

    @property
    def nbytes(self) -> int:
        return sum(buffer.nbytes for buffer in self._buffers)

    def _show(self, length: int) -> tuple[Tensor, Tensor]:
        self.length = length
        keys, values = (buffer[:, :, :length] for buffer in self._buffers)
        self.keys, self.values = keys, values
        return keys, values


class StateLayer(LinearAttentionLayer):
    """Convolution and recurrent state of one Gated DeltaNet layer, of one conversation or of several in a batch."""

    @classmethod
    def of(cls, states: Sequence[Tensor]) -> "StateLayer":
        """A layer that holds copies of `states`: convolution and recurrent."""
        layer = cls()
        conv, recurrent = states
        layer.update_conv_state(conv)
        layer.update_recurrent_state(recurrent)
        return layer

    @property
    def states(self) -> tuple[Tensor, ...]:
        """The states themselves; none before the first token."""
        return tuple(state for state in (self.conv_states[0], self.recurrent_states[0]) if state is not None)

    def restore(self, states: Iterable[Tensor]) -> None:
        """Takes over copies of `states`."""
        for own, saved in zip(self.states, states, strict=True):
            own.copy_(saved)


class Tail(NamedTuple):
    """Of a token that was read: what the draft layer needs to know to guess the next but one."""

    hidden: Tensor  # [hidden], behind the last norm
    position: Tensor  # [3]


@dataclass(frozen=True)
class Checkpoint:
    """A point to which a state can go back: what lies before it, and the recurrent states there."""

    length: int  # tokens
    position: int  # the next free M-RoPE position
    states: tuple[tuple[Tensor, ...], ...]  # by layer
    tail: Tail | None  # where there is a draft layer

    @property
    def nbytes(self) -> int:
        return sum(state.nbytes for states in self.states for state in states)


class DecoderState:
    """The state of one conversation: `length` tokens read, the next M-RoPE `position`, and the layers' memories.

    A model that drafts tokens has one attention layer more, `draft`, a token behind the others, and keeps the `tail` of
    the last token. `whole` is False while tokens are being read: a state left so must go back to a checkpoint.
    """

    def __init__(self, config: PreTrainedConfig, device: torch.device) -> None:
        linear = [kind == "linear_attention" for kind in config.layer_types]
        self.cache = Cache(layers=[StateLayer() if is_linear else GrowingLayer() for is_linear in linear])
        self.draft = Cache(layers=[GrowingLayer()])
        self.tail: Tail | None = None
        self.device = device
        self.length = 0
        self.position = 0
        self.whole = True

    @property
    def recurrent(self) -> list[StateLayer]:
        """The layers that can't be cropped."""
        return [layer for layer in self.cache.layers if isinstance(layer, StateLayer)]

    @property
    def attention(self) -> list[GrowingLayer]:
        """The layers that can, but for the draft layer."""
        return [layer for layer in self.cache.layers if isinstance(layer, GrowingLayer)]

    @property
    def drafting(self) -> GrowingLayer:
        """The draft layer."""
        return cast(GrowingLayer, self.draft.layers[0])

    @property
    def nbytes(self) -> int:
        """Memory that the state takes, in bytes."""
        recurrent = sum(state.nbytes for layer in self.recurrent for state in layer.states)
        return recurrent + sum(layer.nbytes for layer in (*self.attention, self.drafting))

    @torch.inference_mode()
    def checkpoint(self) -> Checkpoint:
        """Copies what can't be recomputed by cropping."""
        states = tuple(tuple(state.clone() for state in layer.states) for layer in self.recurrent)
        return Checkpoint(self.length, self.position, states, self.tail)

    @torch.inference_mode()
    def rewind(self, checkpoint: Checkpoint) -> None:
        """Goes back to `checkpoint`, which must be of this state's own past."""
        for layer, states in zip(self.recurrent, checkpoint.states, strict=True):
            layer.restore(states)
        for attention in self.attention:
            attention.truncate(checkpoint.length)
        self.drafting.truncate(max(checkpoint.length - 1, 0))
        self._at(checkpoint)

    @torch.inference_mode()
    def fork(self, checkpoint: Checkpoint) -> "DecoderState":
        """A state of its own that has read what lies before `checkpoint`, which must be of this state's past."""
        fork = copy(self)
        saved = iter(checkpoint.states)
        fork.cache = Cache(
            layers=[
                StateLayer.of(next(saved))
                if isinstance(layer, StateLayer)
                else cast(GrowingLayer, layer).twin(checkpoint.length)
                for layer in self.cache.layers
            ]
        )
        fork.draft = Cache(layers=[self.drafting.twin(max(checkpoint.length - 1, 0))])
        fork._at(checkpoint)
        return fork

    def stretch(self, start: int, checkpoint: Checkpoint) -> dict[str, Tensor]:
        """By name, what has to be remembered of the tokens from `start` to `checkpoint`, and the states there."""
        names = [f"{index}.{part}" for index, layer in enumerate(self.cache.layers) for part in _parts(layer)]
        states = iter(checkpoint.states)
        tensors = [
            tensor
            for layer in self.cache.layers
            for tensor in (layer.between(start, checkpoint.length) if isinstance(layer, GrowingLayer) else next(states))
        ]
        if checkpoint.tail:
            names += ["draft.keys", "draft.values", "tail.hidden", "tail.position"]
            tensors += [*self.drafting.between(max(start - 1, 0), checkpoint.length - 1), *checkpoint.tail]
        return dict(zip(names, tensors, strict=True))

    @torch.inference_mode()
    def extend(self, tensors: Mapping[str, Tensor], length: int, position: int) -> None:
        """Takes over what `stretch` gave of the next `length` tokens."""
        for index, layer in enumerate(self.cache.layers):
            parts = [tensors[f"{index}.{part}"] for part in _parts(layer)]
            if isinstance(layer, GrowingLayer):
                layer.update(*parts)
            else:
                self.cache.layers[index] = StateLayer.of(parts)
        if "tail.hidden" in tensors:
            self.drafting.update(tensors["draft.keys"], tensors["draft.values"])
            self.tail = Tail(tensors["tail.hidden"], tensors["tail.position"])
        self.length += length
        self.position = position

    def _at(self, checkpoint: Checkpoint) -> None:
        self.length, self.position, self.tail = checkpoint.length, checkpoint.position, checkpoint.tail
        self.whole = True


def _parts(layer: object) -> tuple[str, str]:
    return ("keys", "values") if isinstance(layer, GrowingLayer) else ("conv", "recurrent")
