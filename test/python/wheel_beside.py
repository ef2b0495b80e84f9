# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""wheel_beside.py MODULE...: simplicial in one process with torch and triton, which bring an LLVM of their own.

The modules, those three, are imported in the order given. Then Triton compiles a kernel to PTX, before and behind an
attention and its gradient through PyTorch, which are compared with float64.
"""

import importlib
import os
import pathlib
import sys
import tempfile

import data

KERNEL = """\
import triton
import triton.language as tl


@triton.jit
def double(x, y, block: tl.constexpr):
    i = tl.program_id(0) * block + tl.arange(0, block)
    tl.store(y + i, 2 * tl.load(x + i))
"""


def compile_with_triton():
    """A kernel's PTX, by Triton's LLVM, which no GPU is needed for. Triton reads its source from a file."""
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    kernel = importlib.import_module("kernel").double
    source = ASTSource(fn=kernel, signature={"x": "*fp32", "y": "*fp32", "block": "constexpr"},
                       constexprs={"block": 128})
    ptx = triton.compile(source, target=GPUTarget("cuda", 80, 32)).asm["ptx"]
    assert ".visible .entry double" in ptx, ptx


def check_attention():
    import torch

    import simplicial.torch

    x = data.inputs(nq=9)
    tensors = [torch.from_numpy(array).requires_grad_() for array in x]
    out = simplicial.torch.attention(*tensors, w1=3, w2=5)
    d_out = torch.from_numpy(data.inputs(nq=9, seed=1)[0])
    out.backward(d_out)
    want, _ = data.attention(*x, w1=3, w2=5, causal=True)
    gradients = data.attention_grad(*x, d_out.numpy(), w1=3, w2=5, causal=True)
    errors = [data.error(out.detach(), want)]
    errors += [data.error(tensor.grad, gradient) for tensor, gradient in zip(tensors, gradients)]
    assert max(errors) < data.NEAR["float32"], errors
    return max(errors)


def main():
    assert sorted(sys.argv[1:]) == ["simplicial", "torch", "triton"], sys.argv
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(TRITON_ALWAYS_COMPILE="1", TRITON_CACHE_DIR=folder)
        modules = {name: importlib.import_module(name) for name in sys.argv[1:]}
        modules["simplicial"].__version__  # loads the library
        pathlib.Path(folder, "kernel.py").write_text(KERNEL)
        sys.path.insert(0, folder)
        compile_with_triton()
        error = check_attention()
        compile_with_triton()
    print(", ".join(f"{name} {module.__version__}" for name, module in modules.items()) +
          f": right, relative error {error:.1e} of float64")


if __name__ == "__main__":
    main()
