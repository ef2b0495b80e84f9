// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Keeping a tile: loops over its columns, a few at a time, that evaluate and
// store them.
//
//     %p = math.exp2 %t : vector<16x128xf32>               // kept
//     %l = vector.multi_reduction <add>, %p, %zeros [1]
//     ->
//     %l = scf.for %x = %c0 to %c128 step %c1 iter_args(%sum = %zero) {
//       %v = ... vector.load %t_buffer[%x, %c0] ...
//       vector.store %v, %p_buffer[%x, %c0]
//       scf.yield arith.addf(%v, %sum)
//     }
//
// Column reductions ride along in the loop that makes the tile they reduce. The
// loops stop where padding begins (padding.c), so windows cost what they hold.

#include "block.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

enum { MAX_RIDERS = 4 };

/// Reductions that ride along in a loop over the columns of a tile.
typedef struct Riders {
  int n;
  MlirOperation ops[MAX_RIDERS];
  MlirValue acc[MAX_RIDERS];
} Riders;

/// Those reductions of `tile` whose initial value is a constant.
static Riders riders_of(Block *s, MlirValue tile) {
  Riders riders = {0};
  int column_dim = ir_rank(ir_type(tile)) - 1;
  if (block_entry(s, tile)->row_dims != column_dim)
    return riders;
  Padding padding = padding_of(s, tile, column_dim);
  for (MlirOpOperand use = mlirValueGetFirstUse(tile);
       !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use)) {
    MlirOperation op = mlirOpOperandGetOwner(use);
    if (tile_op_reduces_columns(op) &&
        mlirOpOperandGetOperandNumber(use) == 0 &&
        ir_is(ir_def(ir_operand(op, 1)), "arith.constant") &&
        mlirBlockEqual(mlirOperationGetBlock(op),
                       mlirOperationGetBlock(ir_def(tile))) &&
        (mlirValueIsNull(padding.limit) || keep_is_neutral(op, padding)) &&
        riders.n < MAX_RIDERS)
      riders.ops[riders.n++] = op;
  }
  return riders;
}

// Buffers ---------------------------------------------------------------------

/// A buffer with so many of a tile's dimensions on lanes.
static MlirValue buffer_of(Block *s, MlirValue tile, int row_dims) {
  const Entry *entry = block_entry(s, tile);
  MlirType type = ir_type(tile), element = ir_element(type);
  int64_t shape[] = {0, block_lanes(type, row_dims)};
  bool columns = tile_has_columns(type, row_dims);
  if (columns)
    shape[0] = ir_dim_size(type, row_dims);
  if (mlirTypeEqual(element, ir_i1(&s->b)))
    element = mlirIntegerTypeGet(s->b.context, 8);
  if (entry->wide)
    element = ir_f32(&s->b);
  return ir_alloca(&s->scratch, ir_memref(element, columns ? 2 : 1,
                                          columns ? shape : shape + 1));
}

MlirValue columns_buffer(Block *s, MlirValue tile) {
  return buffer_of(
      s, tile,
      ir_rank(ir_type(tile)) == 1 ? 1 : block_entry(s, tile)->row_dims);
}

/// Stores the columns that `at` names.
static void store(Block *s, MlirValue target, At at, Columns columns) {
  Ir *b = &s->b;
  MlirType type = ir_type(target);
  MlirValue zero = ir_const_index(b, 0);
  for (int u = 0; u < at.n; ++u) {
    MlirValue x = eval_convert(s, columns.v[u], ir_element(type));
    MlirValue to[] = {block_column(s, at, u), zero};
    if (!at.row_dims)
      ir_store(b, x, target, to);
    else
      ir_vector_store(b, x, target, ir_rank(type) == 2 ? to : &zero);
  }
}

/// Where a kept tile goes: the buffer of the loop-carried tile that it is the
/// next value of, or of the result that a branch gives; null: to one of its
/// own.
static MlirValue target_of(Block *s, MlirValue tile);

