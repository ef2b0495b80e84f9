// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The `simplicial` dialect for users of the MLIR C API: registration, and typed
// builders and accessors of its operation.
//
// 2-simplicial attention (Roy et al., arXiv 2507.02754; Clift et al., arXiv
// 1909.00668). Query i stands at key position p = i + (N - Nq) and attends to
// pairs (j, k) of key positions:
//
//   S[i,j,k] = scale * sum_d q[i,d] * k1[j,d] * (k2[k,d] + k2_bias)
//   P        = softmax of S[i] over all allowed pairs
//   out[i,d] = sum_{j,k} P[i,j,k] * v1[j,d] * (v2[k,d] + v2_bias)
//   lse[i]   = ln sum_{j,k} exp(S[i,j,k])
//
// With form = "determinant" the sum over d becomes sum_t det[q_t, k1_t, k2_t],
// x_t = (x[t], x[D/3 + t], x[2D/3 + t]) (section 5 of the paper). With form =
// "pairwise" it is q[i] . k1[j] + q[i] . k2[k] + k1[j] . k2[k], k2 having its
// bias.
//
// Allowed pairs: with `causal`, j in (p - w1, p] and k in (p - w2, p]; without,
// |j - p| < w1 and |k - p| < w2. An absent window does not bound. With the
// operand `start`, [B, N] of i32, j and k are start[b, p] or more as well; with
// `lengths`, [B] of i32, sequence b has lengths[b] keys in place of N. A query
// without an allowed pair gives out = 0 and lse = -inf.
//
// With `two_lengths` k1 and v1 have N1 keys and k2 and v2 N2, and positions are
// of each: i + (N1 - Nq) for j and i + (N2 - Nq) for k. start is [B, N] with an
// N of its own, of which k1 and k2 are the last N1 and N2 positions; of lengths
// each has as many as it has room for, min(lengths[b], N1) and
// min(lengths[b], N2).
//
// Nothing here holds global state: two contexts can be used from two threads.
// As everywhere in MLIR, one context's IR is changed by one thread at a time.

#ifndef SIMPLICIAL_DIALECT_H
#define SIMPLICIAL_DIALECT_H

#include "mlir-c/IR.h"
#include "simplicial/attributes.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Operation names.
#define SIMPLICIAL_ATTENTION "simplicial.attention"
#define SIMPLICIAL_ATTENTION_INTO "simplicial.attention_into"
#define SIMPLICIAL_ATTENTION_GRAD "simplicial.attention_grad"
#define SIMPLICIAL_ATTENTION_GRAD_INTO "simplicial.attention_grad_into"
#define SIMPLICIAL_BOUNDED_INTO "simplicial.bounded_attention_into"
#define SIMPLICIAL_BOUNDED_GRAD_INTO "simplicial.bounded_attention_grad_into"
/// What `simplicial-stage` adds to tile programs.
#define SIMPLICIAL_COPY_ASYNC "simplicial.copy_async"
#define SIMPLICIAL_COPY_COMMIT "simplicial.copy_commit"
#define SIMPLICIAL_COPY_WAIT "simplicial.copy_wait"
#define SIMPLICIAL_COPY_RELEASE "simplicial.copy_release"
#define SIMPLICIAL_COPY_FINISH "simplicial.copy_finish"
/// What kernels for Hopper have besides the NVVM dialect.
#define SIMPLICIAL_WGMMA "simplicial.wgmma"
#define SIMPLICIAL_TIE "simplicial.tie"
/// And their host functions.
#define SIMPLICIAL_TENSOR_MAP "simplicial.tensor_map"

/// Module attribute (a string): what to compile for, "cpu", which it is if
/// absent, or GPUs: "sm_80", "sm_80,sm_90" ...
#define SIMPLICIAL_TARGET_ATTR "simplicial.target"
/// Discardable attribute (a unit attribute) of a func.func: its gradient is
/// wanted, see `simplicial-differentiate` in passes.h.
#define SIMPLICIAL_DIFFERENTIATE_ATTR "simplicial.differentiate"
/// Discardable attribute (a dictionary) of an operation: its tiling strategy,
/// see `simplicial-configure` in passes.h.
#define SIMPLICIAL_CONFIG_ATTR "simplicial.config"

/// Discardable attributes of the scf.forall of a tile program: how many tiles
/// its rings of copies hold (an integer; 2 if absent), and whether warps that
/// do nothing else may fill them (a unit attribute).
#define SIMPLICIAL_STAGES_ATTR "simplicial.stages"
#define SIMPLICIAL_PRODUCER_ATTR "simplicial.producer"

/// A discardable attribute of a loop of a tile program (a unit attribute): what
/// it does the next loop does as well, if the results of this one are what it
/// carries at first. A kernel that need not be fast is smaller without it.
#define SIMPLICIAL_OPTIONAL_ATTR "simplicial.optional"

/// A discardable attribute of a branch of a tile program (a unit attribute)
/// whose condition is an "or" over rows: for rows whose own condition is false
/// both sides give the same, so that parts of the rows may decide each for
/// themselves. Without it, the condition is that of all rows of a block.
#define SIMPLICIAL_ROWWISE_ATTR "simplicial.rowwise"

