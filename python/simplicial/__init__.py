# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""2-simplicial attention, compiled.

    import numpy as np
    import simplicial

    q = np.random.randn(2, 128, 8, 64).astype(np.float32)
    k1, k2, v1, v2 = (np.random.randn(2, 128, 1, 64).astype(np.float32) for _ in range(4))
    out = simplicial.attention(q, k1, k2, v1, v2, w1=16, w2=32)

`python -m simplicial` says what there is, and whether it works. simplicial.torch and simplicial.jax
have the same for PyTorch and JAX.
"""

from ._attention import attention, attention_grad, compile
from ._library import Error, library


def set_num_threads(count: int) -> None:
    """Sets how many CPU threads later calls use, at most 1024. Below 1: the environment variable
    SIMPLICIAL_NUM_THREADS, else as many as there are CPUs for this process."""
    library().simplicialSetThreadCount(count)


def get_num_threads() -> int:
    """How many CPU threads calls use."""
    return library().simplicialThreadCount()


def __getattr__(name):
    if name == "__version__":
        return library().simplicialVersion().decode()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["Error", "attention", "attention_grad", "compile", "get_num_threads", "set_num_threads"]