// Loops over columns ----------------------------------------------------------

static void begin_riders(Block *s, Riders *riders) {
  for (int i = 0; i < riders->n; ++i) {
    At at = {.row_dims = ir_rank(ir_type(ir_result(riders->ops[i], 0))),
             .n = 1};
    riders->acc[i] = eval(s, ir_operand(riders->ops[i], 1), at).v[0];
  }
}

static void end_riders(Block *s, Riders *riders) {
  for (int i = 0; i < riders->n; ++i) {
    MlirValue tile = ir_result(riders->ops[i], 0);
    MlirValue buffer = columns_buffer(s, tile);
    block_entry(s, tile)->buffer = buffer;
    store(s, buffer, (At){.row_dims = 1, .n = 1}, eval_all(riders->acc[i], 1));
  }
}

/// A loop over the columns [lower, upper) of `tile`, `n` at a time: evaluates
/// them, stores them to `target` unless that is null, and feeds the riders.
static void column_loop(Block *s, MlirValue tile, At at, MlirValue lower,
                        MlirValue upper, MlirValue target, Riders *riders) {
  Ir *b = &s->b;
  IrLoop loop = ir_for_begin(b, lower, upper, ir_const_index(b, at.n),
                             riders->n, riders->acc);
  at.x = loop.iv[0];
  Columns columns = mlirValueIsNull(target) ? eval(s, tile, at)
                                            : eval_definition(s, tile, at);
  if (!mlirValueIsNull(target))
    store(s, target, at, columns);
  for (int i = 0; i < riders->n; ++i) {
    MlirValue acc = loop.args[i];
    for (int u = 0; u < at.n; ++u)
      acc = eval_combine(s, tile_op_reduction_kind(riders->ops[i]),
                         columns.v[u], acc);
    riders->acc[i] = acc;
  }
  ir_for_end(b, &loop, riders->n, riders->acc);
  for (int i = 0; i < riders->n; ++i)
    riders->acc[i] = loop.results[i];
}

/// Whether a product is evaluated where a tile is, which may be kept.
static bool contains_contraction(Block *s, MlirValue tile, bool definition) {
  MlirOperation op = ir_def(tile);
  if (mlirOperationIsNull(op) ||
      (!definition && !mlirValueIsNull(block_entry(s, tile)->buffer)))
    return false;
  if (block_is_contraction(op))
    return true;
  if (!tile_op_is_elementwise(op) && !ir_is(op, "vector.broadcast") &&
      !ir_is(op, "vector.shape_cast"))
    return false;
  for (int i = 0; i < (int)mlirOperationGetNumOperands(op); ++i)
    if (contains_contraction(s, ir_operand(op, i), false))
      return true;
  return false;
}

/// All columns before `limit`: most of them a few at a time, then the rest.
static void all_columns(Block *s, MlirValue tile, int row_dims, MlirValue limit,
                        MlirValue target, Riders *riders) {
  Ir *b = &s->b;
  MlirType type = ir_type(tile);
  int64_t size = ir_dim_size(type, row_dims);
  At at = {.row_dims = row_dims, .n = 1, .limit = limit};
  bool exact = mlirValueIsNull(limit);
  MlirValue zero = ir_const_index(b, 0), end = block_count(s, limit, size);
  int64_t vectors = block_lanes(type, row_dims) / LANES;
  if (contains_contraction(s, tile, !mlirValueIsNull(target)) &&
      vectors < ACCUMULATORS)
    at.n = (int)(ACCUMULATORS / vectors);

  begin_riders(s, riders);
  if (exact && size % at.n == 0) {
    column_loop(s, tile, at, zero, end, target, riders);
  } else {
    MlirValue n = ir_const_index(b, at.n);
    MlirValue whole = at.n == 1 ? end : ir_subi(b, end, ir_remui(b, end, n));
    column_loop(s, tile, at, zero, whole, target, riders);
    if (at.n > 1) {
      at.n = 1;
      column_loop(s, tile, at, whole, end, target, riders);
    }
  }
  end_riders(s, riders);
}

