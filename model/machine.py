"""Weights at work: patches through the tower, token ids through the decoder, on transformers' modules."""

import torch
from torch import Tensor
from transformers import PreTrainedModel

from ..vision import Patches
from .encoded import Encoded
from .media import ByteBudget
from .positions import mrope_positions
from .state import DecoderState

_CHUNK = 2048  # tokens read in one pass: bounds the memory of a long prompt
_EMBEDDING_BYTES = 512 << 20


class Machine:
    """Reads tokens into a `DecoderState`. Nothing of a conversation is kept on the model itself."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model
        self._decoder = model.model.language_model
        self._tower = model.model.visual
        self._seen: ByteBudget[Tensor] = ByteBudget(_EMBEDDING_BYTES)

    def new_state(self) -> DecoderState:
        return DecoderState(self._decoder.config)

    @torch.inference_mode()
    def read(self, state: DecoderState, encoded: Encoded) -> Tensor:
        """Reads `encoded` behind what `state` has read; returns the logits `[vocabulary]` of the last token."""
        state.whole = False
        device = self._model.device
        embeddings = self._decoder.embed_tokens(torch.tensor(encoded.ids, device=device))  # [tokens, hidden]
        for span in encoded.spans:
            start, count = span.block.start, span.block.tokens
            seen = self._embed(span.patches)[span.frame * count : (span.frame + 1) * count]
            embeddings[start : start + count] = seen
        blocks = [span.block for span in encoded.spans]
        positions, position = mrope_positions(len(encoded.ids), blocks, state.position)
        positions = positions.to(device)
        last = embeddings[-1]
        for start in range(0, len(encoded.ids), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            last = self._step(state, embeddings[chunk], positions[:, chunk])
        state.position, state.whole = position, True
        logits: Tensor = self._model.lm_head(last)
        return logits

    def _step(self, state: DecoderState, embeddings: Tensor, positions: Tensor) -> Tensor:
        """Reads `[tokens, hidden]` at positions `[3, tokens]`; returns the last token's hidden state `[hidden]`."""
        count, past = len(embeddings), state.length
        mask = None
        if count > 1 and past > 0:  # with no past the attention itself is causal; one token sees everything
            mask = torch.ones(count, past + count, dtype=torch.bool, device=embeddings.device).tril(past)[None, None]
        output = self._decoder(
            inputs_embeds=embeddings[None],
            position_ids=positions[:, None],
            attention_mask={"full_attention": mask, "linear_attention": None},
            past_key_values=state.cache,
            use_cache=True,
        )
        state.length += count
        last: Tensor = output.last_hidden_state[0, -1]
        return last

    def _embed(self, patches: Patches) -> Tensor:
        """Vision tokens `[tokens, hidden]` of a picture or video, each encoded once."""
        known = self._seen.get(patches.digest)
        if known is None:
            pixels = patches.normalised(self._model.dtype, self._model.device)
            grid = torch.tensor([patches.grid], device=self._model.device)
            known = self._tower(pixels, grid_thw=grid).pooler_output
            self._seen.put(patches.digest, known, known.nbytes)
        return known
