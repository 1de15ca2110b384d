"""Pictures and constant-rate video against transformers' own processors, for which the checkpoints were made."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import torch
from langchain_core.messages import HumanMessage
from transformers import AutoTokenizer, Qwen3_5Config
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
from transformers.models.qwen3_5.modeling_qwen3_5 import Qwen3_5Model
from transformers.models.qwen3_vl.processing_qwen3_vl import Qwen3VLProcessor
from transformers.models.qwen3_vl.video_processing_qwen3_vl import Qwen3VLVideoProcessor
from transformers.video_utils import load_video

from quintet.model.positions import mrope_positions
from quintet.model.prompt import PromptFormat
from quintet.vision import Image, Patches, Video, VisionSettings
from tests.vision.stock import CLIPS, COMMON, DIGESTS, MODES, PICTURES, PUBLISHED, SMALL, digest, noise, picture

MakeVideo = Callable[..., Path]


def settings(budget: dict[str, int]) -> VisionSettings:
    return VisionSettings.from_hf({"size": budget}, {"size": budget})


def float32(patches: Patches) -> torch.Tensor:
    return patches.normalised(torch.float32, "cpu")


@pytest.mark.parametrize("name", ["small", "published"])
@pytest.mark.parametrize("size", PICTURES, ids=str)
def test_pixels_of_a_picture_are_the_stock_ones_bit_for_bit(size: tuple[int, int], name: str) -> None:
    budget = {"small": SMALL, "published": PUBLISHED}[name]
    assert digest(float32(Image(picture(*size)).patches(settings(budget)))) == DIGESTS[f"{name} {size}"]


@pytest.mark.parametrize("mode", MODES)
def test_pixels_of_other_modes_are_the_stock_ones_bit_for_bit(mode: str) -> None:
    assert digest(float32(Image(picture(90, 130, mode)).patches(settings(SMALL)))) == DIGESTS[mode]


@pytest.mark.parametrize("clip", CLIPS, ids=str)
def test_pixels_of_frames_are_the_stock_ones_bit_for_bit(clip: tuple[int, int, int]) -> None:
    video = Video(list(noise(*clip, 3)), rate=2.0)
    assert digest(float32(video.patches(settings(SMALL)))) == DIGESTS[f"clip {clip}"]


@pytest.mark.parametrize("size", PICTURES, ids=str)
def test_grid_and_rows_of_a_picture_are_those_of_the_pillow_processor(size: tuple[int, int]) -> None:
    stock = Qwen2VLImageProcessorPil(size=SMALL, **COMMON)(images=[picture(*size)], return_tensors="pt")
    patches = Image(picture(*size)).patches(settings(SMALL))
    assert [list(patches.grid)] == stock["image_grid_thw"].tolist()
    difference = (float32(patches) - stock["pixel_values"]).abs()
    if size == (patches.grid[1] * 16, patches.grid[2] * 16):
        assert difference.max() <= 1e-6
    else:  # Pillow's arithmetic isn't torchvision's, to which the digests above hold; the order of rows is the same
        assert difference.mean() <= 3 / 127.5


class StockProcessor(Qwen3VLProcessor):
    """The whole stock processor without torchvision, which it needs for resizing and normalising alone."""

    def check_argument_for_proper_class(self, argument_name: str, argument: Any) -> type:
        """Else it looks for classes that aren't there without torchvision."""
        return type(argument)

    def read(self, path: Path, size: tuple[int, int]) -> Any:
        """Token ids, rows and grids of a message with a video, a text and a picture of `size`."""
        content = [{"type": "video"}, {"type": "text", "text": "What is it?"}, {"type": "image"}]
        text = self.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
        frames, metadata = load_video(
            str(path), sample_indices_fn=lambda metadata, **_: self.video_processor.sample_frames(metadata)
        )
        return self(
            text=[text],
            images=[picture(*size)],
            videos=[torch.from_numpy(frames).permute(0, 3, 1, 2)],
            video_metadata=[metadata],
            do_sample_frames=False,
            return_tensors="pt",
        ) | {"frames_indices": metadata.frames_indices}


