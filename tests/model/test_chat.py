"""The chat model as LangChain's users meet it, on tiny random checkpoints of both kinds."""

import asyncio
import base64
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.outputs import ChatGeneration

from quintet import Image
from quintet.errors import BadInputError, ContextLengthError, MediaError, ModelNotFoundError, UnsupportedModelError
from quintet.model import ChatModel, load_model


def weigh(thing: str, exactly: bool = False) -> str:
    """Weigh a thing."""
    return f"{thing}: 3 kg{' exactly' if exactly else ''}"


def usage(message: BaseMessage) -> dict[str, Any]:
    assert isinstance(message, AIMessage)
    assert message.usage_metadata
    return dict(message.usage_metadata)


def cached(message: BaseMessage) -> int:
    return int(usage(message)["input_token_details"]["cache_read"])


def test_a_message_carries_blocks_usage_and_a_reason(model: ChatModel) -> None:
    answer = model.invoke("Say something.", max_tokens=9)
    assert answer.response_metadata["finish_reason"] == "length"
    assert {block["type"] for block in answer.content_blocks} <= {"reasoning", "text"}
    assert usage(answer)["output_tokens"] == 9
    assert usage(answer)["total_tokens"] == usage(answer)["input_tokens"] + 9


def test_thinking_off_gives_text_alone(model: ChatModel) -> None:
    answer = model.invoke("Say something.", max_tokens=9, thinking=False)
    assert answer.text
    assert all(block["type"] == "text" for block in answer.content_blocks)
    assert usage(answer)["output_token_details"] == {"reasoning": 0}


def test_a_thinking_budget_ends_the_thinking(model: ChatModel) -> None:
    answer = model.invoke("Say something.", max_tokens=24, thinking=4)
    assert 4 <= usage(answer)["output_token_details"]["reasoning"] <= 8  # the budget, then what closes the thinking
    assert answer.text


def test_streamed_chunks_add_up_to_the_message(model: ChatModel) -> None:
    question = [HumanMessage("Count to ten.")]
    whole = model.invoke(question, max_tokens=16, thinking=6)
    chunks = list(model.stream(question, max_tokens=16, thinking=6))
    total = chunks[0]
    for chunk in chunks[1:]:
        total += chunk
    assert isinstance(total, AIMessageChunk)
    assert total.text == whole.text
    assert [block["type"] for block in total.content_blocks] == [block["type"] for block in whole.content_blocks]
    assert total.response_metadata["finish_reason"] == whole.response_metadata["finish_reason"]
    assert usage(total)["output_tokens"] == usage(whole)["output_tokens"]
    assert len(chunks) > 5


async def test_it_streams_asynchronously(model: ChatModel) -> None:
    pieces = [chunk.text async for chunk in model.astream("Count to ten.", max_tokens=8, thinking=False)]
    assert "".join(pieces) == model.invoke("Count to ten.", max_tokens=8, thinking=False).text


async def test_a_cancelled_stream_is_over_and_its_conversation_goes_on(model: ChatModel) -> None:
    question = [HumanMessage("Count to a thousand, which takes long.")]
    seen: list[str] = []

    async def listen() -> None:
        async for chunk in model.astream(question, max_tokens=1000, thinking=False):
            seen.append(chunk.text)  # noqa: PERF401

    task = asyncio.create_task(listen())
    while len(seen) < 3:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    heard = len(seen)
    partial = AIMessage("".join(seen))
    again = await model.ainvoke([*question, partial, HumanMessage("Go on.")], max_tokens=4, thinking=False)
    assert len(seen) == heard
    assert cached(again) > 0


async def test_a_cancelled_call_ends_with_its_task(model: ChatModel) -> None:
    task = asyncio.create_task(model.ainvoke("Count to a thousand.", max_tokens=100_000, thinking=False))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
    assert (await model.ainvoke("Count to ten.", max_tokens=2, thinking=False)).text


