// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stores of tiles by TMA (compute capability 9.0), in kernels that have a
// producer (bulk_copy.c).
//
// Each warp of the consumers stores its rows, from panels (context.h) of its
// own. These are where a tile was parked that only loops before the store read:
//
//     barrier                   nobody reads what was parked any more
//     write to the panels; proxy fence; barrier of the warp
//     one lane: store a box for each panel; wait until all have been read
//     barrier, within a loop    something may be parked there again
//
// A box is cut at the tensor's end, not where a mask ends. Tiles of which a
// mask leaves rows out are copied from the panels by all lanes.

#include "bulk_store.h"
#include "bulk_copy.h"
#include "fragment.h"
#include "kernel.h"
#include "transfer.h"

#include "lowering/gpu/target/layout.h"

#include "lowering/ir_llvm.h"
#include "lowering/notes.h"
#include "lowering/tile_rows.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "simplicial/dialect.h"

enum { MAX_RANK = 5, ELEMENT_BYTES = 2 };

/// Operands of vector.transfer_write.
enum { TILE, MEMREF };

static int64_t columns_of(MlirOperation write) {
  MlirType tile = ir_type(ir_operand(write, TILE));
  return ir_dim_size(tile, ir_rank(tile) - 1);
}

// What can be stored ----------------------------------------------------------

/// Whether a tile of the block of `op` is used only in regions before it.
static bool is_done_before(MlirValue tile, MlirOperation op) {
  MlirBlock block = mlirOperationGetBlock(op);
  for (MlirOpOperand use = mlirValueGetFirstUse(tile);
       !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use)) {
    MlirOperation user = mlirOpOperandGetOwner(use), around = user;
    while (!mlirBlockEqual(mlirOperationGetBlock(around), block))
      around = mlirOperationGetParentOperation(around);
    if (mlirOperationEqual(user, around) ||
        !mlirOperationIsBeforeInBlock(around, op))
      return false;
  }
  return true;
}

/// A parked tile in whose memory there is room for the written one; NULL if
/// there is none.
static Entry *find_parked(Distribute *s, MlirOperation write) {
  MlirBlock block = mlirOperationGetBlock(write);
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationEqual(op, write); op = mlirOperationGetNextInBlock(op)) {
    if (mlirOperationGetNumResults(op) != 1 || !tile_is(ir_result(op, 0)))
      continue;
    MlirValue tile = ir_result(op, 0);
    Entry *entry = context_entry(s, tile);
    if (entry->parked && ir_dim_size(ir_type(tile), 1) >= columns_of(write) &&
        is_done_before(tile, write))
      return entry;
  }
  return NULL;
}

/// The boxes of a warp's rows of the tile; false if these are none.
static bool box_of(MlirOperation write, int64_t *box) {
  MlirType tile = ir_type(ir_operand(write, TILE));
  int rank = ir_rank(ir_type(ir_operand(write, MEMREF)));
  int column = ir_rank(tile) - 1, dims[IR_MAX_RANK];
  int64_t rows = WARP_ROWS;
  tile_op_memref_dims(write, column + 1, dims);
  for (int d = 0; d < rank; ++d)
    box[d] = 1;
  for (int t = column - 1; t >= 0; --t) {
    int64_t size = ir_dim_size(tile, t), n = size < rows ? size : rows;
    if (rows % n || size % n || dims[t] < 0 || dims[t] >= dims[t + 1])
      return false;
    box[dims[t]] = n;
    rows /= n;
  }
  box[rank - 1] = SWIZZLE_BYTES / ELEMENT_BYTES;
  return rows == 1 && dims[column] == rank - 1;
}

