// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tiles from memory, where a row's columns are contiguous, to buffers, where a
// column's rows are: 8 x 8 blocks are transposed in registers. Where columns
// are not contiguous in memory either, elements are copied one by one.

#include "block.h"

#include "mlir-c/BuiltinTypes.h"

/// Transposes 8 vectors of 8: stage `step` exchanges, in each pair of vectors
/// `step` apart, the halves of each group of 2 * step lanes.
void pack_transpose(Block *s, MlirValue *v) {
  for (int step = 1; step < LANES; step *= 2)
    for (int i = 0; i < LANES; ++i) {
      if (i & step)
        continue;
      int64_t low[LANES], high[LANES];
      for (int lane = 0; lane < LANES; ++lane) {
        low[lane] = lane & step ? LANES + lane - step : lane;
        high[lane] = lane & step ? LANES + lane : lane + step;
      }
      MlirValue x = v[i], y = v[i + step];
      v[i] = ir_shuffle(&s->b, x, y, LANES, low);
      v[i + step] = ir_shuffle(&s->b, x, y, LANES, high);
    }
}

IrLoop pack_begin_columns(Block *s, int64_t columns, int64_t step) {
  Ir *b = &s->b;
  return ir_for_begin(b, ir_const_index(b, 0),
                      ir_const_index(b, columns / step * step),
                      ir_const_index(b, step), IR_NONE);
}

/// A vector of n lanes with `lanes` of them, the new ones of any value.
static MlirValue widened(Block *s, MlirValue v, int64_t n, int64_t lanes) {
  int64_t mask[MAX_LANES];
  for (int64_t lane = 0; lane < lanes; ++lane)
    mask[lane] = lane < n ? lane : 0;
  return n == lanes ? v : ir_shuffle(&s->b, v, v, (int)lanes, mask);
}

/// `n` contiguous elements at these of the tile.
static MlirValue load_at(Block *s, const Read *read, const MlirValue *element,
                         int64_t n) {
  MlirValue indices[IR_MAX_RANK];
  read_indices(s, read, element, indices);
  MlirValue loaded =
      ir_vector_load(&s->b, ir_vector(ir_element(read->tile), IR_DIMS(n)),
                     block_scalar(s, read->memref), indices);
  return eval_convert(s, loaded, read->element);
}

/// `n` columns from x on of a row.
static MlirValue load_row(Block *s, const Read *read, int64_t row, MlirValue x,
                          int64_t n) {
  Ir *b = &s->b;
  MlirValue element[IR_MAX_RANK];
  element[ir_rank(read->tile) - 1] = x;
  if (read_has_safe_rows(read)) {
    read_safe_row(s, read, row, element);
    return read_zero_outside(s, read, row, load_at(s, read, element, n));
  }
  read_row(s, read, row, element);
  MlirType type = ir_vector(read->element, IR_DIMS(n));
  IrIf branch = ir_if_begin(b, read_is_inside(s, read, element[0]), 1, &type);
  MlirValue loaded = load_at(s, read, element, n);
  ir_if_else(b, &branch, 1, &loaded);
  MlirValue zero = ir_zero(b, type);
  ir_if_end(b, &branch, 1, &zero);
  return ir_result(branch.op, 0);
}

/// `n` columns from x on, all rows of each.
static void pack_columns(Block *s, const Read *read, MlirValue buffer,
                         MlirValue x, int64_t n) {
  Ir *b = &s->b;
  int row_dims = block_row_dims(read->tile);
  int64_t rows = tile_rows(read->tile, row_dims);
  for (int64_t first = 0; first < block_round_up(rows); first += LANES) {
    MlirValue v[LANES];
    for (int i = 0; i < LANES; ++i)
      v[i] = widened(
          s, load_row(s, read, first + i < rows ? first + i : rows - 1, x, n),
          n, LANES);
    pack_transpose(s, v);
    for (int i = 0; i < n; ++i)
      ir_vector_store(
          b, v[i], buffer,
          (const MlirValue[]){block_offset(s, x, i), ir_const_index(b, first)});
  }
}