def test_candidates_are_messages_to_go_on_with(model: ChatModel) -> None:
    question = HumanMessage("Any words.")
    settings: dict[str, Any] = {"temperature": 1.5, "top_k": 0, "top_p": 1.0, "max_tokens": 8, "thinking": False}
    [candidates] = model.generate([[question]], n=3, seed=5, **settings).generations
    texts = [candidate.text for candidate in candidates]
    assert len(set(texts)) == 3
    assert texts == [model.invoke([question], seed=seed, **settings).text for seed in (5, 6, 7)]
    for candidate in candidates:
        assert isinstance(candidate, ChatGeneration)
        following = model.invoke([question, candidate.message, HumanMessage("More.")], max_tokens=3, thinking=False)
        assert cached(following) > 0
    with pytest.raises(BadInputError, match="n=3 candidates can't be streamed"):
        list(model.stream([question], n=3))


async def test_candidates_come_asynchronously_too(model: ChatModel) -> None:
    settings: dict[str, Any] = {"temperature": 1.5, "top_k": 0, "max_tokens": 6, "thinking": False, "seed": 1, "n": 2}
    question = [[HumanMessage("Any words.")]]
    [ours], [theirs] = (
        (await model.agenerate(question, **settings)).generations,
        model.generate(question, **settings).generations,
    )
    assert [one.text for one in ours] == [one.text for one in theirs]


def test_log_probabilities_of_each_token_whole_and_streamed(model: ChatModel) -> None:
    settings: dict[str, Any] = {"max_tokens": 12, "thinking": 4, "logprobs": True, "top_logprobs": 2}
    whole = model.invoke("Say something.", **settings)
    tokens = whole.response_metadata["logprobs"]["content"]
    assert len(tokens) == usage(whole)["output_tokens"]
    for token in tokens:
        assert token["logprob"] <= token["top_logprobs"][0]["logprob"] <= 0
        assert len(token["top_logprobs"]) == 2
        assert token["bytes"] is None or bytes(token["bytes"]).decode() == token["token"]
    chunks = list(model.stream("Say something.", **settings))
    assert sum("logprobs" in chunk.response_metadata for chunk in chunks) > 3
    total = chunks[0].__add__(chunks[1:])  # type: ignore[operator]
    assert total.response_metadata["logprobs"] == whole.response_metadata["logprobs"]
    assert "logprobs" not in model.invoke("Say something.", max_tokens=2).response_metadata


def test_what_is_refused_leaves_the_conversation_as_it_was(model: ChatModel) -> None:
    known = [HumanMessage("A question that is asked, and known from then on.")]
    first = model.invoke(known, max_tokens=4, thinking=False)
    follow: list[BaseMessage] = [*known, first, HumanMessage("And?")]
    for wrong in (
        [*follow, SystemMessage("late")],
        [*follow, ToolMessage("r", tool_call_id="none")],
        [*follow, HumanMessage([{"type": "audio", "base64": ""}])],
    ):
        with pytest.raises(BadInputError):
            model.invoke(wrong)
    assert cached(model.invoke(follow, max_tokens=2, thinking=False)) >= usage(first)["input_tokens"] - 12


def test_a_conversation_is_not_read_again(model: ChatModel) -> None:
    picture = Image(PIL.Image.linear_gradient("L"))
    messages: list[BaseMessage] = [SystemMessage("Be brief."), HumanMessage([picture.to_block(), "What is it?"])]
    first = model.invoke(messages, max_tokens=5, thinking=False)
    second = model.invoke([*messages, first, HumanMessage("Sure?")], max_tokens=5, thinking=False)
    header = 12  # at most the assistant's own header is read again, when its text was cut off
    assert cached(second) >= usage(first)["input_tokens"] - header
    assert usage(second)["input_token_details"]["image"] == usage(first)["input_token_details"]["image"] > 0


