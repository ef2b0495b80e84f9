// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the program of keys' and values' gradients loads: its rows, outer keys
// in every row, tiles of queries as columns; and the windows that say which.

#include "grad_keys.h"

#include "mlir-c/BuiltinAttributes.h"

#include <math.h>
#include <stddef.h>

// Windows ---------------------------------------------------------------------

Range keys_positions(const Keys *g, MlirValue first, MlirValue end) {
  MlirValue one = ir_const_index(g->f.b, 1);
  return grad_sums_seers(&g->f, false, first, ir_subi(g->f.b, end, one));
}

Range keys_positions_of(const Keys *g, MlirValue j, MlirValue count) {
  Ir *b = g->f.b;
  MlirValue last = ir_subi(b, ir_addi(b, j, count), ir_const_index(b, 1));
  Range range = grad_sums_seers(&g->f, true, j, last);
  return (Range){ir_maxsi(b, range.lower, g->positions.lower),
                 ir_minsi(b, range.upper, g->positions.upper)};
}

/// Of the inner keys, [first, end) that queries at the positions see.
static Range inner_seen(const Keys *g, Range positions) {
  const Forward *f = &g->f;
  Ir *b = f->b;
  MlirValue zero = ir_const_index(b, 0);
  Queries queries = {.first = positions.lower,
                     .last = ir_subi(b, positions.upper, ir_const_index(b, 1)),
                     .first_begin = documents_begin(f, false, positions.lower)};
  Range seen = window_of(b, f->inner.window, f->causal, queries, f->keys).any;
  seen.lower = ir_minsi(b, g->count,
                        ir_maxsi(b, zero, ir_subi(b, seen.lower, g->first)));
  seen.upper = ir_maxsi(
      b, seen.lower, ir_minsi(b, g->count, ir_subi(b, seen.upper, g->first)));
  return seen;
}

Range keys_seen(const Keys *g, int64_t n) {
  Ir *b = g->f.b;
  MlirValue one = ir_const_index(b, 1), number = ir_const_index(b, n);
  Range seen =
      inner_seen(g, keys_positions_of(g, ir_addi(b, g->outer, number), one));
  if (n) { // it may not be there
    MlirValue there = ir_cmpi(b, IR_SLT, number, g->outer_count);
    seen.upper = ir_select(b, there, seen.upper, seen.lower);
  }
  return seen;
}

MlirValue keys_rows_seen(const Keys *g) {
  Ir *b = g->f.b;
  MlirType type = ir_vector(ir_i1(b), IR_DIMS(keys_rows(g)));
  MlirValue mask = null_value();
  for (int64_t n = 0; n < keys_outer(g); ++n) {
    Range seen = keys_seen(g, n);
    MlirValue rows = ir_const_index(b, n * keys_inner(g));
    MlirValue own = window_mask(b, type, ir_addi(b, seen.lower, rows),
                                ir_addi(b, seen.upper, rows));
    mask = n ? ir_xori(b, mask, own) : own;
  }
  return mask;
}

// Loads and stores ------------------------------------------------------------

MlirValue keys_by_row(const Keys *g, MlirValue x) {
  if (keys_outer(g) == 1)
    return x;
  Ir *b = g->f.b;
  MlirType element = ir_element(ir_type(x));
  int64_t n = ir_dim_size(ir_type(x), 1);
  x = ir_broadcast(
      b, x, ir_vector(element, IR_DIMS(keys_outer(g), keys_inner(g), n)));
  return ir_shape_cast(b, x, ir_vector(element, IR_DIMS(keys_rows(g), n)));
}

/// Inner keys or values, by row.
static MlirValue load_rows(const Keys *g, MlirValue memref, int64_t d,
                           int64_t width) {
  return keys_by_row(g, load_keys(&g->f, memref, g->first, keys_inner(g),
                                  null_value(), g->live, d, width));
}

Rows keys_load_rows(const Keys *g) {
  const Forward *f = &g->f;
  Rows rows;
  for (int t = 0; t < f->planes; ++t)
    rows.keys.x[t] =
        load_rows(g, f->inner.keys, t * keys_width(g), keys_width(g));
  rows.values = load_rows(g, f->inner.values, 0, f->dv);
  return rows;
}

MlirValue keys_load_outer(const Keys *g, MlirValue memref, int64_t d,
                          int64_t width) {
  MlirValue end = keys_outer(g) > 1 ? g->outer_count : null_value();
  MlirValue x = load_keys(&g->f, memref, g->outer, keys_outer(g), null_value(),
                          end, d, width);
  return load_repeated(g->f.b, x, keys_rows(g), keys_inner(g));
}

