// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which tiles are kept in buffers, and what is needed of them.
//
//     %t = arith.mulf %x, %y              // evaluated where %p is
//     %p = math.exp2 %t                   // kept: two uses
//     %l = vector.multi_reduction <add>, %p ...
//     %o = vector.contract ... %p, %v ...
//
// A tile is kept if it is used twice, goes into or out of a region, is an
// operand of a product that is not in memory, or is reduced; anything else is
// evaluated where it is used and never exists as a whole. Then follows, from
// users to what they use, which dimensions of each tile are rows; and last,
// which tiles need what is only padding.

#include "block.h"

#include "lowering/tile_rows.h"

#include "mlir-c/BuiltinTypes.h"

#include <math.h>
#include <stdlib.h>

bool keep_is_cheap(Block *s, MlirValue tile) {
  MlirOperation op = ir_def(tile);
  Read read;
  return ir_is_any(op, IR_NAMES("arith.constant", "vector.broadcast",
                                "vector.shape_cast", "vector.create_mask",
                                "vector.step")) ||
         read_of(s, tile, &read);
}

static void keep(Block *s, MlirValue tile) {
  if (tile_is(tile) && !ir_is(ir_def(tile), "arith.constant"))
    block_entry(s, tile)->kept = true;
}

MlirValue keep_written_tile(MlirOperation transfer_write) {
  MlirValue tile = ir_operand(transfer_write, 0);
  MlirOperation op = ir_def(tile);
  return ir_is(op, "arith.truncf") ? ir_operand(op, 0) : tile;
}

static bool is_short_float(MlirType element) {
  return mlirTypeIsAFloat(element) && !mlirTypeIsAF32(element);
}

// What is kept ----------------------------------------------------------------

/// Its rows are what they are, whatever its uses would like.
static void fix_rows(Block *s, MlirValue tile, int row_dims) {
  Entry *entry = block_entry(s, tile);
  entry->kept = entry->fixed = true;
  entry->row_dims = row_dims;
}

/// A tile that goes into a region, or comes out of it.
static void fix_carried(Block *s, MlirValue tile) {
  if (!tile_is(tile))
    return;
  fix_rows(s, tile, block_row_dims(ir_type(tile)));
  block_entry(s, tile)->wide = is_short_float(ir_element(ir_type(tile)));
}

static void keep_operand(Block *s, MlirValue tile) {
  keep(s, tile);
  block_entry(s, tile)->wide = is_short_float(ir_element(ir_type(tile)));
}

static void keep_operands_of_product(Block *s, MlirOperation op) {
  for (int i = 0; i < 2; ++i) {
    MlirValue tile = ir_operand(op, i);
    Read read;
    bool in_memory =
        (i == 1 || tile_op_left_is_km(op)) && read_of(s, tile, &read);
    bool in_place = i == 1 ? contract_takes_right_in_place(s, tile)
                           : contract_takes_left_in_place(s, op);
    if (!in_memory)
      keep_operand(s, tile);
    if (i == 0 ? tile_op_left_is_km(op) && !in_place : in_memory && !in_place)
      block_entry(s, tile)->in_order = true;
  }
}

/// A reduction over rows of [M, N]: of N vectors of rows, or of columns.
static int row_dims_of_reduction(MlirOperation op) {
  MlirValue tile = ir_operand(op, 0);
  MlirType type = ir_type(ir_result(op, 0));
  if (ir_rank(type) > 1)
    return block_row_dims(type);
  bool rows_only = tile_row_dims(tile) == 2 || ir_dim_size(type, 0) == 1;
  return rows_only && tile_rows(ir_type(tile), 2) <= MAX_LANES;
}

static bool contains_contraction(Block *s, MlirValue tile) {
  MlirOperation op = ir_def(tile);
  if (block_is_contraction(op))
    return true;
  if (!tile_op_is_elementwise(op))
    return false;
  for (int i = 0; i < (int)mlirOperationGetNumOperands(op); ++i)
    if (!block_entry(s, ir_operand(op, i))->kept &&
        contains_contraction(s, ir_operand(op, i)))
      return true;
  return false;
}

