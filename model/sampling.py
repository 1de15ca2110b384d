"""How the next token is chosen from the logits."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import torch
from torch import Tensor

from ..errors import BadInputError


@dataclass(frozen=True)
class Sampling:
    """Settings of one generation; `temperature` 0 is greedy."""

    temperature: float = 1.0
    top_p: float = 0.95
    top_k: int = 20
    min_p: float = 0.0
    presence_penalty: float = 0.0
    seed: int | None = None

    def __post_init__(self) -> None:
        for name, low, high in (("temperature", 0, 100), ("top_p", 0, 1), ("min_p", 0, 1), ("presence_penalty", -2, 2)):
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
    """Draws tokens by `settings`; remembers which it drew, for the presence penalty."""

    def __init__(self, settings: Sampling) -> None:
        self.settings = settings
        self._generator = torch.Generator()
        if settings.seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(settings.seed)
        self._drawn: set[int] = set()

    def draw(self, logits: Tensor) -> int:
        """One token id from logits `[vocabulary]`."""
        settings = self.settings
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
