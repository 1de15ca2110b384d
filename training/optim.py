"""Muon for matrices, AdamW for the rest, one step guarded against NaN.

Muon (Jordan et al., 2024): momentum, then the nearest orthogonal matrix by five Newton-Schulz steps. Experts and other
matrices of one shape go through it together, as one batch.
"""

import torch
from torch import Tensor, nn

_A, _B, _C = 3.4445, -4.7750, 2.0315


def orthogonal(matrices: Tensor, dtype: torch.dtype) -> Tensor:
    """About the orthogonal part of each of `matrices` `[n, rows, columns]`."""
    x = matrices.to(dtype)
    turned = x.shape[1] > x.shape[2]
    if turned:
        x = x.transpose(1, 2)
    x = x / (x.flatten(1).norm(dim=1).view(-1, 1, 1) * 1.02 + 1e-7)
    for _ in range(5):
        gram = x @ x.transpose(1, 2)
        x = _A * x + (_B * gram + _C * gram @ gram) @ x
    return (x.transpose(1, 2) if turned else x).float()


class Optimizer:
    """Both optimizers over one model.

    Matrices of the two stacks go to Muon; embeddings, routers, norms, biases, decay terms and the patch projection to
    AdamW.
    """

    def __init__(self, model: nn.Module, *, muon_rate: float, adam_rate: float, decay: float = 0.01) -> None:
        matrices: list[nn.Parameter] = []
        others: list[nn.Parameter] = []
        for name, parameter in model.named_parameters():
            aside = (
                "embed" in name or "conv1d" in name or name.endswith(("mlp.gate.weight", "shared_expert_gate.weight"))
            )
            (matrices if parameter.ndim in (2, 3) and not aside else others).append(parameter)
        self.muon_rate, self.adam_rate, self.decay = muon_rate, adam_rate, decay
        self.groups: dict[tuple[int, ...], list[nn.Parameter]] = {}
        for parameter in matrices:
            self.groups.setdefault(tuple(parameter.shape[-2:]), []).append(parameter)
        self.momentum = {p: torch.zeros_like(p) for p in matrices}
        self.adam = torch.optim.AdamW(
            others, lr=adam_rate, betas=(0.9, 0.98), weight_decay=decay, fused=others[0].is_cuda
        )
        self.parameters = [*matrices, *others]
        self.skipped = 0

    def step(self, scale: float) -> float:
        """One step at `scale` of the full rates; returns the gradient's norm. One that isn't finite is skipped."""
        norm = float(nn.utils.clip_grad_norm_(self.parameters, 1.0, foreach=True))
        if norm != norm or norm == float("inf"):
            self.skipped += 1
            self.zero()
            return norm
        self.adam.param_groups[0]["lr"] = self.adam_rate * scale
        self.adam.step()
        with torch.no_grad():
            for shape, parameters in self.groups.items():
                self._muon(shape, parameters, self.muon_rate * scale)
        self.zero()
        return norm

    def zero(self) -> None:
        """Forgets the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    def _muon(self, shape: tuple[int, ...], parameters: list[nn.Parameter], rate: float) -> None:
        grads = [p.grad if p.grad is not None else torch.zeros_like(p) for p in parameters]
        buffers = [self.momentum[p] for p in parameters]
        torch._foreach_lerp_(buffers, grads, 0.05)
        mixed = torch._foreach_lerp(grads, buffers, 0.95)
        stack = torch.cat([m.reshape(-1, *shape) for m in mixed])
        update = orthogonal(stack, torch.bfloat16)
        step = rate * max(1.0, shape[0] / shape[1]) ** 0.5
        start = 0
        for parameter in parameters:
            n = parameter.numel() // (shape[0] * shape[1])
            parameter.mul_(1 - rate * self.decay)
            parameter.add_(update[start : start + n].view_as(parameter), alpha=-step)
            start += n

    def state(self) -> dict[str, object]:
        """What resuming needs."""
        return {"momentum": list(self.momentum.values()), "adam": self.adam.state_dict(), "skipped": self.skipped}

    def load(self, state: dict[str, object]) -> None:
        """Goes on from `state`."""
        for buffer, saved in zip(self.momentum.values(), state["momentum"], strict=True):  # type: ignore[call-overload]
            buffer.copy_(saved)
        self.adam.load_state_dict(state["adam"])  # type: ignore[arg-type]
        self.skipped = int(state["skipped"])  # type: ignore[call-overload]
