"""One reply of a chat model, gathered from the chunks it streams."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    ToolCallChunk,
    message_chunk_to_message,
)
from langchain_core.messages.ai import add_ai_message_chunks
from langchain_core.messages.tool import invalid_tool_call, tool_call

from .events import TextDelta, ThinkingDelta, ToolCallStarted
from .limits import Stopped


@dataclass(frozen=True, slots=True)
class Call:
    """A call as the model wrote it; `problem` says why it can't be run."""

    id: str
    name: str
    args: dict[str, Any]
    written: str
    problem: str | None


@dataclass(frozen=True, slots=True)
class Reply:
    """The whole message, and its calls, well-formed or not, in the order they were written."""

    message: AIMessage
    calls: tuple[Call, ...]

    @property
    def cut_off(self) -> Stopped | None:
        """Which limit of the model's ended the reply, if one did."""
        metadata = self.message.response_metadata
        reasons = [metadata.get(key) for key in ("finish_reason", "done_reason", "stop_reason")]
        if "repetition" in reasons:
            return "repetition"
        return "length" if "length" in reasons or "max_tokens" in reasons else None


def as_chunk(message: BaseMessage) -> AIMessageChunk:
    """The message as a chunk: a model without streaming yields one whole `AIMessage`."""
    if isinstance(message, AIMessageChunk):
        return message
    return AIMessageChunk.model_validate(message.model_dump(exclude={"type"}))


def deltas(chunk: AIMessageChunk) -> Iterator[ThinkingDelta | TextDelta | ToolCallStarted]:
    for block in chunk.content_blocks:
        match block:
            case {"type": "reasoning", "reasoning": str(text)} if text:
                yield ThinkingDelta(text)
            case {"type": "text", "text": str(text)} if text:
                yield TextDelta(text)
            case _:
                pass
    for call in chunk.tool_call_chunks:
        if name := call["name"]:
            yield ToolCallStarted(call["id"] or "", name)


def gather(chunks: Sequence[AIMessageChunk]) -> Reply:
    """The sum of the chunks.

    langchain-core completes the JSON of a truncated call and so invents arguments; here a call whose arguments aren't
    a complete JSON object is an invalid one. Calls without an id get one, since each result must name its call.
    """
    if not chunks:
        return Reply(AIMessage(""), ())
    whole = add_ai_message_chunks(*chunks)
    problems = {call["id"]: call["error"] for chunk in chunks for call in chunk.invalid_tool_calls}
    calls = tuple(_call(call, problems.get(call["id"])) for call in whole.tool_call_chunks)
    message = message_chunk_to_message(whole).model_copy(
        update={
            "tool_calls": [tool_call(id=c.id, name=c.name, args=c.args) for c in calls if not c.problem],
            "invalid_tool_calls": [
                invalid_tool_call(id=c.id, name=c.name, args=c.written, error=c.problem) for c in calls if c.problem
            ],
        }
    )
    assert isinstance(message, AIMessage)
    return Reply(message, calls)


def thinking_in(message: AIMessage) -> str:
    """The reasoning of a message, whichever way its model writes it."""
    return "".join(block.get("reasoning", "") for block in message.content_blocks if block["type"] == "reasoning")


def notes_in(message: BaseMessage) -> list[str]:
    """What a model says of the pictures and videos it was shown: which are damaged, cut off or altered."""
    return list(message.response_metadata.get("media_notes", ()))


def _call(chunk: ToolCallChunk, problem: str | None) -> Call:
    written = chunk["args"] or "{}"
    try:
        args = json.loads(written)
    except ValueError:
        args = None
    if not isinstance(args, dict):
        args, problem = {}, problem or "its arguments are incomplete or malformed"
    return Call(chunk["id"] or f"call_{uuid4().hex[:12]}", chunk["name"] or "", args, written, problem)
