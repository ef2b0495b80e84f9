// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One thread's fragment of a slice of a tile, from the op that defines it: the
// tile program's ops on tiles become the same ops on scalars.

#include "fragment.h"
#include "flight.h"
#include "park.h"
#include "transfer.h"

#include "lowering/gpu/engine/engine.h"
#include "lowering/gpu/target/layout.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

bool fragment_is_packed(MlirType tile) {
  return mlirTypeIsAFloat(ir_element(tile)) &&
         mlirFloatTypeGetWidth(ir_element(tile)) == 16;
}

static Fragment all(MlirValue value) {
  return (Fragment){{{value, value}, {value, value}}};
}

static MlirType pair_of(MlirType element) {
  return ir_vector(element, IR_DIMS(2));
}

static MlirValue intrinsic(Ir *b, const char *name, MlirValue x) {
  const int32_t segments[] = {1, 0};
  return ir_value(
      b, "llvm.call_intrinsic", ir_type(x), IR_VALUES(x),
      IR_ATTRIBUTES(
          {"intrin", mlirStringAttrGet(b->context, ir_str(name))},
          {"op_bundle_sizes", mlirDenseI32ArrayGet(b->context, 0, NULL)},
          ir_segments(b, 2, segments)));
}

MlirValue fragment_combine(Distribute *s, IrReduction kind, MlirValue x,
                           MlirValue y) {
  return kind == IR_SUM ? ir_addf(&s->b, x, y) : ir_maxnumf(&s->b, x, y);
}

static Fragment constant(Distribute *s, MlirOperation op) {
  MlirType tile = ir_type(ir_result(op, 0));
  MlirAttribute value = ir_get_attr(op, "value");
  if (!mlirAttributeIsADenseElements(value) ||
      !mlirDenseElementsAttrIsSplat(value) ||
      !mlirTypeIsAFloat(ir_element(tile))) {
    context_fail(s, op, "only constants of floats that are splats are tiles");
    return all(ir_zero(&s->b, ir_f32(&s->b)));
  }
  MlirType element = ir_element(tile);
  return all(ir_constant(&s->b,
                         fragment_is_packed(tile) ? pair_of(element) : element,
                         mlirDenseElementsAttrGetSplatValue(value)));
}

MlirValue fragment_source_row(Distribute *s, MlirOperation op, int row_dims,
                              int source_row_dims, MlirValue row) {
  Ir *b = &s->b;
  MlirType to = ir_type(ir_result(op, 0)), from = ir_type(ir_operand(op, 0));
  MlirValue result = ir_const_index(b, 0);
  int64_t stride = 1;
  for (int dim = row_dims - 1, f = source_row_dims - 1; f >= 0; --dim, --f) {
    MlirValue size = ir_const_index(b, ir_dim_size(to, dim));
    MlirValue index = dim ? ir_remui(b, row, size) : row;
    row = ir_divui(b, row, size);
    if (ir_dim_size(from, f) > 1)
      result = ir_addi(b, result, ir_muli(b, index, ir_const_index(b, stride)));
    stride *= ir_dim_size(from, f);
  }
  return result;
}

/// Whether a thread's two rows of a broadcast's result are one row of its
/// source: no dimension of that tells them apart, as it changes after more
/// rows, or is back where it was.
static bool shares_rows(MlirOperation op, int row_dims, int source_row_dims) {
  enum { APART = WARP_ROWS / 2 };
  MlirType to = ir_type(ir_result(op, 0)), from = ir_type(ir_operand(op, 0));
  bool shares = tile_rows(to, row_dims) % WARP_ROWS == 0;
  int64_t rows = 1; // after which the dimension changes
  for (int dim = row_dims - 1, f = source_row_dims - 1; f >= 0; --dim, --f) {
    int64_t size = ir_dim_size(to, dim);
    if (ir_dim_size(from, f) > 1)
      shares &= rows % WARP_ROWS == 0 || APART % (rows * size) == 0;
    rows *= size;
  }
  return shares;
}

/// Whether row r of a broadcast's result is row r % size of its source: nothing
/// is repeated within what is not.
static bool repeats_all_rows(MlirOperation op, int row_dims,
                             int source_row_dims) {
  MlirType to = ir_type(ir_result(op, 0)), from = ir_type(ir_operand(op, 0));
  bool repeats = true, within = false;
  for (int dim = row_dims - 1, f = source_row_dims - 1; f >= 0; --dim, --f) {
    repeats &= ir_dim_size(from, f) == 1 || !within;
    within |= ir_dim_size(from, f) != ir_dim_size(to, dim);
  }
  return repeats;
}

