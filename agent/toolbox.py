"""The tools of an agent, and running a call: whatever happens, the model gets an answer to it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, wait
from contextvars import copy_context
from threading import Thread
from typing import TYPE_CHECKING, Any

from langchain_core.messages import ToolMessage
from langchain_core.messages.tool import tool_call
from langchain_core.tools import BaseTool, StructuredTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import ValidationError

from ..errors import BadInputError, ToolError, ToolTimeoutError
from ..tools import as_tool, media_shelf, to_content
from .media import check_media
from .reply import Call

if TYPE_CHECKING:
    from ..vision import Image, Video

MAX_RESULT = 100_000  # characters of text from one call
MAX_ERROR = 1000

_log = logging.getLogger(__name__)


class Toolbox:
    """Tools by name.

    `timeout` (s) limits a call. A call runs in a thread of its own, which Python can't kill: a tool that runs past its
    time is given up and the run goes on, but its thread lives until the tool returns or the process ends.
    """

    def __init__(self, tools: Iterable[BaseTool | Callable[..., Any]], *, timeout: float | None) -> None:
        self.tools = tuple(map(_as_tool, tools))
        self._by_name = {tool.name: tool for tool in self.tools}
        if len(self._by_name) < len(self.tools):
            names = [tool.name for tool in self.tools]
            double = next(name for name in names if names.count(name) > 1)
            raise BadInputError(f"two tools are called {double!r}; give each a name of its own")
        self._parameters = {tool.name: _parameters(tool) for tool in self.tools}
        self._timeout = timeout

    def plus(self, tool: BaseTool) -> Toolbox:
        """The same tools and one more."""
        return Toolbox([*self.tools, tool], timeout=self._timeout)

    def call(self, call: Call, shelf: Sequence[Image | Video]) -> ToolMessage:
        """Runs a call and returns its result, or a message with status "error" that tells the model what went wrong.

        `shelf` holds the pictures and videos that the tools may look at.
        """
        try:
            if call.problem is not None:
                raise ToolError(f"the call of {call.name} can't be run: {call.problem}; write it again, complete")
            message = self._run(self._find(call.name, call.args), call, shelf)
        except ToolError as error:
            return _failure(call, str(error))
        except (Exception, SystemExit) as error:  # a tool's own code: whatever it raises, the run goes on
            _log.info("tool %s failed", call.name, exc_info=True)
            return _failure(call, f"{call.name} failed: {type(error).__name__}: {error}")
        if message.status == "error" and isinstance(message.content, str):
            return _failure(call, message.content)
        return message

    def _find(self, name: str, args: Mapping[str, Any]) -> BaseTool:
        if not self._by_name:
            raise ToolError(f"there is no tool {name!r}, there are none at all; answer without")
        if name not in self._by_name:
            raise ToolError(f"there is no tool {name!r}; the tools are {', '.join(self._by_name)}")
        # pydantic ignores arguments it doesn't know, but a model that misspelt one should hear of it.
        schema = self._parameters[name]
        known = list(schema.get("properties", {}))
        unknown = [arg for arg in args if arg not in known]
        if unknown and not schema.get("additionalProperties"):
            possible = f"its arguments are {', '.join(known)}" if known else "it takes none"
            raise ToolError(f"{name} has no argument {unknown[0]!r}; {possible}")
        return self._by_name[name]

    def _run(self, tool: BaseTool, call: Call, shelf: Sequence[Image | Video]) -> ToolMessage:
        """Raises whatever the tool raises, `ToolTimeoutError` past the time limit."""
        future: Future[ToolMessage] = Future()

        def work() -> None:
            try:
                media_shelf.set(shelf)
                future.set_result(_invoke(tool, call))
            except BaseException as error:  # handed to the thread that waits
                future.set_exception(error)

        Thread(target=copy_context().run, args=(work,), name=f"tool {tool.name}", daemon=True).start()
        if not wait([future], self._timeout).done:
            raise ToolTimeoutError(
                f"{tool.name} ran longer than {self._timeout:g} seconds and was given up; try something smaller"
            )
        return future.result()


def _as_tool(tool: BaseTool | Callable[..., Any]) -> BaseTool:
    if isinstance(tool, BaseTool):
        return tool
    if not callable(tool):
        raise BadInputError(f"{tool!r} is no tool; pass langchain-core tools or typed functions")
    return as_tool(tool)


def _parameters(tool: BaseTool) -> dict[str, Any]:
    """The JSON schema of a tool's arguments, as the model reads it."""
    parameters: dict[str, Any] = convert_to_openai_tool(tool)["function"].get("parameters", {})
    return parameters


def _invoke(tool: BaseTool, call: Call) -> ToolMessage:
    request = tool_call(name=call.name, args=call.args, id=call.id)
    only_async = isinstance(tool, StructuredTool) and tool.func is None and tool.coroutine is not None
    try:
        result = asyncio.run(tool.ainvoke(request)) if only_async else tool.invoke(request)
    except ValidationError as error:
        if error.title == getattr(tool.args_schema, "__name__", None):  # not one of the tool's own
            raise ToolError(_explained(error, tool.name)) from error
        raise
    if not isinstance(result, ToolMessage):  # some tools return another framework's messages or commands
        result = ToolMessage(to_content(result, tool.name), tool_call_id=call.id, name=tool.name)
    check_media(result.content)
    return result.model_copy(update={"content": _cut(result.content), "tool_call_id": call.id})


def _explained(error: ValidationError, name: str) -> str:
    problems = []
    for problem in error.errors(include_url=False, include_context=False):
        argument = ".".join(map(str, problem["loc"]))
        if problem["type"] == "missing":
            problems.append(f"the argument {argument!r} of {name} is missing")
        else:
            got = repr(problem["input"])
            got = got if len(got) <= 80 else f"{got[:80]}…"
            problems.append(f"the argument {argument!r} of {name} is {got}: {problem['msg']}")
    return "; ".join(problems)


def _failure(call: Call, text: str) -> ToolMessage:
    text = text if len(text) <= MAX_ERROR else f"{text[:MAX_ERROR]}…"
    content = text if text.lower().startswith("error") else f"error: {text}"
    return ToolMessage(content, tool_call_id=call.id, name=call.name, status="error")


def _cut(content: Any) -> Any:
    if isinstance(content, str) and len(content) > MAX_RESULT:
        return f"{content[:MAX_RESULT]}… (cut; {len(content)} characters in all)"
    return content
