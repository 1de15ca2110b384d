"""How the next token is chosen from the logits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import torch
from torch import Tensor

from ..errors import BadInputError

_RANGES = (
    ("temperature", 0, 100),
    ("top_p", 0, 1),
    ("min_p", 0, 1),
    ("presence_penalty", -2, 2),
    ("repetition_penalty", 0.1, 10),
)


@dataclass(frozen=True)
class Sampling:
    """Settings of one generation; `temperature` 0 is greedy."""

    temperature: float = 1.0
    top_p: float = 0.95
    top_k: int = 20
    min_p: float = 0.0
    presence_penalty: float = 0.0
    repetition_penalty: float = 1.0
    seed: int | None = None

    def __post_init__(self) -> None:
        for name, low, high in _RANGES:
            value = getattr(self, name)
            if not low <= value <= high:
                raise BadInputError(f"{name}={value} is out of range; give a number from {low} to {high}")
        if self.top_k < 0:
            raise BadInputError(f"top_k={self.top_k} is out of range; give 0 (no limit) or more")

    @classmethod
    def recommended(cls, thinking: bool) -> Self:
        """What the makers of Qwen3.5 recommend (model cards of the 3.5 family)."""
        if thinking:
            return cls(temperature=1.0, top_p=0.95, presence_penalty=1.5)
        return cls(temperature=0.7, top_p=0.8, presence_penalty=1.5)

    @classmethod
    def for_checkpoint(cls, generation_config: Mapping[str, Any], thinking: bool) -> Self:
        """The checkpoint's own generation_config.json where it says something, else the makers' recommendation."""
        if generation_config.get("do_sample") is False:
            return cls(temperature=0.0)
        known = {field.name for field in fields(cls)}
        own = {key: value for key, value in generation_config.items() if key in known and value is not None}
        return replace(cls.recommended(thinking), **own)


class Sampler:
    """Draws tokens by `settings`; remembers which there were, for the penalties.

    The presence penalty (OpenAI's) is taken off the logits of tokens that were drawn; the repetition penalty (CTRL,
    arXiv:1909.05858) divides those of tokens that were drawn or stand in `prompt`, or multiplies them if negative.
    """

    def __init__(self, settings: Sampling, prompt: Sequence[int] = ()) -> None:
        self.settings = settings
        self._generator = torch.Generator()
        if settings.seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(settings.seed)
        self._drawn: set[int] = set()
        self._seen = set(prompt) if settings.repetition_penalty != 1 else set()

    def draw(self, logits: Tensor) -> int:
        """One token id from logits `[vocabulary]`."""
        settings = self.settings
        if settings.repetition_penalty != 1 and (seen := list(self._seen | self._drawn)):
            logits, there = logits.clone(), logits[seen]
            logits[seen] = there * torch.where(there > 0, 1 / settings.repetition_penalty, settings.repetition_penalty)
        if settings.presence_penalty and self._drawn:
            logits = logits.clone()
            logits[list(self._drawn)] -= settings.presence_penalty
        token = int(logits.argmax()) if settings.temperature == 0 else self._draw(logits.float() / settings.temperature)
        self._drawn.add(token)
        return token

    def _draw(self, logits: Tensor) -> int:
        settings = self.settings
        if settings.top_k:
            logits, ids = logits.topk(min(settings.top_k, logits.shape[-1]))
        else:
            logits, ids = logits.sort(descending=True)
        probabilities = logits.softmax(-1).cpu()
        before = probabilities.cumsum(-1) - probabilities
        keep = (before < settings.top_p) | (before == 0)  # the likeliest token always stays
        keep &= probabilities >= settings.min_p * probabilities[0]
        choice = torch.multinomial(probabilities * keep, 1, generator=self._generator)
        return int(ids[int(choice)])
