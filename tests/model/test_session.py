"""What a session remembers of its past."""

from pathlib import Path

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from quintet.model import load_model


def test_a_long_conversation_still_lends_its_beginning(checkpoint: Path) -> None:
    model = load_model(str(checkpoint), max_tokens=1, thinking=False)
    system = SystemMessage("Instructions that every conversation begins with, and that take some reading.")
    messages: list[BaseMessage] = [system]
    for number in range(12):
        messages += [HumanMessage(f"Question {number}?")]
        messages += [model.invoke(messages)]
    other = model.invoke([system, HumanMessage("Something else.")])
    assert isinstance(other, AIMessage)
    assert other.usage_metadata
    assert other.usage_metadata["input_token_details"]["cache_read"] > 10
