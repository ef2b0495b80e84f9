// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where operands of products live.

#ifndef SIMPLICIAL_LOWERING_GPU_STAGE_PLACES_H
#define SIMPLICIAL_LOWERING_GPU_STAGE_PLACES_H

#include "lowering/ir.h"

/// Address space of shared memory.
enum { PLACES_SHARED = 3 };

/// Whether products, and nothing else, take a tile, one of them from shared
/// memory: as right operand, or as left one that is [K, M].
bool places_feeds_products(MlirValue tile);

/// Whether a tile is one row of numbers, for what is computed of all rows.
bool places_is_row(MlirValue tile);

/// A buffer of so many tiles [rows, columns] in shared memory, made at the
/// beginning of `program`.
MlirValue places_allocate(MlirBlock program, int64_t slots, MlirType tile);

/// Makes what a product reads tile `slot` of the buffer.
MlirValue places_read(Ir *b, MlirType tile, MlirValue buffer, MlirValue slot);

/// Puts what products take from shared memory, and is not there yet, into
/// buffers of its own: where it is computed, or loaded. Returns how many.
int places_publish(MlirOperation forall);

#endif // SIMPLICIAL_LOWERING_GPU_STAGE_PLACES_H
