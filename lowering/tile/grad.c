// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The gradient of 2-simplicial attention, as tile programs that follow each
// other.
//
// In:  "simplicial.attention_grad_into"(%q, ..., %lse, %d_out, %d_q, ...)
// Out: what is known of each query (grad_stats.c): delta and lse;
//      the gradient of q (grad_query.c), by queries;
//      those of inner keys and values (grad_keys.c), by these;
//      parts of those of outer ones, by either of the two programs, and what
//      adds these up (grad_sums.c).
//
// P is made anew from lse by each program.
// Each element is summed by one block, or in parts that are added in one order,
// so that results have the same bits however blocks are run.

#include "grad.h"
#include "tile.h"

#include "dialect/verify.h"

#include "simplicial/dialect.h"

MlirLogicalResult tile_grad(MlirOperation op) {
  enum { GRADIENTS = SIMPLICIAL_V2 + 1 };
  MlirValue gradients[GRADIENTS];
  if (mlirLogicalResultIsFailure(verify_gradients(op, gradients)))
    return mlirLogicalResultFailure();
  Ir b = ir_before(op);
  Config query;
  GradSums sums = {.f = {.b = &b}, .heads = 1};
  Forward *f = &sums.f;
  if (mlirLogicalResultIsFailure(queries_take(f, op, CONFIG_KEYS)) ||
      mlirLogicalResultIsFailure(config_get(op, CONFIG_QUERY, &query)))
    return mlirLogicalResultFailure();
  queries_count_keys(f);
  f->shift = ir_subi(&b, f->keys, ir_dim(&b, f->q, DIM_N));
  sums.by_query = f->config.by_pairs;
  sums.size = sums.by_query ? query.turns : f->config.block_k;
  if (sums.by_query)
    sums.heads = f->group / query.block_h;
  const MlirValue *first = &gradients[SIMPLICIAL_K1];
  enum { K1, K2, V1, V2 };
  GradStats stats = grad_stats(&b, op, &f->config, f->scale);
  f->end = documents_ends(f);
  f->has_keys = !f->two_lengths; // programs over them
  grad_sums_allocate(&sums, first[f->swapped ? K2 : K1],
                     first[f->swapped ? V2 : V1]);
  if (mlirLogicalResultIsFailure(
          grad_query(&b, op, &stats, gradients[SIMPLICIAL_Q], &sums)))
    return mlirLogicalResultFailure();
  grad_keys(&stats, ir_operand(op, SIMPLICIAL_D_OUT),
            first[f->swapped ? K1 : K2], first[f->swapped ? V1 : V2], &sums);
  grad_sums_add(&sums);
  mlirOperationDestroy(op);
  return mlirLogicalResultSuccess();
}
