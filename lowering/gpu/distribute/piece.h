// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operands of products that are made of loads, written by pieces of rows.

#ifndef SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_PIECE_H
#define SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_PIECE_H

#include "context.h"

/// Plans a store of one: what is kept for it alone is not any more. False: it
/// is none.
bool piece_plan(Distribute *s, MlirOperation write);

/// Makes it; false: it is none.
bool piece_write(Distribute *s, MlirOperation write);

#endif // SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_PIECE_H
