# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Causal 2-simplicial attention and its gradients in torch, from their definition, and what makes a result right."""

import functools
import random

import torch

from cases import documents

DEVICE = "cuda"
TYPES = {"bf16": torch.bfloat16, "f16": torch.float16}


def starts(batch, n):
    """Of packed sequences of documents: for each position where its document begins, [B, N]."""
    return torch.tensor([[begin for begin, end in documents(n, b) for _ in range(begin, end)] for b in range(batch)],
                        dtype=torch.int32, device=DEVICE)


def attention(inputs, w1, w2, queries, dtype=torch.float64, rounded=lambda x: x, begins=None):
    """(out, lse) of some queries, computed in `dtype`; `rounded` is what the left operands of the two products become.

    q is [B, Nq, Hq, D], of the last positions; k1, k2, v1, v2 are [B, N, Hk, D], and behind them there may be `starts`,
    [B, N]; out is [B, queries, Hq, D]; lse is [B, Hq, queries]. A window of 0 is all keys. `begins`: the starts of the one
    sequence that there is.
    """
    if len(inputs) == 6:
        *inputs, start = inputs
        of_one = [attention([x[b:b + 1] for x in inputs], w1, w2, queries, dtype, rounded, begins)
                  for b, begins in enumerate(start.tolist())]
        return tuple(torch.cat(x) for x in zip(*of_one))
    q, k1, k2, v1, v2 = (x.to(dtype) for x in inputs)
    kv_heads, dim = k1.shape[2:]
    shift = k1.shape[1] - q.shape[1]
    q = q.unflatten(2, (kv_heads, -1))
    k1, k2, v1, v2 = (x.transpose(1, 2) for x in (k1, k2, v1, v2))
    outs, lses = [], []
    for i in queries:
        begin = begins[i + shift] if begins else 0
        js, ks = (slice(max(begin, i + shift - width + 1) if width else begin, i + shift + 1) for width in (w1, w2))
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


def gradients(inputs, w1, w2, dtype=torch.float64, rounded=None):
    """(d_q, d_k1, d_k2, d_v1, d_v2) by the formulas, computed in `dtype`; `inputs` are q, k1, k2, v1, v2, out, lse, d_out.

    `rounded` is what the left operands of products become. As kernels have it, d_q then comes from products whose rows
    are (query, key j): q k1, d_out v1, dS; all else from those whose rows are (key j, key k): k1 k2, v1 v2, P, dS.
    """
    q, k1, k2, v1, v2, out, lse, d_out = (x.to(dtype) for x in inputs)
    n, kv_heads, dim = k1.shape[1:]
    scale = dim ** -0.5
    delta = (d_out * out).sum(-1).unflatten(2, (kv_heads, -1))  # [B, N, Hk, G]
    lse = lse.unflatten(1, (kv_heads, -1))  # [B, Hk, G, N]
    q, d_out = (x.unflatten(2, (kv_heads, -1)) for x in (q, d_out))  # [B, N, Hk, G, D]
    k1, k2, v1, v2 = (x.transpose(1, 2) for x in (k1, k2, v1, v2))  # [B, Hk, N, D]
    d_q, d_k1, d_k2, d_v1, d_v2 = (torch.zeros_like(x) for x in (q, k1, k2, v1, v2))
    for i in range(n):
        js, ks = slice(max(0, i - w1 + 1), i + 1), slice(max(0, i - w2 + 1), i + 1)
        qi, di, k1j, k2k, v1j, v2k = q[:, i], d_out[:, i], k1[:, :, js], k2[:, :, ks], v1[:, :, js], v2[:, :, ks]
        rows, d_rows = (x[:, :, :, None] * y[:, :, None] for x, y in ((qi, k1j), (di, v1j)))  # [B, Hk, G, J, D]
        by_heads = functools.partial(torch.unflatten, dim=2, sizes=rows.shape[2:4])

        def weights(s, dp):
            """P and dS, [B, Hk, G, J, K]."""
            p = torch.exp(scale * s - lse[..., i, None, None])
            return p, p * (dp - delta[:, i, ..., None, None])

        left = rounded or (lambda x: x)
        p, ds = weights(*(by_heads(left(x).flatten(2, 3) @ y.mT) for x, y in ((rows, k2k), (d_rows, v2k))))
        d_q[:, i] = scale * (k1j[:, :, None] * by_heads(left(ds).flatten(2, 3) @ k2k)).sum(3)
        if rounded:
            pairs = ((x[:, :, :, None] * y[:, :, None], z) for x, y, z in ((k1j, k2k, qi), (v1j, v2k, di)))
            p, ds = weights(*((rounded(x).flatten(2, 3) @ z.mT).unflatten(2, x.shape[2:4]).movedim(-1, 2)
                              for x, z in pairs))
            p, ds = rounded(p), rounded(ds)
        p, ds, rows, d_rows = (x.flatten(2, 3) for x in (p, ds, rows, d_rows))
        d_k1[:, :, js] += scale * (by_heads(ds @ k2k) * qi[:, :, :, None]).sum(2)
        d_k2[:, :, ks] += scale * (ds.mT @ rows)
        d_v1[:, :, js] += (by_heads(p @ v2k) * di[:, :, :, None]).sum(2)
        d_v2[:, :, ks] += p.mT @ d_rows
    return (d_q.flatten(2, 3), *(x.transpose(1, 2) for x in (d_k1, d_k2, d_v1, d_v2)))


