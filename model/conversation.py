"""A conversation in LangChain's messages -> the turns that chat templates take, checked first.

The chat format has no ids for calls: a model tells their results apart by order alone. So results stand in the order of
their calls here, and where one of several never came, its place is taken by a note.
"""

from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, InvalidToolCall, SystemMessage, ToolMessage

from ..errors import BadInputError
from ..vision import Image, Video
from .guard import CALL, CALL_END, Guard, check_names

Media = Image | Video
Turn = dict[str, Any]

_MISSING = "(no result)"
_IN_TOOL_CALLS = {"tool_call", "tool_call_chunk", "invalid_tool_call", "tool_use", "function_call"}


def checked(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """The messages as the format can hold them: one system message, results in the order of their calls.

    System messages come first and are joined; then a human message opens the conversation. After that human and AI
    messages may follow each other in any order, several of a kind too, as the templates of the family allow. A call may
    be left without result: a person has interrupted it.

    Raises:
        BadInputError: for a kind of message that the format doesn't know, one out of this order, or the result of a
            call that no message before it makes.
    """
    for message in messages:
        if not isinstance(message, SystemMessage | HumanMessage | AIMessage | ToolMessage):
            raise BadInputError(
                f"a {type(message).__name__} has no place in the chat format; use system, human, AI and tool messages"
            )
    system = list(takewhile(lambda message: isinstance(message, SystemMessage), messages))
    if len(system) == len(messages):
        raise BadInputError("an empty conversation can't be answered; give it a human message")
    if not isinstance(messages[len(system)], HumanMessage):
        raise BadInputError(
            f"the conversation begins with a message of type {messages[len(system)].type!r}, not 'human'"
        )
    ordered: list[BaseMessage] = [_joined(system)] if system else []
    known: set[str] = set()
    calls: list[str] = []
    results: list[ToolMessage] = []
    for number, message in enumerate(messages[len(system) :], start=len(system) + 1):
        if isinstance(message, SystemMessage):
            raise BadInputError(f"message {number} is a system message; it must come first")
        if isinstance(message, ToolMessage):
            if message.tool_call_id not in known:
                raise BadInputError(
                    f"message {number} is the result of call {message.tool_call_id!r}, which no AI message before it "
                    "makes; give it the id of a call"
                )
            results.append(message)
            continue
        ordered += [*_in_order(results, calls), message]
        calls = _ids(message) if isinstance(message, AIMessage) else []
        known.update(calls)
        results = []
    return ordered + _in_order(results, calls)


class Turns:
    """Makes turns of messages; `media` are the pictures and videos met, in order, as `found` in content blocks.

    Without `thinking` the turns of the assistant are shown without what it thought.
    """

    def __init__(self, guard: Guard, found: Callable[[object], Media | None], *, thinking: bool) -> None:
        self._guard = guard
        self._found = found
        self._thinking = thinking
        self.media: list[Media] = []

    def turn(self, message: BaseMessage) -> Turn:
        """The turn of a message that was `checked`.

        Raises:
            BadInputError: if it holds what its role can't hold.
        """
        match message:
            case SystemMessage():
                return {"role": "system", "content": self._texts(message)}
            case AIMessage():
                return self._spoken(message)
        return {"role": "tool" if isinstance(message, ToolMessage) else "user", "content": self._content(message)}

    def _spoken(self, message: AIMessage) -> Turn:
        if isinstance(message.content, list):
            known = _IN_TOOL_CALLS | {"text", "reasoning", "thinking"}
            for kind in (_kind(block) for block in message.content):
                if kind not in known:
                    raise BadInputError(f"a block of type {kind!r} has no place in an AI message; use text")
        content = self._guard.text(str(message.text).strip())
        if wrong := "\n".join(self._wrong(call) for call in message.invalid_tool_calls):
            content += ("\n\n" if content else "") + wrong
        turn: Turn = {
            "role": "assistant",
            "content": content,
            "reasoning_content": self._guard.text(reasoning_of(message).strip()) if self._thinking else "",
        }
        if message.tool_calls:
            turn["tool_calls"] = [self._call(call["name"], call["args"]) for call in message.tool_calls]
        return turn

    def _wrong(self, call: InvalidToolCall) -> str:
        """A call that went wrong, as the model wrote it, so that it sees what to do better."""
        written = (call["args"] or "").removeprefix("<tool_call>").strip()
        if call["name"] and "<function=" not in written:  # another model wrote it
            written = f"<function={call['name']}>\n{written}"
        return f"{CALL}\n{self._guard.text(written)}\n{CALL_END}"

    def _call(self, name: str, args: dict[str, Any]) -> Turn:
        check_names((name, *args))
        function = {"name": self._guard.text(name), "arguments": self._guard.value(args)}
        return {"type": "function", "function": function}

    def _texts(self, message: BaseMessage) -> str:
        if isinstance(message.content, list):
            for kind in (_kind(block) for block in message.content):
                if kind != "text":
                    raise BadInputError(
                        f"a block of type {kind!r} has no place in a system message; use text, and show pictures and "
                        "videos in a human message"
                    )
        return self._guard.text(str(message.text))

    def _content(self, message: BaseMessage) -> str | list[dict[str, str]]:
        if isinstance(message.content, str):
            return self._guard.text(message.content)
        parts: list[dict[str, str]] = []
        for block in message.content:
            if _kind(block) == "text":
                text = block if isinstance(block, str) else block.get("text") or ""
                parts.append({"type": "text", "text": self._guard.text(text)})
                continue
            found = self._found(block)
            if found is None:
                raise BadInputError(
                    f"a content block of type {_kind(block)!r} has no place in a prompt; use text, image or video"
                )
            self.media.append(found)
            parts.append({"type": "video" if isinstance(found, Video) else "image"})
        if all(part["type"] == "text" for part in parts):
            return "".join(part["text"] for part in parts)
        return parts


def reasoning_of(message: BaseMessage) -> str:
    """The thinking of a message: its reasoning blocks, or the field that OpenAI-compatible servers fill."""
    if isinstance(message.content, list):
        blocks = [block for block in message.content if isinstance(block, dict)]
        shown = [str(block.get(kind) or "") for block in blocks if (kind := _kind(block)) in ("reasoning", "thinking")]
        if shown:
            return "".join(shown)
    fields = message.additional_kwargs
    return str(fields.get("reasoning_content") or fields.get("reasoning") or "")


def _joined(system: Sequence[BaseMessage]) -> SystemMessage:
    if len(system) == 1:
        assert isinstance(system[0], SystemMessage)
        return system[0]
    blocks: list[Any] = []
    for message in system:
        blocks += ["\n\n"] if blocks else []
        blocks += [message.content] if isinstance(message.content, str) else message.content
    return SystemMessage(blocks)


def _ids(message: AIMessage) -> list[str]:
    """The ids of a message's calls, in the order in which they will be shown."""
    return [call["id"] for call in (*message.invalid_tool_calls, *message.tool_calls) if call["id"]]


def _in_order(results: list[ToolMessage], calls: list[str]) -> list[ToolMessage]:
    """Results in the order of `calls`, those of earlier ones last; a note where one of several is missing."""
    came = {result.tool_call_id for result in results}
    missing = [ToolMessage(_MISSING, tool_call_id=call) for call in calls if came & {*calls} and call not in came]
    return sorted(
        [*results, *missing],
        key=lambda result: calls.index(result.tool_call_id) if result.tool_call_id in calls else len(calls),
    )


def _kind(block: Any) -> str:
    return "text" if isinstance(block, str) else str(block.get("type"))
