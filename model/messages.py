"""An engine's deltas -> LangChain's messages, whole or in chunks that add up to the same."""

import json
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import uuid4

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import invalid_tool_call, tool_call, tool_call_chunk

from .engine import Done, Logprob, Output, Reading, Usage
from .parse import Call, CallDelta, CallStarted, TextDelta, ThinkingDelta


def message_of(deltas: Iterable[Output], model: str) -> AIMessage:
    """The message that a generation's deltas are; `model` is named in its metadata."""
    thinking, text = "", ""
    calls: list[Call] = []
    logprobs: list[dict[str, Any]] = []
    done: Done | None = None
    for delta in deltas:
        match delta:
            case ThinkingDelta(more):
                thinking += more
            case TextDelta(more):
                text += more
            case Call():
                calls.append(delta)
            case Logprob():
                logprobs.append(_logprob(delta))
            case Done():
                done = delta
    assert done
    return AIMessage(
        content=[
            *([{"type": "reasoning", "reasoning": thinking}] if thinking else []),
            *([{"type": "text", "text": text}] if text else []),
        ],
        tool_calls=[tool_call(name=c.name, args=c.args, id=_new_id()) for c in calls if not c.error],
        invalid_tool_calls=[
            invalid_tool_call(name=c.name, args=_unreadable(c.raw), id=_new_id(), error=c.error)
            for c in calls
            if c.error
        ],
        usage_metadata=_usage(done.usage),
        response_metadata=_metadata(done, model) | _logprobs(logprobs),
    )


def chunks_of(deltas: Iterable[Output], model: str) -> Iterator[AIMessageChunk | None]:
    """Each delta as a chunk, which also has the log-probabilities of the tokens since the last.

    None stands for what there is no chunk for, so that whoever waits can stop waiting there.
    """
    ids: dict[int, str] = {}
    logprobs: list[dict[str, Any]] = []
    for delta in deltas:
        if isinstance(delta, Logprob):
            logprobs.append(_logprob(delta))
        if isinstance(delta, Reading | CallDelta | Logprob):
            yield None
            continue
        chunk = _chunk(delta, ids, model)
        chunk.response_metadata |= _logprobs(logprobs)
        logprobs = []
        yield chunk


def _chunk(
    delta: ThinkingDelta | TextDelta | CallStarted | Call | Done, ids: dict[int, str], model: str
) -> AIMessageChunk:
    """One delta as a chunk; `ids` remembers the id of each call begun."""
    match delta:
        case ThinkingDelta(text):
            return AIMessageChunk(content=[{"type": "reasoning", "reasoning": text, "index": 0}])
        case TextDelta(text):
            return AIMessageChunk(content=[{"type": "text", "text": text, "index": 1}])
        case CallStarted(index, name):
            ids[index] = _new_id()
            return _call_chunk(index, name, "", ids[index])
        case Call(index, name, args, raw, error):
            begun = ids.get(index)
            call_id = begun or _new_id()
            written = _unreadable(raw) if error else json.dumps(args, ensure_ascii=False)
            chunk = _call_chunk(index, None if begun else name, written, None if begun else call_id)
            if error:  # summing chunks loses the reason, so it is told where the call ends
                chunk.invalid_tool_calls = [invalid_tool_call(name=name, args=written, id=call_id, error=error)]
            return chunk
        case Done():
            return AIMessageChunk(
                content=[],
                usage_metadata=_usage(delta.usage),
                response_metadata=_metadata(delta, model),
                chunk_position="last",
            )


def _call_chunk(index: int, name: str | None, args: str, call_id: str | None) -> AIMessageChunk:
    return AIMessageChunk(content=[], tool_call_chunks=[tool_call_chunk(name=name, args=args, id=call_id, index=index)])


def _unreadable(raw: str) -> str:
    """What a wrong call says, as no JSON: where chunks are summed, LangChain would complete that and take the call."""
    return raw if raw.startswith("<") else f"<tool_call>{raw}"


def _metadata(done: Done, model: str) -> dict[str, Any]:
    notes = {"media_notes": list(done.notes)} if done.notes else {}
    return {"finish_reason": done.reason, "model_name": model, **notes}


def _logprobs(tokens: list[dict[str, Any]]) -> dict[str, Any]:
    return {"logprobs": {"content": tokens}} if tokens else {}


def _logprob(drawn: Logprob) -> dict[str, Any]:
    """A token as OpenAI describes it."""
    return _token(drawn.token, drawn.logprob) | {"top_logprobs": [_token(*other) for other in drawn.top]}


def _token(token: str, logprob: float) -> dict[str, Any]:
    known = "\ufffd" not in token  # else it is a part of a character
    return {"token": token, "logprob": logprob, "bytes": list(token.encode()) if known else None}


def _usage(usage: Usage) -> UsageMetadata:
    seen: dict[str, Any] = {
        "cache_read": usage.cached,
        "reread": usage.reread,
        "image": usage.image,
        "video": usage.video,
    }
    return UsageMetadata(
        input_tokens=usage.input,
        output_tokens=usage.output,
        total_tokens=usage.input + usage.output,
        input_token_details=seen,  # type: ignore[typeddict-item]
        output_token_details={"reasoning": usage.thinking},
    )


def _new_id() -> str:
    return f"call_{uuid4().hex[:12]}"
