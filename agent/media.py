"""The pictures and videos of a conversation: given with a question, returned by tools, found in the messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from mimetypes import guess_type
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, Union

from langchain_core.messages import BaseMessage, HumanMessage, ToolMessage

from ..errors import BadInputError

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

    from ..vision import Image, Video

Media: TypeAlias = Union[str, Path, "PillowImage", "Image", "Video"]


def question_message(question: str, media: Sequence[Media]) -> HumanMessage:
    """The question, its media before the text.

    Raises:
        BadInputError: no question, a document among the media, or something that is no media at all.
        MissingFileError: no such file.
        MediaError: an empty file or a folder.
    """
    if not question.strip():
        raise BadInputError("the question is empty; ask something")
    if not media:
        return HumanMessage(question)
    return HumanMessage([*(to_media(item).to_block() for item in media), {"type": "text", "text": question}])


def to_media(item: Media) -> Image | Video:
    """A picture or video; paths are sorted by what the file holds."""
    from PIL.Image import Image as PillowImage

    from ..vision import Image, Video

    if isinstance(item, (Image, Video)):
        return item
    if isinstance(item, PillowImage):
        return Image(item)
    if isinstance(item, (str, Path)):
        return _from_path(Path(item))
    raise BadInputError(f"{type(item).__name__} is no media; pass a path, a Pillow image, an Image or a Video")


def _from_path(path: Path) -> Image | Video:
    from ..vision import Image, Video, kind_of

    kind = kind_of(path)
    if kind == "document" or path.is_dir():
        what = "folder" if path.is_dir() else "document"
        raise BadInputError(
            f"{path} is a {what}, not a picture or video; add it to a Library and give the agent library.as_tool()"
        )
    claimed = (guess_type(path.name)[0] or "").partition("/")[0]
    media = Video(path) if kind == "video" or (kind == "unknown" and claimed == "video") else Image(path)
    if kind == "unknown":
        _open(media)  # its error says what is wrong with the file
    return media


def media_in(messages: Iterable[BaseMessage]) -> Iterator[Image | Video]:
    """The media that people and tools put into the messages, in order."""
    from ..vision import media_from_block

    for message in messages:
        if isinstance(message, (HumanMessage, ToolMessage)) and isinstance(message.content, list):
            for block in message.content:
                try:
                    media = media_from_block(block)
                except BadInputError:  # an address on the web, or a file that is gone: not there to be looked at
                    continue
                if media is not None:
                    yield media


def check_media(content: str | list[str | dict[str, Any]]) -> None:
    """Opens every picture and video in the content of a message.

    Raises:
        BadInputError: one that can't be read.
    """
    from ..vision import media_from_block

    for block in content if isinstance(content, list) else ():
        if (media := media_from_block(block)) is not None:
            _open(media)


def _open(media: Image | Video) -> None:
    from ..vision import Image, VisionSettings
    from ..vision.resize import image_size

    if isinstance(media, Image):
        picture = media.pil
        image_size(picture.height, picture.width, VisionSettings())  # refuses what is too long for any grid
    else:
        _ = media.info
