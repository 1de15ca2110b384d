"""Attention of a stretch of tokens to a long past, without a mask.

A mask of a stretch and its past is as large as the past is long, for each token of the stretch, and PyTorch repeats
keys and values for it. On a CPU a stretch attends to its past, of which all is seen, and to itself, causally, one after
the other; the two are put together by their log-sum-exps (as in FlashAttention, arXiv:2205.14135, between blocks).
Elsewhere, and for everything else, it is transformers' own attention.
"""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import repeat_kv, sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "quintet"


def attend(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **kwargs: Any
) -> tuple[Tensor, None]:
    """Attention of the last `new` of `total` tokens, causal unless there is a mask.

    Args:
        module: the attention layer.
        query: `[1, heads, new, dim]`.
        key: `[1, KV heads, total, dim]`, and `value` likewise.
        attention_mask: as transformers', or None.
        kwargs: `scaling` and what else transformers gives.

    Returns:
        `[1, new, heads, dim]`, and None.
    """
    new, total = query.shape[2], key.shape[2]
    if attention_mask is None and 1 < new < total:
        if query.device.type == "cpu":
            return _in_two(query, key, value, kwargs["scaling"]).transpose(1, 2), None
        attention_mask = torch.ones(new, total, dtype=torch.bool, device=query.device).tril(total - new)[None, None]
    attended: tuple[Tensor, None] = sdpa_attention_forward(module, query, key, value, attention_mask, **kwargs)
    return attended


def _in_two(query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
    """`[1, heads, new, dim]`: the past and the stretch itself, weighed by how much of the softmax lies in each."""
    flash = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    (_, heads, new, dim), groups, past = query.shape, query.shape[1] // key.shape[1], key.shape[2] - query.shape[2]
    packed = query.reshape(1, heads // groups, groups * new, dim)  # heads that share keys, one behind the other
    before, weight_before = flash(packed, key[:, :, :past], value[:, :, :past], scale=scale)
    own_keys, own_values = (repeat_kv(states[:, :, past:], groups) for states in (key, value))
    own, weight_own = flash(query, own_keys, own_values, is_causal=True, scale=scale)
    share = torch.sigmoid(weight_before.reshape(weight_own.shape) - weight_own).to(own.dtype)[..., None]
    mixed: Tensor = torch.lerp(own, before.reshape(own.shape), share)
    return mixed


AttentionInterface.register(NAME, attend)
AttentionMaskInterface.register(NAME, sdpa_mask)
