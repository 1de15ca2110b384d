"""What every engine promises: messages in, typed deltas out.

The format half (prompt, parser, chat model) and the machine half (sessions, weights) meet here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol, runtime_checkable

from langchain_core.messages import BaseMessage

from ..errors import BadInputError
from .parse import Delta
from .sampling import Sampling

FinishReason = Literal["stop", "length", "tool_calls", "repetition"]
"""Why a turn ended: by itself or a stop string, at the limit on tokens, with calls, or going round in circles."""
History = Literal["keep", "template", "drop"]
"""What becomes of earlier turns' thinking: all of it stays, the checkpoint's template decides, or none is shown."""


@dataclass(frozen=True)
class Usage:
    """Tokens of one generation; `image` and `video` count pads.

    `cached` of the `input` tokens were not read again. `reread` are those that had been read before, and were read
    again because something before them had changed: thinking that the template drops, or an edited turn.
    """

    input: int
    output: int
    cached: int
    reread: int
    thinking: int
    image: int
    video: int


@dataclass(frozen=True)
class Reading:
    """How far the prompt has been read: so many of its tokens, `of` all that are new."""

    tokens: int
    of: int


@dataclass(frozen=True)
class Logprob:
    """A token that was drawn, its natural log-probability before any sampling setting, and the likeliest instead."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Done:
    """The end of a generation; `notes` tell what is wrong with its pictures and videos."""

    reason: FinishReason
    usage: Usage
    notes: tuple[str, ...] = ()


Output = Reading | Delta | Logprob | Done
"""What a generation yields: as its prompt is read, for each token that shows anything, and at the end."""


@dataclass(frozen=True)
class Request:
    """One turn to generate.

    `thinking` is on, off, or on with a budget in tokens. `tools` are OpenAI-style descriptions; `call` forces a call
    of the tool of that name, or of any with "". `history` says what becomes of earlier thinking, `effort` goes to
    templates that know a `reasoning_effort`. `logprobs` asks for a `Logprob` of each token with that many alternatives.
    `sampling` holds what the caller set; the rest comes from the checkpoint.
    """

    messages: Sequence[BaseMessage]
    tools: Sequence[Mapping[str, Any]] = ()
    thinking: bool | int = True
    call: str | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    history: History = "keep"
    effort: str | None = None
    logprobs: int | None = None
    sampling: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.max_tokens is not None and self.max_tokens < 1:
            raise BadInputError(f"max_tokens={self.max_tokens} leaves no room for an answer; give 1 or more")
        if not isinstance(self.thinking, bool) and self.thinking < 0:
            raise BadInputError(f"thinking={self.thinking} isn't a budget; give True, False or a number of tokens")

    @property
    def thinks(self) -> bool:
        return bool(self.thinking) and self.call is None

    @property
    def callable(self) -> Sequence[Mapping[str, Any]]:
        """The tools that may be called: the forced one, or all."""
        return [tool for tool in self.tools if not self.call or tool["function"]["name"] == self.call]

    @property
    def schemas(self) -> dict[str, Mapping[str, Any]]:
        """JSON schema of the parameters by function name."""
        functions = [tool["function"] for tool in self.tools]
        return {function["name"]: function.get("parameters") or {} for function in functions}

    def resolve(self, generation_config: Mapping[str, Any]) -> Sampling:
        """The sampling settings: the caller's over the checkpoint's over the makers'."""
        return replace(Sampling.for_checkpoint(generation_config, self.thinks), **self.sampling)


@runtime_checkable
class Engine(Protocol):
    """Runs a model, here or elsewhere."""

    name: str

    def tokenize(self, text: str) -> list[int]:
        """Token ids of a plain text."""
        ...

    def generate(self, request: Request) -> Iterator[Output]:
        """Yields what comes as it comes, and one `Done` at the end. Closing the iterator stops the generation."""
        ...
