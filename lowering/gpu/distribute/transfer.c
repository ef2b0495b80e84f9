// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Global and shared memory: loads and stores of fragments.

#include "transfer.h"
#include "buffer.h"
#include "copy.h"
#include "fragment.h"

#include "lowering/gpu/engine/engine.h"
#include "lowering/gpu/target/layout.h"

#include "lowering/bounds.h"
#include "lowering/ir_llvm.h"
#include "lowering/tile_rows.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

int64_t transfer_panel_bytes(MlirType memref) {
  return limits_panel_bytes(ir_dim_size(memref, ir_rank(memref) - 1) *
                            ir_float_bytes(ir_element(memref)));
}

bool transfer_is_swizzled(const Distribute *s, MlirType memref) {
  return ir_rank(memref) == 3 &&
         !mlirAttributeIsNull(mlirMemRefTypeGetMemorySpace(memref)) &&
         s->engine->is_swizzled(memref);
}

/// How far a place in a slot with swizzled rows is from the slot's beginning.
static MlirValue swizzled(Ir *b, MlirType memref, MlirValue row,
                          MlirValue column) {
  int64_t bytes = ir_float_bytes(ir_element(memref));
  int64_t panel_bytes = transfer_panel_bytes(memref);
  int64_t chunks = panel_bytes / CHUNK; // of a row
  MlirValue width = ir_const_index(b, panel_bytes / bytes);
  MlirValue rows = ir_const_index(b, ir_dim_size(memref, 1));
  MlirValue in_panel = ir_remui(b, column, width);
  MlirValue line = // of 128 bytes
      ir_divui(b, row, ir_const_index(b, SWIZZLE_BYTES / panel_bytes));
  MlirValue moved = ir_muli(b, ir_remui(b, line, ir_const_index(b, chunks)),
                            ir_const_index(b, CHUNK / bytes));
  MlirValue place = ir_xori(b, in_panel, moved);
  MlirValue panel = ir_muli(b, ir_divui(b, column, width), rows);
  return ir_addi(b, ir_muli(b, ir_addi(b, panel, row), width), place);
}

/// How far `n` is along a dimension, in elements. Only here are positions,
/// which have 32 bits in a kernel, made wider.
static MlirValue steps(Ir *b, const Entry *entry, int d, MlirValue n) {
  return ir_muli(b, ir_index_cast(b, n, ir_i64(b)), entry->strides[d]);
}

MlirValue transfer_address(Distribute *s, MlirValue memref,
                           const MlirValue *indices) {
  Ir *b = &s->b;
  const Entry *entry = context_entry(s, memref);
  MlirType type = ir_type(memref);
  MlirValue offset = ir_const_i64(b, 0);
  bool in_panels = transfer_is_swizzled(s, type);
  if (in_panels)
    offset =
        ir_index_cast(b, swizzled(b, type, indices[1], indices[2]), ir_i64(b));
  for (int d = 0; d < (in_panels ? 1 : ir_rank(type)); ++d)
    offset = ir_addi(b, offset, steps(b, entry, d, indices[d]));
  return ir_advance(b, entry->pointer, ir_element(type), offset);
}

MlirValue transfer_moved(Distribute *s, MlirValue memref, MlirValue address,
                         const int64_t *by) {
  Ir *b = &s->b;
  const Entry *entry = context_entry(s, memref);
  MlirType type = ir_type(memref);
  MlirValue offset = ir_const_i64(b, 0);
  for (int d = 0; d < ir_rank(type); ++d)
    if (by[d])
      offset = ir_addi(b, offset,
                       ir_muli(b, ir_const_i64(b, by[d]), entry->strides[d]));
  return ir_advance(b, address, ir_element(type), offset);
}

static int rank_of(MlirOperation transfer, int first) {
  return ir_rank(ir_type(ir_operand(transfer, first - 1)));
}