/// The boxes that the warps store, and the parked tile in whose memory their
/// panels are; or why there are none, and NULL if there are.
static const char *find_boxes(Distribute *s, MlirOperation write, int64_t *box,
                              Entry **parked) {
  MlirValue memref = ir_operand(write, MEMREF);
  MlirType tile = ir_type(ir_operand(write, TILE));
  int row_dims = tile_op_stored_row_dims(write);
  MlirValue first, end;
  if (ir_is(ir_def(memref), "memref.alloca"))
    return "it is not global memory";
  if (ir_rank(ir_type(memref)) > MAX_RANK)
    return "TMA takes tensors of at most 5 dimensions";
  if (!tile_has_columns(tile, row_dims))
    return "a row is one element";
  if (!fragment_is_packed(tile) ||
      columns_of(write) * ELEMENT_BYTES % SWIZZLE_BYTES)
    return "rows are no multiples of 64 elements of 16 bits";
  if (tile_rows(tile, row_dims) != s->warps * WARP_ROWS)
    return "not all warps have rows of their own to store";
  if (!tile_op_mask(write, &first, &end) || !mlirValueIsNull(first) ||
      !box_of(write, box))
    return "a warp's rows are no box of the tensor";
  *parked = find_parked(s, write);
  return *parked ? NULL : "no room in shared memory is free for the tile";
}

void bulk_store_plan(Distribute *s, MlirBlock block) {
  int64_t box[IR_MAX_RANK];
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    Entry *parked;
    if (ir_is(op, "vector.transfer_write") &&
        !find_boxes(s, op, box, &parked) &&
        bulk_copy_plan_map(s, ir_operand(op, MEMREF), box))
      parked->panels = true;
    for (int i = 0; i < (int)mlirOperationGetNumRegions(op); ++i)
      bulk_store_plan(s, ir_body(op, i));
  }
}

// Panels ----------------------------------------------------------------------

static MlirValue advance_bytes(Ir *b, MlirValue pointer, MlirValue bytes) {
  return ir_advance(b, pointer, mlirIntegerTypeGet(b->context, 8), bytes);
}

/// The number of the warp's first row.
static MlirValue first_row(Distribute *s) {
  return ir_muli(&s->b, s->warp, ir_const_index(&s->b, WARP_ROWS));
}

/// The warp's panels, where a tile was parked.
static MlirValue panels_of(Distribute *s, MlirOperation write,
                           const Entry *parked) {
  Ir *b = &s->b;
  MlirValue row = ir_const_index(b, columns_of(write) * ELEMENT_BYTES);
  return advance_bytes(b, parked->pointer, ir_muli(b, first_row(s), row));
}

/// How many bytes behind the panels' beginning a chunk of a row is.
static MlirValue place_of(Ir *b, MlirValue row, MlirValue chunk) {
  MlirValue chunks = ir_const_index(b, SWIZZLE_BYTES / CHUNK);
  MlirValue panel = ir_muli(b, ir_divui(b, chunk, chunks),
                            ir_const_index(b, WARP_ROWS * SWIZZLE_BYTES));
  MlirValue moved = ir_remui(b, row, ir_const_index(b, SWIZZLE_ROWS));
  MlirValue in_row = ir_xori(b, ir_remui(b, chunk, chunks), moved);
  MlirValue in_panel =
      ir_addi(b, ir_muli(b, row, ir_const_index(b, SWIZZLE_BYTES)),
              ir_muli(b, in_row, ir_const_index(b, CHUNK)));
  return ir_addi(b, panel, in_panel);
}

/// Writes two neighbouring slices of the warp's rows to the panels: matrices of
/// 8 rows, the low and the high ones of each slice. Each lane says where a row
/// of one is.
static void write_slices(Distribute *s, MlirValue panels, int slice,
                         const Fragment *fragments) {
  enum { MATRICES = 4 };
  Ir *b = &s->b;
  MlirValue rows = ir_const_index(b, WARP_ROWS);
  MlirValue chunk =
      ir_addi(b, ir_divui(b, s->lane, rows), ir_const_index(b, slice));
  MlirValue place = place_of(b, ir_remui(b, s->lane, rows), chunk);
  MlirValue operands[1 + MATRICES] = {advance_bytes(b, panels, place)};
  for (int i = 0; i < MATRICES; ++i)
    operands[1 + i] =
        ir_value(b, "llvm.bitcast", ir_i32(b),
                 IR_VALUES(fragments[slice + i / 2].v[i % 2][0]), IR_NONE);
  ir_op(
      b, "nvvm.stmatrix", IR_NONE, 1 + MATRICES, operands,
      IR_ATTRIBUTES(
          {"layout", ir_parse_attr(b, "#nvvm.mma_layout<row>")},
          {"shape", ir_parse_attr(b, "#nvvm.ld_st_matrix_shape<m = 8, n = 8>")},
          {"eltType", ir_parse_attr(b, "#nvvm.ld_st_matrix_elt_type<b16>")}));
}

