// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Buffers in shared memory that a program writes: a block's own memory, and
// tiles that products take from there (simplicial-stage).
//
// In:  %own = memref.alloca() : memref<32x64xbf16>
//      vector.transfer_write %tile, %own[%row, %c0]
//      ... vector.transfer_read %own[%i, %c0] ...
// Out: barrier; each thread's stores, or copies of what was loaded; barrier
//      ... loads of pairs ...
//
// All threads see what was written behind the second barrier, and nobody reads
// what was there before behind the first. Two operands that are written one
// behind the other have the same two barriers. Loads are copied by cp.async,
// and waited for before the next region or the first read.
//
// Rows that are only read and written whole, by row, are interleaved: a
// thread's pairs of neighbouring slices follow each other, for one access. In
// odd rows pieces of 64 bytes may have changed places with their neighbours:
// two rows are then in different banks. Other rows are as they are, to be
// copied by 16 bytes: of 16 bits whose tiles have all of a block's rows, which
// are read by ldmatrix, and those that operands are made of by pieces
// (piece.c).

#include "buffer.h"
#include "copy.h"
#include "flight.h"
#include "fragment.h"
#include "kernel.h"
#include "piece.h"
#include "spread.h"
#include "transfer.h"

#include "lowering/gpu/engine/engine.h"
#include "lowering/gpu/target/layout.h"
#include "lowering/ir_llvm.h"
#include "lowering/tile_rows.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <string.h>

enum { OWN_BYTES = 64 }; // of a row, that four threads hold
/// Behind rows of f32 that are read by pieces: what four threads write of four
/// rows at once is then in different banks.
enum { PIECES_PADDING = 32 };

// Rows ------------------------------------------------------------------------

/// The slice that a transfer's columns begin with, its memref being operand
/// `memref`; -1: that is not known.
static int first_slice(MlirOperation transfer, int memref) {
  int place = memref + ir_rank(ir_type(ir_operand(transfer, memref)));
  MlirOperation start = ir_def(ir_operand(transfer, place));
  if (!ir_is(start, "arith.constant"))
    return -1;
  int64_t column = mlirIntegerAttrGetValueInt(ir_get_attr(start, "value"));
  return column % SLICE ? -1 : (int)(column / SLICE);
}

/// Whether a transfer is of rows, from a slice on that is known.
static bool is_by_row(MlirOperation transfer) {
  bool writes = ir_is(transfer, "vector.transfer_write");
  if (!writes && !ir_is(transfer, "vector.transfer_read"))
    return false;
  MlirType tile =
      ir_type(writes ? ir_operand(transfer, 0) : ir_result(transfer, 0));
  int last = ir_rank(tile) - 1;
  return (writes ? last == 1 : last > 0) &&
         ir_dim_size(tile, last) % SLICE == 0 &&
         tile_op_is_contiguous(transfer) && first_slice(transfer, writes) >= 0;
}

/// Whether all that is done with a buffer, or with a view of one, is, its rows
/// having so many columns.
static bool is_read_by_row(MlirValue buffer, int64_t columns) {
  MlirType type = ir_type(buffer);
  int64_t strides[IR_MAX_RANK], offset;
  int last = ir_rank(type) - 1;
  if (last < 1 || columns % SLICE || ir_dim_size(type, last) != columns)
    return false;
  mlirMemRefTypeGetStridesAndOffset(type, strides, &offset);
  for (int d = 0; d < last; ++d)
    if (strides[d] % columns)
      return false;
  for (MlirOpOperand use = mlirValueGetFirstUse(buffer);
       !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use)) {
    MlirOperation user = mlirOpOperandGetOwner(use);
    bool is_view = ir_is(user, "memref.reinterpret_cast");
    if (!(is_view ? is_read_by_row(ir_result(user, 0), columns)
                  : is_by_row(user)))
      return false;
  }
  return true;
}

