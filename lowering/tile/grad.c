// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The gradient of 2-simplicial attention, as tile programs that follow each
// other.
//
// In:  "simplicial.attention_grad_into"(%q, ..., %lse, %d_out, %d_q, ...)
// Out: what is known of each query (grad_stats.c): delta, and lse in base 2;
//      the gradient of q (grad_query.c), by queries;
//      those of keys and values (grad_keys.c), by inner keys, with sums by
//      tile for outer ones, and what adds these up (grad_sums.c).
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
  Config keys;
  if (mlirLogicalResultIsFailure(config_get(op, CONFIG_KEYS, &keys)))
    return mlirLogicalResultFailure();
  Ir b = ir_before(op);
  GradStats stats = grad_stats(&b, op, &keys);
  if (mlirLogicalResultIsFailure(
          grad_query(&b, op, &stats, gradients[SIMPLICIAL_Q])) ||
      mlirLogicalResultIsFailure(
          grad_keys(&b, op, &stats, &gradients[SIMPLICIAL_K1])))
    return mlirLogicalResultFailure();
  mlirOperationDestroy(op);
  return mlirLogicalResultSuccess();
}