// Element by element ----------------------------------------------------------

/// Sets a buffer, whose last dimension is of whole vectors, to zeros.
static void fill_zeros(Block *s, MlirValue buffer) {
  Ir *b = &s->b;
  MlirType type = ir_type(buffer);
  int rank = ir_rank(type);
  MlirType vector = ir_vector(ir_element(type), IR_DIMS(LANES));
  MlirValue indices[2];
  IrLoop outer = {0};
  if (rank == 2) {
    outer = pack_begin_columns(s, ir_dim_size(type, 0), 1);
    indices[0] = outer.iv[0];
  }
  IrLoop inner = pack_begin_columns(s, ir_dim_size(type, rank - 1), LANES);
  indices[rank - 1] = inner.iv[0];
  ir_vector_store(b, ir_zero(b, vector), buffer, indices);
  ir_for_end(b, &inner, IR_NONE);
  if (rank == 2)
    ir_for_end(b, &outer, IR_NONE);
}

MlirValue pack_begin(Block *s, const Read *read, int n, IrLoop *loops,
                     MlirValue *element) {
  Ir *b = &s->b;
  MlirValue one = ir_const_index(b, 1), lower, upper, row = null_value();
  read_bounds(s, read, &lower, &upper);
  for (int t = 0; t < n; ++t) {
    MlirValue size = ir_const_index(b, ir_dim_size(read->tile, t));
    loops[t] = t ? ir_for_begin(b, ir_const_index(b, 0), size, one, IR_NONE)
                 : ir_for_begin(b, lower, upper, one, IR_NONE);
    element[t] = loops[t].iv[0];
    if (t == 0)
      row = element[t];
    else if (t < block_row_dims(read->tile))
      row = ir_addi(b, ir_muli(b, row, size), element[t]);
  }
  return row;
}

void pack_end(Block *s, int n, IrLoop *loops) {
  while (n-- > 0)
    ir_for_end(&s->b, &loops[n], IR_NONE);
}

/// One element to a buffer [rows], [columns][rows] or, `in_order`,
/// [rows][columns].
static void pack_elements(Block *s, const Read *read, MlirValue buffer,
                          bool in_order) {
  Ir *b = &s->b;
  int rank = ir_rank(read->tile);
  IrLoop loops[IR_MAX_RANK];
  MlirValue element[IR_MAX_RANK], indices[IR_MAX_RANK];
  MlirValue row = pack_begin(s, read, rank, loops, element);
  MlirValue column = element[rank - 1];
  read_indices(s, read, element, indices);
  MlirValue x = ir_load(b, block_scalar(s, read->memref), indices);
  const MlirValue to[] = {in_order ? row : column, in_order ? column : row};
  ir_store(b, eval_convert(s, x, read->element), buffer, rank > 1 ? to : &row);
  pack_end(s, rank, loops);
}

// Buffers ---------------------------------------------------------------------

static void pack_vector(Block *s, const Read *read, MlirValue buffer) {
  int64_t n = ir_dim_size(read->tile, 0), lanes = block_round_up(n);
  MlirValue zero = ir_const_index(&s->b, 0);
  if (read_is_masked(read) || !read_is_contiguous(read)) {
    if (read_is_masked(read))
      fill_zeros(s, buffer);
    pack_elements(s, read, buffer, false);
  } else if (eval_check_lanes(s, read->op, lanes)) {
    MlirValue loaded = load_at(s, read, &zero, n);
    ir_vector_store(&s->b, widened(s, loaded, n, lanes), buffer, &zero);
  }
}