/// A discardable attribute of what makes a tile in a tile program (a unit
/// attribute): products that have it as left operand take it from shared
/// memory, where it is put once, not from registers.
#define SIMPLICIAL_SHARED_ATTR "simplicial.shared"

/// A discardable attribute of a product in a tile program, and of the fence of
/// the instructions that it becomes (a unit attribute): as it is waited for
/// before anything else is multiplied, it had better begin before all of its
/// left operand is there.
#define SIMPLICIAL_EARLY_ATTR "simplicial.early"

/// A discardable attribute of nvvm.cp.async.bulk.tensor.global.shared.cta (an
/// integer): the bytes of the tensor map's boxes.
#define SIMPLICIAL_BYTES_ATTR "simplicial.bytes"

/// A discardable attribute of a module (a unit attribute): passes note why they
/// decide as they do, for each kernel in the discardable attribute
/// `simplicial.notes` (an array of strings) of its function. What is compiled
/// is the same.
#define SIMPLICIAL_EXPLAIN_ATTR "simplicial.explain"
#define SIMPLICIAL_NOTES_ATTR "simplicial.notes"

/// Loads the dialect into `context`; doing so again is harmless. Fails, after
/// emitting a diagnostic, only if another dialect of this name is in the way.
MLIR_CAPI_EXPORTED MlirLogicalResult
simplicialRegisterDialect(MlirContext context);

/// Creates a detached `simplicial.attention` owned by the caller (insert it
/// into a block, or destroy it). q: tensor [B, Nq, Hq, D]; k1, k2: tensors [B,
/// N, Hk, D]; v1, v2: tensors [B, N, Hk, Dv]; B, Nq and N may be dynamic, and
/// with two lengths k2 and v2 have their own N. Results: out of q's type, but
/// Dv wide, and lse, a tensor [B, Hq, Nq] of f32. The operation is not verified
/// here.
MLIR_CAPI_EXPORTED MlirOperation simplicialAttentionCreate(
    MlirLocation location, MlirValue q, MlirValue k1, MlirValue k2,
    MlirValue v1, MlirValue v2, SimplicialAttentionAttributes attributes);

/// Creates a detached `simplicial.attention_grad`, owned as above: the
/// gradients of a scalar with respect to the operands of an attention, from the
/// attention's results and the gradient of the scalar with respect to `out`:
///
///   delta[i]     = sum_d d_out[i,d] * out[i,d]
///   dP[i,j,k]    = sum_d d_out[i,d] * v1[j,d] * (v2[k,d] + v2_bias)
///   dS[i,j,k]    = P[i,j,k] * (dP[i,j,k] - delta[i])
///   d_q[i]       = scale * sum_{j,k} dS * k1[j] * (k2[k] + k2_bias)
///   d_k1[j]      = scale * sum_{i,k} dS * q[i] * (k2[k] + k2_bias)
///   d_k2[k]      = scale * sum_{i,j} dS * q[i] * k1[j]
///   d_v1[j]      = sum_{i,k} P * d_out[i] * (v2[k] + v2_bias)
///   d_v2[k]      = sum_{i,j} P * d_out[i] * v1[j]
///
/// elementwise in d, or, with form = "determinant", with the cross products of
/// planes in place of the products of two factors of the logits; with form =
/// "pairwise", with their sums. Keys' and values' gradients are sums over the
/// query heads that share them, in f32.
///
/// q: a tensor [B, Nq, Hq, D]; out, d_out: tensors [B, Nq, Hq, Dv]; k1, k2:
/// tensors [B, N, Hk, D]; v1, v2: tensors [B, N, Hk, Dv]; lse: a tensor [B, Hq,
/// Nq] of f32. Results, of the types of what they are gradients of: d_q, d_k1,
/// d_k2, d_v1, d_v2; those that nothing uses are not computed. A gradient of
/// lse is not taken in. The operation is not verified here.
MLIR_CAPI_EXPORTED MlirOperation simplicialAttentionGradCreate(
    MlirLocation location, MlirValue q, MlirValue k1, MlirValue k2,
    MlirValue v1, MlirValue v2, MlirValue out, MlirValue lse, MlirValue d_out,
    SimplicialAttentionAttributes attributes);

/// The operand of any of the dialect's operations that bounds what queries see,
/// which is the last one, of i32: `start`, of rank 2, or `lengths`, of rank 1.
/// A null value: it has none.
MLIR_CAPI_EXPORTED MlirValue simplicialAttentionGetBound(MlirOperation op);

/// Adds that operand to an attention or attention_grad that has none.
MLIR_CAPI_EXPORTED void simplicialAttentionSetBound(MlirOperation op,
                                                    MlirValue bound);

/// Reads the attributes of any of the dialect's operations, defaults filled in
/// (except `scale`, see above). An attribute of a wrong type, name or range is
/// diagnosed at the operation's location and fails.
MLIR_CAPI_EXPORTED MlirLogicalResult simplicialAttentionGetAttributes(
    MlirOperation op, SimplicialAttentionAttributes *attributes);

/// Writes `attributes` onto `op`; what says the default is left out.
MLIR_CAPI_EXPORTED void
simplicialAttentionSetAttributes(MlirOperation op,
                                 SimplicialAttentionAttributes attributes);

#ifdef __cplusplus
}
#endif

#endif // SIMPLICIAL_DIALECT_H