/// Whether a tile's one use is in a region of an op behind it.
static bool is_used_deeper(MlirValue tile) {
  MlirOpOperand use = mlirValueGetFirstUse(tile);
  return !mlirOpOperandIsNull(use) &&
         !mlirBlockEqual(mlirOperationGetBlock(mlirOpOperandGetOwner(use)),
                         mlirOperationGetBlock(ir_def(tile)));
}

static void keep_result(Block *s, MlirValue result) {
  if ((tile_uses(result) > 1 && !keep_is_cheap(s, result)) ||
      (is_used_deeper(result) && contains_contraction(s, result)))
    keep(s, result);
}

static void decide_kept(Block *s, MlirBlock block);

static void decide_kept_of(Block *s, MlirOperation op) {
  bool region = mlirOperationGetNumRegions(op) > 0;
  if (block_is_contraction(op))
    keep_operands_of_product(s, op);
  if (tile_op_reduces_columns(op)) {
    keep(s, ir_operand(op, 0));
    fix_rows(s, ir_result(op, 0), ir_rank(ir_type(ir_result(op, 0))));
  }
  if (tile_op_reduces_rows(op))
    fix_rows(s, ir_result(op, 0), row_dims_of_reduction(op));
  if (ir_is(op, "vector.transfer_write"))
    keep(s, keep_written_tile(op));
  if (region || ir_is(op, "scf.yield"))
    for (int i = 0; i < (int)mlirOperationGetNumOperands(op); ++i)
      keep(s, ir_operand(op, i));
  for (int i = 0; i < (int)mlirOperationGetNumResults(op); ++i) {
    MlirValue result = ir_result(op, i);
    if (!tile_is(result))
      continue;
    if (region)
      fix_carried(s, result);
    else
      keep_result(s, result);
  }
  for (int i = 0; i < (int)mlirOperationGetNumRegions(op); ++i) {
    MlirBlock body = ir_body(op, i);
    if (mlirBlockIsNull(body))
      continue;
    for (intptr_t k = 0; k < mlirBlockGetNumArguments(body); ++k)
      fix_carried(s, mlirBlockGetArgument(body, k));
    decide_kept(s, body);
  }
}

/// Producers before consumers.
static void decide_kept(Block *s, MlirBlock block) {
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op))
    decide_kept_of(s, op);
}

// Which dimensions are rows ---------------------------------------------------

static void need_on_lanes(Block *s, MlirValue tile, int row_dims);

/// What evaluating `op` with so many row dimensions needs.
static void need_sources(Block *s, MlirOperation op, int row_dims) {
  int n = (int)mlirOperationGetNumOperands(op);
  if (ir_is(op, "vector.broadcast") || ir_is(op, "vector.shape_cast")) {
    MlirValue source = ir_operand(op, 0);
    if (!tile_is(source))
      return;
    int dims = rows_source_dims(op, row_dims);
    if (dims < 0) {
      keep(s, source);
      dims = block_row_dims(ir_type(source));
    }
    need_on_lanes(s, source, dims);
  } else if (ir_is(op, "vector.extract_strided_slice")) {
    need_on_lanes(s, ir_operand(op, 0), row_dims);
  } else if (tile_op_reduces_rows(op)) {
    need_on_lanes(s, ir_operand(op, 0), row_dims + 1);
    need_on_lanes(s, ir_operand(op, 1), row_dims);
  } else if (tile_op_is_elementwise(op)) {
    for (int i = 0; i < n; ++i)
      need_on_lanes(s, ir_operand(op, i), row_dims);
  }
}

