"""What a tool returned, as the content of a message: text, or blocks with pictures and video."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit
from urllib.request import url2pathname

from pydantic_core import to_json

from ..errors import BadInputError, ToolError

if TYPE_CHECKING:
    from ..vision import Image, Video

Block: TypeAlias = dict[str, Any]
Content: TypeAlias = str | list[str | Block]


def to_content(value: Any, name: str = "the tool") -> Content:
    """Text stays text, media become blocks, a list that holds media a list of blocks; the rest is written as JSON.

    Raises:
        ToolError: bytes, or something JSON can't hold; `name` says whose.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return "done"
    if (block := _media_block(value)) is not None:
        return [block]
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        blocks = [_media_block(item) for item in value]
        if any(block is not None for block in blocks):
            return [block or _text_block(item, name) for item, block in zip(value, blocks, strict=True)]
    return _json(value, name)


def _media_block(value: Any) -> Block | None:
    if (media := _media(value)) is None:
        return None
    block = media.to_block()
    if block["type"] == "video":
        # Of langchain-core's blocks a tool's message may hold files but no videos: it would write them as JSON text.
        return {**block, "type": "file"}
    return _snapshot(block) if "url" in block else block


def _snapshot(block: Block) -> Block:
    """The picture itself instead of its address: a tool may write its next picture to the same file."""
    from ..vision import Image

    kept = Image(Path(url2pathname(urlsplit(block["url"]).path)).read_bytes()).to_block()
    return {**kept, "extras": block["extras"]} if "extras" in block else kept


def _media(value: Any) -> Image | Video | None:
    if value is None or isinstance(value, (str, int, float, bytes)):
        return None
    from PIL.Image import Image as PillowImage

    from ..vision import Image, Video, media_from_block

    if isinstance(value, (Image, Video)):
        return value
    if isinstance(value, PillowImage):
        return Image(value)
    try:
        return media_from_block(value)
    except BadInputError:  # data that looks like a block, such as a search result with an address on the web
        return None


def _text_block(value: Any, name: str) -> Block:
    if isinstance(value, Mapping) and value.get("type") == "text":
        return dict(value)
    return {"type": "text", "text": value if isinstance(value, str) else _json(value, name)}


def _json(value: Any, name: str) -> str:
    if isinstance(value, (bytes, bytearray)):
        raise ToolError(f"{name} returned {len(value)} bytes; a tool returns text, JSON values, pictures or video")
    try:
        return to_json(value, fallback=str).decode()
    except ValueError as error:
        raise ToolError(f"{name} returned a {type(value).__name__} that can't be written as JSON: {error}") from error
