"""Plain typed functions as tools, whose results may hold pictures and video."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForToolRun, CallbackManagerForToolRun
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, StructuredTool, ToolException
from typing_extensions import override

from ..errors import BadInputError, ToolError
from .content import Content, to_content


@dataclass(frozen=True, slots=True)
class Returned:
    """What a tool returns when it has more to say than the model is shown: `artifact` goes to the program only."""

    content: Any
    artifact: Any


class FunctionTool(StructuredTool):
    """A function as a LangChain tool: its result reaches the model as text, pictures and video.

    A `ToolError` becomes a tool message with status "error", in LangChain's own agent too.
    """

    @override
    def _run(
        self, *args: Any, config: RunnableConfig, run_manager: CallbackManagerForToolRun | None = None, **kwargs: Any
    ) -> tuple[Content, Any]:
        try:
            return self._written(super()._run(*args, config=config, run_manager=run_manager, **kwargs))
        except ToolError as error:
            raise ToolException(str(error)) from error

    @override
    async def _arun(
        self,
        *args: Any,
        config: RunnableConfig,
        run_manager: AsyncCallbackManagerForToolRun | None = None,
        **kwargs: Any,
    ) -> tuple[Content, Any]:
        if self.coroutine is None:
            written: tuple[Content, Any] = await super()._arun(*args, config=config, run_manager=run_manager, **kwargs)
            return written  # of _run, in a thread
        try:
            return self._written(await super()._arun(*args, config=config, run_manager=run_manager, **kwargs))
        except ToolError as error:
            raise ToolException(str(error)) from error

    def _written(self, result: Any) -> tuple[Content, Any]:
        if isinstance(result, Returned):
            return to_content(result.content, self.name), result.artifact
        content = to_content(result, self.name)
        return content, content


def as_tool(function: Callable[..., Any], *, name: str | None = None, description: str | None = None) -> BaseTool:
    """Makes a tool of a typed function, `def` or `async def`.

    The description is the docstring's text, the arguments' descriptions its `Args:` section. The function may return
    text, anything JSON can hold, pictures (Pillow images or `Image`), `Video`, or a list of these; a `Returned` adds an
    artifact for the program. Raising `ToolError` tells the model what went wrong.

    Raises:
        BadInputError: no docstring and no description, an argument without a type, or documentation for an argument
            that doesn't exist.
    """
    _check_signature(function)
    asynchronous = inspect.iscoroutinefunction(function)
    try:
        tool = FunctionTool.from_function(
            func=None if asynchronous else function,
            coroutine=function if asynchronous else None,
            name=name,
            description=description,
            parse_docstring=True,
            response_format="content_and_artifact",
            handle_tool_error=True,
        )
    except ValueError as error:
        raise BadInputError(f"{_label(function)} can't be a tool: {error}") from error
    tool.description = description or " ".join(tool.description.split())  # a docstring's line breaks mean nothing
    return tool


def _check_signature(function: Callable[..., Any]) -> None:
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}:
            problem = f"a model passes each argument by its name, {str(parameter)!r} can't be"
        elif parameter.annotation is parameter.empty:
            problem = f"argument {parameter.name!r} has no type; annotate it"
        else:
            continue
        raise BadInputError(f"{_label(function)} can't be a tool: {problem}")


def _label(function: Callable[..., Any]) -> str:
    return getattr(function, "__qualname__", repr(function))
