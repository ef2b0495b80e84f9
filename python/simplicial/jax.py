# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""2-simplicial attention in JAX, with a gradient.

    from simplicial.jax import attention

    out = attention(q, k1, k2, v1, v2, w1=16, w2=32)
    d_q = jax.grad(lambda q: attention(q, k1, k2, v1, v2, w1=16, w2=32).sum())(q)

It is a custom call of XLA, simplicial_attention, and another of its gradient, whose handlers are in the library
(include/simplicial/xla.h).
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_derivatives import SymbolicZero

from . import _functions
from ._functions import DYNAMIC, OPERANDS, TYPES
from ._library import Error, library

_FORWARD, _BACKWARD = "simplicial_attention", "simplicial_attention_grad"


def _register(name, handler, cuda_handler):
    execute, cuda = (jax.ffi.pycapsule(getattr(library(), symbol)) for symbol in (handler, cuda_handler))
    jax.ffi.register_ffi_target(name, execute, platform="cpu")
    jax.ffi.register_ffi_target(name, {"initialize": cuda, "execute": cuda}, platform="CUDA")


_register(_FORWARD, "simplicialXlaAttention", "simplicialXlaAttentionCuda")
_register(_BACKWARD, "simplicialXlaAttentionGrad", "simplicialXlaAttentionGradCuda")


# Calls ----------------------------------------------------------------------------------------------------------------


def _two_lengths(inputs):
    """Whether k2 has another number of keys than k1."""
    return inputs[1].shape[1] != inputs[2].shape[1]


def _check(operands, bound):
    """What the result's shapes follow from; sizes that cannot be are for the compiler to refuse."""
    q, k1, k2 = operands[:3]
    for name, x in zip(OPERANDS, operands):
        if x.dtype.name not in TYPES:
            raise Error(f"attention: {name} has element type {x.dtype}; float32, float16 and bfloat16 are taken")
        if x.dtype != q.dtype:
            raise Error(f"attention: {name} has element type {x.dtype} instead of {q.dtype}")
        if x.ndim != 4:
            raise Error(f"attention: {name} has rank {x.ndim} instead of 4")
    for name, x in zip(OPERANDS[1:], operands[1:len(OPERANDS)]):
        keys = (k2 if name[1] == "2" else k1).shape[1]
        shape = (q.shape[0], keys, k1.shape[2], q.shape[3])
        if x.shape != shape:
            raise Error(f"attention: {name} has shape {x.shape} instead of {shape}")
    for x in operands[len(OPERANDS):]:
        if x.dtype != jnp.int32:
            raise Error(f"attention: {bound} has element type {x.dtype}; int32 is taken")
        any_length = bound == "start" and _two_lengths(operands) and x.ndim == 2
        positions = x.shape[1] if any_length else k1.shape[1]
        shape = (q.shape[0], positions) if bound == "start" else (q.shape[0],)
        if x.shape != shape:
            raise Error(f"attention: {bound} has shape {x.shape} instead of {shape}")


@functools.partial(jax.custom_jvp, nondiff_argnums=(0, 1, 3, 4))
def _call(name, results, inputs, attributes, gradients):
    """The custom call, as include/simplicial/xla.h has it. `gradients` is its attribute of that name, or empty."""
    *attributes, bound = attributes
    spec = _functions.spec_of(TYPES[inputs[0].dtype.name], 6 * [DYNAMIC], attributes, False, gradients, bound)
    at, last = spec.attributes, {"bound": bound} if bound else {}
    if _two_lengths(inputs):
        last["two_lengths"] = True
    call = jax.ffi.ffi_call(name, results, vmap_method="broadcast_all")
    return call(*inputs, w1=np.int64(at.w1), w2=np.int64(at.w2), causal=at.causal, scale=np.float32(at.scale),
                k2_bias=np.float32(at.k2_bias), v2_bias=np.float32(at.v2_bias), form=attributes[4],
                gradients=np.int64(spec.gradients), **last)


@_call.defjvp
def _second(*_):
    raise Error("attention: there are no second gradients: its backward is not differentiable")