/// Says of `tile`, and of all it is evaluated from, that it is needed with the
/// first `row_dims` dimensions on lanes.
static void need_on_lanes(Block *s, MlirValue tile, int row_dims) {
  if (!tile_is(tile))
    return;
  MlirOperation op = ir_def(tile);
  Entry *entry = block_entry(s, tile);
  if (entry->fixed) {
    entry->on_lanes = true;
    return;
  }
  int own = block_row_dims(ir_type(tile));
  Read read;
  bool reads = read_of(s, tile, &read);
  bool own_only = reads || block_is_contraction(op);
  if (own_only && row_dims != own)
    keep(s, tile);
  bool has_own = entry->on_lanes && entry->row_dims == own;
  if (own_only || block_lanes(ir_type(tile), row_dims) > MAX_LANES ||
      (entry->kept && (has_own || ir_rank(ir_type(tile)) == 1)))
    row_dims = own;
  entry->on_lanes = true;
  entry->row_dims = row_dims;
  if (!mlirOperationIsNull(op) && !entry->kept && !reads)
    need_sources(s, op, row_dims);
}

/// What an op that consumes tiles, or makes one that is kept, needs.
static void need_operands(Block *s, MlirOperation op) {
  int n = (int)mlirOperationGetNumOperands(op);
  if (block_is_contraction(op)) {
    for (int i = 0; i < n; ++i) {
      MlirValue tile = ir_operand(op, i);
      if (i == 2 || block_entry(s, tile)->kept)
        need_on_lanes(s, tile, block_row_dims(ir_type(tile)));
    }
  } else if (tile_op_reduces_columns(op) || tile_op_reduces_all(op)) {
    MlirValue tile = ir_operand(op, 0);
    need_on_lanes(s, tile, block_row_dims(ir_type(tile)));
    need_on_lanes(s, ir_operand(op, 1), ir_rank(ir_type(tile)) - 1);
  } else if (ir_is(op, "vector.transfer_write")) {
    MlirValue tile = keep_written_tile(op);
    need_on_lanes(s, tile, block_row_dims(ir_type(tile)));
  } else if (mlirOperationGetNumRegions(op) || ir_is(op, "scf.yield")) {
    for (int i = 0; i < n; ++i)
      if (tile_is(ir_operand(op, i)))
        need_on_lanes(s, ir_operand(op, i),
                      block_row_dims(ir_type(ir_operand(op, i))));
  }
  if (mlirOperationGetNumResults(op) != 1 || !tile_is(ir_result(op, 0)))
    return;
  const Entry *entry = block_entry(s, ir_result(op, 0));
  Read read;
  if (entry->kept && entry->on_lanes && !read_of(s, ir_result(op, 0), &read))
    need_sources(s, op, entry->row_dims);
}

/// Consumers before producers.
static void decide_needs(Block *s, MlirBlock block) {
  size_t n;
  MlirOperation *ops = block_ops(block, &n);
  need_operands(s, mlirBlockGetTerminator(block));
  while (n-- > 0) {
    for (int i = 0; i < (int)mlirOperationGetNumRegions(ops[n]); ++i)
      if (!mlirBlockIsNull(ir_body(ops[n], i)))
        decide_needs(s, ir_body(ops[n], i));
    need_operands(s, ops[n]);
  }
  free(ops);
}

// What is only padding --------------------------------------------------------

MlirValue keep_limit(Block *s, MlirValue tile) {
  MlirType type = ir_type(tile);
  const Entry *entry = block_entry(s, tile);
  int column_dim = ir_rank(type) - 1;
  return entry->row_dims == column_dim && column_dim > 0
             ? padding_of(s, tile, column_dim).limit
             : null_value();
}

bool keep_is_neutral(MlirOperation reduction, Padding padding) {
  return padding.value ==
         (tile_op_reduction_kind(reduction) == IR_SUM ? 0 : -INFINITY);
}

static bool is_same_limit(MlirValue x, MlirValue y) {
  return !mlirValueIsNull(x) && mlirValueEqual(x, y);
}

static bool is_made_below(Block *s, MlirValue tile, MlirValue limit);

