// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Copies of tiles from global to shared memory by threads: each copies pieces
// of rows, by cp.async where they are aligned.
//
//  - simplicial.copy_async, into a slot of a ring
//  - vector.transfer_write of a load, into a block's own memory
//  - a load that is parked while loops run
//
// The last two are begun where they stand and waited for before the next region
// or the first read, so that what is between runs beside them. A loop that
// begins with a wait for copies of a ring waits for them there.

#include "copy.h"
#include "buffer.h"
#include "copies.h"
#include "park.h"
#include "transfer.h"

#include "lowering/gpu/engine/engine.h"
#include "lowering/gpu/target/layout.h"

#include "lowering/ir_llvm.h"
#include "lowering/notes.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "simplicial/dialect.h"

// Pieces ----------------------------------------------------------------------

/// Copies so many bytes of a row of `what`: asynchronously if they are aligned,
/// else each element through a register.
static void copy_bytes(Distribute *s, const char *what, MlirValue source,
                       MlirValue target, MlirType element, int64_t bytes,
                       MlirValue inside) {
  Ir *b = &s->b;
  if (s->alignment >= bytes) {
    note(s->forall, "%s: copied by cp.async of %lld bytes", what,
         (long long)bytes);
    const char *cache = bytes == CHUNK ? "#nvvm<load_cache_modifier cg>"
                                       : "#nvvm<load_cache_modifier ca>";
    MlirValue count =
        ir_select(b, inside, ir_const_i32(b, ir_i32(b), (int32_t)bytes),
                  ir_const_i32(b, ir_i32(b), 0));
    ir_op(b, "nvvm.cp.async.shared.global", IR_NONE,
          IR_VALUES(target, source, count),
          IR_ATTRIBUTES({"size", mlirIntegerAttrGet(ir_i32(b), bytes)},
                        {"modifier", ir_parse_attr(b, cache)}));
    return;
  }
  int64_t size = ir_float_bytes(element);
  note(s->forall,
       "%s: copied an element at a time, through registers; not cp.async: rows "
       "may not be aligned",
       what);
  for (int64_t i = 0; i < bytes / size; ++i)
    transfer_store(b, ir_zero(b, element),
                   ir_advance(b, target, element, ir_const_index(b, i)), size);
  IrIf branch = ir_if_begin(b, inside, IR_NONE);
  for (int64_t i = 0; i < bytes / size; ++i) {
    MlirValue at = ir_const_index(b, i);
    transfer_store(
        b, transfer_load(b, element, ir_advance(b, source, element, at), size),
        ir_advance(b, target, element, at), size);
  }
  ir_if_end(b, &branch, IR_NONE);
}

/// A loop over the pieces of a tile's rows, each for one of some threads.
typedef struct Pieces {
  IrLoop loop;
  IrIf branch;
  bool partial; ///< in the last iteration some threads have none
  MlirValue row, column;
} Pieces;

/// Pieces of `size` elements of a tile [rows, columns]. Where a thread has one,
/// two or four, LLVM may unroll the loop: their addresses have most in common.
static Pieces begin_pieces(Ir *b, int64_t rows, int64_t columns, int64_t size,
                           MlirValue thread, int64_t threads) {
  enum { UNROLLED = 4 };
  int64_t per_row = columns / size, n = rows * per_row;
  Pieces pieces = {.loop = ir_for_begin(b, ir_const_index(b, 0),
                                        ir_const_index(b, n),
                                        ir_const_index(b, threads), IR_NONE),
                   .partial = n % threads};
  if (n % threads || UNROLLED % (n / threads))
    transfer_keep_rolled(b, &pieces.loop);
  MlirValue number = ir_addi(b, pieces.loop.iv[0], thread);
  if (pieces.partial)
    pieces.branch = ir_if_begin(
        b, ir_cmpi(b, IR_SLT, number, ir_const_index(b, n)), IR_NONE);
  pieces.row = ir_divui(b, number, ir_const_index(b, per_row));
  pieces.column = ir_muli(b, ir_remui(b, number, ir_const_index(b, per_row)),
                          ir_const_index(b, size));
  return pieces;
}

static void end_pieces(Ir *b, Pieces *pieces) {
  if (pieces->partial)
    ir_if_end(b, &pieces->branch, IR_NONE);
  ir_for_end(b, &pieces->loop, IR_NONE);
}