def _forward(operands, attributes, lse):
    """A list of out, and with `lse` lse."""
    q = operands[0]
    batch, queries, heads, _ = q.shape
    results = [jax.ShapeDtypeStruct(q.shape, q.dtype), jax.ShapeDtypeStruct((batch, heads, queries), jnp.float32)]
    return _call(_FORWARD, tuple(results if lse else results[:1]), operands, attributes, ())


def _backward(inputs, attributes, wanted):
    """A list of the gradients of the `wanted` operands. `inputs` are the operands, out, lse, d_out and what bounds
    them, if there is something."""
    results = [jax.ShapeDtypeStruct(x.shape, x.dtype) for name, x in zip(OPERANDS, inputs) if name in wanted]
    return _call(_BACKWARD, tuple(results), inputs, attributes, wanted)


# Gradients ------------------------------------------------------------------------------------------------------------


@functools.partial(jax.custom_vjp, nondiff_argnums=(1, 2))
def _attention(operands, attributes, lse):
    return _forward(operands, attributes, lse)


def _attention_fwd(operands, attributes, lse):
    wanted = {name: None for name, x in zip(OPERANDS, operands) if x.perturbed}  # keys are no arrays
    operands = [x.value for x in operands]
    results = _forward(operands, attributes, True)
    return results if lse else results[:1], (operands, results, wanted)


def _attention_bwd(attributes, lse, residuals, cotangents):
    operands, results, wanted = residuals
    if isinstance(cotangents[0], SymbolicZero):
        return [None] * len(operands),
    operands, last = operands[:len(OPERANDS)], operands[len(OPERANDS):]
    wanted = tuple(name for name in OPERANDS if name in wanted)
    gradients = iter(_backward([*operands, *results, cotangents[0], *last], attributes, wanted))
    return [next(gradients) if name in wanted else None for name in OPERANDS] + [None] * len(last),


_attention.defvjp(_attention_fwd, _attention_bwd, symbolic_zeros=True)


# What users call ------------------------------------------------------------------------------------------------------


@functools.partial(jax.jit, static_argnums=(1, 2))
def _compiled(operands, attributes, lse):
    operands = [jnp.asarray(x) for x in operands]
    _check(operands, attributes[-1])
    return _attention(operands, attributes, lse)


def attention(q: jax.Array, k1: jax.Array, k2: jax.Array, v1: jax.Array, v2: jax.Array, w1: int | None = None,
              w2: int | None = None, causal: bool = True, scale: float | None = None, *, form: str = "trilinear",
              k2_bias: float = 0.0, v2_bias: float = 0.0, start: jax.Array | None = None,
              lengths: jax.Array | None = None, return_lse: bool = False) -> jax.Array | tuple[jax.Array, jax.Array]:
    """2-simplicial attention, differentiable once in q, k1, k2, v1 and v2, in reverse.

    The arguments are those of simplicial.attention: q is [B, Nq, Hq, D], k1, k2, v1 and v2 are [B, N, Hk, D], of
    float32, float16 or bfloat16; k2 and v2 may have another N than k1 and v1. Returns out, [B, Nq, Hq, D], and with
    return_lse (out, lse), lse [B, Hq, Nq] of float32, of which no gradient is taken (as by jax.lax.stop_gradient). start is
    [B, N] and lengths [B], of int32. All but the arrays must be Python's numbers.
    jax.jit, jax.vmap (one call, of a larger batch), jax.grad and jax.export take it. Raises simplicial.Error where
    arrays do not fit together; what the compiler refuses is a JAX error, INVALID_ARGUMENT with its message.
    """
    bound, last = _functions.one_bound(start, lengths)
    attributes = w1, w2, bool(causal), scale, form, k2_bias, v2_bias, bound
    bounds = (last,) if bound else ()
    out, *lse = _compiled((q, k1, k2, v1, v2, *bounds), attributes, bool(return_lse))
    return (out, jax.lax.stop_gradient(lse[0])) if return_lse else out


__all__ = ["attention"]
