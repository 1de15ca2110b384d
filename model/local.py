"""The engine in this process: one growing session for each conversation, and only new tokens are read."""

from collections.abc import Iterator

import torch
from torch import Tensor

from ..errors import ContextLengthError
from .checkpoint import Checkpoint
from .engine import Done, Request, Usage
from .grammar import Grammars
from .machine import Machine
from .media import MediaCache
from .parse import Delta
from .prompt import MARK, Encoded, Prompt, PromptFormat
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
        return self.format.encode(text.replace(MARK, "\ufffd"), {}).ids

    def generate(self, request: Request) -> Iterator[Delta | Done]:
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
            thinking=turn.thought,
            image=prompt.vision_tokens("image"),
            video=prompt.vision_tokens("video"),
        )
        yield Done(turn.reason, usage)

    def _read(self, session: Session, prompt: Prompt) -> Tensor:
        """Reads what the session doesn't know of the prompt, with a checkpoint before the assistant's turn."""
        new = prompt.text[len(session.text) :]
        cut = max(new.rfind(_NEW_TURN), 0)
        before, turn = (self.format.encode(text, prompt.media) for text in (new[:cut], new[cut:]))
        needed = len(session.ids) + len(before.ids) + len(turn.ids)
        if needed >= self.spec.context:
            raise ContextLengthError(
                f"the prompt has {needed} tokens and the context of {self.name!r} is {self.spec.context}; "
                "shorten it, show fewer or smaller pictures, or use a model with a longer context"
            )
        if before.ids:
            self._machine.read(session.state, before.behind(session.unread))
            session.heard(new[:cut], before.ids)
            session.mark()
        logits = self._machine.read(session.state, turn.behind(session.unread))
        session.heard(new[cut:], turn.ids)
        return logits
