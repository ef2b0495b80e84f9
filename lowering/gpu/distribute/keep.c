// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which tiles are kept in registers, and which of their dimensions are rows:
// decided before a program is distributed.
//
// Tiles that are used twice, given to or by regions, reduced, or loaded are
// kept; of a product it is either the result, if it is one of those, or the
// left operand. Others are evaluated where they are used. What a loop's
// accumulator and the largest product in it leave no registers for, of what was
// loaded before the loop, is parked in shared memory meanwhile.

#include "keep.h"
#include "fragment.h"

#include "lowering/gpu/engine/engine.h"
#include "lowering/tile_rows.h"

#include "mlir-c/BuiltinTypes.h"

static bool is_cheap(MlirValue tile) {
  MlirType element = ir_element(ir_type(tile));
  if (mlirTypeIsAIndex(element) ||
      (mlirTypeIsAInteger(element) && mlirIntegerTypeGetWidth(element) == 32))
    return true; // of numbers of rows and columns
  MlirOperation op = ir_def(tile);
  if (ir_is(op, "arith.extf"))
    op = ir_def(ir_operand(op, 0));
  return ir_is_any(op, IR_NAMES("arith.constant", "vector.broadcast",
                                "vector.shape_cast", "vector.create_mask",
                                "vector.transfer_read"));
}

/// Whether a tile is all that is done to a load before arithmetic, in one
/// register for two elements.
static bool is_load_by_row(MlirValue tile) {
  MlirType type = ir_type(tile);
  if (!fragment_is_packed(type) || ir_rank(type) != 2)
    return false;
  for (MlirOpOperand use = mlirValueGetFirstUse(tile);
       !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use))
    if (!tile_op_is_elementwise(mlirOpOperandGetOwner(use)))
      return false;
  return ir_is(tile_source(tile), "vector.transfer_read");
}

/// Whether all arithmetic on it is in f32.
static bool is_widened(MlirValue tile) {
  MlirOpOperand use = mlirValueGetFirstUse(tile);
  bool widened = !mlirOpOperandIsNull(use);
  for (; !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use))
    widened &= ir_is(mlirOpOperandGetOwner(use), "arith.extf");
  return widened;
}

/// Whether a tile is there for transfers only, which look into its definition.
static bool masks_transfers(MlirValue tile) {
  for (MlirOpOperand use = mlirValueGetFirstUse(tile);
       !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use)) {
    MlirOperation user = mlirOpOperandGetOwner(use);
    bool reads = ir_is(user, "vector.transfer_read");
    if (!reads && (!ir_is(user, "vector.transfer_write") ||
                   mlirOpOperandGetOperandNumber(use) == 0))
      return false;
  }
  return true;
}

/// Keeps a tile; with it the product that it is, or that it masks, and what
/// that starts from. A vector that is taken both by row and by column is not.
static void keep(Distribute *s, MlirValue tile) {
  MlirOperation op = ir_def(tile);
  if (!tile_is(tile) || ir_is(op, "arith.constant"))
    return;
  if (ir_rank(ir_type(tile)) == 1) {
    if (tile_vector_is_mixed(tile) && !ir_is(op, "vector.multi_reduction"))
      return;
    context_entry(s, tile)->row_dims = tile_vector_is_by_row(tile);
  }
  context_entry(s, tile)->kept = true;
  int first = ir_is(op, "arith.select") ? 1 : 2;
  bool masks = first == 1 || ir_is(op, "vector.contract");
  for (int i = first; i <= 2 && masks; ++i)
    if (ir_is(ir_def(ir_operand(op, i)), "vector.contract") ||
        ir_is(ir_def(ir_operand(op, i)), "arith.select"))
      keep(s, ir_operand(op, i));
}

/// Whether a product that is not kept is evaluated with a tile.
static bool evaluates_product(Distribute *s, MlirValue tile) {
  MlirOperation op = ir_def(tile);
  if (!tile_is(tile) || mlirOperationIsNull(op) ||
      mlirOperationGetNumRegions(op) || context_entry(s, tile)->kept)
    return false;
  bool found = ir_is(op, "vector.contract");
  for (int i = 0; i < (int)mlirOperationGetNumOperands(op) && !found; ++i)
    found = evaluates_product(s, ir_operand(op, i));
  return found;
}

