"""How much a run may spend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from langchain_core.messages.ai import UsageMetadata

from ..errors import BadInputError

Stopped: TypeAlias = Literal["steps", "tokens", "length", "repetition"]
"""Which limit ended a run: of the agent (`steps`, `tokens`), or of the model on a reply (`length`, `repetition`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits on one ask, checked before each step; None is no limit.

    Attributes:
        steps: replies of the model.
        tokens: tokens read anew and tokens written; those a cache kept from being read again don't count.
    """

    steps: int | None = 16
    tokens: int | None = None

    def __post_init__(self) -> None:
        for name, value in (("steps", self.steps), ("tokens", self.tokens)):
            if value is not None and value < 1:
                raise BadInputError(f"the limit on {name} is {value}; it must be at least 1, or None for no limit")

    def explain(self, stopped: Stopped) -> str:
        """What ended the run, for the person."""
        return {
            "steps": f"stopped after {self.steps} steps, the limit; the answer may be incomplete",
            "tokens": f"stopped at the limit of {self.tokens} tokens; the answer may be incomplete",
            "length": "the model's limit on the length of a reply cut the answer off",
            "repetition": "the answer was cut off because the model said the same again and again",
        }[stopped]

    def reached(self, steps: int, usage: UsageMetadata | None) -> Stopped | None:
        """The limit that a further step would break, if any."""
        if self.steps is not None and steps >= self.steps:
            return "steps"
        if self.tokens is not None and usage is not None and tokens_spent(usage) >= self.tokens:
            return "tokens"
        return None


def tokens_spent(usage: UsageMetadata) -> int:
    """Tokens read anew plus tokens written."""
    return usage["total_tokens"] - usage.get("input_token_details", {}).get("cache_read", 0)
