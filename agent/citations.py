"""Where an answer comes from: passages of documents, moments of videos."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from langchain_core.documents import Document
from langchain_core.messages import BaseMessage, HumanMessage, ToolMessage

from ..tools import Evidence
from .media import media_in

if TYPE_CHECKING:
    from ..vision import Video

_PASSAGE = re.compile(r"\[(\d+(?:\s*,\s*\d+)*)\]")
_MOMENT = re.compile(
    r"(?<![\d.])(?<!for )(?<!lasts )(?P<lead>\b(?:at|from|between|after|before|until|around|about)\s+)?"
    r"(?:(?P<start>\d+(?:\.\d+)?)\s*(?:seconds?|s)?\s*(?:to|and|-|–)\s*)?"
    r"(?P<end>\d+(?:\.\d+)?)\s*(?:seconds?|s)\b(?! long)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Citation:
    """A passage of a document (`page` where it has pages), or a moment or stretch of a video (`start` to `end`, s).

    `quote` is the passage, or the words of the answer that name the moment.
    """

    source: str
    page: int | None = None
    start: float | None = None
    end: float | None = None
    quote: str = ""


def citations_in(text: str, conversation: Sequence[BaseMessage], turn: Sequence[BaseMessage]) -> tuple[Citation, ...]:
    """What `text` cites, in its order, then the stretches of video that were watched for it.

    `turn` is the part of the conversation since the question. `[n]` means passage n of the newest search that found so
    many; a time such as "3.5 seconds" is a moment of the video if the conversation has just one.
    """
    moments = list(_moments(text, conversation))
    watched = [
        stretch
        for stretch in _watched(turn)
        if not any(stretch.source == moment.source and _within(moment, stretch) for moment in moments)
    ]
    return tuple(dict.fromkeys([*_passages(text, conversation), *moments, *watched]))


def _passages(text: str, conversation: Sequence[BaseMessage]) -> Iterator[Citation]:
    for match in _PASSAGE.finditer(text):
        for number in map(int, match[1].split(",")):
            if (passage := _passage(number, conversation)) is not None:
                page = passage.metadata.get("page")
                source = str(passage.metadata.get("source", ""))
                yield Citation(source, page if isinstance(page, int) else None, quote=passage.page_content)


def _passage(number: int, conversation: Sequence[BaseMessage]) -> Document | None:
    for message in reversed(conversation):
        found = message.artifact if isinstance(message, ToolMessage) else None
        if isinstance(found, list) and 1 <= number <= len(found):
            passage = found[number - 1]
            if isinstance(passage, Document):
                return passage
    return None


def _moments(text: str, conversation: Sequence[BaseMessage]) -> Iterator[Citation]:
    matches = [match for match in _MOMENT.finditer(text) if match["lead"] or "." in match["end"]]
    video = _only_video(conversation) if matches else None
    if video is None:
        return
    for match in matches:
        end = float(match["end"])
        start = float(match["start"] or end)
        if start <= end <= video.info.duration:
            yield Citation(video.name, start=start, end=end, quote=match[0])


def _only_video(conversation: Sequence[BaseMessage]) -> Video | None:
    from ..vision import Video

    media = media_in(message for message in conversation if isinstance(message, HumanMessage))
    videos = [item for item in media if isinstance(item, Video)]
    blocks = {str(video.to_block()) for video in videos}
    return videos[0] if len(blocks) == 1 else None


def _watched(turn: Sequence[BaseMessage]) -> Iterator[Citation]:
    for message in turn:
        seen = message.artifact if isinstance(message, ToolMessage) else None
        if isinstance(seen, Evidence) and seen.start is not None:
            yield Citation(seen.source, start=seen.start, end=seen.end)


def _within(moment: Citation, stretch: Citation) -> bool:
    times = (stretch.start, moment.start, moment.end, stretch.end)
    known = [time for time in times if time is not None]
    return known == sorted(known)
