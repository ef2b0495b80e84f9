// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which dimensions of a tile are rows, of which a target may have each thread
// or lane hold some, and which one is columns.
//
//     %s = vector.contract ...              : vector<64x32xf32>    1 of rows
//     %m = vector.multi_reduction %s [1]    : vector<64xf32>       1: by row
//     %c = vector.shape_cast %m             : vector<64x1xf32>     1
//     %b = vector.broadcast %x              : from vector<32xf32>  0: by column
//            to vector<64x32xf32>

#include "tile_rows.h"

#include "tile_ops.h"

/// Tiles that are looked at for one answer.
enum { MOST_VISITED = 256 };

typedef struct Search {
  int left; ///< tiles that may yet be looked at
} Search;

static int row_dims_of(Search *s, MlirValue tile);

/// As many rows, and behind them one dimension or none.
static int of_shape_cast(Search *s, MlirOperation op) {
  MlirType from = ir_type(ir_operand(op, 0)), to = ir_type(ir_result(op, 0));
  int dims = row_dims_of(s, ir_operand(op, 0)), rank = ir_rank(to);
  if (dims < 0)
    return -1;
  int64_t rows = tile_rows(from, dims);
  for (int n = rank > 1 ? rank - 1 : 1; n <= rank; ++n)
    if (tile_rows(to, n) == rows)
      return n;
  return -1;
}

static int of_broadcast(Search *s, MlirOperation op) {
  MlirValue source = ir_operand(op, 0);
  if (!tile_is(source))
    return -1;
  int dims = row_dims_of(s, source);
  return dims < 0 ? -1
                  : dims + ir_rank(ir_type(ir_result(op, 0))) -
                        ir_rank(ir_type(source));
}

static int of_reduction(Search *s, MlirOperation op) {
  int rank = ir_rank(ir_type(ir_result(op, 0)));
  if (tile_op_reduces_columns(op))
    return rank;
  // Those that are left of the rows, one of which may be of size 1. Of nothing
  // else than rows it is known that they are that.
  int dims = row_dims_of(s, ir_operand(op, 0));
  if (dims < 0)
    return rank == 1 ? 1 : -1;
  return dims > 1 ? dims - 1 : dims;
}

/// What a loop's carried value begins with, else, of a result, what it becomes.
static int of_carried(Search *s, MlirOperation loop, int i, bool result) {
  enum { FIRST_INIT = 3 };
  int dims = row_dims_of(s, ir_operand(loop, FIRST_INIT + i));
  if (dims >= 0 || !result)
    return dims;
  return row_dims_of(s,
                     ir_operand(mlirBlockGetTerminator(ir_body(loop, 0)), i));
}

static int of_branch(Search *s, MlirOperation branch, int i) {
  int dims = -1;
  for (int side = 0; side < 2 && dims < 0; ++side)
    dims = row_dims_of(
        s, ir_operand(mlirBlockGetTerminator(ir_body(branch, side)), i));
  return dims;
}

static int of_operands(Search *s, MlirOperation op) {
  int dims = -1;
  for (int i = 0; i < (int)mlirOperationGetNumOperands(op) && dims < 0; ++i)
    if (tile_is(ir_operand(op, i)))
      dims = row_dims_of(s, ir_operand(op, i));
  return dims;
}

static int row_dims_of(Search *s, MlirValue tile) {
  if (s->left-- <= 0)
    return -1;
  MlirOperation op = ir_def(tile);
  int rank = ir_rank(ir_type(tile));
  if (mlirValueIsABlockArgument(tile)) {
    MlirOperation loop =
        mlirBlockGetParentOperation(mlirBlockArgumentGetOwner(tile));
    int i = (int)mlirBlockArgumentGetArgNumber(tile) - 1;
    return ir_is(loop, "scf.for") && i >= 0 ? of_carried(s, loop, i, false)
                                            : -1;
  }
  if (ir_is(op, "vector.contract"))
    return 1;
  if (ir_is(op, "vector.transfer_read"))
    return rank > 1 ? rank - 1 : -1;
  if (ir_is(op, "vector.multi_reduction"))
    return of_reduction(s, op);
  if (ir_is(op, "vector.shape_cast"))
    return of_shape_cast(s, op);
  if (ir_is(op, "vector.broadcast"))
    return of_broadcast(s, op);
  int i = (int)mlirOpResultGetResultNumber(tile);
  if (ir_is(op, "scf.for"))
    return of_carried(s, op, i, true);
  if (ir_is(op, "scf.if"))
    return of_branch(s, op, i);
  return of_operands(s, op);
}

int tile_row_dims(MlirValue tile) {
  Search s = {.left = MOST_VISITED};
  return row_dims_of(&s, tile);
}

// Vectors ---------------------------------------------------------------------

/// What a vector's uses, and those of what is made of it, take it for.
static void find_uses(Search *s, MlirValue vector, bool *by_row,
                      bool *by_column) {
  for (MlirOpOperand use = mlirValueGetFirstUse(vector);
       !mlirOpOperandIsNull(use) && s->left-- > 0;
       use = mlirOpOperandGetNextUse(use)) {
    MlirOperation user = mlirOpOperandGetOwner(use);
    if (mlirOperationGetNumResults(user) != 1 || !tile_is(ir_result(user, 0)))
      continue;
    MlirType to = ir_type(ir_result(user, 0));
    if (ir_is(user, "vector.shape_cast") && ir_rank(to) > 1)
      *(ir_dim_size(to, ir_rank(to) - 1) == 1 ? by_row : by_column) = true;
    else if (ir_is(user, "vector.broadcast") && ir_rank(to) > 1)
      *by_column = true;
    if (ir_rank(to) > 1 || !tile_op_is_elementwise(user))
      continue;
    // Another operand may say it.
    int dims = row_dims_of(s, ir_result(user, 0));
    *by_row |= dims == 1;
    *by_column |= dims == 0;
    find_uses(s, ir_result(user, 0), by_row, by_column);
  }
}

static void find_roles(MlirValue vector, bool *by_row, bool *by_column) {
  Search s = {.left = MOST_VISITED};
  int dims = tile_row_dims(vector);
  *by_row = dims == 1;
  *by_column = dims == 0;
  find_uses(&s, vector, by_row, by_column);
}

bool tile_vector_is_by_row(MlirValue vector) {
  bool by_row, by_column;
  int dims = tile_row_dims(vector);
  if (dims >= 0)
    return dims == 1;
  find_roles(vector, &by_row, &by_column);
  return by_row || !by_column;
}

bool tile_vector_is_mixed(MlirValue vector) {
  bool by_row, by_column;
  find_roles(vector, &by_row, &by_column);
  return by_row && by_column;
}

int tile_op_stored_row_dims(MlirOperation op) {
  MlirValue tile = ir_operand(op, 0);
  int rank = ir_rank(ir_type(tile)), dims[IR_MAX_RANK];
  int known = tile_row_dims(tile);
  if (known >= 0) // one column is a row vector
    return known +
           (known == rank - 1 && ir_dim_size(ir_type(tile), known) == 1);
  if (rank == 1) { // what is only copied may have more elements than rows
    bool by_row, by_column;
    find_roles(tile, &by_row, &by_column);
    return by_row;
  }
  tile_op_memref_dims(op, rank, dims);
  return rank - (dims[rank - 1] == ir_rank(ir_type(ir_operand(op, 1))) - 1);
}
