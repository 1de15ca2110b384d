"""Reading in pieces, with pictures in the middle, and after going back, equals one fresh read."""

from pathlib import Path

import PIL.Image
import pytest
import torch
from langchain_core.messages import AIMessage, HumanMessage

from quintet import Image
from quintet.model.checkpoint import load_checkpoint
from quintet.model.encoded import Encoded
from quintet.model.machine import Machine
from quintet.model.prompt import MARK, Prompt, PromptFormat


@pytest.fixture(scope="module")
def parts(checkpoint: Path) -> tuple[Machine, PromptFormat, Prompt]:
    loaded = load_checkpoint(str(checkpoint))
    chat_format = PromptFormat(loaded.tokenizer)
    pictures = [Image(PIL.Image.radial_gradient("L").resize(size)) for size in ((96, 64), (64, 128))]
    prompt = chat_format.render(
        [
            HumanMessage([pictures[0].to_block(), {"type": "text", "text": "What is it?"}]),
            AIMessage("A dark middle."),
            HumanMessage(["And this?", pictures[1].to_block()]),
        ],
        patches=lambda media: media.patches(loaded.spec.vision),
    )
    return Machine(loaded.model), chat_format, prompt


def stretches(prompt: Prompt, chat_format: PromptFormat) -> list[Encoded]:
    turns = prompt.text.split(f"{MARK}<|im_start|>{MARK}")[1:]
    return [chat_format.encode(f"{MARK}<|im_start|>{MARK}{turn}", prompt.media) for turn in turns]


def test_reading_turn_by_turn_equals_one_read(parts: tuple[Machine, PromptFormat, Prompt]) -> None:
    machine, chat_format, prompt = parts
    whole = machine.read(machine.new_state(), chat_format.encode(prompt.text, prompt.media))
    state = machine.new_state()
    for stretch in stretches(prompt, chat_format):
        logits = machine.read(state, stretch)
    torch.testing.assert_close(logits, whole, atol=2e-4, rtol=1e-4)
    assert state.length == len(chat_format.encode(prompt.text, prompt.media).ids)


def test_token_by_token_equals_one_read(parts: tuple[Machine, PromptFormat, Prompt]) -> None:
    machine, chat_format, _ = parts
    ids = chat_format.encode("Nothing but a few words of text.", {}).ids
    whole = machine.read(machine.new_state(), Encoded(ids, []))
    state = machine.new_state()
    for token in ids:
        logits = machine.read(state, Encoded([token], []))
    torch.testing.assert_close(logits, whole, atol=2e-4, rtol=1e-4)


def test_going_back_leaves_no_trace_of_what_was_read_since(parts: tuple[Machine, PromptFormat, Prompt]) -> None:
    machine, chat_format, prompt = parts
    first, second, third, fourth = stretches(prompt, chat_format)
    state = machine.new_state()
    machine.read(state, first)
    machine.read(state, second)
    checkpoint = state.checkpoint()
    machine.read(state, chat_format.encode("a branch that is given up " * 30, {}))
    state.rewind(checkpoint)
    machine.read(state, third)
    after = machine.read(state, fourth)
    whole = machine.read(machine.new_state(), chat_format.encode(prompt.text, prompt.media))
    torch.testing.assert_close(after, whole, atol=2e-4, rtol=1e-4)


def test_two_conversations_do_not_mix(parts: tuple[Machine, PromptFormat, Prompt]) -> None:
    machine, chat_format, prompt = parts
    one, other = machine.new_state(), machine.new_state()
    text = chat_format.encode("Quite another conversation.", {})
    first, *rest = stretches(prompt, chat_format)
    machine.read(one, first)
    alone = machine.read(other, text)
    for stretch in rest:
        mixed = machine.read(one, stretch)
    whole = machine.read(machine.new_state(), chat_format.encode(prompt.text, prompt.media))
    torch.testing.assert_close(mixed, whole, atol=2e-4, rtol=1e-4)
    torch.testing.assert_close(alone, machine.read(machine.new_state(), text), atol=2e-4, rtol=1e-4)


def test_logits_equal_transformers_own_forward(checkpoint: Path, parts: tuple[Machine, PromptFormat, Prompt]) -> None:
    machine, chat_format, prompt = parts
    loaded = load_checkpoint(str(checkpoint))
    encoded = chat_format.encode(prompt.text, prompt.media)
    config = loaded.model.config
    kinds = torch.tensor([[int(token == config.image_token_id) for token in encoded.ids]], dtype=torch.int)
    shown = list(prompt.media.values())
    with torch.no_grad():
        stock = loaded.model(
            input_ids=torch.tensor([encoded.ids]),
            mm_token_type_ids=kinds,
            pixel_values=torch.cat([patches.normalised(torch.float32, "cpu") for patches in shown]),
            image_grid_thw=torch.tensor([patches.grid for patches in shown]),
        ).logits[0, -1]
    torch.testing.assert_close(machine.read(machine.new_state(), encoded), stock, atol=2e-4, rtol=1e-4)
