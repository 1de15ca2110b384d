"""The nano network for training: weights, names and mathematics of transformers' Qwen3_5Moe, but rows of packed
samples with constant shapes, all experts as one gated matrix product, and vision attention over packed rows of patches.

A test holds the logits equal to Qwen3_5MoeForConditionalGeneration.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .delta import RESET, gated_delta_rule
from .pack import Batch
from .sizes import THETA, Size

Rotation = tuple[Tensor, Tensor]


def rotate(x: Tensor, rotation: Rotation) -> Tensor:
    """Rotates the first dims of `x` `[batch, heads, length, dim]` by `(cos, sin)` `[batch, length, rotary]`."""
    cos, sin = (part.unsqueeze(1) for part in rotation)
    n = cos.shape[-1]
    turned, rest = x[..., :n].float(), x[..., n:]
    first, second = turned.chunk(2, -1)
    turned = turned * cos + torch.cat((-second, first), -1) * sin
    return torch.cat((turned.to(x.dtype), rest), -1)


class Norm(nn.Module):
    """Root mean square norm around zero: weight 0 means 1."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(dim))

    def forward(self, x: Tensor) -> Tensor:
        wide = x.float()
        wide = wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + 1e-6)
        return (wide * (1 + self.weight.float())).to(x.dtype)


