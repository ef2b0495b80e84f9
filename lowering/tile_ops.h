// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What tile programs are made of, for the stages that take them apart. What is
// said here is of ops that passed tile/check.h.
//
// A tile value has leading row dimensions and at most one trailing column
// dimension (tile_rows.h).

#ifndef SIMPLICIAL_LOWERING_TILE_OPS_H
#define SIMPLICIAL_LOWERING_TILE_OPS_H

#include "ir.h"

bool tile_is(MlirValue value);
/// The product of the first `row_dims` dimensions.
int64_t tile_rows(MlirType tile, int row_dims);
bool tile_has_columns(MlirType tile, int row_dims);
int tile_uses(MlirValue tile);

bool tile_op_is_elementwise(MlirOperation op);
/// A multi_reduction to a scalar.
bool tile_op_reduces_all(MlirOperation op);
/// The op whose result a tile is, broadcast and reshaped; null if there is
/// none.
MlirOperation tile_source(MlirValue tile);
/// A multi_reduction over the columns.
bool tile_op_reduces_columns(MlirOperation op);
/// A multi_reduction over one of the rows' dimensions.
bool tile_op_reduces_rows(MlirOperation op);
/// The rows that such a reduction makes row r of its result of: `n` of them,
/// `distance` apart, from row r / distance * n * distance + r % distance on.
typedef struct ReducedRows {
  int64_t n, distance;
} ReducedRows;
/// Those of it, its operand having so many dimensions of rows.
ReducedRows tile_op_reduced_rows(MlirOperation op, int row_dims);
IrReduction tile_op_reduction_kind(MlirOperation multi_reduction);
/// The `row_dims` of the operand of a broadcast or shape_cast whose result has
/// `row_dims`.
int tile_op_source_row_dims(MlirOperation op, int row_dims);
/// The loops of a product (m, n, k in some order) that the two dimensions of
/// one of its tiles run along; -1 for none.
void tile_op_product_dims(MlirOperation contraction, int tile, int dims[2]);
/// Whether a product's left operand is [K, M] rather than [M, K].
bool tile_op_left_is_km(MlirOperation contraction);
/// Whether its right one is [K, N] rather than [N, K].
bool tile_op_right_is_kn(MlirOperation contraction);
/// The memref dimensions that the dimensions of a transferred tile run along;
/// -1 for none.
void tile_op_memref_dims(MlirOperation transfer, int tile_rank, int *dims);
/// Whether neighbouring elements along a transferred tile's last dimension are
/// neighbours in memory.
bool tile_op_is_contiguous(MlirOperation transfer);
/// The count of a vector.create_mask along `dim`; null if it leaves nothing
/// out.
MlirValue tile_op_mask_count(MlirOperation create_mask, int dim);
/// The elements along dimension 0 that the mask of a transfer leaves in: those
/// in [first, end). Null: from 0; all. False if it has none, or leaves out
/// others.
bool tile_op_mask(MlirOperation transfer, MlirValue *first, MlirValue *end);
/// The row vector that an arith.cmpi tests columns' numbers to be less than;
/// null for any other op.
MlirValue tile_op_column_limit(MlirOperation op);

/// Whether memory may be written between a load in `forall` and its uses.
bool tile_op_is_overwritten(MlirOperation transfer_read, MlirOperation forall);
/// Says, of the first op (null: `forall`) of a loop that a pass cannot lower,
/// why; then it is `failed`.
void tile_fail(MlirOperation *failed, const char *pass, MlirOperation forall,
               MlirOperation op, const char *reason);
/// Whether there are values of vector type in a loop.
bool tile_has_tiles(MlirOperation forall);
/// Whether it is a tile program: whether it has tiles, and is not what
/// simplicial-block made of one.
bool tile_is_program(MlirOperation forall);

#endif // SIMPLICIAL_LOWERING_TILE_OPS_H
