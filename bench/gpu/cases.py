# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The shapes that are measured on GPUs, and what follows from a shape. All are causal."""

import dataclasses

BYTES = {"bf16": 2, "f16": 2}
PREDICTIONS = "predictions.csv"  # what the compiler predicts of the cases
NEEDED, EXECUTED = 5, 7  # products of backward: all that there are, and with logits and dP made twice


def pairs(n, w1, w2):
    """The allowed pairs of keys of n queries, together."""
    return sum(min(i + 1, w1) * min(i + 1, w2) for i in range(n))


def flops(batch, n, heads, d, w1, w2):
    """Of the two products: 4 D for each query, head and allowed pair."""
    return 4 * batch * heads * d * pairs(n, w1, w2)


def types(dtype, batch, n, hq, hk, d):
    """Of q, out and their gradients; of keys, values and theirs; of lse."""
    q, kv = f"tensor<{batch}x{n}x{hq}x{d}x{dtype}>", f"tensor<{batch}x{n}x{hk}x{d}x{dtype}>"
    return q, kv, f"tensor<{batch}x{hq}x{n}xf32>"


def module(dtype, batch, n, hq, hk, d, w1, w2):
    """A module with a function @f that is one attention; `batch` and `n` may be "?"."""
    q, kv, lse = types(dtype, batch, n, hq, hk, d)
    return f"""func.func @f(%q: {q}, %k1: {kv}, %k2: {kv}, %v1: {kv}, %v2: {kv}) -> ({q}, {lse}) {{
  %out, %lse = "simplicial.attention"(%q, %k1, %k2, %v1, %v2) {{w1 = {w1} : i64, w2 = {w2} : i64, causal}}
    : ({q}, {kv}, {kv}, {kv}, {kv}) -> ({q}, {lse})
  return %out, %lse : {q}, {lse}
}}
"""


def gradient_module(dtype, batch, n, hq, hk, d, w1, w2):
    """A module with a function @g that has the five gradients of that attention, from its results and d_out."""
    q, kv, lse = types(dtype, batch, n, hq, hk, d)
    inputs, results = f"{q}, {kv}, {kv}, {kv}, {kv}, {q}, {lse}, {q}", f"{q}, {kv}, {kv}, {kv}, {kv}"
    return f"""func.func @g(%q: {q}, %k1: {kv}, %k2: {kv}, %v1: {kv}, %v2: {kv}, %out: {q}, %lse: {lse}, %d_out: {q})
    -> ({results}) {{
  %d:5 = "simplicial.attention_grad"(%q, %k1, %k2, %v1, %v2, %out, %lse, %d_out)
    {{w1 = {w1} : i64, w2 = {w2} : i64, causal}} : ({inputs}) -> ({results})
  return %d#0, %d#1, %d#2, %d#3, %d#4 : {results}
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
    grad: bool = False  # with the gradients, too

    @property
    def kernel(self):
        """The name of what is compiled, which serves all B and N."""
        name = f"{self.dtype}_hq{self.Hq}_hk{self.Hk}_d{self.D}_w{self.w1}_{self.w2}"
        return f"grad_{name}" if self.grad else name

    @property
    def module(self):
        """Of the functions: @f, and @g if the case is one of gradients."""
        shape = (self.dtype, "?", "?", self.Hq, self.Hk, self.D, self.w1, self.w2)
        return module(*shape) + (gradient_module(*shape) if self.grad else "")

    @property
    def static_module(self):
        """What is predicted, with the B and N of the measurement: @f or, of a case of gradients, @g."""
        make = gradient_module if self.grad else module
        return make(self.dtype, self.B, self.N, self.Hq, self.Hk, self.D, self.w1, self.w2)

    @property
    def flops(self):
        """Of forward."""
        return flops(self.B, self.N, self.Hq, self.D, self.w1, self.w2)

    def products(self, count):
        """Operations of so many products: 2 D for each query, head and allowed pair, in each."""
        return count * self.flops // 2

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


def gradient(hq=64, hk=1, d=128, w1=32, w2=512, n=4096, dtype="bf16"):
    name = f"grad-{dtype}-n{n}-h{hq}-hk{hk}-d{d}-w{w1}x{w2}"
    return Case(name, B=4, N=n, Hq=hq, Hk=hk, D=d, dtype=dtype, w1=w1, w2=w2, grad=True)


# Of which backward is measured beside forward, in that order.
GRADIENTS = [
    gradient(),
    gradient(hq=128),
    # What trainers bring.
    gradient(hq=8, hk=2),
    gradient(hq=8, hk=2, w1=512, w2=32),
    gradient(hq=16, hk=16, d=64, w1=128, w2=32),
    gradient(d=64),
    gradient(dtype="f16"),
    gradient(n=16384),
    gradient(hq=128, n=16384),
]

# In the order in which they are measured: what matters most comes first, in case that time runs out.
# Gradients have a run of their own.
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
    *GRADIENTS,
]
