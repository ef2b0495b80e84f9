// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions of tiles.

#ifndef SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_REDUCE_H
#define SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_REDUCE_H

#include "context.h"

/// Bytes of shared memory, for each row of a block, through which warps reduce
/// rows; they take none of their own where the first ring is as large and free.
enum { REDUCE_SCRATCH = 128 };

/// Keeps the result of a reduction over columns.
void reduce_columns(Distribute *s, MlirOperation op);
/// Keeps the result of a reduction over rows.
void reduce_rows(Distribute *s, MlirOperation op);
/// The result of an "or" over everything; one that only decides branches is
/// over the warp's rows.
void reduce_all(Distribute *s, MlirOperation op);
/// Whether all threads meet at a barrier for it.
bool reduce_all_meets(MlirOperation op);

#endif // SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_REDUCE_H
