"""What a hybrid decoder remembers of the tokens it read: attention keys and values, and recurrent states.

Keys and values lie in buffers that grow by doubling, so a token costs no copy of the past; they can be cropped.
Recurrent states can't: they are copied at a checkpoint and put back on a rewind.
"""

from copy import copy
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor
from transformers import PreTrainedConfig
from transformers.cache_utils import Cache, DynamicLayer, LinearAttentionLayer


class GrowingLayer(DynamicLayer):
    """Keys and values `[1, heads, length, dim]` of one attention layer, as views of larger buffers."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._buffers: list[Tensor] = []
        self._length = 0

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        super().lazy_initialization(key_states, value_states)
        self._buffers = [
            states.new_empty(*states.shape[:2], 0, states.shape[3]) for states in (key_states, value_states)
        ]

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        start, end = self._length, self._length + key_states.shape[2]
        for index, states in enumerate((key_states, value_states)):
            buffer = self._buffers[index]
            if buffer.shape[2] < end:
                grown = buffer.new_empty(*buffer.shape[:2], max(2 * buffer.shape[2], end, 256), buffer.shape[3])
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

    def _show(self, length: int) -> tuple[Tensor, Tensor]:
        self._length = length
        keys, values = (buffer[:, :, :length] for buffer in self._buffers)
        self.keys, self.values = keys, values
        return keys, values


class StateLayer(LinearAttentionLayer):
    """Convolution state and recurrent state of one Gated DeltaNet layer."""

    def saved(self) -> tuple[Tensor, ...]:
        """A copy of the states as they are now."""
        return tuple(state.clone() for state in self._states())

    def restore(self, states: tuple[Tensor, ...]) -> None:
        """Puts back what `saved` gave."""
        for own, saved in zip(self._states(), states, strict=True):
            own.copy_(saved)

    def twin(self, states: tuple[Tensor, ...]) -> "StateLayer":
        """A layer of its own with states that `saved` gave."""
        twin = copy(self)
        conv, recurrent = states
        twin.conv_states, twin.recurrent_states = {0: conv.clone()}, {0: recurrent.clone()}
        return twin

    def _states(self) -> list[Tensor]:
        return [state for state in (self.conv_states[0], self.recurrent_states[0]) if state is not None]


@dataclass(frozen=True)
class Checkpoint:
    """A point to which a state can go back: what lies before it, and the recurrent states there."""

    length: int  # tokens
    position: int  # the next free M-RoPE position
    states: tuple[tuple[Tensor, ...], ...]


class DecoderState:
    """The state of one conversation: `length` tokens read, the next M-RoPE `position`, and the layers' memories.

    `whole` is False while tokens are being read: a state left so can't be used any more.
    """

    def __init__(self, config: PreTrainedConfig) -> None:
        linear = [kind == "linear_attention" for kind in config.layer_types]
        self.cache = Cache(layers=[StateLayer() if is_linear else GrowingLayer() for is_linear in linear])
        self.length = 0
        self.position = 0
        self.whole = True

    @torch.inference_mode()
    def checkpoint(self) -> Checkpoint:
        """Copies what can't be recomputed by cropping."""
        return Checkpoint(self.length, self.position, tuple(layer.saved() for layer in self._recurrent()))

    @torch.inference_mode()
    def rewind(self, checkpoint: Checkpoint) -> None:
        """Goes back to `checkpoint`, which must be of this state's own past."""
        for layer, states in zip(self._recurrent(), checkpoint.states, strict=True):
            layer.restore(states)
        for attention in self.cache.layers:
            if isinstance(attention, GrowingLayer):
                attention.truncate(checkpoint.length)
        self.length, self.position = checkpoint.length, checkpoint.position

    @torch.inference_mode()
    def fork(self, checkpoint: Checkpoint) -> "DecoderState":
        """A state of its own that has read what lies before `checkpoint`, which must be of this state's past."""
        fork = copy(self)
        saved = iter(checkpoint.states)
        layers = (
            layer.twin(next(saved))
            if isinstance(layer, StateLayer)
            else cast(GrowingLayer, layer).twin(checkpoint.length)
            for layer in self.cache.layers
        )
        fork.cache = Cache(layers=list(layers))
        fork.length, fork.position = checkpoint.length, checkpoint.position
        return fork

    def _recurrent(self) -> list[StateLayer]:
        return [layer for layer in self.cache.layers if isinstance(layer, StateLayer)]
