"""What a run tells while it happens: frozen deltas, never the whole text again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from langchain_core.messages.ai import UsageMetadata

from ..tools.content import Content
from .answer import Answer


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    """More of the model's thinking."""

    text: str


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the reply's text."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCallStarted:
    """The model begins to write a call; `id` is empty where the model gives none before the call is complete."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A complete call, about to run. `args` is the raw text where the call is malformed and won't run."""

    id: str
    name: str
    args: dict[str, Any] | str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What the model is told about a call: text, or content blocks with pictures and video."""

    id: str
    name: str
    content: Content
    error: bool


@dataclass(frozen=True, slots=True)
class UsageDelta:
    """The tokens of one step."""

    usage: UsageMetadata


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the person should know; the run goes on."""

    text: str


@dataclass(frozen=True, slots=True)
class End:
    """The last event of every run."""

    answer: Answer


Event: TypeAlias = ThinkingDelta | TextDelta | ToolCallStarted | ToolCall | ToolResult | UsageDelta | Notice | End
