"""The loop: steps, results, errors, limits, and a conversation that goes on."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from langchain_core.language_models.fake_chat_models import FakeListChatModel, FakeMessagesListChatModel
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import BaseTool, StructuredTool, tool
from pydantic import TypeAdapter

from quintet.agent import (
    Agent,
    End,
    Limits,
    Notice,
    TextDelta,
    ThinkingDelta,
    ToolCall,
    ToolCallStarted,
    ToolResult,
    UsageDelta,
)
from quintet.errors import BadInputError, ToolError
from quintet.tools import calculator

MALFORMED = (
    "error: the call of weather can't be run: its arguments are incomplete or malformed; write it again, complete"
)


def weather(city: str, days: int = 1) -> str:
    """Get the weather.

    Args:
        city: name of the city
    """
    return f"{city}: {days} sunny day(s)"


def result_of(script: Any, name: str, args: Any, tools: list[Any], **settings: Any) -> ToolMessage:
    """What the model is told about one call."""
    answer = Agent(script.model(script.call(name, args), script.say("ok")), tools, **settings).ask("go")
    (message,) = [message for message in answer.messages if isinstance(message, ToolMessage)]
    assert answer.text == "ok"
    return message


def test_an_answer_without_tools(script: Any) -> None:
    model = script.model(script.say("It is red.", thinking="I see a circle.", usage=(10, 5, 0)))
    answer = Agent(model, system="Be brief.").ask("What colour?")
    assert answer.text == str(answer) == "It is red."
    assert answer.thinking == "I see a circle."
    assert (answer.steps, answer.stopped, answer.citations) == (1, None, ())
    assert answer.usage is not None
    assert answer.usage["total_tokens"] == 15
    assert [type(message) for message in model.seen[0]] == [SystemMessage, HumanMessage]


def test_tools_are_called_and_their_results_fed_back(script: Any) -> None:
    model = script.model(
        script.call("calculator", {"expression": "17*23"}, usage=(100, 10, 0)),
        script.call("weather", {"city": "Oslo"}, usage=(120, 10, 110)),
        script.say("391 and sunny.", thinking="done", usage=(140, 8, 130)),
    )
    answer = Agent(model, [calculator, weather]).ask("17*23, and Oslo?")
    assert answer.text == "391 and sunny."
    assert answer.steps == 3
    assert [message.content for message in answer.messages if isinstance(message, ToolMessage)] == [
        "391",
        "Oslo: 1 sunny day(s)",
    ]
    assert answer.usage == {
        "input_tokens": 360,
        "output_tokens": 28,
        "total_tokens": 388,
        "input_token_details": {"cache_read": 240},
    }
    assert model.seen[2][:-1] == [*model.seen[1], answer.messages[3]]  # append-only
    names = [tool["function"]["name"] for tool in model.settings[0]["tools"]]
    assert names == ["calculator", "weather"]


def test_the_stream_is_typed_deltas_in_order(script: Any) -> None:
    model = script.model(
        script.call("calculator", {"expression": "1+1"}, id_="a", usage=(10, 4, 0)),
        script.say("It is 2.", thinking="Easy."),
    )
    events = list(Agent(model, [calculator]).stream("1+1?"))
    assert events[:-1] == [
        ToolCallStarted("a", "calculator"),
        UsageDelta(
            {"input_tokens": 10, "output_tokens": 4, "total_tokens": 14, "input_token_details": {"cache_read": 0}}
        ),
        ToolCall("a", "calculator", {"expression": "1+1"}),
        ToolResult("a", "calculator", "2", error=False),
        ThinkingDelta("Easy. "),
        TextDelta("It "),
        TextDelta("is "),
        TextDelta("2. "),
    ]
    assert isinstance(events[-1], End)
    assert events[-1].answer.text == "It is 2."


def test_a_stream_starts_nothing_before_it_is_read(script: Any) -> None:
    model = script.model(script.say("Hi."))
    stream = Agent(model).stream("Hello?")
    assert model.seen == []
    assert next(iter(stream)) == TextDelta("Hi. ")


def test_a_conversation_goes_on(script: Any) -> None:
    model = script.model(script.say("Red."), script.say("Round."))
    agent = Agent(model)
    agent.ask("Colour?")
    agent.ask("Shape?")
    assert [message.text for message in model.seen[1]] == ["Colour?", "Red. ", "Shape?"]
    assert [message.type for message in agent.messages] == ["human", "ai", "human", "ai"]


def test_several_calls_in_one_reply_are_answered_in_their_order(script: Any) -> None:
    first = script.call("weather", {"city": "Oslo"}, id_="a")
    model = script.model(script.call("weather", {"city": "Rome"}, id_="b", more=first), script.say("ok"))
    answer = Agent(model, [weather]).ask("Oslo and Rome?")
    results = [message for message in answer.messages if isinstance(message, ToolMessage)]
    assert [(result.tool_call_id, result.content) for result in results] == [
        ("a", "Oslo: 1 sunny day(s)"),
        ("b", "Rome: 1 sunny day(s)"),
    ]


def test_whole_messages_of_a_model_that_does_not_stream() -> None:
    class Whole(FakeMessagesListChatModel):
        def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
            return self

    call = {"name": "calculator", "args": {"expression": "6*7"}, "id": None, "type": "tool_call"}
    model = Whole(responses=[AIMessage("Let me see.", tool_calls=[call]), AIMessage("42")])
    answer = Agent(model, [calculator]).ask("6*7?")
    assert answer.text == "42"
    reply, result = answer.messages[1:3]
    assert isinstance(reply, AIMessage)
    assert isinstance(result, ToolMessage)
    assert reply.tool_calls[0]["id"] == result.tool_call_id != ""
    assert result.content == "42"


def test_settings_bound_to_the_model_are_kept(script: Any) -> None:
    model = script.model(script.say("ok"))
    Agent(model.bind(temperature=0.1), [calculator]).ask("go")
    assert model.settings[0]["temperature"] == 0.1
    assert len(model.settings[0]["tools"]) == 1


def test_a_model_that_cannot_call_tools_is_refused() -> None:
    with pytest.raises(BadInputError, match="FakeListChatModel can't call tools"):
        Agent(FakeListChatModel(responses=["hi"]), [calculator])
    assert Agent(FakeListChatModel(responses=["hi"])).ask("Hello?").text == "hi"


@pytest.mark.parametrize(
    ("name", "args", "told"),
    [
        ("calculate", {"x": 1}, "error: there is no tool 'calculate'; the tools are calculator, weather"),
        ("weather", {}, "error: the argument 'city' of weather is missing"),
        ("weather", {"town": "Oslo"}, "error: weather has no argument 'town'; its arguments are city, days"),
        (
            "weather",
            {"city": "Oslo", "days": "many"},
            "error: the argument 'days' of weather is 'many': "
            "Input should be a valid integer, unable to parse string as an integer",
        ),
        ("calculator", {"expression": "1/0"}, "error: division by zero in '1/0'"),
        (
            "weather",
            '{"city": "Os',  # cut off: nothing is made up
            MALFORMED,
        ),
        (
            "weather",
            "[1, 2]",
            MALFORMED,
        ),
    ],
)
def test_the_model_is_told_what_was_wrong_with_a_call(script: Any, name: str, args: Any, told: str) -> None:
    message = result_of(script, name, args, [calculator, weather])
    assert message.content == told
    assert message.status == "error"


def test_a_malformed_call_stays_in_the_history_as_such(script: Any) -> None:
    model = script.model(script.call("weather", '{"city": "Os', id_="x"), script.say("ok"))
    events = list(Agent(model, [weather]).stream("Oslo?"))
    assert ToolCall("x", "weather", '{"city": "Os') in events
    reply = model.seen[1][1]
    assert isinstance(reply, AIMessage)
    assert reply.tool_calls == []
    assert reply.invalid_tool_calls[0]["id"] == model.seen[1][2].tool_call_id == "x"


def test_calls_without_any_tools_are_answered(script: Any) -> None:
    assert "there are none at all" in str(result_of(script, "weather", {}, []).content)


def test_what_a_tool_raises_is_told_without_a_traceback(script: Any, caplog: pytest.LogCaptureFixture) -> None:
    def stock(item: str) -> int:
        """Count the stock."""
        return {"lamp": 3}[item]

    def leave() -> str:
        """Leave."""
        raise SystemExit(3)

    def refuse() -> str:
        """Refuse."""
        raise ToolError("not on Sundays")

    def parse(text: str) -> int:
        """Parse."""
        return TypeAdapter(int).validate_python(text)

    with caplog.at_level("INFO"):
        assert result_of(script, "stock", {"item": "sofa"}, [stock]).content == "error: stock failed: KeyError: 'sofa'"
    assert "Traceback" in caplog.text
    assert result_of(script, "leave", {}, [leave]).content == "error: leave failed: SystemExit: 3"
    assert result_of(script, "refuse", {}, [refuse]).content == "error: not on Sundays"
    told = str(result_of(script, "parse", {"text": "x"}, [parse]).content)
    assert told.startswith("error: parse failed: ValidationError: 1 validation error for int")


def test_a_tool_that_hangs_is_given_up(script: Any) -> None:
    released = threading.Event()

    def wait() -> str:
        """Wait."""
        released.wait(30)
        return "late"

    started = time.monotonic()
    message = result_of(script, "wait", {}, [wait], tool_timeout=0.1)
    released.set()
    assert message.content == "error: wait ran longer than 0.1 seconds and was given up; try something smaller"
    assert time.monotonic() - started < 20


def test_tools_of_every_kind(script: Any) -> None:
    @tool
    def shout(text: str) -> str:
        """Shout."""
        return text.upper()

    async def later(text: str) -> str:
        """Say it later."""
        return f"{text}, later"

    adapted = StructuredTool.from_function(coroutine=later, name="adapted")  # as MCP adapters make them
    assert result_of(script, "shout", {"text": "hi"}, [shout]).content == "HI"
    assert result_of(script, "later", {"text": "hi"}, [later]).content == "hi, later"
    assert result_of(script, "adapted", {"text": "hi"}, [adapted]).content == "hi, later"


def test_arguments_described_by_a_json_schema_only(script: Any) -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    remote = StructuredTool.from_function(
        func=lambda **args: f"got {args}", name="remote", description="Remote.", args_schema=schema
    )
    assert result_of(script, "remote", {"city": "Oslo"}, [remote]).content == "got {'city': 'Oslo'}"
    assert result_of(script, "remote", {"town": "Oslo"}, [remote]).content == (
        "error: remote has no argument 'town'; its arguments are city"
    )


def test_two_tools_of_one_name_and_things_that_are_no_tools() -> None:
    other: BaseTool = StructuredTool.from_function(weather)
    with pytest.raises(BadInputError, match="two tools are called 'weather'"):
        Agent(FakeListChatModel(responses=[]), [weather, other])
    with pytest.raises(BadInputError, match="'calculator' is no tool"):
        Agent(FakeListChatModel(responses=[]), ["calculator"])  # type: ignore[list-item]


def test_long_results_are_cut(script: Any) -> None:
    def flood() -> str:
        """Print."""
        return "x" * 3_000_000

    content = str(result_of(script, "flood", {}, [flood]).content)
    assert len(content) < 101_000
    assert content.endswith("(cut; 3000000 characters in all)")


def test_the_limit_on_steps_ends_with_what_there_is(script: Any) -> None:
    lines = [script.call("calculator", {"expression": f"{n}+1"}, usage=(10, 2, 0)) for n in range(9)]
    agent = Agent(script.model(*lines), [calculator], limits=Limits(steps=2))
    answer = agent.ask("Count.")
    assert (answer.stopped, answer.steps, answer.text) == ("steps", 2, "")
    assert [message.type for message in agent.messages] == ["human", "ai", "tool", "ai", "tool"]  # every call answered
    *_, notice, _ = agent.stream("Go on.")
    assert notice == Notice("stopped after 2 steps, the limit; the answer may be incomplete")


def test_the_limit_on_tokens_counts_what_was_read_anew(script: Any) -> None:
    lines = [
        script.call("calculator", {"expression": "1+1"}, usage=(100, 10, 0)),
        script.call("calculator", {"expression": "2+1"}, usage=(120, 10, 110)),
        script.say("never said"),
    ]
    answer = Agent(script.model(*lines), [calculator], limits=Limits(tokens=130)).ask("Count.")
    assert (answer.stopped, answer.steps) == ("tokens", 2)


def test_a_limit_on_tokens_that_cannot_be_kept_is_said(script: Any) -> None:
    events = list(Agent(script.model(script.say("Hi.")), limits=Limits(tokens=5)).stream("Hello?"))
    assert any(isinstance(event, Notice) and "no usage" in event.text for event in events)


def test_a_reply_cut_off_by_the_model_says_so(script: Any) -> None:
    answer = Agent(script.model(script.say("It is", finish="length"))).ask("What?")
    assert (answer.text, answer.stopped) == ("It is", "length")


@pytest.mark.parametrize("limits", [{"steps": 0}, {"tokens": -1}])
def test_limits_below_one_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(BadInputError, match="must be at least 1"):
        Limits(**limits)


def test_a_failing_model_leaves_the_conversation_as_it_was(script: Any) -> None:
    model = script.model(
        script.say("Hi."), script.call("calculator", {"expression": "1"}), ConnectionError("gone"), script.say("Back.")
    )
    agent = Agent(model, [calculator])
    agent.ask("Hello?")
    before = list(agent.messages)
    with pytest.raises(ConnectionError, match="gone"):
        agent.ask("1?")
    assert agent.messages == before
    assert agent.ask("And now?").text == "Back."


def test_an_abandoned_stream_leaves_the_conversation_as_it_was(script: Any) -> None:
    agent = Agent(script.model(script.say("One two three."), script.say("Hi.")))
    for event in agent.stream("Count."):
        assert event == TextDelta("One ")
        break
    assert agent.messages == []
    assert agent.ask("Hello?").text == "Hi."


def test_an_empty_question_is_refused(script: Any) -> None:
    with pytest.raises(BadInputError, match="empty"):
        Agent(script.model()).stream("  ")


def test_tools_see_the_context_of_the_caller(script: Any) -> None:
    from contextvars import ContextVar

    user: ContextVar[str] = ContextVar("user", default="nobody")

    def who() -> str:
        """Who asks?"""
        return user.get()

    user.set("Ada")
    assert result_of(script, "who", {}, [who]).content == "Ada"
