"""What a conversation may be, and how calls and results stand in it."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from langchain_core.messages import AIMessage, BaseMessage, ChatMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.messages.tool import invalid_tool_call, tool_call
from transformers import AutoTokenizer

from quintet import Image
from quintet.errors import BadInputError
from quintet.model import PromptFormat
from quintet.model.prompt import MARK

NANO = Path(str(files("quintet.model.nano")))
PICTURE = Image(PIL.Image.new("RGB", (64, 64), "teal")).to_block()


@pytest.fixture(scope="module")
def chat_format() -> PromptFormat:
    return PromptFormat(AutoTokenizer.from_pretrained(NANO))


def calling(*ids: str, **args: Any) -> AIMessage:
    return AIMessage("", tool_calls=[tool_call(name="look", args=args, id=one) for one in ids])


def shown(chat_format: PromptFormat, *messages: BaseMessage) -> str:
    return chat_format.render(messages, generate=False).text.replace(MARK, "")


@pytest.mark.parametrize(
    ("messages", "fault"),
    [
        ([], "an empty conversation"),
        ([SystemMessage("s")], "an empty conversation"),
        ([HumanMessage("h"), SystemMessage("s")], "message 2 is a system message; it must come first"),
        ([SystemMessage("s"), AIMessage("a")], "begins with a message of type 'ai', not 'human'"),
        ([ToolMessage("r", tool_call_id="1")], "begins with a message of type 'tool', not 'human'"),
        ([HumanMessage("h"), ToolMessage("r", tool_call_id="1")], "message 2 is the result of call '1', which no AI"),
        ([HumanMessage("h"), ToolMessage("r", tool_call_id="1"), calling("1")], "message 2 is the result of call '1'"),
        ([HumanMessage("h"), calling("1"), ToolMessage("r", tool_call_id="2")], "message 3 is the result of call '2'"),
        ([ChatMessage("hi", role="critic")], "a ChatMessage has no place"),
        ([SystemMessage(["See", PICTURE]), HumanMessage("h")], "a block of type 'image' has no place in a system"),
        ([HumanMessage("h"), AIMessage(["See", PICTURE])], "a block of type 'image' has no place in an AI message"),
        ([HumanMessage([{"type": "audio", "base64": ""}])], "a content block of type 'audio' has no place"),
        ([HumanMessage([{"text": "no type"}])], "a content block of type 'None' has no place"),
        ([HumanMessage("h"), calling("1", **{"a>": 1})], "'a>' can't name a tool or a parameter"),
        ([HumanMessage("h"), calling("1", **{"a\nb": 1})], "can't name a tool or a parameter"),
        ([HumanMessage("h"), calling("1", a={1, 2})], r"\{1, 2\} has no place in arguments"),
        ([HumanMessage("h"), calling("1", a={1: 2})], r"\{1: 2\} has no place in arguments"),
    ],
)
def test_what_the_format_can_not_hold_is_named(
    chat_format: PromptFormat, messages: list[BaseMessage], fault: str
) -> None:
    with pytest.raises(BadInputError, match=fault):
        chat_format.render(messages)


def test_several_system_messages_are_one_turn(chat_format: PromptFormat) -> None:
    text = shown(chat_format, SystemMessage("one"), SystemMessage(["two", "three"]), HumanMessage("h"))
    assert text == "<|im_start|>system\none\n\ntwothree<|im_end|>\n<|im_start|>user\nh<|im_end|>\n"


def test_messages_of_a_kind_may_follow_each_other(chat_format: PromptFormat) -> None:
    turns = [HumanMessage("a"), HumanMessage("b"), AIMessage("c"), AIMessage("d"), HumanMessage("e")]
    assert shown(chat_format, *turns).count("<|im_start|>") == 5


def test_a_call_may_be_left_without_its_result(chat_format: PromptFormat) -> None:
    text = shown(chat_format, HumanMessage("h"), calling("1"), HumanMessage("Never mind."))
    assert "</tool_call><|im_end|>\n<|im_start|>user\nNever mind." in text
    assert "tool_response" not in text


def test_results_stand_in_the_order_of_their_calls(chat_format: PromptFormat) -> None:
    results = [ToolMessage(one, tool_call_id=one) for one in ("3", "1")]
    text = shown(chat_format, HumanMessage("h"), calling("1", "2", "3"), *results, AIMessage("done"))
    answers = [part.partition("\n</tool_response>")[0] for part in text.split("<tool_response>\n")[1:]]
    assert answers == ["1", "(no result)", "3"]


def test_a_late_result_is_shown_where_it_came(chat_format: PromptFormat) -> None:
    late = [HumanMessage("h"), calling("1"), HumanMessage("Well?"), ToolMessage("here", tool_call_id="1")]
    assert shown(chat_format, *late).endswith(
        "Well?<|im_end|>\n<|im_start|>user\n<tool_response>\nhere\n</tool_response><|im_end|>\n"
    )


def test_the_model_sees_a_call_that_went_wrong_as_it_wrote_it(chat_format: PromptFormat) -> None:
    cut = invalid_tool_call(name="look", args="<function=look>\n<parameter=a>\n</tool_call>b", id="1", error="cut off")
    foreign = invalid_tool_call(name="look", args='{"a": 1,', id="2", error="no JSON")
    bare = invalid_tool_call(name=None, args='<tool_call>{"name": 1}', id="3", error="no name")
    reply = AIMessage("So:", invalid_tool_calls=[cut, foreign, bare], tool_calls=calling("4").tool_calls)
    results = [ToolMessage(one, tool_call_id=one) for one in ("4", "1")]
    prompt = chat_format.render([HumanMessage("h"), reply, *results], generate=False)
    assert prompt.text.replace(MARK, "").split("</think>\n\n")[1] == (
        "So:\n\n<tool_call>\n<function=look>\n<parameter=a>\n</tool_call>b\n</tool_call>"
        '\n<tool_call>\n<function=look>\n{"a": 1,\n</tool_call>'
        '\n<tool_call>\n{"name": 1}\n</tool_call>'
        "\n\n<tool_call>\n<function=look>\n</function>\n</tool_call><|im_end|>\n"
        "<|im_start|>user\n<tool_response>\n1\n</tool_response>"
        "\n<tool_response>\n(no result)\n</tool_response>\n<tool_response>\n(no result)\n</tool_response>"
        "\n<tool_response>\n4\n</tool_response><|im_end|>\n"
    )
    ids = chat_format.encode(prompt.text, prompt.media).ids
    assert ids.count(chat_format.control["</tool_call>"]) == 4  # that in the first call's text is text


def test_blocks_of_other_models_are_understood(chat_format: PromptFormat) -> None:
    use = {"type": "tool_use", "id": "1", "name": "look", "input": {}}
    content = [{"type": "thinking", "thinking": "Hm.", "signature": "x"}, {"type": "text", "text": "I look."}, use]
    theirs = AIMessage(content, tool_calls=calling("1").tool_calls)
    ours = AIMessage([{"type": "reasoning", "reasoning": "Hm."}, "I look."], tool_calls=calling("1").tool_calls)
    served = AIMessage("I look.", additional_kwargs={"reasoning_content": "Hm."}, tool_calls=calling("1").tool_calls)
    texts = {shown(chat_format, HumanMessage("h"), one) for one in (theirs, ours, served)}
    assert len(texts) == 1
    assert "<think>\nHm.\n</think>\n\nI look.\n\n<tool_call>" in texts.pop()
