// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The walk over a tile program: each op becomes what it is for one thread.

#include "convert.h"
#include "buffer.h"
#include "bulk_store.h"
#include "copies.h"
#include "copy.h"
#include "flight.h"
#include "fragment.h"
#include "park.h"
#include "reduce.h"
#include "regions.h"
#include "roles.h"
#include "spread.h"
#include "transfer.h"

#include "lowering/gpu/engine/engine.h"
#include "lowering/notes.h"
#include "lowering/tile_rows.h"

#include "mlir-c/BuiltinTypes.h"

/// Whether a tile is a load by addresses that each of a thread's rows has of
/// its own, or from global memory.
static bool has_addresses_by_row(Distribute *s, MlirValue tile) {
  MlirOperation op = tile_source(tile);
  return ir_is(op, "vector.transfer_read") && !transfer_is_by_piece(op) &&
         !(context_entry(s, ir_operand(op, 0))->interleaved &&
           fragment_shares_rows(tile));
}

/// All slices of a tile.
static void keep_slices(Distribute *s, MlirValue tile, int slices,
                        Fragment *fragments) {
  At at = context_at(s, ir_type(tile), context_entry(s, tile)->row_dims, 0);
  // Its addresses would else be computed before a loop around it, and kept.
  bool anew = s->engine->is_tight && has_addresses_by_row(s, tile);
  MlirValue before[IR_MAX_RANK];
  for (int i = 0; i < 2 && anew; ++i)
    at.rows[i] = context_pinned_index(s, at.rows[i]);
  if (anew)
    transfer_pin_indices(s, tile_source(tile), 1, before);
  int in_access = buffer_slices_in_access(s, tile_source(tile));
  for (; at.slice < slices; ++at.slice) {
    if (at.slice % in_access == 0)
      context_pause(s, at.slice);
    fragments[at.slice] = fragment_definition(s, tile, at);
  }
  if (anew)
    transfer_restore_indices(s, tile_source(tile), 1, before);
}

static void keep_tile(Distribute *s, MlirValue tile) {
  Entry *entry = context_entry(s, tile);
  Fragment *fragments = context_fragments(s, tile);
  int slices = context_slices(ir_type(tile), entry->row_dims);
  MlirOperation op = ir_def(tile);
  if (copy_to_park(s, tile)) {
    entry->fragments = fragments;
    return;
  }
  if (ir_is(op, "vector.contract"))
    s->engine->begin(s, op, fragments);
  else
    keep_slices(s, tile, slices, fragments);
  if (entry->parked)
    park_store(s, entry, fragments);
  entry->fragments = fragments;
}

static void convert_tile(Distribute *s, MlirOperation op) {
  MlirValue tile = ir_result(op, 0);
  Entry *entry = context_entry(s, tile);
  if (!entry->kept)
    return;
  bool reduces = tile_op_reduces_columns(op) || tile_op_reduces_rows(op);
  if (reduces && entry->row_dims != 1) {
    context_fail(s, op, "its result has one dimension of rows");
  } else if (tile_op_reduces_columns(op)) {
    entry->fragments = context_fragments(s, tile);
    reduce_columns(s, op);
  } else if (tile_op_reduces_rows(op)) {
    flight_await_for(s, op);
    entry->fragments = context_fragments(s, tile);
    reduce_rows(s, op);
  } else {
    keep_tile(s, tile);
  }
}

/// A store to global memory.
static void convert_store(Distribute *s, MlirOperation op) {
  MlirType tile = ir_type(ir_operand(op, 0));
  int row_dims = tile_op_stored_row_dims(op);
  long long rows = (long long)tile_rows(tile, row_dims), columns = 1;
  if (tile_has_columns(tile, row_dims))
    columns = (long long)ir_dim_size(tile, row_dims);
  if (spread_store(s, op)) {
    note(s->forall, "stores of %lld x %lld: by all threads, of sums over rows",
         rows, columns);
    return;
  }
  const char *why = bulk_store(s, op);
  if (why) {
    note(s->forall,
         "stores of %lld x %lld: by threads, from registers; not TMA: %s", rows,
         columns, why);
    transfer_write(s, op);
  } else {
    note(s->forall, "stores of %lld x %lld: TMA, by each warp of its rows",
         rows, columns);
  }
}

