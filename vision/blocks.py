"""Content blocks of messages back into pictures and videos."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, unquote_to_bytes, urlsplit
from urllib.request import url2pathname

from ..errors import MediaError
from .image import Image
from .video import Video

_KINDS: dict[str, type[Image] | type[Video]] = {"image": Image, "image_url": Image, "video": Video, "video_url": Video}
_SETTINGS = ("fps", "max_frames", "max_tokens", "start", "end")


def media_from_block(block: object) -> Image | Video | None:
    """The picture or video of a content block; None if the block holds neither.

    Reads langchain-core's standard blocks (`url` or `base64`; a `file` by its MIME type), OpenAI's `image_url` and
    `video_url`, data: and file: URLs and plain paths. A video's settings are read from `extras`.

    Raises:
        MissingFileError: no such file.
        MediaError: an address on the network, a data: URL that can't be read, or no content at all.
    """
    if not isinstance(block, Mapping) or (kind := _kind(block)) is None:
        return None
    source = _content(block)
    if kind is Image:
        return Image(source)
    extras = block.get("extras") or {}
    return Video(source, **{key: extras[key] for key in _SETTINGS if extras.get(key) is not None})


def _kind(block: Mapping[str, Any]) -> type[Image] | type[Video] | None:
    if block.get("type") == "file":
        return _KINDS.get(str(block.get("mime_type")).partition("/")[0])
    return _KINDS.get(str(block.get("type")))


def _content(block: Mapping[str, Any]) -> Path | bytes:
    if block.get("base64"):
        return _decode_base64(block["base64"])
    url = block.get("url") or block.get(block["type"])
    if isinstance(url, Mapping):
        url = url.get("url")
    if not url:
        raise MediaError(f"A content block of type {block['type']!r} has neither url nor base64; give it one of them.")
    return _read_url(str(url))


def _read_url(url: str) -> Path | bytes:
    scheme = urlsplit(url).scheme.lower()
    if scheme == "data":
        header, comma, body = url.partition(",")
        if not comma:
            raise MediaError(f"{url[:40]!r}: a data: URL without content; expected data:TYPE;base64,CONTENT.")
        return _decode_base64(unquote(body)) if header.endswith(";base64") else unquote_to_bytes(body)
    if scheme == "file":
        return Path(url2pathname(urlsplit(url).path))
    if "://" in url:
        raise MediaError(f"{url}: addresses on the network aren't opened; download the file and pass its path.")
    return Path(url)


def _decode_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MediaError(f"A content block's base64 can't be read ({error}); encode the file's bytes again.") from error
