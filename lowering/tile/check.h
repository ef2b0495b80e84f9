// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What tile programs may contain: docs/tile-program.md, as code.

#ifndef SIMPLICIAL_LOWERING_TILE_CHECK_H
#define SIMPLICIAL_LOWERING_TILE_CHECK_H

#include "mlir-c/IR.h"

/// Diagnoses, at the op, what is in a loop that is to be a tile program and is
/// not of those, or has there a form or a meaning that they do not have.
MlirLogicalResult tile_check(MlirOperation forall);
/// The same of a program in which simplicial-stage has put copies.
MlirLogicalResult tile_check_staged(MlirOperation forall);

#endif // SIMPLICIAL_LOWERING_TILE_CHECK_H