/// Writes the padding of a tile, whose buffer has its columns up to `limit`.
static void fill_padding(Block *s, MlirValue tile, int row_dims,
                         MlirValue limit, MlirValue target) {
  Ir *b = &s->b;
  MlirType type = ir_type(tile);
  int64_t size = ir_dim_size(type, row_dims);
  Padding padding = padding_of(s, tile, row_dims);
  MlirValue value =
      ir_const_f(b, eval_column_type(type, row_dims), padding.value);
  IrLoop loop =
      ir_for_begin(b, block_count(s, limit, size), ir_const_index(b, size),
                   ir_const_index(b, 1), IR_NONE);
  store(s, target, (At){.row_dims = row_dims, .x = loop.iv[0], .n = 1},
        eval_all(value, 1));
  ir_for_end(b, &loop, IR_NONE);
}

// Tiles -----------------------------------------------------------------------

void columns_kept(Block *s, MlirValue tile) {
  Entry *entry = block_entry(s, tile);
  if (tile_is(tile) && entry->in_order && mlirValueIsNull(entry->natural))
    entry->natural = pack_transposed(s, ir_type(tile), columns_of(s, tile));
}

void columns_keep(Block *s, MlirValue tile) {
  Entry *entry = block_entry(s, tile);
  MlirType type = ir_type(tile);
  if (!mlirValueIsNull(entry->buffer))
    return; // it rode along
  MlirValue target = target_of(s, tile);
  if (!tile_has_columns(type, entry->row_dims)) {
    At at = {.row_dims = entry->row_dims, .n = 1};
    Columns columns = eval_definition(s, tile, at);
    entry->buffer = mlirValueIsNull(target) ? columns_buffer(s, tile) : target;
    store(s, entry->buffer, at, columns);
    columns_kept(s, tile);
    return;
  }
  if (mlirValueIsNull(target))
    target = columns_buffer(s, tile);
  Riders riders = riders_of(s, tile);
  MlirValue limit = keep_limit(s, tile);
  all_columns(s, tile, entry->row_dims, limit, target, &riders);
  if (!mlirValueIsNull(limit) && entry->whole)
    fill_padding(s, tile, entry->row_dims, limit, target);
  else
    entry->limit = limit;
  entry->buffer = target;
  columns_kept(s, tile);
}

void columns_reduce(Block *s, MlirOperation op) {
  if (!mlirValueIsNull(block_entry(s, ir_result(op, 0))->buffer))
    return;
  MlirValue tile = ir_operand(op, 0);
  int row_dims = ir_rank(ir_type(tile)) - 1;
  Padding padding = padding_of(s, tile, row_dims);
  Riders rider = {.n = 1, .ops = {op}};
  all_columns(s, tile, row_dims,
              keep_is_neutral(op, padding) ? padding.limit : null_value(),
              null_value(), &rider);
}

void columns_reduce_all(Block *s, MlirOperation op) {
  Ir *b = &s->b;
  MlirValue tile = ir_operand(op, 0);
  MlirType type = ir_type(tile);
  int row_dims = block_row_dims(type);
  int64_t rows = tile_rows(type, row_dims);
  MlirAttribute kind = ir_get_attr(op, "kind");
  if (!mlirAttributeEqual(kind, ir_parse_attr(b, "#vector.kind<or>")) ||
      !mlirTypeEqual(ir_element(type), ir_i1(b))) {
    block_fail(s, op, "it makes a scalar of a tile, which only an 'or' does");
    return;
  }
  if (!eval_check_lanes(s, op, block_lanes(type, row_dims)))
    return;
  At at = {.row_dims = row_dims, .n = 1};
  MlirValue any = eval_zero(s, eval_column_type(type, row_dims));
  if (tile_has_columns(type, row_dims)) {
    IrLoop loop = ir_for_begin(b, ir_const_index(b, 0),
                               ir_const_index(b, ir_dim_size(type, row_dims)),
                               ir_const_index(b, 1), 1, &any);
    at.x = loop.iv[0];
    MlirValue next = ir_ori(b, eval(s, tile, at).v[0], loop.args[0]);
    ir_for_end(b, &loop, 1, &next);
    any = loop.results[0];
  } else {
    any = eval(s, tile, at).v[0];
  }
  MlirValue found = ir_value(b, "vector.reduction", ir_i1(b),
                             IR_VALUES(rows_first(s, any, rows)),
                             IR_ATTRIBUTES({"kind", kind}));
  block_entry(s, ir_result(op, 0))->scalar =
      ir_ori(b, found, block_scalar(s, ir_operand(op, 1)));
}

