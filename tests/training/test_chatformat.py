"""Training reads the same ids, patches, positions and tool schemas as the product."""

from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from langchain_core.utils.function_calling import convert_to_openai_tool
from transformers import PreTrainedTokenizerFast

from quintet.model import PromptFormat
from quintet.model.positions import mrope_positions
from quintet.tools import calculator, watch_video, zoom_image
from quintet.vision import VisionSettings, media_from_block
from training.chatformat import NANO, ChatFormat
from training.evaluate import messages
from training.pack import mrope, patch_rows
from training.sample import Clip, Picture, Sample
from training.schemas import CALCULATOR, WATCH, ZOOM
from training.sizes import preprocessors
from training.skills import SKILLS, copying

SETTINGS = VisionSettings.from_hf(*preprocessors().values())


def text_only(sample: Sample) -> bool:
    return all(isinstance(part, str) for turn in sample.turns for part in turn.parts)


@pytest.mark.parametrize("skill", [*SKILLS.values(), copying], ids=lambda skill: skill.__name__)
def test_ids_and_positions_equal_the_product(skill: object, tmp_path: Path) -> None:
    chat = ChatFormat()
    prompts = PromptFormat(PreTrainedTokenizerFast.from_pretrained(NANO))
    rng = Random(3)
    for _ in range(4):
        sample: Sample = skill(rng)  # type: ignore[operator]
        ours = chat.encode(sample)
        if any(isinstance(part, Clip) for turn in sample.turns for part in turn.parts):
            continue  # times and frames of a real file are the product's own; the layout is the same code's
        history = messages(sample.turns, tmp_path)
        prompt = prompts.render(
            history, sample.tools, thinking=sample.thinking, generate=False, patches=lambda one: one.patches(SETTINGS)
        )
        theirs = prompts.encode(prompt.text, prompt.media)
        assert ours.ids == theirs.ids
        positions, _ = mrope_positions(len(theirs.ids), [span.block for span in theirs.spans])
        assert torch.equal(torch.from_numpy(mrope(ours)).long(), positions)


def test_patches_equal_the_product(tmp_path: Path) -> None:
    sample = SKILLS["pictures"](Random(1))
    [picture] = [part for part in sample.turns[0].parts if isinstance(part, Picture)]
    [block] = [part for part in messages(sample.turns, tmp_path)[0].content if part["type"] == "image"]
    media = media_from_block(block)
    assert media is not None
    pixels = torch.from_numpy(patch_rows(np.stack([picture.pixels, picture.pixels])))
    assert torch.equal(media.patches(SETTINGS).pixels, pixels)


def test_a_clip_is_sampled_as_the_product_samples_it(tmp_path: Path) -> None:
    for seed in range(6):
        sample = SKILLS["motion"](Random(seed))
        [clip] = [part for part in sample.turns[0].parts if isinstance(part, Clip)]
        [block] = [part for part in messages(sample.turns, tmp_path)[0].content if part["type"] == "video"]
        media = media_from_block(block)
        assert media is not None
        expected = [(a + b) / 2 for a, b in zip(clip.times[::2], clip.times[1::2], strict=True)]
        assert media.patches(SETTINGS).times == pytest.approx(expected, abs=0.06)


def test_schemas_equal_the_product() -> None:
    for ours, tool in ((ZOOM, zoom_image), (WATCH, watch_video), (CALCULATOR, calculator)):
        assert ours == convert_to_openai_tool(tool)