static void decide_kept(Distribute *s, MlirBlock block) {
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    if (ir_is(op, "vector.contract") && s->engine->is_whole(op))
      keep(s, ir_result(op, 0));
    if (ir_is(op, "vector.multi_reduction")) {
      keep(s, ir_result(op, 0));
      if (tile_op_reduces_columns(op) || tile_op_reduces_all(op))
        keep(s, ir_operand(op, 0));
    }
    // All lanes of a warp multiply, but not all may store.
    if (ir_is(op, "vector.transfer_write") &&
        evaluates_product(s, ir_operand(op, 0)))
      keep(s, ir_operand(op, 0));
    if (ir_is(op, "vector.transfer_read") &&
        mlirOperationIsNull(context_shared_read(ir_result(op, 0))) &&
        tile_op_is_overwritten(op, s->forall))
      keep(s, ir_result(op, 0));
    if (!mlirValueIsNull(tile_op_column_limit(op)))
      keep(s, tile_op_column_limit(op));
    if (ir_is(op, "scf.for") || ir_is(op, "scf.yield"))
      for (int i = 0; i < (int)mlirOperationGetNumOperands(op); ++i)
        keep(s, ir_operand(op, i));
    for (int i = 0; i < (int)mlirOperationGetNumResults(op); ++i) {
      MlirValue result = ir_result(op, i);
      if (tile_is(result) && !masks_transfers(result) &&
          tile_uses(result) > 1 && !is_cheap(result))
        keep(s, result);
    }
    for (int i = 0; i < (int)mlirOperationGetNumRegions(op); ++i)
      decide_kept(s, ir_body(op, i));
  }
}

/// The left operands of products that are not kept are, but for those that are
/// in shared memory.
static void keep_left_operands(Distribute *s, MlirBlock block) {
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    if (ir_is(op, "vector.contract") &&
        !context_entry(s, ir_result(op, 0))->kept &&
        mlirOperationIsNull(context_shared_read(ir_operand(op, 0))))
      keep(s, ir_operand(op, 0));
    for (int i = 0; i < (int)mlirOperationGetNumRegions(op); ++i)
      keep_left_operands(s, ir_body(op, i));
  }
}

/// How many leading dimensions of `tile`, and of what it is evaluated from, are
/// rows.
static void set_row_dims(Distribute *s, MlirValue tile, int row_dims) {
  if (!tile_is(tile))
    return;
  context_entry(s, tile)->row_dims = row_dims;
  MlirOperation op = ir_def(tile);
  if (ir_is_any(op, IR_NAMES("vector.broadcast", "vector.shape_cast")) &&
      tile_is(ir_operand(op, 0)))
    set_row_dims(s, ir_operand(op, 0), tile_op_source_row_dims(op, row_dims));
  else if (tile_op_is_elementwise(op))
    for (int i = 0; i < (int)mlirOperationGetNumOperands(op); ++i)
      set_row_dims(s, ir_operand(op, i), row_dims);
}

/// Whether a tile is used in regions within that of its definition.
static bool is_used_deeper(MlirValue tile) {
  MlirBlock block = mlirOperationGetBlock(ir_def(tile));
  for (MlirOpOperand use = mlirValueGetFirstUse(tile);
       !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use))
    if (!mlirBlockEqual(mlirOperationGetBlock(mlirOpOperandGetOwner(use)),
                        block))
      return true;
  return false;
}

/// Whether a tile is a load, or is made of one.
static bool is_of_load(MlirValue tile) {
  MlirOperation op = ir_def(tile);
  if (!tile_is(tile) || mlirOperationIsNull(op))
    return false;
  bool found = ir_is(op, "vector.transfer_read");
  if (tile_op_is_elementwise(op) ||
      ir_is_any(op, IR_NAMES("vector.broadcast", "vector.shape_cast")))
    for (int i = 0; i < (int)mlirOperationGetNumOperands(op) && !found; ++i)
      found = is_of_load(ir_operand(op, i));
  return found;
}

/// Whether a tile is a vector by row that loops use: loading it is not left to
/// each of their iterations, nor, if there is `room`, what is made of it.
static bool is_row_vector_for_loops(MlirValue tile, bool room) {
  return tile_is(tile) && ir_rank(ir_type(tile)) == 1 &&
         (room ? is_of_load(tile)
               : ir_is(ir_def(tile), "vector.transfer_read")) &&
         tile_vector_is_by_row(tile) && is_used_deeper(tile);
}

