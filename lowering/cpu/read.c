// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tiles in memory: the indices of their elements, the rows that a mask leaves
// in, and tiles of few rows, which are read where they are used:
//
//     %x = vector.transfer_read %m[%i, %j] ... : vector<1x64xf32>
//     ->
//     %e = memref.load %m[%i, %j + %column]
//     %v = vector.insert %e, %zeros [0] : f32 into vector<8xf32>

#include "block.h"

#include "lowering/bounds.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <stdint.h>

enum { FEW_ROWS = 2 };

/// A shape_cast of [..., N] to [M, N].
static bool flattens_rows(MlirOperation op) {
  if (!ir_is(op, "vector.shape_cast"))
    return false;
  MlirType from = ir_type(ir_operand(op, 0)), to = ir_type(ir_result(op, 0));
  int rank = ir_rank(from);
  return ir_rank(to) == 2 && rank > 2 &&
         ir_dim_size(to, 1) == ir_dim_size(from, rank - 1);
}

Read read_of_transfer(MlirOperation op) {
  bool writes = ir_is(op, "vector.transfer_write");
  Read read = {.op = op, .memref = ir_operand(op, writes)};
  read.tile = ir_type(writes ? ir_operand(op, 0) : ir_result(op, 0));
  read.element = ir_element(read.tile);
  tile_op_memref_dims(op, ir_rank(read.tile), read.dims);
  tile_op_mask(op, &read.first, &read.count);
  return read;
}

bool read_of(Block *s, MlirValue value, Read *read) {
  if (!tile_is(value))
    return false;
  MlirOperation op = ir_def(value);
  while (ir_is(op, "arith.extf") || flattens_rows(op))
    op = ir_def(ir_operand(op, 0));
  if (!ir_is(op, "vector.transfer_read"))
    return false;
  MlirValue loaded = ir_result(op, 0);
  if (block_entry(s, loaded)->overwritten && !mlirValueEqual(loaded, value))
    return false;
  *read = read_of_transfer(op);
  read->element = ir_element(ir_type(value));
  return true;
}

bool read_is_contiguous(const Read *read) {
  MlirType memref = ir_type(read->memref);
  int64_t strides[IR_MAX_RANK], offset;
  int rank = ir_rank(memref);
  return read->dims[ir_rank(read->tile) - 1] == rank - 1 &&
         mlirLogicalResultIsSuccess(
             mlirMemRefTypeGetStridesAndOffset(memref, strides, &offset)) &&
         strides[rank - 1] == 1;
}

void read_indices(Block *s, const Read *read, const MlirValue *element,
                  MlirValue *indices) {
  int rank = ir_rank(ir_type(read->memref));
  int first = ir_is(read->op, "vector.transfer_write") ? 2 : 1;
  for (int i = 0; i < rank; ++i)
    indices[i] = block_scalar(s, ir_operand(read->op, first + i));
  for (int t = 0; t < ir_rank(read->tile); ++t)
    if (!mlirValueIsNull(element[t]))
      indices[read->dims[t]] =
          ir_addi(&s->b, indices[read->dims[t]], element[t]);
}

// Rows ------------------------------------------------------------------------

bool read_is_masked(const Read *read) {
  return !mlirValueIsNull(read->first) || !mlirValueIsNull(read->count);
}

/// Element `row` of dimension 0 is in the mask's prefix of so many.
static MlirValue is_below(Block *s, MlirValue index, MlirValue count) {
  return ir_cmpi(&s->b, IR_SLT, index, block_scalar(s, count));
}

MlirValue read_is_inside(Block *s, const Read *read, MlirValue index) {
  Ir *b = &s->b;
  if (!read_is_masked(read))
    return null_value();
  MlirValue inside = mlirValueIsNull(read->count)
                         ? ir_const_int(b, ir_i1(b), 1)
                         : is_below(s, index, read->count);
  return mlirValueIsNull(read->first)
             ? inside
             : ir_xori(b, inside, is_below(s, index, read->first));
}

void read_bounds(Block *s, const Read *read, MlirValue *lower,
                 MlirValue *upper) {
  Ir *b = &s->b;
  int64_t size = ir_dim_size(read->tile, 0);
  *lower = ir_const_index(b, 0);
  *upper = block_count(s, read->count, size);
  if (mlirValueIsNull(read->first))
    return;
  // Of two prefixes the mask has what is in one of them only.
  MlirValue first = block_count(s, read->first, size), count = *upper;
  *lower = ir_minsi(b, first, count);
  *upper = ir_maxsi(b, first, count);
}

bool read_has_safe_rows(const Read *read) {
  return mlirValueIsNull(read->first) &&
         (mlirValueIsNull(read->count) || bounds_of(read->count).least > 0);
}

/// The element of dimension 0 that `row` is of.
static int64_t outermost(const Read *read, int64_t row) {
  for (int t = 1; t < ir_rank(read->tile) - 1; ++t)
    row /= ir_dim_size(read->tile, t);
  return row;
}

void read_row(Block *s, const Read *read, int64_t row, MlirValue *element) {
  int rank = ir_rank(read->tile);
  for (int t = rank == 1 ? 0 : rank - 2; t >= 0; --t) {
    int64_t size = ir_dim_size(read->tile, t);
    element[t] = ir_const_index(&s->b, t ? row % size : row);
    row /= size;
  }
}

/// One past the count becomes the last one before it.
void read_safe_row(Block *s, const Read *read, int64_t row,
                   MlirValue *element) {
  read_row(s, read, row, element);
  if (!mlirValueIsNull(read->count) && outermost(read, row))
    element[0] = ir_minsi(&s->b, element[0],
                          block_offset(s, block_scalar(s, read->count), -1));
}

MlirValue read_zero_outside(Block *s, const Read *read, int64_t row,
                            MlirValue value) {
  int64_t index = outermost(read, row);
  if (mlirValueIsNull(read->count) || index == 0)
    return value;
  return ir_select(&s->b,
                   is_below(s, ir_const_index(&s->b, index), read->count),
                   value, ir_zero(&s->b, ir_type(value)));
}

// Where they are used ---------------------------------------------------------

bool read_is_packed(Block *s, const Read *read) {
  int rank = ir_rank(read->tile);
  return rank == 1 || tile_rows(read->tile, rank - 1) > FEW_ROWS ||
         !read_has_safe_rows(read) ||
         block_entry(s, ir_result(read->op, 0))->overwritten;
}

Columns read_columns(Block *s, const Read *read, At at) {
  Ir *b = &s->b;
  Columns columns;
  int rank = ir_rank(read->tile);
  int64_t rows = tile_rows(read->tile, rank - 1);
  int64_t lanes = block_lanes(read->tile, rank - 1);
  for (int u = 0; u < at.n; ++u) {
    MlirValue value = ir_zero(b, ir_vector(read->element, IR_DIMS(lanes)));
    for (int64_t row = 0; row < rows; ++row) {
      MlirValue element[IR_MAX_RANK], indices[IR_MAX_RANK];
      read_safe_row(s, read, row, element);
      element[rank - 1] = block_column(s, at, u);
      read_indices(s, read, element, indices);
      MlirValue memref = block_scalar(s, read->memref);
      MlirValue x = read_zero_outside(
          s, read, row,
          eval_convert(s, ir_load(b, memref, indices), read->element));
      value = ir_value(
          b, "vector.insert", ir_type(value), IR_VALUES(x, value),
          IR_ATTRIBUTES({"static_position", ir_i64_array(b, IR_DIMS(row))}));
    }
    columns.v[u] = value;
  }
  return columns;
}
