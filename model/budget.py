"""How much of a prompt pictures and videos may take: beyond it, the oldest step down.

First from full size to small, then to a line of text that names them, so that a tool can look at them again. Those of
the newest message are made no smaller than they must be. What steps down changes the prompt behind it, which must be
read anew: so each time a quarter of the budget is freed, and the same conversation, continued, comes to the same
decisions until it overflows again.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from langchain_core.messages import BaseMessage, HumanMessage, ToolMessage

from ..errors import MediaError, MissingFileError
from ..vision import Image, Plan, Video

Media = Image | Video
_SMALL = 8  # a small picture has so many times fewer tokens


class Fitted(NamedTuple):
    """Messages within a budget, and what was done for that, in sentences."""

    messages: list[BaseMessage]
    notes: tuple[str, ...]


class MediaBudget:
    """Keeps the media of a conversation within a number of vision tokens.

    `found` gives the picture or video of a content block, None for other blocks; `planned` tells what it takes.
    """

    def __init__(self, found: Callable[[object], Media | None], planned: Callable[[Media], Plan]) -> None:
        self._found = found
        self._planned = planned

    def within(self, messages: Sequence[BaseMessage], tokens: int) -> Fitted:
        """The messages with at most so many vision tokens.

        Raises:
            MissingFileError: a file of the newest message is gone. Older ones are left out, with a note.
        """
        shown: list[_Shown] = []
        numbers = {"picture": 0, "video": 0}
        for at, message in enumerate(messages):
            if not isinstance(message, (HumanMessage, ToolMessage)) or isinstance(message.content, str):
                continue
            for place, block in enumerate(message.content):
                if (one := self._shown(block, newest=message is messages[-1])) is not None:
                    numbers[one.kind] += 1
                    one.message, one.place, one.number = at, place, numbers[one.kind]
                    if isinstance(one.media, str):
                        one.name()
                    shown.append(one)
                    self._fit(shown, at, tokens)
        changed = list(messages)
        for one in (each for each in shown if each.level != "full"):
            content = list(changed[one.message].content)
            content[one.place] = one.block
            changed[one.message] = changed[one.message].model_copy(update={"content": content})
        return Fitted(changed, _notes(shown, tokens))

    def _shown(self, block: Any, *, newest: bool) -> "_Shown | None":
        try:
            media = self._found(block)
            return None if media is None else _Shown(block, media, self._planned(media).tokens)
        except MissingFileError as error:
            if newest:
                raise
            return _Shown(block, str(error), 0)

    def _fit(self, shown: Sequence["_Shown"], newest: int, tokens: int) -> None:
        """Steps down until all fits; what stands in message `newest` last."""
        if _sum(shown) <= tokens:
            return
        older = [one for one in shown if one.message != newest]
        latest = [one for one in shown if one.message == newest]
        self._step_down(older, shown, tokens - tokens // 4)
        room, taken = tokens - _sum(older), _sum(latest)
        for one in latest:
            if one.tokens // _SMALL < one.tokens * room // max(1, taken) < one.tokens:
                self._scale(one, one.tokens * room // taken)
        self._step_down(latest, shown, tokens)

    def _step_down(self, some: Sequence["_Shown"], shown: Sequence["_Shown"], room: int) -> None:
        """Makes one after another small, then a line, until all that is `shown` fits."""
        for smaller in (self._small, _Shown.name):
            for one in some:
                if _sum(shown) <= room:
                    return
                if one.tokens:
                    smaller(one)

    def _small(self, one: "_Shown") -> None:
        if one.level != "small":
            self._scale(one, max(1, one.tokens // _SMALL))
            one.level = "small"

    def _scale(self, one: "_Shown", tokens: int) -> None:
        block = {**one.block, "extras": {**(one.block.get("extras") or {}), "max_tokens": tokens}}
        media = self._found(block)
        try:
            taken = self._planned(media).tokens if media else one.tokens
        except MediaError:  # it can't be as small as that
            return
        if taken < one.tokens:
            one.block, one.tokens, one.level = block, taken, "smaller"


class _Shown:
    """A picture or video: where its block is, the block that stands there now, and what it takes.

    `media` is why it is gone, where it is. `number` counts from 1 among its kind.
    """

    message = place = number = 0

    def __init__(self, block: Any, media: Media | str, tokens: int) -> None:
        self.block, self.media, self.tokens = block, media, tokens
        self.level = "full"
        if isinstance(media, str):
            self.kind = "video" if "video" in f"{block.get('type')} {block.get('mime_type')}" else "picture"
        else:
            self.kind = "video" if isinstance(media, Video) else "picture"

    def name(self) -> None:
        """Puts a line in its place."""
        if isinstance(self.media, str):
            what = "no longer there"
        else:
            length = f", {self.media.info.duration:.1f} seconds" if isinstance(self.media, Video) else ""
            what = f"{self.media.name}{length}, not shown here"
        self.block, self.tokens = {"type": "text", "text": f"[{self.kind} {self.number}: {what}]"}, 0
        self.level = "named"


def _sum(shown: Sequence[_Shown]) -> int:
    return sum(one.tokens for one in shown)


def _notes(shown: Sequence[_Shown], tokens: int) -> tuple[str, ...]:
    notes = [one.media for one in shown if isinstance(one.media, str)]
    small = sum(one.level in ("small", "smaller") for one in shown)
    named = sum(one.level == "named" for one in shown) - len(notes)
    if small or named:
        notes.append(
            f"Of {len(shown)} pictures and videos {small} are shown smaller and {named} only named: all together may "
            f"take {tokens:,} tokens."
        )
    return tuple(notes)
