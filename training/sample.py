"""One training or evaluation sample: a conversation as plain data, with its media as pixels."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .clips import Film, Timing
    from .reels import Reel

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Picture:
    """Pixels `[height, width, 3]`."""

    pixels: Pixels


@dataclass(frozen=True, eq=False)
class Clip:
    """Frames `[frames, height, width, 3]`, an even number, when each is shown (s), and the file they are taken from."""

    frames: Pixels
    times: tuple[float, ...]
    film: "Film | Reel"
    timing: "Timing"


Part = str | Picture | Clip


@dataclass(frozen=True)
class Call:
    """One tool call."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Turn:
    """One message. `graded` marks an assistant's turn that evaluation compares."""

    role: str
    parts: tuple[Part, ...] = ()
    thought: str = ""
    calls: tuple[Call, ...] = ()
    graded: bool = True

    @property
    def text(self) -> str:
        return "".join(part for part in self.parts if isinstance(part, str))


@dataclass(frozen=True)
class Sample:
    """A conversation; `tolerance` is by how many seconds a time in the answer may be off."""

    skill: str
    turns: tuple[Turn, ...]
    tools: tuple[dict[str, Any], ...] = ()
    thinking: bool = False
    tolerance: float = 0.0
    notes: dict[str, Any] = field(default_factory=dict)


def system(text: str) -> Turn:
    """A system turn."""
    return Turn("system", (text,))


def user(*parts: Part) -> Turn:
    """A person's turn."""
    return Turn("user", parts)


def tool(*parts: Part) -> Turn:
    """A tool's result."""
    return Turn("tool", parts)


def assistant(text: str = "", thought: str = "", *calls: Call, graded: bool = True) -> Turn:
    """The model's turn."""
    return Turn("assistant", (text,) if text else (), thought, calls, graded)
