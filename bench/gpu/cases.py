# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The shapes that are measured on GPUs, and what follows from a shape. All are causal; a window of 0 is all keys."""

import dataclasses
import itertools

BYTES = {"bf16": 2, "f16": 2}
PREDICTIONS = "predictions.csv"  # what the compiler predicts of the cases
NEEDED, EXECUTED = 5, 7  # products of backward: all that there are, and with logits and dP made twice


def pairs(n, w1, w2, queries=None):
    """The allowed pairs of n keys of the last `queries` queries (None: of n), together."""
    seen = lambda i, width: min(i + 1, width or i + 1)
    return sum(seen(i, w1) * seen(i, w2) for i in range(n - (n if queries is None else queries), n))


LENGTHS = 33, 260, 5, 700, 90, 1500, 480, 2900  # of documents


def documents(n, sequence):
    """(begin, end) of the documents of a sequence of n positions: of all lengths in turn, the last one cut."""
    ends, number = [0], sequence
    while ends[-1] < n:
        ends.append(min(n, ends[-1] + LENGTHS[number % len(LENGTHS)]))
        number += 1
    return list(itertools.pairwise(ends))


def types(dtype, batch, n, hq, hk, d, queries=None):
    """Of q, out and their gradients; of keys, values and theirs; of lse. None: as many queries as keys."""
    queries = queries or n
    q, kv = f"tensor<{batch}x{queries}x{hq}x{d}x{dtype}>", f"tensor<{batch}x{n}x{hk}x{d}x{dtype}>"
    return q, kv, f"tensor<{batch}x{hq}x{queries}xf32>"


def module(dtype, batch, n, hq, hk, d, w1, w2, queries=None, packed=False, few=False):
    """A module with a function @f that is one attention, `packed` with the documents' begins behind its inputs, `few` with
    another strategy for few queries; `batch` and `n` may be "?"."""
    q, kv, lse = types(dtype, batch, n, hq, hk, d, queries)
    windows = "".join(f"{name} = {width} : i64, " for name, width in (("w1", w1), ("w2", w2)) if width)
    start = f", tensor<{batch}x{n}xi32>" if packed else ""
    operand = ", %start" if packed else ""
    config = ", simplicial.config = {few = {}}" if few else ""
    argument = start.replace(", ", ", %start: ")
    return f"""func.func @f(%q: {q}, %k1: {kv}, %k2: {kv}, %v1: {kv}, %v2: {kv}{argument}) -> ({q}, {lse}) {{
  %out, %lse = "simplicial.attention"(%q, %k1, %k2, %v1, %v2{operand}) {{{windows}causal{config}}}
    : ({q}, {kv}, {kv}, {kv}, {kv}{start}) -> ({q}, {lse})
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
    Nq: int = 0         # queries, the last ones; static, if not as many as keys (0)
    packed: bool = False  # sequences are of documents
    few: bool = False     # it has a strategy for few queries, and so few

    @property
    def queries(self):
        return self.Nq or self.N

    @property
    def kernel(self):
        """The name of what is compiled, which serves all B and N."""
        name = f"{self.dtype}_hq{self.Hq}_hk{self.Hk}_d{self.D}_w{self.w1}_{self.w2}"
        name += (f"_q{self.Nq}" if self.Nq else "") + ("_packed" if self.packed else "") + ("_few" if self.few else "")
        return f"grad_{name}" if self.grad else name

    @property
    def module(self):
        """Of the functions: @f, and @g if the case is one of gradients."""
        shape = (self.dtype, "?", "?", self.Hq, self.Hk, self.D, self.w1, self.w2)
        gradient = gradient_module(*shape) if self.grad else ""
        return module(*shape, self.Nq or None, self.packed, self.few) + gradient

    @property
    def static_module(self):
        """What is predicted, with the B and N of the measurement: @f or, of a case of gradients, @g."""
        shape = (self.dtype, self.B, self.N, self.Hq, self.Hk, self.D, self.w1, self.w2)
        return gradient_module(*shape) if self.grad else module(*shape, self.Nq or None)

    @property
    def has_peer(self):
        """Whether the Triton kernels take it."""
        return self.Hk == 1 and self.w1 == 32 and self.w2 > 0 and not self.Nq and not self.of_documents

    @property
    def of_documents(self):
        """Whether it is one of those with documents, or without for comparison."""
        return self.name.startswith("documents-")

    @property
    def exponentials(self):
        """One for each query, head and allowed pair."""
        if self.packed:
            lengths = [end - begin for b in range(self.B) for begin, end in documents(self.N, b)]
            return self.Hq * sum(pairs(n, self.w1, self.w2) for n in lengths)
        return self.B * self.Hq * pairs(self.N, self.w1, self.w2, self.queries)

    @property
    def flops(self):
        """Of forward, of the two products: 4 D for each query, head and allowed pair."""
        return 4 * self.D * self.exponentials

    def products(self, count):
        """Operations of so many products: 2 D for each query, head and allowed pair, in each."""
        return count * self.flops // 2

    @property
    def bytes(self):
        """Of the results and the inputs that are seen, each moved once; not of documents' begins."""
        row = self.D * BYTES[self.dtype]
        seen = sum(2 * min(self.N, (width or self.N) + self.queries - 1) for width in (self.w1, self.w2))
        return self.B * (self.queries * self.Hq * (2 * row + 4) + seen * self.Hk * row)