static void decide_row_dims(Distribute *s, MlirBlock block) {
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    if (tile_op_reduces_rows(op))
      set_row_dims(s, ir_operand(op, 0), 2);
    if (ir_is(op, "vector.transfer_write"))
      set_row_dims(s, ir_operand(op, 0), tile_op_stored_row_dims(op));
    for (int i = 0; i < (int)mlirOperationGetNumRegions(op); ++i)
      decide_row_dims(s, ir_body(op, i));
  }
}

/// The registers of a tile of f32, or of a scalar.
static int64_t registers_of(MlirValue value) {
  return tile_is(value) ? 4 * (int64_t)context_slices(ir_type(value), 1) : 1;
}

/// The registers of what `loop` carries and the next one within does not carry
/// on.
static int64_t left_behind(MlirOperation loop, MlirOperation within) {
  enum { FIRST_INIT = 3 };
  int64_t n = 0;
  for (int i = 0; i < (int)mlirOperationGetNumResults(loop); ++i) {
    MlirValue carried = mlirBlockGetArgument(ir_body(loop, 0), 1 + i);
    bool goes_on = false;
    for (int k = 0; k < (int)mlirOperationGetNumResults(within); ++k)
      goes_on |= mlirValueEqual(ir_operand(within, FIRST_INIT + k), carried);
    n += goes_on ? 0 : registers_of(carried);
  }
  return n;
}

static int64_t larger(int64_t x, int64_t y) { return x > y ? x : y; }

typedef struct Registers {
  int64_t product; ///< of the largest kept one
  int64_t running; ///< of the largest one that others add to, while what they
                   ///< multiply comes from a third one
  int64_t carried; ///< of the tiles of the loop that carries most
  int64_t around;  ///< the same, with those of the loops around it
  int64_t most;    ///< of a loop that carries some and multiplies, if all of
                   ///< its products and their left operands were there at once
} Registers;

/// The loop that an op is in, within a program; null: it is in none.
static MlirOperation loop_around(MlirOperation op) {
  do
    op = mlirOperationGetParentOperation(op);
  while (!ir_is(op, "scf.for") && !ir_is(op, "scf.forall"));
  return ir_is(op, "scf.for") ? op : (MlirOperation){NULL};
}

static int64_t carried_by(MlirOperation loop) {
  int64_t n = 0;
  for (int i = 0; i < (int)mlirOperationGetNumResults(loop); ++i)
    n += registers_of(ir_result(loop, i));
  return n;
}

/// The registers of what loops around this one carry beside.
static int64_t carried_around(MlirOperation loop) {
  MlirOperation outer = loop_around(loop);
  return mlirOperationIsNull(outer)
             ? 0
             : carried_around(outer) + left_behind(outer, loop);
}

/// Whether a tile is made of a product, or of what a region gives.
static bool is_of_product(MlirValue tile) {
  MlirOperation op = ir_def(tile);
  if (!tile_is(tile) || mlirOperationIsNull(op))
    return false;
  bool found =
      ir_is(op, "vector.contract") || mlirOperationGetNumRegions(op) > 0;
  if (tile_op_is_elementwise(op))
    for (int i = 0; i < (int)mlirOperationGetNumOperands(op) && !found; ++i)
      found = is_of_product(ir_operand(op, i));
  return found;
}

/// Whether a tile is a product, or one that a branch leaves as it is.
static bool is_product(MlirValue tile) {
  MlirOperation op = ir_def(tile);
  if (!ir_is(op, "scf.if"))
    return ir_is(op, "vector.contract");
  int i = (int)mlirOpResultGetResultNumber(tile);
  return is_product(ir_operand(mlirBlockGetTerminator(ir_body(op, 1)), i));
}

/// The registers of a loop's products that it does not carry, and of their left
/// operands but those that take a product's place.
static int64_t registers_of_products(MlirOperation loop) {
  enum { PAIRS = 2 }; // a thread's, of a slice
  MlirBlock body = ir_body(loop, 0);
  MlirOperation yield = mlirBlockGetTerminator(body);
  int64_t n = 0;
  for (MlirOperation op = mlirBlockGetFirstOperation(body);
       !mlirOperationEqual(op, yield); op = mlirOperationGetNextInBlock(op)) {
    if (!ir_is(op, "vector.contract"))
      continue;
    MlirValue left = ir_operand(op, 0), result = ir_result(op, 0);
    bool carried = false;
    for (int i = 0; i < (int)mlirOperationGetNumOperands(yield); ++i)
      carried |= mlirValueEqual(ir_operand(yield, i), result);
    n += carried ? 0 : registers_of(result);
    if (mlirOperationIsNull(context_shared_read(left)) && !is_of_product(left))
      n += PAIRS * context_slices(ir_type(left), 1);
  }
  return n;
}