/// Writes the warp's rows to the panels. Until then, what was parked there may
/// be read.
static void fill(Distribute *s, MlirOperation write, MlirValue panels) {
  MlirValue tile = ir_operand(write, TILE);
  int row_dims = tile_op_stored_row_dims(write);
  int slices = context_slices(ir_type(tile), row_dims);
  Fragment fragments[MAX_SLICES];
  At at = context_at(s, ir_type(tile), row_dims, 0);
  for (; at.slice < slices; ++at.slice)
    fragments[at.slice] = fragment(s, tile, at);
  context_barrier(s);
  for (int slice = 0; slice < slices; slice += 2)
    write_slices(s, panels, slice, fragments);
}

// Stores ----------------------------------------------------------------------

/// Stores the panel that begins with this column.
static void store_box(Distribute *s, MlirOperation write, const TensorMap *map,
                      MlirValue panels, int64_t column) {
  Ir *b = &s->b;
  int rank = ir_rank(ir_type(map->memref)), n = 0;
  MlirValue places[IR_MAX_RANK], indices[IR_MAX_RANK], operands[2 + MAX_RANK];
  transfer_write_indices(s, write, first_row(s), ir_const_index(b, column),
                         places, indices);
  operands[n++] = map->pointer;
  operands[n++] = advance_bytes(
      b, panels, ir_const_index(b, column * ELEMENT_BYTES * WARP_ROWS));
  for (int d = rank - 1; d >= 0; --d)
    operands[n++] = ir_index_cast(b, indices[d], ir_i32(b));
  const int32_t segments[] = {1, 1, rank, 0, 0};
  ir_op(b, "nvvm.cp.async.bulk.tensor.global.shared.cta", IR_NONE, n, operands,
        IR_ATTRIBUTES(
            {"mode", ir_parse_attr(b, "#nvvm.tma_store_mode<tile>")},
            {SIMPLICIAL_BYTES_ATTR, ir_i64_attr(b, WARP_ROWS * SWIZZLE_BYTES)},
            ir_segments(b, 5, segments)));
}

/// One lane stores all panels, and waits until they have been read.
static void store_boxes(Distribute *s, MlirOperation write,
                        const TensorMap *map, MlirValue panels) {
  Ir *b = &s->b;
  IrIf branch = context_begin_elected(s);
  for (int64_t column = 0; column < columns_of(write);
       column += SWIZZLE_BYTES / ELEMENT_BYTES)
    store_box(s, write, map, panels, column);
  ir_op(b, "nvvm.cp.async.bulk.commit.group", IR_NONE, IR_NONE, IR_NONE);
  ir_op(b, "nvvm.cp.async.bulk.wait_group", IR_NONE, IR_NONE,
        IR_ATTRIBUTES({"group", mlirIntegerAttrGet(ir_i32(b), 0)},
                      {"read", mlirUnitAttrGet(b->context)}));
  ir_if_end(b, &branch, IR_NONE);
}