/// How many slices of a row follow each other in a thread's part of it.
static int64_t interleaved(MlirType memref) {
  int64_t pair = 2 * ir_float_bytes(ir_element(memref));
  int64_t row = ir_dim_size(memref, ir_rank(memref) - 1) * pair / 2;
  return row % OWN_BYTES ? 1 : CHUNK / pair;
}

bool buffer_alternates(MlirValue memref) {
  // Neighbouring rows begin in the same bank, and are those of neighbouring
  // lanes: they are not repeated.
  MlirType type = ir_type(memref);
  int64_t bytes = ir_float_bytes(ir_element(type));
  if (ir_rank(type) != 2 || ir_dim_size(type, 1) * bytes % (2 * OWN_BYTES) ||
      !is_read_by_row(memref, ir_dim_size(type, 1)))
    return false;
  for (MlirOpOperand use = mlirValueGetFirstUse(memref);
       !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use)) {
    MlirOperation user = mlirOpOperandGetOwner(use);
    if (ir_is(user, "vector.transfer_write"))
      continue;
    MlirOpOperand read = mlirValueGetFirstUse(ir_result(user, 0));
    for (; !mlirOpOperandIsNull(read); read = mlirOpOperandGetNextUse(read))
      if (!tile_op_is_elementwise(mlirOpOperandGetOwner(read)) &&
          !ir_is(mlirOpOperandGetOwner(read), "vector.transfer_write"))
        return false;
  }
  return true;
}

/// Whether all reads of a buffer, or of a view of one, are of as many rows as a
/// block has.
static bool is_read_by_block(const Distribute *s, MlirValue buffer) {
  bool all = true;
  for (MlirOpOperand use = mlirValueGetFirstUse(buffer);
       !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use)) {
    MlirOperation user = mlirOpOperandGetOwner(use);
    if (ir_is(user, "memref.reinterpret_cast"))
      all &= is_read_by_block(s, ir_result(user, 0));
    else if (ir_is(user, "vector.transfer_read"))
      all &= tile_rows(ir_type(ir_result(user, 0)),
                       ir_rank(ir_type(ir_result(user, 0))) - 1) ==
             s->warps * WARP_ROWS;
  }
  return all;
}

/// Whether a buffer that is read by row is read by matrices: eight rows of one
/// are then in different banks.
static bool has_matrices(const Distribute *s, MlirValue buffer) {
  MlirType type = ir_type(buffer);
  int64_t row = ir_dim_size(type, ir_rank(type) - 1);
  return ir_float_bytes(ir_element(type)) == 2 &&
         row * 2 % (2 * CHUNK) == CHUNK && is_read_by_block(s, buffer);
}

MlirValue buffer_address(Distribute *s, MlirValue memref, MlirValue *indices,
                         MlirValue slice, MlirValue column) {
  Ir *b = &s->b;
  MlirType type = ir_type(memref);
  int64_t n = interleaved(type), last = ir_rank(type) - 1;
  MlirValue size = ir_const_index(b, n), whole = ir_const_index(b, n * SLICE);
  MlirValue piece = ir_muli(b, ir_divui(b, slice, size), whole);
  if (context_entry(s, memref)->alternates) {
    MlirValue odd = ir_remui(b, indices[last - 1], ir_const_index(b, 2));
    piece = ir_xori(b, piece, ir_muli(b, odd, whole));
  }
  MlirValue within = ir_muli(b, ir_remui(b, slice, size), ir_const_index(b, 2));
  indices[last] =
      ir_addi(b, ir_muli(b, column, size), ir_addi(b, piece, within));
  return transfer_address(s, memref, indices);
}

int buffer_slices_in_access(Distribute *s, MlirOperation load) {
  if (!ir_is(load, "vector.transfer_read"))
    return 1;
  if (context_entry(s, ir_operand(load, 0))->matrices)
    return 2;
  if (!context_entry(s, ir_operand(load, 0))->interleaved)
    return 1;
  return (int)interleaved(ir_type(ir_operand(load, 0)));
}

