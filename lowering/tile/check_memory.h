// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The checks of simplicial-check-tiles of ops on memory.

#ifndef SIMPLICIAL_LOWERING_TILE_CHECK_MEMORY_H
#define SIMPLICIAL_LOWERING_TILE_CHECK_MEMORY_H

#include "mlir-c/IR.h"

/// Diagnoses `op`: "is not an op of tile programs: '<name>' <what>".
MlirLogicalResult check_refuse(MlirOperation op, const char *what);

/// Of vector.transfer_read and vector.transfer_write.
MlirLogicalResult check_transfer(MlirOperation op);
/// The same before simplicial-stage: memory is global, or a block's own.
MlirLogicalResult check_unstaged_transfer(MlirOperation op);

/// Of memref.alloc, for simplicial-stage's rings.
MlirLogicalResult check_ring(MlirOperation op);
/// Of memref.alloca: a block's own memory.
MlirLogicalResult check_own_memory(MlirOperation op);
/// A memref.reinterpret_cast: the same memory, otherwise ordered, for loads.
MlirLogicalResult check_view(MlirOperation op);

/// A memref.expand_shape: the same memory, its last dimension as two.
MlirLogicalResult check_pieces(MlirOperation op);

#endif // SIMPLICIAL_LOWERING_TILE_CHECK_MEMORY_H
