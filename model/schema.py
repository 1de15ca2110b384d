"""What a JSON schema says about one value: which types it may have, which values are listed, how it reads as text.

References within the schema (`#/…`, recursive ones too), `allOf`, `anyOf` and `oneOf` are followed. Types are judged
all the way down; limits, patterns and formats are not: those are the grammar's, and the tool's own validation's.
"""

import ast
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from ..errors import BadInputError

ANYTHING = frozenset(("string", "integer", "number", "boolean", "null", "array", "object"))
_PYTHON = {"True": True, "False": False, "None": None}
_SHAPES = (
    (Mapping, "an object", ("properties",)),
    (list, "a list", ("required", "enum", "allOf", "anyOf", "oneOf")),
    ((str, list), "a string or a list", ("type",)),
    (str, "a string", ("$ref", "pattern", "format")),
    (int, "a whole number", ("minLength", "maxLength")),
)


@dataclass(frozen=True)
class Schema:
    """The schema `node` within the document `root` that its references point into.

    `followed` are the references on the way here: none is followed twice before a value has been gone into, so that
    circles end.

    Raises, from any property:
        BadInputError: if something in it is no schema, or a reference points to nothing in the document.
    """

    node: Mapping[str, Any]
    root: Mapping[str, Any]
    followed: frozenset[str] = frozenset()

    @classmethod
    def whole(cls, document: Mapping[str, Any] | bool) -> "Schema":
        """The schema of a document of its own."""
        return cls(_checked(document), _checked(document))

    @cached_property
    def parts(self) -> list["Schema"]:
        """Schemas that must all hold: this one, what it refers to, and its `allOf`; unions stay as they are."""
        found: list[Schema] = [self]
        for one in self.node.get("allOf", ()):
            found += self._beside(one).parts
        reference = self.node.get("$ref")
        if reference is not None and reference not in self.followed:
            found += Schema(self._target(reference), self.root, self.followed | {reference}).parts
        return found

    @cached_property
    def unions(self) -> list[list["Schema"]]:
        """The options of each union among the parts."""
        nodes = [(part, part.node[union]) for part in self.parts for union in ("anyOf", "oneOf") if union in part.node]
        return [[part._beside(option) for option in options] for part, options in nodes]

    @cached_property
    def types(self) -> frozenset[str]:
        """The JSON types that a value may have: all where the schema says nothing, none where it contradicts itself."""
        types = frozenset.intersection(*(part._own_types for part in self.parts))
        for options in self.unions:
            types &= frozenset().union(*(option.types for option in options))
        return types

    @cached_property
    def choices(self) -> list[Any]:
        """The values, if the schema lists them one by one; empty if it allows others."""
        listed = [part._listed for part in self.parts if part._listed is not None]
        if not listed and self.types <= {"boolean", "null"}:
            listed = [[True, False, None]]
        for options in self.unions:
            if not listed and all(option.choices for option in options):
                listed = [[choice for option in options for choice in option.choices]]
        return [choice for choice in listed[0] if self.fits(choice)] if listed else []

    @cached_property
    def parameters(self) -> dict[str, "Schema"]:
        """The members of an object that are named; where the options of a union differ, those of any."""
        found: dict[str, Schema] = {}
        for part in self.parts:
            for key, node in part.node.get("properties", {}).items():
                found.setdefault(key, part._within(node))
        for options in self.unions:
            for key in dict.fromkeys(key for option in options for key in option.parameters):
                nodes = [option.parameters[key].node for option in options if key in option.parameters]
                found.setdefault(key, self._within({"anyOf": nodes}))
        return found | {key: self._within({}) for key in self.required if key not in found}

    @cached_property
    def required(self) -> list[str]:
        """The members that an object must have."""
        return [key for part in self.parts for key in part.node.get("required", ())]

    @cached_property
    def open(self) -> bool:
        """Whether an object may have members beyond those that are named."""
        others = [part.node.get("additionalProperties", False) for part in self.parts]
        return not self.parameters or any(other is not False for other in others)

    def fits(self, value: Any) -> bool:
        """Whether `value` has the types that the schema wants, all the way down."""
        return all(part._fits_here(value) for part in self.parts) and all(
            any(option.fits(value) for option in options) for options in self.unions
        )

    def read(self, raw: str) -> Any:
        """The value that `raw` stands for.

        Where only a string is wanted the text is it, to the letter. Elsewhere it is JSON, or True, False and None as
        Python and some templates of the family write them, or a Python list or dict where no string is possible. In a
        union with strings such a reading must fit the schema, or else the text is the string. What can't be read stays
        text: validation will name the fault.
        """
        if self.types == {"string"}:
            return raw
        for choice in self.choices:
            if raw == spelled(choice):
                return choice
        text = "string" in self.types
        try:
            value = _literal(raw.strip(), python=not text)
            if text and (isinstance(value, str) or not self.fits(value)):
                return raw
        except (ValueError, RecursionError):
            return raw
        whole = isinstance(value, float) and value.is_integer() and "number" not in self.types
        return int(value) if whole else value

    @cached_property
    def _own_types(self) -> frozenset[str]:
        declared = self.node.get("type", ANYTHING)
        types = frozenset((declared,) if isinstance(declared, str) else declared)
        if "number" in types:  # which may be whole
            types |= {"integer"}
        if self._listed is not None:
            types &= frozenset(map(_type_of, self._listed))
        return types | {"null"} if self.node.get("nullable") is True else types

    @cached_property
    def _listed(self) -> Sequence[Any] | None:
        return [self.node["const"]] if "const" in self.node else self.node.get("enum")

    def _fits_here(self, value: Any) -> bool:
        """Whether `value` fits this part, leaving other parts and unions aside."""
        kind = _type_of(value)
        if kind not in self._own_types:
            return False
        if self._listed is not None and not any(value == one and kind == _type_of(one) for one in self._listed):
            return False
        if isinstance(value, list):
            first, rest = self.node.get("prefixItems", []), self.node.get("items", True)
            if isinstance(rest, list):  # as older drafts write `prefixItems`
                first, rest = rest, self.node.get("additionalItems", True)
            schemas = [*map(self._within, first), *[self._within(rest)] * (len(value) - len(first))]
            return all(schema.fits(item) for schema, item in zip(schemas, value, strict=False))
        if isinstance(value, dict):
            named, other = self.node.get("properties", {}), self.node.get("additionalProperties", True)
            return all(key in value for key in self.node.get("required", ())) and all(
                self._within(named.get(key, other)).fits(inner) for key, inner in value.items()
            )
        return True

    def _beside(self, node: Any) -> "Schema":
        """A schema for the same value."""
        return Schema(_checked(node), self.root, self.followed)

    def _within(self, node: Any) -> "Schema":
        """A schema for something in the value."""
        return Schema(_checked(node), self.root)

    def _target(self, reference: str) -> Mapping[str, Any]:
        found: Any = self.root
        start, *steps = reference.split("/")
        try:
            if start != "#":
                raise KeyError(reference)
            for step in steps:
                name = unquote(step).replace("~1", "/").replace("~0", "~")
                found = found[int(name)] if isinstance(found, list) else found[name]
        except (KeyError, IndexError, ValueError, TypeError):
            raise BadInputError(
                f"the reference {reference!r} points to nothing; expected a path in the same schema, as in #/$defs/NAME"
            ) from None
        return _checked(found)


