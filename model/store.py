"""Beginnings of conversations on disk, valid after a restart: what was read once is loaded instead.

A file holds one stretch: the text that it adds to that of its parent, the keys and values of its tokens, and the
recurrent states at its end. Its name is a digest of all text up to there, so a conversation is a chain of files, those
that begin alike share them, and a file never changes. Digests of pictures and videos are part of the text.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ..errors import BadInputError
from .session import Mark, Session
from .state import DecoderState

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_LEAST = 256  # tokens of a stretch: fewer are as soon read as loaded
_MANIFEST = "model.json"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stretch:
    """What a file says of itself, but for its tensors."""

    parent: str
    text: str
    ids: list[int]
    position: int  # the next free M-RoPE position behind it

    @property
    def digest(self) -> str:
        return hashlib.sha256(f"{self.parent}\n{self.text}".encode(errors="replace")).hexdigest()


class PrefixStore:
    """The folder of one model's stretches; beyond `budget` bytes those go that were used longest ago.

    Raises:
        BadInputError: if `folder` holds another model's, or can't be written.
    """

    def __init__(self, folder: Path, *, model: str, fingerprint: str, budget: int) -> None:
        self._folder = folder
        self._budget = budget
        self._lock = Lock()
        self._claim({"model": model, "fingerprint": fingerprint})
        self._sizes: dict[str, int] = {}  # in the order of their use
        self._children: dict[str, dict[str, Stretch]] = {}  # by parent and digest
        for path in sorted(folder.glob("*.safetensors"), key=lambda path: path.stat().st_mtime):
            if stretch := self._describe(path):
                self._add(stretch, path.stat().st_size)

    def load(self, text: str, state: DecoderState, *, more_than: int) -> Session | None:
        """A session that begins as `text`, put into the new `state`, if one of over `more_than` characters is known.

        It is shorter than `text`, so that a next token follows.
        """
        with self._lock:
            chain = self._chain("", text)
            if sum(len(stretch.text) for stretch in chain) <= more_than:
                return None
            session = Session(state)
            for stretch in chain:
                path = self._path(stretch.digest)
                try:
                    with safe_open(path, framework="pt", device=str(state.device)) as file:
                        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
                    path.touch()
                except (OSError, SafetensorError) as error:
                    self._drop(stretch, f"it can't be read: {error}")
                    return None
                state.extend(tensors, len(stretch.ids), stretch.position)
                session.heard(stretch.text, stretch.ids)
                session.marks += (Mark(len(session.text), state.checkpoint()),)
                self._sizes[stretch.digest] = self._sizes.pop(stretch.digest)
            return session

    def save(self, session: Session) -> None:
        """Writes what lies between the marks of a session, and isn't known yet."""
        parent, text, length = "", 0, 0
        with self._lock:
            for mark in session.marks:
                at = mark.checkpoint
                if at.length - length < _LEAST:
                    continue
                stretch = Stretch(parent, session.text[text : mark.end], session.ids[length : at.length], at.position)
                if stretch.digest not in self._sizes:
                    tensors = session.state.stretch(length, at)
                    if sum(tensor.nbytes for tensor in tensors.values()) > self._budget:
                        return
                    try:
                        self._write(stretch, tensors)
                    except (OSError, SafetensorError) as error:
                        _log.warning("a conversation isn't kept in %s: %s", self._folder, error)
                        return
                parent, text, length = stretch.digest, mark.end, at.length

    def _chain(self, parent: str, text: str) -> list[Stretch]:
        """The stretches that together are the longest beginning of `text`."""
        fitting = [
            stretch
            for stretch in self._children.get(parent, {}).values()
            if len(stretch.text) < len(text) and text.startswith(stretch.text)
        ]
        chains = [[stretch, *self._chain(stretch.digest, text[len(stretch.text) :])] for stretch in fitting]
        return max(chains, key=lambda chain: sum(len(stretch.text) for stretch in chain), default=[])

    def _write(self, stretch: Stretch, tensors: Mapping[str, Tensor]) -> None:
        path = self._path(stretch.digest)
        written = path.with_suffix(f".{uuid4().hex}")
        try:
            whole = {name: tensor.contiguous() for name, tensor in tensors.items()}
            save_file(whole, written, metadata={"stretch": json.dumps(asdict(stretch))})
            written.replace(path)
        finally:
            written.unlink(missing_ok=True)
        self._add(stretch, path.stat().st_size)
        for digest in list(self._sizes):
            if sum(self._sizes.values()) <= self._budget:
                break
            if digest != stretch.digest and not self._children.get(digest):
                self._drop(next(s for one in self._children.values() for s in one.values() if s.digest == digest))

    def _add(self, stretch: Stretch, size: int) -> None:
        self._sizes[stretch.digest] = size
        self._children.setdefault(stretch.parent, {})[stretch.digest] = stretch

    def _drop(self, stretch: Stretch, reason: str = "") -> None:
        if reason:
            _log.warning("%s is dropped: %s", self._path(stretch.digest), reason)
        self._path(stretch.digest).unlink(missing_ok=True)
        del self._sizes[stretch.digest], self._children[stretch.parent][stretch.digest]

    def _describe(self, path: Path) -> Stretch | None:
        """What a file holds; None, and a warning, if it is damaged."""
        try:
            with safe_open(path, framework="pt") as file:
                stretch = Stretch(**json.loads(file.metadata()["stretch"]))
            if stretch.digest == path.stem:
                return stretch
            reason = "its content isn't what its name says"
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            reason = str(error)
        _log.warning("%s is left aside: %s", path, reason)
        return None

    def _claim(self, manifest: dict[str, str]) -> None:
        path = self._folder / _MANIFEST
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                path.write_text(json.dumps(manifest), encoding="utf-8")
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise BadInputError(f"the cache folder {str(self._folder)!r} can't be used: {error}") from error
        if found != manifest:
            raise BadInputError(
                f"the cache folder {str(self._folder)!r} belongs to {found.get('model')!r} with other weights or "
                f"settings; give {manifest['model']!r} a folder of its own, or delete this one"
            )

    def _path(self, digest: str) -> Path:
        return self._folder / f"{digest}.safetensors"


@torch.inference_mode()
def fingerprint(model: "PreTrainedModel", settings: Mapping[str, Any]) -> str:
    """A digest of `settings` and of a sample of every weight: equal for what reads a text to the same states."""
    digest = hashlib.sha256(json.dumps([str(model.dtype), settings], sort_keys=True, default=str).encode())
    for name, weight in sorted(model.named_parameters()):
        sample = weight.flatten()[:: max(1, weight.numel() // 64)]
        digest.update(f"{name} {list(weight.shape)}".encode())
        digest.update(sample.float().cpu().numpy().tobytes())
    return digest.hexdigest()