MlirValue buffer_load(Distribute *s, MlirOperation read, MlirValue row,
                      int slice, MlirValue *inside) {
  Ir *b = &s->b;
  MlirValue memref = ir_operand(read, 0);
  MlirType element = ir_element(ir_type(memref));
  MlirType pair = ir_vector(element, IR_DIMS(2));
  slice += first_slice(read, 0);
  copy_await_own(s);
  MlirValue indices[IR_MAX_RANK];
  transfer_source_indices(s, read, row, s->column, inside, indices);
  MlirValue address =
      buffer_address(s, memref, indices, ir_const_index(b, slice), s->column);
  if (!mlirValueIsNull(s->first_slice)) // of a piece
    address = ir_advance(b, address, element,
                         ir_muli(b, s->first_slice, ir_const_index(b, SLICE)));
  int64_t n = interleaved(ir_type(memref)), bytes = 2 * ir_float_bytes(element);
  int64_t alignment = slice % n ? bytes : n * bytes;
  if (ir_float_bytes(element) > 2)
    return transfer_load(b, pair, address, alignment);
  return ir_value(b, "llvm.bitcast", pair,
                  IR_VALUES(transfer_load(b, ir_i32(b), address, alignment)),
                  IR_NONE);
}

typedef struct State {
  // A slice that has been loaded with the one before:
  MlirOperation read; ///< null: there is none
  MlirBlock block;    ///< that it is there in
  int slice;
  MlirValue pairs[2];
  bool open; ///< an operand has been written, and threads have not met since
} State;

static State *state_of(Distribute *s) {
  return context_state(s, "buffer", sizeof(State));
}

void buffer_load_matrices(Distribute *s, MlirOperation read, int slice,
                          MlirValue pairs[2]) {
  Ir *b = &s->b;
  State *next = state_of(s);
  const State before = *next;
  *next = (State){.open = before.open};
  copy_await_own(s);
  MlirType element = ir_element(ir_type(ir_result(read, 0)));
  MlirType pair = ir_vector(element, IR_DIMS(2));
  if (mlirOperationEqual(before.read, read) && before.slice == slice &&
      mlirBlockEqual(before.block, b->block)) {
    memcpy(pairs, before.pairs, sizeof before.pairs);
    return;
  }
  MlirValue warp = ir_muli(b, s->warp, ir_const_index(b, WARP_ROWS));
  MlirValue row =
      ir_addi(b, warp, kernel_row(b, &layout_addresses_left, s->lane));
  MlirValue column =
      ir_addi(b, kernel_column(b, &layout_addresses_left, s->lane),
              ir_const_index(b, slice * SLICE));
  MlirValue inside, registers[4];
  MlirValue address = transfer_source(s, read, row, column, &inside);
  int slices = context_slices(ir_type(ir_result(read, 0)),
                              ir_rank(ir_type(ir_result(read, 0))) - 1);
  int n = slice + 1 < slices ? 4 : 2;
  transfer_load_matrices(b, address, n, false, registers);
  for (int i = 0; i < n; ++i)
    *(i < 2 ? &pairs[i] : &next->pairs[i - 2]) =
        ir_value(b, "llvm.bitcast", pair, IR_VALUES(registers[i]), IR_NONE);
  if (n > 2) {
    next->read = read;
    next->block = b->block;
    next->slice = slice + 1;
  }
}

