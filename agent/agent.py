"""The agent: think, call tools, feed their results back, answer."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.messages.ai import UsageMetadata, add_usage
from langchain_core.runnables import Runnable, RunnableBinding
from langchain_core.tools import BaseTool

from ..errors import BadInputError
from .answer import Answer
from .citations import citations_in
from .events import End, Event, Notice, ToolCall, ToolResult, UsageDelta
from .limits import Limits, Stopped
from .media import Media, media_in, question_message
from .reply import Reply, as_chunk, deltas, gather, thinking_in
from .toolbox import Toolbox

Model: TypeAlias = BaseChatModel | Runnable[LanguageModelInput, Any]


class Agent:
    """A model with tools, and one conversation that goes on from ask to ask.

    Args:
        model: any langchain-core chat model, also one with settings bound (`model.bind(temperature=0.2)`).
        tools: langchain-core tools or plain typed functions.
        system: instructions that precede the conversation.
        limits: what one ask may spend.
        tool_timeout: seconds a tool call may take, None for no limit. Past it the model is told and the run goes on,
            but the thread of the call can't be killed.

    `messages` is the conversation so far, without the system text. An ask is added when it is complete, with its tool
    calls and results; one that fails or is abandoned in mid-stream leaves no trace.
    """

    def __init__(
        self,
        model: Model,
        tools: Iterable[BaseTool | Callable[..., Any]] = (),
        *,
        system: str | None = None,
        limits: Limits = Limits(),  # noqa: B008  frozen
        tool_timeout: float | None = 60.0,
    ) -> None:
        self._toolbox = Toolbox(tools, timeout=tool_timeout)
        self._model = _with_tools(model, self._toolbox.tools)
        self._preface = [SystemMessage(system)] if system else []
        self.limits = limits
        self.messages: list[BaseMessage] = []

    def ask(self, question: str, *media: Media) -> Answer:
        """Asks and waits for the answer.

        Args:
            question: what to ask.
            media: pictures and videos it is about: paths, Pillow images, `Image`, `Video`.

        Raises:
            BadInputError: media that can't be read, a document among them, or an empty question.
            Exception: whatever the model raises. Tools don't: their errors go to the model.
        """
        (end,) = deque(self.stream(question, *media), maxlen=1)
        assert isinstance(end, End)
        return end.answer

    def stream(self, question: str, *media: Media) -> Iterator[Event]:
        """Asks and yields what happens as it happens, at last `End` with the answer. Raises as `ask` does."""
        return self._run(question_message(question, media))

    def _run(self, question: HumanMessage) -> Iterator[Event]:
        turn: list[BaseMessage] = [question]
        shelf = list(media_in([*self.messages, question]))
        steps, usage = 0, None
        while (stopped := self.limits.reached(steps, usage)) is None:
            reply = yield from self._think([*self._preface, *self.messages, *turn])
            turn.append(reply.message)
            steps, usage = steps + 1, _sum(usage, reply.message.usage_metadata)
            if not reply.calls:
                stopped = "length" if reply.cut_off else None
                break
            for call in reply.calls:
                yield ToolCall(call.id, call.name, call.written if call.problem else call.args)
                result = self._toolbox.call(call, tuple(shelf))
                turn.append(result)
                shelf += media_in([result])
                yield ToolResult(result.tool_call_id, result.name or "", result.content, result.status == "error")
        if stopped is not None:
            yield Notice(self.limits.explain(stopped))
        self.messages += turn
        yield End(_answer(turn, self.messages, steps, usage, stopped))

    def _think(self, messages: Sequence[BaseMessage]) -> Generator[Event, None, Reply]:
        chunks = []
        for message in self._model.stream(messages):
            chunks.append(as_chunk(message))
            yield from deltas(chunks[-1])
        reply = gather(chunks)
        if reply.message.usage_metadata is not None:
            yield UsageDelta(reply.message.usage_metadata)
        elif self.limits.tokens is not None:
            yield Notice("this model reports no usage, so the limit on tokens can't be kept")
        return reply


def _with_tools(model: Model, tools: Sequence[BaseTool]) -> Runnable[LanguageModelInput, Any]:
    if not tools:
        return model
    if isinstance(model, RunnableBinding):  # keep the bound settings
        return _with_tools(model.bound, tools).bind(**model.kwargs).with_config(model.config)
    try:
        return model.bind_tools(tools)  # type: ignore[union-attr]
    except (AttributeError, NotImplementedError) as error:
        name = type(model).__name__
        raise BadInputError(f"{name} can't call tools; use a model with bind_tools, or no tools") from error


def _answer(
    turn: Sequence[BaseMessage],
    conversation: Sequence[BaseMessage],
    steps: int,
    usage: UsageMetadata | None,
    stopped: Stopped | None,
) -> Answer:
    replies = [message for message in turn if isinstance(message, AIMessage)]
    text = str(replies[-1].text).strip() if replies else ""
    return Answer(
        text=text,
        thinking="\n\n".join(thought for reply in replies if (thought := thinking_in(reply).strip())),
        citations=citations_in(text, conversation, turn),
        steps=steps,
        usage=usage,
        stopped=stopped,
        messages=tuple(turn),
    )


def _sum(total: UsageMetadata | None, step: UsageMetadata | None) -> UsageMetadata | None:
    return None if total is None and step is None else add_usage(total, step)
