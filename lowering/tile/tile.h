// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tile programs. Each rewrites one operation on memrefs into loops over
// tiles, in upstream dialects only and knowing no target.

#ifndef SIMPLICIAL_LOWERING_TILE_H
#define SIMPLICIAL_LOWERING_TILE_H

#include "mlir-c/IR.h"

/// simplicial.attention_into; see forward.c.
MlirLogicalResult tile_forward(MlirOperation op);

/// simplicial.attention_grad_into; see grad.c.
MlirLogicalResult tile_grad(MlirOperation op);

#endif // SIMPLICIAL_LOWERING_TILE_H
