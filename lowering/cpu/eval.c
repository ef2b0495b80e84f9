// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The vectors of a few columns of a tile, from the op that defines it: the tile
// program's ops on whole tiles become the same ops on vectors of one column.

#include "block.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

MlirValue eval_splat(Block *s, MlirValue scalar, int64_t lanes) {
  return ir_broadcast(&s->b, scalar,
                      ir_vector(ir_type(scalar), IR_DIMS(lanes)));
}

MlirType eval_column_type(MlirType tile, int row_dims) {
  int64_t lanes = block_lanes(tile, row_dims);
  return row_dims ? ir_vector(ir_element(tile), IR_DIMS(lanes))
                  : ir_element(tile);
}

bool eval_check_lanes(Block *s, MlirOperation op, int64_t lanes) {
  if (lanes > MAX_LANES)
    block_fail(s, op, "its tiles have too many rows");
  return lanes <= MAX_LANES;
}

Columns eval_all(MlirValue value, int n) {
  Columns columns;
  for (int u = 0; u < n; ++u)
    columns.v[u] = value;
  return columns;
}

MlirValue eval_zero(Block *s, MlirType type) {
  MlirType element = mlirTypeIsAVector(type) ? ir_element(type) : type;
  return mlirTypeIsAFloat(element) ? ir_zero(&s->b, type)
                                   : ir_const_i32(&s->b, type, 0);
}

Columns eval_nothing(Block *s, MlirValue tile, At at) {
  return eval_all(eval_zero(s, eval_column_type(ir_type(tile), at.row_dims)),
                  at.n);
}

/// The larger, y if either is NaN: one instruction, unlike maxnum. Which of two
/// results a NaN gives makes no difference to a softmax, whose sum it enters.
static MlirValue larger(Ir *b, MlirValue x, MlirValue y) {
  return ir_select(b, ir_cmpf(b, IR_OGT, x, y), x, y);
}

MlirValue eval_combine(Block *s, IrReduction kind, MlirValue x, MlirValue y) {
  return kind == IR_SUM ? ir_addf(&s->b, x, y) : larger(&s->b, x, y);
}

// Buffers ---------------------------------------------------------------------

/// Buffers have bytes for i1, since vectors of those have eight in one.
MlirValue eval_convert(Block *s, MlirValue x, MlirType element) {
  MlirType type = ir_type(x);
  MlirType from = mlirTypeIsAVector(type) ? ir_element(type) : type;
  if (mlirTypeEqual(from, element))
    return x;
  if (mlirTypeIsAFloat(from))
    return ir_convert(&s->b, x, element);
  bool wider = mlirTypeEqual(from, ir_i1(&s->b));
  return ir_value(&s->b, wider ? "arith.extui" : "arith.trunci",
                  mlirTypeIsAVector(type) ? ir_with_element(type, element)
                                          : element,
                  IR_VALUES(x), IR_NONE);
}

/// What a buffer has, with elements as they are there.
static Columns load_buffer(Block *s, MlirValue tile, At at) {
  Ir *b = &s->b;
  const Entry *entry = block_entry(s, tile);
  MlirType element = ir_element(ir_type(entry->buffer));
  MlirValue zero = ir_const_index(b, 0);
  Columns columns;
  if (!at.row_dims) {
    for (int u = 0; u < at.n; ++u) {
      MlirValue x = block_column(s, at, u);
      columns.v[u] = ir_load(b, entry->buffer, &x);
    }
    return columns;
  }
  MlirType vector =
      ir_vector(element, IR_DIMS(block_lanes(ir_type(tile), at.row_dims)));
  if (ir_rank(ir_type(entry->buffer)) == 1)
    return eval_all(ir_vector_load(b, vector, entry->buffer, &zero), at.n);
  if (!mlirValueIsNull(entry->limit) &&
      (mlirValueIsNull(at.limit) || !mlirValueEqual(entry->limit, at.limit)))
    block_fail(s, ir_def(tile), "its padding is used as if it were not");
  for (int u = 0; u < at.n; ++u)
    columns.v[u] =
        ir_vector_load(b, vector, entry->buffer,
                       (const MlirValue[]){block_column(s, at, u), zero});
  return columns;
}

/// Whether a tile's buffer has its rows as `at` wants them.
static bool has_rows(Block *s, MlirValue tile, At at) {
  const Entry *entry = block_entry(s, tile);
  return ir_rank(ir_type(tile)) == 1 || entry->row_dims == at.row_dims;
}

Columns eval(Block *s, MlirValue tile, At at) {
  const Entry *entry = block_entry(s, tile);
  if (mlirValueIsNull(entry->buffer))
    return eval_definition(s, tile, at);
  if (!has_rows(s, tile, at))
    return rows_gather(s, tile, ir_type(tile), at);
  Columns columns = load_buffer(s, tile, at);
  for (int u = 0; u < at.n; ++u)
    columns.v[u] = eval_convert(s, columns.v[u], ir_element(ir_type(tile)));
  return columns;
}

// Ops -------------------------------------------------------------------------

static Columns eval_constant(Block *s, MlirOperation op, At at) {
  MlirAttribute value = ir_get_attr(op, "value");
  if (!mlirAttributeIsADenseElements(value) ||
      !mlirDenseElementsAttrIsSplat(value)) {
    block_fail(s, op, "only constants that are splats are tiles");
    return eval_nothing(s, ir_result(op, 0), at);
  }
  MlirType type = eval_column_type(ir_type(ir_result(op, 0)), at.row_dims);
  MlirAttribute element = mlirDenseElementsAttrGetSplatValue(value);
  if (at.row_dims)
    element = mlirDenseElementsAttrSplatGet(type, element);
  return eval_all(ir_value(&s->b, "arith.constant", type, IR_NONE,
                           IR_ATTRIBUTES({"value", element})),
                  at.n);
}

