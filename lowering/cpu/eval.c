// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The vectors of a few columns of a tile, from the op that defines it: the tile
// program's ops on whole tiles become the same ops on vectors of one column.

#include "block.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <math.h>

MlirValue eval_splat(Block *s, MlirValue scalar, int64_t lanes) {
  return ir_broadcast(&s->b, scalar,
                      ir_vector(ir_type(scalar), IR_DIMS(lanes)));
}

/// The type that one column of `tile` is evaluated to.
static MlirType column_type(MlirType tile, int row_dims) {
  int64_t lanes = block_lanes(tile, row_dims);
  return row_dims ? ir_vector(ir_element(tile), IR_DIMS(lanes))
                  : ir_element(tile);
}

/// Whether a tile has no more lanes than there is code for.
static bool check_lanes(Block *s, MlirOperation op, int64_t lanes) {
  if (lanes > MAX_LANES)
    block_fail(s, op, "its tiles have too many rows");
  return lanes <= MAX_LANES;
}

static Columns all(MlirValue value, int n) {
  Columns columns;
  for (int u = 0; u < n; ++u)
    columns.v[u] = value;
  return columns;
}

/// The larger, y if either is NaN: one instruction, unlike maxnum. Which of two
/// results a NaN gives makes no difference to a softmax, whose sum it enters.
static MlirValue larger(Ir *b, MlirValue x, MlirValue y) {
  return ir_select(b, ir_cmpf(b, IR_OGT, x, y), x, y);
}

MlirValue eval_combine(Block *s, IrReduction kind, MlirValue x, MlirValue y) {
  return kind == IR_SUM ? ir_addf(&s->b, x, y) : larger(&s->b, x, y);
}

static Columns load_buffer(Block *s, MlirValue tile, const Entry *entry,
                           At at) {
  Ir *b = &s->b;
  MlirType vector = column_type(ir_type(tile), at.row_dims);
  bool has_columns = ir_rank(ir_type(entry->buffer)) == 2;
  MlirValue zero = ir_const_index(b, 0);
  if (!has_columns)
    return all(ir_vector_load(b, vector, entry->buffer, &zero), at.n);
  if (!mlirValueIsNull(entry->limit) &&
      (mlirValueIsNull(at.limit) || !mlirValueEqual(entry->limit, at.limit)))
    block_fail(s, ir_def(tile), "its padding is used as if it were not");
  Columns columns;
  for (int u = 0; u < at.n; ++u)
    columns.v[u] =
        ir_vector_load(b, vector, entry->buffer,
                       (const MlirValue[]){block_column(s, at, u), zero});
  return columns;
}

static Columns eval_constant(Block *s, MlirOperation op, At at) {
  MlirType tile = ir_type(ir_result(op, 0));
  MlirAttribute value = ir_get_attr(op, "value");
  if (!mlirAttributeIsADenseElements(value) ||
      !mlirDenseElementsAttrIsSplat(value) || !mlirTypeIsAF32(ir_element(tile)))
    block_fail(s, op, "only f32 constants that are splats are tiles");
  double splat =
      s->failed.ptr ? 0 : mlirDenseElementsAttrGetFloatSplatValue(value);
  return all(ir_const_f(&s->b, column_type(tile, at.row_dims), splat), at.n);
}

/// Row `lane` of a broadcast's result, as a row of its source.
static int64_t source_row(MlirType result, int row_dims, MlirType source,
                          int source_row_dims, int64_t lane) {
  int64_t row = 0, stride = 1;
  for (int dim = row_dims - 1, from = source_row_dims - 1; from >= 0;
       --dim, --from) {
    int64_t index = lane % ir_dim_size(result, dim);
    lane /= ir_dim_size(result, dim);
    if (ir_dim_size(source, from) > 1)
      row += index * stride;
    stride *= ir_dim_size(source, from);
  }
  return row;
}