bool transfer_is_by_piece(MlirOperation transfer) {
  bool writes = ir_is(transfer, "vector.transfer_write");
  return (writes || ir_is(transfer, "vector.transfer_read")) &&
         ir_is(ir_def(ir_operand(transfer, writes)), "memref.expand_shape");
}

void transfer_pin_indices(Distribute *s, MlirOperation transfer, int first,
                          MlirValue *before) {
  for (int d = 0; d < rank_of(transfer, first); ++d) {
    MlirValue index = ir_operand(transfer, first + d);
    Entry *entry = context_entry(s, index);
    before[d] = entry->scalar;
    if (s->engine->is_tight && s->at_once && !transfer_is_by_piece(transfer) &&
        !ir_is(ir_def(index), "arith.constant"))
      entry->scalar = context_pinned_index(s, entry->scalar);
  }
}

void transfer_restore_indices(Distribute *s, MlirOperation transfer, int first,
                              const MlirValue *before) {
  for (int d = rank_of(transfer, first) - 1; d >= 0; --d)
    context_entry(s, ir_operand(transfer, first + d))->scalar = before[d];
}

MlirValue transfer_load(Ir *b, MlirType type, MlirValue pointer,
                        int64_t bytes) {
  return ir_value(b, "llvm.load", type, IR_VALUES(pointer),
                  IR_ATTRIBUTES({"alignment", ir_i64_attr(b, bytes)}));
}

void transfer_store(Ir *b, MlirValue value, MlirValue pointer, int64_t bytes) {
  ir_op(b, "llvm.store", IR_NONE, IR_VALUES(value, pointer),
        IR_ATTRIBUTES({"alignment", ir_i64_attr(b, bytes)}));
}

/// Where a row of a tile is along the dimensions that are its rows.
static void row_places(Ir *b, MlirType tile, int row_dims, MlirValue row,
                       MlirValue *places) {
  for (int d = row_dims - 1; d > 0; --d) {
    MlirValue size = ir_const_index(b, ir_dim_size(tile, d));
    places[d] = ir_remui(b, row, size);
    row = ir_divui(b, row, size);
  }
  places[0] = row;
}

/// An op's memref indices, those from operand `first` on, with `places` added
/// where the tile runs.
static void tile_indices(Distribute *s, MlirOperation op, MlirValue memref,
                         int first, int tile_rank, const MlirValue *places,
                         MlirValue *indices) {
  int dims[IR_MAX_RANK];
  tile_op_memref_dims(op, tile_rank, dims);
  for (int d = 0; d < ir_rank(ir_type(memref)); ++d)
    indices[d] = context_scalar(s, ir_operand(op, first + d));
  for (int t = 0; t < tile_rank; ++t)
    indices[dims[t]] = ir_addi(&s->b, indices[dims[t]], places[t]);
}

/// `place` if it is in [first, end), else the nearest one that is, or the first
/// of all; first may be null. `inside` says which.
static MlirValue clamp(Distribute *s, MlirValue place, MlirValue first,
                       MlirValue end, MlirValue *inside) {
  Ir *b = &s->b;
  bool may_be_none = mlirValueIsNull(first) && bounds_of(end).least < 1;
  end = context_scalar(s, end);
  *inside = ir_cmpi(b, IR_SLT, place, end);
  MlirValue last = ir_subi(b, end, ir_const_index(b, 1));
  MlirValue clamped = ir_minsi(b, place, last);
  if (may_be_none)
    clamped = ir_maxsi(b, clamped, ir_const_index(b, 0));
  if (mlirValueIsNull(first))
    return clamped;
  first = context_scalar(s, first);
  clamped = ir_maxsi(b, clamped, first);
  *inside = ir_cmpi(b, IR_EQ, place, clamped);
  return clamped;
}

static MlirValue first_column(Distribute *s, int slice) {
  Ir *b = &s->b;
  MlirValue column = ir_addi(b, s->column, ir_const_index(b, slice * SLICE));
  if (mlirValueIsNull(s->first_slice))
    return column;
  return ir_addi(b, column,
                 ir_muli(b, s->first_slice, ir_const_index(b, SLICE)));
}