bool fragment_shares_rows(MlirValue tile) {
  MlirOperation op = ir_def(tile);
  int row_dims = 1;
  for (; ir_is(op, "vector.shape_cast"); op = ir_def(ir_operand(op, 0)))
    row_dims = tile_op_source_row_dims(op, row_dims);
  return ir_is(op, "vector.broadcast") &&
         shares_rows(op, row_dims, tile_op_source_row_dims(op, row_dims));
}

/// An i32 is a limit that columns are compared with, the same in many
/// iterations: it stays where it is, or LLVM would hoist all the results.
static MlirValue broadcast_scalar(Distribute *s, MlirValue value) {
  MlirValue scalar = context_scalar(s, value);
  if (!mlirTypeEqual(ir_type(value), ir_i32(&s->b)) ||
      ir_is(ir_def(value), "arith.constant"))
    return scalar;
  return context_pinned(s, scalar);
}

static Fragment broadcast(Distribute *s, MlirOperation op, At at) {
  MlirValue operand = ir_operand(op, 0);
  MlirType from = ir_type(operand);
  if (!mlirTypeIsAVector(from))
    return all(broadcast_scalar(s, operand));
  At source = at;
  source.row_dims = tile_op_source_row_dims(op, at.row_dims);
  for (int i = 0; i < 2 && source.row_dims; ++i)
    source.rows[i] =
        fragment_source_row(s, op, at.row_dims, source.row_dims, at.rows[i]);
  if (shares_rows(op, at.row_dims, source.row_dims))
    source.rows[1] = source.rows[0];
  source.moved |= !repeats_all_rows(op, at.row_dims, source.row_dims);
  source.own &= mlirTypeEqual(from, ir_type(ir_result(op, 0)));
  if (ir_rank(from) > source.row_dims &&
      ir_dim_size(from, source.row_dims) == 1)
    source.slice = 0;
  return fragment(s, operand, source);
}

/// create_mask: row or column < count.
static Fragment mask(Distribute *s, MlirOperation op, At at) {
  Ir *b = &s->b;
  if (ir_rank(ir_type(ir_result(op, 0))) != 1) {
    context_fail(s, op, "masks of more than one dimension only mask loads");
    return all(ir_zero(b, ir_f32(b)));
  }
  // In 32 bits: places are small, and one register each. A column's number is
  // a constant and the thread's first column: all are compared with one value.
  MlirType i32 = ir_i32(b);
  MlirValue count = ir_index_cast(b, context_scalar(s, ir_operand(op, 0)), i32);
  if (!at.row_dims)
    count = ir_subi(b, count, ir_index_cast(b, s->column, i32));
  Fragment f;
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 2; ++j) {
      MlirValue place = at.row_dims
                            ? ir_index_cast(b, at.rows[i], i32)
                            : ir_const_i32(b, i32, at.slice * SLICE + j);
      f.v[i][j] = ir_cmpi(b, IR_SLT, place, count);
    }
  return f;
}

/// vector.step: the number of the row or column.
static Fragment numbers(Distribute *s, At at) {
  Ir *b = &s->b;
  Fragment f;
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 2; ++j)
      f.v[i][j] =
          at.row_dims
              ? at.rows[i]
              : ir_addi(b, s->column, ir_const_index(b, at.slice * SLICE + j));
  return f;
}

/// Columns below the row's limit. Compared with a constant, so that nothing of
/// it is in a register but what the row has left of its limit.
static Fragment columns_below(Distribute *s, MlirOperation op, At at) {
  Ir *b = &s->b;
  Fragment limit = fragment(s, ir_operand(op, 1), at), f;
  MlirType type = ir_type(limit.v[0][0]);
  MlirValue column = ir_index_cast(b, s->column, type);
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 2; ++j)
      f.v[i][j] =
          ir_cmpi(b, IR_SLT, ir_const_int(b, type, at.slice * SLICE + j),
                  ir_subi(b, limit.v[i][0], column));
  return f;
}

/// Some whole slices of a tile.
static Fragment columns(Distribute *s, MlirOperation op, At at) {
  MlirAttribute offsets = ir_get_attr(op, "offsets");
  MlirValue source = ir_operand(op, 0);
  int64_t first[2] = {1, 1};
  for (int d = 0; d < 2 && mlirArrayAttrGetNumElements(offsets) == 2; ++d)
    first[d] = mlirIntegerAttrGetValueInt(mlirArrayAttrGetElement(offsets, d));
  if (first[0] || first[1] % SLICE ||
      ir_dim_size(ir_type(source), 0) !=
          ir_dim_size(ir_type(ir_result(op, 0)), 0)) {
    context_fail(s, op, "only whole slices of columns are known");
    return all(ir_zero(&s->b, ir_f32(&s->b)));
  }
  at.slice += (int)first[1] / SLICE;
  return fragment(s, source, at);
}