def case(n, heads, w2, d=128, dtype="bf16"):
    return Case(f"{dtype}-n{n}-h{heads}-d{d}-w{w2}", B=4, N=n, Hq=heads, Hk=1, D=d, dtype=dtype, w1=32, w2=w2)


def grid(n):
    for heads, w2 in (128, 1024), (128, 512), (64, 1024), (64, 512), (128, 256), (64, 256):
        yield case(n, heads, w2)


def gradient(hq=64, hk=1, d=128, w1=32, w2=512, n=4096, dtype="bf16", batch=4):
    name = f"grad-{dtype}-{'' if batch == 4 else f'b{batch}-'}n{n}-h{hq}-hk{hk}-d{d}-w{w1}x{w2}"
    return Case(name, B=batch, N=n, Hq=hq, Hk=hk, D=d, dtype=dtype, w1=w1, w2=w2, grad=True)


# What people bring: heads, windows, and decoding, where there is one query.
USERS = [
    Case(f"users-{'decode-' if nq else ''}h{hq}-hk{hk}-d{d}-w{w1}x{w2 or 'all'}", B=4, N=4096, Hq=hq, Hk=hk, D=d,
         dtype="bf16", w1=w1, w2=w2, Nq=nq)
    for nq in (1, 0) for hq, hk, d, w1, w2 in (
        (8, 2, 128, 512, 32), (10, 2, 128, 16, 1025), (8, 2, 128, 16, 0), (8, 2, 32, 16, 1025), (8, 2, 16, 16, 1025),
        (8, 1, 32, 32, 512), (4, 1, 64, 32, 512), (5, 1, 64, 32, 512), (64, 8, 128, 32, 512), (8, 8, 128, 32, 512),
        (16, 16, 64, 128, 32), (8, 8, 64, 512, 32))
] + [Case("users-decode-long-h8-hk2-d128-w16xall", B=1, N=65536, Hq=8, Hk=2, D=128, dtype="bf16", w1=16, w2=0, Nq=1)]
# A piece of a long prompt behind what is in the cache, and a short sequence: few queries, but more than in decoding.
USERS += [
    Case(f"users-{kind}-h{hq}-hk{hk}-d{d}-w{w1}x{w2 or 'all'}", B=1, N=n, Hq=hq, Hk=hk, D=d, dtype="bf16", w1=w1, w2=w2,
         Nq=nq, few=True)
    for kind, n, nq in (("prefill", 8192, 64), ("short", 512, 0)) for hq, hk, d, w1, w2 in (
        (8, 2, 128, 512, 32), (8, 2, 128, 16, 0), (4, 1, 64, 32, 512), (16, 16, 64, 128, 32))
    if nq or hk < 16
]

# Packed sequences, behind the same shape without documents.
DOCUMENTS = [
    Case(f"documents-{'packed' if packed else 'whole'}-n{n}-h{hq}-hk{hk}-d{d}-w{w1}x{w2}", B=4, N=n, Hq=hq, Hk=hk, D=d,
         dtype="bf16", w1=w1, w2=w2, packed=packed)
    for n, hq, hk, d, w1, w2 in ((16384, 64, 1, 128, 32, 512), (4096, 64, 1, 128, 32, 512), (4096, 8, 2, 128, 512, 32),
                                 (4096, 8, 8, 128, 32, 512), (4096, 8, 1, 32, 32, 512))
    for packed in (False, True)
]

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
    # One sequence, which has few tiles of keys.
    *[gradient(hq=hq, hk=hk, n=n, batch=1) for hq, hk in ((64, 1), (8, 1), (8, 2)) for n in (2048, 4096)],
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
    *USERS,
    *DOCUMENTS,
    *GRADIENTS,
]
