"""What leaving out still parts of videos saves and costs: tokens and right answers of the bundled model.

The held-out samples of its two skills on video, `--samples` of each (default 50), answered without and with
`Video(prune=...)`. These clips are drawings on plain grounds: most of them stands still, more than in filmed video.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from langchain_core.messages import AIMessage, BaseMessage

from benchmarks.report import Claim, hand_over, parser
from quintet import load_model
from quintet.model import ChatModel
from training.evaluate import evaluate
from training.skills import LEVEL

SKILLS = ("motion", "times")
DIFFERENCES = (1.0, 3.0, 10.0)  # of 255


class Pruned:
    """A model whose videos are pruned; `tokens` are the video tokens of each of its prompts."""

    def __init__(self, model: Any, difference: float | None, tokens: list[int]) -> None:
        self._model = model
        self._difference = difference
        self.tokens = tokens

    def invoke(self, messages: Sequence[BaseMessage], **settings: Any) -> AIMessage:
        """An answer, as of the model."""
        answer: AIMessage = self._model.invoke([self._pruned(message) for message in messages], **settings)
        assert answer.usage_metadata
        counted: Any = answer.usage_metadata.get("input_token_details")
        self.tokens.append(counted["video"])
        return answer

    def bind_tools(self, tools: Sequence[Any]) -> Pruned:
        """The same with tools."""
        return Pruned(self._model.bind_tools(tools), self._difference, self.tokens)

    def _pruned(self, message: BaseMessage) -> BaseMessage:
        if isinstance(message.content, str) or self._difference is None:
            return message
        blocks = [
            {**block, "extras": {**block.get("extras", {}), "prune": self._difference}}
            if isinstance(block, dict) and block["type"] == "video"
            else block
            for block in message.content
        ]
        return message.model_copy(update={"content": blocks})


def measure(samples: int) -> tuple[dict[str, float], list[Claim]]:
    """Right answers and video tokens, of each skill and difference."""
    model = load_model()
    figures: dict[str, float] = {}
    shares = []
    for skill in SKILLS:
        whole = 0
        for difference in (None, *DIFFERENCES):
            pruned = Pruned(model, difference, [])
            results = evaluate(cast(ChatModel, pruned), skill, samples, LEVEL)
            whole = whole or sum(pruned.tokens)
            name = f"{skill}, " + ("all tokens" if difference is None else f"prune={difference:g}")
            figures[f"{name}: right"] = sum(result["right"] for result in results) / samples
            figures[f"{name}: share of the video tokens"] = sum(pruned.tokens) / whole
            shares.append(sum(pruned.tokens) / whole)
    return figures, [Claim("share of the video tokens kept with prune=10", max(shares[3], shares[7]), most=0.75)]


if __name__ == "__main__":
    options = parser(measure)
    options.add_argument("--samples", type=int, default=50, metavar="N")
    given = options.parse_args()
    hand_over(*measure(given.samples), given.json)
