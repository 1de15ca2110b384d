"""The tower makes of pixels what transformers' makes of them, and of the same pixels only once."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor
from transformers import PreTrainedModel
from transformers.models.qwen3_5.configuration_qwen3_5 import Qwen3_5VisionConfig
from transformers.models.qwen3_5.modeling_qwen3_5 import Qwen3_5VisionModel
from transformers.models.qwen3_5_moe.configuration_qwen3_5_moe import Qwen3_5MoeVisionConfig
from transformers.models.qwen3_5_moe.modeling_qwen3_5_moe import Qwen3_5MoeVisionModel

from quintet.errors import BadInputError
from quintet.model.checkpoint import load_checkpoint
from quintet.model.encoded import Encoded, Span
from quintet.model.encodings import Encodings
from quintet.model.machine import Machine
from quintet.model.positions import Block
from quintet.model.tower import Tower
from quintet.vision import Patches, VisionSettings
from quintet.vision.patches import PatchRows

from .conftest import randomise

SIZE = {"depth": 3, "hidden_size": 96, "intermediate_size": 160, "num_heads": 4, "out_hidden_size": 48}
SIZE |= {"num_position_embeddings": 49}


class Changed(Qwen3_5VisionModel):
    """A tower that we know nothing about."""


def make_visual(kind: type[PreTrainedModel] = Qwen3_5VisionModel, seed: int = 0) -> PreTrainedModel:
    config = Qwen3_5MoeVisionConfig if kind is Qwen3_5MoeVisionModel else Qwen3_5VisionConfig
    torch.manual_seed(seed)
    visual = kind(config(**SIZE)).eval().requires_grad_(False)
    randomise(visual)
    return visual


@pytest.fixture(scope="module")
def visual() -> PreTrainedModel:
    return make_visual()


def make_frames(count: int, height: int, width: int, seed: int = 0) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, 3, height, width), dtype=torch.uint8, generator=random)


def make_patches(frames: Tensor) -> Patches:
    """A video of `[frames, 3, H, W]`; of one frame, a picture."""
    rows = PatchRows(len(frames), (frames.shape[2], frames.shape[3]), VisionSettings())
    for place in range(rows.frames):
        rows.put(place, frames[min(place, len(frames) - 1)])
    if len(frames) == 1:
        return rows.finish("image", ())
    return rows.finish("video", tuple(float(second) for second in range(rows.frames // 2)))


def stock(visual: PreTrainedModel, patches: Patches) -> Tensor:
    pixels = patches.normalised(visual.dtype, "cpu")
    embeddings: Tensor = visual(pixels, grid_thw=torch.tensor([patches.grid])).pooler_output
    return embeddings


@pytest.mark.parametrize("kind", [Qwen3_5VisionModel, Qwen3_5MoeVisionModel, Changed])
@pytest.mark.parametrize("size", [(1, 32, 32), (1, 320, 64), (6, 64, 96), (40, 160, 224)])
def test_embeddings_equal_those_of_transformers(kind: type[PreTrainedModel], size: tuple[int, int, int]) -> None:
    visual = make_visual(kind)
    patches = make_patches(make_frames(*size))
    torch.testing.assert_close(Tower(visual).encode(patches), stock(visual, patches), atol=1e-5, rtol=1e-5)


def test_pictures_of_many_sizes_together_equal_each_alone(visual: PreTrainedModel) -> None:
    sizes = [(64, 64), (96, 64), (64, 64), (64, 96), (32, 192)]
    pictures = [make_patches(make_frames(1, *size, seed=seed)) for seed, size in enumerate(sizes)]
    together = Tower(visual).embed([(picture, 0) for picture in pictures])
    for picture, embedding in zip(pictures, together, strict=True):
        torch.testing.assert_close(embedding, stock(visual, picture), atol=1e-5, rtol=1e-5)


def test_embeddings_in_bfloat16_are_as_close_as_bfloat16_is(visual: PreTrainedModel) -> None:
    patches = make_patches(make_frames(8, 96, 128))
    exact = stock(visual, patches)
    rounded = make_visual().to(torch.bfloat16)
    ours, theirs = (embeddings.float() for embeddings in (Tower(rounded).encode(patches), stock(rounded, patches)))
    assert (ours - exact).norm() < 1.2 * (theirs - exact).norm()
    assert (ours - theirs).norm() < 0.01 * theirs.norm()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_embeddings_on_a_gpu(visual: PreTrainedModel, dtype: torch.dtype) -> None:
    patches = make_patches(make_frames(8, 96, 128))
    tower = Tower(make_visual().to("cuda", dtype))
    error = tower.encode(patches).float().cpu() - stock(visual, patches)
    assert error.norm() < (0.02 if dtype == torch.bfloat16 else 0.002) * stock(visual, patches).norm()


def test_pruned_tokens_are_left_out(visual: PreTrainedModel) -> None:
    frames = make_frames(6, 64, 96)
    frames[:, :, :32] = frames[0, :, :32]  # the upper half stands still
    patches = make_patches(frames)
    pruned = patches.pruned(1.0)
    assert pruned.tokens < patches.tokens
    assert pruned.kept is not None
    tower = Tower(visual)
    torch.testing.assert_close(tower.encode(pruned), tower.encode(patches)[pruned.kept.flatten()])
    assert tower.encoded == 3


def test_what_was_encoded_is_not_encoded_again(visual: PreTrainedModel) -> None:
    frames = make_frames(12, 64, 64)
    tower = Tower(visual)
    first = tower.encode(make_patches(frames[:8]))
    assert tower.encoded == 4
    assert torch.equal(tower.encode(make_patches(frames[:8])), first)
    assert tower.encoded == 4
    overlapping = make_patches(frames[4:])
    torch.testing.assert_close(tower.encode(overlapping), stock(visual, overlapping), atol=1e-5, rtol=1e-5)
    assert tower.encoded == 6


def test_a_frame_that_stands_still_is_encoded_once(visual: PreTrainedModel) -> None:
    tower = Tower(visual)
    still = make_patches(make_frames(1, 64, 64).expand(10, -1, -1, -1))
    torch.testing.assert_close(tower.encode(still), stock(visual, still), atol=1e-5, rtol=1e-5)
    assert tower.encoded == 1


def test_memory_is_bounded(visual: PreTrainedModel) -> None:
    patches = make_patches(make_frames(8, 64, 64))
    embedding = 4 * SIZE["out_hidden_size"] * 4  # bytes
    tower = Tower(visual, memory=2 * embedding)
    expected = tower.encode(patches)
    assert torch.equal(tower.embed([(patches, 3), (patches, 2)])[0], expected[12:])
    assert tower.encoded == 4
    tower.embed([(patches, 0)])
    assert tower.encoded == 5


def test_nothing_is_encoded_after_a_restart(visual: PreTrainedModel, tmp_path: Path) -> None:
    patches = make_patches(make_frames(8, 64, 64))
    first = Tower(visual, folder=tmp_path / "vision").encode(patches)
    restarted = Tower(visual, folder=tmp_path / "vision")
    assert torch.equal(restarted.encode(patches), first)
    assert restarted.encoded == 0


def test_bfloat16_survives_a_restart(tmp_path: Path) -> None:
    visual = make_visual().to(torch.bfloat16)
    patches = make_patches(make_frames(2, 64, 64))
    first = Tower(visual, folder=tmp_path).encode(patches)
    again = Tower(visual, folder=tmp_path).encode(patches)
    assert again.dtype == torch.bfloat16
    assert torch.equal(again, first)


def test_other_weights_and_numbers_find_nothing_of_these(visual: PreTrainedModel, tmp_path: Path) -> None:
    patches = make_patches(make_frames(2, 64, 64))
    Tower(visual, folder=tmp_path).encode(patches)
    for other in (make_visual(seed=1), make_visual().to(torch.bfloat16)):
        tower = Tower(other, folder=tmp_path)
        tower.encode(patches)
        assert tower.encoded == 1


@pytest.mark.parametrize(
    "damage", [lambda content: content[:-5], lambda content: b"", lambda content: content[:-1] + b"?"]
)
def test_a_damaged_file_is_noticed_and_made_anew(
    visual: PreTrainedModel, tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: Callable[[bytes], bytes]
) -> None:
    patches = make_patches(make_frames(2, 64, 64))
    first = Tower(visual, folder=tmp_path).encode(patches)
    (file,) = tmp_path.iterdir()
    file.write_bytes(damage(file.read_bytes()))
    tower = Tower(visual, folder=tmp_path)
    with caplog.at_level(logging.WARNING):
        assert torch.equal(tower.encode(patches), first)
    assert tower.encoded == 1
    assert "damaged" in caplog.text
    mended = Tower(visual, folder=tmp_path)
    mended.encode(patches)
    assert mended.encoded == 0


def test_the_folder_keeps_what_was_used_last(tmp_path: Path) -> None:
    embedding = torch.ones(100, 10)
    encodings = Encodings(0, tmp_path, disk=50_000)
    for number in range(40):
        encodings.put(str(number), embedding)
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 50_000
    reopened = Encodings(0, tmp_path, disk=50_000)
    assert reopened.get("39", torch.device("cpu")) is not None
    assert reopened.get("0", torch.device("cpu")) is None


def test_a_folder_that_is_none_is_refused(visual: PreTrainedModel, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(BadInputError, match="can't be used"):
        Tower(visual, folder=file)


def test_a_stretch_encodes_only_what_it_shows(checkpoint: Path) -> None:
    machine = Machine(load_checkpoint(str(checkpoint)).model)
    video = make_patches(make_frames(48, 128, 256))  # 24 temporal patches of 32 tokens
    spans = [Span(Block(34 * frame + 1, 4, 8), video, frame) for frame in range(24)]
    encoded = Encoded([1] * (34 * 24 + 1), spans)
    state = machine.new_state()
    reading = machine.reading(state, encoded)
    next(reading)  # 512 tokens: 15 temporal patches, and a part of the next
    assert machine.tower.encoded == 16
    *_, logits = reading
    assert machine.tower.encoded == 24
    machine.read(state, Encoded([1, 2, 3], []))
    machine.read(machine.new_state(), encoded)
    assert machine.tower.encoded == 24
    small = Machine(load_checkpoint(str(checkpoint)).model, vision_bytes=1)
    torch.testing.assert_close(small.read(small.new_state(), encoded), logits)


def test_pruned_tokens_are_placed_in_their_order(checkpoint: Path) -> None:
    machine = Machine(load_checkpoint(str(checkpoint)).model)
    picture = make_patches(make_frames(1, 64, 96))
    whole = Encoded([1] * 8, [Span(Block(1, 2, 3), picture, 0)])
    kept = Encoded([1] * 8, [Span(Block(1, 2, 3, tuple(range(6))), picture, 0)])
    few = Encoded([1] * 4, [Span(Block(1, 2, 3, (2, 5)), picture, 0)])
    read = [machine.read(machine.new_state(), encoded) for encoded in (whole, kept, few)]
    assert torch.equal(read[0], read[1])
    assert not torch.equal(read[0], read[2])
    assert machine.tower.encoded == 1
