// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products. A few columns of the result, all rows of each, accumulate in
// registers while a loop runs over the reduction dimension:
//
//     for k: a = lhs[k][0..lanes)              // from its buffer
//            acc[u] += a * splat(rhs[x+u, k])  // u < n; straight from memory
//
// A left operand [M, K] is kept with rows on lanes; one of [K, M] is read as it
// lies in memory, or in a copy of that. The right operand is read scalar by
// scalar: from memory, from a copy widened to f32, or, if it is computed, from
// its buffer.

#include "block.h"

#include "mlir-c/BuiltinTypes.h"

static bool is_f32(const Read *read) {
  return mlirTypeIsAF32(ir_element(read->tile)) &&
         mlirTypeIsAF32(read->element);
}

bool contract_takes_left_in_place(Block *s, MlirOperation op) {
  Read read;
  MlirValue lhs = ir_operand(op, 0);
  return read_of(s, lhs, &read) && is_f32(&read) && ir_rank(read.tile) == 2 &&
         !block_entry(s, lhs)->overwritten && !read_is_masked(&read) &&
         read_is_contiguous(&read) && ir_dim_size(read.tile, 1) % LANES == 0;
}

bool contract_takes_right_in_place(Block *s, MlirValue rhs) {
  Read read;
  return read_of(s, rhs, &read) && is_f32(&read) && ir_rank(read.tile) == 2 &&
         !block_entry(s, rhs)->overwritten && mlirValueIsNull(read.first);
}

/// Element (row, column) of an operand, as f32.
static MlirValue right_element(Block *s, MlirValue rhs, MlirValue row,
                               MlirValue column) {
  Ir *b = &s->b;
  const Entry *entry = block_entry(s, rhs);
  const MlirValue element[] = {row, column};
  if (!mlirValueIsNull(entry->natural))
    return ir_load(b, entry->natural, element);
  if (!mlirValueIsNull(entry->buffer))
    return ir_load(b, entry->buffer, (const MlirValue[]){column, row});
  Read read;
  if (read_of(s, rhs, &read)) {
    MlirValue indices[IR_MAX_RANK];
    read_indices(s, &read, element, indices);
    return ir_load(b, block_scalar(s, read.memref), indices);
  }
  return ir_convert(b, eval(s, rhs, (At){.row_dims = 0, .n = 1}).v[0],
                    ir_f32(b));
}

/// Column k of the left operand, as f32.
static MlirValue left_column(Block *s, MlirOperation op, MlirValue k,
                             int64_t lanes) {
  Ir *b = &s->b;
  MlirValue lhs = ir_operand(op, 0), zero = ir_const_index(b, 0);
  const Entry *entry = block_entry(s, lhs);
  MlirType vector = ir_vector(ir_f32(b), IR_DIMS(lanes));
  const MlirValue element[] = {k, zero};
  if (ir_is(ir_def(lhs), "arith.constant"))
    return ir_convert(
        b, eval_splat(s, eval(s, lhs, (At){.row_dims = 0, .n = 1}).v[0], lanes),
        ir_f32(b));
  Read read;
  if (tile_op_left_is_km(op) && mlirValueIsNull(entry->natural) &&
      read_of(s, lhs, &read)) {
    MlirValue indices[IR_MAX_RANK];
    read_indices(s, &read, element, indices);
    return ir_vector_load(b, vector, block_scalar(s, read.memref), indices);
  }
  return ir_vector_load(b, vector,
                        tile_op_left_is_km(op) ? entry->natural : entry->buffer,
                        element);
}

/// Whether a buffer of f32 has columns of a tile: all of them, or those below
/// `limit`.
static bool has_columns(Block *s, MlirValue tile, MlirValue limit) {
  const Entry *entry = block_entry(s, tile);
  return !mlirValueIsNull(entry->buffer) && entry->row_dims == 1 &&
         (mlirValueIsNull(entry->limit) ||
          mlirValueEqual(entry->limit, limit)) &&
         mlirTypeIsAF32(ir_element(ir_type(entry->buffer)));
}

static bool left_is_ready(Block *s, MlirOperation op, MlirValue limit) {
  MlirValue lhs = ir_operand(op, 0);
  if (ir_is(ir_def(lhs), "arith.constant"))
    return true;
  return tile_op_left_is_km(op)
             ? !mlirValueIsNull(block_entry(s, lhs)->natural) ||
                   contract_takes_left_in_place(s, op)
             : has_columns(s, lhs, limit);
}

static bool right_is_ready(Block *s, MlirOperation op) {
  MlirValue rhs = ir_operand(op, 1);
  return ir_is(ir_def(rhs), "arith.constant") ||
         !mlirValueIsNull(block_entry(s, rhs)->natural) ||
         has_columns(s, rhs, null_value()) ||
         contract_takes_right_in_place(s, rhs);
}

/// Whether a right operand may be read in all places where a loop over k up to
/// `limit` does, of columns below `at`'s.
static bool is_readable(Block *s, MlirOperation op, At at, MlirValue limit) {
  MlirValue rhs = ir_operand(op, 1);
  Read read;
  if (!read_of(s, rhs, &read) || !read_is_masked(&read) ||
      block_entry(s, rhs)->filled ||
      (!mlirValueIsNull(block_entry(s, rhs)->buffer) &&
       mlirValueIsNull(block_entry(s, rhs)->natural)))
    return true;
  MlirValue bound = tile_op_right_is_kn(op) ? limit : at.limit;
  return !mlirValueIsNull(bound) && mlirValueEqual(bound, read.count);
}

Columns contract_eval(Block *s, MlirOperation op, At at) {
  Ir *b = &s->b;
  MlirValue lhs = ir_operand(op, 0), rhs = ir_operand(op, 1);
  MlirType type = ir_type(ir_result(op, 0));
  int64_t lanes = block_lanes(type, 1);
  bool kn = tile_op_right_is_kn(op);
  int k_dim = tile_op_left_is_km(op) ? 0 : 1;
  // What the left operand pads with zeros contributes nothing.
  Padding padding = padding_of(s, lhs, k_dim);
  MlirValue limit = padding.value == 0 ? padding.limit : null_value();
  if (at.row_dims != 1 || !left_is_ready(s, op, limit) ||
      !right_is_ready(s, op) || !is_readable(s, op, at, limit)) {
    block_fail(s, op, "its operands are not where products take them from");
    return eval_nothing(s, ir_result(op, 0), at);
  }
  Columns acc = eval(s, ir_operand(op, 2), at);
  MlirValue size = block_count(s, limit, ir_dim_size(ir_type(lhs), k_dim));
  IrLoop loop = ir_for_begin(b, ir_const_index(b, 0), size,
                             ir_const_index(b, 1), at.n, acc.v);
  MlirValue k = loop.iv[0], a = left_column(s, op, k, lanes);
  for (int u = 0; u < at.n; ++u) {
    MlirValue x = block_column(s, at, u);
    MlirValue element =
        kn ? right_element(s, rhs, k, x) : right_element(s, rhs, x, k);
    acc.v[u] = ir_fma(b, a, eval_splat(s, element, lanes), loop.args[u]);
  }
  ir_for_end(b, &loop, at.n, acc.v);
  for (int u = 0; u < at.n; ++u)
    acc.v[u] = loop.results[u];
  return acc;
}
