// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which tiles are kept in registers.

#ifndef SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_KEEP_H
#define SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_KEEP_H

#include "context.h"

/// Sets `at_once`, and `kept`, `parked` and `row_dims` of the tiles of a tile
/// program.
void keep_decide(Distribute *s, MlirBlock program);

/// Whether a tile is kept for others than `user`, to which it could be left.
bool keep_is_for_others(Distribute *s, MlirValue tile, MlirOperation user);

#endif // SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_KEEP_H
