"""The LangChain chat model over an engine."""

from asyncio import gather
from collections.abc import AsyncIterator, Generator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.base import LangSmithParams
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from pydantic import ConfigDict, ValidationError

from ..errors import BadInputError
from .engine import Engine, Output, Request
from .messages import chunks_of, message_of
from .offer import Choice, ToolLike, chosen, described
from .settings import Settings, bad_setting
from .structured import METHODS, filled, form_of
from .threads import in_thread, together

_OFFER = ("tools", "tool_choice")


class ChatModel(Settings, BaseChatModel):
    """A Qwen3.5-family model as LangChain knows chat models.

    Each setting can be given here for all calls, to `.bind(…)`, or to one call.

    Messages carry standard content blocks (reasoning, text), `tool_calls`, and `usage_metadata` whose
    `input_token_details` count `cache_read` (tokens not read again), `reread` (tokens read again because something
    before them had changed), `image` and `video` tokens.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid", strict=False)

    engine: Engine
    streaming: bool = False  # LangChain's: whether `invoke` streams too, for callbacks

    def __init__(self, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise bad_setting(error) from None

    @property
    def _llm_type(self) -> str:
        return "quintet"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.engine.name, **self._own()}

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop, **kwargs)
        return {"ls_model_name": self.engine.name, **params, "ls_provider": "quintet"}

    def bind_tools(
        self,
        tools: Sequence[ToolLike],
        *,
        tool_choice: Choice = None,
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Lets the model call `tools`; `tool_choice` is "auto", "none", "any" (or True), or the name of one.

        `strict` is there because others have it: calls fit their schema here in any case.

        Raises:
            BadInputError: if a tool can't be described.
        """
        return self.bind(tools=described(tools), tool_choice=tool_choice, **kwargs)

    def with_structured_output(
        self,
        schema: dict[str, Any] | type,
        *,
        include_raw: bool = False,
        method: str = "function_calling",
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, Any]:
        """A model that answers with an object of `schema`: of a pydantic class, or else a dictionary.

        The answer is a call that is forced and that a grammar holds to the schema, whatever `method` and `strict` say.
        With `include_raw` the result is a dictionary of `raw`, `parsed` and `parsing_error`; without it, an answer that
        was cut off raises LangChain's `OutputParserException`.

        Raises:
            BadInputError: if `schema` isn't the schema of an object, or `method` is none of LangChain's.
        """
        if method not in METHODS:
            raise BadInputError(f"method={method!r} isn't known; give one of {', '.join(METHODS)}")
        form = form_of(schema)
        asked = self.bind_tools(
            [form],
            tool_choice=form["function"]["name"],
            ls_structured_output_format={"kwargs": {"method": method}, "schema": schema},
            **kwargs,
        )
        return filled(asked, schema, include_raw=include_raw)

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
        requests = self._requests(messages, stop, kwargs)
        turns = together(self._deltas, requests) if len(requests) > 1 else [self._deltas(requests[0])]
        return _result([message_of(deltas, self.engine.name) for deltas in turns])

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        async def message(request: Request) -> AIMessage:
            return message_of([delta async for delta in in_thread(self._deltas(request))], self.engine.name)

        requests = self._requests(messages, stop, kwargs)
        return _result(await gather(*(message(request) for request in requests)))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        for chunk in filter(None, self._chunks(messages, stop, kwargs)):
            if run_manager:
                run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        async with aclosing(in_thread(self._chunks(messages, stop, kwargs))) as chunks:
            async for chunk in chunks:
                if chunk is None:
                    continue
                if run_manager:
                    await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                yield chunk

    def _chunks(
        self, messages: Sequence[BaseMessage], stop: Sequence[str] | None, kwargs: Mapping[str, Any]
    ) -> Generator[ChatGenerationChunk | None, None, None]:
        request, *more = self._requests(messages, stop, kwargs)
        if more:
            raise BadInputError(f"n={1 + len(more)} candidates can't be streamed; leave n out, or use generate()")
        for chunk in chunks_of(self._deltas(request), self.engine.name):
            yield ChatGenerationChunk(message=chunk) if chunk else None

    def _deltas(self, request: Request) -> Generator[Output, None, None]:
        yield from self.engine.generate(request)

    def _requests(
        self, messages: Sequence[BaseMessage], stop: Sequence[str] | None, kwargs: Mapping[str, Any]
    ) -> list[Request]:
        """One for each candidate; their seeds count up from the one given."""
        settings = self._settings(stop, kwargs)
        tools, call = chosen(described(kwargs.get("tools") or []), kwargs.get("tool_choice"))
        request = Request(
            messages=messages,
            tools=tools,
            thinking=True if settings.thinking is None else settings.thinking,
            call=call,
            max_tokens=settings.max_tokens,
            stop=settings.stops,
            history=settings.history or "keep",
            effort=settings.effort,
            logprobs=settings.top_logprobs or 0 if settings.logprobs else None,
            sampling=settings.sampling,
        )
        candidates = range(settings.n or 1)
        if settings.seed is None:
            return [request for _ in candidates]
        return [replace(request, sampling={**request.sampling, "seed": settings.seed + each}) for each in candidates]

    def _settings(self, stop: Sequence[str] | None, kwargs: Mapping[str, Any]) -> Settings:
        """The model's settings, and over them those of a call."""
        given = {key: value for key, value in kwargs.items() if key not in _OFFER and not key.startswith("ls_")}
        if stop is not None:
            given["stop"] = stop
        return Settings.checked(self._own() | {key: value for key, value in given.items() if value is not None})

    def _own(self) -> dict[str, Any]:
        return {key: value for key in Settings.model_fields if (value := getattr(self, key)) is not None}


def _result(messages: Sequence[AIMessage]) -> ChatResult:
    return ChatResult(generations=[ChatGeneration(message=message) for message in messages])
