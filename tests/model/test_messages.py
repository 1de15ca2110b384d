"""Deltas as messages, whole and in chunks."""

from random import Random
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import add_ai_message_chunks

from quintet.model.engine import Done, Logprob, Usage
from quintet.model.messages import chunks_of, message_of
from quintet.model.parse import Call, CallStarted, Delta, TextDelta, ThinkingDelta

DONE = Done("stop", Usage(input=9, output=7, cached=4, reread=2, thinking=3, image=1, video=0))


def summed(deltas: list[Delta | Logprob | Done]) -> AIMessageChunk:
    return add_ai_message_chunks(*filter(None, chunks_of(deltas, "m")))


def random_deltas(seed: int) -> list[Delta | Logprob | Done]:
    rng = Random(seed)
    deltas: list[Delta | Logprob | Done] = []
    for index in range(rng.randrange(6)):
        if rng.random() < 0.7:
            deltas.append(Logprob("é", -rng.random(), (("e", -0.1), ("\ufffd", -2.0))))
        match rng.randrange(4):
            case 0:
                deltas.append(ThinkingDelta("hm "))
            case 1:
                deltas.append(TextDelta("so "))
            case 2:
                deltas += [CallStarted(index, "f"), Call(index, "f", {"a": [1, None, "<é>"]}, "<function=f>")]
            case 3:
                deltas += [CallStarted(index, "g"), Call(index, "g", {}, "<function=g>\n<para", "cut off")]
    return [*deltas, DONE]


def readable(message: AIMessage) -> dict[str, Any]:
    return {
        "content": [{key: block[key] for key in block if key != "index"} for block in sorted_blocks(message)],
        "calls": [(call["name"], call["args"]) for call in message.tool_calls],
        "wrong": [(call["name"], call["args"]) for call in message.invalid_tool_calls],
        "usage": message.usage_metadata,
        "metadata": message.response_metadata,
    }


def sorted_blocks(message: AIMessage) -> list[Any]:
    assert isinstance(message.content, list)
    return sorted(message.content, key=lambda block: block["type"] if isinstance(block, dict) else "")


def test_chunks_add_up_to_the_message() -> None:
    for seed in range(100):
        deltas = random_deltas(seed)
        assert readable(summed(deltas)) == readable(message_of(deltas, "m")), seed


def test_usage_counts_what_was_read_again() -> None:
    usage = message_of([DONE], "m").usage_metadata
    assert usage == {
        "input_tokens": 9,
        "output_tokens": 7,
        "total_tokens": 16,
        "input_token_details": {"cache_read": 4, "reread": 2, "image": 1, "video": 0},
        "output_token_details": {"reasoning": 3},
    }


@pytest.mark.parametrize("raw", ["", "{}", '{"name": "f", "arguments": {', "null", "<function=f>"])
def test_a_wrong_call_stays_wrong_however_it_reads(raw: str) -> None:
    deltas: list[Delta | Logprob | Done] = [Call(0, "", {}, raw, "no name"), DONE]
    for message in (message_of(deltas, "m"), summed(deltas)):
        assert message.tool_calls == []
        assert len(message.invalid_tool_calls) == 1


def test_bytes_of_a_part_of_a_character_are_unknown() -> None:
    tokens = message_of([Logprob("\ufffd", -1.0), Logprob("é", -2.0), DONE], "m").response_metadata["logprobs"]
    assert [token["bytes"] for token in tokens["content"]] == [None, [0xC3, 0xA9]]
