"""Functions as tools: their schemas, their results as content, their errors."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass
from typing import Any, Literal

import PIL.Image
import pytest
from langchain_core.messages import ToolMessage
from langchain_core.utils.function_calling import convert_to_openai_tool

from quintet.errors import BadInputError, ToolError
from quintet.tools import FunctionTool, Returned, as_tool, to_content
from quintet.vision import Image, Video, media_from_block


def run(function: Any, **args: Any) -> ToolMessage:
    message = as_tool(function).invoke({"type": "tool_call", "id": "c1", "name": function.__name__, "args": args})
    assert isinstance(message, ToolMessage)
    return message


def test_the_schema_comes_from_types_and_docstring() -> None:
    def order(item: str, count: int = 1, size: Literal["small", "large"] = "small") -> str:
        """Order something
        from the shop.

        Args:
            item: name of the item
            count: how many

        Returns:
            Never shown to a model.
        """
        return f"{count} {size} {item}"

    assert convert_to_openai_tool(as_tool(order))["function"] == {
        "name": "order",
        "description": "Order something from the shop.",
        "parameters": {
            "type": "object",
            "properties": {
                "item": {"type": "string", "description": "name of the item"},
                "count": {"type": "integer", "default": 1, "description": "how many"},
                "size": {"type": "string", "enum": ["small", "large"], "default": "small"},
            },
            "required": ["item"],
        },
    }
    assert run(order, item="lamp", count="2").content == "2 small lamp"


def test_name_and_description_can_be_given() -> None:
    made = as_tool(lambda: "hi", name="greet", description="Say hello.")
    assert (made.name, made.description, made.invoke({})) == ("greet", "Say hello.", "hi")


def test_functions_a_model_cannot_call_are_refused() -> None:
    def untyped(x) -> str:  # type: ignore[no-untyped-def]  # noqa: ANN001
        """Do."""
        return str(x)

    def anything(*args: int) -> int:
        """Do."""
        return len(args)

    def undocumented() -> int:
        return 1

    with pytest.raises(BadInputError, match="argument 'x' has no type"):
        as_tool(untyped)
    with pytest.raises(BadInputError, match="by its name"):
        as_tool(anything)
    with pytest.raises(BadInputError, match="docstring"):
        as_tool(undocumented)


@dataclass
class Point:
    x: int
    y: float


@pytest.mark.parametrize(
    ("value", "content"),
    [
        ("text", "text"),
        (3, "3"),
        (2.5, "2.5"),
        (True, "true"),
        (None, "done"),
        ({"a": [1, None]}, '{"a":[1,null]}'),
        (["é", 1], '["é",1]'),
        (Point(1, 2.0), '{"x":1,"y":2.0}'),
        ((), "[]"),
    ],
)
def test_values_become_text(value: Any, content: str) -> None:
    assert to_content(value) == content


def test_bytes_are_refused() -> None:
    with pytest.raises(ToolError, match="camera returned 3 bytes"):
        to_content(b"\x00\x01\x02", "camera")


def test_pictures_and_video_become_blocks(samples: Any) -> None:
    def show(what: str) -> Any:
        """Show it."""
        picture = PIL.Image.new("RGB", (40, 30), "red")
        return {
            "pillow": picture,
            "image": Image(samples.shapes),
            "video": Video(samples.clip),
            "mixed": ["a picture:", picture, {"width": 40}, {"type": "text", "text": "end"}],
        }[what]

    (block,) = run(show, what="pillow").content
    assert isinstance(block, dict)
    assert block["type"] == "image"
    assert block["base64"]
    (block,) = run(show, what="image").content
    assert isinstance(block, dict)
    assert base64.b64decode(block["base64"]) == samples.shapes.read_bytes()  # the tool may overwrite its file
    (block,) = run(show, what="video").content
    assert isinstance(block, dict)
    assert (block["type"], block["mime_type"], block["url"]) == ("file", "video/mp4", samples.clip.as_uri())
    assert isinstance(media_from_block(block), Video)
    blocks = [block for block in run(show, what="mixed").content if isinstance(block, dict)]
    assert [block["type"] for block in blocks] == ["text", "image", "text", "text"]
    assert blocks[2]["text"] == '{"width":40}'


def test_an_artifact_goes_to_the_program_only() -> None:
    def find() -> Returned:
        """Find."""
        return Returned("found 2", [1, 2])

    message = run(find)
    assert (message.content, message.artifact) == ("found 2", [1, 2])
    assert as_tool(find).invoke({}) == "found 2"


def test_a_tool_error_becomes_a_message() -> None:
    def fail() -> str:
        """Fail."""
        raise ToolError("no such lamp; lamps are A, B")

    message = run(fail)
    assert (message.content, message.status) == ("no such lamp; lamps are A, B", "error")
    with pytest.raises(ZeroDivisionError):
        run(divide, by=0)


def divide(by: int) -> float:
    """Divide."""
    return 1 / by


def test_async_functions() -> None:
    async def later(text: str) -> Returned:
        """Say it later."""
        if not text:
            raise ToolError("say something")
        return Returned(f"{text}!", {"n": 1})

    made = as_tool(later)
    assert isinstance(made, FunctionTool)
    call: Any = {"type": "tool_call", "id": "c", "name": "later", "args": {"text": "hi"}}
    message = asyncio.run(made.ainvoke(call))
    assert (message.content, message.artifact) == ("hi!", {"n": 1})
    failed = asyncio.run(made.ainvoke({**call, "args": {"text": ""}}))
    assert (failed.content, failed.status) == ("say something", "error")
    assert asyncio.run(as_tool(divide).ainvoke({**call, "args": {"by": 2}})).content == "0.5"
    assert asyncio.run(as_tool(divide).arun({"by": 2})) == "0.5"
