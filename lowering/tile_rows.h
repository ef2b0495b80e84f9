// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which dimensions of a tile are rows.

#ifndef SIMPLICIAL_LOWERING_TILE_ROWS_H
#define SIMPLICIAL_LOWERING_TILE_ROWS_H

#include "mlir-c/IR.h"

/// How many leading dimensions of `tile` are rows, as what it is made from
/// says; -1: that says nothing.
int tile_row_dims(MlirValue tile);

/// The same of a stored tile, where its making says nothing as its place in
/// memory does: all dimensions but one that runs along the memref's last.
int tile_op_stored_row_dims(MlirOperation transfer_write);

/// Whether a vector of one dimension is an element for each row; else it is one
/// for each column. What it is made from decides, else what it is used for; if
/// that says nothing, it is by row.
bool tile_vector_is_by_row(MlirValue vector);

/// Whether it is used as both.
bool tile_vector_is_mixed(MlirValue vector);

#endif // SIMPLICIAL_LOWERING_TILE_ROWS_H
