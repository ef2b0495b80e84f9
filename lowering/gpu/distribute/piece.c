// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operands of products that are made of what is loaded from global memory, or
// from a block's own: they are written by pieces of 16 bytes, neighbouring
// threads having neighbouring pieces of a row. As fragments a warp would load
// 16 bytes of each of eight rows, four at a time.
//
//     vector.transfer_write %tile, %operand[...] : vector<128x64xbf16>, ...
//
// becomes, for thread t of 256,
//
//     for i in 0 .. 3:
//       row = t / 8 + 32 * i, column = 8 * (t % 8)
//       load 8 elements of what %tile is made of, make 8 of %tile, store them

#include "piece.h"
#include "copy.h"
#include "fragment.h"
#include "keep.h"
#include "transfer.h"

#include "lowering/gpu/target/layout.h"

#include "mlir-c/BuiltinAttributes.h"

enum { PIECE = CHUNK / 2 }; // elements of 16 bits

static int64_t threads(const Distribute *s) { return s->warps * WARP; }

static bool is_own(MlirValue memref) {
  return ir_is(ir_def(memref), "memref.alloca");
}

/// Whether a tile is a load that threads may make for each other.
static bool is_load(Distribute *s, MlirOperation op) {
  MlirValue memref = ir_operand(op, 0);
  MlirType type = ir_type(memref);
  if (is_own(memref) && ir_dim_size(type, ir_rank(type) - 1) % PIECE)
    return false;
  return (context_is_global(s, memref) || is_own(memref)) &&
         tile_op_is_contiguous(op) && !tile_op_is_overwritten(op, s->forall) &&
         ir_float_bytes(ir_element(type)) == CHUNK / PIECE;
}

/// Whether a tile is a mask of a tile's first rows.
static bool is_row_mask(MlirValue tile) {
  MlirOperation op = ir_def(tile);
  if (ir_is(op, "vector.broadcast"))
    op = ir_def(ir_operand(op, 0));
  return ir_is(op, "vector.shape_cast") &&
         ir_dim_size(ir_type(ir_result(op, 0)),
                     ir_rank(ir_type(ir_result(op, 0))) - 1) == 1 &&
         ir_is(ir_def(ir_operand(op, 0)), "vector.create_mask");
}

/// Whether a tile is made of loads of as many columns as `write` has. What is
/// kept for it alone is not, if it is to be `released`, and own memory that is
/// loaded is to be as it is written.
static bool is_made_of_loads(Distribute *s, MlirOperation write, MlirValue tile,
                             bool released) {
  MlirOperation op = ir_def(tile);
  MlirType type = ir_type(tile), operand = ir_type(ir_operand(write, 0));
  if (ir_is(op, "arith.constant"))
    return true;
  if (!tile_is(tile) || mlirOperationIsNull(op) || ir_rank(type) == 1 ||
      ir_dim_size(type, ir_rank(type) - 1) != ir_dim_size(operand, 1) ||
      keep_is_for_others(s, tile, write))
    return false;
  bool made;
  if (ir_is(op, "vector.transfer_read")) {
    made = is_load(s, op);
    if (released && made && is_own(ir_operand(op, 0)))
      context_entry(s, ir_operand(op, 0))->pieces = true;
  } else {
    int first = ir_is(op, "arith.select");
    made =
        first ? is_row_mask(ir_operand(op, 0))
              : ir_is_any(op, IR_NAMES("arith.mulf", "arith.addf", "arith.extf",
                                       "arith.truncf", "vector.broadcast",
                                       "vector.shape_cast"));
    for (int i = first; i < (int)mlirOperationGetNumOperands(op) && made; ++i)
      made = is_made_of_loads(s, write, ir_operand(op, i), released);
  }
  if (released && made)
    context_entry(s, tile)->kept = false;
  return made;
}

