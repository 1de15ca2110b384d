"""What is read again, and what isn't."""

from asyncio import gather
from collections.abc import Sequence
from os.path import commonprefix
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import PIL.Image
import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from quintet import Image
from quintet.errors import ContextLengthError
from quintet.model import ChatModel, load_model
from quintet.model.engine import Done, Reading, Request
from quintet.model.parse import CallDelta
from quintet.model.pool import common_length

SYSTEM = SystemMessage("Instructions that every conversation begins with, and that take some reading. " * 4)


def asked(model: Any, messages: Sequence[BaseMessage], **settings: Any) -> tuple[AIMessage, int, int]:
    """The answer, how many tokens were read for it, and how many of them again."""
    answer = model.invoke(messages, **settings)
    usage = answer.usage_metadata
    details = usage["input_token_details"]
    return answer, usage["input_tokens"] - details["cache_read"], details["reread"]


def tokens(model: ChatModel, text: str) -> int:
    return len(model.get_token_ids(text))


@pytest.fixture
def fresh(checkpoint: Path) -> ChatModel:
    """A model that has read nothing yet."""
    return load_model(str(checkpoint), max_tokens=8, thinking=False, temperature=0.0)


def test_a_step_reads_what_is_new(fresh: ChatModel) -> None:
    messages: list[BaseMessage] = [SYSTEM, HumanMessage("A first question, of some length, so that it shows.")]
    answer, first, _ = asked(fresh, messages)
    for number in range(3):
        question = f"Question {number}?"
        messages += [answer, HumanMessage(question)]
        answer, read, _ = asked(fresh, messages)
        assert read < tokens(fresh, question) + 48 < first  # marks of turns, and what a random answer can't be shown as


def test_a_tool_result_is_all_that_is_read_of_a_step(fresh: ChatModel) -> None:
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
    messages: list[BaseMessage] = [SYSTEM, HumanMessage("Look, " + "and tell what there is to see. " * 20)]
    call, first, _ = asked(fresh, messages, tools=[tool], tool_choice="look", max_tokens=99)
    assert call.tool_calls
    result = ToolMessage("A boat on the sea.", tool_call_id=call.tool_calls[0]["id"] or "")
    _, read, again = asked(fresh, [*messages, call, result], tools=[tool])
    assert read < tokens(fresh, "A boat on the sea.") + 24 < first
    assert again == 0


def test_dropped_thinking_is_read_again_and_counted(fresh: ChatModel) -> None:
    messages: list[BaseMessage] = [SYSTEM, HumanMessage("Why?")]
    answer, *_ = asked(fresh, messages, thinking=6, max_tokens=40)
    messages += [answer, HumanMessage("And why that?")]
    asked(fresh, messages, history="keep")
    _, read, again = asked(fresh, messages, history="drop")
    assert 0 < again < read


def test_an_edit_goes_back_to_before_it(fresh: ChatModel) -> None:
    messages: list[BaseMessage] = [SYSTEM]
    for number in range(4):
        messages.append(HumanMessage(f"Question {number}, " + "which goes on for a while, " * 60))
        answer, *_ = asked(fresh, messages)
        messages.append(answer)
    whole = sum(tokens(fresh, str(message.text)) for message in messages)
    edited = [*messages[:5], HumanMessage("Something else."), *messages[6:], HumanMessage("So?")]
    _, read, again = asked(fresh, edited)
    assert read < whole * 2 / 3
    assert again > tokens(fresh, str(messages[7].text))


def test_a_long_conversation_still_lends_its_beginning(fresh: ChatModel) -> None:
    messages: list[BaseMessage] = [SYSTEM]
    for number in range(12):
        messages.append(HumanMessage(f"Question {number}?"))
        answer, *_ = asked(fresh, messages)
        messages.append(answer)
    _, read, _ = asked(fresh, [SYSTEM, HumanMessage("Something else.")])
    assert read < 24


def test_questions_about_one_picture_read_it_once(fresh: ChatModel) -> None:
    picture = Image(PIL.Image.radial_gradient("L").resize((128, 128))).to_block()
    _, first, _ = asked(fresh, [HumanMessage([picture, "What is it?"])])
    _, second, _ = asked(fresh, [HumanMessage([picture, "And what colour has it?"])])
    assert second < first / 2 + 16
    other = Image(PIL.Image.linear_gradient("L").resize((128, 128))).to_block()
    _, third, _ = asked(fresh, [HumanMessage([other, "What is it?"])])
    assert third == first


def test_questions_about_one_text_read_it_twice_at_most(fresh: ChatModel) -> None:
    text = "It was a long day on the sea and nothing happened. " * 30
    reads = [asked(fresh, [HumanMessage(text + question)])[1] for question in ("Who?", "Where was it?", "When then?")]
    assert reads[2] < reads[0] / 5


def test_conversations_at_once_read_their_beginning_once(fresh: ChatModel) -> None:
    picture = Image(PIL.Image.radial_gradient("L").resize((128, 128))).to_block()
    talks = [[SYSTEM, HumanMessage([picture, f"Question {number}?"])] for number in range(6)]
    answers = fresh.batch(talks)
    read = [
        answer.usage_metadata["input_tokens"] - answer.usage_metadata["input_token_details"]["cache_read"]
        for answer in answers
        if answer.usage_metadata
    ]
    assert sorted(read)[-2] < max(read) / 3


async def test_tasks_at_once_read_their_beginning_once(fresh: ChatModel) -> None:
    talks = [[SystemMessage(str(SYSTEM.text) * 12), HumanMessage(f"Question {number}?")] for number in range(12)]
    answers = await gather(*(fresh.ainvoke(talk) for talk in talks))
    details = [answer.usage_metadata["input_token_details"] for answer in answers if answer.usage_metadata]
    assert [detail["cache_read"] > 0 for detail in details].count(False) == 1


