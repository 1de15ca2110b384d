"""How much of a prompt pictures and videos may take: beyond it, the oldest step down.

First from full size to small, then to a line of text that names them, so that a tool can look at them again. The newest
is made no smaller than it must be. What
steps down changes the prompt behind it, which must be read anew: so each time a quarter of the budget is freed, and
the same conversation, continued, comes to the same decisions until it overflows again.
"""

from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.messages import BaseMessage, HumanMessage, ToolMessage

from ..errors import MediaError
from ..vision import Image, Plan, Video

Media = Image | Video
_SMALL = 8  # a small picture has so many times fewer tokens


class MediaBudget:
    """Keeps the media of a conversation within a number of vision tokens.

    `found` gives the picture or video of a content block, None for other blocks; `planned` tells what it takes.
    """

    def __init__(self, found: Callable[[object], Media | None], planned: Callable[[Media], Plan]) -> None:
        self._found = found
        self._planned = planned

    def within(self, messages: Sequence[BaseMessage], tokens: int) -> list[BaseMessage]:
        """The messages with at most so many vision tokens. The newest media step down last."""
        shown: list[_Shown] = []
        numbers = {Image: 0, Video: 0}
        changed = list(messages)
        for at, message in enumerate(messages):
            if not isinstance(message, (HumanMessage, ToolMessage)) or isinstance(message.content, str):
                continue
            for place, block in enumerate(message.content):
                if (media := self._found(block)) is not None:
                    numbers[type(media)] += 1
                    shown.append(_Shown(at, place, block, media, numbers[type(media)], self._planned(media).tokens))
                    if _sum(shown) > tokens:
                        self._step_down(shown[:-1], shown, tokens - tokens // 4)
                        self._fit(shown[-1], tokens - _sum(shown[:-1]))
                        self._step_down(shown[-1:], shown, tokens)
        for one in shown:
            content = list(changed[one.message].content)
            content[one.place] = one.block
            changed[one.message] = changed[one.message].model_copy(update={"content": content})
        return changed

    def _step_down(self, some: Sequence["_Shown"], shown: Sequence["_Shown"], room: int) -> None:
        """Makes one after another small, then a line, until all that is `shown` fits."""
        for smaller in (self._small, _line):
            for one in some:
                if _sum(shown) <= room:
                    return
                smaller(one)

    def _small(self, one: "_Shown") -> None:
        if one.small or not one.tokens:
            return
        one.small = True
        self._scale(one, max(1, one.tokens // _SMALL))

    def _fit(self, one: "_Shown", room: int) -> None:
        """As large as there is `room` for, if that is more than small."""
        if one.tokens // _SMALL < room < one.tokens:
            self._scale(one, room)

    def _scale(self, one: "_Shown", tokens: int) -> None:
        block = {**one.block, "extras": {**(one.block.get("extras") or {}), "max_tokens": tokens}}
        media = self._found(block)
        try:
            taken = self._planned(media).tokens if media else one.tokens
        except MediaError:  # it can't be as small as that
            return
        one.block, one.tokens = block, min(taken, one.tokens)


class _Shown:
    """A picture or video: where its block is, the block that stands there now, and what it takes."""

    def __init__(self, message: int, place: int, block: Any, media: Media, number: int, tokens: int) -> None:
        self.message, self.place, self.block, self.media = message, place, block, media
        self.number, self.tokens = number, tokens  # the number counts from 1 among its kind
        self.small = False


def _line(one: _Shown) -> None:
    if not one.tokens:
        return
    length = f", {one.media.info.duration:.1f} seconds" if isinstance(one.media, Video) else ""
    kind = "video" if isinstance(one.media, Video) else "picture"
    text = f"[{kind} {one.number}: {one.media.name}{length}, shown before]"
    one.block, one.tokens = {"type": "text", "text": text}, 0


def _sum(shown: Sequence[_Shown]) -> int:
    return sum(one.tokens for one in shown)