static void count_registers(Distribute *s, MlirBlock block,
                            Registers *registers) {
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    if (ir_is(op, "scf.for")) {
      int64_t n = carried_by(op);
      registers->carried = larger(registers->carried, n);
      registers->around = larger(registers->around, n + carried_around(op));
      int64_t products = registers_of_products(op);
      if (products)
        registers->most =
            larger(registers->most, n + carried_around(op) + products);
    }
    if (ir_is(op, "vector.contract") &&
        context_entry(s, ir_result(op, 0))->kept)
      registers->product =
          larger(registers->product, registers_of(ir_result(op, 0)));
    if (ir_is(op, "vector.contract") && is_product(ir_operand(op, 2)) &&
        is_of_product(ir_operand(op, 0)))
      registers->running =
          larger(registers->running, registers_of(ir_result(op, 0)));
    for (int i = 0; i < (int)mlirOperationGetNumRegions(op); ++i)
      count_registers(s, ir_body(op, i), registers);
  }
}

/// The registers of a slice of a load by row.
static int64_t registers_of_slice(MlirValue load) {
  return fragment_shares_rows(load) ? 1 : 2;
}

/// Whether registers for a tile are to be found while a loop runs.
static bool is_to_keep(MlirValue tile) {
  return tile_is(tile) && is_load_by_row(tile) && !is_widened(tile) &&
         is_used_deeper(tile);
}

/// Keeps loads that loops use, but those slices for which no registers are
/// `left`, which are parked.
static void keep_for_loops(Distribute *s, MlirBlock block, int64_t *left) {
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    for (int i = 0; i < (int)mlirOperationGetNumResults(op); ++i) {
      MlirValue tile = ir_result(op, i);
      if (!is_to_keep(tile))
        continue;
      int64_t slices = context_slices(ir_type(tile), 1), kept = 0;
      for (; kept < slices && *left >= registers_of_slice(tile); ++kept)
        *left -= registers_of_slice(tile);
      keep(s, tile);
      context_entry(s, tile)->parked = (int)(slices - kept);
    }
    for (int i = 0; i < (int)mlirOperationGetNumRegions(op); ++i)
      keep_for_loops(s, ir_body(op, i), left);
  }
}

/// Keeps other loads by row, so that they begin early: few warps are there to
/// hide what they take. One that takes many registers is not.
static void keep_loads(Distribute *s, MlirBlock block, bool room) {
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    for (int i = 0; i < (int)mlirOperationGetNumResults(op); ++i) {
      MlirValue tile = ir_result(op, i);
      if (is_row_vector_for_loops(tile, room))
        keep(s, tile);
      if (tile_is(tile) && is_load_by_row(tile) &&
          2 * context_slices(ir_type(tile), 1) <= s->engine->most_of_load)
        keep(s, tile);
    }
    for (int i = 0; i < (int)mlirOperationGetNumRegions(op); ++i)
      keep_loads(s, ir_body(op, i), room);
  }
}

void keep_decide(Distribute *s, MlirBlock program) {
  enum { MOST = 240 }; // registers of a thread
  Registers registers = {0};
  decide_kept(s, program);
  keep_left_operands(s, program);
  decide_row_dims(s, program);
  count_registers(s, program, &registers);
  s->at_once = s->engine->slices_at_once(registers.product, registers.carried);
  s->taken = registers.product + registers.running + registers.around;
  ChipShare share = s->engine->share(s->warps, s->n_maps > 0, s->taken);
  int64_t left =
      s->engine->registers_left(registers.product, s->taken, share.consumer);
  keep_for_loops(s, program, &left);
  // With more, ptxas lets products wait for each other: with 64 heads of 128 a
  // gradient of q takes 27.2 ms instead of 24.8 (H200, B = 4, N = 4096).
  bool room = registers.most <= (share.consumer ? share.consumer : MOST);
  keep_loads(s, program, room);
}

bool keep_is_for_others(Distribute *s, MlirValue tile, MlirOperation user) {
  return context_entry(s, tile)->kept &&
         (tile_uses(tile) != 1 ||
          !mlirBlockEqual(mlirOperationGetBlock(ir_def(tile)),
                          mlirOperationGetBlock(user)));
}