void pack_on_lanes(Block *s, MlirValue value, const Read *read) {
  Ir *b = &s->b;
  Entry *entry = block_entry(s, value);
  entry->row_dims = block_row_dims(ir_type(value));
  entry->buffer = columns_buffer(s, value);
  if (ir_rank(read->tile) == 1) {
    pack_vector(s, read, entry->buffer);
    return;
  }
  int64_t columns = ir_dim_size(read->tile, ir_rank(read->tile) - 1);
  int64_t rest = columns % LANES;
  if (!read_is_contiguous(read)) {
    if (read_is_masked(read))
      fill_zeros(s, entry->buffer);
    pack_elements(s, read, entry->buffer, false);
    return;
  }
  if (columns > rest) {
    IrLoop loop = pack_begin_columns(s, columns, LANES);
    pack_columns(s, read, entry->buffer, loop.iv[0], LANES);
    ir_for_end(b, &loop, IR_NONE);
  }
  if (rest)
    pack_columns(s, read, entry->buffer, ir_const_index(b, columns - rest),
                 rest);
}

/// `n` columns from x on of the row that `element` and `row` say.
static void pack_row(Block *s, const Read *read, MlirValue buffer,
                     MlirValue *element, MlirValue row, MlirValue x,
                     int64_t n) {
  element[ir_rank(read->tile) - 1] = x;
  ir_vector_store(&s->b, load_at(s, read, element, n), buffer,
                  (const MlirValue[]){row, x});
}

void pack_in_order(Block *s, MlirValue value, const Read *read) {
  enum { STEP = 2 * LANES };
  Ir *b = &s->b;
  Entry *entry = block_entry(s, value);
  int row_dims = ir_rank(read->tile) - 1;
  int64_t columns = ir_dim_size(read->tile, row_dims), rest = columns % STEP;
  MlirValue buffer =
      ir_alloca(&s->scratch, ir_memref(read->element,
                                       IR_DIMS(tile_rows(read->tile, row_dims),
                                               block_round_up(columns))));
  entry->natural = buffer;
  if (entry->filled)
    fill_zeros(s, buffer);
  if (!read_is_contiguous(read)) {
    pack_elements(s, read, buffer, true);
    return;
  }
  IrLoop loops[IR_MAX_RANK];
  MlirValue element[IR_MAX_RANK];
  MlirValue row = pack_begin(s, read, row_dims, loops, element);
  if (columns > rest) {
    IrLoop loop = pack_begin_columns(s, columns, STEP);
    pack_row(s, read, buffer, element, row, loop.iv[0], STEP);
    ir_for_end(b, &loop, IR_NONE);
  }
  if (rest)
    pack_row(s, read, buffer, element, row, ir_const_index(b, columns - rest),
             rest);
  pack_end(s, row_dims, loops);
}

MlirValue pack_transposed(Block *s, MlirType tile, MlirValue buffer) {
  Ir *b = &s->b;
  int64_t rows = ir_dim_size(tile, 0), columns = ir_dim_size(tile, 1);
  int64_t lanes = block_round_up(columns);
  MlirType element = ir_element(ir_type(buffer));
  MlirType vector = ir_vector(element, IR_DIMS(LANES));
  MlirValue to = ir_alloca(
      &s->scratch, ir_memref(element, IR_DIMS(block_round_up(rows), lanes)));
  for (int64_t first = 0; first < columns; first += LANES) {
    IrLoop loop = pack_begin_columns(s, block_round_up(rows), LANES);
    MlirValue v[LANES];
    for (int i = 0; i < LANES; ++i) {
      int64_t column = first + i < columns ? first + i : columns - 1;
      v[i] = ir_vector_load(
          b, vector, buffer,
          (const MlirValue[]){ir_const_index(b, column), loop.iv[0]});
    }
    pack_transpose(s, v);
    for (int i = 0; i < LANES; ++i)
      ir_vector_store(b, v[i], to,
                      (const MlirValue[]){block_offset(s, loop.iv[0], i),
                                          ir_const_index(b, first)});
    ir_for_end(b, &loop, IR_NONE);
  }
  return to;
}
