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

from langchain_core.messages import BaseMessage

from ..errors import BadInputError
from ..vision import Patches, media_from_block
from .conversation import Media, Turn, Turns, checked
from .encoded import Encoded, Span
from .guard import CALL, CALL_END, GUARD, MARK, Guard, cleaned
from .positions import Block

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerBase

    from .engine import History

__all__ = ["MARK", "Prompt", "PromptFormat", "VideoMarkers", "cleaned"]

_PADS = ("<|image_pad|>", "<|video_pad|>")
_ASSISTANT = "<|im_start|>assistant\n"

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
        self._guard = Guard(self.control)

    def render(
        self,
        messages: Sequence[BaseMessage],
        tools: Sequence[Mapping[str, Any]] = (),
        *,
        thinking: bool = True,
        history: "History" = "keep",
        effort: str | None = None,
        generate: bool = True,
        found: Callable[[object], Media | None] = media_from_block,
        patches: Callable[[Media], Patches] = lambda media: media.patches(),
    ) -> Prompt:
        """Renders `messages` and OpenAI-style `tools`; with `generate`, up to where the assistant speaks.

        `history` says what becomes of earlier turns' thinking: all of it stays, also where the template would drop it;
        the template decides; or none is shown. `effort` is the `reasoning_effort` of templates that know one.
        `found` gives the picture or video of a content block, `patches` its patches (an engine passes its cache's).

        Raises:
            BadInputError: if the messages are out of order, or one is of a kind, or holds a content block, that the
                format has no place for; or if the template refuses the conversation, leaves a picture out, or knows no
                `effort`.
        """
        turning = Turns(self._guard, found, thinking=history != "drop")
        turns = [turning.turn(message) for message in checked(messages)]
        settings: dict[str, Any] = {"enable_thinking": thinking, "add_generation_prompt": generate}
        if history != "template":
            settings["preserve_thinking"] = history == "keep"
        if effort is not None:
            settings["reasoning_effort"] = effort
        rendered = self._rendered(turns, [self._guard.value(dict(tool)) for tool in tools], settings)
        if history == "keep":
            rendered = _with_thinking(rendered, turns, generate)
        shown = [patches(one) for one in turning.media]
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

    def _rendered(self, turns: list[Turn], tools: list[Any], settings: dict[str, Any]) -> str:
        from jinja2 import TemplateError

        if "reasoning_effort" in settings and "reasoning_effort" not in self.tokenizer.get_chat_template():
            raise BadInputError(
                f"effort={settings['reasoning_effort']!r}: this checkpoint's chat template knows no levels of effort; "
                "leave effort out, or give thinking a budget in tokens"
            )
        try:
            rendered = self.tokenizer.apply_chat_template(turns, tools=tools or None, tokenize=False, **settings)
        except (TemplateError, ValueError, TypeError) as error:
            raise BadInputError(f"the chat template refuses this conversation: {error}") from error
        assert isinstance(rendered, str)
        return rendered

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

        rendered = rendered.replace(CALL, "<tool_call>").replace(CALL_END, "</tool_call>")
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
            kept = None if patches.kept is None else tuple(patches.kept[frame].nonzero()[:, 0].tolist())
            block = Block(len(ids), height // merge, width // merge, kept)
            spans.append(Span(block, patches, frame))
            ids += [pad] * block.tokens
            if patches.kind == "video":
                ids.append(self.control["<|vision_end|>"])


def _with_thinking(rendered: str, turns: Sequence[Turn], generate: bool) -> str:
    """Puts the thinking of earlier turns back where the template has dropped it.

    It drops the whole block, so a turn that doesn't open with one has lost it. Texts are guarded: only the template can
    have written what is looked for here.
    """
    opening, *spoken = rendered.split(_ASSISTANT)
    thoughts = [turn["reasoning_content"] for turn in turns if turn["role"] == "assistant"]
    if len(spoken) != len(thoughts) + generate:
        raise BadInputError(
            f"the chat template writes {len(spoken) - generate} turns for {len(thoughts)} AI messages, so that their "
            'thinking can\'t be kept; use history="template"'
        )
    for index, thought in enumerate(thoughts):
        if not spoken[index].startswith("<think>"):
            spoken[index] = f"<think>\n{thought}\n</think>\n\n{spoken[index]}"
    return _ASSISTANT.join([opening, *spoken])


def _key(patches: Patches) -> str:
    """Equal for what the model can't tell apart: the pixels' digest, and the times that the prompt will state."""
    return patches.digest + "".join(f"@{time:.1f}" for time in patches.times)


def _without_control_tokens(tokenizer: "Tokenizer") -> "Tokenizer":
    from tokenizers import Tokenizer

    description = json.loads(tokenizer.to_str())
    description["added_tokens"] = []
    return Tokenizer.from_str(json.dumps(description))
