// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attention as custom calls of XLA: handlers of its FFI, to register with a
// client of it. simplicial.jax does so:
//
//   name                       platform   handler
//   simplicial_attention       cpu        simplicialXlaAttention
//   simplicial_attention       CUDA       simplicialXlaAttentionCuda
//   simplicial_attention_grad  cpu        simplicialXlaAttentionGrad
//   simplicial_attention_grad  CUDA       simplicialXlaAttentionGradCuda
//
// Operands and results are those of simplicialAttentionFunction (attention.h),
// row-major; whether there is a second result says whether lse is wanted. Where
// a tensor has more dimensions than it should, the first ones are one with B:
// what vmap makes of a call. The element type and sizes of the description are
// the buffers', all else attributes of the call, by the names of
// SimplicialAttentionAttributes: w1 and w2 (i64), causal and two_lengths (i1),
// scale, k2_bias and v2_bias (f32), form ("trilinear", "determinant" or
// "pairwise"); and of
// gradients, and necessary there, `gradients` (i64), as SimplicialAttentionSpec
// has them; and `bound`, "start" or "lengths", where there is that input. One
// that is missing is 0, or "trilinear"; others than these are an error.
//
// Each description is compiled once in a process, at the first call, or, for a
// GPU, also when XLA initialises an execution, if the handler is registered for
// that stage, too: XLA must do that before it records a call into a command
// buffer. Calls of simplicial_attention may be recorded, those of gradients,
// which allocate, are not. On a GPU a call runs on XLA's stream.
//
// Errors are XLA's, with the message of the status; what is wrong with a call
// is an INVALID_ARGUMENT. Any thread may call. XLA's C ABI 0.1 to 0.3 is
// spoken; XLA refuses at registration what it does not speak.

#ifndef SIMPLICIAL_XLA_H
#define SIMPLICIAL_XLA_H

#include "simplicial/export.h"

#ifdef __cplusplus
extern "C" {
#endif

// As xla/ffi/api/c_api.h declares them.
struct XLA_FFI_CallFrame;
struct XLA_FFI_Error;

SIMPLICIAL_API struct XLA_FFI_Error *
simplicialXlaAttention(struct XLA_FFI_CallFrame *frame);
SIMPLICIAL_API struct XLA_FFI_Error *
simplicialXlaAttentionCuda(struct XLA_FFI_CallFrame *frame);
SIMPLICIAL_API struct XLA_FFI_Error *
simplicialXlaAttentionGrad(struct XLA_FFI_CallFrame *frame);
SIMPLICIAL_API struct XLA_FFI_Error *
simplicialXlaAttentionGradCuda(struct XLA_FFI_CallFrame *frame);

#ifdef __cplusplus
}
#endif

#endif // SIMPLICIAL_XLA_H