/// Stores this thread's rows of a tile.
static void store_interleaved(Distribute *s, MlirOperation write) {
  Ir *b = &s->b;
  MlirValue tile = ir_operand(write, 0), memref = ir_operand(write, 1);
  MlirType type = ir_type(tile);
  int64_t bytes = 2 * ir_float_bytes(ir_element(type));
  MlirValue size = ir_const_index(b, ir_dim_size(type, 0)), end;
  if (!transfer_stored_end(s, write, &end))
    return;
  if (!mlirValueIsNull(end))
    size = ir_minsi(b, size, context_scalar(s, end));
  for (int i = 0; i < 2; ++i) {
    At at = context_at(s, type, 1, 0);
    MlirValue places[IR_MAX_RANK], indices[IR_MAX_RANK];
    transfer_write_indices(s, write, at.rows[i], s->column, places, indices);
    IrIf branch = ir_if_begin(b, ir_cmpi(b, IR_SLT, s->rows[i], size), IR_NONE);
    for (; at.slice < context_slices(type, 1); ++at.slice) {
      Fragment f = fragment(s, tile, at);
      MlirValue slice = ir_const_index(b, at.slice + first_slice(write, 1));
      transfer_store(b, fragment_pair(b, type, &f, i),
                     buffer_address(s, memref, indices, slice, s->column),
                     bytes);
    }
    ir_if_end(b, &branch, IR_NONE);
  }
}

// Buffers ---------------------------------------------------------------------

/// Whether a buffer is read by pieces of its rows.
static bool is_read_by_pieces(MlirValue buffer) {
  bool pieces = false;
  for (MlirOpOperand use = mlirValueGetFirstUse(buffer);
       !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use))
    pieces |= ir_is(mlirOpOperandGetOwner(use), "memref.expand_shape");
  return pieces;
}

void buffer_make(Distribute *s, MlirOperation op) {
  Ir *b = &s->b;
  MlirType type = ir_type(ir_result(op, 0));
  Entry *entry = context_entry(s, ir_result(op, 0));
  if (entry->pointer.ptr) // it is there for both roles
    return;
  int64_t bytes = ir_float_bytes(ir_element(type)), stride = 1;
  bool swizzled = transfer_is_swizzled(s, type);
  bool by_row =
      context_is_own(type) && !entry->pieces &&
      is_read_by_row(ir_result(op, 0), ir_dim_size(type, ir_rank(type) - 1));
  entry->matrices = by_row && has_matrices(s, ir_result(op, 0));
  entry->interleaved = by_row && !entry->matrices;
  entry->alternates = entry->interleaved && buffer_alternates(ir_result(op, 0));
  int64_t padding = swizzled || context_is_own(type) ? 0 : PADDING / bytes;
  if (is_read_by_pieces(ir_result(op, 0)))
    padding = PIECES_PADDING / bytes;
  // Slots of one row begin where TMA may write.
  bool row = ir_rank(type) == 3 && ir_dim_size(type, 1) == 1;
  int64_t columns = ir_dim_size(type, ir_rank(type) - 1);
  if (row)
    padding = (TMA_ALIGNMENT - columns * bytes % TMA_ALIGNMENT) %
              TMA_ALIGNMENT / bytes;
  for (int d = ir_rank(type) - 1; d >= 0; --d) {
    entry->strides[d] = ir_const_i64(b, stride);
    stride *= ir_dim_size(type, d);
    if (d == ir_rank(type) - 1)
      stride += padding;
  }
  entry->bytes = stride * bytes;
  entry->pointer =
      context_allocate(s, entry->bytes,
                       swizzled ? SWIZZLE_ROWS * transfer_panel_bytes(type)
                       : row    ? TMA_ALIGNMENT
                                : CHUNK);
  entry->offset = s->shared_bytes - entry->bytes;
}

/// A view of what an op has as its operand, without strides.
static Entry *make_view(Distribute *s, MlirOperation op) {
  Entry *view = context_entry(s, ir_result(op, 0));
  const Entry *from = context_entry(s, ir_operand(op, 0));
  view->pointer = from->pointer;
  view->bytes = from->bytes;
  view->offset = from->offset;
  view->interleaved = from->interleaved;
  view->matrices = from->matrices;
  return view;
}

void buffer_view(Distribute *s, MlirOperation cast) {
  MlirValue memref = ir_result(cast, 0);
  Entry *view = make_view(s, cast);
  int64_t strides[IR_MAX_RANK], offset;
  mlirMemRefTypeGetStridesAndOffset(ir_type(memref), strides, &offset);
  for (int d = 0; d < ir_rank(ir_type(memref)); ++d)
    view->strides[d] = ir_const_i64(&s->b, strides[d]);
}

