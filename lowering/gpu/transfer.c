// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Global and shared memory: loads and stores of fragments, and asynchronous
// copies of tiles.

#include "distribute.h"
#include "kernel.h"
#include "layout.h"

#include "lowering/ir_llvm.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

/// How far a place in a slot with swizzled rows is from the slot's beginning.
static MlirValue swizzled(Ir *b, MlirType memref, MlirValue row,
                          MlirValue column) {
  int64_t bytes = mlirFloatTypeGetWidth(ir_element(memref)) / 8;
  MlirValue width = ir_const_index(b, SWIZZLE_BYTES / bytes);
  MlirValue rows = ir_const_index(b, ir_dim_size(memref, 1));
  MlirValue in_panel = ir_remui(b, column, width);
  MlirValue moved =
      ir_muli(b, ir_remui(b, row, ir_const_index(b, SWIZZLE_ROWS)),
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
  const Entry *entry = distribute_entry(s, memref);
  MlirType type = ir_type(memref);
  MlirValue offset = ir_const_i64(b, 0);
  bool in_panels = distribute_is_swizzled(s, type);
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
  const Entry *entry = distribute_entry(s, memref);
  MlirType type = ir_type(memref);
  MlirValue offset = ir_const_i64(b, 0);
  for (int d = 0; d < ir_rank(type); ++d)
    if (by[d])
      offset = ir_addi(b, offset,
                       ir_muli(b, ir_const_i64(b, by[d]), entry->strides[d]));
  return ir_advance(b, address, ir_element(type), offset);
}

static MlirValue load(Ir *b, MlirType type, MlirValue pointer, int64_t bytes) {
  return ir_value(b, "llvm.load", type, IR_VALUES(pointer),
                  IR_ATTRIBUTES({"alignment", ir_i64_attr(b, bytes)}));
}

static void store(Ir *b, MlirValue value, MlirValue pointer, int64_t bytes) {
  ir_op(b, "llvm.store", IR_NONE, IR_VALUES(value, pointer),
        IR_ATTRIBUTES({"alignment", ir_i64_attr(b, bytes)}));
}

static int64_t bytes_of(MlirType element) {
  return mlirFloatTypeGetWidth(element) / 8;
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
    indices[d] = distribute_scalar(s, ir_operand(op, first + d));
  for (int t = 0; t < tile_rank; ++t)
    indices[dims[t]] = ir_addi(&s->b, indices[dims[t]], places[t]);
}

/// `place` if it is in [first, end), else the nearest one that is; first may be
/// null. `inside` says which.
static MlirValue clamp(Distribute *s, MlirValue place, MlirValue first,
                       MlirValue end, MlirValue *inside) {
  Ir *b = &s->b;
  end = distribute_scalar(s, end);
  *inside = ir_cmpi(b, IR_SLT, place, end);
  MlirValue last = ir_subi(b, end, ir_const_index(b, 1));
  MlirValue clamped = ir_minsi(b, place, last);
  if (mlirValueIsNull(first))
    return clamped;
  first = distribute_scalar(s, first);
  clamped = ir_maxsi(b, clamped, first);
  *inside = ir_cmpi(b, IR_EQ, place, clamped);
  return clamped;
}

static MlirValue first_column(Distribute *s, int slice) {
  return ir_addi(&s->b, s->column, ir_const_index(&s->b, slice * SLICE));
}

void transfer_keep_rolled(Ir *b, IrLoop *loop) {
  mlirOperationSetDiscardableAttributeByName(
      loop->op, ir_str("loop_annotation"),
      ir_parse_attr(b, "#llvm.loop_annotation<unroll = <disable = true>>"));
}

/// Two neighbouring elements, as a vector: in one access if they are aligned.
static MlirValue load_pair(Distribute *s, MlirType element, MlirValue pointer) {
  Ir *b = &s->b;
  int64_t bytes = bytes_of(element);
  MlirType pair = ir_vector(element, IR_DIMS(2));
  if (s->alignment >= 2 * bytes && bytes == 2) // in one register, not in two
    return ir_value(b, "llvm.bitcast", pair,
                    IR_VALUES(load(b, ir_i32(b), pointer, 2 * bytes)), IR_NONE);
  if (s->alignment >= 2 * bytes)
    return load(b, pair, pointer, 2 * bytes);
  MlirValue next = ir_advance(b, pointer, element, ir_const_index(b, 1));
  return ir_value(b, "vector.from_elements", pair,
                  IR_VALUES(load(b, element, pointer, bytes),
                            load(b, element, next, bytes)),
                  IR_NONE);
}

static void store_pair(Distribute *s, MlirValue pair, MlirValue pointer) {
  Ir *b = &s->b;
  MlirType element = ir_element(ir_type(pair));
  int64_t bytes = bytes_of(element);
  if (s->alignment >= 2 * bytes) {
    store(b, pair, pointer, 2 * bytes);
    return;
  }
  MlirValue next = ir_advance(b, pointer, element, ir_const_index(b, 1));
  store(b, fragment_element(b, pair, 0), pointer, bytes);
  store(b, fragment_element(b, pair, 1), next, bytes);
}

// Local memory ----------------------------------------------------------------

/// How many slices of a row follow each other in a thread's part of local
/// memory.
static int64_t interleaved(MlirType memref) {
  int64_t pair = 2 * bytes_of(ir_element(memref));
  int64_t row = ir_dim_size(memref, 1) * pair / 2;
  return row % LOCAL_BYTES ? 1 : CHUNK / pair;
}

/// Where a row of local memory has what is in a slice from `column` on.
static MlirValue local_column(Ir *b, int64_t n, MlirValue slice,
                              MlirValue column) {
  MlirValue size = ir_const_index(b, n);
  MlirValue first =
      ir_muli(b, ir_divui(b, slice, size), ir_const_index(b, n * SLICE));
  MlirValue within = ir_muli(b, ir_remui(b, slice, size), ir_const_index(b, 2));
  return ir_addi(b, ir_muli(b, column, size), ir_addi(b, first, within));
}

/// The address of the pair in `column` of the slice `slice` of row `row` of a
/// buffer.
static MlirValue local_address(Distribute *s, MlirValue memref, MlirValue row,
                               MlirValue slice, MlirValue column) {
  Ir *b = &s->b;
  MlirType type = ir_type(memref);
  const Entry *entry = distribute_entry(s, memref);
  column = local_column(b, interleaved(type), slice, column);
  MlirValue offset =
      ir_addi(b, steps(b, entry, 0, row), ir_index_cast(b, column, ir_i64(b)));
  return ir_advance(b, entry->pointer, ir_element(type), offset);
}

/// This thread's pair of a slice of a tile in local memory.
static MlirValue load_local(Distribute *s, MlirOperation read, MlirValue row,
                            int slice) {
  Ir *b = &s->b;
  MlirValue memref = ir_operand(read, 0);
  MlirType element = ir_element(ir_type(memref));
  MlirType pair = ir_vector(element, IR_DIMS(2));
  MlirOperation start = ir_def(ir_operand(read, 2));
  if (!ir_is(start, "arith.constant"))
    distribute_fail(s, read, "its columns begin where is not known");
  else
    slice +=
        (int)mlirIntegerAttrGetValueInt(ir_get_attr(start, "value")) / SLICE;
  transfer_await_own(s);
  row = ir_addi(b, row, distribute_scalar(s, ir_operand(read, 1)));
  MlirValue address =
      local_address(s, memref, row, ir_const_index(b, slice), s->column);
  int64_t n = interleaved(ir_type(memref)), bytes = 2 * bytes_of(element);
  int64_t alignment = slice % n ? bytes : n * bytes;
  if (bytes_of(element) > 2)
    return load(b, pair, address, alignment);
  return ir_value(b, "llvm.bitcast", pair,
                  IR_VALUES(load(b, ir_i32(b), address, alignment)), IR_NONE);
}

Fragment transfer_read(Distribute *s, MlirOperation op, At at) {
  Ir *b = &s->b;
  MlirValue memref = ir_operand(op, 0);
  MlirType tile = ir_type(ir_result(op, 0)), element = ir_element(tile);
  MlirType pair = ir_vector(element, IR_DIMS(2));
  int rank = ir_rank(tile);
  Fragment f;
  MlirValue first, end;
  if (!tile_op_mask(op, &first, &end) || rank < 2 || at.row_dims != rank - 1) {
    distribute_fail(s, op,
                    "tiles in memory have dimensions of rows and one of "
                    "columns, and are cut along the first one");
    return fragment_definition(s, ir_result(op, 0), at);
  }
  int rows = mlirValueEqual(at.rows[0], at.rows[1]) ? 1 : 2;
  for (int i = 0; i < rows; ++i) {
    MlirValue places[IR_MAX_RANK], indices[IR_MAX_RANK], inside;
    row_places(b, tile, at.row_dims, at.rows[i], places);
    places[rank - 1] = first_column(s, at.slice);
    // A row that is left out is not read: another one, that may be, is.
    if (!mlirValueIsNull(end))
      places[0] = clamp(s, places[0], first, end, &inside);
    MlirValue both;
    if (distribute_entry(s, memref)->local) {
      both = load_local(s, op, places[0], at.slice);
    } else {
      tile_indices(s, op, memref, 1, rank, places, indices);
      both = load_pair(s, element, transfer_address(s, memref, indices));
    }
    if (!mlirValueIsNull(end))
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

void transfer_write(Distribute *s, MlirOperation op) {
  Ir *b = &s->b;
  MlirValue tile = ir_operand(op, 0), memref = ir_operand(op, 1);
  MlirType type = ir_type(tile), element = ir_element(type);
  MlirType pair = ir_vector(element, IR_DIMS(2));
  int rank = ir_rank(type), row_dims = tile_op_stored_row_dims(op);
  bool columns = tile_has_columns(type, row_dims);
  MlirValue size = ir_const_index(b, tile_rows(type, row_dims));
  MlirValue first, end;
  if (!tile_op_mask(op, &first, &end) || !mlirValueIsNull(first)) {
    distribute_fail(s, op,
                    "stored tiles are cut at the end of their first dimension");
    return;
  }
  // Of the rows that hold the same row of the tile, the first one writes.
  for (int i = 0; i < 2; ++i) {
    At at = distribute_at(s, type, row_dims, 0);
    MlirValue places[IR_MAX_RANK];
    row_places(b, type, row_dims, at.rows[i], places);
    MlirValue writes = ir_cmpi(b, IR_SLT, s->rows[i], size);
    if (!mlirValueIsNull(end))
      writes = both(b, writes,
                    ir_cmpi(b, IR_SLT, places[0], distribute_scalar(s, end)));
    if (!columns)
      writes =
          both(b, writes, ir_cmpi(b, IR_EQ, s->column, ir_const_index(b, 0)));
    IrIf branch = ir_if_begin(b, writes, IR_NONE);
    for (; at.slice < distribute_slices(type, row_dims); ++at.slice) {
      Fragment f = fragment(s, tile, at);
      MlirValue indices[IR_MAX_RANK];
      if (columns)
        places[rank - 1] = first_column(s, at.slice);
      tile_indices(s, op, memref, 2, rank, places, indices);
      MlirValue address = transfer_address(s, memref, indices);
      MlirValue value = f.v[i][0];
      if (columns && !fragment_is_packed(type))
        value = ir_value(b, "vector.from_elements", pair,
                         IR_VALUES(f.v[i][0], f.v[i][1]), IR_NONE);
      if (columns)
        store_pair(s, value, address);
      else
        store(b, value, address, bytes_of(element));
    }
    ir_if_end(b, &branch, IR_NONE);
  }
}

// Parked tiles ----------------------------------------------------------------

/// A thread's registers of a slice: one for each row, or for both.
static MlirType parked_type(Ir *b, const Entry *entry) {
  return entry->rows_equal ? ir_i32(b) : ir_vector(ir_i32(b), IR_DIMS(2));
}

static int64_t parked_bytes(const Entry *entry) {
  return entry->rows_equal ? 4 : 8;
}

/// The place of this thread's registers of a slice: those of all threads follow
/// each other.
static MlirValue parking(Distribute *s, const Entry *entry, int slice) {
  Ir *b = &s->b;
  int64_t threads = s->warps * WARP;
  return ir_advance(b, entry->pointer, parked_type(b, entry),
                    ir_addi(b, s->thread, ir_const_index(b, slice * threads)));
}

void transfer_park(Distribute *s, Entry *entry, const Fragment *fragments) {
  Ir *b = &s->b;
  int slices = entry->parked;
  entry->rows_equal = !entry->panels; // which hold two rows of each thread
  for (int slice = 0; slice < slices; ++slice)
    entry->rows_equal &=
        mlirValueEqual(fragments[slice].v[0][0], fragments[slice].v[1][0]);
  int64_t bytes = parked_bytes(entry);
  entry->pointer =
      distribute_allocate(s, slices * s->warps * WARP * bytes,
                          entry->panels ? SWIZZLE_ROWS * SWIZZLE_BYTES : CHUNK);
  for (int slice = 0; slice < slices; ++slice) {
    MlirValue v[2];
    for (int i = 0; i < 2; ++i)
      v[i] = ir_value(b, "llvm.bitcast", ir_i32(b),
                      IR_VALUES(fragments[slice].v[i][0]), IR_NONE);
    MlirValue all = entry->rows_equal
                        ? v[0]
                        : ir_value(b, "vector.from_elements",
                                   parked_type(b, entry), 2, v, IR_NONE);
    store(b, all, parking(s, entry, slice), bytes);
  }
}

Fragment transfer_parked(Distribute *s, const Entry *entry, MlirType element,
                         int slice) {
  Ir *b = &s->b;
  // Volatile: or LLVM would load before a loop what is parked for it.
  MlirValue all =
      ir_value(b, "llvm.load", parked_type(b, entry),
               IR_VALUES(parking(s, entry, slice)),
               IR_ATTRIBUTES({"alignment", ir_i64_attr(b, parked_bytes(entry))},
                             {"volatile_", mlirUnitAttrGet(b->context)}));
  Fragment f;
  for (int i = 0; i < 2; ++i)
    f.v[i][0] = f.v[i][1] = ir_value(
        b, "llvm.bitcast", ir_vector(element, IR_DIMS(2)),
        IR_VALUES(entry->rows_equal ? all : fragment_element(b, all, i)),
        IR_NONE);
  return f;
}

// Asynchronous copies ---------------------------------------------------------

/// Copies so many bytes of a row: asynchronously if they are aligned, else each
/// element through a register.
static void copy_bytes(Distribute *s, MlirValue source, MlirValue target,
                       MlirType element, int64_t bytes, MlirValue inside) {
  Ir *b = &s->b;
  if (s->alignment >= bytes) {
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
  int64_t size = bytes_of(element);
  for (int64_t i = 0; i < bytes / size; ++i)
    store(b, ir_zero(b, element),
          ir_advance(b, target, element, ir_const_index(b, i)), size);
  IrIf branch = ir_if_begin(b, inside, IR_NONE);
  for (int64_t i = 0; i < bytes / size; ++i) {
    MlirValue at = ir_const_index(b, i);
    store(b, load(b, element, ir_advance(b, source, element, at), size),
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

/// Pieces of `size` elements of a tile [rows, columns].
static Pieces begin_pieces(Ir *b, int64_t rows, int64_t columns, int64_t size,
                           MlirValue thread, int64_t threads) {
  int64_t per_row = columns / size, n = rows * per_row;
  Pieces pieces = {.loop = ir_for_begin(b, ir_const_index(b, 0),
                                        ir_const_index(b, n),
                                        ir_const_index(b, threads), IR_NONE),
                   .partial = n % threads};
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

void transfer_copy(Distribute *s, MlirOperation op, MlirValue slot,
                   MlirValue thread, int64_t threads) {
  Ir *b = &s->b;
  MlirValue from = ir_operand(op, 0), to = ir_operand(op, 1);
  MlirType element = ir_element(ir_type(from));
  MlirValue count = distribute_scalar(s, ir_operand(op, 4));
  MlirAttribute dims = ir_get_attr(op, "dims");
  int row_dim = (int)mlirDenseI64ArrayGetElement(dims, 0);
  int column_dim = (int)mlirDenseI64ArrayGetElement(dims, 1);
  int64_t rows = mlirDenseI64ArrayGetElement(dims, 2);
  int64_t columns = mlirDenseI64ArrayGetElement(dims, 3);
  int64_t size = s->alignment >= CHUNK ? CHUNK / bytes_of(element) : 1;
  Pieces pieces = begin_pieces(b, rows, columns, size, thread, threads);
  MlirValue row = pieces.row, column = pieces.column;
  MlirValue indices[IR_MAX_RANK];
  for (int d = 0; d < ir_rank(ir_type(from)); ++d)
    indices[d] = distribute_scalar(s, ir_operand(op, 5 + d));
  indices[row_dim] = ir_addi(b, indices[row_dim], row);
  indices[column_dim] = ir_addi(b, indices[column_dim], column);
  copy_bytes(s, transfer_address(s, from, indices),
             transfer_address(s, to, (const MlirValue[]){slot, row, column}),
             element, size * bytes_of(element), ir_cmpi(b, IR_SLT, row, count));
  end_pieces(b, &pieces);
}

// A block's own copies --------------------------------------------------------

void transfer_await_own(Distribute *s) {
  if (!s->copies_own)
    return;
  s->copies_own = false;
  copies_commit(s);
  copies_wait_for_own(s, 0);
  distribute_barrier(s);
}

/// Copies a piece of what a vector.transfer_read reads.
static void copy_piece(Distribute *s, MlirOperation read, const Pieces *pieces,
                       int64_t size, MlirValue target) {
  Ir *b = &s->b;
  MlirType tile = ir_type(ir_result(read, 0)), element = ir_element(tile);
  MlirValue memref = ir_operand(read, 0), first, end;
  MlirValue places[] = {pieces->row, pieces->column}, indices[IR_MAX_RANK];
  MlirValue inside = ir_const_int(b, ir_i1(b), 1);
  if (!tile_op_mask(read, &first, &end))
    distribute_fail(s, read, "tiles in memory are cut along their rows");
  else if (!mlirValueIsNull(end))
    places[0] = clamp(s, places[0], first, end, &inside);
  tile_indices(s, read, memref, 1, 2, places, indices);
  copy_bytes(s, transfer_address(s, memref, indices), target, element,
             size * bytes_of(element), inside);
}

void transfer_copy_own(Distribute *s, MlirOperation write) {
  enum { PAIR = 2 };
  Ir *b = &s->b;
  MlirOperation read = ir_def(ir_operand(write, 0));
  MlirType tile = ir_type(ir_operand(write, 0));
  if (!ir_is(read, "vector.transfer_read") || ir_rank(tile) != 2 ||
      ir_dim_size(tile, 1) % SLICE) {
    distribute_fail(s, write,
                    "a block's own memory takes tiles of other memory");
    return;
  }
  if (!s->copies_own)
    distribute_barrier(s); // it may still be read
  s->copies_own = true;
  MlirValue thread = distribute_pinned_index(s, s->thread);
  Pieces pieces = begin_pieces(b, ir_dim_size(tile, 0), ir_dim_size(tile, 1),
                               PAIR, thread, s->warps * WARP);
  MlirValue slice = ir_const_index(b, SLICE);
  MlirValue row =
      ir_addi(b, pieces.row, distribute_scalar(s, ir_operand(write, 2)));
  copy_piece(s, read, &pieces, PAIR,
             local_address(s, ir_operand(write, 1), row,
                           ir_divui(b, pieces.column, slice),
                           ir_remui(b, pieces.column, slice)));
  end_pieces(b, &pieces);
}
