"""What an ask returns."""

from __future__ import annotations

from dataclasses import dataclass, field

from langchain_core.messages import BaseMessage
from langchain_core.messages.ai import UsageMetadata
from pydantic import BaseModel

from .citations import Citation
from .limits import Stopped


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer and how it came about.

    Attributes:
        text: the model's last reply; `data` as JSON if that reply was only the form.
        data: the object that `schema` asked for, validated.
        thinking: what the model thought, over all steps.
        citations: the passages and moments that the answer rests on.
        steps: replies of the model.
        notes: what is wrong with the pictures and videos that were shown, in sentences.
        usage: tokens over all steps; `input_token_details["cache_read"]` of them weren't read again.
        stopped: the limit that ended the run before the model did; None for a complete answer.
        messages: what the ask added to the conversation, the question first.
    """

    text: str
    data: BaseModel | None = None
    thinking: str = ""
    citations: tuple[Citation, ...] = ()
    notes: tuple[str, ...] = ()
    steps: int = 0
    usage: UsageMetadata | None = None
    stopped: Stopped | None = None
    messages: tuple[BaseMessage, ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        return self.text