static MlirValue apply(Distribute *s, MlirOperation op, MlirType type,
                       const MlirValue *operands) {
  Ir *b = &s->b;
  if (ir_is(op, "math.exp2"))
    return intrinsic(b, "llvm.nvvm.ex2.approx.ftz.f", operands[0]);
  if (ir_is(op, "math.log"))
    return ir_mulf(b, intrinsic(b, "llvm.nvvm.lg2.approx.ftz.f", operands[0]),
                   ir_const_f(b, type, 0.6931471805599453));
  return ir_clone_with(b, op, type, operands);
}

MlirValue fragment_pair(Ir *b, MlirType tile, const Fragment *f, int row) {
  if (fragment_is_packed(tile))
    return f->v[row][0];
  return ir_value(b, "vector.from_elements", pair_of(ir_element(tile)), 2,
                  f->v[row], IR_NONE);
}

MlirValue fragment_element(Ir *b, MlirValue pair, int64_t i) {
  return ir_value(
      b, "vector.extract", ir_element(ir_type(pair)), IR_VALUES(pair),
      IR_ATTRIBUTES({"static_position", ir_i64_array(b, IR_DIMS(i))}));
}

MlirValue fragment_to_tf32(Ir *b, MlirValue x) {
  return ir_value(
      b, "nvvm.convert.float.to.tf32", ir_i32(b), IR_VALUES(x),
      IR_ATTRIBUTES({"rnd", ir_parse_attr(b, "#nvvm.fp_rnd_mode<rna>")}));
}

/// One element of another type. A tf32 is the f32 that it rounds.
static MlirValue convert_element(Distribute *s, MlirValue x, MlirType to) {
  Ir *b = &s->b;
  if (mlirTypeIsATF32(to))
    return fragment_to_tf32(b, x);
  return mlirTypeIsAInteger(ir_type(x)) ? ir_bitcast(b, x, to)
                                        : ir_convert(b, x, to);
}

/// A pair of bf16, as f32's: their bits are the upper halves of these.
static void widen(Ir *b, MlirValue pair, MlirValue to[2]) {
  enum { HALF = 16, UPPER = -(1 << HALF) };
  MlirType i32 = ir_i32(b);
  MlirValue bits = ir_value(b, "llvm.bitcast", i32, IR_VALUES(pair), IR_NONE);
  MlirValue halves[] = {
      ir_value(b, "arith.shli", i32,
               IR_VALUES(bits, ir_const_i32(b, i32, HALF)), IR_NONE),
      ir_value(b, "arith.andi", i32,
               IR_VALUES(bits, ir_const_i32(b, i32, UPPER)), IR_NONE)};
  for (int j = 0; j < 2; ++j)
    to[j] = ir_bitcast(b, halves[j], ir_f32(b));
}

/// extf and truncf, between pairs and scalars.
static Fragment convert(Distribute *s, MlirOperation op, At at) {
  Ir *b = &s->b;
  MlirType from = ir_type(ir_operand(op, 0)), to = ir_type(ir_result(op, 0));
  Fragment x = fragment(s, ir_operand(op, 0), at), f;
  for (int i = 0; i < 2; ++i) {
    if (fragment_is_packed(to)) {
      MlirValue pair = ir_value(b, "vector.from_elements", pair_of(ir_f32(b)),
                                IR_VALUES(x.v[i][0], x.v[i][1]), IR_NONE);
      f.v[i][0] = f.v[i][1] = ir_convert(b, pair, ir_element(to));
      continue;
    }
    if (mlirTypeIsABF16(ir_element(from)) && mlirTypeIsAF32(ir_element(to))) {
      widen(b, x.v[i][0], f.v[i]);
      continue;
    }
    for (int j = 0; j < 2; ++j) {
      MlirValue element = fragment_is_packed(from)
                              ? fragment_element(b, x.v[i][0], j)
                              : x.v[i][j];
      f.v[i][j] = convert_element(s, element, ir_element(to));
    }
  }
  return f;
}

