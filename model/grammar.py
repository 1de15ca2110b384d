"""Calls that are always well formed: while one is being written, only tokens that its tools' schemas allow are drawn.

Whatever the model's size, the function is one of those offered, its required parameters are there, in the schema's
order, and every value fits its schema. Text outside calls is free. The grammars are llguidance's.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import llguidance
import numpy as np
import torch
from torch import Tensor

from ..errors import BadInputError
from .ending import Ending
from .lark import call_grammar, refused

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# Above what schemas of the size that is accepted take.
_LIMITS = llguidance.LLParserLimits(max_items_in_row=100_000, step_max_items=1_000_000, initial_lexer_fuel=10_000_000)


class Grammars:
    """Makes matchers for one tokenizer. `vocabulary` is the number of logits, `end` the id of `</tool_call>`."""

    def __init__(self, tokenizer: "Tokenizer", *, vocabulary: int, end: int) -> None:
        self._json = tokenizer.to_str()
        self._vocabulary = vocabulary
        self._end = end
        self._compiled = lru_cache(16)(self._compile)

    def calls(self, tools: Sequence[Mapping[str, Any]]) -> "Callable[[], Matcher]":
        """Gives matchers, each for one call of one of `tools`, from behind `<tool_call>` to `</tool_call>`.

        Raises:
            BadInputError: if a tool's schema can't be made a grammar.
        """
        compiled = self._compiled(json.dumps([tool["function"] for tool in tools]))
        return lambda: Matcher(compiled.deep_copy(), self._vocabulary, self._ending)

    @cached_property
    def _tokenizer(self) -> llguidance.LLTokenizer:
        """Takes a second for a large vocabulary, and so waits for the first tools."""
        return llguidance.LLTokenizer(_all_special(self._json), n_vocab=self._vocabulary)

    @cached_property
    def _ending(self) -> Ending:
        return Ending(self._tokenizer, self._end)

    def _compile(self, functions: str) -> llguidance.LLMatcher:
        parsed = json.loads(functions)
        matcher = self._matcher(parsed)
        if matcher.is_error():
            for function in parsed:
                if (alone := self._matcher([function])).is_error():
                    raise refused(function["name"], _reason(alone))
            raise BadInputError(f"these tools can't be made a grammar together: {_reason(matcher)}; offer fewer")
        return matcher

    def _matcher(self, functions: Sequence[Mapping[str, Any]]) -> llguidance.LLMatcher:
        grammar = call_grammar(functions, self._end)
        return llguidance.LLMatcher(self._tokenizer, grammar, log_level=0, limits=_LIMITS)


class Matcher:
    """Follows one call token by token."""

    def __init__(self, matcher: llguidance.LLMatcher, vocabulary: int, ending: Ending) -> None:
        self._matcher = matcher
        self._ending = ending
        self._mask = np.empty((vocabulary + 31) // 32, dtype=np.int32)
        self._vocabulary = vocabulary

    def restrict(self, logits: Tensor) -> Tensor:
        """Logits `[vocabulary]`, on any device, with every token that can't come now at minus infinity."""
        self._matcher.unsafe_compute_mask_ptr(self._mask.ctypes.data, self._mask.nbytes)
        self._check()
        forbidden = np.unpackbits((~self._mask).view(np.uint8), bitorder="little", count=self._vocabulary)
        return torch.where(torch.from_numpy(forbidden.view(np.bool_)).to(logits.device), float("-inf"), logits)

    def take(self, token: int) -> None:
        """Notes the token that was drawn."""
        taken = self._matcher.consume_token(token)
        self._check()
        assert taken, f"token {token} can't come here"

    def way_out(self, *drawn: int) -> list[int]:
        """Few tokens that end the call from here, or from behind one more; empty if there are none."""
        matcher = self._matcher.deep_copy()
        return self._ending.way(matcher) if matcher.consume_tokens(list(drawn)) else []

    def _check(self) -> None:
        if self._matcher.is_error():
            raise BadInputError(f"the tools' schemas can't be followed here: {_reason(self._matcher)}; simplify them")


def _reason(matcher: llguidance.LLMatcher) -> str:
    """The first line of an error, without the place in a grammar that no user wrote."""
    return re.sub(r"^at \d+\(\d+\): (failed to compile JSON schema: )?", "", matcher.get_error()).splitlines()[0]


def _all_special(tokenizer: str) -> str:
    """The tokenizer with every added token marked special, so that none of them passes for text."""
    description = json.loads(tokenizer)
    for token in description["added_tokens"]:
        token["special"] = True
    return json.dumps(description)
