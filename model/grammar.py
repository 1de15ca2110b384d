"""Calls that are always well formed: while one is being written, only tokens that its tools' schemas allow are drawn.

Whatever the model's size, the function is one of those offered, its required parameters are there, in the schema's
order, and every value has its type. Text outside calls is free. The grammars are llguidance's.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import llguidance
import numpy as np
import torch
from torch import Tensor

from ..errors import BadInputError
from .parse import choices_of, types_of

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# JSON as the templates write it; keywords that can't be enforced are left to the tool's own validation.
_JSON_STYLE = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": ", "lenient": True}


class Grammars:
    """Makes matchers for one tokenizer. `vocabulary` is the number of logits, `end` the id of `</tool_call>`."""

    def __init__(self, tokenizer: "Tokenizer", *, vocabulary: int, end: int) -> None:
        self._json = tokenizer.to_str()
        self._vocabulary = vocabulary
        self._end = end
        self._tokenizer: llguidance.LLTokenizer | None = None
        self._compiled = lru_cache(16)(self._compile)

    def calls(self, tools: Sequence[Mapping[str, Any]]) -> "Callable[[], Matcher]":
        """Gives matchers, each for one call of one of `tools`, from behind `<tool_call>` to `</tool_call>`.

        Raises:
            BadInputError: if a tool's schema can't be made a grammar.
        """
        compiled = self._compiled(json.dumps([tool["function"] for tool in tools]))
        return lambda: Matcher(compiled.deep_copy(), self._vocabulary)

    def _compile(self, functions: str) -> llguidance.LLMatcher:
        if self._tokenizer is None:  # takes a second for a large vocabulary, so it waits for the first call
            self._tokenizer = llguidance.LLTokenizer(_all_special(self._json), n_vocab=self._vocabulary)
        parsed = json.loads(functions)
        matcher = llguidance.LLMatcher(self._tokenizer, call_grammar(parsed, self._end), log_level=0)
        if matcher.is_error():
            for function in parsed:
                alone = call_grammar([function], self._end)
                if error := llguidance.LLMatcher.validate_grammar(alone, self._tokenizer):
                    reason = error.splitlines()[0]
                    raise BadInputError(f"the schema of tool {function['name']!r} can't be made a grammar: {reason}")
            raise BadInputError(f"these tools can't be made a grammar together: {matcher.get_error().splitlines()[0]}")
        return matcher


class Matcher:
    """Follows one call token by token."""

    def __init__(self, matcher: llguidance.LLMatcher, vocabulary: int) -> None:
        self._matcher = matcher
        self._mask = np.empty((vocabulary + 31) // 32, dtype=np.int32)
        self._vocabulary = vocabulary

    def restrict(self, logits: Tensor) -> Tensor:
        """Logits `[vocabulary]` with every token that can't come now at minus infinity."""
        self._matcher.unsafe_compute_mask_ptr(self._mask.ctypes.data, self._mask.nbytes)
        bits = np.unpackbits(self._mask.view(np.uint8), bitorder="little", count=self._vocabulary)
        allowed = torch.from_numpy(bits.view(np.bool_)).to(logits.device)
        return logits.masked_fill(~allowed, float("-inf"))

    def take(self, token: int) -> None:
        """Notes the token that was drawn."""
        taken = self._matcher.consume_token(token)
        assert taken, self._matcher.get_error()


def call_grammar(functions: Sequence[Mapping[str, Any]], end: int) -> str:
    """The Lark grammar of a call, from behind `<tool_call>` to the token `end`."""
    rules = []
    for number, function in enumerate(functions):
        parameters = function.get("parameters") or {}
        definitions = {key: parameters[key] for key in ("$defs", "definitions") if key in parameters}
        properties = parameters.get("properties", {})
        required = parameters.get("required", ())
        name = function["name"]
        for tag in (name, *properties):
            if ">" in tag or "\n" in tag:
                raise BadInputError(f"{tag!r} can't name a tool or a parameter; leave out '>' and line breaks")
        parts = [f'f{number}: {_text(f"<function={name}>")} "\\n"']
        for index, (key, schema) in enumerate(properties.items()):
            parts.append(f"p{number}_{index}" + ("" if key in required else "?"))
            rules.append(f'p{number}_{index}: {_text(f"<parameter={key}>")} "\\n" v{number}_{index}')
            rules.append(_value(f"v{number}_{index}", schema, definitions))
        rules.append(" ".join([*parts, '"</function>"']))
    names = " | ".join(f"f{number}" for number in range(len(functions)))
    return "\n".join([f'start: "\\n" ({names}) "\\n" <[{end}]>', *rules])


def _value(rule: str, schema: Mapping[str, Any] | bool, definitions: Mapping[str, Any]) -> str:
    """A rule for a parameter's value and what closes it."""
    close = '"\\n</parameter>\\n"'
    if choices := choices_of(schema):
        spelled = " | ".join(_text(one if isinstance(one, str) else json.dumps(one)) for one in choices)
        return f"{rule}: {rule.upper()} {close}\n{rule.upper()}: {spelled}"  # one terminal, however many they are
    types = types_of(schema)
    if isinstance(schema, bool) or "string" in types or not (types or "$ref" in schema):
        return f"{rule}[lazy]: /(?s:.*)\\n<\\/parameter>\\n/"
    whole = {**schema, **definitions, "x-guidance": _JSON_STYLE}
    return f"{rule}: %json {json.dumps(whole)} {close}"


def _text(literal: str) -> str:
    return json.dumps(literal, ensure_ascii=False)


def _all_special(tokenizer: str) -> str:
    """The tokenizer with every added token marked special, so that none of them passes for text."""
    description = json.loads(tokenizer)
    for token in description["added_tokens"]:
        token["special"] = True
    return json.dumps(description)