@pytest.fixture(scope="module")
def stock() -> StockProcessor:
    tokenizer = AutoTokenizer.from_pretrained(str(files("quintet.model.nano")))
    pictures = Qwen2VLImageProcessorPil(size=SMALL, do_normalize=False, do_rescale=False, **COMMON)
    arithmetic = ("do_resize", "do_convert_rgb", "do_rescale", "do_normalize", "cap_pixels_per_frame")
    videos = Qwen3VLVideoProcessor(size=SMALL, **dict.fromkeys(arithmetic, False), **COMMON)
    return StockProcessor(pictures, tokenizer, videos, chat_template=tokenizer.chat_template)


@pytest.mark.parametrize(("frames", "rate"), [(97, 25), (60, 30), (5, 25), (5, 10), (45, 24), (2, 25)])
def test_a_prompt_is_the_stock_one(make_video: MakeVideo, stock: StockProcessor, frames: int, rate: int) -> None:
    """Sampled frames, timestamps, markers, rows, grids and positions of a real video beside a picture."""
    path, size = make_video(frames=frames, rate=rate), (96, 160)
    expected = stock.read(path, size)
    message = HumanMessage(
        [Video(path).to_block(), {"type": "text", "text": "What is it?"}, Image(picture(*size)).to_block()]
    )
    chat = PromptFormat(stock.tokenizer)
    prompt = chat.render([message], patches=lambda media: media.patches(settings(SMALL)))
    encoded = chat.encode(prompt.text, prompt.media)
    assert encoded.ids == expected["input_ids"][0].tolist()

    video, image = (next(one for one in prompt.media.values() if one.kind == kind) for kind in ("video", "image"))
    assert list(video.grid) == expected["video_grid_thw"][0].tolist()
    assert torch.equal(video.pixels, expected["pixel_values_videos"])
    assert list(image.grid) == expected["image_grid_thw"][0].tolist()
    assert torch.equal(image.pixels, expected["pixel_values"])

    with torch.device("meta"):
        model = Qwen3_5Model(Qwen3_5Config(text_config={"num_hidden_layers": 1}, vision_config={"depth": 1}))
    names = ("input_ids", "mm_token_type_ids", "image_grid_thw", "video_grid_thw")
    positions, _ = model.get_rope_index(**{name: expected[name] for name in names})
    assert torch.equal(mrope_positions(len(encoded.ids), [span.block for span in encoded.spans])[0], positions[:, 0])


def test_the_other_layout_is_the_stock_one_without_the_outer_markers(
    make_video: MakeVideo, stock: StockProcessor
) -> None:
    """As vLLM and older processors have it: the template's own pair around the whole video is gone."""
    path = make_video(frames=50)
    shown = stock.tokenizer.decode(stock.read(path, (96, 160))["input_ids"][0])
    inner = r"((?:<[0-9.]+ seconds><\|vision_start\|>(?:<\|video_pad\|>)+<\|vision_end\|>)+)"
    expected, found = re.subn(rf"<\|vision_start\|>{inner}<\|vision_end\|>", r"\1", shown)
    assert found == 1

    blocks = [Video(path).to_block(), {"type": "text", "text": "What is it?"}, Image(picture(96, 160)).to_block()]
    chat = PromptFormat(stock.tokenizer, video_markers="bare")
    prompt = chat.render([HumanMessage(blocks)], patches=lambda media: media.patches(settings(SMALL)))
    assert chat.tokenizer.decode(chat.encode(prompt.text, prompt.media).ids) == expected


@pytest.mark.parametrize("fps", [0.5, 2.0, 7.0])
@pytest.mark.parametrize(("frames", "rate"), [(97, 25), (60, 30), (250, 50), (3, 10)])
def test_the_frames_of_a_file_are_those_that_the_stock_rule_samples(
    make_video: MakeVideo, stock: StockProcessor, frames: int, rate: int, fps: float
) -> None:
    path = make_video(frames=frames, rate=rate)
    _, metadata = load_video(
        str(path), sample_indices_fn=lambda metadata, **_: stock.video_processor.sample_frames(metadata, fps=fps)
    )
    expected = [int(frame) for frame in metadata.frames_indices]
    plan = Video(path, fps=fps).plan()
    assert list(plan.frames) == expected + expected[-1:] * (len(expected) % 2)
    assert plan.times == pytest.approx(
        [(a + b) / 2 / rate for a, b in zip(plan.frames[::2], plan.frames[1::2], strict=True)]
    )
