# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""attention, attention_grad and compile."""

import ctypes
import typing

from . import _functions
from ._functions import BOUNDS, DYNAMIC, OPERANDS, TYPES
from ._library import Error, check, library, take_bytes
from ._tensors import CPU, CUDA, Output, View, call, view

Array = typing.TypeVar("Array")
_F32 = TYPES["float32"]


def _target(tensor: View) -> str:
    kind, index = tensor.device
    if kind not in (CPU, CUDA):
        raise Error(f"attention: q is on a device of DLPack's type {kind}; CPUs and NVIDIA GPUs are known")
    return "cpu" if kind == CPU else f"cuda:{index}"


def _heads(views: list[View]) -> tuple[int, int, int]:
    """Hq, Hk, D."""
    for name, tensor in zip(OPERANDS, views[:3]):
        if len(tensor.shape) != 4:
            raise Error(f"attention: {name} has rank {len(tensor.shape)} instead of 4")
    return views[0].shape[2], views[1].shape[2], views[0].shape[3]


def attention(q: Array, k1: Array, k2: Array, v1: Array, v2: Array, w1: int | None = None, w2: int | None = None,
              causal: bool = True, scale: float | None = None, *, form: str = "trilinear", k2_bias: float = 0.0,
              v2_bias: float = 0.0, start: Array | None = None, lengths: Array | None = None,
              return_lse: bool = False) -> Array | tuple[Array, Array]:
    """2-simplicial attention of NumPy arrays, or of anything with DLPack.

    P is the softmax of S[i,j,k] = scale * sum_d q[i,d] * k1[j,d] * (k2[k,d] + k2_bias) over the pairs (j, k) of keys
    that query i sees, and out[i] the sum over them of P[i,j,k] * v1[j] * (v2[k] + v2_bias). Query i stands at position
    i + N - Nq: the last query sees the last key. k2 and v2 may have another N than k1 and v1: then it stands at a position
    among each.

    Arguments:
      q                 [B, Nq, Hq, D] of float32, float16 or bfloat16, D a multiple of 16 up to 256
      k1, k2, v1, v2    [B, N, Hk, D] of the same type; Hq is a multiple of Hk
      w1, w2            windows of k1 and v1, and of k2 and v2, in keys; None: all of them
      causal            keys after the query are not seen
      scale             of the logits, positive; None: 1/sqrt(D)
      form              "trilinear"; "determinant": D is three planes, and 3x3 determinants replace the products; or
                        "pairwise": S is scale * (q . k1 + q . k2 + k1 . k2), k2 having its bias
      start             [B, N] of int32, which does not decrease along N: the query at position p of sequence b sees no key
                        before start[b, p], as where documents are packed, or sequences padded on the left. Of two lengths
                        of keys, N is any: both have the last ones of so many positions
      lengths           [B] of int32: sequence b has lengths[b] keys, the first ones, and N is that where it says where
                        queries stand; not beside start. Of two lengths of keys, each has as many as there is room for
      return_lse        whether the logarithm of the sum of exp(S) is wanted, too

    Returns out [B, Nq, Hq, D] of q's type, and with return_lse (out, lse), lse [B, Hq, Nq] of float32: as new arrays of
    the kind of q, from the from_dlpack of its library unless that is NumPy. Inputs may have any strides; rows of
    NumPy's with gaps are copied. The first call for a type, heads and attributes compiles; lengths may change after it.
    Any thread may call. Raises Error.
    """
    attributes = w1, w2, bool(causal), scale, form, k2_bias, v2_bias
    views = [view(name, x) for name, x in zip(OPERANDS, (q, k1, k2, v1, v2))]
    heads = _heads(views)
    bound, last = _functions.one_bound(start, lengths)
    batch, queries, _, _ = views[0].shape
    keys, second = views[1].shape[1], views[2].shape[1]
    few = _functions.few(queries, keys, second)
    function = _functions.get(_target(views[0]), views[0].dtype, heads, attributes, return_lse, (), bound, few,
                              keys != second)
    bounds = [view(bound, last)] if bound else []
    results = [Output(q, views[0], views[0].shape)]
    if return_lse:
        results.append(Output(q, views[0], (batch, heads[0], queries), _F32))
    call(function, [*views, *bounds, *(result.view for result in results)])
    taken = [result.take() for result in results]
    return (taken[0], taken[1]) if return_lse else taken[0]


