"""Guesses of the draft layer change how fast tokens come, never which."""

from pathlib import Path
from typing import Any

import PIL.Image
import pytest
import torch
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from quintet import Image
from quintet.errors import BadInputError, UnsupportedModelError
from quintet.model import ChatModel, load_model
from tests.model.conftest import write_checkpoint


@pytest.fixture(scope="module", params=["dense", "moe"])
def drafting(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp(request.param), request.param, mtp=True)


def talk(model: ChatModel, **settings: Any) -> list[str]:
    """A conversation about a picture, with an edit; the answers."""
    picture = Image(PIL.Image.radial_gradient("L").resize((96, 64))).to_block()
    messages: list[BaseMessage] = [SystemMessage("Say something."), HumanMessage([picture, "What is it?"])]
    answers = []
    for question in ("And then?", "What else?", "Why?"):
        answer = model.invoke(messages, **settings)
        assert isinstance(answer, AIMessage)
        answers.append(repr((answer.content, answer.tool_calls and answer.tool_calls[0]["args"])))
        messages += [AIMessage(answer.content), HumanMessage(question)]
    return [*answers, repr(model.invoke([*messages[:2], AIMessage("No."), HumanMessage("No?")], **settings).content)]


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("settings", [{"temperature": 0.0}, {"temperature": 1.0, "top_k": 5, "seed": 7}], ids=str)
def test_answers_are_those_of_plain_decoding(drafting: Path, count: int, settings: dict[str, Any]) -> None:
    plain = load_model(str(drafting), max_tokens=24, thinking=12)
    drafts = load_model(str(drafting), max_tokens=24, thinking=12, speculate=count)
    assert talk(drafts, **settings) == talk(plain, **settings)


def test_a_forced_call_is_that_of_plain_decoding(drafting: Path) -> None:
    tool = {
        "type": "function",
        "function": {"name": "add", "parameters": {"properties": {"a": {"type": "integer"}, "b": {"type": "string"}}}},
    }
    settings: dict[str, Any] = {"tools": [tool], "tool_choice": "add", "temperature": 0.0, "max_tokens": 60}
    assert talk(load_model(str(drafting), speculate=2), **settings) == talk(load_model(str(drafting)), **settings)


def test_guesses_that_are_right_save_steps(drafting: Path) -> None:
    """With a draft layer that is right whenever it repeats what the model says, steps are fewer than tokens."""
    model = load_model(str(drafting), speculate=3, temperature=0.0, max_tokens=64, thinking=False)
    engine: Any = model.engine
    machine = engine._machine
    steps: list[int] = []
    speculate = machine.speculate

    def counted(state: Any, ids: list[int], *rest: Any) -> Any:
        steps.append(len(ids))
        return speculate(state, ids, *rest)

    machine.speculate = counted
    with torch.no_grad():  # a model that says one token for ever, and a draft layer that has learned it
        head = engine.model.lm_head.weight
        head.zero_()
        head[300] = 1.0
        engine.model.model.language_model.norm.weight.zero_()
        machine._mtp.norm.weight.zero_()
    hidden = engine.model.model.language_model.norm
    hidden.register_forward_hook(lambda _module, _input, output: torch.ones_like(output))
    machine._mtp.norm.register_forward_hook(lambda _module, _input, output: torch.ones_like(output))
    answer = model.invoke("Go on.")
    assert answer.usage_metadata
    assert len(steps) <= answer.usage_metadata["output_tokens"] / 4 + 1


def test_a_checkpoint_without_a_draft_layer_says_so(checkpoint: Path) -> None:
    with pytest.raises(UnsupportedModelError, match="no MTP layer"):
        load_model(str(checkpoint), speculate=1)
    with pytest.raises(BadInputError, match="speculate=-1"):
        load_model(str(checkpoint), speculate=-1)
