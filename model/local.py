"""The engine in this process: one growing session for each conversation, and only new tokens are read."""

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor

from ..errors import ContextLengthError
from .checkpoint import Checkpoint
from .encoded import Encoded
from .engine import Done, Logprob, Request, Usage
from .grammar import Grammars
from .machine import Machine
from .media import MediaCache
from .parse import Delta
from .prompt import MARK, Prompt, PromptFormat, cleaned
from .session import Session, SessionPool
from .turn import Turn

_LONGEST_REPLY = 32_768  # tokens, as the makers recommend
_NEW_TURN = f"{MARK}<|im_start|>{MARK}"


class LocalEngine:
    """Generates from a loaded checkpoint."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.spec = checkpoint.spec
        self.name = checkpoint.spec.name
        self.model = checkpoint.model
        self.format = PromptFormat(checkpoint.tokenizer)
        self._grammars = Grammars(
            self.format.backend,
            vocabulary=checkpoint.model.lm_head.out_features,
            end=self.format.control["</tool_call>"],
        )
        self._machine = Machine(checkpoint.model)
        self._media = MediaCache(checkpoint.spec.vision)
        self._pool = SessionPool(self._machine.new_state)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.model.device

    def tokenize(self, text: str) -> list[int]:
        """Token ids of a plain text."""
        return self.format.encode(cleaned(text), {}).ids

    def generate(self, request: Request) -> Iterator[Delta | Logprob | Done]:
        """Yields deltas as they come, then one `Done`. Closing the iterator stops within one token.

        Raises:
            ContextLengthError: if the prompt leaves no room for an answer in the model's context.
        """
        prompt = self.format.render(
            request.messages, request.tools, thinking=request.thinks, patches=self._media.patches
        )
        turn = Turn(request, self.format, self._grammars, self.spec.generation)
        session = self._pool.take(prompt.text)
        cached = session.state.length
        try:
            logits = self._read(session, prompt)
            room = self.spec.context - len(session.ids)
            wanted = request.max_tokens or self.spec.generation.get("max_new_tokens", _LONGEST_REPLY)
            for _ in range(min(room, wanted)):
                token = turn.draw(logits)
                session.drawn.append(token)
                yield from turn.take(token)
                if turn.reason:
                    break
                logits = self._machine.read(session.state, Encoded([token], []))
            yield from turn.close()
            output = len(session.drawn)
        finally:
            session.settle(self.format.decode)
            self._pool.put(session)
        assert turn.reason
        usage = Usage(
            input=len(session.ids) - output,
            output=output,
            cached=cached,
            reread=0,
            thinking=turn.thought,
            image=prompt.vision_tokens("image"),
            video=prompt.vision_tokens("video"),
        )
        yield Done(turn.reason, usage)

    def _read(self, session: Session, prompt: Prompt) -> Tensor:
        """Reads what the session doesn't know of the prompt, with checkpoints to come back to."""
        parts = _parts(prompt.text, len(session.text))
        encoded = [self.format.encode(part, prompt.media) for part in parts]
        needed = len(session.ids) + sum(len(part.ids) for part in encoded)
        if needed >= self.spec.context:
            raise ContextLengthError(
                f"the prompt has {needed} tokens and the context of {self.name!r} is {self.spec.context}; "
                "shorten it, show fewer or smaller pictures, or use a model with a longer context"
            )
        for text, part in zip(parts[:-1], encoded[:-1], strict=True):
            self._machine.read(session.state, part.behind(session.unread))
            session.heard(text, part.ids)
            session.mark()
        logits = self._machine.read(session.state, encoded[-1].behind(session.unread))
        session.heard(parts[-1], encoded[-1].ids)
        return logits


def _parts(text: str, known: int) -> list[str]:
    """What follows the first `known` characters, cut where it is worth coming back to.

    That is behind the system turn, which other conversations share, and before the assistant's turn, which may be asked
    for again or shown differently later.
    """
    cuts = {text.find(_NEW_TURN, 1), text.rfind(_NEW_TURN)}
    places = [known, *sorted(cut for cut in cuts if cut > known), len(text)]
    return [text[start:end] for start, end in pairwise(places)]
