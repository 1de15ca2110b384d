"""The agent: a model that thinks, calls tools, looks again and answers with its sources."""

from .agent import Agent
from .answer import Answer
from .citations import Citation
from .events import (
    End,
    Event,
    Notice,
    TextDelta,
    ThinkingDelta,
    ToolCall,
    ToolCallStarted,
    ToolResult,
    UsageDelta,
)
from .limits import Limits

__all__ = [
    "Agent",
    "Answer",
    "Citation",
    "End",
    "Event",
    "Limits",
    "Notice",
    "TextDelta",
    "ThinkingDelta",
    "ToolCall",
    "ToolCallStarted",
    "ToolResult",
    "UsageDelta",
]
