"""The engine in this process: one growing session for each conversation, and only new tokens are read."""

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from ..errors import ContextLengthError
from ..vision import MediaPolicy
from .budget import MediaBudget
from .checkpoint import Checkpoint
from .encodings import MEMORY
from .engine import Done, Output, Reading, Request, Usage
from .grammar import Grammars
from .machine import Machine
from .media import MediaCache
from .places import parts, places, read_before, word_before
from .pool import SessionPool, Taken
from .prompt import Prompt, PromptFormat, VideoMarkers, cleaned
from .session import Session
from .speculation import Speculation
from .store import PrefixStore, fingerprint
from .turn import Turn

_ROOM = 8  # this part of the context is for the reply, before pictures and videos
_LONGEST_REPLY = 32_768  # tokens, as the makers recommend
_STORE_BYTES = 32 << 30


class LocalEngine:
    """Generates from a loaded checkpoint.

    `session_bytes` is the memory for conversations that are kept, `vision_bytes` that for encoded pictures and videos.
    With `cache_folder`, both are kept there too, for a later process. `speculate` is how many tokens the checkpoint's
    draft layer guesses at a time. Pictures and videos take `media_tokens` of a prompt at most (by default half of the
    context), and are opened as `media_policy` allows; `video_markers` is as in `PromptFormat`.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        *,
        session_bytes: int | None = None,
        cache_folder: Path | None = None,
        speculate: int = 0,
        vision_bytes: int = MEMORY,
        media_tokens: int | None = None,
        media_policy: MediaPolicy = MediaPolicy(),  # noqa: B008  frozen
        video_markers: VideoMarkers = "nested",
    ) -> None:
        self.spec = checkpoint.spec
        self.name = checkpoint.spec.name
        self.model = checkpoint.model
        self.format = PromptFormat(checkpoint.tokenizer, video_markers=video_markers)
        self._media = MediaCache(checkpoint.spec.vision, media_policy)
        self._media_tokens = self.spec.context // 2 if media_tokens is None else media_tokens
        self._budget = MediaBudget(self._media.found, self._media.plan)
        self._grammars = Grammars(
            self.format.backend,
            vocabulary=checkpoint.model.lm_head.out_features,
            end=self.format.control["</tool_call>"],
        )
        self._speculate = speculate
        self._machine = Machine(
            checkpoint.model,
            checkpoint.mtp,
            vision_bytes=vision_bytes,
            vision_folder=cache_folder.expanduser() / "vision" if cache_folder else None,
        )
        self._pool = SessionPool(
            self._machine.new_state,
            budget=_memory(self.device) if session_bytes is None else session_bytes,
            store=self._store(cache_folder) if cache_folder else None,
        )

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.model.device

    def tokenize(self, text: str) -> list[int]:
        """Token ids of a plain text."""
        return self.format.encode(cleaned(text), {}).ids

    def generate(self, request: Request) -> Iterator[Output]:
        """Yields what comes as it comes, and one `Done` at the end. Closing stops within one token or stretch.

        Calls may come from several threads; what runs at the same time shares the steps of the model.

        Raises:
            ContextLengthError: if the prompt leaves no room for an answer in the model's context.
        """
        wanted = request.max_tokens or self.spec.generation.get("max_new_tokens", _LONGEST_REPLY)
        prompt, notes = self._prompt(request, min(wanted, self.spec.context // _ROOM))
        turn = Turn(request, self.format, self._grammars, self.spec.generation)
        image, video = prompt.vision_tokens("image"), prompt.vision_tokens("video")
        marks = places(prompt.text)
        taken = self._pool.take(prompt.text, marks)
        session = taken.session
        known, cached = len(session.text), session.state.length
        try:
            logits = yield from self._read(taken, prompt, marks)
            read = len(session.ids)
            room = min(self.spec.context - read, wanted)
            turn.begin(session.ids, room)
            with self._decoder(session) as following:
                for _ in range(room):
                    token = turn.draw(logits)
                    session.drawn.append(token)
                    yield from turn.take(token)
                    if turn.reason:
                        break
                    logits = following(token)
                yield from turn.close()
        finally:
            output = len(session.drawn)
            session.settle(self.format.decode)
            self._pool.put(session)
        assert turn.reason
        usage = Usage(
            input=read,
            output=output,
            cached=cached,
            reread=self._read_before(taken, prompt, known),
            thinking=turn.thought,
            image=image,
            video=video,
        )
        damage = (note for patches in prompt.media.values() for note in patches.notes)
        yield Done(turn.reason, usage, tuple(dict.fromkeys([*notes, *damage])))

    def _read(self, taken: Taken, prompt: Prompt, marks: list[int]) -> Generator[Reading, None, Tensor]:
        """Reads what the session doesn't know of the prompt; returns the last logits.

        The session is marked at `marks`, and where the prompt departs from another that began like it.
        """
        session, known = taken.session, len(taken.session.text)
        stretches = parts(prompt.text, known, [*marks, *word_before(prompt.text, known, taken.common)])
        encoded = [self.format.encode(stretch, prompt.media) for stretch in stretches]
        needed = len(session.ids) + sum(len(part.ids) for part in encoded)
        self._check_length(needed)
        start = session.state.length
        for number, (stretch, part) in enumerate(zip(stretches, encoded, strict=True), start=1):
            session.reading = True
            for logits in self._machine.reading(session.state, part.behind(session.unread)):  # noqa: B007 - the last
                if session.state.whole:
                    session.heard(stretch, part.ids)
                    if number < len(stretches):
                        self._pool.mark(session)
                session.reading = False
                yield Reading(session.state.length - start, of=needed - start)
                session.reading = True
            session.reading = False
        return logits

    def _prompt(self, request: Request, room: int) -> tuple[Prompt, tuple[str, ...]]:
        """The conversation rendered; where it leaves less than `room` tokens, its older media step down, with notes.

        A prompt that is too long even so is refused here, before a session goes back for it.
        """
        budget = self._media_tokens
        while True:
            messages, notes = self._budget.within(request.messages, budget)
            prompt = self.format.render(
                messages,
                request.tools,
                thinking=request.thinks,
                history=request.history,
                effort=request.effort,
                found=self._media.found,
                patches=self._media.patches,
            )
            if self._fits(prompt, room):
                return prompt, notes
            if not prompt.media:
                self._check_length(len(self.format.encode(prompt.text, {}).ids))
                return prompt, notes
            budget //= 2

    def _fits(self, prompt: Prompt, room: int) -> bool:
        most = self.spec.context - room
        if len(prompt.text.encode()) + sum(map(prompt.vision_tokens, ("image", "video"))) <= most:
            return True  # a token is a byte of text or more
        return len(self.format.encode(prompt.text, prompt.media).ids) <= most

    def _check_length(self, tokens: int) -> None:
        if tokens >= self.spec.context:
            raise ContextLengthError(
                f"the prompt has {tokens} tokens and the context of {self.name!r} is {self.spec.context}; "
                "shorten it, show fewer or smaller pictures, or use a model with a longer context"
            )

    def _read_before(self, taken: Taken, prompt: Prompt, known: int) -> int:
        """How many tokens of the prompt behind its first `known` characters had been read before."""
        again = read_before(prompt.text[known:], taken.otherwise) if taken.otherwise else []
        return sum(len(self.format.encode(turn, prompt.media).ids) for turn in again)

    @contextmanager
    def _decoder(self, session: Session) -> Iterator[Callable[[int], Tensor]]:
        """What reads a drawn token and gives the logits behind it."""
        if not self._speculate:
            yield partial(self._machine.next, session.state)
            return
        speculation = Speculation(self._machine, session.state, self._speculate)
        try:
            yield speculation.next
        finally:
            speculation.stop()

    def _store(self, folder: Path) -> PrefixStore:
        rope = self.model.config.text_config.rope_parameters
        settings = {"context": self.spec.context, "rope": rope, "drafts": self._speculate > 0}
        print_ = fingerprint(self.model, settings)
        return PrefixStore(folder.expanduser(), model=self.name, fingerprint=print_, budget=_STORE_BYTES)


def _memory(device: torch.device) -> int:
    """Bytes that conversations may take if nobody says: a quarter of a GPU's free memory, an eighth of a computer's."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] // 4
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 8
