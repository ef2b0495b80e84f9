// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tiles between memory, where a row's columns are contiguous, and buffers,
// where a column's rows are: 8 x 8 blocks are transposed in registers.

#include "block.h"

#include "mlir-c/AffineExpr.h"
#include "mlir-c/AffineMap.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

enum { FEW_ROWS = 2 };

bool read_of(MlirValue value, Read *read) {
  MlirOperation op = ir_def(value);
  if (!mlirTypeIsAVector(ir_type(value)))
    return false;
  MlirType element = ir_element(ir_type(value));
  if (ir_is(op, "arith.extf"))
    op = ir_def(ir_operand(op, 0));
  if (!ir_is(op, "vector.transfer_read"))
    return false;
  *read = (Read){.op = op,
                 .memref = ir_operand(op, 0),
                 .tile = ir_type(ir_result(op, 0)),
                 .element = element};
  int rank = ir_rank(ir_type(read->memref));
  tile_op_memref_dims(op, ir_rank(read->tile), read->dims);
  if (mlirOperationGetNumOperands(op) == rank + 3) {
    MlirOperation mask = ir_def(ir_operand(op, rank + 2));
    if (ir_is(mask, "vector.create_mask"))
      read->count = tile_op_mask_count(mask, 0);
  }
  return true;
}

void read_indices(Block *s, const Read *read, MlirValue row, MlirValue column,
                  MlirValue *indices) {
  MlirValue offsets[2] = {row, column};
  int rank = ir_rank(ir_type(read->memref));
  for (int i = 0; i < rank; ++i)
    indices[i] = block_scalar(s, ir_operand(read->op, 1 + i));
  for (int t = 0; t < ir_rank(read->tile); ++t)
    if (!mlirValueIsNull(offsets[t]))
      indices[read->dims[t]] =
          ir_addi(&s->b, indices[read->dims[t]], offsets[t]);
}

bool read_is_packed(const Read *read) {
  return tile_rows(read->tile, 1) > FEW_ROWS;
}

/// Row `row` of the tile as an index that may be loaded: one past the count
/// becomes the last one before it. Counts are at least 1, since a loop over a
/// window has no iteration without keys.
static MlirValue safe_row(Block *s, const Read *read, int64_t row) {
  MlirValue index = ir_const_index(&s->b, row);
  if (mlirValueIsNull(read->count) || row == 0)
    return index;
  return ir_minsi(&s->b, index,
                  block_offset(s, block_scalar(s, read->count), -1));
}

/// `value` of row `row`, or zero if that is past the count.
static MlirValue zero_past_count(Block *s, const Read *read, int64_t row,
                                 MlirValue value) {
  if (mlirValueIsNull(read->count) || row == 0)
    return value;
  MlirValue inside = ir_cmpi(&s->b, IR_SLT, ir_const_index(&s->b, row),
                             block_scalar(s, read->count));
  return ir_select(&s->b, inside, value, ir_zero(&s->b, ir_type(value)));
}

Columns read_columns(Block *s, const Read *read, At at) {
  Ir *b = &s->b;
  Columns columns;
  int64_t rows = tile_rows(read->tile, 1), lanes = block_lanes(read->tile, 1);
  for (int u = 0; u < at.n; ++u) {
    MlirValue value = ir_zero(b, ir_vector(read->element, IR_DIMS(lanes)));
    for (int64_t row = 0; row < rows; ++row) {
      MlirValue indices[IR_MAX_RANK];
      read_indices(s, read, safe_row(s, read, row), block_column(s, at, u),
                   indices);
      MlirValue element = zero_past_count(
          s, read, row,
          ir_convert(b, ir_load(b, read->memref, indices), read->element));
      value = ir_value(
          b, "vector.insert", ir_type(value), IR_VALUES(element, value),
          IR_ATTRIBUTES({"static_position", ir_i64_array(b, IR_DIMS(row))}));
    }
    columns.v[u] = value;
  }
  return columns;
}

/// Transposes 8 vectors of 8: stage `step` exchanges, in each pair of vectors
/// `step` apart, the halves of each group of 2 * step lanes.
static void transpose(Block *s, MlirValue *v) {
  for (int step = 1; step < LANES; step *= 2)
    for (int i = 0; i < LANES; ++i) {
      if (i & step)
        continue;
      int64_t low[LANES], high[LANES];
      for (int lane = 0; lane < LANES; ++lane) {
        low[lane] = lane & step ? LANES + lane - step : lane;
        high[lane] = lane & step ? LANES + lane : lane + step;
      }
      MlirValue x = v[i], y = v[i + step];
      v[i] = ir_shuffle(&s->b, x, y, LANES, low);
      v[i + step] = ir_shuffle(&s->b, x, y, LANES, high);
    }
}

static IrLoop begin_columns(Block *s, int64_t columns, int64_t step) {
  Ir *b = &s->b;
  return ir_for_begin(b, ir_const_index(b, 0), ir_const_index(b, columns),
                      ir_const_index(b, step), IR_NONE);
}

