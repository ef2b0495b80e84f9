// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stores of sums over rows, and of operands of few rows, shared between all
// threads of the block.

#ifndef SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_SPREAD_H
#define SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_SPREAD_H

#include "context.h"

/// Plans a kernel's, once it is decided what is kept: what they are made of is
/// not, but left to the store.
void spread_plan(Distribute *s, MlirBlock program);

/// Makes a planned store; false: it is not planned.
bool spread_store(Distribute *s, MlirOperation write);

/// Writes an operand of products whose rows some of the block's stand for, each
/// a share of its columns; false: it is none.
bool spread_operand(Distribute *s, MlirOperation write);

#endif // SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_SPREAD_H
