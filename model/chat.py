"""The LangChain chat model over an engine."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import invalid_tool_call, tool_call, tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import ConfigDict

from ..errors import BadInputError
from .engine import Done, Engine, Request, Usage
from .parse import Call, CallStarted, Delta, TextDelta, ThinkingDelta

if TYPE_CHECKING:
    import torch

_SAMPLING = ("temperature", "top_p", "top_k", "min_p", "presence_penalty", "seed")
_SETTINGS = (*_SAMPLING, "max_tokens", "thinking")


class ChatModel(BaseChatModel):
    """A Qwen3.5-family model as LangChain knows chat models.

    Each setting can be given here for all calls, to `.bind(…)`, or to one call. `thinking` is on, off, or on with a
    budget in tokens; sampling settings left out come from the checkpoint, or are what the makers recommend.

    Messages carry standard content blocks (reasoning, text), `tool_calls`, and `usage_metadata` whose
    `input_token_details` count `cache_read` (tokens not read again), `image` and `video` tokens.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    engine: Engine
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    presence_penalty: float | None = None
    seed: int | None = None
    max_tokens: int | None = None
    thinking: bool | int | None = None

    @property
    def _llm_type(self) -> str:
        return "quintet"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.engine.name, **self._settings({})}

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | bool | dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Lets the model call `tools`; `tool_choice` is "auto", "none", "any" (or True), or the name of one."""
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], tool_choice=tool_choice, **kwargs)

    def get_token_ids(self, text: str) -> list[int]:
        """Token ids of a plain text."""
        return self.engine.tokenize(text)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        turn = _Gathered()
        for delta in self.engine.generate(self._request(messages, stop, kwargs)):
            turn.add(delta)
        return ChatResult(generations=[ChatGeneration(message=turn.message(self.engine.name))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        ids: dict[int, str] = {}
        for delta in self.engine.generate(self._request(messages, stop, kwargs)):
            chunk = ChatGenerationChunk(message=_chunk(delta, ids, self.engine.name))
            if run_manager:
                run_manager.on_llm_new_token(delta.text if isinstance(delta, TextDelta) else "", chunk=chunk)
            yield chunk

    def _request(self, messages: Sequence[BaseMessage], stop: Sequence[str] | None, kwargs: dict[str, Any]) -> Request:
        unknown = [
            key for key in kwargs if key not in (*_SETTINGS, "tools", "tool_choice") and not key.startswith("ls_")
        ]
        if unknown:
            raise BadInputError(f"unknown setting {unknown[0]!r}; known are {', '.join(_SETTINGS)}, stop and tools")
        settings = self._settings(kwargs)
        tools, call = _chosen(kwargs.get("tools") or [], kwargs.get("tool_choice"))
        return Request(
            messages=messages,
            tools=tools,
            thinking=settings.get("thinking", True),
            call=call,
            max_tokens=settings.get("max_tokens"),
            stop=(stop,) if isinstance(stop, str) else tuple(stop or ()),
            sampling={key: settings[key] for key in _SAMPLING if key in settings},
        )

    def _settings(self, kwargs: Mapping[str, Any]) -> dict[str, Any]:
        own = {key: getattr(self, key) for key in _SETTINGS}
        given = {key: kwargs[key] for key in _SETTINGS if key in kwargs}
        return {key: value for key, value in (own | given).items() if value is not None}


def _chosen(
    tools: list[dict[str, Any]], choice: str | bool | Mapping[str, Any] | None
) -> tuple[list[dict[str, Any]], str | None]:
    """The tools to offer, and the call to force: a name, "" for any, None for none."""
    if isinstance(choice, Mapping):
        choice = str(choice.get("function", {}).get("name", choice.get("type")))
    if choice in (None, False, "auto"):
        return tools, None
    if choice == "none":
        return [], None
    names = [tool["function"]["name"] for tool in tools]
    if choice in (True, "any", "required") and names:
        return tools, names[0] if len(names) == 1 else ""
    if choice not in names:
        raise BadInputError(f"tool_choice={choice!r} isn't one of the tools; give auto, none, any or one of {names}")
    return tools, str(choice)


class _Gathered:
    """A turn's deltas, as one message."""

    def __init__(self) -> None:
        self._deltas: list[Delta] = []
        self._done: Done | None = None

    def add(self, delta: Delta | Done) -> None:
        if isinstance(delta, Done):
            self._done = delta
        else:
            self._deltas.append(delta)

    def message(self, model: str) -> AIMessage:
        assert self._done
        thinking = "".join(delta.text for delta in self._deltas if isinstance(delta, ThinkingDelta))
        text = "".join(delta.text for delta in self._deltas if isinstance(delta, TextDelta))
        calls = [delta for delta in self._deltas if isinstance(delta, Call)]
        return AIMessage(
            content=[
                *([{"type": "reasoning", "reasoning": thinking}] if thinking else []),
                *([{"type": "text", "text": text}] if text else []),
            ],
            tool_calls=[tool_call(name=c.name, args=c.args, id=_new_id()) for c in calls if not c.error],
            invalid_tool_calls=[
                invalid_tool_call(name=c.name, args=c.raw, id=_new_id(), error=c.error) for c in calls if c.error
            ],
            usage_metadata=_usage(self._done.usage),
            response_metadata={"finish_reason": self._done.reason, "model_name": model},
        )


