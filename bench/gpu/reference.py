# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Causal 2-simplicial attention in torch, from its definition, and what makes a result right."""

import random

import torch

TYPES = {"bf16": torch.bfloat16, "f16": torch.float16}


def attention(inputs, w1, w2, queries, dtype=torch.float64, rounded=lambda x: x):
    """(out, lse) of some queries, computed in `dtype`; `rounded` is what the left operands of the two products become.

    q is [B, N, Hq, D]; k1, k2, v1, v2 are [B, N, Hk, D]; out is [B, queries, Hq, D]; lse is [B, Hq, queries].
    """
    q, k1, k2, v1, v2 = (x.to(dtype) for x in inputs)
    kv_heads, dim = k1.shape[2:]
    q = q.unflatten(2, (kv_heads, -1))
    k1, k2, v1, v2 = (x.transpose(1, 2) for x in (k1, k2, v1, v2))
    outs, lses = [], []
    for i in queries:
        js, ks = slice(max(0, i - w1 + 1), i + 1), slice(max(0, i - w2 + 1), i + 1)
        rows = rounded(q[:, i, :, :, None] * k1[:, :, None, js])  # [B, Hk, G, J, D]
        s = dim ** -0.5 * (rows.flatten(2, 3) @ k2[:, :, ks].mT)  # [B, Hk, G * J, K]
        s = s.unflatten(2, rows.shape[2:4])
        m = s.amax((3, 4), keepdim=True)
        p = torch.exp(s - m)
        total = p.sum((3, 4))
        pv = rounded(p).flatten(2, 3) @ v2[:, :, ks]
        out = (pv.unflatten(2, rows.shape[2:4]) * v1[:, :, None, js]).sum(3) / total[..., None]
        outs.append(out.flatten(1, 2))
        lses.append((m[..., 0, 0] + torch.log(total)).flatten(1, 2))
    return torch.stack(outs, 1), torch.stack(lses, 2)


def relative(got, want):
    """Norm of the difference over the norm."""
    return float(torch.linalg.vector_norm(got - want) / torch.linalg.vector_norm(want))


def worst_row(got, want):
    """The largest relative error of a row of D elements."""
    return float((torch.linalg.vector_norm(got - want, dim=-1) / torch.linalg.vector_norm(want, dim=-1)).max())


def worst_lse(got, want):
    return float(((got - want).abs() / want.abs().clamp(min=1)).max())


# For each measure, what it is of, and what is allowed beyond twice the error of the computation that rounds.
MEASURES = [("out", 0, relative, 1e-7), ("row", 0, worst_row, 1e-7), ("lse", 1, worst_lse, 1e-5)]


def some_queries(n, w1, w2):
    """All if they are few; else where windows begin to slide, the ends, and some between."""
    if n <= 128:
        return list(range(n))
    corners = {0, 1, 2, w1 - 1, w1, w2 - 1, w2, n // 2, n - 2, n - 1}
    return sorted({i for i in corners if i < n} | set(random.Random(n).sample(range(n), 12)))


class Check:
    """Inputs with logits of standard deviation `std`, and the results that are right for them."""

    def __init__(self, case, n, std, batch=2):
        self.case, self.n, self.std = case, n, std
        dtype = TYPES[case.dtype]
        generator = torch.Generator(device="cuda").manual_seed(n)
        normal = lambda heads: torch.randn(batch, n, heads, case.D, device="cuda", generator=generator)
        self.inputs = [x.to(dtype) for x in (std * normal(case.Hq), *(normal(case.Hk) for _ in range(4)))]
        self.queries = some_queries(n, case.w1, case.w2)
        self.want = attention(self.inputs, case.w1, case.w2, self.queries)
        rounded = lambda x: x.to(dtype).to(x.dtype)
        out, lse = attention(self.inputs, case.w1, case.w2, self.queries, torch.float32, rounded)
        self.limits = self.errors(out.to(dtype), lse)

    def errors(self, out, lse):
        got = (out.double(), lse.double())
        return [measure(got[which], self.want[which]) for _, which, measure, _ in MEASURES]

    def __call__(self, function):
        """(line to print, whether it is right) of function(inputs, results)."""
        q = self.inputs[0]
        out = torch.full_like(q, float("nan"))
        lse = torch.full((q.shape[0], q.shape[2], self.n), float("nan"), device=q.device)
        function(self.inputs, (out, lse))
        torch.cuda.synchronize()
        right = bool(torch.isfinite(out).all() and torch.isfinite(lse).all())
        parts = [] if right else ["not finite"]
        errors = self.errors(out[:, self.queries], lse[:, :, self.queries])
        for (name, _, _, slack), error, rounding in zip(MEASURES, errors, self.limits):
            limit = 2 * rounding + slack
            parts.append(f"{name} {error:.1e}/{limit:.1e}")
            right = right and error <= limit
        return f"{'ok  ' if right else 'FAIL'} N={self.n} std={self.std}: {', '.join(parts)}", right


def checks(case):
    """Of a kernel: fewer queries than a window, whole windows, and large logits."""
    return [Check(case, 77, 1), Check(case, case.w2 + 61, 1), Check(case, case.w2 + 61, 3)]
