// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simplicial-tile: operations on memrefs -> tile programs.
//
// In:  "simplicial.attention_into"(%q, ..., %out, %lse) {simplicial.config}
// Out: scf.forall over tiles of queries and heads, scf.for over tiles of keys,
//      and in them vector.transfer_read/write of tiles, vector.contract,
//      vector.multi_reduction, broadcasts, masks and elementwise arithmetic.

#include "tile.h"

#include "dialect/verify.h"
#include "lowering/ir.h"
#include "lowering/pass.h"

#include "simplicial/dialect.h"

static MlirLogicalResult not_yet(MlirOperation op) {
  return ir_error(op, "cannot be lowered: only attention can");
}

static MlirLogicalResult tile(MlirOperation op) {
  return mlirLogicalResultIsFailure(verify_attention(op))
             ? mlirLogicalResultFailure()
             : tile_forward(op);
}

MlirLogicalResult pass_tile(MlirOperation module) {
  static const char *const forward[] = {SIMPLICIAL_ATTENTION_INTO};
  static const char *const others[] = {SIMPLICIAL_ATTENTION_GRAD};
  if (mlirLogicalResultIsFailure(pass_for_each(module, 1, others, not_yet)))
    return mlirLogicalResultFailure();
  return pass_for_each(module, 1, forward, tile);
}
