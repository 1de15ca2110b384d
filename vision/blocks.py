"""Content blocks of messages back into pictures and videos."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import MediaError
from .cache import ByteBudget
from .image import Image
from .policy import MediaPolicy
from .source import Source, decode_base64
from .video import Video

_KINDS: dict[str, type[Image] | type[Video]] = {"image": Image, "image_url": Image, "video": Video, "video_url": Video}


def media_from_block(
    block: object,
    policy: MediaPolicy = MediaPolicy(),  # noqa: B008  frozen
    fetched: ByteBudget[Source] | None = None,
) -> Image | Video | None:
    """The picture or video of a content block; None if the block holds neither.

    Reads langchain-core's standard blocks (`url` or `base64`; a `file` by its MIME type), OpenAI's `image_url` and
    `video_url`, Anthropic's `source`, and Qwen's `image` and `video`, the latter also a list of frames shown at `fps`.
    Addresses are `data:`, `file:`, and others where `policy` allows them; `fetched` keeps what those hold. Settings are
    read from `extras`, and from Qwen's blocks themselves.

    Raises:
        MissingFileError: no such file.
        MediaError: an address that isn't allowed, content that can't be read, or none at all.
        BadInputError: a setting out of range.
    """
    if not isinstance(block, Mapping) or (kind := _kind(block)) is None:
        return None
    extras = _settings(block)
    settings = {key: extras[key] for key in kind.SETTINGS if extras.get(key) is not None}
    content: str | bytes | list[Any] | Source = _content(block)
    if fetched is not None and isinstance(content, str) and content[:8].lower().startswith(("https://", "http://")):
        content = _fetched(content, str(block["type"]), policy, fetched)
    if kind is Image:
        return Image(content, **settings, policy=policy)
    if isinstance(content, list):
        frames = [media_from_block(frame, policy) or frame for frame in content]
        return Video(frames, rate=extras.get("rate") or settings.pop("fps", None), **settings, policy=policy)
    return Video(content, **settings, policy=policy)


def _settings(block: Mapping[str, Any]) -> Mapping[str, Any]:
    extras = block.get("extras")
    if isinstance(extras, Mapping):
        return extras
    if not isinstance(block.get(block["type"]), (str, list)):
        return {}
    return {**block, "start": block.get("video_start"), "end": block.get("video_end")}


def _fetched(content: str, kind: str, policy: MediaPolicy, kept: ByteBudget[Source]) -> Source:
    source = kept.get(content)
    if source is None:
        source = Source.of(content, kind, policy)
        kept.put(content, source, len(source.read()))
    return source


def _kind(block: Mapping[str, Any]) -> type[Image] | type[Video] | None:
    if block.get("type") == "file":
        return _KINDS.get(str(block.get("mime_type")).partition("/")[0])
    return _KINDS.get(str(block.get("type")))


def _content(block: Mapping[str, Any]) -> str | bytes | list[Any]:
    """The first content that a block has: bytes, an address or a path, or a list of frames."""
    kind = block["type"]
    inner = block.get("source") or block.get(kind)
    places = (block, inner) if isinstance(inner, Mapping) else (block,)
    for place in places:
        if encoded := place.get("base64") or (place.get("data") if place.get("type") == "base64" else None):
            return decode_base64(str(encoded))
        if url := place.get("url"):
            return str(url)
    if isinstance(inner, (str, list)) and inner:
        return inner
    raise MediaError(f"A content block of type {kind!r} has neither url nor base64; give it one of them.")