/// What a select gives in a slice all of whose columns are among the first n,
/// or none, if its mask is these; null: it has to choose.
static MlirValue chosen(MlirOperation op, At at) {
  MlirValue none = {NULL};
  if (!ir_is(op, "arith.select"))
    return none;
  MlirOperation mask = ir_def(ir_operand(op, 0));
  if (!ir_is(mask, "vector.broadcast") ||
      tile_op_source_row_dims(mask, at.row_dims))
    return none;
  mask = ir_def(ir_operand(mask, 0));
  int64_t n, first = (int64_t)at.slice * SLICE;
  if (!ir_is(mask, "vector.create_mask") ||
      mlirOperationGetNumOperands(mask) != 1 ||
      !ir_is_number(ir_operand(mask, 0), &n) ||
      (n > first && n < first + SLICE))
    return none;
  return ir_operand(op, n > first ? 1 : 2);
}

static Fragment elementwise(Distribute *s, MlirOperation op, At at) {
  MlirValue one = chosen(op, at);
  if (!mlirValueIsNull(one))
    return fragment(s, one, at);
  MlirType tile = ir_type(ir_result(op, 0));
  if (ir_is(op, "arith.extf") || ir_is(op, "arith.truncf"))
    return convert(s, op, at);
  bool packed = fragment_is_packed(tile);
  MlirType type = packed ? pair_of(ir_element(tile)) : ir_element(tile);
  int n = (int)mlirOperationGetNumOperands(op);
  Fragment x[3], f;
  for (int i = 0; i < n; ++i)
    x[i] = fragment(s, ir_operand(op, i), at);
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 2; ++j) {
      // What is the same for both rows, or columns, is computed once.
      int same_i = i, same_j = j;
      bool row = i > 0, column = j > 0;
      for (int k = 0; k < n; ++k) {
        row &= mlirValueEqual(x[k].v[0][j], x[k].v[i][j]);
        column &= mlirValueEqual(x[k].v[i][0], x[k].v[i][j]);
      }
      if (row)
        same_i = 0;
      else if (column || (packed && j))
        same_j = 0;
      if (same_i != i || same_j != j) {
        f.v[i][j] = f.v[same_i][same_j];
        continue;
      }
      MlirValue operands[3];
      for (int k = 0; k < n; ++k)
        operands[k] = x[k].v[i][j];
      f.v[i][j] = apply(s, op, type, operands);
    }
  return f;
}

Fragment fragment_definition(Distribute *s, MlirValue tile, At at) {
  MlirOperation op = ir_def(tile);
  if (s->failed.ptr || mlirOperationIsNull(op))
    context_fail(s, op, "a tile is used that was not kept");
  else if (ir_is(op, "arith.constant"))
    return constant(s, op);
  else if (ir_is(op, "vector.transfer_read"))
    return transfer_read(s, op, at);
  else if (ir_is(op, "vector.contract"))
    return s->engine->slice(s, op, at);
  else if (ir_is(op, "vector.broadcast"))
    return broadcast(s, op, at);
  else if (ir_is(op, "vector.shape_cast")) {
    at.row_dims = tile_op_source_row_dims(op, at.row_dims);
    return fragment(s, ir_operand(op, 0), at);
  } else if (ir_is(op, "vector.create_mask"))
    return mask(s, op, at);
  else if (ir_is(op, "vector.extract_strided_slice"))
    return columns(s, op, at);
  else if (ir_is(op, "vector.step"))
    return numbers(s, at);
  else if (!mlirValueIsNull(tile_op_column_limit(op)))
    return columns_below(s, op, at);
  else if (tile_op_is_elementwise(op))
    return elementwise(s, op, at);
  else
    context_fail(s, op, "it is not an op of tile programs");
  return all(ir_zero(&s->b, ir_f32(&s->b))); // never seen: we failed
}

Fragment fragment(Distribute *s, MlirValue tile, At at) {
  flight_await(s, tile);
  const Entry *entry = context_entry(s, tile);
  if (!entry->fragments)
    return fragment_definition(s, tile, at);
  if (ir_rank(ir_type(tile)) == 1 && entry->row_dims != at.row_dims)
    context_fail(s, ir_def(tile), "its result is used by row and by column");
  if (at.moved && tile_rows(ir_type(tile), at.row_dims) > 1)
    context_fail(s, ir_def(tile),
                 "threads need rows of its result that others have");
  if (at.slice < entry->parked)
    return park_load(s, tile, at.slice);
  bool columns = tile_has_columns(ir_type(tile), entry->row_dims);
  return entry->fragments[columns ? at.slice : 0];
}
