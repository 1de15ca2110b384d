"""Beginnings of conversations on disk, valid after a restart: what was read once is loaded instead.

A file holds one stretch: the text that it adds to that of its parent, the keys and values of its tokens, and the
recurrent states at its end. Its name is a digest of all text and ids up to there, so a conversation is a chain of
files, those that begin alike share them, and a file never changes. Digests of pictures and videos are part of the text.
"""

import hashlib
import json
import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from threading import RLock
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
_FORGOTTEN = 86_400  # seconds after which a file that was being written is nobody's
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stretch:
    """What a file says of itself, but for its tensors."""

    parent: str
    text: str
    ids: list[int]
    position: int  # the next free M-RoPE position behind it

    @cached_property
    def digest(self) -> str:
        """Of all that was read up to its end."""
        return hashlib.sha256(json.dumps([self.parent, self.text, self.ids]).encode()).hexdigest()


class PrefixStore:
    """The folder of one model's stretches; beyond `budget` bytes those go that were used longest ago.

    Raises:
        BadInputError: if `folder` holds another model's, or can't be written.
    """

    def __init__(self, folder: Path, *, model: str, fingerprint: str, budget: int) -> None:
        self._folder = folder
        self._budget = budget
        self._lock = RLock()  # the collector may close a generation, and save its session, at any time
        self._claim({"model": model, "fingerprint": fingerprint})
        self._known: dict[str, tuple[Stretch, int]] = {}  # by digest, with their bytes, in the order of their use
        for path in sorted(folder.glob("*.safetensors"), key=_used):
            if stretch := self._describe(path):
                self._known[stretch.digest] = stretch, path.stat().st_size
        for path in folder.glob("*.writing"):
            if _used(path) < time.time() - _FORGOTTEN:
                path.unlink(missing_ok=True)

    def load(self, text: str, state: DecoderState, *, more_than: int) -> Session | None:
        """A session that begins as `text`, put into the new `state`, if one of over `more_than` characters is known.

        It is shorter than `text`, so that a next token follows.
        """
        chain = self._chain(text[:-1])
        if sum(len(stretch.text) for stretch in chain) <= more_than:
            return None
        session = Session(state)
        for stretch in chain:
            path = self._path(stretch.digest)
            try:
                with safe_open(path, framework="pt", device=str(state.device)) as file:
                    tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
            except (OSError, SafetensorError) as error:
                _log.warning("%s is dropped: %s", path, error)
                self._drop(stretch)
                return None
            state.extend(tensors, len(stretch.ids), stretch.position)
            session.heard(stretch.text, stretch.ids)
            session.marks += (Mark(len(session.text), state.checkpoint()),)
            with suppress(OSError):
                path.touch()
            with self._lock:
                if known := self._known.pop(stretch.digest, None):
                    self._known[stretch.digest] = known
        return session

    def save(self, session: Session) -> None:
        """Writes what lies between the marks of a session, and isn't known yet."""
        chain = self._chain(session.text, session.ids)
        parent = chain[-1].digest if chain else ""
        text, length = sum(len(stretch.text) for stretch in chain), sum(len(stretch.ids) for stretch in chain)
        for mark in session.marks:
            at = mark.checkpoint
            if at.length - length < _LEAST:
                continue
            stretch = Stretch(parent, session.text[text : mark.end], session.ids[length : at.length], at.position)
            tensors = session.state.stretch(length, at)
            if sum(tensor.nbytes for tensor in tensors.values()) > self._budget:
                return
            try:
                self._write(stretch, tensors)
            except (OSError, SafetensorError) as error:
                _log.warning("a conversation isn't kept in %s: %s", self._folder, error)
                return
            parent, text, length = stretch.digest, mark.end, at.length

    def _chain(self, text: str, ids: Sequence[int] | None = None) -> list[Stretch]:
        """The stretches that together are the longest beginning of `text`, and of `ids` where they are given."""
        with self._lock:
            children: dict[str, list[Stretch]] = {}
            for stretch, _ in self._known.values():
                children.setdefault(stretch.parent, []).append(stretch)
        best: tuple[int, list[Stretch]] = 0, []
        open_: list[tuple[int, int, str, list[Stretch]]] = [(0, 0, "", [])]
        while open_:
            at, length, parent, chain = open_.pop()
            best = max(best, (at, chain), key=itemgetter(0))
            for stretch in children.get(parent, ()):
                end = length + len(stretch.ids)
                if text.startswith(stretch.text, at) and (ids is None or ids[length:end] == stretch.ids):
                    open_.append((at + len(stretch.text), end, stretch.digest, [*chain, stretch]))
        return best[1]

    def _write(self, stretch: Stretch, tensors: Mapping[str, Tensor]) -> None:
        path = self._path(stretch.digest)
        written = path.with_suffix(f".{uuid4().hex}.writing")
        try:
            whole = {name: tensor.contiguous() for name, tensor in tensors.items()}
            save_file(whole, written, metadata={"stretch": json.dumps(asdict(stretch))})
            written.replace(path)
        finally:
            written.unlink(missing_ok=True)
        with self._lock:
            self._known[stretch.digest] = stretch, path.stat().st_size
            used = sum(size for _, size in self._known.values())
            parents = {known.parent for known, _ in self._known.values()}
            ends = [known for known, _ in self._known.values() if known.digest not in parents]
            for known in ends[:-1]:  # the newest is the one just written
                if used <= self._budget:
                    break
                used -= self._known[known.digest][1]
                self._drop(known)

    def _drop(self, stretch: Stretch) -> None:
        with self._lock, suppress(OSError):
            self._known.pop(stretch.digest, None)
            self._path(stretch.digest).unlink(missing_ok=True)

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
                written = path.with_suffix(f".{uuid4().hex}.writing")
                written.write_text(json.dumps(manifest), encoding="utf-8")
                written.replace(path)
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


def _used(path: Path) -> float:
    """When a file was used last; one that another process has just dropped comes first."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


@torch.inference_mode()
def fingerprint(model: "PreTrainedModel", settings: Mapping[str, Any]) -> str:
    """A digest of `settings` and of a sample of every weight: equal for what reads a text to the same states."""
    digest = hashlib.sha256(json.dumps([str(model.dtype), settings], sort_keys=True, default=str).encode())
    for name, weight in sorted(model.named_parameters()):
        sample = weight.flatten()[:: max(1, weight.numel() // 64)]
        digest.update(f"{name} {list(weight.shape)}".encode())
        digest.update(sample.float().cpu().numpy().tobytes())
    return digest.hexdigest()