void transfer_load_matrices(Ir *b, MlirValue address, int n, bool transposes,
                            MlirValue *registers) {
  const MlirType types[] = {ir_i32(b), ir_i32(b), ir_i32(b), ir_i32(b)};
  MlirAttribute layout = ir_parse_attr(b, transposes ? "#nvvm.mma_layout<col>"
                                                     : "#nvvm.mma_layout<row>");
  MlirValue loaded = ir_value(
      b, "nvvm.ldmatrix", ir_struct(b, n, types), IR_VALUES(address),
      IR_ATTRIBUTES(
          {"num", mlirIntegerAttrGet(ir_i32(b), n)}, {"layout", layout},
          {"shape", ir_parse_attr(b, "#nvvm.ld_st_matrix_shape<m = 8, n = 8>")},
          {"eltType", ir_parse_attr(b, "#nvvm.ld_st_matrix_elt_type<b16>")}));
  for (int i = 0; i < n; ++i)
    registers[i] = ir_extract(b, loaded, i);
}

void transfer_keep_rolled(Ir *b, IrLoop *loop) {
  mlirOperationSetDiscardableAttributeByName(
      loop->op, ir_str("loop_annotation"),
      ir_parse_attr(b, "#llvm.loop_annotation<unroll = <disable = true>>"));
}

/// Whether a transfer's neighbouring elements are loaded or stored at once.
static bool is_by_pairs(Distribute *s, MlirOperation transfer,
                        MlirType element) {
  return s->alignment >= 2 * ir_float_bytes(element) &&
         tile_op_is_contiguous(transfer);
}

/// Two neighbouring elements of what is read, as a vector; `inside` as
/// transfer_source has it.
static MlirValue load_pair(Distribute *s, MlirOperation read, MlirValue row,
                           MlirValue column, MlirValue *inside) {
  Ir *b = &s->b;
  MlirType element = ir_element(ir_type(ir_result(read, 0)));
  int64_t bytes = ir_float_bytes(element);
  MlirType pair = ir_vector(element, IR_DIMS(2));
  MlirValue pointer = transfer_source(s, read, row, column, inside);
  if (is_by_pairs(s, read, element) && bytes == 2) // one register, not two
    return ir_value(b, "llvm.bitcast", pair,
                    IR_VALUES(transfer_load(b, ir_i32(b), pointer, 2 * bytes)),
                    IR_NONE);
  if (is_by_pairs(s, read, element))
    return transfer_load(b, pair, pointer, 2 * bytes);
  MlirValue one = ir_const_index(b, 1);
  MlirValue next =
      tile_op_is_contiguous(read)
          ? ir_advance(b, pointer, element, one)
          : transfer_source(s, read, row, ir_addi(b, column, one), inside);
  return ir_value(b, "vector.from_elements", pair,
                  IR_VALUES(transfer_load(b, element, pointer, bytes),
                            transfer_load(b, element, next, bytes)),
                  IR_NONE);
}

/// Stores two neighbouring elements of what `write` stores, the first one at
/// `indices` of the memref.
static void store_pair(Distribute *s, MlirOperation write, MlirValue pair,
                       MlirValue *indices) {
  Ir *b = &s->b;
  MlirValue memref = ir_operand(write, 1);
  MlirType element = ir_element(ir_type(pair));
  int64_t bytes = ir_float_bytes(element);
  MlirValue pointer = transfer_address(s, memref, indices);
  if (is_by_pairs(s, write, element)) {
    transfer_store(b, pair, pointer, 2 * bytes);
    return;
  }
  int rank = ir_rank(ir_type(ir_operand(write, 0))), dims[IR_MAX_RANK];
  tile_op_memref_dims(write, rank, dims);
  MlirValue one = ir_const_index(b, 1), *column = &indices[dims[rank - 1]];
  *column = ir_addi(b, *column, one);
  MlirValue next = tile_op_is_contiguous(write)
                       ? ir_advance(b, pointer, element, one)
                       : transfer_address(s, memref, indices);
  transfer_store(b, fragment_element(b, pair, 0), pointer, bytes);
  transfer_store(b, fragment_element(b, pair, 1), next, bytes);
}