class GatedNorm(nn.Module):
    """The norm at the end of DeltaNet, gated by `z`."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor, gate: Tensor) -> Tensor:
        wide = x.float()
        wide = wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + 1e-6)
        return wide * self.weight * F.silu(gate.float())


def linear(inputs: int, outputs: int) -> nn.Linear:
    """A matrix without bias."""
    return nn.Linear(inputs, outputs, bias=False)


class DeltaNet(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size
        width = 2 * size.key_dim + size.value_dim
        self.conv1d = nn.Conv1d(width, width, size.conv, groups=width, bias=False)
        # Memories from a few tokens to a thousand: with the family's own initial values (decays of e^-10 a token
        # for most heads) a short training never learns to remember.
        self.A_log = nn.Parameter(torch.zeros(size.value_heads))
        forgetting = torch.logspace(-3, -0.5, size.value_heads)
        self.dt_bias = nn.Parameter(forgetting.expm1().log())
        self.norm = GatedNorm(size.linear_dim)
        self.in_proj_qkv = linear(size.hidden, width)
        self.in_proj_z = linear(size.hidden, size.value_dim)
        self.in_proj_b = linear(size.hidden, size.value_heads)
        self.in_proj_a = linear(size.hidden, size.value_heads)
        self.out_proj = linear(size.value_dim, size.hidden)

    def forward(self, x: Tensor, age: Tensor) -> Tensor:
        """`x` `[batch, length, hidden]`; `age` `[batch, length]` counts tokens within each sample."""
        size, (batch, length, _) = self.size, x.shape
        mixed = self.in_proj_qkv(x)
        taps = self.conv1d.weight.squeeze(1)  # [width, 4], the newest last
        total = mixed * taps[:, -1]
        for back in range(1, size.conv):
            earlier = F.pad(mixed, (0, 0, back, 0))[:, :length] * (age >= back).unsqueeze(-1)
            total = total + earlier * taps[:, -1 - back]
        mixed = F.silu(total).float()
        q, k, v = mixed.split([size.key_dim, size.key_dim, size.value_dim], -1)
        q, k, v = (part.reshape(batch, length, -1, size.linear_dim) for part in (q, k, v))
        q, k = (part * torch.rsqrt(part.pow(2).sum(-1, keepdim=True) + 1e-6) for part in (q, k))
        groups = size.value_heads // size.key_heads
        if groups > 1:
            q, k = (part.repeat_interleave(groups, 2) for part in (q, k))
        beta = self.in_proj_b(x).float().sigmoid()
        decay = -self.A_log.float().exp() * F.softplus(self.in_proj_a(x).float() + self.dt_bias)
        decay = torch.where((age == 0).unsqueeze(-1), RESET, decay.clamp(min=RESET))
        with torch.autocast(x.device.type, enabled=False):
            out = gated_delta_rule(q, k, v, decay, beta, 64 if x.is_cuda else 32)
        z = self.in_proj_z(x).reshape(batch, length, -1, size.linear_dim)
        return self.out_proj(self.norm(out, z).reshape(batch, length, -1).to(x.dtype))


class Attention(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size
        self.q_proj = linear(size.hidden, size.heads * size.head_dim * 2)
        self.k_proj = linear(size.hidden, size.kv_heads * size.head_dim)
        self.v_proj = linear(size.hidden, size.kv_heads * size.head_dim)
        self.o_proj = linear(size.heads * size.head_dim, size.hidden)
        self.q_norm = Norm(size.head_dim)
        self.k_norm = Norm(size.head_dim)

    def forward(self, x: Tensor, rotation: Rotation, mask: Tensor) -> Tensor:
        """`mask` `[batch, 1, length, length]`: True where a token may look."""
        size, (batch, length, _) = self.size, x.shape
        q, gate = self.q_proj(x).view(batch, length, size.heads, -1).chunk(2, -1)
        k = self.k_proj(x).view(batch, length, size.kv_heads, -1)
        v = self.v_proj(x).view(batch, length, size.kv_heads, -1).transpose(1, 2)
        q, k = rotate(self.q_norm(q).transpose(1, 2), rotation), rotate(self.k_norm(k).transpose(1, 2), rotation)
        groups = size.heads // size.kv_heads
        k, v = (part.repeat_interleave(groups, 1) for part in (k, v))
        out = F.scaled_dot_product_attention(q.to(v.dtype), k.to(v.dtype), v, attn_mask=mask)
        out = out.transpose(1, 2).reshape(batch, length, -1) * gate.reshape(batch, length, -1).sigmoid()
        return self.o_proj(out)


class Mlp(nn.Module):
    def __init__(self, hidden: int, width: int) -> None:
        super().__init__()
        self.gate_proj, self.up_proj, self.down_proj = (
            linear(hidden, width),
            linear(hidden, width),
            linear(width, hidden),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Router(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(size.experts, size.hidden).normal_(0, 0.02))


class Experts(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.gate_up_proj = nn.Parameter(torch.empty(size.experts, 2 * size.expert_dim, size.hidden).normal_(0, 0.02))
        self.down_proj = nn.Parameter(torch.empty(size.experts, size.hidden, size.expert_dim).normal_(0, 0.02))


class Mixture(nn.Module):
    """Routed and shared experts."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size
        self.gate = Router(size)
        self.experts = Experts(size)
        self.shared_expert = Mlp(size.hidden, size.shared_dim)
        self.shared_expert_gate = linear(size.hidden, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the output and the balance of the load: 1 when even, more when not."""
        size, flat = self.size, x.reshape(-1, x.shape[-1])
        probabilities = F.linear(flat, self.gate.weight).float().softmax(-1)
        top, index = probabilities.topk(size.chosen, -1)
        weights = torch.zeros_like(probabilities).scatter(1, index, top / top.sum(-1, keepdim=True))
        load = (weights > 0).float().mean(0) / size.chosen
        balance = size.experts * (load * probabilities.mean(0)).sum()
        out = self._all(flat, weights) if x.is_cuda else self._chosen(flat, weights)
        shared = self.shared_expert_gate(flat).sigmoid() * self.shared_expert(flat)
        return (out + shared).view_as(x), balance

    def _all(self, flat: Tensor, weights: Tensor) -> Tensor:
        """Every expert for every token, the unchosen ones times zero: two large products with constant shapes."""
        size = self.size
        both = F.linear(flat, self.experts.gate_up_proj.flatten(0, 1)).view(-1, size.experts, 2, size.expert_dim)
        inner = F.silu(both[:, :, 0]) * both[:, :, 1] * weights.unsqueeze(-1).to(both.dtype)
        return F.linear(inner.flatten(1), self.experts.down_proj.transpose(0, 1).flatten(1))

    @torch.compiler.disable
    def _chosen(self, flat: Tensor, weights: Tensor) -> Tensor:
        """Each expert for its own tokens: rows sorted by expert, one pair of products for each."""
        chosen = weights.t().nonzero()  # [tokens * chosen, 2]: expert, token; sorted by expert
        rows, sizes = chosen[:, 1], torch.bincount(chosen[:, 0], minlength=self.size.experts).tolist()
        up = zip(flat[rows].split(sizes), self.experts.gate_up_proj, strict=True)
        gate, value = torch.cat([F.linear(part, matrix) for part, matrix in up]).chunk(2, -1)
        down = zip((F.silu(gate) * value).split(sizes), self.experts.down_proj, strict=True)
        parts = torch.cat([F.linear(part, matrix) for part, matrix in down])
        parts = parts * weights[rows, chosen[:, 0], None].to(parts.dtype)
        return torch.zeros_like(flat).index_add(0, rows, parts.to(flat.dtype))


class DeltaLayer(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.linear_attn = DeltaNet(size)
        self.mlp = Mixture(size)
        self.input_layernorm, self.post_attention_layernorm = Norm(size.hidden), Norm(size.hidden)

    def forward(self, x: Tensor, age: Tensor) -> tuple[Tensor, Tensor]:
        x = x + self.linear_attn(self.input_layernorm(x), age)
        out, balance = self.mlp(self.post_attention_layernorm(x))
        return x + out, balance


class AttentionLayer(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.self_attn = Attention(size)
        self.mlp = Mixture(size)
        self.input_layernorm, self.post_attention_layernorm = Norm(size.hidden), Norm(size.hidden)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        x = x + self.self_attn(self.input_layernorm(x), (cos, sin), mask)
        out, balance = self.mlp(self.post_attention_layernorm(x))
        return x + out, balance


class LanguageModel(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size
        self.embed_tokens = nn.Embedding(size.vocab, size.hidden)
        self.layers = nn.ModuleList(
            AttentionLayer(size) if size.attends(i) else DeltaLayer(size) for i in range(size.layers)
        )
        self.norm = Norm(size.hidden)

    def rotation(self, positions: Tensor) -> Rotation:
        """Interleaved M-RoPE of `positions` `[3, batch, length]`: h and w take every third frequency."""
        size = self.size
        steps = torch.arange(0, size.rotary_dim, 2, device=positions.device, dtype=torch.float32)
        angles = positions[..., None].float() * THETA ** (-steps / size.rotary_dim)
        axes = torch.zeros(size.rotary_dim // 2, dtype=torch.long)
        for axis in (1, 2):
            axes[axis : size.sections[axis] * 3 : 3] = axis
        index = axes.to(positions.device).expand(*angles.shape[1:]).unsqueeze(0)
        chosen = angles.gather(0, index).squeeze(0)
        both = torch.cat((chosen, chosen), -1)
        return both.cos(), both.sin()

    def forward(self, x: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        cos, sin = self.rotation(batch.positions)
        same = batch.segments.unsqueeze(1) == batch.segments.unsqueeze(2)
        mask = same.tril().unsqueeze(1)
        balance = x.new_zeros((), dtype=torch.float32)
        for layer in self.layers:
            x, part = layer(x, cos, sin, mask) if isinstance(layer, AttentionLayer) else layer(x, batch.age)
            balance = balance + part
        return self.norm(x), balance / len(self.layers)


class VisionMlp(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.linear_fc1, self.linear_fc2 = (
            nn.Linear(size.vision_hidden, size.vision_mlp),
            nn.Linear(size.vision_mlp, size.vision_hidden),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.linear_fc2(F.gelu(self.linear_fc1(x), approximate="tanh"))


class VisionAttention(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.heads = size.vision_heads
        self.qkv, self.proj = (
            nn.Linear(size.vision_hidden, 3 * size.vision_hidden),
            nn.Linear(size.vision_hidden, size.vision_hidden),
        )

    def forward(self, x: Tensor, rotation: Rotation, mask: Tensor) -> Tensor:
        rows, length, _ = x.shape
        q, k, v = self.qkv(x).view(rows, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        out = F.scaled_dot_product_attention(rotate(q, rotation), rotate(k, rotation), v, attn_mask=mask)
        return self.proj(out.transpose(1, 2).reshape(rows, length, -1))


class VisionBlock(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(size.vision_hidden, 1e-6), nn.LayerNorm(size.vision_hidden, 1e-6)
        self.attn, self.mlp = VisionAttention(size), VisionMlp(size)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x), (cos, sin), mask)
        return x + self.mlp(self.norm2(x))


class PatchEmbed(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.proj = nn.Conv3d(3, size.vision_hidden, (2, 16, 16))

    def forward(self, pixels: Tensor) -> Tensor:
        return F.linear(pixels, self.proj.weight.flatten(1), self.proj.bias)


class Merger(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        wide = size.vision_hidden * 4
        self.norm = nn.LayerNorm(size.vision_hidden, 1e-6)
        self.linear_fc1, self.linear_fc2 = nn.Linear(wide, wide), nn.Linear(wide, size.hidden)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear_fc2(F.gelu(self.linear_fc1(self.norm(x).reshape(-1, x.shape[-1] * 4))))


class VisionTower(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size
        self.patch_embed = PatchEmbed(size)
        self.pos_embed = nn.Embedding(size.vision_side**2, size.vision_hidden)
        self.blocks = nn.ModuleList(VisionBlock(size) for _ in range(size.vision_layers))
        self.merger = Merger(size)

    def forward(self, batch: Batch) -> Tensor:
        """Vision tokens `[slots / 4, hidden]` of the packed patches, in their order."""
        size = self.size
        pixels = (batch.patches.to(self.pos_embed.weight.dtype) - 127.5) / 127.5
        x = self.patch_embed(pixels)
        taps = self.pos_embed(batch.tap_index) * batch.tap_weight.unsqueeze(-1)
        x = x + taps.sum(-2).to(x.dtype)
        half = size.vision_hidden // size.vision_heads // 2
        steps = torch.arange(0, half, 2, device=x.device, dtype=torch.float32)
        angles = (batch.places[..., None].float() * 10000.0 ** (-steps / half)).flatten(-2)  # [R, P, 2 * half/2]
        both = torch.cat((angles, angles), -1)
        mask = (batch.frames.unsqueeze(1) == batch.frames.unsqueeze(2)).unsqueeze(1)
        cos, sin = both.cos(), both.sin()
        for block in self.blocks:
            x = block(x, cos, sin, mask)
        return self.merger(x)


class Body(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.visual = VisionTower(size)
        self.language_model = LanguageModel(size)


class Nano(nn.Module):
    """The trainable model; its state dict is the checkpoint's."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size
        self.model = Body(size)
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, 0, 0.02)
            if isinstance(module, nn.Linear) and module.bias is not None:
                nn.init.zeros_(module.bias)

    def hidden(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Last hidden states `[batch, length, hidden]`, and the experts' balance."""
        x = self.model.language_model.embed_tokens(batch.ids)
        seen = self.model.visual(batch).to(x.dtype)
        rows, length, width = x.shape
        # Slots without a token of their own write into a row behind the last.
        x = torch.cat((x.view(-1, width), x.new_zeros(1, width))).index_copy(0, batch.slots, seen)[:-1]
        return self.model.language_model(x.view(rows, length, width), batch)

    def logits(self, hidden: Tensor) -> Tensor:
        """The tied head."""
        return F.linear(hidden, self.model.language_model.embed_tokens.weight.to(hidden.dtype))

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Weighted cross-entropy of the next token; what it is made of, and which answer tokens were right."""
        hidden, balance = self.hidden(batch)
        targets, weights = batch.ids[:, 1:].flatten(), batch.weights[:, 1:].flatten()
        states = hidden[:, :-1].flatten(0, 1)
        spoken = weights >= 1
        if not states.is_cuda:  # a large head is dear there: all of the answers, a third of the rest
            kept = (spoken | ((weights > 0) & (torch.rand_like(weights) < 0.3))).nonzero().squeeze(1)
            states, targets, weights = states[kept], targets[kept], weights[kept]
        logits = self.logits(states).float()
        each = F.cross_entropy(logits, targets, reduction="none")
        total = (each * weights).sum() / weights.sum().clamp(min=1)
        answers = (each.detach() * (weights >= 1)).sum() / spoken.sum().clamp(min=1)
        missed = (logits.detach().argmax(-1) != targets) & (weights >= 1)
        wrong = spoken.masked_scatter(spoken, missed[weights >= 1])
        return total + 0.01 * balance, {
            "answers": answers,
            "balance": balance.detach(),
            "wrong": wrong.view(len(batch.ids), -1),
        }