/// Whether a use of a tile is for its columns below `limit`, which are followed
/// by others of padding (NaN: not known what).
static bool use_is_below(Block *s, MlirOpOperand use, MlirValue limit,
                         double padding) {
  MlirOperation op = mlirOpOperandGetOwner(use);
  int number = (int)mlirOpOperandGetOperandNumber(use);
  if (block_is_contraction(op) && number == 0)
    return !tile_op_left_is_km(op) && padding == 0;
  if (tile_op_reduces_columns(op))
    return number == 0 && keep_is_neutral(op, (Padding){limit, padding});
  MlirType from = ir_type(mlirOpOperandGetValue(use));
  bool columns = tile_op_is_elementwise(op) || block_is_contraction(op);
  if (ir_is(op, "vector.broadcast"))
    columns = ir_dim_size(from, ir_rank(from) - 1) ==
              ir_dim_size(ir_type(ir_result(op, 0)),
                          ir_rank(ir_type(ir_result(op, 0))) - 1);
  if (!columns || (block_is_contraction(op) && number == 1))
    return false;
  return is_made_below(s, ir_result(op, 0), limit);
}

/// Whether a tile is evaluated for its columns below `limit` only.
static bool is_made_below(Block *s, MlirValue tile, MlirValue limit) {
  const Entry *entry = block_entry(s, tile);
  if (entry->kept)
    return is_same_limit(keep_limit(s, tile), limit);
  if (entry->row_dims != ir_rank(ir_type(tile)) - 1)
    return false;
  for (MlirOpOperand use = mlirValueGetFirstUse(tile);
       !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use))
    if (!use_is_below(s, use, limit, NAN))
      return false;
  return true;
}

/// Whether all uses of a kept tile are for its columns below its limit.
static bool is_used_below(Block *s, MlirValue tile) {
  Padding padding = padding_of(s, tile, ir_rank(ir_type(tile)) - 1);
  for (MlirOpOperand use = mlirValueGetFirstUse(tile);
       !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use))
    if (!use_is_below(s, use, padding.limit, padding.value))
      return false;
  return true;
}

/// Whether a product asks of an operand in memory only for rows that are not
/// masked.
static bool is_read_below(Block *s, MlirOperation op, MlirValue count) {
  if (!tile_op_right_is_kn(op))
    return is_made_below(s, ir_result(op, 0), count);
  Padding left =
      padding_of(s, ir_operand(op, 0), tile_op_left_is_km(op) ? 0 : 1);
  return left.value == 0 && is_same_limit(left.limit, count);
}

static void decide_padding_of(Block *s, MlirOperation op) {
  Read read;
  if (block_is_contraction(op)) {
    for (int i = 0; i < 2; ++i) {
      MlirValue tile = ir_operand(op, i);
      if (!read_of(s, tile, &read) || !read_is_masked(&read) ||
          (i == 0 && !tile_op_left_is_km(op)))
        continue;
      bool below = i == 1 && ir_rank(read.tile) == 2 &&
                   mlirValueIsNull(read.first) &&
                   is_read_below(s, op, read.count);
      Entry *entry = block_entry(s, tile);
      entry->filled |= !below;
      entry->in_order |= !below;
    }
  }
  if (mlirOperationGetNumResults(op) == 1 && tile_is(ir_result(op, 0))) {
    MlirValue tile = ir_result(op, 0);
    if (!mlirValueIsNull(keep_limit(s, tile)))
      block_entry(s, tile)->whole = !is_used_below(s, tile);
  }
}

static void decide_padding(Block *s, MlirBlock block) {
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    decide_padding_of(s, op);
    for (int i = 0; i < (int)mlirOperationGetNumRegions(op); ++i)
      if (!mlirBlockIsNull(ir_body(op, i)))
        decide_padding(s, ir_body(op, i));
  }
}

void keep_tiles(Block *s, MlirBlock body) {
  decide_kept(s, body);
  decide_needs(s, body);
  decide_padding(s, body);
}