void buffer_pieces(Distribute *s, MlirOperation expand) {
  MlirValue memref = ir_operand(expand, 0);
  int last = ir_rank(ir_type(memref)) - 1;
  int64_t size = ir_dim_size(ir_type(ir_result(expand, 0)), last + 1);
  Entry *view = make_view(s, expand);
  const Entry *from = context_entry(s, memref);
  for (int d = 0; d < last; ++d)
    view->strides[d] = from->strides[d];
  view->strides[last] =
      ir_muli(&s->b, from->strides[last], ir_const_i64(&s->b, size));
  view->strides[last + 1] = from->strides[last];
}

/// Whether a tile is a load of global memory, which threads may copy.
static bool is_load(Distribute *s, MlirValue tile) {
  MlirOperation read = ir_def(tile);
  return ir_is(read, "vector.transfer_read") &&
         !context_entry(s, ir_operand(read, 0))->bytes;
}

/// Whether nothing of an op is done before what it gives is needed, or it only
/// loads what no product has as an operand.
static bool may_stand_between(MlirOperation op) {
  if (ir_is(op, "vector.transfer_read"))
    return context_is_own(ir_type(ir_operand(op, 0)));
  return ir_is_of(op, "arith.") ||
         ir_is_any(op, IR_NAMES("vector.broadcast", "vector.shape_cast",
                                "vector.create_mask"));
}

/// The write of another operand behind that of one: threads then meet once for
/// both. Null: there is none.
static MlirOperation joined_write(Distribute *s, MlirOperation write) {
  MlirValue memref = ir_operand(write, 1);
  MlirOperation next = mlirOperationGetNextInBlock(write);
  while (!mlirOperationIsNull(next) && may_stand_between(next))
    next = mlirOperationGetNextInBlock(next);
  bool joins = !context_is_own(ir_type(memref)) &&
               ir_is(next, "vector.transfer_write") &&
               !context_is_own(ir_type(ir_operand(next, 1))) &&
               !mlirValueEqual(memref, ir_operand(next, 1)) &&
               !is_load(s, ir_operand(next, 0));
  return joins ? next : (MlirOperation){NULL};
}

/// Waits until nobody reads any more what has been in the buffers of a write
/// and the one that it is joined by.
static void await_readers(Distribute *s, MlirOperation write,
                          MlirOperation next) {
  if (s->engine->reads_by_proxy)
    flight_await_readers(s, ir_operand(write, 1));
  if (s->engine->reads_by_proxy && !mlirOperationIsNull(next))
    flight_await_readers(s, ir_operand(next, 1));
  copy_await_own(s);
  context_barrier(s);
}

void buffer_write(Distribute *s, MlirOperation write) {
  MlirValue tile = ir_operand(write, 0), memref = ir_operand(write, 1);
  MlirType type = ir_type(tile);
  if (is_load(s, tile) && copy_into_buffer(s, write)) {
    if (!context_is_own(ir_type(memref)))
      copy_await_own(s);
    return;
  }
  if (tile_rows(type, tile_op_stored_row_dims(write)) > s->warps * WARP_ROWS) {
    context_fail(s, write, "the tile has more rows than the block's products");
    return;
  }
  State *self = state_of(s);
  self->read = (MlirOperation){NULL};
  MlirOperation next = joined_write(s, write);
  if (!self->open)
    await_readers(s, write, next);
  self->open = !mlirOperationIsNull(next);
  if (context_entry(s, memref)->interleaved)
    store_interleaved(s, write);
  else if (!piece_write(s, write) && !spread_operand(s, write))
    transfer_write(s, write);
  if (self->open)
    return;
  if (s->engine->reads_by_proxy && !context_is_own(ir_type(memref)))
    context_fence(s);
  context_barrier(s);
}