/// Makes `source`, a column of a broadcast's operand, one of its result.
static MlirValue broadcast_rows(Block *s, MlirOperation op, At at,
                                int source_row_dims, MlirValue source) {
  MlirType to = ir_type(ir_result(op, 0)), from = ir_type(ir_operand(op, 0));
  int64_t lanes = block_lanes(to, at.row_dims);
  if (!at.row_dims)
    return source;
  if (!source_row_dims)
    return eval_splat(s, source, lanes);
  int64_t rows = tile_rows(to, at.row_dims), mask[MAX_LANES];
  if (!check_lanes(s, op, lanes))
    return source;
  bool identity = lanes == block_lanes(from, source_row_dims);
  for (int64_t lane = 0; lane < lanes; ++lane) {
    int64_t row = lane < rows ? lane : rows - 1;
    mask[lane] = source_row(to, at.row_dims, from, source_row_dims, row);
    identity &= lane >= rows || mask[lane] == lane;
  }
  return identity ? source
                  : ir_shuffle(&s->b, source, source, (int)lanes, mask);
}

static Columns eval_broadcast(Block *s, MlirOperation op, At at) {
  MlirValue operand = ir_operand(op, 0);
  MlirType to = ir_type(ir_result(op, 0)), from = ir_type(operand);
  int64_t lanes = block_lanes(to, at.row_dims);
  if (!mlirTypeIsAVector(from)) {
    MlirValue scalar = block_scalar(s, operand);
    return all(at.row_dims ? eval_splat(s, scalar, lanes) : scalar, at.n);
  }
  At source = at;
  source.row_dims = tile_op_source_row_dims(op, at.row_dims);
  bool varies =
      ir_rank(from) > source.row_dims && ir_dim_size(from, source.row_dims) > 1;
  if (!varies) {
    source.x = source.limit = (MlirValue){NULL};
    source.n = 1;
  }
  Columns columns = eval(s, operand, source);
  for (int u = 0; u < source.n; ++u)
    columns.v[u] = broadcast_rows(s, op, at, source.row_dims, columns.v[u]);
  return varies ? columns : all(columns.v[0], at.n);
}

/// create_mask, on lanes: lane < count; on columns: x + u < count.
static Columns eval_mask(Block *s, MlirOperation op, At at) {
  Ir *b = &s->b;
  MlirType tile = ir_type(ir_result(op, 0));
  if (ir_rank(tile) != 1) {
    block_fail(s, op, "masks of more than one dimension only mask loads");
    return all(ir_zero(b, ir_f32(b)), at.n);
  }
  MlirValue count = block_scalar(s, ir_operand(op, 0));
  Columns columns;
  if (!at.row_dims) {
    for (int u = 0; u < at.n; ++u)
      columns.v[u] = ir_cmpi(b, IR_SLT, block_column(s, at, u), count);
    return columns;
  }
  int64_t lanes = block_lanes(tile, 1);
  int32_t numbers[MAX_LANES];
  if (!check_lanes(s, op, lanes))
    return all(ir_zero(b, ir_f32(b)), at.n);
  for (int64_t lane = 0; lane < lanes; ++lane)
    numbers[lane] = (int32_t)lane;
  MlirType type = ir_vector(ir_i32(b), IR_DIMS(lanes));
  MlirValue lane = ir_value(
      b, "arith.constant", type, IR_NONE,
      IR_ATTRIBUTES(
          {"value", mlirDenseElementsAttrInt32Get(type, lanes, numbers)}));
  MlirValue bound = ir_index_cast(b, count, ir_i32(b));
  return all(ir_cmpi(b, IR_SLT, lane, eval_splat(s, bound, lanes)), at.n);
}

/// Whether a mask holds wherever columns stay below `limit`.
static bool holds_below(MlirValue mask, MlirValue limit) {
  MlirOperation op = ir_def(mask);
  if (ir_is(op, "vector.broadcast")) {
    MlirType from = ir_type(ir_operand(op, 0)), to = ir_type(mask);
    return mlirTypeIsAVector(from) &&
           ir_dim_size(from, ir_rank(from) - 1) ==
               ir_dim_size(to, ir_rank(to) - 1) &&
           holds_below(ir_operand(op, 0), limit);
  }
  return ir_is(op, "vector.create_mask") && ir_rank(ir_type(mask)) == 1 &&
         mlirValueEqual(ir_operand(op, 0), limit);
}

