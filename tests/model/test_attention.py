"""Attention of a stretch to its past, against PyTorch's own with a mask."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from quintet.model.attention import attend


@pytest.mark.parametrize(("heads", "shared"), [(4, 4), (8, 2), (6, 1)])
@pytest.mark.parametrize(("new", "total"), [(1, 1), (1, 40), (7, 7), (2, 600), (300, 301), (130, 700)])
def test_a_stretch_sees_its_past_and_itself(heads: int, shared: int, new: int, total: int) -> None:
    layer = nn.Module()
    layer.num_key_value_groups = heads // shared  # type: ignore[assignment]
    query = torch.randn(1, new, heads, 32).transpose(1, 2)
    key, value = torch.randn(2, 1, shared, 2 * total, 32)[:, :, :, :total]  # views of larger buffers
    seen = torch.ones(new, total, dtype=torch.bool).tril(total - new)
    repeated = (states.repeat_interleave(heads // shared, dim=1) for states in (key, value))
    expected = F.scaled_dot_product_attention(query, *repeated, attn_mask=seen, scale=0.2)
    attended, _ = attend(layer, query, key, value, None, scaling=0.2)
    torch.testing.assert_close(attended, expected.transpose(1, 2))