void columns_copy(Block *s, MlirValue tile, MlirValue target) {
  Ir *b = &s->b;
  if (mlirValueEqual(block_entry(s, tile)->buffer, target))
    return;
  MlirType type = ir_type(tile);
  At at = {.row_dims = block_row_dims(type), .n = 1};
  if (!tile_has_columns(type, at.row_dims)) {
    store(s, target, at, eval(s, tile, at));
    return;
  }
  int64_t columns = ir_dim_size(type, at.row_dims);
  IrLoop loop =
      ir_for_begin(b, ir_const_index(b, 0), ir_const_index(b, columns),
                   ir_const_index(b, 1), IR_NONE);
  at.x = loop.iv[0];
  store(s, target, at, eval(s, tile, at));
  ir_for_end(b, &loop, IR_NONE);
}

MlirValue columns_of(Block *s, MlirValue tile) {
  const Entry *entry = block_entry(s, tile);
  MlirType type = ir_type(tile);
  int row_dims = block_row_dims(type);
  if (!mlirValueIsNull(entry->buffer) && mlirValueIsNull(entry->limit) &&
      (ir_rank(type) == 1 || entry->row_dims == row_dims))
    return entry->buffer;
  MlirValue target = buffer_of(s, tile, row_dims);
  columns_copy(s, tile, target);
  return target;
}

// Buffers that tiles share ----------------------------------------------------

/// Whether nothing is evaluated from `value` but, column by column, `tile`.
static bool leads_to(Block *s, MlirValue value, MlirValue tile) {
  for (MlirOpOperand use = mlirValueGetFirstUse(value);
       !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use)) {
    MlirOperation user = mlirOpOperandGetOwner(use);
    bool starts = block_is_contraction(user) && // a product that it begins with
                  mlirOpOperandGetOperandNumber(use) == 2;
    if (!tile_op_is_elementwise(user) && !starts)
      return false;
    MlirValue result = ir_result(user, 0);
    if (!mlirValueEqual(result, tile) &&
        (block_entry(s, result)->kept || !leads_to(s, result, tile)))
      return false;
  }
  return true;
}

static MlirValue target_of(Block *s, MlirValue tile) {
  MlirOperation yield = {NULL};
  int position = 0;
  for (MlirOpOperand use = mlirValueGetFirstUse(tile);
       !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use))
    if (ir_is(mlirOpOperandGetOwner(use), "scf.yield")) {
      yield = mlirOpOperandGetOwner(use);
      position = (int)mlirOpOperandGetOperandNumber(use);
    }
  const Entry *entry = block_entry(s, tile);
  int row_dims = block_row_dims(ir_type(tile));
  if (mlirOperationIsNull(yield) || entry->row_dims != row_dims ||
      !mlirBlockEqual(mlirOperationGetBlock(yield),
                      mlirOperationGetBlock(ir_def(tile))))
    return null_value();
  MlirOperation region = mlirOperationGetParentOperation(yield);
  if (ir_is(region, "scf.if"))
    return block_entry(s, ir_result(region, position))->buffer;
  MlirValue carried =
      mlirBlockGetArgument(mlirOperationGetBlock(yield), 1 + position);
  return leads_to(s, carried, tile) ? block_entry(s, carried)->buffer
                                    : null_value();
}
