"""The agent: think, call tools, feed their results back, answer."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from langchain_core.runnables import Runnable, RunnableBinding
from langchain_core.tools import BaseTool
from pydantic import BaseModel

from ..errors import BadInputError
from ..vision import MediaPolicy
from .answer import Answer
from .events import End, Event, Notice, ToolCall, ToolResult, UsageDelta
from .form import Form
from .limits import Limits
from .media import Media, question_message
from .reply import Reply, as_chunk, deltas, gather, notes_in
from .toolbox import Toolbox
from .turn import Turn

Model: TypeAlias = BaseChatModel | Runnable[LanguageModelInput, Any]


class Agent:
    """A model with tools, and one conversation that goes on from ask to ask.

    Args:
        model: any langchain-core chat model, also one with settings bound (`model.bind(temperature=0.2)`).
        tools: langchain-core tools or plain typed functions.
        system: instructions that precede the conversation.
        limits: what one ask may spend.
        media_policy: what pictures and videos given with a question may cost, and from which hosts they are fetched.
            The model opens them again under its own (`load_model(..., media_policy=...)`), so raise limits in both.
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
        media_policy: MediaPolicy = MediaPolicy(),  # noqa: B008  frozen
        tool_timeout: float | None = 60.0,
    ) -> None:
        self._toolbox = Toolbox(tools, timeout=tool_timeout)
        self._model = model
        _with_tools(model, self._toolbox.tools)  # a model that can't call tools is refused here
        self._preface = [SystemMessage(system)] if system else []
        self.limits = limits
        self.media_policy = media_policy
        self.messages: list[BaseMessage] = []

    def ask(self, question: str, *media: Media, schema: type[BaseModel] | None = None) -> Answer:
        """Asks and waits for the answer.

        Args:
            question: what to ask.
            media: pictures and videos it is about: paths, addresses, Pillow images, arrays, `Image`, `Video`.
            schema: a pydantic model whose fields the answer has to fill; `answer.data` is the validated object, or None
                if a limit ended the run before.

        Raises:
            BadInputError: media that can't be read, a document among them, or an empty question.
            Exception: whatever the model raises. Tools don't: their errors go to the model.
        """
        (end,) = deque(self.stream(question, *media, schema=schema), maxlen=1)
        assert isinstance(end, End)
        return end.answer

    def stream(self, question: str, *media: Media, schema: type[BaseModel] | None = None) -> Iterator[Event]:
        """Asks and yields what happens as it happens, at last `End` with the answer. Raises as `ask` does."""
        asked = question_message(question, media, self.media_policy)
        return self._run(asked, Form(schema) if schema is not None else None)

    def _run(self, question: HumanMessage, form: Form | None) -> Iterator[Event]:
        turn = Turn(self.messages, question, self.media_policy)
        toolbox = self._toolbox if form is None else self._toolbox.plus(form.tool)
        model = _with_tools(self._model, toolbox.tools)
        data: BaseModel | None = None
        while (stopped := self.limits.reached(turn.steps, turn.usage)) is None:
            reply = yield from self._think(model, [*self._preface, *turn.conversation])
            turn.add(reply.message)
            for call in reply.calls:
                yield ToolCall(call.id, call.name, call.written if call.problem else call.args)
                result = toolbox.call(call, tuple(turn.shelf))
                turn.add(result)
                yield ToolResult(result.tool_call_id, result.name or "", result.content, result.status == "error")
            if form is not None and (data := form.filled_in(turn.messages)) is not None:
                break
            if not reply.calls:
                stopped = reply.cut_off
                if form is None or stopped:
                    break
                turn.add(form.request())
                model = _with_tools(self._model, toolbox.tools, tool_choice=form.tool.name)
        if stopped is not None:
            yield Notice(self.limits.explain(stopped))
        answer = turn.answer(stopped, data)
        self.messages += turn.messages
        yield End(answer)

    def _think(
        self, model: Runnable[LanguageModelInput, Any], messages: Sequence[BaseMessage]
    ) -> Generator[Event, None, Reply]:
        chunks = []
        for message in model.stream(messages):
            chunks.append(as_chunk(message))
            yield from deltas(chunks[-1])
        reply = gather(chunks)
        told = {note for message in messages for note in notes_in(message)}
        yield from (Notice(note) for note in notes_in(reply.message) if note not in told)
        if reply.message.usage_metadata is not None:
            yield UsageDelta(reply.message.usage_metadata)
        elif self.limits.tokens is not None:
            yield Notice("this model reports no usage, so the limit on tokens can't be kept")
        return reply


def _with_tools(model: Model, tools: Sequence[BaseTool], **choice: str) -> Runnable[LanguageModelInput, Any]:
    if not tools:
        return model
    if isinstance(model, RunnableBinding):  # keep the bound settings
        settings = {key: value for key, value in model.kwargs.items() if key not in choice}
        return _with_tools(model.bound, tools, **choice).bind(**settings).with_config(model.config)
    try:
        return model.bind_tools(tools, **choice)  # type: ignore[union-attr]
    except (AttributeError, NotImplementedError) as error:
        name = type(model).__name__
        raise BadInputError(f"{name} can't call tools; use a model with bind_tools, or no tools") from error