static Columns eval_elementwise(Block *s, MlirOperation op, At at) {
  Ir *b = &s->b;
  MlirValue result = ir_result(op, 0);
  if (ir_is(op, "arith.select") && !mlirValueIsNull(at.limit) &&
      holds_below(ir_operand(op, 0), at.limit))
    return eval(s, ir_operand(op, 1), at);
  int n_operands = (int)mlirOperationGetNumOperands(op);
  Columns operands[3], columns;
  for (int i = 0; i < n_operands; ++i)
    operands[i] = eval(s, ir_operand(op, i), at);
  MlirType type = column_type(ir_type(result), at.row_dims);
  for (int u = 0; u < at.n; ++u) {
    MlirValue v[3];
    for (int i = 0; i < n_operands; ++i)
      v[i] = operands[i].v[u];
    if (ir_is(op, "math.exp2"))
      columns.v[u] = exp2_polynomial(b, v[0]);
    else if (ir_is(op, "arith.maxnumf"))
      columns.v[u] = larger(b, v[0], v[1]);
    else
      columns.v[u] = ir_clone_with(b, op, type, v);
  }
  return columns;
}

/// A row reduction (over the outermost dimension of the rows): lanes of a
/// vector combine to fewer.
static Columns eval_row_reduction(Block *s, MlirOperation op, At at) {
  Ir *b = &s->b;
  MlirValue source = ir_operand(op, 0);
  MlirType from = ir_type(source), to = ir_type(ir_result(op, 0));
  IrReduction kind = tile_op_reduction_kind(op);
  int64_t n = ir_dim_size(from, 0), rows = tile_rows(to, 1);
  int64_t lanes = block_lanes(to, 1), mask[MAX_LANES];
  At inner = at;
  inner.row_dims = 2;
  Columns acc = eval(s, ir_operand(op, 1), at);
  if (!check_lanes(s, op, lanes) || !check_lanes(s, op, n * rows))
    return acc;
  Columns columns = eval(s, source, inner);
  for (int u = 0; u < at.n; ++u) {
    if (rows == 1 && n > 1) {
      for (int64_t lane = 0; lane < n; ++lane)
        mask[lane] = lane;
      MlirValue all_rows =
          ir_shuffle(b, columns.v[u], columns.v[u], (int)n, mask);
      MlirAttribute kind_attr = ir_get_attr(op, "kind");
      MlirValue scalar = ir_value(
          b, "vector.reduction", ir_element(to), IR_VALUES(all_rows),
          IR_ATTRIBUTES(
              {"kind", kind_attr},
              {"fastmath", ir_parse_attr(b, "#arith.fastmath<reassoc>")}));
      acc.v[u] = eval_combine(s, kind, eval_splat(s, scalar, lanes), acc.v[u]);
      continue;
    }
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t lane = 0; lane < lanes; ++lane)
        mask[lane] = i * rows + (lane < rows ? lane : rows - 1);
      MlirValue part =
          ir_shuffle(b, columns.v[u], columns.v[u], (int)lanes, mask);
      acc.v[u] = eval_combine(s, kind, part, acc.v[u]);
    }
  }
  return acc;
}

Columns eval_definition(Block *s, MlirValue tile, At at) {
  MlirOperation op = ir_def(tile);
  Read read;
  if (s->failed.ptr || mlirOperationIsNull(op))
    block_fail(s, op, "a tile is used that was not kept");
  else if (ir_is(op, "arith.constant"))
    return eval_constant(s, op, at);
  else if (read_of(tile, &read) && at.row_dims == 1 && !mlirValueIsNull(at.x))
    return read_columns(s, &read, at);
  else if (block_is_contraction(op))
    return eval_contraction(s, op, at);
  else if (ir_is(op, "vector.broadcast"))
    return eval_broadcast(s, op, at);
  else if (ir_is(op, "vector.shape_cast")) {
    at.row_dims = tile_op_source_row_dims(op, at.row_dims);
    return eval(s, ir_operand(op, 0), at);
  } else if (ir_is(op, "vector.create_mask"))
    return eval_mask(s, op, at);
  else if (ir_is(op, "vector.multi_reduction"))
    return eval_row_reduction(s, op, at);
  else if (tile_op_is_elementwise(op))
    return eval_elementwise(s, op, at);
  else
    block_fail(s, op, "it is not an op of tile programs");
  return all(ir_zero(&s->b, ir_f32(&s->b)), at.n); // never seen: we failed
}

Columns eval(Block *s, MlirValue tile, At at) {
  const Entry *entry = block_entry(s, tile);
  return mlirValueIsNull(entry->buffer) ? eval_definition(s, tile, at)
                                        : load_buffer(s, tile, entry, at);
}