def spelled(value: Any) -> str:
    """A value as the chat format writes it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _checked(node: Any) -> Mapping[str, Any]:
    if isinstance(node, bool):
        return {} if node else {"enum": []}  # anything, nothing
    if not isinstance(node, Mapping):
        raise BadInputError(f"{node!r} stands where a schema should; expected an object such as {{'type': 'string'}}")
    for shape, described, keywords in _SHAPES:
        for key in keywords:
            if key in node and not isinstance(node[key], shape):
                raise BadInputError(f"{key!r} of a schema is {node[key]!r}; expected {described}")
    return node


def _type_of(value: Any) -> str:
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "integer" if value.is_integer() else "number"
        case str():
            return "string"
        case list():
            return "array"
        case dict():
            return "object"
    return "null"


def _literal(text: str, *, python: bool) -> Any:
    """The value of a JSON text, or of a Python list or dict that could be one. Raises ValueError for any other text."""
    if text in _PYTHON:
        return _PYTHON[text]
    try:
        return json.loads(text, parse_constant=int)  # which refuses NaN and Infinity
    except ValueError:
        if not python or text[:1] not in ("[", "{"):
            raise
    try:
        return json.loads(json.dumps(ast.literal_eval(text), allow_nan=False))
    except (SyntaxError, TypeError, MemoryError) as error:
        raise ValueError(f"{text!r} is no value") from error
