"""The pictures and videos of a conversation: given with a question, returned by tools, found in the messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from mimetypes import guess_type
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias, Union, cast

from langchain_core.messages import BaseMessage, HumanMessage, ToolMessage

from ..errors import BadInputError
from ..vision import Image, MediaPolicy, Video, kind_of, media_from_block
from ..vision.source import Source, is_url

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image as PillowImage
    from torch import Tensor

Media: TypeAlias = Union[str, Path, bytes, IO[bytes], "PillowImage", "NDArray[Any]", "Tensor", Image, Video]

_LIBRARY = "add it to a Library and give the agent library.as_tool()"


def question_message(question: str, media: Sequence[Media], policy: MediaPolicy) -> HumanMessage:
    """The question, its media before the text.

    Raises:
        BadInputError: no question, a document among the media, or something that is no media at all.
        MissingFileError: no such file.
        MediaError: an empty file, or more than `policy` allows.
    """
    if not question.strip():
        raise BadInputError("the question is empty; ask something")
    if not media:
        return HumanMessage(question)
    shown = [part for item in media for part in to_media(item, policy)]
    return HumanMessage([*(part.to_block() for part in shown), {"type": "text", "text": question}])


def to_media(item: Media, policy: MediaPolicy) -> Sequence[Image | Video]:
    """A picture or video, or the pages of a picture; files are sorted by what they hold."""
    if isinstance(item, Image):
        return item.pages
    if isinstance(item, Video):
        return [item]
    if isinstance(item, (str, Path, bytes)) or callable(getattr(item, "read", None)):
        return _from_file(cast(Any, item), policy)
    try:
        return [Image(item, policy=policy)]
    except BadInputError as error:
        raise BadInputError(
            f"{type(item).__name__} is no media ({error}); pass a path, a picture, an Image or a Video"
        ) from error


def _from_file(place: str | Path | bytes | IO[bytes], policy: MediaPolicy) -> Sequence[Image | Video]:
    if isinstance(place, Path) or (isinstance(place, str) and not is_url(place)):
        place = Path(place)
        if place.is_dir():
            raise BadInputError(f"{place} is a folder, not a picture or video; {_LIBRARY}")
    source = Source.of(place, "file", policy)
    kind = kind_of(source, policy)
    if kind == "document":
        raise BadInputError(f"{source.label} is a document, not a picture or video; {_LIBRARY}")
    claimed = (guess_type(source.name or "")[0] or "").partition("/")[0]
    if kind == "video" or (kind == "unknown" and claimed == "video"):
        video = Video(source, policy=policy)
        _ = video.info  # where it is none, its error says so; and so do the pages
        return [video]
    return Image(source, policy=policy).pages


def media_in(
    messages: Iterable[BaseMessage],
    policy: MediaPolicy = MediaPolicy(),  # noqa: B008  frozen
) -> Iterator[Image | Video]:
    """The media that people and tools put into the messages, in order; nothing is fetched."""
    here = replace(policy, hosts=())
    for message in messages:
        if isinstance(message, (HumanMessage, ToolMessage)) and isinstance(message.content, list):
            for block in message.content:
                try:
                    media = media_from_block(block, here)
                except BadInputError:  # an address on the web, or a file that is gone: not there to be looked at
                    continue
                if media is not None:
                    yield media


def check_media(content: str | list[str | dict[str, Any]]) -> None:
    """Opens every picture and video in the content of a message.

    Raises:
        BadInputError: one that can't be read.
    """
    for block in content if isinstance(content, list) else ():
        if isinstance(media := media_from_block(block), Image):
            _ = media.pil
            media.plan()  # refuses what is too long for any grid
        elif media is not None:
            _ = media.info
