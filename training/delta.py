"""The gated delta rule in chunks, as matrix products with a gradient: what every DeltaNet layer computes in training.

State S `[K, V]`, per token: S = exp(g) S; S += k (beta (v - Sᵀk))ᵀ; out = Sᵀq. (Formula: Gated Delta Networks, and
`torch_chunk_gated_delta_rule` of transformers, to which a test holds this.) A sample that starts within a row resets
the state by a decay of RESET, which leaves e^-40 of it.
"""

import torch
from torch import Tensor

BLOCK = 16
RESET = -40.0


def unit_lower_inverse(lower: Tensor) -> Tensor:
    """Inverse of I + `lower`, `lower` `[..., n, n]` strictly lower triangular, n a power of two times 16.

    Blocks of 16 by repeated squaring, where powers stay small; larger ones from the inverses of their halves.
    """
    n = lower.shape[-1]
    if n <= BLOCK:
        eye = torch.eye(n, device=lower.device, dtype=lower.dtype)
        inverse, power = eye - lower, lower
        for _ in range(3):
            power = power @ power
            inverse = inverse + inverse @ power
        return inverse
    half = n // 2
    parts = torch.stack((lower[..., :half, :half], lower[..., half:, half:]), -3)
    first, second = unit_lower_inverse(parts).unbind(-3)
    corner = -second @ (lower[..., half:, :half] @ first)
    above = torch.cat((first, torch.zeros_like(first)), -1)
    return torch.cat((above, torch.cat((corner, second), -1)), -2)


def gated_delta_rule(query: Tensor, key: Tensor, value: Tensor, decay: Tensor, beta: Tensor, chunk: int = 64) -> Tensor:
    """`query`, `key` `[batch, length, heads, K]`, normalised; `value` `[batch, length, heads, V]`; `decay` (log, at
    most 0) and `beta` `[batch, length, heads]`; all float32, length a multiple of `chunk`.

    Returns `[batch, length, heads, V]`.
    """
    batch, length, heads, _ = key.shape
    chunks = length // chunk

    def cut(x: Tensor) -> Tensor:
        return x.transpose(1, 2).reshape(batch, heads, chunks, chunk, *x.shape[3:])

    q, k, v, g, b = (cut(x) for x in (query * query.shape[-1] ** -0.5, key, value, decay, beta))
    total = g.cumsum(-1)  # [B, H, N, C]
    pair = (total.unsqueeze(-1) - total.unsqueeze(-2)).tril().exp().tril()
    kb = k * b.unsqueeze(-1)
    inverse = unit_lower_inverse(((kb @ k.transpose(-1, -2)) * pair).tril(-1))
    fresh = inverse @ (v * b.unsqueeze(-1))
    stale = inverse @ (kb * total.exp().unsqueeze(-1))
    within = (q @ k.transpose(-1, -2)) * pair
    reading = q * total.exp().unsqueeze(-1)
    writing = (k * (total[..., -1:] - total).exp().unsqueeze(-1)).transpose(-1, -2)
    keep = total[..., -1].exp()[..., None, None]
    states = _scan(keep, writing, stale, fresh) if q.is_cuda else _walk(keep, writing, stale, fresh)
    out = reading @ states + within @ (fresh - stale @ states)
    return out.reshape(batch, heads, length, -1).transpose(1, 2)


def _walk(keep: Tensor, writing: Tensor, stale: Tensor, fresh: Tensor) -> Tensor:
    """The state before each chunk, one after the other: the fewest operations."""
    state = torch.zeros_like(writing[:, :, 0] @ fresh[:, :, 0])
    states = []
    for i in range(fresh.shape[2]):
        states.append(state)
        state = state * keep[:, :, i] + writing[:, :, i] @ (fresh[:, :, i] - stale[:, :, i] @ state)
    return torch.stack(states, 2)


def _scan(keep: Tensor, writing: Tensor, stale: Tensor, fresh: Tensor) -> Tensor:
    """The same by a prefix scan over chunks, each of which makes S into carry S + added: the fewest launches.

    After the round with step d, entry i tells of the last 2d chunks up to i.
    """
    carry = keep * torch.eye(stale.shape[-1], device=stale.device, dtype=stale.dtype) - writing @ stale
    added = writing @ fresh
    chunks, step = carry.shape[2], 1
    while step < chunks:
        later, late = carry[:, :, step:], added[:, :, step:]
        added = torch.cat((added[:, :, :step], late + later @ added[:, :, :-step]), 2)
        carry = torch.cat((carry[:, :, :step], later @ carry[:, :, :-step]), 2)
        step *= 2
    return torch.cat((torch.zeros_like(added[:, :, :1]), added[:, :, :-1]), 2)
