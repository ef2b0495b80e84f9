// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which tiles are kept in registers.

#ifndef SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_KEEP_H
#define SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_KEEP_H

#include "context.h"

/// Sets `at_once`, and `kept`, `parked` and `row_dims` of the tiles of a tile
/// program.
void keep_decide(Distribute *s, MlirBlock program);

#endif // SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_KEEP_H