MlirValue keys_count_tiles(const Keys *g, Range positions) {
  const Forward *f = &g->f;
  Ir *b = f->b;
  MlirValue n = ir_maxsi(b, ir_const_index(b, 0),
                         ir_subi(b, positions.upper, positions.lower));
  int64_t queries = f->config.block_q;
  if (queries > 1)
    n = ir_ceil_div(b, n, queries);
  return ir_muli(b, n, ir_const_index(b, f->group / f->config.block_h));
}

Place keys_place(const Keys *g, Range positions, MlirValue tiles,
                 MlirValue at) {
  const Forward *f = &g->f;
  Ir *b = f->b;
  int64_t queries = f->config.block_q, heads = f->config.block_h;
  int64_t parts = f->group / heads;
  Place place = {.count = null_value()};
  place.head = ir_muli(b, f->key_head, ir_const_index(b, f->group));
  MlirValue each = ir_const_index(b, parts), number = at, part = null_value();
  if (queries > 1 && parts > 1) {
    each = ir_maxsi(b, ir_const_index(b, 1), ir_divui(b, tiles, each));
    number = ir_remui(b, at, each);
    part = ir_divui(b, at, each);
  } else if (parts > 1) {
    number = ir_divui(b, at, each);
    part = ir_remui(b, at, each);
  }
  if (!mlirValueIsNull(part))
    place.head =
        ir_addi(b, place.head, ir_muli(b, part, ir_const_index(b, heads)));
  MlirValue size = ir_const_index(b, queries);
  place.position = ir_addi(b, positions.lower, ir_muli(b, number, size));
  place.query = ir_subi(b, place.position, f->shift);
  if (queries > 1)
    place.count =
        ir_minsi(b, size, ir_subi(b, positions.upper, place.position));
  return place;
}

/// What is as q is, columns [d, d + width), by column of the tile.
static MlirValue load_by_column(const Keys *g, const Place *place,
                                MlirValue memref, int64_t d, int64_t width) {
  Ir *b = g->f.b;
  MlirType tile =
      ir_vector(ir_element(ir_type(memref)), IR_DIMS(keys_columns(g), width));
  MlirValue mask = null_value();
  if (!mlirValueIsNull(place->count))
    mask = window_mask(b, ir_with_element(tile, ir_i1(b)), null_value(),
                       place->count);
  MlirValue indices[] = {g->f.batch, place->query, place->head,
                         ir_const_index(b, d)};
  const unsigned dims[] = {g->f.config.block_q > 1 ? DIM_N : DIM_H, DIM_D};
  return ir_convert(b, ir_transfer_read(b, tile, memref, indices, dims, mask),
                    g->f.config.operand);
}

GradStatsPlace keys_stats_place(const Keys *g, const Place *place) {
  Ir *b = g->f.b;
  MlirValue copies = ir_const_index(b, GRAD_STATS_COPIES);
  MlirValue beyond = ir_remui(b, place->query, copies);
  MlirValue copy = ir_remui(b, ir_subi(b, copies, beyond), copies);
  return grad_stats_place(b, g->stats, g->f.batch, place->query, place->head,
                          copy);
}

/// A number of each column, in every row; `none` in columns that there are none
/// of.
static MlirValue load_numbers(const Keys *g, const Place *place,
                              MlirValue memref, double none) {
  Ir *b = g->f.b;
  int64_t n = keys_columns(g), rows = keys_rows(g);
  MlirType f32 = ir_f32(b), all = ir_vector(f32, IR_DIMS(rows, n));
  GradStatsPlace at = keys_stats_place(g, place);
  const unsigned dims[] = {at.other,
                           g->f.config.block_q > 1 ? at.query : at.head};
  MlirValue x = ir_transfer_read(b, ir_vector(f32, IR_DIMS(1, n)), memref,
                                 at.indices, dims, null_value());
  x = load_repeated(b, x, rows, rows);
  if (mlirValueIsNull(place->count))
    return x;
  MlirType mask = ir_vector(ir_i1(b), IR_DIMS(n));
  MlirValue there = ir_create_mask(b, IR_LIST(MlirValue, place->count), mask);
  return ir_select(b, ir_broadcast(b, there, ir_with_element(all, ir_i1(b))), x,
                   ir_const_f(b, all, none));
}

Columns keys_load_columns(const Keys *g, const Place *place) {
  const Forward *f = &g->f;
  Columns columns = {.position = place->position};
  for (int t = 0; t < f->planes; ++t)
    columns.q.x[t] =
        load_by_column(g, place, f->q, t * keys_width(g), keys_width(g));
  columns.d_out = load_by_column(g, place, g->d_out, 0, f->dv);
  // Where there is no query q is 0, and P is finite if S is 0, too.
  columns.logs =
      load_numbers(g, place, g->stats->logs, f->pairwise ? -INFINITY : 0);
  columns.less = load_numbers(g, place, g->stats->less, 0);
  return columns;
}