void transfer_source_indices(Distribute *s, MlirOperation read, MlirValue row,
                             MlirValue column, MlirValue *inside,
                             MlirValue *indices) {
  MlirType tile = ir_type(ir_result(read, 0));
  MlirValue memref = ir_operand(read, 0), first, end, places[IR_MAX_RANK];
  int rank = ir_rank(tile);
  *inside = (MlirValue){NULL};
  row_places(&s->b, tile, rank - 1, row, places);
  places[rank - 1] = column;
  // A row that is left out is not read: another one, that may be, is.
  if (!tile_op_mask(read, &first, &end))
    context_fail(s, read, "tiles in memory are cut along the first dimension");
  else if (!mlirValueIsNull(end))
    places[0] = clamp(s, places[0], first, end, inside);
  tile_indices(s, read, memref, 1, rank, places, indices);
}

MlirValue transfer_source(Distribute *s, MlirOperation read, MlirValue row,
                          MlirValue column, MlirValue *inside) {
  MlirValue indices[IR_MAX_RANK];
  transfer_source_indices(s, read, row, column, inside, indices);
  return transfer_address(s, ir_operand(read, 0), indices);
}

/// Of a vector along one dimension an element for each row, or for each column.
static Fragment read_vector(Distribute *s, MlirOperation op, At at) {
  Ir *b = &s->b;
  MlirValue memref = ir_operand(op, 0), indices[IR_MAX_RANK], first, end;
  MlirType tile = ir_type(ir_result(op, 0)), element = ir_element(tile);
  MlirType pair = ir_vector(element, IR_DIMS(2));
  MlirValue size = ir_const_index(b, ir_dim_size(tile, 0)), x[2];
  if (!tile_op_mask(op, &first, &end))
    context_fail(s, op, "its mask is not one of first elements");
  for (int i = 0; i < 2; ++i) {
    MlirValue place = at.rows[i], inside = {NULL};
    if (!at.row_dims)
      place = ir_addi(b, first_column(s, at.slice), ir_const_index(b, i));
    // The last slice may have columns that there are none of.
    if (!at.row_dims && ir_dim_size(tile, 0) % SLICE)
      place = ir_minsi(b, place, ir_subi(b, size, ir_const_index(b, 1)));
    if (!mlirValueIsNull(end))
      place = clamp(s, place, first, end, &inside);
    tile_indices(s, op, memref, 1, 1, &place, indices);
    x[i] = transfer_load(b, element, transfer_address(s, memref, indices),
                         ir_element_bytes(element));
    if (!mlirValueIsNull(inside))
      x[i] = ir_select(b, inside, x[i], ir_zero(b, element));
  }
  Fragment f;
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 2; ++j)
      f.v[i][j] = x[at.row_dims ? i : j];
  if (fragment_is_packed(tile))
    for (int i = 0; i < 2; ++i)
      f.v[i][0] = f.v[i][1] =
          ir_value(b, "vector.from_elements", pair,
                   IR_VALUES(f.v[i][0], f.v[i][1]), IR_NONE);
  return f;
}

