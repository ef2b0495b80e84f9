# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The operators torch.ops.simplicial.attention and attention_grad, and attention(), which calls the first.

They are defined with torch.library's Library, key by key, since its custom_op costs several times as much a call. The
guards that this needs are names that torch itself keeps private.

    CPU, CUDA  the call of the compiled function
    Meta       shapes: for torch.compile and torch.export
    Autograd   a torch.autograd.Function, if a gradient is wanted
"""

import torch
from torch._functorch.autograd_function import enable_single_level_autograd_function

from .. import _functions
from .._functions import BOUNDS, CPU, CUDA, OPERANDS, device_word, one_bound, type_word
from .._library import Error

_TYPES = {torch.float32: (2, 32), torch.float16: (2, 16), torch.bfloat16: (4, 16), torch.float64: (2, 64)}
_WORDS = {dtype: type_word(*bits, 0) for dtype, bits in (*_TYPES.items(), (torch.int32, (0, 32)))}  # of rank 0
_CPU = device_word(CPU)

_ATTRIBUTES = ("int? w1, int? w2, bool causal, float? scale, str form, float k2_bias, float v2_bias, "
               "Tensor? start=None, Tensor? lengths=None")
_N_ATTRIBUTES = 7  # and behind them BOUNDS, which the dispatcher leaves out if they are None
_INPUTS = "Tensor q, Tensor k1, Tensor k2, Tensor v1, Tensor v2"

_library = torch.library.Library("simplicial", "DEF")
_library.define(f"attention({_INPUTS}, {_ATTRIBUTES}) -> (Tensor, Tensor)")
_library.define(f"attention_grad({_INPUTS}, Tensor out, Tensor lse, Tensor d_out, bool[5] wanted, {_ATTRIBUTES}) "
                "-> Tensor[]")
_attention = torch.ops.simplicial.attention.default
_attention_grad = torch.ops.simplicial.attention_grad.default
_BelowAutograd = torch._C._AutoDispatchBelowAutograd


# Calls ----------------------------------------------------------------------------------------------------------------


def _words(tensor):
    """The tensor as a Function wants it described."""
    index, shape = tensor.get_device(), tensor.shape
    return _CPU if index < 0 else device_word(CUDA, index), _WORDS[tensor.dtype] | len(shape), shape, tensor.stride()


def _check(names, tensors):
    for name, tensor in zip(names, tensors):
        if name in BOUNDS:
            if tensor.dtype != torch.int32:
                raise Error(f"attention: {name} has element type {tensor.dtype}; int32 is taken")
        elif tensor.dtype not in _TYPES:
            raise Error(f"attention: {name} has element type {tensor.dtype}; float32, float16 and bfloat16 are taken")
    for name, tensor in zip(names, tensors[:3]):
        if tensor.dim() != 4:
            raise Error(f"attention: {name} has rank {tensor.dim()} instead of 4")


def _split(attributes):
    """The attributes alone, and bounds."""
    return attributes[:_N_ATTRIBUTES], attributes[_N_ATTRIBUTES:]


def _call(names, tensors, results, attributes, gradients=()):
    """Calls the function of these inputs, and of what bounds them behind the attributes, which writes `results`. Rows with
    gaps are copied."""
    attributes, bounds = _split(attributes)
    bound, last = one_bound(*bounds) if bounds else (None, None)
    if bound:
        names, tensors = (*names, bound), [*tensors, last]
    layout, addresses = [], []
    for i, tensor in enumerate(tensors):
        strides = tensor.stride()
        if strides and strides[-1] != 1:
            tensors[i] = tensor = tensor.contiguous()
            strides = tensor.stride()
        addresses.append(tensor.data_ptr())
        layout.append((tensor.get_device(), tensor.dtype, tensor.shape, strides))
    (index, dtype, q, _), (_, _, k1, _), (_, _, k2, _) = layout[:3]
    if dtype not in _TYPES or len(q) != 4 or len(k1) != 4 or len(k2) != 4 or bound:
        _check(names, tensors)
    target, stream = "cpu", None
    if index >= 0:
        target, stream = f"cuda:{index}", torch.cuda.current_stream(index).cuda_stream
    few = _functions.DYNAMIC if gradients else _functions.few(q[1], k1[1], k2[1])
    function = _functions.get(target, _TYPES[dtype], (q[2], k1[2], q[3]), attributes, not gradients, gradients,
                              bound, few, k1[1] != k2[1])
    addresses += [result.data_ptr() for result in results]

    def describe():
        _check(names, tensors)
        return [_words(tensor) for tensor in (*tensors, *results)]

    function(addresses, layout, describe, stream)


def _forward(q, k1, k2, v1, v2, *attributes):
    out, lse = _empty_results(q)
    _call(OPERANDS, [q, k1, k2, v1, v2], (out, lse), attributes)
    return out, lse


def _backward(q, k1, k2, v1, v2, out, lse, d_out, wanted, *attributes):
    results = _empty_gradients(q, k1, k2, v1, v2, wanted)
    gradients = tuple(name for name, is_wanted in zip(OPERANDS, wanted) if is_wanted)
    if gradients:
        _call((*OPERANDS, "out", "lse", "d_out"), [q, k1, k2, v1, v2, out, lse, d_out], results, attributes, gradients)
    return results


# Shapes ---------------------------------------------------------------------------------------------------------------


def _empty_results(q):
    shape = q.shape
    if len(shape) != 4:
        raise Error(f"attention: q has rank {len(shape)} instead of 4")
    lse = torch.empty((shape[0], shape[2], shape[1]), dtype=torch.float32, device=q.device)
    return torch.empty_like(q, memory_format=torch.contiguous_format), lse


def _empty_gradients(q, k1, k2, v1, v2, wanted):
    like = [x for x, is_wanted in zip((q, k1, k2, v1, v2), wanted) if is_wanted]
    return [torch.empty_like(x, memory_format=torch.contiguous_format) for x in like]


def _fake_forward(q, k1, k2, v1, v2, *attributes):
    return _empty_results(q)


def _fake_backward(q, k1, k2, v1, v2, out, lse, d_out, wanted, *attributes):
    return _empty_gradients(q, k1, k2, v1, v2, wanted)


# Gradients ------------------------------------------------------------------------------------------------------------


# A Function for one level of torch.func's transforms: that which the Autograd key is called for.
_Function = torch.autograd.function._SingleLevelFunction


def _apply(function, arguments):
    if torch._C._are_functorch_transforms_active():
        with enable_single_level_autograd_function():
            return function.apply(*arguments)
    return function.apply(*arguments)


class _Attention(_Function):
    @staticmethod
    def forward(ctx, *arguments):
        with _BelowAutograd():
            output = _attention(*arguments)
        ctx.attributes, bounds = _split(arguments[5:])
        ctx.save_for_backward(*arguments[:5], *output, *bounds)
        ctx.mark_non_differentiable(output[1])
        ctx.set_materialize_grads(False)
        return output

    @staticmethod
    def backward(ctx, d_out, d_lse):
        gradients = iter(())
        wanted = [d_out is not None and need for need in ctx.needs_input_grad[:5]]
        if any(wanted):
            saved = ctx.saved_tensors  # and behind the operands and results, bounds
            gradients = iter(_attention_grad(*saved[:7], d_out, wanted, *ctx.attributes, *saved[7:]))
        return *(next(gradients) if is_wanted else None for is_wanted in wanted), *[None] * (len(ctx.needs_input_grad) - 5)


class _AttentionGrad(_Function):
    @staticmethod
    def forward(ctx, *arguments):
        with _BelowAutograd():
            return tuple(_attention_grad(*arguments))

    @staticmethod
    def backward(ctx, *gradients):
        raise Error("attention: there are no second gradients: its backward is not differentiable")


def _needs_gradient(tensors):
    return torch.is_grad_enabled() and any([tensor.requires_grad for tensor in tensors])


def _forward_with_gradient(*arguments):
    if _needs_gradient(arguments[:5]):
        return _apply(_Attention, arguments)
    with _BelowAutograd():
        return _attention(*arguments)


def _backward_with_gradient(*arguments):
    if _needs_gradient(arguments[:8]):
        return list(_apply(_AttentionGrad, arguments))
    with _BelowAutograd():
        return _attention_grad(*arguments)


# vmap -----------------------------------------------------------------------------------------------------------------


def _fold(x, dim, size):
    """The mapped dimension in the batch's."""
    x = x.expand(size, *x.shape) if dim is None else x.movedim(dim, 0)
    return x.flatten(0, 1)


