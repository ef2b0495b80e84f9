# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""overhead.py: what a call costs before there is anything to compute, in microseconds: one query, four keys, two heads
of 16, one thread. Calls from PyTorch, JAX and TVM FFI are measured where these can be imported.

    PYTHONPATH=python python3 bench/overhead.py
"""

import pathlib
import tempfile
import time

import numpy as np

import simplicial

WINDOWS = {"w1": 3, "w2": 4}


def microseconds(call, count=200, rounds=50):
    """Of the fastest round: others were interrupted."""
    for _ in range(count):
        call()
    best = float("inf")
    for _ in range(rounds):
        begun = time.perf_counter()
        for _ in range(count):
            call()
        best = min(best, time.perf_counter() - begun)
    return best / count * 1e6


def show(what, call):
    print(f"{what:<44} {microseconds(call):6.1f}", flush=True)


def measure_torch(arrays):
    import torch

    from simplicial.torch import attention

    torch.set_num_threads(1)
    x = [torch.from_numpy(array) for array in arrays]
    leaves = [t.clone().requires_grad_() for t in x]
    d_out = torch.ones_like(x[0])
    show("simplicial.torch.attention", lambda: attention(*x, **WINDOWS))
    show("the same, recording for a gradient", lambda: attention(*leaves, **WINDOWS))
    show("the same, with the gradient", lambda: torch.autograd.grad(attention(*leaves, **WINDOWS), leaves, d_out))
    compiled = torch.compile(lambda *t: attention(*t, **WINDOWS), fullgraph=True)
    show("the same, compiled by torch", lambda: compiled(*x))
    show("torch.nn.functional.scaled_dot_product_attention",
         lambda: torch.nn.functional.scaled_dot_product_attention(x[0], x[0], x[0]))


def measure_jax(arrays):
    import jax

    from simplicial.jax import attention

    jax.config.update("jax_platforms", "cpu")
    x = [jax.numpy.asarray(array) for array in arrays]
    attend = lambda *x: attention(*x, **WINDOWS)
    gradient = jax.grad(lambda *x: attend(*x).sum(), range(5))
    calls = {"simplicial.jax.attention": attend, "the same, jitted": jax.jit(attend),
             "the same, with the gradient, jitted": jax.jit(gradient),
             "jitted q + k1 + k2 + v1 + v2": jax.jit(lambda *x: sum(x))}
    for what, f in calls.items():
        show(what, lambda: jax.block_until_ready(f(*x)))


def measure_tvm_ffi(arrays):
    import torch
    import tvm_ffi

    with tempfile.TemporaryDirectory() as folder:
        library = pathlib.Path(folder) / "attention.so"
        library.write_bytes(simplicial.compile("float32", 2, 1, 16, **WINDOWS, emit="tvm-ffi"))
        attention = tvm_ffi.load_module(str(library)).attention
    x = [torch.from_numpy(array) for array in (*arrays, np.empty_like(arrays[0]))]
    theirs = [tvm_ffi.from_dlpack(t) for t in x]
    show("a library for TVM FFI, tensors of torch", lambda: attention(*x))
    show("the same, tensors of TVM FFI", lambda: attention(*theirs))


def main():
    simplicial.set_num_threads(1)
    shapes = [(1, 1, 2, 16)] + 4 * [(1, 4, 1, 16)]
    arrays = [np.random.default_rng(0).standard_normal(shape).astype(np.float32) for shape in shapes]
    show("simplicial.attention, NumPy", lambda: simplicial.attention(*arrays, **WINDOWS))
    for measure in (measure_torch, measure_jax, measure_tvm_ffi):
        try:
            measure(arrays)
        except ImportError as error:
            print(f"left out: {error}")


if __name__ == "__main__":
    main()