static void convert_write(Distribute *s, MlirOperation op) {
  flight_await_for(s, op);
  if (context_entry(s, ir_operand(op, 1))->bytes)
    buffer_write(s, op);
  else
    convert_store(s, op);
}

static void copy_scalar(Distribute *s, MlirOperation op) {
  MlirValue operands[IR_MAX_VALUES];
  int n = (int)mlirOperationGetNumOperands(op);
  if (mlirOperationGetNumResults(op) != 1 || mlirOperationGetNumRegions(op) ||
      n > IR_MAX_VALUES) {
    context_fail(s, op, "it is not an op of tile programs");
    return;
  }
  for (int i = 0; i < n; ++i)
    operands[i] = context_scalar(s, ir_operand(op, i));
  MlirValue result = ir_result(op, 0);
  if (!s->failed.ptr)
    context_entry(s, result)->scalar =
        ir_clone_with(&s->b, op, ir_type(result), operands);
}

/// A scalar from memory, which all threads load.
static void load_scalar(Distribute *s, MlirOperation op) {
  MlirValue result = ir_result(op, 0), indices[IR_MAX_RANK];
  MlirType type = ir_type(result);
  for (int d = 0; d + 1 < (int)mlirOperationGetNumOperands(op); ++d)
    indices[d] = context_scalar(s, ir_operand(op, 1 + d));
  context_entry(s, result)->scalar = transfer_load(
      &s->b, type, transfer_address(s, ir_operand(op, 0), indices),
      ir_element_bytes(type));
}

/// Whether an op needs more warps than those that are in the branch.
static bool needs_others(const Distribute *s, MlirOperation op) {
  return s->by_warp && ir_is(op, "vector.contract") && s->engine->warps > 1;
}

/// Whether an op says how long what a view is of is, which nobody asks.
static bool is_size_of_view(MlirOperation op) {
  if (!ir_is(op, "memref.dim"))
    return false;
  MlirOpOperand use = mlirValueGetFirstUse(ir_result(op, 0));
  for (; !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use))
    if (!ir_is(mlirOpOperandGetOwner(use), "memref.expand_shape"))
      return false;
  return true;
}

static void convert(Distribute *s, MlirOperation op) {
  if (needs_others(s, op))
    context_fail(s, op,
                 "warps multiply together that may take different sides "
                 "of a branch");
  if (is_size_of_view(op) ||
      (s->role == ROLE_PRODUCER && !roles_producer_has(op)))
    return;
  if (copies_is_one(op))
    copies_convert(s, op);
  else if (ir_is(op, "scf.for"))
    regions_for(s, op);
  else if (ir_is(op, "scf.if"))
    regions_if(s, op);
  else if (tile_op_reduces_all(op))
    reduce_all(s, op);
  else if (ir_is(op, "vector.transfer_write"))
    convert_write(s, op);
  else if (ir_is(op, "memref.alloc") || ir_is(op, "memref.alloca"))
    buffer_make(s, op);
  else if (ir_is(op, "memref.reinterpret_cast"))
    buffer_view(s, op);
  else if (ir_is(op, "memref.expand_shape"))
    buffer_pieces(s, op);
  else if (mlirOperationGetNumResults(op) == 1 && tile_is(ir_result(op, 0)))
    convert_tile(s, op);
  else if (ir_is(op, "memref.load"))
    load_scalar(s, op);
  else
    copy_scalar(s, op);
}

void convert_range(Distribute *s, MlirOperation first, MlirOperation end) {
  for (MlirOperation op = first; !mlirOperationEqual(op, end) && !s->failed.ptr;
       op = mlirOperationGetNextInBlock(op))
    convert(s, op);
}

void convert_body(Distribute *s, MlirBlock block) {
  convert_range(s, mlirBlockGetFirstOperation(block),
                mlirBlockGetTerminator(block));
}
