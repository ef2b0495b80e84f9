// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attention from its description, for who has no MLIR: a function to call, or
// the module to compile ahead of time.
//
//   SimplicialAttentionSpec spec = {
//       .dtype = {kDLBfloat, 16, 1},
//       .b = SIMPLICIAL_DYNAMIC, .nq = SIMPLICIAL_DYNAMIC,
//       .n = SIMPLICIAL_DYNAMIC, .hq = 8, .hk = 1, .d = 64,
//       .attributes = {.w1 = 32, .w2 = 256, .causal = true},
//       .lse = true};
//   const SimplicialFunction *attention;
//   status = simplicialAttentionFunction(&spec, "cpu", &attention);
//   status = simplicialFunctionCall(
//       attention, (DLTensor *[]){q, k1, k2, v1, v2, out, lse}, 7);
//
// docs/operation.md has what is computed. Errors, targets, threads and the
// cache on disk are as compiler.h says.

#ifndef SIMPLICIAL_ATTENTION_H
#define SIMPLICIAL_ATTENTION_H

#include "simplicial/attributes.h"
#include "simplicial/compiler.h"

#ifdef __cplusplus
extern "C" {
#endif

/// With a static number of queries that is at most this, and on GPUs in calls
/// with so few of all sequences that they would not fill the machine otherwise,
/// blocks share windows; a call then allocates memory
/// (simplicialFunctionWorkspace).
enum { SIMPLICIAL_FEW_QUERIES = 16 };

/// What a description may say of the queries of a call that has `nq` of them,
/// and `n` keys, of two lengths the longer one: `nq`, if they are few and there
/// are more keys, so that a function of that number is worth compiling; else
/// SIMPLICIAL_DYNAMIC.
SIMPLICIAL_API int64_t simplicialFewQueries(int64_t nq, int64_t n);

/// An attention, or its gradients. Fields that are left zero say: no
/// attributes, no lse, no gradients, no bound.
typedef struct SimplicialAttentionSpec {
  DLDataType dtype; ///< f32, f16 or bf16, of all tensors but lse and bounds
  // Sizes. The first three may be SIMPLICIAL_DYNAMIC: each call chooses.
  int64_t b;  ///< B, sequences in a batch
  int64_t nq; ///< Nq, queries of a sequence
  int64_t n;  ///< N, keys of a sequence
  int64_t hq; ///< Hq, query heads, a multiple of `hk`
  int64_t hk; ///< Hk, heads of keys and values
  int64_t d;  ///< D, a head's dimension: a multiple of 16 up to 256
  int64_t dv; ///< Dv, that of values and results; 0: D
  SimplicialAttentionAttributes attributes;
  bool lse; ///< whether the attention returns lse as well
  /// The gradients that are wanted, a bit `1 << SIMPLICIAL_Q` to
  /// `1 << SIMPLICIAL_V2` of each. 0: the attention itself.
  unsigned gradients;
  SimplicialBound bound;
  int64_t n2; ///< with attributes.two_lengths, keys of k2 and v2, as `n` of k1
              ///< and v1; else it is not read
} SimplicialAttentionSpec;

/// The function of this description, compiled for `target` if it has not been:
/// it is the same for the same description and target, and lives until the
/// process ends. Its arguments, as simplicialFunctionCall takes them, are
///
///   q, k1, k2, v1, v2 -> out, and lse if that is wanted
///   q, k1, k2, v1, v2, out, lse, d_out -> d_q, d_k1, d_k2, d_v1, d_v2, as far
///                                         as they are wanted
///
/// q, d_q: [B, Nq, Hq, D]; out, d_out: [B, Nq, Hq, Dv]; k1, k2, v1, v2 and what
/// begins with d_ of them: [B, N, Hk, D], of values Dv, or, with two lengths,
/// of k2 and v2 with N2; lse: [B, Hq, Nq] of f32. What `bound` says is the last
/// input, behind v2 or d_out: `start`, [B, N], or `lengths`, [B], of i32; with
/// two lengths start has an N of its own, which each call chooses.
/// A description that cannot be is a SIMPLICIAL_INVALID_ARGUMENT, or, where the
/// operation's verifier says so, a SIMPLICIAL_COMPILE_ERROR.
///
/// On a GPU an attention of a dynamic number of queries has two strategies, of
/// which each call takes the one for its sizes; results of the two are equal to
/// rounding.
///
/// Functions are told apart by the text of their modules: who calls often keeps
/// the pointer. A child of fork has the functions of its parent, and compiles
/// others itself.
SIMPLICIAL_API SimplicialStatus simplicialAttentionFunction(
    const SimplicialAttentionSpec *spec, const char *target,
    const SimplicialFunction **function);

/// The module of this description as MLIR text, with one function, `name`, of
/// one strategy: for simplicialCompile, or to read. The caller frees `*text`
/// with free().
SIMPLICIAL_API SimplicialStatus
simplicialAttentionModule(const SimplicialAttentionSpec *spec, const char *name,
                          char **text, size_t *length);

#ifdef __cplusplus
}
#endif

#endif // SIMPLICIAL_ATTENTION_H