void copy_tile(Distribute *s, MlirOperation op, MlirValue slot,
               MlirValue thread, int64_t threads) {
  enum { FEW_ROWS = 16 };
  Ir *b = &s->b;
  MlirValue from = ir_operand(op, 0), to = ir_operand(op, 1);
  MlirType element = ir_element(ir_type(from));
  MlirValue count = context_scalar(s, ir_operand(op, 4));
  MlirAttribute dims = ir_get_attr(op, "dims");
  int row_dim = (int)mlirDenseI64ArrayGetElement(dims, 0);
  int column_dim = (int)mlirDenseI64ArrayGetElement(dims, 1);
  int64_t rows = mlirDenseI64ArrayGetElement(dims, 2);
  int64_t columns = mlirDenseI64ArrayGetElement(dims, 3);
  int64_t size = s->alignment >= CHUNK ? CHUNK / ir_float_bytes(element) : 1;
  if (rows == 1) // which may begin anywhere in memory
    size = 1;
  Pieces pieces = begin_pieces(b, rows, columns, size, thread, threads);
  MlirValue row = pieces.row, column = pieces.column;
  MlirValue indices[IR_MAX_RANK];
  // To make addresses anew takes long beside a tile of few rows.
  bool pinned = s->engine->is_tight || (s->at_once && rows > FEW_ROWS);
  for (int d = 0; d < ir_rank(ir_type(from)); ++d) {
    indices[d] = context_scalar(s, ir_operand(op, 5 + d));
    // What they make of the address would else be kept in loops around here.
    if (pinned && d != row_dim && d != column_dim)
      indices[d] = context_pinned_index(s, indices[d]);
  }
  indices[row_dim] = ir_addi(b, indices[row_dim], row);
  indices[column_dim] = ir_addi(b, indices[column_dim], column);
  copy_bytes(s, "inner tiles", transfer_address(s, from, indices),
             transfer_address(s, to, (const MlirValue[]){slot, row, column}),
             element, size * ir_float_bytes(element),
             ir_cmpi(b, IR_SLT, row, count));
  end_pieces(b, &pieces);
}

// A block's own copies --------------------------------------------------------

/// Copies that have been begun and not been waited for.
typedef struct Begun {
  bool any;
  bool operands;  ///< of products, some of them
  bool met;       ///< all threads have met before: nobody reads there any more
  int64_t groups; ///< that the program has committed since
} Begun;

static Begun *begun(Distribute *s) {
  return context_state(s, "copy", sizeof(Begun));
}

void copy_await_own(Distribute *s) {
  const Begun before = *begun(s);
  *begun(s) = (Begun){0};
  if (!before.any)
    return;
  copies_commit(s);
  if (before.operands)
    copies_wait_for_operands(s, 0);
  else
    copies_wait_for_groups(s, 0);
  context_barrier(s);
}

void copy_commit_with_ring(Distribute *s) {
  copies_commit(s);
  ++begun(s)->groups;
}

bool copy_finish_with_ring(Distribute *s) {
  const bool any = begun(s)->any;
  *begun(s) = (Begun){0};
  return any;
}

/// Whether the first thing that the loop does is to wait for copies of a ring,
/// and what has been begun is among them.
static bool waits_first(Distribute *s, MlirOperation loop) {
  MlirOperation op = mlirBlockGetFirstOperation(ir_body(loop, 0));
  while (ir_is_of(op, "arith."))
    op = mlirOperationGetNextInBlock(op);
  return s->role == ROLE_ALL && ir_is(op, SIMPLICIAL_COPY_WAIT) &&
         begun(s)->groups >
             mlirIntegerAttrGetValueInt(ir_get_attr(op, "pending"));
}

bool copy_enter_loop(Distribute *s, MlirOperation loop) {
  const bool waits = begun(s)->any && waits_first(s, loop);
  if (!waits)
    copy_await_own(s);
  *begun(s) = (Begun){0};
  return waits;
}

void copy_leave_loop(Distribute *s, bool waits) {
  if (waits)
    *begun(s) = (Begun){.any = true};
}

static MlirOperation parent_loop(MlirOperation op) {
  MlirOperation parent = mlirOperationGetParentOperation(op);
  while (!mlirOperationIsNull(parent) && !ir_is(parent, "scf.for"))
    parent = mlirOperationGetParentOperation(parent);
  return parent;
}

/// Whether `op` may run before `other` has run for the last time.
static bool may_precede(MlirOperation op, MlirOperation other) {
  for (MlirOperation loop = parent_loop(other); !mlirOperationIsNull(loop);
       loop = parent_loop(loop))
    if (ir_is_within(op, loop))
      return true;
  for (MlirOperation o = other;; o = mlirOperationGetParentOperation(o)) {
    MlirBlock block = mlirOperationGetBlock(o);
    MlirOperation around = op;
    while (!mlirOperationIsNull(around) &&
           !mlirBlockEqual(mlirOperationGetBlock(around), block))
      around = mlirOperationGetParentOperation(around);
    if (!mlirOperationIsNull(around))
      return mlirOperationIsBeforeInBlock(around, o);
  }
}

