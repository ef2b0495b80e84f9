# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The shapes that are measured on GPUs, and what follows from a shape. All are causal."""

import dataclasses

BYTES = {"bf16": 2, "f16": 2}
PREDICTIONS = "predictions.csv"  # what the compiler predicts of the cases


def pairs(n, w1, w2):
    """The allowed pairs of keys of n queries, together."""
    return sum(min(i + 1, w1) * min(i + 1, w2) for i in range(n))


def flops(batch, n, heads, d, w1, w2):
    """Of the two products: 4 D for each query, head and allowed pair."""
    return 4 * batch * heads * d * pairs(n, w1, w2)


def module(dtype, batch, n, hq, hk, d, w1, w2):
    """A module with a function @f that is one attention; `batch` and `n` may be "?"."""
    q, kv = f"tensor<{batch}x{n}x{hq}x{d}x{dtype}>", f"tensor<{batch}x{n}x{hk}x{d}x{dtype}>"
    lse = f"tensor<{batch}x{hq}x{n}xf32>"
    return f"""func.func @f(%q: {q}, %k1: {kv}, %k2: {kv}, %v1: {kv}, %v2: {kv}) -> ({q}, {lse}) {{
  %out, %lse = "simplicial.attention"(%q, %k1, %k2, %v1, %v2) {{w1 = {w1} : i64, w2 = {w2} : i64, causal}}
    : ({q}, {kv}, {kv}, {kv}, {kv}) -> ({q}, {lse})
  return %out, %lse : {q}, {lse}
}}
"""


@dataclasses.dataclass(frozen=True)
class Case:
    """A shape. B and N are of a measurement; the rest is the compiled function's."""
    name: str
    B: int
    N: int
    Hq: int
    Hk: int
    D: int
    dtype: str
    w1: int
    w2: int

    @property
    def kernel(self):
        """The name of the compiled function, which serves all B and N."""
        return f"{self.dtype}_hq{self.Hq}_hk{self.Hk}_d{self.D}_w{self.w1}_{self.w2}"

    @property
    def module(self):
        return module(self.dtype, "?", "?", self.Hq, self.Hk, self.D, self.w1, self.w2)

    @property
    def static_module(self):
        """The same with the B and N of the measurement."""
        return module(self.dtype, self.B, self.N, self.Hq, self.Hk, self.D, self.w1, self.w2)

    @property
    def flops(self):
        return flops(self.B, self.N, self.Hq, self.D, self.w1, self.w2)

    @property
    def bytes(self):
        """Of the inputs and the results, each moved once."""
        rows = 2 * self.Hq + 4 * self.Hk
        return self.B * self.N * (rows * self.D * BYTES[self.dtype] + 4 * self.Hq)


def case(n, heads, w2, d=128, dtype="bf16"):
    return Case(f"{dtype}-n{n}-h{heads}-d{d}-w{w2}", B=4, N=n, Hq=heads, Hk=1, D=d, dtype=dtype, w1=32, w2=w2)


def grid(n):
    for heads, w2 in (128, 1024), (128, 512), (64, 1024), (64, 512), (128, 256), (64, 256):
        yield case(n, heads, w2)


# In the order in which they are measured: what matters most comes first, in case that time runs out.
CASES = [
    *grid(16384),
    *grid(4096),
    *[case(4096, heads, 512) for heads in (32, 16, 8, 4, 1)],
    *[case(16384, heads, 512) for heads in (32, 16, 8)],
    case(4096, 128, 512, d=64),
    case(4096, 128, 512, dtype="f16"),
    *grid(8192),
    *grid(2048),
    *grid(1024),
]