void pack_on_lanes(Block *s, MlirValue value, const Read *read) {
  Ir *b = &s->b;
  int64_t rows = tile_rows(read->tile, 1), lanes = block_lanes(read->tile, 1);
  int64_t columns = ir_dim_size(read->tile, 1);
  MlirType vector = ir_vector(ir_element(read->tile), IR_DIMS(LANES));
  MlirValue buffer = block_alloca(s, read->element, IR_DIMS(columns, lanes));
  IrLoop loop = begin_columns(s, columns, LANES);
  MlirValue x = loop.iv[0], v[LANES], indices[IR_MAX_RANK];
  for (int64_t first = 0; first < lanes; first += LANES) {
    for (int i = 0; i < LANES; ++i) {
      int64_t row = first + i < rows ? first + i : rows - 1;
      read_indices(s, read, safe_row(s, read, row), x, indices);
      MlirValue loaded = ir_vector_load(b, vector, read->memref, indices);
      v[i] =
          zero_past_count(s, read, row, ir_convert(b, loaded, read->element));
    }
    transpose(s, v);
    for (int i = 0; i < LANES; ++i)
      ir_vector_store(
          b, v[i], buffer,
          (const MlirValue[]){block_offset(s, x, i), ir_const_index(b, first)});
  }
  ir_for_end(b, &loop, IR_NONE);
  block_entry(s, value)->buffer = buffer;
}

void pack_in_order(Block *s, MlirValue value, const Read *read) {
  Ir *b = &s->b;
  int64_t rows = ir_dim_size(read->tile, 0),
          columns = ir_dim_size(read->tile, 1);
  MlirValue buffer = block_alloca(s, read->element, IR_DIMS(rows, columns));
  MlirValue count = mlirValueIsNull(read->count) ? ir_const_index(b, rows)
                                                 : block_scalar(s, read->count);
  MlirValue one = ir_const_index(b, 1), zero = ir_const_index(b, 0);
  IrLoop outer = ir_for_begin(b, zero, count, one, IR_NONE);
  IrLoop inner = begin_columns(s, columns, 2 * LANES);
  MlirValue row = outer.iv[0], x = inner.iv[0], indices[IR_MAX_RANK];
  read_indices(s, read, row, x, indices);
  MlirValue loaded =
      ir_vector_load(b, ir_vector(ir_element(read->tile), IR_DIMS(2 * LANES)),
                     read->memref, indices);
  ir_vector_store(b, ir_convert(b, loaded, read->element), buffer,
                  (const MlirValue[]){row, x});
  ir_for_end(b, &inner, IR_NONE);
  ir_for_end(b, &outer, IR_NONE);
  block_entry(s, value)->natural = buffer;
}

/// A vector with one element for each row, written along one dimension.
static void unpack_vector(Block *s, MlirOperation op, MlirValue tile,
                          const MlirValue *indices, int dim) {
  Ir *b = &s->b;
  MlirValue memref = ir_operand(op, 1);
  MlirValue value = eval(s, tile, (At){.row_dims = 1, .n = 1}).v[0];
  for (int64_t row = 0; row < tile_rows(ir_type(tile), 1); ++row) {
    MlirValue at[IR_MAX_RANK];
    for (int i = 0; i < ir_rank(ir_type(memref)); ++i)
      at[i] = i == dim ? block_offset(s, indices[i], row) : indices[i];
    MlirValue element = ir_value(
        b, "vector.extract", ir_element(ir_type(value)), IR_VALUES(value),
        IR_ATTRIBUTES({"static_position", ir_i64_array(b, IR_DIMS(row))}));
    ir_store(b, ir_convert(b, element, ir_element(ir_type(memref))), memref,
             at);
  }
}

void unpack(Block *s, MlirOperation op) {
  Ir *b = &s->b;
  MlirValue written = ir_operand(op, 0), tile = written,
            memref = ir_operand(op, 1);
  if (ir_is(ir_def(tile), "arith.truncf"))
    tile = ir_operand(ir_def(tile), 0);
  MlirType type = ir_type(tile), element = ir_element(ir_type(memref));
  int rank = ir_rank(ir_type(memref)), dims[2];
  tile_op_memref_dims(op, ir_rank(type), dims);
  MlirValue indices[IR_MAX_RANK], at[IR_MAX_RANK], v[LANES];
  for (int i = 0; i < rank; ++i)
    indices[i] = block_scalar(s, ir_operand(op, 2 + i));
  if (ir_rank(type) == 1) {
    unpack_vector(s, op, tile, indices, dims[0]);
    return;
  }
  int64_t rows = tile_rows(type, 1), lanes = block_lanes(type, 1);
  MlirValue buffer = block_entry(s, tile)->buffer;
  IrLoop loop = begin_columns(s, ir_dim_size(type, 1), LANES);
  MlirValue x = loop.iv[0];
  for (int64_t first = 0; first < lanes; first += LANES) {
    for (int i = 0; i < LANES; ++i)
      v[i] = ir_vector_load(
          b, ir_vector(ir_element(type), IR_DIMS(LANES)), buffer,
          (const MlirValue[]){block_offset(s, x, i), ir_const_index(b, first)});
    transpose(s, v);
    for (int i = 0; i < LANES && first + i < rows; ++i) {
      for (int d = 0; d < rank; ++d)
        at[d] = indices[d];
      at[dims[0]] = block_offset(s, indices[dims[0]], first + i);
      at[dims[1]] = ir_addi(b, indices[dims[1]], x);
      ir_vector_store(b, ir_convert(b, v[i], element), memref, at);
    }
  }
  ir_for_end(b, &loop, IR_NONE);
}
