"""What a tool returned, as the content of a message: text, or blocks with pictures and video."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from pydantic_core import to_json

from ..errors import ToolError

Block: TypeAlias = dict[str, Any]
Content: TypeAlias = str | list[str | Block]

MEDIA_TYPES = frozenset({"image", "image_url", "video", "video_url"})


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
    if isinstance(value, Mapping):
        return dict(value) if value.get("type") in MEDIA_TYPES else None
    if isinstance(value, (str, int, float, bytes)):
        return None
    from PIL.Image import Image as PillowImage

    from ..vision import Image, Video

    if isinstance(value, PillowImage):
        value = Image(value)
    return value.to_block() if isinstance(value, (Image, Video)) else None


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
