// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tiles that are parked in shared memory.

#ifndef SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_PARK_H
#define SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_PARK_H

#include "context.h"

/// Makes room for what is parked of a tile.
void park_make_room(Distribute *s, Entry *entry);
/// Stores the slices of a tile of packed pairs that are parked for this thread,
/// and loads one.
void park_store(Distribute *s, Entry *entry, const Fragment *fragments);
Fragment park_load(Distribute *s, MlirValue tile, int slice);
/// Where the copy of a parked tile has a row of a slice: a slice's rows follow
/// each other, so that no two of a warp are in the same banks.
MlirValue park_copied_row(Distribute *s, const Entry *entry, MlirType tile,
                          MlirValue slice, MlirValue row);

#endif // SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_PARK_H