def synchronize():
    if DEVICE == "cuda":
        torch.cuda.synchronize()


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
    """All of n if they are few; else where windows begin to slide, the ends, and some between."""
    if n <= 128:
        return list(range(n))
    corners = {0, 1, 2, w1 - 1, w1, w2 - 1, w2, n // 2, n - 2, n - 1}
    return sorted({i for i in corners if 0 <= i < n} | set(random.Random(n).sample(range(n), 12)))


def random_inputs(case, n, std, batch):
    """q, k1, k2, v1, v2 with logits of standard deviation `std`, and what makes more of them."""
    dtype = TYPES[case.dtype]
    generator = torch.Generator(device=DEVICE).manual_seed(n)
    normal = lambda heads: torch.randn(batch, n, heads, case.D, device=DEVICE, generator=generator)
    q = normal(case.Hq)[:, -(case.Nq or n):].contiguous()
    return [x.to(dtype) for x in (std * q, *(normal(case.Hk) for _ in range(4)))], normal


class Check:
    """Inputs with logits of standard deviation `std`, and the results that are right for them."""

    def __init__(self, case, n, std, batch=2):
        self.case, self.n, self.std = case, n, std
        dtype = TYPES[case.dtype]
        self.inputs, _ = random_inputs(case, n, std, batch)
        if case.packed:
            self.inputs.append(starts(batch, n))
        self.queries = some_queries(case.Nq or n, case.w1, case.w2)
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
        lse = torch.full((q.shape[0], q.shape[2], q.shape[1]), float("nan"), device=q.device)
        function(self.inputs, (out, lse))
        synchronize()
        right = bool(torch.isfinite(out).all() and torch.isfinite(lse).all())
        parts = [] if right else ["not finite"]
        errors = self.errors(out[:, self.queries], lse[:, :, self.queries])
        for (name, _, _, slack), error, rounding in zip(MEASURES, errors, self.limits):
            limit = 2 * rounding + slack
            parts.append(f"{name} {error:.1e}/{limit:.1e}")
            right = right and error <= limit
        return f"{'ok  ' if right else 'FAIL'} N={self.n} std={self.std}: {', '.join(parts)}", right


NAMES = ("d_q", "d_k1", "d_k2", "d_v1", "d_v2")


def typical_row(got, want):
    """The largest error of a row of D elements, relative to its norm and a typical row's: single rows may nearly vanish."""
    norms = torch.linalg.vector_norm(want, dim=-1)
    typical = torch.sqrt(torch.mean(norms ** 2))
    return float((torch.linalg.vector_norm(got - want, dim=-1) / (norms + typical)).max())


class GradientCheck:
    """Inputs of the gradients, `out` and `lse` those of float64, and the gradients that are right for them."""

    # For each measure of a gradient, its name, and how many times the error of the computation that rounds is allowed.
    MEASURES = [("", relative, 2), (" row", typical_row, 3)]
    LEAST = 1e-5

    def __init__(self, case, n, std, batch=2):
        self.n, self.std = n, std
        dtype = TYPES[case.dtype]
        inputs, normal = random_inputs(case, n, std, batch)
        out, lse = attention(inputs, case.w1, case.w2, range(n))
        self.inputs = [*inputs, out.to(dtype), lse.float(), normal(case.Hq).to(dtype)]
        self.want = gradients(self.inputs, case.w1, case.w2)
        rounded = lambda x: x.to(dtype).to(x.dtype)
        plain = gradients(self.inputs, case.w1, case.w2, torch.float32, rounded)
        self.limits = [[times * measure(x.to(dtype).double(), want) + self.LEAST for _, measure, times in self.MEASURES]
                       for x, want in zip(plain, self.want)]

    def __call__(self, function):
        """(line to print, whether it is right) of function(inputs, results)."""
        results = [torch.full_like(x, float("nan")) for x in self.inputs[:5]]
        function(self.inputs, results)
        synchronize()
        parts, right = [], True
        for name, got, want, limits in zip(NAMES, results, self.want, self.limits):
            if not torch.isfinite(got).all():
                parts.append(f"{name} not finite")
                right = False
                continue
            for (what, measure, _), limit in zip(self.MEASURES, limits):
                error = measure(got.double(), want)
                parts.append(f"{name}{what} {error:.1e}/{limit:.1e}")
                right = right and error <= limit
        return f"{'ok  ' if right else 'FAIL'} gradients N={self.n} std={self.std}: {', '.join(parts)}", right


def gradient_checks(case):
    """Fewer queries than a window, whole windows, and large logits."""
    n = max(case.w1, case.w2) + 61
    return [GradientCheck(case, 77, 1), GradientCheck(case, n, 1), GradientCheck(case, n, 3)]


def checks(case):
    """Of a kernel: fewer queries than a window, whole windows, and large logits. Of few queries there are more sequences:
    the largest error of a dozen rows is a matter of luck."""
    n, batch = max(case.w1, case.w2 or 512) + 61, 32 if case.Nq else 2
    return [Check(case, 77, 1, batch), Check(case, n, 1, batch), Check(case, n, 3, batch)]
