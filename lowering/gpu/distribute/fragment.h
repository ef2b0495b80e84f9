// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A thread's part of a slice of a tile.

#ifndef SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_FRAGMENT_H
#define SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_FRAGMENT_H

#include "context.h"

Fragment fragment(Distribute *s, MlirValue tile, At at);
/// The same from the defining op, even if the tile is kept.
Fragment fragment_definition(Distribute *s, MlirValue tile, At at);
bool fragment_is_packed(MlirType tile);
/// Whether a thread's two rows of what has been broadcast are one row of it.
bool fragment_shares_rows(MlirValue tile);
/// Row `row` of a broadcast's result, as a row of its source.
MlirValue fragment_source_row(Distribute *s, MlirOperation op, int row_dims,
                              int source_row_dims, MlirValue row);
/// The two elements of a row of a fragment of `tile`, as a vector.
MlirValue fragment_pair(Ir *b, MlirType tile, const Fragment *f, int row);
/// One of the two elements of a packed pair.
MlirValue fragment_element(Ir *b, MlirValue pair, int64_t i);
/// An f32 rounded to a tf32, which is an i32 here.
MlirValue fragment_to_tf32(Ir *b, MlirValue x);
MlirValue fragment_combine(Distribute *s, IrReduction kind, MlirValue x,
                           MlirValue y);

#endif // SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_FRAGMENT_H
