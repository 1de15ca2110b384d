"""What a token costs outside the model: bytes into characters, and characters into thinking, text and calls.

One turn of thinking, a few words and a call whose argument is a file of 2,000 lines, token by token. Beside it what a
user would take instead: the parser of transformers' own server, and decoding all so far and searching it at each token,
as simple agents do (at 40 places of the turn, from which the whole is reckoned). Runs alternate, figures are medians.
"""

from __future__ import annotations

import argparse
import inspect
import re
import time
from collections.abc import Callable
from functools import partial
from importlib.resources import files
from statistics import median
from types import SimpleNamespace
from typing import Any

from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.messages.tool import tool_call
from tokenizers.decoders import DecodeStream
from transformers import AutoTokenizer
from transformers.cli.serving.utils import get_response_template
from transformers.utils.chat_parsing import ResponseParser

from benchmarks.report import Claim, main
from quintet.model import PromptFormat
from quintet.model.parse import Call, Parser
from quintet.model.prompt import MARK

LINES = 2_000
RUNS = 5
PLACES = 40
ARGUMENTS = {"path": "parser.py", "code": "\n".join(inspect.getsource(argparse).splitlines()[:LINES]), "run": True}
PARAMETERS = {
    "type": "object",
    "properties": {"path": {"type": "string"}, "code": {"type": "string"}, "run": {"type": "boolean"}},
    "required": ["path", "code"],
}
TOOL = {"type": "function", "function": {"name": "write", "description": "Write.", "parameters": PARAMETERS}}
FORMAT = PromptFormat(AutoTokenizer.from_pretrained(str(files("quintet.model.nano"))))


def turn() -> list[int]:
    """The tokens of the turn, behind `<think>`, as the template writes them."""
    thinking = " ".join(str(inspect.getdoc(argparse.ArgumentParser)).split() * 20)
    content: list[str | dict[str, Any]] = [
        {"type": "reasoning", "reasoning": thinking},
        {"type": "text", "text": "Here:"},
    ]
    message = AIMessage(content, tool_calls=[tool_call(name="write", args=ARGUMENTS, id="1")])
    text = FORMAT.render([HumanMessage("Write a parser."), message], generate=False).text
    begin, end = f"{MARK}<think>{MARK}\n", f"{MARK}<|im_end|>{MARK}"
    return FORMAT.encode(text[text.rindex(begin) + len(begin) : text.rindex(end)], {}).ids


def ours(ids: list[int], times: list[float]) -> None:
    """As `model/turn.py` does it; notes the time at each token."""
    parser = Parser({"write": PARAMETERS}, thinking=True)
    stream = DecodeStream(skip_special_tokens=False)
    deltas = []
    for token in ids:
        control = FORMAT.control_name(token)
        if control is not None:
            stream = DecodeStream(skip_special_tokens=False)
        if piece := control or stream.step(FORMAT.backend, token):
            deltas += parser.feed(piece, control is not None)
        times.append(time.perf_counter())
    assert isinstance(deltas[-1], Call)
    assert deltas[-1].args == ARGUMENTS


def transformers_server(template: Any, ids: list[int], times: list[float]) -> None:
    """As `transformers serve` does it."""
    parser = ResponseParser(template, prefix="<|im_start|>assistant\n<think>\n", tools=[TOOL])
    stream = DecodeStream([], skip_special_tokens=False)
    for token in ids:
        if piece := stream.step(FORMAT.backend, token):
            parser.feed(piece)
        times.append(time.perf_counter())
    message, _ = parser.finalize()
    assert message["tool_calls"][0]["function"]["name"] == "write"


def again_and_again(ids: list[int]) -> float:
    """Seconds for the whole turn, if all so far is decoded and searched at each token."""
    pattern = re.compile(r"<tool_call>\s*<function=([^>]+)>(.*?)</function>\s*</tool_call>", re.DOTALL)
    seconds = []
    for place in range(PLACES):
        some = ids[: (2 * place + 1) * len(ids) // (2 * PLACES)]
        start = time.perf_counter()
        pattern.search(FORMAT.backend.decode(some, skip_special_tokens=False))
        seconds.append(time.perf_counter() - start)
    return sum(seconds) / PLACES * len(ids)


def timed(parse: Callable[[list[int], list[float]], None], ids: list[int]) -> tuple[float, float]:
    """Tokens a second, and how much longer a token takes in the last quarter than in the one before the middle."""
    times = [time.perf_counter()]
    parse(ids, times)
    quarter = len(ids) // 4
    slower = (times[-2] - times[-2 - quarter]) / (times[2 * quarter] - times[quarter])
    return len(ids) / (times[-1] - times[0]), slower


def measure() -> tuple[dict[str, float], list[Claim]]:
    """Medians of all three on the same turn."""
    ids = turn()
    stand_in: Any = SimpleNamespace(config=SimpleNamespace(model_type="qwen3_5"))
    theirs = partial(transformers_server, get_response_template(FORMAT.tokenizer, stand_in))
    runs = [(timed(ours, ids), timed(theirs, ids), len(ids) / again_and_again(ids)) for _ in range(RUNS)]
    speed = median(run[0][0] for run in runs)
    figures = {
        "tokens of the turn": len(ids),
        "quintet, tokens/s": speed,
        "transformers' server, tokens/s": median(run[1][0] for run in runs),
        "decoding and searching all at each token, tokens/s": median(run[2] for run in runs),
    }
    return figures, [
        Claim("quintet, tokens/s", speed, least=100_000),
        Claim("quintet over transformers' server, tokens/s", median(run[0][0] / run[1][0] for run in runs), least=1.0),
        Claim("a token in the last quarter over one in the second", median(run[0][1] for run in runs), most=1.5),
    ]


if __name__ == "__main__":
    main(measure)
