"""The training network computes what transformers' Qwen3_5Moe computes with the same weights."""

from random import Random

import pytest
import torch

from training.chatformat import NANO, ChatFormat
from training.delta import _scan, _walk, gated_delta_rule
from training.network import Mixture, Nano
from training.pack import Packer, Shape, mrope
from training.sizes import SIZES, config
from training.skills import SKILLS


def test_delta_rule_equals_transformers() -> None:
    from transformers.models.qwen3_5_moe.modeling_qwen3_5_moe import torch_chunk_gated_delta_rule

    torch.manual_seed(0)
    q, k = (torch.nn.functional.normalize(torch.rand(2, 192, 3, 32), dim=-1) for _ in range(2))
    v, g, b = torch.randn(2, 192, 3, 32), -torch.rand(2, 192, 3) * 3, torch.rand(2, 192, 3)
    expected, _ = torch_chunk_gated_delta_rule(q, k, v, g, b)
    assert torch.allclose(gated_delta_rule(q, k, v, g, b), expected, atol=2e-5)


def test_the_ways_of_a_gpu_and_of_a_cpu_agree() -> None:
    torch.manual_seed(0)
    mixture = Mixture(SIZES["small"])
    flat = torch.randn(50, SIZES["small"].hidden)
    weights = torch.rand(50, 8)
    weights = weights * (weights > weights.median(1, keepdim=True).values)
    assert torch.allclose(mixture._all(flat, weights), mixture._chosen(flat, weights), atol=1e-5)
    keep, writing, stale = torch.rand(2, 3, 6, 1, 1), torch.randn(2, 3, 6, 8, 16) / 8, torch.randn(2, 3, 6, 16, 8) / 8
    fresh = torch.randn(2, 3, 6, 16, 8)
    assert torch.allclose(_scan(keep, writing, stale, fresh), _walk(keep, writing, stale, fresh), atol=1e-5)


def test_a_sample_does_not_see_its_neighbour_in_the_row() -> None:
    torch.manual_seed(0)
    chat, size = ChatFormat(NANO), SIZES["small"]
    network = Nano(size).eval()
    first, second = (chat.encode(SKILLS["pictures"](Random(seed))) for seed in (1, 2))
    with torch.no_grad():
        [both] = Packer(Shape(1, 512, 2), size.vision_side).batches([first, second])
        [alone] = Packer(Shape(1, 512, 2), size.vision_side).batches([second])
        start, n = len(first.ids), len(second.ids)
        together = network.hidden(both)[0][0, start : start + n]
        assert torch.allclose(together, network.hidden(alone)[0][0, :n], atol=1e-4)


@pytest.mark.parametrize("name", ["small", "full"])
def test_logits_equal_transformers(name: str) -> None:
    from transformers import Qwen3_5MoeConfig, Qwen3_5MoeForConditionalGeneration

    torch.manual_seed(0)
    size = SIZES[name]
    chat = ChatFormat(NANO)
    network = Nano(size).eval()
    reference = Qwen3_5MoeForConditionalGeneration(Qwen3_5MoeConfig(**config(size, chat.control))).float().eval()
    missing, unexpected = reference.load_state_dict(network.state_dict(), strict=False)
    assert missing == ["lm_head.weight"]
    assert unexpected == []
    reference.tie_weights()
    rng = Random(5)
    samples = [chat.encode(SKILLS[skill](rng)) for skill in ("pictures", "times", "looking", "motion")]
    [batch] = Packer(Shape(2, 2048, 24), size.vision_side).batches(samples)
    with torch.no_grad():
        logits = network.logits(network.hidden(batch)[0])
        for tokens in samples:
            alone = next(Packer(Shape(1, 2048, 12), size.vision_side).batches([tokens]))
            row, start = next(
                (r, s)
                for r in range(2)
                for s in range(2048)
                if batch.ids[r, s : s + len(tokens.ids)].tolist() == tokens.ids
            )
            used = alone.frames > 0
            video = [frame for frame in tokens.frames if chat.control["<|video_pad|>"] == tokens.ids[frame.start]]
            grids = torch.tensor([[1, f.rows * 2, f.columns * 2] for f in tokens.frames])
            features = reference.model.visual(
                ((alone.patches.float() - 127.5) / 127.5)[used], grid_thw=grids
            ).pooler_output
            embeds = reference.model.language_model.embed_tokens(torch.tensor([tokens.ids]))
            spots = torch.cat([torch.arange(f.start, f.start + f.rows * f.columns) for f in tokens.frames])
            # Frames that didn't fit the first row stand in later ones, in the order of their packing.
            order = alone.slots[used.view(-1, 4).all(1)]
            embeds[0, order] = features
            assert len(spots) == len(order)
            assert video or grids.shape[0]
            positions = torch.from_numpy(mrope(tokens)).long()[:, None]
            expected = reference(inputs_embeds=embeds, position_ids=positions, use_cache=False).logits[0]
            found = logits[row, start : start + len(tokens.ids)]
            assert (found - expected).abs().max() < 2e-3 * expected.abs().max()
