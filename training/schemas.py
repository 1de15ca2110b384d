"""Tool schemas as a model sees them: the product's own tools, written out, and invented functions.

The product's are literal so that training needs no langchain; a test holds them equal to the real ones.
"""

import json
from random import Random
from typing import Any, Literal

Schema = dict[str, Any]
Kind = Literal["string", "integer", "number", "boolean"]


def schema(name: str, description: str, properties: dict[str, Schema], required: list[str] | None = None) -> Schema:
    """An OpenAI-style tool, keys in langchain-core's order."""
    needed = list(properties) if required is None else required
    parameters: Schema = {"properties": properties} | ({"required": needed} if needed else {}) | {"type": "object"}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


def value(kind: str, description: str = "", **more: Any) -> Schema:
    """One parameter, keys in langchain-core's order (sorted, `type` last)."""
    described = {"description": description} if description else {}
    return dict(sorted((described | more).items())) | {"type": kind}


ZOOM = schema(
    "zoom_image",
    "Zoom into a part of a picture.",
    {
        "picture": value("integer", "number of the picture, from 1"),
        "box": value(
            "array",
            "left, top, right, bottom as fractions from 0 to 1, or in pixels",
            items={"type": "number"},
            maxItems=4,
            minItems=4,
        ),
    },
)
WATCH = schema(
    "watch_video",
    "Watch a part of a video again, more closely.",
    {
        "video": value("integer", "number of the video, from 1"),
        "start": value("number", "first second"),
        "end": value("number", "last second"),
        "frames": value("integer", "how many frames to see", default=8),
        "box": value(
            "array",
            "part of the frame to see, as fractions from 0 to 1, or in pixels",
            default=[0, 0, 1, 1],
            items={"type": "number"},
            maxItems=4,
            minItems=4,
        ),
    },
    ["video", "start", "end"],
)
CALCULATOR = schema(
    "calculator", "Compute an arithmetic expression.", {"expression": value("string", "such as 2 * (3 + 4)")}
)
SEARCH = schema(
    "search_documents",
    "Search the documents for passages about a question.",
    {"query": value("string", "what to look for")},
)
_SEARCH_SAYS = (
    *["Search the documents. Returns numbered passages; cite them as [1]."] * 6,
    "Search the documents.",
    "Find passages in the documents.",
    "Search the library.",
    "Search the user's documents for passages that answer a question.",
    "Look something up in the documents.",
    "Search the documents for passages about a question.",
    "Find the passages of the documents that fit a query best.",
)
_QUERY_SAYS = (
    *["What to look for."] * 5,
    "",
    "what to look for",
    "the question",
    "words to search for",
    "a few words or a question",
    "what to search for",
)


def search_documents(rng: Random) -> Schema:
    """The library's search, described in one of several ways."""
    return schema("search_documents", rng.choice(_SEARCH_SAYS), {"query": value("string", rng.choice(_QUERY_SAYS))})


def watch_video(rng: Random) -> Schema:
    """The product's tool, now and then without the part of the frame."""
    if rng.random() < 0.85:
        return WATCH
    copy: Schema = json.loads(json.dumps(WATCH))
    del copy["function"]["parameters"]["properties"]["box"]
    return copy


def varied(rng: Random, tool: Schema) -> Schema:
    """The same tool as other programs write it: keys in another order, descriptions now and then left out."""
    if rng.random() < 0.6:
        return tool
    copy: Schema = json.loads(json.dumps(tool))
    function = copy["function"]
    if rng.random() < 0.5:
        parameters = function["parameters"]
        function["parameters"] = {
            key: parameters[key] for key in ("type", "properties", "required") if key in parameters
        }
    if rng.random() < 0.3:
        for inner in function["parameters"]["properties"].values():
            inner.pop("description", None)
    if rng.random() < 0.3:
        for name, inner in function["parameters"]["properties"].items():
            function["parameters"]["properties"][name] = {"type": inner.pop("type"), **inner}
    return copy


def distractors(rng: Random) -> tuple[Schema, ...]:
    """Tools that happen to be there while the question needs none: mostly the product's own."""
    own = [ZOOM, WATCH, CALCULATOR, search_documents(rng)]
    chosen = rng.sample(own, rng.choice((1, 1, 1, 2, 2, 3)))
    return tuple(varied(rng, tool) for tool in chosen)