def test_answers_given_at_once_are_those_given_one_by_one(checkpoint: Path) -> None:
    settings: dict[str, Any] = {"max_tokens": 24, "temperature": 0.0}
    questions = [f"Question {number}, {'which is long ' * number}?" for number in range(10)]
    together = load_model(str(checkpoint), **settings).batch(questions)
    alone = [load_model(str(checkpoint), **settings).invoke(question) for question in questions]
    assert [str(answer.content) for answer in together] == [str(answer.content) for answer in alone]


def test_memory_for_conversations_is_bounded(checkpoint: Path) -> None:
    model = load_model(str(checkpoint), session_bytes=1, max_tokens=1)
    questions = [HumanMessage(f"{number} is the number. " * 40) for number in range(3)]
    _, first, _ = asked(model, questions[:1])
    asked(model, questions[1:2])
    answer, again, _ = asked(model, questions[:1])
    assert again == first
    _, more, _ = asked(model, [questions[0], answer, HumanMessage("And?")])  # the newest is always kept
    assert more < first / 2


def test_a_conversation_goes_on_after_its_answer_was_cut_off(fresh: ChatModel) -> None:
    messages = [SYSTEM, HumanMessage("Tell me a story. " * 20)]
    stream = fresh.stream(messages, max_tokens=99)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    _, read, _ = asked(fresh, messages)
    assert read < 16


def test_a_prompt_too_long_leaves_the_session_as_it_was(fresh: ChatModel) -> None:
    messages: list[BaseMessage] = [SYSTEM, HumanMessage("Tell me a story. " * 20)]
    asked(fresh, messages)
    with pytest.raises(ContextLengthError, match=r"the prompt has .* tokens and the context of .* is 4096"):
        fresh.invoke([SYSTEM, HumanMessage("Another one. " * 2000)])
    _, read, _ = asked(fresh, messages)
    assert read < 16


def test_an_interrupt_leaves_the_conversation_usable(fresh: ChatModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Ctrl-C does, the error comes up while the model reads."""
    messages: list[BaseMessage] = [SYSTEM, HumanMessage("Tell me a story.")]
    answer, *_ = asked(fresh, messages)
    engine: Any = fresh.engine
    decoder = engine.model.model.language_model
    with monkeypatch.context() as patched:
        patched.setattr(decoder.norm, "forward", lambda hidden: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            fresh.invoke([*messages, answer, HumanMessage("Another one.")])
    following = [*messages, answer, HumanMessage("A third.")]
    again, read, _ = asked(fresh, following)
    assert read < 64
    assert again.content == load_model_like(fresh).invoke(following).content


def load_model_like(model: ChatModel) -> ChatModel:
    return load_model(model.engine.name, max_tokens=8, thinking=False, temperature=0.0)


def test_threads_ask_at_any_time(fresh: ChatModel) -> None:
    failures: list[BaseException] = []

    def talk(number: int) -> None:
        try:
            messages: list[BaseMessage] = [SYSTEM]
            for turn in range(4):
                messages.append(HumanMessage(f"Thread {number}, turn {turn}"))
                messages.append(fresh.invoke(messages))
        except BaseException as error:
            failures.append(error)

    threads = [Thread(target=talk, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_a_long_prompt_tells_how_far_it_is_read(fresh: ChatModel) -> None:
    request = Request([HumanMessage("It was a long day on the sea. " * 200)], max_tokens=1)
    outputs = list(fresh.engine.generate(request))
    readings = [output for output in outputs if isinstance(output, Reading)]
    assert len(readings) > 2
    assert sorted(readings, key=lambda reading: reading.tokens) == readings
    done = outputs[-1]
    assert isinstance(done, Done)
    assert {reading.of for reading in readings} == {readings[-1].tokens} == {done.usage.input}


def test_a_call_can_be_stopped_at_any_token(fresh: ChatModel) -> None:
    text = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    tool = {"type": "function", "function": {"name": "write", "parameters": text}}
    messages: list[BaseMessage] = [SYSTEM, HumanMessage("Write a long text.")]
    generation = fresh.engine.generate(Request(messages, tools=[tool], call="write", max_tokens=999))
    written = [output for output, _ in zip(generation, range(40), strict=False) if isinstance(output, CallDelta)]
    assert len(written) > 20
    generation.close()  # type: ignore[attr-defined]
    _, read, _ = asked(fresh, messages, tools=[tool], tool_choice="write")
    assert read < 32


def test_who_stops_to_do_something_else_holds_nobody_up(fresh: ChatModel) -> None:
    picture = Image(PIL.Image.radial_gradient("L").resize((128, 128))).to_block()
    requests = [Request([SYSTEM, HumanMessage([picture, text])], max_tokens=2) for text in ("Who? " * 200, "What?")]
    paused = fresh.engine.generate(requests[0])
    next(paused)
    assert isinstance(list(fresh.engine.generate(requests[1]))[-1], Done)
    assert isinstance(list(paused)[-1], Done)


def test_the_common_length_is_that_of_the_common_prefix() -> None:
    rng = Random(0)
    for _ in range(2000):
        one = "".join(rng.choices("ab", k=rng.randint(0, 12)))
        other = one[: rng.randint(0, len(one))] + "".join(rng.choices("ab", k=rng.randint(0, 5)))
        assert common_length(one, other) == len(commonprefix([one, other]))  # noqa: RUF071 - of characters