/// create_mask, on lanes: lane < count; on columns: x + u < count.
static Columns eval_mask(Block *s, MlirOperation op, At at) {
  Ir *b = &s->b;
  MlirType tile = ir_type(ir_result(op, 0));
  int64_t lanes = block_lanes(tile, 1);
  if (ir_rank(tile) != 1) {
    block_fail(s, op, "masks of more than one dimension only mask transfers");
    return eval_nothing(s, ir_result(op, 0), at);
  }
  Columns columns;
  if (!at.row_dims) {
    MlirValue count = block_scalar(s, ir_operand(op, 0));
    for (int u = 0; u < at.n; ++u)
      columns.v[u] = ir_cmpi(b, IR_SLT, block_column(s, at, u), count);
    return columns;
  }
  int32_t numbers[MAX_LANES];
  if (!eval_check_lanes(s, op, lanes))
    return eval_nothing(s, ir_result(op, 0), at);
  for (int64_t lane = 0; lane < lanes; ++lane)
    numbers[lane] = (int32_t)lane;
  MlirType type = ir_vector(ir_i32(b), IR_DIMS(lanes));
  MlirValue lane = ir_value(
      b, "arith.constant", type, IR_NONE,
      IR_ATTRIBUTES(
          {"value", mlirDenseElementsAttrInt32Get(type, lanes, numbers)}));
  MlirValue count = block_count(s, ir_operand(op, 0), ir_dim_size(tile, 0));
  MlirValue bound = ir_index_cast(b, count, ir_i32(b));
  return eval_all(ir_cmpi(b, IR_SLT, lane, eval_splat(s, bound, lanes)), at.n);
}

static Columns eval_step(Block *s, MlirOperation op, At at) {
  Columns columns;
  if (at.row_dims)
    return eval_all(
        ir_step(&s->b, block_lanes(ir_type(ir_result(op, 0)), at.row_dims)),
        at.n);
  for (int u = 0; u < at.n; ++u)
    columns.v[u] = block_column(s, at, u);
  return columns;
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

static MlirValue apply(Block *s, MlirOperation op, MlirType type,
                       MlirValue *v) {
  Ir *b = &s->b;
  if (ir_is(op, "math.exp2")) {
    MlirType element = mlirTypeIsAVector(type) ? ir_element(type) : type;
    return ir_convert(b, exp2_polynomial(b, ir_convert(b, v[0], ir_f32(b))),
                      element);
  }
  if (ir_is(op, "arith.maxnumf"))
    return larger(b, v[0], v[1]);
  return ir_clone_with(b, op, type, v);
}

static Columns eval_elementwise(Block *s, MlirOperation op, At at) {
  enum { MAX_OPERANDS = 3 };
  MlirValue result = ir_result(op, 0);
  if (ir_is(op, "arith.select") && !mlirValueIsNull(at.limit) &&
      holds_below(ir_operand(op, 0), at.limit))
    return eval(s, ir_operand(op, 1), at);
  int n_operands = (int)mlirOperationGetNumOperands(op);
  Columns operands[MAX_OPERANDS], columns;
  MlirType type = eval_column_type(ir_type(result), at.row_dims);
  for (int i = 0; i < n_operands; ++i) {
    MlirValue operand = ir_operand(op, i);
    operands[i] = tile_is(operand) ? eval(s, operand, at)
                                   : eval_all(block_scalar(s, operand), at.n);
  }
  for (int u = 0; u < at.n; ++u) {
    MlirValue v[MAX_OPERANDS];
    for (int i = 0; i < n_operands; ++i)
      v[i] = operands[i].v[u];
    columns.v[u] = apply(s, op, type, v);
  }
  return columns;
}

/// arith.extf of a tile that is kept as f32 already.
static bool is_wide(Block *s, MlirOperation op, At at) {
  if (!ir_is(op, "arith.extf"))
    return false;
  MlirValue operand = ir_operand(op, 0);
  const Entry *entry = block_entry(s, operand);
  return entry->wide && !mlirValueIsNull(entry->buffer) &&
         has_rows(s, operand, at);
}

Columns eval_definition(Block *s, MlirValue tile, At at) {
  MlirOperation op = ir_def(tile);
  Read read;
  if (s->failed.ptr)
    return eval_nothing(s, tile, at);
  if (ir_is(op, "arith.constant"))
    return eval_constant(s, op, at);
  if (read_of(s, tile, &read) && !read_is_packed(s, &read) &&
      at.row_dims == block_row_dims(ir_type(tile)))
    return read_columns(s, &read, at);
  if (block_is_contraction(op))
    return contract_eval(s, op, at);
  if (ir_is(op, "vector.broadcast"))
    return rows_broadcast(s, op, at);
  if (ir_is(op, "vector.shape_cast"))
    return rows_shape_cast(s, op, at);
  if (ir_is(op, "vector.extract_strided_slice"))
    return rows_slice(s, op, at);
  if (ir_is(op, "vector.create_mask"))
    return eval_mask(s, op, at);
  if (ir_is(op, "vector.step"))
    return eval_step(s, op, at);
  if (tile_op_reduces_rows(op))
    return rows_reduce(s, op, at);
  if (is_wide(s, op, at))
    return load_buffer(s, ir_operand(op, 0), at);
  if (tile_op_is_elementwise(op))
    return eval_elementwise(s, op, at);
  block_fail(s, op, "it is not an op of tile programs");
  return eval_nothing(s, tile, at);
}