/// Whether a store is of pieces that the block's threads share evenly.
static bool is_by_piece(Distribute *s, MlirOperation write) {
  MlirValue tile = ir_operand(write, 0), memref = ir_operand(write, 1);
  MlirType type = ir_type(tile);
  if (context_is_own(ir_type(memref)) || s->alignment < CHUNK ||
      ir_rank(type) != 2 || !fragment_is_packed(type) ||
      ir_dim_size(type, 1) % PIECE)
    return false;
  int64_t pieces = ir_dim_size(type, 1) / PIECE;
  return threads(s) % pieces == 0 &&
         ir_dim_size(type, 0) % (threads(s) / pieces) == 0 &&
         is_made_of_loads(s, write, tile, false);
}

bool piece_plan(Distribute *s, MlirOperation write) {
  return is_by_piece(s, write) &&
         is_made_of_loads(s, write, ir_operand(write, 0), true);
}

/// Of row `row` of a tile, its first `row_dims` dimensions being rows, the
/// elements from `column` on, as a vector.
static MlirValue piece(Distribute *s, MlirValue tile, int row_dims,
                       MlirValue row, MlirValue column) {
  Ir *b = &s->b;
  MlirOperation op = ir_def(tile);
  MlirType type = ir_vector(ir_element(ir_type(tile)), IR_DIMS(PIECE));
  if (ir_is(op, "arith.constant"))
    return ir_constant(
        b, type, mlirDenseElementsAttrGetSplatValue(ir_get_attr(op, "value")));
  if (ir_is(op, "vector.transfer_read")) {
    MlirValue inside;
    if (is_own(ir_operand(op, 0)))
      copy_await_own(s);
    MlirValue pointer = transfer_source(s, op, row, column, &inside);
    MlirValue x = transfer_load(b, type, pointer, CHUNK);
    return mlirValueIsNull(inside) ? x
                                   : ir_select(b, inside, x, ir_zero(b, type));
  }
  if (ir_is_any(op, IR_NAMES("vector.broadcast", "vector.shape_cast"))) {
    int source_dims = tile_op_source_row_dims(op, row_dims);
    if (ir_is(op, "vector.broadcast"))
      row = fragment_source_row(s, op, row_dims, source_dims, row);
    return piece(s, ir_operand(op, 0), source_dims, row, column);
  }
  MlirValue operands[3];
  int n = (int)mlirOperationGetNumOperands(op), first = 0;
  if (ir_is(op, "arith.select")) {
    At at = {.row_dims = row_dims, .rows = {row, row}};
    operands[first++] = fragment(s, ir_operand(op, 0), at).v[0][0];
  }
  for (int i = first; i < n; ++i)
    operands[i] = piece(s, ir_operand(op, i), row_dims, row, column);
  return ir_clone_with(b, op, type, operands);
}

bool piece_write(Distribute *s, MlirOperation write) {
  if (!is_by_piece(s, write))
    return false;
  Ir *b = &s->b;
  MlirValue tile = ir_operand(write, 0), memref = ir_operand(write, 1);
  int64_t pieces = ir_dim_size(ir_type(tile), 1) / PIECE;
  int64_t at_once = threads(s) / pieces; // rows
  MlirValue thread = ir_remui(b, context_pinned_index(s, s->thread),
                              ir_const_index(b, threads(s)));
  MlirValue of_row = ir_const_index(b, pieces);
  MlirValue column =
      ir_muli(b, ir_remui(b, thread, of_row), ir_const_index(b, PIECE));
  MlirValue first = ir_divui(b, thread, of_row);
  for (int64_t r = 0; r < ir_dim_size(ir_type(tile), 0); r += at_once) {
    MlirValue row = ir_addi(b, first, ir_const_index(b, r));
    MlirValue places[IR_MAX_RANK], indices[IR_MAX_RANK];
    transfer_write_indices(s, write, row, column, places, indices);
    transfer_store(b, piece(s, tile, 1, row, column),
                   transfer_address(s, memref, indices), CHUNK);
  }
  return true;
}
