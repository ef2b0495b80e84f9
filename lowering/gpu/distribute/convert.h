// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The walk over a tile program.

#ifndef SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_CONVERT_H
#define SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_CONVERT_H

#include "context.h"

/// Converts the ops from `first` on and before `end`.
void convert_range(Distribute *s, MlirOperation first, MlirOperation end);
/// Converts all but the terminator of a block.
void convert_body(Distribute *s, MlirBlock block);

#endif // SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_CONVERT_H