/// Whether a block's own memory is not touched before a write fills it, always
/// at the same place: each thread then copies to where only it did.
static bool is_first(MlirOperation write) {
  MlirValue memref = ir_operand(write, 1);
  for (int i = 0; i < ir_rank(ir_type(memref)); ++i)
    if (!ir_is(ir_def(ir_operand(write, 2 + i)), "arith.constant"))
      return false;
  for (MlirOpOperand use = mlirValueGetFirstUse(memref);
       !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use)) {
    MlirOperation user = mlirOpOperandGetOwner(use);
    if (!mlirOperationEqual(user, write) && may_precede(user, write))
      return false;
  }
  return true;
}

/// Begins copies, of pieces of what a vector.transfer_read reads, into memory
/// that nobody has read, or that may still be read.
static Pieces begin_own(Distribute *s, MlirOperation read, int64_t size,
                        bool unread) {
  MlirType tile = ir_type(ir_result(read, 0));
  int row_dims = ir_rank(tile) - 1;
  if (!unread && !begun(s)->met) {
    context_barrier(s);
    begun(s)->met = true;
  }
  begun(s)->any = true;
  begun(s)->groups = 0;
  return begin_pieces(&s->b, tile_rows(tile, row_dims),
                      ir_dim_size(tile, row_dims), size,
                      context_pinned_index(s, s->thread), s->warps * WARP);
}

/// Copies a piece of what a vector.transfer_read reads.
static void copy_piece(Distribute *s, const char *what, MlirOperation read,
                       const Pieces *pieces, int64_t size, MlirValue target) {
  MlirType element = ir_element(ir_type(ir_result(read, 0)));
  MlirValue inside;
  MlirValue source =
      transfer_source(s, read, pieces->row, pieces->column, &inside);
  if (mlirValueIsNull(inside))
    inside = ir_const_int(&s->b, ir_i1(&s->b), 1);
  copy_bytes(s, what, source, target, element, size * ir_float_bytes(element),
             inside);
}

bool copy_into_buffer(Distribute *s, MlirOperation write) {
  Ir *b = &s->b;
  MlirValue memref = ir_operand(write, 1), first, end;
  MlirOperation read = ir_def(ir_operand(write, 0));
  MlirType tile = ir_type(ir_operand(write, 0));
  int rank = ir_rank(tile);
  bool interleaved = context_entry(s, memref)->interleaved;
  int64_t whole = CHUNK / ir_float_bytes(ir_element(tile));
  int64_t size = interleaved ? 2 : whole;
  if (rank != 2 || ir_dim_size(tile, 1) % whole ||
      !tile_op_mask(write, &first, &end) || !mlirValueIsNull(end) ||
      !tile_op_is_contiguous(write) || !tile_op_is_contiguous(read))
    return false;
  Pieces pieces = begin_own(s, read, size, is_first(write));
  begun(s)->operands |= !context_is_own(ir_type(memref));
  MlirValue target, places[IR_MAX_RANK], indices[IR_MAX_RANK];
  transfer_write_indices(s, write, pieces.row, pieces.column, places, indices);
  if (interleaved) {
    MlirValue slice = ir_const_index(b, SLICE);
    MlirValue column = indices[ir_rank(ir_type(memref)) - 1];
    target = buffer_address(s, memref, indices, ir_divui(b, column, slice),
                            ir_remui(b, column, slice));
  } else {
    target = transfer_address(s, memref, indices);
  }
  copy_piece(s, context_is_own(ir_type(memref)) ? "own memory" : "operands",
             read, &pieces, size, target);
  end_pieces(b, &pieces);
  return true;
}

static bool is_in_loop(MlirOperation op) {
  return ir_is(mlirOperationGetParentOperation(op), "scf.for");
}

bool copy_to_park(Distribute *s, MlirValue tile) {
  Ir *b = &s->b;
  MlirType type = ir_type(tile);
  Entry *entry = context_entry(s, tile);
  if (!begun(s)->any || !is_in_loop(ir_def(tile)) || s->alignment < CHUNK ||
      entry->parked != context_slices(type, 1) ||
      ir_dim_size(type, 0) != s->warps * WARP_ROWS)
    return false;
  MlirOperation read = tile_source(tile);
  int row_dims = ir_rank(ir_type(ir_result(read, 0))) - 1;
  if (tile_rows(ir_type(ir_result(read, 0)), row_dims) != ir_dim_size(type, 0))
    return false;
  entry->copied = true;
  park_make_room(s, entry);
  Pieces pieces = begin_own(s, read, SLICE, false);
  MlirValue slice = ir_divui(b, pieces.column, ir_const_index(b, SLICE));
  copy_piece(s, "parked tiles", read, &pieces, SLICE,
             park_copied_row(s, entry, type, slice, pieces.row));
  end_pieces(b, &pieces);
  return true;
}
