// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Buffers in shared memory that a program writes.

#ifndef SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_BUFFER_H
#define SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_BUFFER_H

#include "context.h"

/// Makes a buffer in shared memory, unless it is there.
void buffer_make(Distribute *s, MlirOperation alloc);
/// The same buffer, otherwise ordered.
void buffer_view(Distribute *s, MlirOperation cast);
/// Any memref, its last dimension as two.
void buffer_pieces(Distribute *s, MlirOperation expand);
/// A vector.transfer_write into one.
void buffer_write(Distribute *s, MlirOperation write);
/// The address of a pair in an interleaved buffer: in `column` of a slice.
/// The last one of its indices is set to that.
MlirValue buffer_address(Distribute *s, MlirValue memref, MlirValue *indices,
                         MlirValue slice, MlirValue column);
/// Whether pieces of neighbouring rows of an own buffer change places.
bool buffer_alternates(MlirValue memref);
/// How many slices of a load one access has: several of an interleaved buffer.
int buffer_slices_in_access(Distribute *s, MlirOperation load);
/// This thread's pair of a slice of a tile that is read from there; `inside` as
/// transfer_source has it.
MlirValue buffer_load(Distribute *s, MlirOperation read, MlirValue row,
                      int slice, MlirValue *inside);

/// The same of both rows of the thread, from a buffer that is read by matrices.
void buffer_load_matrices(Distribute *s, MlirOperation read, int slice,
                          MlirValue pairs[2]);

#endif // SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_BUFFER_H