def test_the_same_question_again_is_answered_the_same_from_what_is_known(model: ChatModel) -> None:
    question = [HumanMessage("A question asked twice, of some length, to be sure.")]
    first = model.invoke(question, max_tokens=8)
    second = model.invoke(question, max_tokens=8)
    assert second.content == first.content
    assert cached(second) > 0


def test_an_edited_history_is_answered_like_a_fresh_one(checkpoint: Path) -> None:
    used, fresh = load_model(str(checkpoint), max_tokens=8), load_model(str(checkpoint), max_tokens=8)
    used.invoke([HumanMessage("one"), AIMessage("two"), HumanMessage("three")])
    edited = [HumanMessage("one"), AIMessage("zwei"), HumanMessage("three, please")]
    assert used.invoke(edited).content == fresh.invoke(edited).content


def test_two_streams_at_once_do_not_mix(model: ChatModel) -> None:
    def settings(text: str) -> Any:
        return model.stream([HumanMessage(text)], max_tokens=10, thinking=False)

    alone = ["".join(chunk.text for chunk in settings(text)) for text in ("left side", "right side")]
    left, right = settings("left side"), settings("right side")
    together = ["", ""]
    for one, other in zip(left, right, strict=False):
        together[0] += one.text
        together[1] += other.text
    together[0] += "".join(chunk.text for chunk in left)
    together[1] += "".join(chunk.text for chunk in right)
    assert together == alone


def test_an_abandoned_stream_leaves_the_model_usable(model: ChatModel) -> None:
    stream = model.stream("Count to a hundred.", max_tokens=50)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert model.invoke("Count to a hundred.", max_tokens=5)


def test_a_seed_makes_sampling_repeatable(model: ChatModel) -> None:
    def settings(seed: int) -> Any:
        return model.invoke("Any words.", temperature=1.5, top_k=0, top_p=1.0, seed=seed, max_tokens=12).content

    assert settings(1) == settings(1)
    assert settings(1) != settings(2)


def test_a_forced_call_is_whole_also_where_its_room_ends(model: ChatModel) -> None:
    asked = model.bind_tools([weigh], tool_choice="weigh")
    for room in (40, 50, 80):
        answer = asked.invoke("How heavy is the cat?", max_tokens=room, temperature=2.0, seed=room)
        (call,) = answer.tool_calls
        assert {"thing"} <= {*call["args"]} <= {"thing", "exactly"}
        assert usage(answer)["output_tokens"] <= room
        assert answer.response_metadata["finish_reason"] in ("length", "tool_calls")


def test_a_forced_call_without_room_is_invalid(model: ChatModel) -> None:
    asked = model.bind_tools([weigh], tool_choice="weigh")
    answer = asked.invoke("How heavy is the cat?", max_tokens=12)
    assert answer.tool_calls == []
    (call,) = answer.invalid_tool_calls
    assert call["name"] == "weigh"
    assert call["error"] == "the call was cut off before </tool_call>"
    chunks = list(asked.stream("How heavy is the cat?", max_tokens=12))
    assert [call["error"] for chunk in chunks for call in chunk.invalid_tool_calls] == [call["error"]]  # type: ignore[union-attr]


def test_bound_settings_and_tools_reach_the_model(model: ChatModel) -> None:
    plain = usage(model.invoke("hi", max_tokens=2))["input_tokens"]
    bound = model.bind_tools([weigh]).bind(max_tokens=2)
    assert usage(bound.invoke("hi"))["input_tokens"] > plain
    assert usage(model.bind_tools([weigh], tool_choice="none").invoke("hi", max_tokens=2))["input_tokens"] == plain


def test_pictures_come_as_data_too(model: ChatModel) -> None:
    buffer = BytesIO()
    PIL.Image.new("RGB", (96, 64), "red").save(buffer, "PNG")
    url = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    block = {"type": "image_url", "image_url": {"url": url}}
    answer = model.invoke([HumanMessage(["Look:", block])], max_tokens=2)
    assert usage(answer)["input_token_details"]["image"] > 0


