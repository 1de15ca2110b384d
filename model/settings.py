"""Settings of a model, and of a call."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import BadInputError

_SAMPLING = ("temperature", "top_p", "top_k", "min_p", "presence_penalty", "repetition_penalty", "seed")


class Settings(BaseModel):
    """What can be set for all calls of a model, by `.bind(…)`, or for one call; None is as if it weren't given.

    Sampling settings left out come from the checkpoint, or are what the makers recommend. (A pydantic model, since
    LangChain's chat models are.)
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    temperature: float | None = Field(None, description="a number; 0 is greedy")
    top_p: float | None = Field(None, description="a number from 0 to 1")
    top_k: int | None = Field(None, description="a whole number; 0 is no limit")
    min_p: float | None = Field(None, description="a number from 0 to 1")
    presence_penalty: float | None = Field(None, description="a number from -2 to 2")
    repetition_penalty: float | None = Field(None, description="a number; 1 is none")
    seed: int | None = Field(None, description="a whole number")
    max_tokens: int | None = Field(None, description="a number of tokens")
    stop: str | Sequence[str] | None = Field(None, description="a text, or several, that end the answer before them")
    thinking: bool | int | None = Field(None, description="True, False, or a budget in tokens")
    history: Literal["keep", "template", "drop"] | None = Field(
        None, description="what becomes of earlier turns' thinking: 'keep', 'template' or 'drop'"
    )
    effort: str | None = Field(None, description="a level that the checkpoint's chat template knows, such as 'low'")
    logprobs: bool | None = Field(None, description="True or False")
    top_logprobs: int | None = Field(None, ge=0, le=20, description="a whole number from 0 to 20")
    n: int | None = Field(None, ge=1, description="a number of candidates")

    @classmethod
    def checked(cls, given: Mapping[str, Any]) -> Self:
        """The settings `given`.

        Raises:
            BadInputError: if one is unknown, of another type, or doesn't go with the others.
        """
        try:
            settings = cls.model_validate(dict(given))
        except ValidationError as error:
            raise bad_setting(error) from None
        if settings.top_logprobs and not settings.logprobs:
            raise BadInputError(f"top_logprobs={settings.top_logprobs} needs logprobs=True")
        return settings

    @property
    def sampling(self) -> dict[str, Any]:
        """The settings of sampling that were given."""
        return {key: value for key in _SAMPLING if (value := getattr(self, key)) is not None}

    @property
    def stops(self) -> tuple[str, ...]:
        """The stop strings."""
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())


def bad_setting(error: ValidationError) -> BadInputError:
    """What is wrong with settings, in one line."""
    fault = error.errors()[0]
    name = str(fault["loc"][0])
    if fault["type"] == "extra_forbidden":
        return BadInputError(f"unknown setting {name!r}; known are {', '.join(Settings.model_fields)}")
    if name not in Settings.model_fields:
        return BadInputError(f"{name} can't be used: {fault['msg']}")
    return BadInputError(f"{name}={fault['input']!r} can't be used; give {Settings.model_fields[name].description}")
