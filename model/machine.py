"""Weights at work: patches through the tower, token ids through the decoder, on transformers' modules."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, cast

import torch
from torch import Tensor
from transformers import PreTrainedModel
from transformers.cache_utils import Cache, CacheLayerMixin, LinearAttentionCacheLayerMixin

from .encoded import Encoded, Span
from .encodings import MEMORY
from .mtp import MultiTokenPredictor
from .positions import mrope_positions
from .state import Checkpoint, DecoderState, GrowingLayer, StateLayer, Tail
from .tower import Tower
from .worker import Worker

_STRETCH = {"cpu": 512}  # tokens read in one pass: bounds the memory of a long prompt, and how long others wait
_LONG_STRETCH = 2048


class Guess(NamedTuple):
    """A token that the draft layer expects, and what the model says once it has read it."""

    token: int
    logits: Tensor  # [vocabulary]
    tail: Tail


class Machine:
    """Reads tokens into `DecoderState`s, those of several conversations at once. Nothing of them is kept on the model.

    Its calls may come from any thread; the work is done by one. What its vision tower made of pictures and videos is
    kept in `vision_bytes` of memory, and in `vision_folder` where one is given.

    Raises:
        BadInputError: if `vision_folder` can't be written.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        mtp: "MultiTokenPredictor | None" = None,
        *,
        vision_bytes: int = MEMORY,
        vision_folder: Path | None = None,
    ) -> None:
        self._model = model
        self._decoder = model.model.language_model
        self.tower = Tower(model.model.visual, memory=vision_bytes, folder=vision_folder)
        self._mtp = mtp
        self._worker: Worker[tuple[DecoderState, int], Tensor] = Worker(self._step)

    def new_state(self) -> DecoderState:
        return DecoderState(self._decoder.config, self._model.device)

    def read(self, state: DecoderState, encoded: Encoded) -> Tensor:
        """Reads `encoded` behind what `state` has read; returns the logits `[vocabulary]` of the last token."""
        *_, logits = self.reading(state, encoded)
        return logits

    def reading(self, state: DecoderState, encoded: Encoded) -> Iterator[Tensor]:
        """Reads `encoded` in stretches; yields the logits `[vocabulary]` behind each."""
        state.whole = False
        positions, position = mrope_positions(len(encoded.ids), [span.block for span in encoded.spans], state.position)
        stretch = _STRETCH.get(self._model.device.type, _LONG_STRETCH)
        for start in range(0, len(encoded.ids), stretch):
            part = slice(start, start + stretch)
            work = partial(self._read, state, encoded.ids[part], positions[:, part], encoded.spans, start)
            logits = self._worker.read(work)
            if start + stretch >= len(encoded.ids):
                state.position, state.whole = position, True
            yield logits

    def next(self, state: DecoderState, token: int) -> Tensor:
        """Reads one token more; returns the logits `[vocabulary]` behind it."""
        return self._worker.step(id(state), (state, token))

    def speculate(
        self, state: DecoderState, ids: list[int], tail: Tail, count: int, checkpoint: Checkpoint | None = None
    ) -> tuple[Tensor, Tail, list[Guess]]:
        """Reads `ids`, from `checkpoint` on where one is given, and `count` tokens that the draft layer expects then.

        `tail` is that of the token before the last of `ids`. Returns the logits `[vocabulary]` and the tail behind
        `ids`, and the guesses, all of which `state` has read.
        """
        return self._worker.read(partial(self._speculate, state, ids, tail, count, checkpoint))

    @torch.inference_mode()
    def _read(
        self, state: DecoderState, ids: list[int], positions: Tensor, spans: Sequence[Span], start: int
    ) -> Tensor:
        """Reads a stretch that begins at `start` within what `spans` count from; the last logits `[vocabulary]`."""
        embeddings = self._decoder.embed_tokens(torch.tensor(ids, device=self._model.device))  # [tokens, hidden]
        self._place(embeddings, spans, start)
        hidden = self._decode(state, embeddings, positions.to(embeddings.device))
        logits: Tensor = self._model.lm_head(hidden[-1])
        return logits

    def _place(self, embeddings: Tensor, spans: Sequence[Span], start: int) -> None:
        """Puts vision tokens where they stand in a stretch `[tokens, hidden]`; encodes only what it shows of them."""
        end = start + len(embeddings)
        shown = [span for span in spans if span.block.start < end and span.block.start + span.block.tokens > start]
        seen = self.tower.embed([(span.patches, span.frame) for span in shown])
        for span, embedding in zip(shown, seen, strict=True):
            block = span.block
            if block.kept is not None:
                embedding = embedding[list(block.kept)]
            first, last = max(block.start, start), min(block.start + block.tokens, end)
            embeddings[first - start : last - start] = embedding[first - block.start : last - block.start]

    def _decode(self, state: DecoderState, embeddings: Tensor, positions: Tensor) -> Tensor:
        """Reads `[tokens, hidden]` at positions `[3, tokens]`; returns their final hidden states `[tokens, hidden]`."""
        output = self._decoder(
            inputs_embeds=embeddings[None],
            position_ids=positions[:, None],
            attention_mask={"full_attention": None, "linear_attention": None},  # attend's own: causal
            past_key_values=state.cache,
            use_cache=True,
        )
        hidden: Tensor = output.last_hidden_state[0]
        if self._mtp:
            begun = [Tail(state.tail.hidden[None], state.tail.position[:, None])] if state.tail else []
            tails = [*begun, Tail(hidden[:-1], positions[:, :-1])]
            self._pair(state, embeddings[1 - len(begun) :], tails)
            state.tail = Tail(hidden[-1].clone(), positions[:, -1].clone())
        state.length += len(embeddings)
        return hidden

    def _pair(self, state: DecoderState, embeddings: Tensor, tails: Sequence[Tail]) -> Tensor:
        """Shows the draft layer tokens `[n, hidden]` behind the tails of those before; its states `[n, hidden]`."""
        assert self._mtp
        if not len(embeddings):
            return embeddings
        hidden = torch.cat([tail.hidden for tail in tails])
        positions = torch.cat([tail.position for tail in tails], dim=1)
        drafted: Tensor = self._mtp(embeddings, hidden, positions, state.draft, self._decoder.rotary_emb)
        return drafted

    @torch.inference_mode()
    def _speculate(
        self, state: DecoderState, ids: list[int], tail: Tail, count: int, checkpoint: Checkpoint | None
    ) -> tuple[Tensor, Tail, list[Guess]]:
        start = checkpoint.length if checkpoint else state.length
        state.drafting.truncate(start + len(ids) - 2)  # what it knows of the tokens before the last of `ids`
        drafts = self._drafts(state, ids[-1], tail, count)
        if checkpoint:
            state.rewind(checkpoint)
        state.drafting.truncate(start - 1)
        state.whole = False
        read = torch.tensor(ids + drafts, device=tail.hidden.device)
        positions = torch.arange(state.position, state.position + len(read), device=read.device).expand(3, -1)
        state.position += len(read)
        hidden = self._decode(state, self._decoder.embed_tokens(read), positions)[-1 - count :]
        logits = self._model.lm_head(hidden)
        state.whole = True
        tails = [Tail(*tail) for tail in zip(hidden, positions.T[-1 - count :], strict=True)]
        guesses = [Guess(*guess) for guess in zip(drafts, logits[1:], tails[1:], strict=True)]
        return logits[0], tails[0], guesses

    def _drafts(self, state: DecoderState, token: int, tail: Tail, count: int) -> list[int]:
        drafts: list[int] = []
        hidden, position = tail.hidden[None], tail.position[:, None]
        for _ in range(count):
            embedding = self._decoder.embed_tokens(torch.tensor([token], device=hidden.device))
            hidden = self._pair(state, embedding, [Tail(hidden, position)])
            token, position = int(self._model.lm_head(hidden[0]).argmax()), position + 1
            drafts.append(token)
        return drafts

    @torch.inference_mode()
    def _step(self, batch: Sequence[tuple[DecoderState, int]]) -> list[Tensor]:
        """One token of each of several conversations; the logits `[vocabulary]` of each."""
        if self._mtp and len(batch) > 1:
            return [logits for one in batch for logits in self._step([one])]
        states = [state for state, _ in batch]
        for state in states:
            state.whole = False
        embeddings = self._decoder.embed_tokens(torch.tensor([token for _, token in batch], device=self._model.device))
        positions = torch.tensor([state.position for state in states], device=embeddings.device).expand(3, -1)
        if len(states) == 1:
            hidden = self._decode(states[0], embeddings, positions)
        else:
            hidden = self._decode_together(states, embeddings, positions)
        for state in states:
            state.position, state.whole = state.position + 1, True
        return list(self._model.lm_head(hidden))

    def _decode_together(self, states: Sequence[DecoderState], embeddings: Tensor, positions: Tensor) -> Tensor:
        """One token `[states, hidden]` for each state, everything in one batch but attention to the states' pasts."""
        hidden = embeddings[:, None]  # [states, 1, hidden]
        cos, sin = self._decoder.rotary_emb(hidden, positions[:, :, None])
        shared = Cache(layers=[_together(layers) for layers in zip(*(s.cache.layers for s in states), strict=True)])
        for layer, kind in zip(self._decoder.layers, self._decoder.config.layer_types, strict=True):
            if kind == "linear_attention":
                hidden = layer(hidden, position_embeddings=(cos, sin), past_key_values=shared)
                continue
            normed = layer.input_layernorm(hidden)
            attended = [
                layer.self_attn(normed[i : i + 1], (cos[i : i + 1], sin[i : i + 1]), None, state.cache)[0]
                for i, state in enumerate(states)
            ]
            hidden = hidden + torch.cat(attended)
            mixed = layer.mlp(layer.post_attention_layernorm(hidden))
            hidden = hidden + (mixed[0] if isinstance(mixed, tuple) else mixed)
        for index, state in enumerate(states):
            for own, joint in zip(state.cache.layers, shared.layers, strict=True):
                if isinstance(own, StateLayer):
                    own.restore(part[index : index + 1] for part in cast(StateLayer, joint).states)
            state.length += 1
        final: Tensor = self._decoder.norm(hidden)[:, 0]
        return final


def _together(layers: Sequence[CacheLayerMixin | LinearAttentionCacheLayerMixin]) -> StateLayer | GrowingLayer:
    """One layer's recurrent states of several conversations; of attention, which each keeps to itself, nothing."""
    if not isinstance(layers[0], StateLayer):
        return GrowingLayer()
    states = [cast(StateLayer, layer).states for layer in layers]
    return StateLayer.of([torch.cat(parts) for parts in zip(*states, strict=True)])