def test_a_question_longer_than_the_context_is_refused_and_harms_nothing(model: ChatModel) -> None:
    with pytest.raises(ContextLengthError, match="4096"):
        model.invoke("word " * 5000)
    assert model.invoke("hi", max_tokens=2)


def test_a_picture_that_is_none_is_refused(model: ChatModel, tmp_path: Path) -> None:
    (tmp_path / "note.png").write_text("not a picture")
    with pytest.raises(MediaError):
        model.invoke([HumanMessage([{"type": "image", "url": (tmp_path / "note.png").as_uri()}])])


def test_what_is_no_checkpoint_is_refused_by_name(tmp_path: Path, checkpoint: Path, monkeypatch: Any) -> None:
    with pytest.raises(ModelNotFoundError, match="'nanno'"):
        load_model("nanno")
    with pytest.raises(ModelNotFoundError, match=r"config\.json"):
        load_model(str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelNotFoundError, match="network"):
        load_model("nobody/nothing-of-the-kind")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    with pytest.raises(UnsupportedModelError, match="llama"):
        load_model(str(tmp_path))
    broken = shutil.copytree(checkpoint, tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"cut off")
    with pytest.raises(UnsupportedModelError, match="broken"):
        load_model(str(broken))
    with pytest.raises(BadInputError, match="dtype 'int3'"):
        load_model(str(checkpoint), dtype="int3")
    with pytest.raises(BadInputError, match="device 'abacus'"):
        load_model(str(checkpoint), device="abacus")
    with pytest.raises(BadInputError, match="max_tokenz"):
        load_model(str(checkpoint), max_tokenz=3)


def test_threads_may_share_a_model(model: ChatModel) -> None:
    questions = [f"Question number {number}, please." for number in range(6)]
    alone = [model.invoke(question, max_tokens=6).content for question in questions]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda question: model.invoke(question, max_tokens=6).content, questions * 2))
    assert together == alone * 2


def test_a_turn_that_goes_round_in_circles_is_ended(model: ChatModel) -> None:
    engine = model.engine
    weights = engine.model.lm_head.weight  # type: ignore[attr-defined]
    kept = weights.clone()
    try:
        weights.zero_()  # every token is as likely: greedy drawing gives the first one for ever
        answer = model.invoke("Go on.", thinking=False, max_tokens=2000)
        thinking = model.invoke("Go on.", thinking=True, max_tokens=2000)
        budgeted = model.invoke("Go on.", thinking=97, max_tokens=2000)  # used up just after the circles are noticed
    finally:
        weights.copy_(kept)
    assert answer.response_metadata["finish_reason"] == "repetition"
    assert usage(answer)["output_tokens"] < 200
    assert [block["type"] for block in thinking.content_blocks] == ["reasoning", "text"]
    assert "</think>" not in budgeted.text


def test_another_conversation_does_not_read_the_same_instructions_again(checkpoint: Path) -> None:
    model = load_model(str(checkpoint), max_tokens=6, thinking=False)
    system = SystemMessage("Instructions that every conversation begins with, and that take some reading.")
    first: list[BaseMessage] = [system, HumanMessage("Tell me a long story, please, about anything at all.")]
    for question in ("And then, what happened to all of them?", "And how did it end, after such a long time?"):
        first += [last := model.invoke(first), HumanMessage(question)]
    other = model.invoke([system, HumanMessage("Something else.")])
    assert 10 < cached(other) < usage(other)["input_tokens"]
    fresh = load_model(str(checkpoint), max_tokens=6, thinking=False)
    assert other.content == fresh.invoke([system, HumanMessage("Something else.")]).content
    again = model.invoke(first)
    assert cached(again) >= usage(last)["input_tokens"] - 12  # the first conversation is still known


def test_a_folder_may_be_named_from_home(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(checkpoint.parent))
    assert load_model(f"~/{checkpoint.name}", max_tokens=1).invoke("hi")