Fragment transfer_read(Distribute *s, MlirOperation op, At at) {
  if (ir_rank(ir_type(ir_result(op, 0))) == 1)
    return read_vector(s, op, at);
  Ir *b = &s->b;
  MlirValue memref = ir_operand(op, 0);
  MlirType tile = ir_type(ir_result(op, 0)), element = ir_element(tile);
  MlirType pair = ir_vector(element, IR_DIMS(2));
  int rank = ir_rank(tile);
  Fragment f;
  MlirValue first, end, indices[IR_MAX_RANK];
  if (!tile_op_mask(op, &first, &end) || at.row_dims != rank - 1) {
    context_fail(s, op,
                 "tiles in memory have dimensions of rows and one of "
                 "columns, and are cut along the first one");
    return fragment_definition(s, ir_result(op, 0), at);
  }
  int rows = mlirValueEqual(at.rows[0], at.rows[1]) ? 1 : 2;
  bool matrices = context_entry(s, memref)->matrices && at.own;
  MlirValue pairs[2] = {{NULL}, {NULL}};
  if (matrices)
    buffer_load_matrices(s, op, at.slice, pairs);
  for (int i = 0; i < rows; ++i) {
    MlirValue both = pairs[i], row = at.rows[i], inside = {NULL};
    if (matrices)
      transfer_source_indices(s, op, row, s->column, &inside, indices);
    else if (context_entry(s, memref)->interleaved)
      both = buffer_load(s, op, row, at.slice, &inside);
    else
      both = load_pair(s, op, row, first_column(s, at.slice), &inside);
    if (!mlirValueIsNull(inside))
      both = ir_select(b, inside, both, ir_zero(b, pair));
    for (int64_t j = 0; j < 2; ++j)
      f.v[i][j] = fragment_is_packed(tile)
                      ? both
                      : ir_value(b, "vector.extract", element, IR_VALUES(both),
                                 IR_ATTRIBUTES({"static_position",
                                                ir_i64_array(b, IR_DIMS(j))}));
  }
  for (int j = 0; j < 2 && rows == 1; ++j)
    f.v[1][j] = f.v[0][j];
  return f;
}

void transfer_write_indices(Distribute *s, MlirOperation write, MlirValue row,
                            MlirValue column, MlirValue *places,
                            MlirValue *indices) {
  MlirType tile = ir_type(ir_operand(write, 0));
  int rank = ir_rank(tile);
  row_places(&s->b, tile, rank - 1, row, places);
  places[rank - 1] = column;
  tile_indices(s, write, ir_operand(write, 1), 2, rank, places, indices);
}

static MlirValue both(Ir *b, MlirValue x, MlirValue y) {
  return ir_value(b, "arith.andi", ir_i1(b), IR_VALUES(x, y), IR_NONE);
}

bool transfer_stored_end(Distribute *s, MlirOperation write, MlirValue *end) {
  MlirValue first;
  bool is_end = tile_op_mask(write, &first, end) && mlirValueIsNull(first);
  if (!is_end)
    context_fail(s, write,
                 "stored tiles are cut at the end of their first dimension");
  return is_end;
}

/// Stores a vector by column: the threads of the block's first row do.
static void write_by_column(Distribute *s, MlirOperation op) {
  Ir *b = &s->b;
  MlirValue tile = ir_operand(op, 0), memref = ir_operand(op, 1);
  MlirType type = ir_type(tile);
  MlirValue size = ir_const_index(b, ir_dim_size(type, 0)), end;
  if (!transfer_stored_end(s, op, &end))
    return;
  if (!mlirValueIsNull(end))
    size = ir_minsi(b, size, context_scalar(s, end));
  MlirValue zero = ir_const_index(b, 0);
  IrIf row = ir_if_begin(b, ir_cmpi(b, IR_EQ, s->rows[0], zero), IR_NONE);
  At at = {.row_dims = 0, .rows = {zero, zero}};
  for (; at.slice < context_slices(type, 0); ++at.slice) {
    Fragment f = fragment(s, tile, at);
    for (int64_t j = 0; j < 2; ++j) {
      MlirValue indices[IR_MAX_RANK], x = f.v[0][j];
      MlirValue place =
          ir_addi(b, first_column(s, at.slice), ir_const_index(b, j));
      if (fragment_is_packed(type))
        x = fragment_element(b, x, j);
      tile_indices(s, op, memref, 2, 1, &place, indices);
      IrIf inside = ir_if_begin(b, ir_cmpi(b, IR_SLT, place, size), IR_NONE);
      transfer_store(b, x, transfer_address(s, memref, indices),
                     ir_element_bytes(ir_element(type)));
      ir_if_end(b, &inside, IR_NONE);
    }
  }
  ir_if_end(b, &row, IR_NONE);
}

