# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A decoder-only Transformer in which every few layers attend to pairs of keys, and its equal with ordinary attention.

    tokens [B, N] -> embedding -> layers: x + attention(norm(x)), then x + SwiGLU(norm(x)) -> norm -> head

Layers `every`, 2 * `every` ... are 2-simplicial. In the model of `attention = "dot-product"` they are ordinary ones,
whose SwiGLU is wider by what the projections to second keys and values have parameters.
"""

import dataclasses

import torch
import torch.nn.functional as F
from tensor import Tensor
from torch import nn

from simplicial.torch import attention

STEP = 8  # widths of SwiGLU are multiples of it


@dataclasses.dataclass(frozen=True)
class Config:
    vocabulary: int = 256
    outputs: int = 256  # numbers that are predicted
    positions: int = 0  # how many have an embedding; 0: none, layers of dot products know them by rotation alone
    dim: int = 128
    layers: int = 4
    heads: int = 4
    kv_heads: int = 1
    head_dim: int = 32
    hidden: int = 0  # of SwiGLU; 0: 8/3 of dim
    attention: str = "simplicial"  # or "dot-product"
    every: int = 4
    w1: int | None = 32
    w2: int | None = 512
    form: str = "trilinear"
    rank: int = 0  # of a learnable tensor in place of the trilinear form; 0: none

    def __post_init__(self):
        if self.attention not in ("simplicial", "dot-product"):
            raise ValueError(f"attention is 'simplicial' or 'dot-product', not {self.attention!r}")
        if self.rank and self.form != "trilinear":
            raise ValueError(f"a tensor takes the place of the trilinear form, not of the {self.form} one")

    def has_pairs(self, layer: int) -> bool:
        """Whether the layer (from 0) is 2-simplicial in the simplicial model."""
        return (layer + 1) % self.every == 0

    def hidden_of(self, layer: int) -> int:
        hidden = self.hidden or round_to(8 * self.dim / 3)
        if self.attention == "dot-product" and self.has_pairs(layer):
            extra = 2 * self.dim * self.kv_heads * self.head_dim
            extra += (self.heads + 2 * self.kv_heads) * self.head_dim * self.rank
            hidden += round_to(extra / (3 * self.dim))
        return hidden


def round_to(x: float) -> int:
    return STEP * round(x / STEP)


class Whole:
    """How layers attend where a process has whole sequences; parallel.Split is for parts of them."""

    def positions(self, n: int, device: torch.device) -> torch.Tensor:
        return torch.arange(n, device=device)

    def dot_product(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        """Causal; q is [B, N, heads, D], k and v are [B, N, kv_heads, D]."""
        q, k, v = (x.transpose(1, 2) for x in (q, k, v))
        return F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True).transpose(1, 2)

    def simplicial(self, q, k1, k2, v1, v2, **attributes) -> torch.Tensor:
        return attention(q, k1, k2, v1, v2, **attributes)


def rotate(x: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """Rotary embedding of [B, N, heads, D]: pairs (d, D/2 + d) turn by position / 10000^(2d/D)."""
    half = x.shape[-1] // 2
    angle = positions[:, None, None] * 10000 ** (-torch.arange(half, device=x.device) / half)
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    a, b = x.split(half, -1)
    return torch.cat((a * cos - b * sin, a * sin + b * cos), -1)


class DotProduct(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.heads = [config.heads, config.kv_heads, config.kv_heads]
        self.qkv = nn.Linear(config.dim, sum(self.heads) * config.head_dim, bias=False)
        self.out = nn.Linear(config.heads * config.head_dim, config.dim, bias=False)

    def forward(self, x: torch.Tensor, context: Whole) -> torch.Tensor:
        q, k, v = self.qkv(x).unflatten(-1, (sum(self.heads), -1)).split(self.heads, -2)
        positions = context.positions(x.shape[1], x.device)
        return self.out(context.dot_product(rotate(q, positions), rotate(k, positions), v).flatten(-2))


class Simplicial(nn.Module):
    """simplicial.torch.TwoSimplicialAttention, with a context and, if it has a rank, a tensor."""

    def __init__(self, config: Config):
        super().__init__()
        self.heads = [config.heads] + 4 * [config.kv_heads]
        self.attributes = {"w1": config.w1, "w2": config.w2, "form": config.form}
        self.qkv = nn.Linear(config.dim, sum(self.heads) * config.head_dim, bias=False)
        self.out = nn.Linear(config.heads * config.head_dim, config.dim, bias=False)
        self.tensor = Tensor(config.heads, config.kv_heads, config.head_dim, config.rank) if config.rank else None

    def forward(self, x: torch.Tensor, context: Whole) -> torch.Tensor:
        inputs = self.qkv(x).unflatten(-1, (sum(self.heads), -1)).split(self.heads, -2)
        if self.tensor is None:
            out = context.simplicial(*inputs, **self.attributes)
        else:
            out = self.tensor(context.simplicial, *inputs, **self.attributes)
        return self.out(out.flatten(-2))


class SwiGLU(nn.Module):
    def __init__(self, dim: int, hidden: int):
        super().__init__()
        self.up = nn.Linear(dim, 2 * hidden, bias=False)
        self.out = nn.Linear(hidden, dim, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        gate, up = self.up(x).chunk(2, -1)
        return self.out(F.silu(gate) * up)


class Layer(nn.Module):
    def __init__(self, config: Config, number: int):
        super().__init__()
        kind = Simplicial if config.attention == "simplicial" and config.has_pairs(number) else DotProduct
        self.attention_norm, self.norm = nn.RMSNorm(config.dim), nn.RMSNorm(config.dim)
        self.attention = kind(config)
        self.swiglu = SwiGLU(config.dim, config.hidden_of(number))

    def forward(self, x: torch.Tensor, context: Whole) -> torch.Tensor:
        x = x + self.attention(self.attention_norm(x), context)
        return x + self.swiglu(self.norm(x))


class Transformer(nn.Module):
    """Its parameters are drawn from the generator alone: one seed, one model."""

    def __init__(self, config: Config, seed: int = 0):
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary, config.dim)
        self.positions = nn.Embedding(config.positions, config.dim) if config.positions else None
        self.layers = nn.ModuleList(Layer(config, number) for number in range(config.layers))
        self.norm = nn.RMSNorm(config.dim)
        self.head = nn.Linear(config.dim, config.outputs, bias=False)
        self.reset(torch.Generator().manual_seed(seed))

    @torch.no_grad()
    def reset(self, generator: torch.Generator):
        """Products keep the variance of their inputs; what is added to the residual stream, over all layers, too."""
        for name, module in self.named_modules():
            if isinstance(module, nn.Linear):
                module.weight.normal_(0, module.in_features ** -0.5, generator=generator)
                if name.endswith(".out"):
                    module.weight.mul_((2 * self.config.layers) ** -0.5)
            elif isinstance(module, nn.Embedding):
                module.weight.normal_(0, 0.5, generator=generator)
            elif isinstance(module, Tensor):
                module.reset(generator)

    def forward(self, tokens: torch.Tensor, context: Whole | None = None) -> torch.Tensor:
        """Tokens are [B, N], or [B, N, fields], of which the embeddings are added."""
        context = context or Whole()
        x = self.embedding(tokens)
        if tokens.dim() == 3:
            x = x.sum(2)
        if self.positions is not None:
            x = x + self.positions(context.positions(tokens.shape[1], tokens.device))
        for layer in self.layers:
            x = layer(x, context)
        return self.head(self.norm(x))


def count(model: nn.Module) -> int:
    """Parameters without those of embeddings and of the head."""
    outside = ("embedding.", "positions.", "head.")
    return sum(p.numel() for name, p in model.named_parameters() if not name.startswith(outside))
