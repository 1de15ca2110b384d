"""A chat model that says what a test tells it to, chunk by chunk, and remembers what it was shown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from langchain_core.language_models import LanguageModelInput
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.utils.function_calling import convert_to_openai_tool

Line = list[AIMessageChunk] | Exception


class ScriptedModel(GenericFakeChatModel):
    """Streams the next line of `script` at each call; an exception in it is raised after the chunks before it."""

    messages: Iterator[AIMessage | str] = iter(())
    script: list[Line]
    seen: list[list[BaseMessage]]
    settings: list[dict[str, Any]]

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[LanguageModelInput, AIMessage]:
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], **kwargs)

    def _generate(self, messages: list[BaseMessage], *_: Any, **kwargs: Any) -> ChatResult:
        return generate_from_stream(self._stream(messages, **kwargs))

    def _stream(self, messages: list[BaseMessage], *_: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        self.seen.append(list(messages))
        self.settings.append(kwargs)
        line = self.script.pop(0)
        if isinstance(line, Exception):
            yield ChatGenerationChunk(message=AIMessageChunk("So"))
            raise line
        for chunk in line:
            yield ChatGenerationChunk(message=chunk)


def say(text: str, *, thinking: str = "", usage: tuple[int, int, int] | None = None, finish: str = "stop") -> Line:
    """A reply of words, as quintet's own model streams it; `usage` is (input, output, cache_read)."""
    chunks = [AIMessageChunk([{"type": "reasoning", "reasoning": word, "index": 0}]) for word in _words(thinking)]
    chunks += [AIMessageChunk([{"type": "text", "text": word, "index": 1}]) for word in _words(text)]
    return [*chunks, _last(usage, finish)]


def call(name: str, args: dict[str, Any] | str, *, id_: str | None = None, more: Line = (), **last: Any) -> Line:
    """A reply that calls a tool, the arguments in two pieces; a string stands for what the model wrote."""
    written = args if isinstance(args, str) else json.dumps(args)
    half = len(written) // 2
    index = 100 + len(list(more))
    chunks = [
        AIMessageChunk([], tool_call_chunks=[tool_call_chunk(name=name, args="", id=id_ or f"c{index}", index=index)]),
        AIMessageChunk([], tool_call_chunks=[tool_call_chunk(args=written[:half], index=index)]),
        AIMessageChunk([], tool_call_chunks=[tool_call_chunk(args=written[half:], index=index)]),
    ]
    return [*list(more)[:-1], *chunks, _last(last.get("usage"), last.get("finish", "tool_calls"))]


def _last(usage: tuple[int, int, int] | None, finish: str) -> AIMessageChunk:
    metadata: Any = usage and {
        "input_tokens": usage[0],
        "output_tokens": usage[1],
        "total_tokens": usage[0] + usage[1],
        "input_token_details": {"cache_read": usage[2]},
    }
    return AIMessageChunk(
        [], usage_metadata=metadata, response_metadata={"finish_reason": finish}, chunk_position="last"
    )


def _words(text: str) -> list[str]:
    return [f"{word} " for word in text.split()]


class Script:
    """`say` and `call` make lines, `model` a model that speaks them."""

    say = staticmethod(say)
    call = staticmethod(call)

    @staticmethod
    def model(*lines: Line) -> ScriptedModel:
        return ScriptedModel(script=list(lines), seen=[], settings=[])


@pytest.fixture
def script() -> Script:
    return Script()
