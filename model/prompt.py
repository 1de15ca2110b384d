"""Messages -> prompt: control tokens are ours alone, whatever the texts contain.

The checkpoint's own Jinja template renders the conversation, so the characters are exactly the makers'. Before that,
every text that comes from outside (people, tools, documents, the model's own past) has a guard character put behind
each character that could begin a control token. What the tokenizer's control tokens match in the rendered text is
therefore the template's own; the guards are then removed, and what lies between is encoded by a tokenizer that knows
no control tokens at all.

`Prompt.text` is that result before encoding: each control token stands between two `MARK`s, and a picture's or video's
placeholder carries its key, a digest. Two conversations with equal `text` are equal to the model, which is what
sessions compare.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from ..errors import BadInputError
from ..vision import Image, Patches, Video, media_from_block
from .encoded import Encoded, Span
from .positions import Block

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerBase

MARK = "\ufdd0"  # Unicode noncharacters: no text interchange uses them, and texts from outside are cleaned of them
GUARD = "\ufdd1"
_FOREIGN = re.compile(f"[{MARK}{GUARD}\ud800-\udfff]")  # and half a surrogate pair is no character at all
_PADS = ("<|image_pad|>", "<|video_pad|>")

Media = Image | Video
VideoMarkers = Literal["nested", "bare"]


@dataclass(frozen=True)
class Prompt:
    """A rendered conversation: `text` with marked control tokens, and the media it names by key."""

    text: str
    media: Mapping[str, Patches]

    def vision_tokens(self, kind: str) -> int:
        """How many tokens of the prompt are patches of pictures ("image") or of videos ("video")."""
        keys = (token.partition("#")[2] for token in self.text.split(MARK)[1::2])
        shown = [self.media[key] for key in keys if key]
        return sum(patches.tokens for patches in shown if patches.kind == kind)


class PromptFormat:
    """The chat format of one checkpoint, driven by its own tokenizer and template.

    `video_markers` says whether a video's temporal patches stand within an outer vision start and end (as transformers
    leaves them) or bare (as vLLM does).
    """

    def __init__(self, tokenizer: "PreTrainedTokenizerBase", *, video_markers: VideoMarkers = "nested") -> None:
        self.tokenizer = tokenizer
        self.video_markers = video_markers
        fast: Any = tokenizer  # its attributes are made at run time
        self.backend: Tokenizer = fast.backend_tokenizer
        self._plain = _without_control_tokens(self.backend)
        self.control: dict[str, int] = dict(fast.get_added_vocab())
        self._names = {token_id: token for token, token_id in self.control.items()}
        longest_first = sorted(self.control, key=len, reverse=True)
        self._controls = re.compile("(" + "|".join(map(re.escape, longest_first)) + ")")
        self._firsts = re.compile("([" + "".join(sorted({re.escape(token[0]) for token in self.control})) + "])")

    def render(
        self,
        messages: Sequence[BaseMessage],
        tools: Sequence[Mapping[str, Any]] = (),
        *,
        thinking: bool = True,
        generate: bool = True,
        patches: Callable[[Media], Patches] = lambda media: media.patches(),
    ) -> Prompt:
        """Renders `messages` and OpenAI-style `tools`; with `generate`, up to where the assistant speaks.

        `patches` turns a picture or video into its patches (an engine passes its cache).

        Raises:
            BadInputError: if a message is of a kind, or holds a content block, that the format has no place for, or
                the template refuses the conversation or leaves a picture out.
        """
        from jinja2 import TemplateError

        media: list[Media] = []
        turns = [self._turn(message, media) for message in messages]
        try:
            rendered = self.tokenizer.apply_chat_template(
                turns,
                tools=[self._guarded(dict(tool)) for tool in tools] or None,
                tokenize=False,
                add_generation_prompt=generate,
                enable_thinking=thinking,
                preserve_thinking=True,
            )
        except (TemplateError, ValueError) as error:
            raise BadInputError(f"the chat template refuses this conversation: {error}") from error
        assert isinstance(rendered, str)
        shown = [patches(one) for one in media]
        return Prompt(self._marked(rendered, shown), {_key(one): one for one in shown})

    def encode(self, text: str, media: Mapping[str, Patches]) -> Encoded:
        """Token ids of a stretch of `Prompt.text` that begins and ends outside a marked token."""
        ids: list[int] = []
        spans: list[Span] = []
        for index, piece in enumerate(text.split(MARK)):
            if index % 2 == 0:
                ids += self._plain.encode(piece, add_special_tokens=False).ids
                continue
            token, _, key = piece.partition("#")
            if key:
                self._place(media[key], self.control[token], ids, spans)
            else:
                ids.append(self.control[token])
        return Encoded(ids, spans)

    def decode(self, ids: Sequence[int]) -> str:
        """The text of `ids` as `Prompt.text` writes it: control tokens marked, all else as characters."""
        return "".join(
            cleaned(self.backend.decode(list(run))) if name is None else f"{MARK}{name}{MARK}" * len(list(run))
            for name, run in groupby(ids, self.control_name)
        )

    def control_name(self, token_id: int) -> str | None:
        """The spelling of a control token, or None if `token_id` is ordinary text."""
        return self._names.get(token_id)

    def _turn(self, message: BaseMessage, media: list[Media]) -> dict[str, Any]:
        match message:
            case SystemMessage():
                return {"role": "system", "content": self._content(message, media)}
            case HumanMessage():
                return {"role": "user", "content": self._content(message, media)}
            case ToolMessage():
                return {"role": "tool", "content": self._content(message, media)}
            case AIMessage():
                calls = [
                    {
                        "type": "function",
                        "function": {"name": self._guarded(c["name"]), "arguments": self._guarded(c["args"])},
                    }
                    for c in message.tool_calls
                ]
                turn = {"role": "assistant", "content": self._guarded(str(message.text).strip())}
                turn["reasoning_content"] = self._guarded(reasoning_of(message).strip())
                return turn | ({"tool_calls": calls} if calls else {})
        raise BadInputError(
            f"a {type(message).__name__} has no place in the chat format; use system, human, AI and tool messages"
        )

    def _content(self, message: BaseMessage, media: list[Media]) -> str | list[dict[str, str]]:
        if isinstance(message.content, str):
            return str(self._guarded(message.content))
        parts: list[dict[str, str]] = []
        for block in message.content:
            if isinstance(block, str) or block.get("type") == "text":
                text = block if isinstance(block, str) else block.get("text") or ""
                parts.append({"type": "text", "text": self._guarded(text)})
                continue
            found = media_from_block(block)
            if found is None:
                raise BadInputError(
                    f"a content block of type {block.get('type')!r} has no place in a prompt; use text, image or video"
                )
            media.append(found)
            parts.append({"type": "video" if isinstance(found, Video) else "image"})
        if all(part["type"] == "text" for part in parts):
            return "".join(part["text"] for part in parts)
        return parts

    def _guarded(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._firsts.sub(rf"\1{GUARD}", cleaned(value))
        if isinstance(value, Mapping):
            return {self._guarded(key): self._guarded(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self._guarded(inner) for inner in value]
        return value

    def _marked(self, rendered: str, media: Sequence[Patches]) -> str:
        pads = sum(token in _PADS for token in self._controls.findall(rendered))
        if pads != len(media):
            raise BadInputError(
                f"the chat template has places for {pads} of the {len(media)} pictures and videos given; put them into "
                "messages of people or tools"
            )
        remaining = iter(media)

        def mark(match: re.Match[str]) -> str:
            token = match[1]
            if token in _PADS:
                token += "#" + _key(next(remaining))
            return MARK + token + MARK

        text = self._controls.sub(mark, rendered).replace(GUARD, "")
        if self.video_markers == "bare":
            start, end = (MARK + f"<|vision_{side}|>" + MARK for side in ("start", "end"))
            text = re.sub(f"{re.escape(start)}({MARK}<\\|video_pad\\|>#[^{MARK}]*{MARK}){re.escape(end)}", r"\1", text)
        return text

    def _place(self, patches: Patches, pad: int, ids: list[int], spans: list[Span]) -> None:
        frames, height, width = patches.grid
        merge = patches.settings.merge
        for frame in range(frames):
            if patches.kind == "video":
                stamp = f"<{patches.times[frame]:.1f} seconds>"
                ids += self._plain.encode(stamp, add_special_tokens=False).ids
                ids.append(self.control["<|vision_start|>"])
            block = Block(len(ids), height // merge, width // merge)
            spans.append(Span(block, patches, frame))
            ids += [pad] * block.tokens
            if patches.kind == "video":
                ids.append(self.control["<|vision_end|>"])


def cleaned(text: str) -> str:
    """`text` without the characters that are ours, or are none."""
    return _FOREIGN.sub("\ufffd", text)


def reasoning_of(message: BaseMessage) -> str:
    """The thinking of a message: its reasoning blocks, or the field that OpenAI-compatible servers fill."""
    if isinstance(message.content, list):
        blocks = [block for block in message.content if isinstance(block, dict) and block.get("type") == "reasoning"]
        if blocks:
            return "".join(str(block.get("reasoning", "")) for block in blocks)
    fields = message.additional_kwargs
    return str(fields.get("reasoning_content") or fields.get("reasoning") or "")


def _key(patches: Patches) -> str:
    """Equal for what the model can't tell apart: the pixels' digest, and the times that the prompt will state."""
    return patches.digest + "".join(f"@{time:.1f}" for time in patches.times)


def _without_control_tokens(tokenizer: "Tokenizer") -> "Tokenizer":
    from tokenizers import Tokenizer

    description = json.loads(tokenizer.to_str())
    description["added_tokens"] = []
    return Tokenizer.from_str(json.dumps(description))
