// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Global and shared memory.

#ifndef SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_TRANSFER_H
#define SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_TRANSFER_H

#include "context.h"

/// A pointer to element `indices` of a memref.
MlirValue transfer_address(Distribute *s, MlirValue memref,
                           const MlirValue *indices);
/// A pointer to the element so many further in each dimension, which is not
/// swizzled. Pointers that differ by constants take one register.
MlirValue transfer_moved(Distribute *s, MlirValue memref, MlirValue address,
                         const int64_t *by);
Fragment transfer_read(Distribute *s, MlirOperation op, At at);
void transfer_write(Distribute *s, MlirOperation op);
/// Where an element of a written tile with columns is, by dimension: in the
/// tile, and in memory.
void transfer_write_indices(Distribute *s, MlirOperation write, MlirValue row,
                            MlirValue column, MlirValue *places,
                            MlirValue *indices);
/// Stores the slices of a tile of packed pairs that are parked for this thread,
/// and loads one.
void transfer_park(Distribute *s, Entry *entry, const Fragment *fragments);
Fragment transfer_parked(Distribute *s, MlirValue tile, int slice);
/// The address of an element of the tile that a vector.transfer_read reads, or
/// of another row's if the mask leaves this one out; `inside` says whether it
/// does not, null: there is no mask.
MlirValue transfer_source(Distribute *s, MlirOperation read, MlirValue row,
                          MlirValue column, MlirValue *inside);
/// The address of a pair in a buffer of a block's own: in `column` of a slice.
MlirValue transfer_own_address(Distribute *s, MlirValue memref, MlirValue row,
                               MlirValue slice, MlirValue column);
/// Makes room for what is parked of a tile.
void transfer_make_parking(Distribute *s, Entry *entry);
/// Where the copy of a parked tile has a row of a slice: a slice's rows follow
/// each other, so that no two of a warp are in the same banks.
MlirValue transfer_copied_row(Distribute *s, const Entry *entry, MlirType tile,
                              MlirValue slice, MlirValue row);
MlirValue transfer_load(Ir *b, MlirType type, MlirValue pointer,
                        int64_t alignment);
void transfer_store(Ir *b, MlirValue value, MlirValue pointer,
                    int64_t alignment);
/// Unrolled, a loop would keep in registers what each iteration needs.
void transfer_keep_rolled(Ir *b, IrLoop *loop);

#endif // SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_TRANSFER_H
