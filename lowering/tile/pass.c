// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simplicial-tile: operations on memrefs -> tile programs.
//
// In:  "simplicial.attention_into"(%q, ..., %out, %lse) {simplicial.config}
//      "simplicial.attention_grad_into"(%q, ..., %d_out, %d_q, ...)
// Out: scf.forall over tiles of queries and heads, scf.for over tiles of keys,
//      and in them vector.transfer_read/write of tiles, vector.contract,
//      vector.multi_reduction, broadcasts, masks and elementwise arithmetic.

#include "tile.h"

#include "dialect/verify.h"
#include "lowering/ir.h"
#include "lowering/pass.h"

#include "simplicial/dialect.h"

static MlirLogicalResult tile(MlirOperation op) {
  if (mlirLogicalResultIsFailure(verify_attention(op)))
    return mlirLogicalResultFailure();
  bool forward = ir_is_any(
      op, IR_NAMES(SIMPLICIAL_ATTENTION_INTO, SIMPLICIAL_BOUNDED_INTO));
  return forward ? tile_forward(op) : tile_grad(op);
}

MlirLogicalResult pass_tile(MlirOperation module) {
  static const char *const names[] = {
      SIMPLICIAL_ATTENTION_INTO, SIMPLICIAL_ATTENTION_GRAD_INTO,
      SIMPLICIAL_BOUNDED_INTO, SIMPLICIAL_BOUNDED_GRAD_INTO};
  return pass_for_each(module, 4, names, tile);
}