def _chunk(delta: Delta | Done, ids: dict[int, str], model: str) -> AIMessageChunk:
    """One delta as a message chunk; `ids` remembers the id of each call begun."""
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
            written = raw if error else json.dumps(args, ensure_ascii=False)
            chunk = _call_chunk(index, None if begun else name, written, None if begun else call_id)
            if error:  # summing chunks loses the reason, so it is told where the call ends
                chunk.invalid_tool_calls = [invalid_tool_call(name=name, args=raw, id=call_id, error=error)]
            return chunk
        case Done(reason, usage):
            return AIMessageChunk(
                content=[],
                usage_metadata=_usage(usage),
                response_metadata={"finish_reason": reason, "model_name": model},
                chunk_position="last",
            )


def _call_chunk(index: int, name: str | None, args: str, call_id: str | None) -> AIMessageChunk:
    return AIMessageChunk(content=[], tool_call_chunks=[tool_call_chunk(name=name, args=args, id=call_id, index=index)])


def _usage(usage: Usage) -> UsageMetadata:
    seen: dict[str, Any] = {"cache_read": usage.cached, "image": usage.image, "video": usage.video}
    return UsageMetadata(
        input_tokens=usage.input,
        output_tokens=usage.output,
        total_tokens=usage.input + usage.output,
        input_token_details=seen,  # type: ignore[typeddict-item]
        output_token_details={"reasoning": usage.thinking},
    )


def _new_id() -> str:
    return f"call_{uuid4().hex[:12]}"


def load_model(
    name: str = "nano",
    *,
    device: "str | torch.device | None" = None,
    dtype: "str | torch.dtype | None" = None,
    context: int | None = None,
    speculate: int = 0,
    session_bytes: int | None = None,
    cache_folder: "str | Path | None" = None,
    **settings: Any,
) -> ChatModel:
    """Loads a model: the bundled `nano`, the folder of a checkpoint, or a repository `org/name` of the hub.

    `settings` are those of `ChatModel`: temperature, top_p, top_k, min_p, presence_penalty, seed, max_tokens, thinking.

    `context` is in tokens: more than the checkpoint's own turns on YaRN, which reaches four times as far; less is a
    limit. With `speculate`, the checkpoint's draft layer (MTP) guesses that many tokens at a time; the answers are the
    same. Conversations are kept in `session_bytes` of memory (by default a quarter of a GPU's free memory, or an eighth
    of the computer's), so that they are not read again, and with `cache_folder` on disk too, for a later start.

    Raises:
        ModelNotFoundError: if there is no such checkpoint, or no network to fetch it.
        UnsupportedModelError: if it isn't a Qwen3.5-family checkpoint, or has no draft layer to `speculate` with.
        BadInputError: if a setting is unknown or out of range, or `cache_folder` is another model's.
    """
    from .checkpoint import load_checkpoint
    from .local import LocalEngine

    for key, value, least in (("speculate", speculate, 0), ("session_bytes", session_bytes, 1)):
        if value is not None and value < least:
            raise BadInputError(f"{key}={value} is out of range; give {least} or more")
    if unknown := [key for key in settings if key not in _SETTINGS]:
        raise BadInputError(f"unknown setting {unknown[0]!r}; known are {', '.join(_SETTINGS)}")
    checkpoint = load_checkpoint(name, device=device, dtype=dtype, context=context, speculate=speculate > 0)
    engine = LocalEngine(
        checkpoint,
        speculate=speculate,
        session_bytes=session_bytes,
        cache_folder=Path(cache_folder) if cache_folder is not None else None,
    )
    model = ChatModel(engine=engine, **settings)
    model._request([], None, {}).resolve({})  # names a setting out of range now, not at the first question
    return model