/// Copies a chunk of one of the warp's rows, if it is before `end`.
static void copy_chunk(Distribute *s, MlirOperation write, MlirValue panels,
                       MlirValue end, MlirValue row, MlirValue chunk) {
  Ir *b = &s->b;
  MlirValue memref = ir_operand(write, MEMREF);
  MlirType words = ir_vector(ir_i32(b), IR_DIMS(CHUNK / 4));
  MlirValue column =
      ir_muli(b, chunk, ir_const_index(b, CHUNK / ELEMENT_BYTES));
  MlirValue places[IR_MAX_RANK], indices[IR_MAX_RANK];
  transfer_write_indices(s, write, ir_addi(b, first_row(s), row), column,
                         places, indices);
  // Nothing of the address is to be kept through the loops before.
  for (int d = 0; d < ir_rank(ir_type(memref)) - 1; ++d)
    indices[d] = context_pinned_index(s, indices[d]);
  IrIf branch = ir_if_begin(b, ir_cmpi(b, IR_SLT, places[0], end), IR_NONE);
  MlirValue value =
      ir_value(b, "llvm.load", words,
               IR_VALUES(advance_bytes(b, panels, place_of(b, row, chunk))),
               IR_ATTRIBUTES({"alignment", ir_i64_attr(b, CHUNK)}));
  ir_op(b, "llvm.store", IR_NONE,
        IR_VALUES(value, transfer_address(s, memref, indices)),
        IR_ATTRIBUTES({"alignment", ir_i64_attr(b, CHUNK)}));
  ir_if_end(b, &branch, IR_NONE);
}

/// All lanes copy those of the warp's rows that are before `end`.
static void copy_rows(Distribute *s, MlirOperation write, MlirValue panels,
                      MlirValue end) {
  Ir *b = &s->b;
  int64_t chunks = columns_of(write) * ELEMENT_BYTES / CHUNK;
  MlirValue size = ir_const_index(b, chunks);
  IrLoop loop = ir_for_begin(b, s->lane, ir_const_index(b, WARP_ROWS * chunks),
                             ir_const_index(b, WARP), IR_NONE);
  transfer_keep_rolled(b, &loop);
  copy_chunk(s, write, panels, end, ir_divui(b, loop.iv[0], size),
             ir_remui(b, loop.iv[0], size));
  ir_for_end(b, &loop, IR_NONE);
}

/// Stores the rows before `end`; if that is null, all.
static void store_rows(Distribute *s, MlirOperation write, const TensorMap *map,
                       MlirValue panels, MlirValue end) {
  Ir *b = &s->b;
  if (mlirValueIsNull(end)) {
    store_boxes(s, write, map, panels);
    return;
  }
  MlirType tile = ir_type(ir_operand(write, TILE));
  MlirValue size = ir_const_index(b, ir_dim_size(tile, 0));
  end = context_scalar(s, end);
  IrIf part = ir_if_begin(b, ir_cmpi(b, IR_SLT, end, size), IR_NONE);
  copy_rows(s, write, panels, end);
  ir_if_else(b, &part, IR_NONE);
  store_boxes(s, write, map, panels);
  ir_if_end(b, &part, IR_NONE);
}

const char *bulk_store(Distribute *s, MlirOperation write) {
  int64_t box[IR_MAX_RANK];
  MlirValue first, end;
  Entry *parked;
  if (s->role != ROLE_CONSUMER)
    return "no warp is a producer";
  const char *why = find_boxes(s, write, box, &parked);
  if (why)
    return why;
  const TensorMap *map = bulk_copy_map(s, ir_operand(write, MEMREF), box);
  if (!map)
    return "there are too many tensor maps";
  tile_op_mask(write, &first, &end);
  // The place is not to be kept for this through the loops before, other than
  // where masks by row keep it anyway.
  if (mlirValueIsNull(end))
    kernel_find_place_anew(s);
  s->lane = kernel_register(&s->b, "nvvm.read.ptx.sreg.laneid");
  MlirValue panels = panels_of(s, write, parked);
  fill(s, write, panels);
  context_fence(s);
  context_warp_barrier(s);
  store_rows(s, write, map, panels, end);
  if (!mlirBlockEqual(mlirOperationGetBlock(write), ir_body(s->forall, 0)))
    context_barrier(s);
  return NULL;
}