def attention_grad(q: Array, k1: Array, k2: Array, v1: Array, v2: Array, out: Array, lse: Array, d_out: Array,
                   w1: int | None = None, w2: int | None = None, causal: bool = True, scale: float | None = None, *,
                   form: str = "trilinear", k2_bias: float = 0.0, v2_bias: float = 0.0, start: Array | None = None,
                   lengths: Array | None = None, wanted: typing.Sequence[str] = OPERANDS) -> tuple[Array | None, ...]:
    """The gradients of a number with respect to q, k1, k2, v1 and v2, from that with respect to out.

    Arguments:
      q ... v2, start, lengths    as attention had them, as it had the attributes
      out, lse          what it returned, with return_lse
      d_out             [B, Nq, Hq, D] of q's type
      wanted            names of the operands whose gradients are wanted; the others cost nothing

    Returns five arrays, each of its operand's shape and type, or None where it is not wanted. A gradient of lse is not
    taken in. Raises Error.
    """
    unknown = [name for name in wanted if name not in OPERANDS]
    if unknown or not wanted:
        raise Error(f"attention: wanted is {', '.join(map(repr, unknown)) or 'empty'}; there are {', '.join(OPERANDS)}")
    wanted = tuple(name for name in OPERANDS if name in wanted)
    attributes = w1, w2, bool(causal), scale, form, k2_bias, v2_bias
    arrays = dict(zip((*OPERANDS, "out", "lse", "d_out"), (q, k1, k2, v1, v2, out, lse, d_out)))
    views = {name: view(name, x) for name, x in arrays.items()}
    heads = _heads(list(views.values()))
    bound, last = _functions.one_bound(start, lengths)
    function = _functions.get(_target(views["q"]), views["q"].dtype, heads, attributes, False, wanted, bound,
                              two_lengths=views["k1"].shape[1] != views["k2"].shape[1])
    bounds = [view(bound, last)] if bound else []
    results = {name: Output(arrays[name], views[name], views[name].shape) for name in wanted}
    call(function, [*views.values(), *bounds, *(result.view for result in results.values())])
    return tuple(results[name].take() if name in results else None for name in OPERANDS)


EMITS = {"tile": 0, "llvm": 1, "object": 2, "header": 3, "gpu": 4, "nvvm": 5, "ptx": 6, "cubin": 7, "fatbin": 8,
         "tvm-ffi": 11}


def compile(dtype: str, heads: int, kv_heads: int, head_dim: int, w1: int | None = None, w2: int | None = None,
            causal: bool = True, scale: float | None = None, *, form: str = "trilinear", k2_bias: float = 0.0,
            v2_bias: float = 0.0, return_lse: bool = False, gradients: typing.Sequence[str] = (),
            bound: str | None = None, batch: int | None = None, queries: int | None = None, keys: int | None = None,
            two_lengths: bool = False, keys2: int | None = None, name: str = "attention", target: str = "cpu",
            emit: str = "object") -> bytes:
    """Compiles attention ahead of time, into what needs no LLVM: an object file and its C header.

    Arguments:
      dtype             "float32", "float16" or "bfloat16"
      heads, kv_heads, head_dim   Hq, Hk and D
      w1 ... return_lse as attention has them
      gradients         names of operands: the function is that of their gradients (see attention_grad)
      bound             the function's last input: "start" or "lengths"; None: there is none
      batch, queries, keys        B, Nq and N; None: each call chooses
      two_lengths, keys2          whether k2 and v2 may have another N than k1 and v1, and that; None: each call chooses
      name              of the C function: _mlir_ciface_NAME in the object, simplicial_NAME in the header
      target            "cpu", "cpu:x86-64-v3" and other processors by LLVM's names, or NVIDIA GPUs: "sm_90a",
                        "sm_80,sm_90a" ...
      emit              "object", "header", "tvm-ffi" (a shared library for TVM FFI), "ptx", "cubin", "fatbin", or as
                        text "tile", "gpu", "nvvm", "llvm"

    Returns the bytes of the file. Raises Error.
    """
    if dtype not in TYPES:
        raise Error(f"attention: there is no element type {dtype!r}")
    if emit not in EMITS:
        raise Error(f"attention: there is no {emit!r} to emit; there are {', '.join(EMITS)}")
    if bound is not None and bound not in BOUNDS:
        raise Error(f"attention: there is no bound {bound!r}; there are {', '.join(BOUNDS)}")
    sizes = [DYNAMIC if size is None else size for size in (batch, queries, keys)]
    if keys2 is not None and not two_lengths:
        raise Error("attention: keys2 is for two_lengths")
    second = None if not two_lengths else DYNAMIC if keys2 is None else keys2
    attributes = w1, w2, bool(causal), scale, form, k2_bias, v2_bias
    spec = _functions.spec_of(TYPES[dtype], (*sizes, heads, kv_heads, head_dim), attributes, return_lse, gradients, bound,
                              second)
    text, length, data, size = ctypes.c_void_p(), ctypes.c_size_t(), ctypes.c_void_p(), ctypes.c_size_t()
    check(library().simplicialAttentionModule(spec, name.encode(), text, length))
    source = take_bytes(text, length)
    check(library().simplicialCompile(source, len(source), name.encode(), target.encode(), EMITS[emit], data, size))
    return take_bytes(data, size)
