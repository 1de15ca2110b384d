"""What one ask adds to a conversation."""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.messages.ai import UsageMetadata, add_usage
from pydantic import BaseModel

from ..vision import MediaPolicy
from .answer import Answer
from .citations import citations_in
from .limits import Stopped
from .media import media_in
from .reply import notes_in, thinking_in


class Turn:
    """The question and all that followed it, what it cost, and the media there are to look at.

    `shelf` holds the pictures and videos of the whole conversation in the order they appeared.
    """

    def __init__(self, past: Sequence[BaseMessage], question: HumanMessage, policy: MediaPolicy) -> None:
        self._past = tuple(past)
        self._policy = policy
        self.shelf = list(media_in(past, policy))
        self.messages: list[BaseMessage] = []
        self.steps = 0
        self.usage: UsageMetadata | None = None
        self.add(question)

    @property
    def conversation(self) -> list[BaseMessage]:
        """The past and this turn."""
        return [*self._past, *self.messages]

    def add(self, message: BaseMessage) -> None:
        """Appends a message and counts it."""
        self.messages.append(message)
        self.shelf += media_in([message], self._policy)
        if isinstance(message, AIMessage):
            self.steps += 1
            if message.usage_metadata is not None:
                self.usage = add_usage(self.usage, message.usage_metadata)

    def answer(self, stopped: Stopped | None, data: BaseModel | None) -> Answer:
        """What the turn came to; `stopped` is the limit that ended it, if one did, `data` the form that was filled."""
        replies = [message for message in self.messages if isinstance(message, AIMessage)]
        text = str(replies[-1].text).strip() if replies else ""
        if not text and data is not None:
            text = data.model_dump_json()
        return Answer(
            text=text,
            data=data,
            thinking="\n\n".join(thought for reply in replies if (thought := thinking_in(reply).strip())),
            citations=citations_in(text, self.conversation, self.messages),
            notes=tuple(dict.fromkeys(note for reply in replies for note in notes_in(reply))),
            steps=self.steps,
            usage=self.usage,
            stopped=stopped,
            messages=tuple(self.messages),
        )
