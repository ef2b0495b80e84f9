# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""2-simplicial attention in PyTorch: as an operator with a gradient, and as a module.

    from simplicial.torch import TwoSimplicialAttention, attention

    out = attention(q, k1, k2, v1, v2, w1=16, w2=32)  # differentiable
    layer = TwoSimplicialAttention(dim=512, heads=8, kv_heads=1, head_dim=64, w1=16, w2=32)
"""

from ._module import Cache, TwoSimplicialAttention
from ._ops import attention

__all__ = ["Cache", "TwoSimplicialAttention", "attention"]
