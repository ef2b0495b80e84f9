// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Programs of a producer and its consumers.

#ifndef SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_ROLES_H
#define SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_ROLES_H

#include "context.h"

/// Whether the producer's program has `op`: a copy, a loop with some, or what
/// is no tile, nor made of any.
bool roles_producer_has(MlirOperation op);
/// The program twice: in the first warp of the last warpgroup only what copies,
/// in the others the rest. All threads run what both need of tiles.
void roles_convert(Distribute *s, MlirBlock program);

#endif // SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_ROLES_H