/// Slices that are evaluated before one of them is stored, behind which what
/// they are made of could not be loaded in one piece.
enum { TOGETHER = 4 };

/// So many of a tile's `slices` from `at` on, or those that are left.
static void evaluate_together(Distribute *s, MlirValue tile, At at, int slices,
                              Fragment group[TOGETHER]) {
  for (int k = 0; k < TOGETHER && at.slice < slices; ++k, ++at.slice)
    group[k] = fragment(s, tile, at);
}

void transfer_write_row(Distribute *s, MlirOperation op, At at, int i,
                        MlirValue writes, int slices) {
  Ir *b = &s->b;
  MlirValue tile = ir_operand(op, 0), memref = ir_operand(op, 1), end;
  MlirType type = ir_type(tile);
  int rank = ir_rank(type);
  bool columns = tile_has_columns(type, at.row_dims);
  if (!transfer_stored_end(s, op, &end))
    return;
  // Addresses would else be computed before a loop around here, and kept.
  MlirValue row = at.rows[i];
  if (!transfer_is_by_piece(op))
    row = context_pinned_index(s, row);
  MlirValue places[IR_MAX_RANK];
  row_places(b, type, at.row_dims, row, places);
  if (!mlirValueIsNull(end))
    writes =
        both(b, writes, ir_cmpi(b, IR_SLT, places[0], context_scalar(s, end)));
  if (!columns)
    writes =
        both(b, writes, ir_cmpi(b, IR_EQ, s->column, ir_const_index(b, 0)));
  IrIf branch = ir_if_begin(b, writes, IR_NONE);
  Fragment group[TOGETHER];
  for (; at.slice < slices; ++at.slice) {
    if (at.slice % TOGETHER == 0)
      evaluate_together(s, tile, at, slices, group);
    Fragment f = group[at.slice % TOGETHER];
    MlirValue indices[IR_MAX_RANK];
    if (columns)
      places[rank - 1] = first_column(s, at.slice);
    tile_indices(s, op, memref, 2, rank, places, indices);
    if (columns) {
      store_pair(s, op, fragment_pair(b, type, &f, i), indices);
      continue;
    }
    MlirValue value = f.v[i][0];
    if (fragment_is_packed(type))
      value = fragment_element(b, value, 0);
    transfer_store(b, value, transfer_address(s, memref, indices),
                   ir_element_bytes(ir_element(type)));
  }
  ir_if_end(b, &branch, IR_NONE);
}

void transfer_write(Distribute *s, MlirOperation op) {
  int row_dims = tile_op_stored_row_dims(op);
  if (row_dims == 0) {
    write_by_column(s, op);
    return;
  }
  Ir *b = &s->b;
  MlirType type = ir_type(ir_operand(op, 0));
  int64_t rows = tile_rows(type, row_dims);
  MlirValue size = ir_const_index(b, rows), before[IR_MAX_RANK];
  MlirValue every = ir_const_int(b, ir_i1(b), 1);
  transfer_pin_indices(s, op, 2, before);
  // Of the rows that hold the same row of the tile, the first one writes.
  for (int i = 0; i < 2; ++i)
    transfer_write_row(s, op, context_at(s, type, row_dims, 0), i,
                       rows == s->warps * WARP_ROWS
                           ? every
                           : ir_cmpi(b, IR_SLT, s->rows[i], size),
                       context_slices(type, row_dims));
  transfer_restore_indices(s, op, 2, before);
}
