// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Global and shared memory.

#ifndef SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_TRANSFER_H
#define SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_TRANSFER_H

#include "context.h"

/// How many bytes of a buffer's row are in a panel; 0: none can be.
int64_t transfer_panel_bytes(MlirType memref);
/// Whether a buffer lies in shared memory as the engine wants it.
bool transfer_is_swizzled(const Distribute *s, MlirType memref);
/// A pointer to element `indices` of a memref.
MlirValue transfer_address(Distribute *s, MlirValue memref,
                           const MlirValue *indices);
/// A pointer to the element so many further in each dimension, which is not
/// swizzled. Pointers that differ by constants take one register.
MlirValue transfer_moved(Distribute *s, MlirValue memref, MlirValue address,
                         const int64_t *by);
Fragment transfer_read(Distribute *s, MlirOperation op, At at);
void transfer_write(Distribute *s, MlirOperation op);
/// Stores so many slices of v[i] of a tile's fragments at `at`, where `writes`,
/// in rows that the store's mask leaves in.
void transfer_write_row(Distribute *s, MlirOperation op, At at, int i,
                        MlirValue writes, int slices);
/// Where the elements end that the mask of a store leaves in, along the tile's
/// first dimension; null: nowhere. Diagnoses other masks.
bool transfer_stored_end(Distribute *s, MlirOperation write, MlirValue *end);
/// Where an element of a written tile with columns is, by dimension: in the
/// tile, and in memory.
void transfer_write_indices(Distribute *s, MlirOperation write, MlirValue row,
                            MlirValue column, MlirValue *places,
                            MlirValue *indices);
/// The address of an element of the tile that a vector.transfer_read reads, or
/// of another row's if the mask leaves this one out; `inside` says whether it
/// does not, null: there is no mask.
MlirValue transfer_source(Distribute *s, MlirOperation read, MlirValue row,
                          MlirValue column, MlirValue *inside);
/// Its indices.
void transfer_source_indices(Distribute *s, MlirOperation read, MlirValue row,
                             MlirValue column, MlirValue *inside,
                             MlirValue *indices);
MlirValue transfer_load(Ir *b, MlirType type, MlirValue pointer,
                        int64_t alignment);
void transfer_store(Ir *b, MlirValue value, MlirValue pointer,
                    int64_t alignment);
/// ldmatrix: 2 or 4 matrices of 8 x 8, each transposed if `transposes`, as
/// i32's.
void transfer_load_matrices(Ir *b, MlirValue address, int n, bool transposes,
                            MlirValue *registers);
/// Whether it is of pieces of rows: behind the loop before it there is a place
/// anew of which all such addresses are computed.
bool transfer_is_by_piece(MlirOperation transfer);
/// Pins the indices of a transfer (context_pinned), operands from `first` on,
/// where loops carry more registers than there are for them: until they are
/// what they were `before`.
void transfer_pin_indices(Distribute *s, MlirOperation transfer, int first,
                          MlirValue *before);
void transfer_restore_indices(Distribute *s, MlirOperation transfer, int first,
                              const MlirValue *before);
/// Unrolled, a loop would keep in registers what each iteration needs.
void transfer_keep_rolled(Ir *b, IrLoop *loop);

#endif // SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_TRANSFER_H
