"""What a session remembers of its past."""

from os.path import commonprefix
from pathlib import Path
from random import Random

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from quintet.model import load_model
from quintet.model.pool import common_length


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


def test_the_common_length_is_that_of_the_common_prefix() -> None:
    rng = Random(0)
    for _ in range(2000):
        one = "".join(rng.choices("ab", k=rng.randint(0, 12)))
        other = one[: rng.randint(0, len(one))] + "".join(rng.choices("ab", k=rng.randint(0, 5)))
        assert common_length(one, other) == len(commonprefix([one, other]))  # noqa: RUF071 - of characters