def _map(op, count):
    def rule(info, dims, *arguments):
        size = info.batch_size
        folded = [_fold(x, dim, size) for x, dim in zip(arguments[:count], dims)]
        others = [_fold(x, dim, size) if torch.is_tensor(x) else x
                  for x, dim in zip(arguments[count:], dims[count:])]
        results = [x.unflatten(0, (size, -1)) for x in op(*folded, *others)]
        return (results, [0] * len(results)) if op is _attention_grad else (tuple(results), (0,) * len(results))

    return rule


for _key in ("CPU", "CUDA"):
    _library.impl("attention", _forward, _key)
    _library.impl("attention_grad", _backward, _key)
_library.impl("attention", _forward_with_gradient, "Autograd")
_library.impl("attention_grad", _backward_with_gradient, "Autograd")
torch.library.register_fake("simplicial::attention", _fake_forward, lib=_library)
torch.library.register_fake("simplicial::attention_grad", _fake_backward, lib=_library)
torch.library.register_vmap("simplicial::attention", _map(_attention, 5), lib=_library)
torch.library.register_vmap("simplicial::attention_grad", _map(_attention_grad, 8), lib=_library)


# What users call ------------------------------------------------------------------------------------------------------


def attention(q: torch.Tensor, k1: torch.Tensor, k2: torch.Tensor, v1: torch.Tensor, v2: torch.Tensor,
              w1: int | None = None, w2: int | None = None, causal: bool = True, scale: float | None = None, *,
              form: str = "trilinear", k2_bias: float = 0.0, v2_bias: float = 0.0, start: torch.Tensor | None = None,
              lengths: torch.Tensor | None = None, return_lse: bool = False) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
    """2-simplicial attention, differentiable once in q, k1, k2, v1 and v2.

    The arguments are those of simplicial.attention: q is [B, Nq, Hq, D], k1, k2, v1 and v2 are [B, N, Hk, D], of
    float32, float16 or bfloat16, on a CPU or a GPU, start [B, N] and lengths [B] of int32; k2 and v2 may have another N
    than k1 and v1. Returns out, [B, Nq, Hq, D], and with return_lse (out, lse), lse [B, Hq, Nq] of float32, which has no
    gradient (its requires_grad is False). Under autocast, inputs become its type.
    It runs on the current stream, and into CUDA graphs if it has run once before. torch.compile and torch.export take
    it as one operator, for all lengths. Raises simplicial.Error.
    """
    kind = "cuda" if q.is_cuda else "cpu"
    if torch.is_autocast_enabled(kind):
        dtype = torch.get_autocast_dtype(kind)
        q, k1, k2, v1, v2 = (x.to(dtype) for x in (q, k1, k2, v1, v2))
    arguments = q, k1, k2, v1, v2, w1, w2, causal, scale, form, k2_bias, v2_bias, start, lengths
    if torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active():
        out, lse = _attention(*arguments)
    else:  # what the dispatcher would call, for half the price
        out, lse = _forward_with_gradient(*arguments)
    return (out, lse) if return_lse else out
