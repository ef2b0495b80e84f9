// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The loads of the forward tile program: queries by row; tiles of the outer
// window by row, combined with them; tiles of the inner window.

#include "forward.h"

#include "simplicial/dialect.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <stddef.h>

static int64_t min(int64_t x, int64_t y) { return x < y ? x : y; }

static MlirType mask_vector(Forward *f, int64_t n) {
  return ir_vector(ir_i1(f->b), IR_DIMS(n));
}

// Queries ---------------------------------------------------------------------

int load_query_dims(const Forward *f, const unsigned memory[2], int64_t dims[2],
                    unsigned memory_dims[2]) {
  int n = 0;
  if (f->config.block_q > 1) {
    dims[n] = f->config.block_q;
    memory_dims[n++] = memory[0];
  }
  dims[n] = f->config.block_h;
  memory_dims[n++] = memory[1];
  return n;
}

MlirValue load_query_mask(Forward *f, int rank, const int64_t *shape,
                          const unsigned *memory_dims) {
  if (f->config.block_q == 1)
    return null_value();
  int64_t sizes[3];
  MlirValue counts[3];
  for (int t = 0; t < rank; ++t) {
    int place = 0;
    for (int u = 0; u < rank; ++u)
      place += memory_dims[u] < memory_dims[t];
    sizes[place] = shape[t];
    counts[place] = t ? ir_const_index(f->b, shape[t]) : f->count;
  }
  return ir_create_mask(f->b, rank, counts,
                        ir_vector(ir_i1(f->b), rank, sizes));
}

// Keys and values -------------------------------------------------------------

MlirValue load_keys(const Forward *f, MlirValue memref, MlirValue n,
                    int64_t size, MlirValue first, MlirValue end, int64_t d,
                    int64_t width) {
  Ir *b = f->b;
  MlirType tile = ir_vector(ir_element(ir_type(memref)), IR_DIMS(size, width));
  MlirValue mask = null_value();
  if (!mlirValueIsNull(end))
    mask = window_mask(b, ir_with_element(tile, ir_i1(b)), first, end);
  MlirValue indices[] = {f->batch, n, f->key_head, ir_const_index(b, d)};
  return ir_transfer_read(b, tile, memref, indices,
                          (const unsigned[]){DIM_N, DIM_D}, mask);
}

/// 0 times the tile's elements, added up by row for a few columns; not a number
/// where they are not finite. Pairs of 16 bits are multiplied at once where
/// products take them.
static MlirValue times_zero(const Forward *f, MlirValue x) {
  enum { COLUMNS = CONFIG_GPU_COLUMNS };
  Ir *b = f->b;
  int64_t rows = ir_dim_size(ir_type(x), 0), d = ir_dim_size(ir_type(x), 1);
  if (!mlirTypeEqual(ir_element(ir_type(x)), f->config.operand) ||
      mlirTypeIsAF32(f->config.operand) || d % COLUMNS) {
    x = ir_convert(b, x, ir_f32(b));
    return ir_mulf(b, x, ir_zero(b, ir_type(x)));
  }
  MlirValue zero =
      ir_zero(b, ir_vector(f->config.operand, IR_DIMS(rows, COLUMNS)));
  MlirValue sum = zero;
  for (int64_t i = 0; i < d; i += COLUMNS)
    sum = ir_addf(b, ir_mulf(b, ir_columns(b, x, i, COLUMNS), zero), sum);
  return ir_convert(b, sum, ir_f32(b));
}

/// x with the same of `count` keys from `first` on, no more than it has rows.
static MlirValue add_not_finite(const Forward *f, MlirValue x, MlirValue memref,
                                MlirValue first, MlirValue count) {
  int64_t n = ir_dim_size(ir_type(x), 0);
  MlirValue values = load_keys(f, memref, first, n, null_value(), count, 0,
                               ir_dim_size(ir_type(memref), DIM_D));
  return ir_multi_reduction(f->b, IR_SUM, times_zero(f, values), 1, x);
}

MlirValue load_not_finite(const Forward *f, MlirValue x, MlirValue memref,
                          MlirValue lower, MlirValue upper) {
  Ir *b = f->b;
  MlirValue size = ir_const_index(b, ir_dim_size(ir_type(x), 0));
  IrLoop loop = ir_for_begin(b, lower, upper, size, 1, &x);
  MlirValue count = ir_minsi(b, ir_subi(b, upper, loop.iv[0]), size);
  MlirValue sum = add_not_finite(f, loop.args[0], memref, loop.iv[0], count);
  ir_for_end(b, &loop, 1, &sum);
  return loop.results[0];
}

MlirValue load_few_not_finite(const Forward *f, MlirValue x, MlirValue memref,
                              MlirValue lower, MlirValue upper) {
  Ir *b = f->b;
  MlirValue last = ir_subi(b, f->keys, ir_const_index(b, 1));
  return add_not_finite(f, x, memref, ir_minsi(b, lower, last),
                        ir_subi(b, upper, lower));
}

MlirType load_factor(const Forward *f, bool one) {
  return one && !mlirTypeIsATF32(f->config.operand) ? f->config.operand
                                                    : ir_f32(f->b);
}

void load_share(const Forward *f, MlirValue tile) {
  if (f->config.shared_left)
    mlirOperationSetAttributeByName(ir_def(tile),
                                    ir_str(SIMPLICIAL_SHARED_ATTR),
                                    mlirUnitAttrGet(f->b->context));
}

MlirValue load_as(Ir *b, MlirValue x, MlirType element, double bias) {
  x = ir_convert(b, x, element);
  return bias != 0 ? ir_addf(b, x, ir_const_f(b, ir_type(x), bias)) : x;
}

MlirValue load_repeated(Ir *b, MlirValue x, int64_t rows, int64_t times) {
  MlirType element = ir_element(ir_type(x));
  int64_t m = ir_dim_size(ir_type(x), 0), n = ir_dim_size(ir_type(x), 1);
  x = ir_shape_cast(b, x, ir_vector(element, IR_DIMS(m, 1, n)));
  x = ir_broadcast(b, x, ir_vector(element, IR_DIMS(rows / times, times, n)));
  return ir_shape_cast(b, x, ir_vector(element, IR_DIMS(rows, n)));
}

MlirValue load_combined(const Forward *f, const MlirValue *x,
                        const MlirValue *y, int t) {
  Ir *b = f->b;
  if (f->planes == 1)
    return f->pairwise ? ir_addf(b, x[0], y[0]) : ir_mulf(b, x[0], y[0]);
  int u = (t + 1) % 3, v = (t + 2) % 3;
  MlirValue plus = ir_mulf(b, x[u], y[v]), minus = ir_mulf(b, x[v], y[u]);
  return f->negated ? ir_subf(b, minus, plus) : ir_subf(b, plus, minus);
}

/// Sums by row, added to `sums`.
static MlirValue add_row_sums(Ir *b, MlirValue sums, MlirValue x) {
  if (mlirValueIsNull(sums))
    sums =
        ir_zero(b, ir_vector(ir_f32(b), IR_DIMS(ir_dim_size(ir_type(x), 0))));
  return ir_multi_reduction(b, IR_SUM, x, 1, sums);
}

MlirValue load_constants(const Forward *f, MlirValue x, MlirValue y) {
  if (!f->pairwise)
    return null_value();
  Ir *b = f->b;
  MlirType f32 = ir_f32(b);
  return add_row_sums(b, null_value(),
                      ir_mulf(b, ir_convert(b, x, f32), ir_convert(b, y, f32)));
}

MlirValue load_d_sums(const Forward *f, MlirValue sums, MlirValue ds) {
  return f->pairwise ? add_row_sums(f->b, sums, ds) : null_value();
}

MlirValue load_d_combined(const Forward *f, const MlirValue *w,
                          MlirValue d_sums, const MlirValue *x, int t,
                          bool w_first) {
  Ir *b = f->b;
  if (!f->pairwise)
    return w_first ? load_combined(f, w, x, t) : load_combined(f, x, w, t);
  int64_t columns = ir_dim_size(ir_type(x[0]), 1);
  return ir_fma(b, ir_broadcast_rows(b, d_sums, columns), x[0], w[0]);
}

/// [..., n] -> [rows, n]
static MlirValue by_row(Forward *f, MlirValue x) {
  MlirType type = ir_type(x);
  int64_t n = ir_dim_size(type, ir_rank(type) - 1);
  return ir_shape_cast(f->b, x,
                       ir_vector(ir_element(type), IR_DIMS(f->rows, n)));
}

/// x [block_q, block_h, n], or of one query [block_h, n], by row, [rows, n]:
/// the same for every j.
static MlirValue for_every_j(Forward *f, MlirValue x) {
  MlirType type = ir_type(x);
  int64_t all[4] = {f->config.block_j};
  int rank = ir_rank(type);
  if (f->config.block_q > 1 && f->config.block_j == 1)
    return by_row(f, x);
  for (int i = 0; i < rank; ++i)
    all[1 + i] = ir_dim_size(type, i);
  return by_row(
      f, ir_broadcast(f->b, x, ir_vector(ir_element(type), 1 + rank, all)));
}

/// x [j, n] or [1, n] by row, [rows, n]: the same for every head, or for every
/// row.
static MlirValue for_every_head(Forward *f, MlirValue x) {
  return load_repeated(f->b, x, f->rows, f->config.block_h);
}

/// One query: tile `j` is keys j, j + 1, ...
static OuterPlace place_of_keys(Forward *f, MlirValue j, MlirValue upper) {
  Ir *b = f->b;
  OuterPlace place = {.size = f->config.block_j, .n = j};
  // A window's loop has no iteration without keys: one key needs no mask.
  if (place.size > 1)
    place.end = place.live_end =
        ir_minsi(b, ir_subi(b, upper, j), ir_const_index(b, place.size));
  return place;
}

/// Several queries: tile `step` is a key of each one's window, or, where they
/// begin at 0, the same for all, which causality may keep from the first ones.
static OuterPlace place_of_step(Forward *f, MlirValue step) {
  Ir *b = f->b;
  MlirValue zero = ir_const_index(b, 0);
  MlirValue size = ir_const_index(b, f->config.block_q);
  const Queries *at = &f->outer_positions;
  Range window = window_unbounded(b, f->outer.window, f->causal, at->first);
  OuterPlace place = {.size = 1, .n = step};
  if (!mlirValueIsNull(window.lower)) {
    place.size = f->config.block_q;
    place.share = plan_share_keys(&f->config, f->outer.window, f->causal);
    place.n = ir_addi(b, window.lower, step);
    MlirValue begin = at->first_begin;
    if (mlirValueIsNull(begin))
      begin = zero;
    place.first = place.live_first =
        ir_maxsi(b, zero, ir_subi(b, begin, place.n));
    place.end = place.live_end =
        ir_minsi(b, size, ir_subi(b, f->outer_keys, place.n));
  } else if (f->causal) {
    place.live_first = ir_maxsi(b, zero, ir_subi(b, step, at->first));
    place.live_end = size;
  }
  return place;
}

/// Keys or values of an outer tile, columns [d, d + width), of each share.
static MlirValue load_outer_rows(Forward *f, const OuterPlace *place,
                                 bool values, int64_t d, int64_t width) {
  Ir *b = f->b;
  if (!f->config.local_outer)
    return load_keys(f, values ? f->outer.values : f->outer.keys, place->n,
                     place->size, place->first, place->end, d, width);
  MlirValue local = values ? f->local_values : f->local_keys;
  MlirType element = ir_element(ir_type(local));
  MlirValue row = ir_subi(b, place->n, f->local_first);
  MlirValue column = ir_const_index(b, d);
  int64_t shares = plan_shares(&f->config);
  if (shares == 1)
    return ir_transfer_read(b, ir_vector(element, IR_DIMS(place->size, width)),
                            local, (const MlirValue[]){row, column},
                            (const unsigned[]){0, 1}, null_value());
  MlirValue x = ir_transfer_read(
      b, ir_vector(element, IR_DIMS(shares, place->size, width)), local,
      (const MlirValue[]){ir_const_index(b, 0), row, column},
      (const unsigned[]){0, 1, 2}, null_value());
  return ir_shape_cast(
      b, x, ir_vector(element, IR_DIMS(shares * place->size, width)));
}

/// The product of d_out and the outer values, by row.
static MlirValue weighed(Forward *f, const OuterPlace *place) {
  Ir *b = f->b;
  MlirType factor = ir_element(ir_type(f->d_out_rows));
  MlirValue values =
      for_every_head(f, load_outer_rows(f, place, true, 0, f->dv));
  values = load_as(b, values, factor, f->outer.value_bias);
  return ir_convert(b, ir_mulf(b, f->d_out_rows, values), f->config.operand);
}

MlirValue load_outer_keys(Forward *f, const OuterPlace *place, int t) {
  int64_t width = f->d / f->planes;
  return for_every_head(f, load_outer_rows(f, place, false, t * width, width));
}

/// Whether one of the keys from n on may be before a query's document that
/// begins later than that of the first query.
static MlirValue is_mixed(Forward *f, const Queries *at, MlirValue n) {
  MlirValue begin = at->last_begin;
  if (f->config.block_q == 1 || mlirValueIsNull(begin))
    return null_value();
  return ir_cmpi(f->b, IR_SLT, n, begin);
}

/// Of several shares no key is behind the last one.
static void mask_shares(Forward *f, OuterTile *tile) {
  Ir *b = f->b;
  const WindowRows rows = forward_rows(f);
  MlirValue first = tile->place.live_first, zero = ir_const_index(b, 0);
  MlirValue numbers =
      window_numbers_of_rows(b, &rows, zero, true, tile->place.share);
  MlirValue before =
      ir_broadcast(b, window_limit(b, ir_subi(b, first, ir_const_index(b, 1))),
                   ir_type(numbers));
  tile->rows = ir_cmpi(b, IR_SLT, before, numbers);
  tile->partial = ir_cmpi(b, IR_SGT, first, zero);
}

OuterTile load_outer(Forward *f, MlirValue j, Range window) {
  Ir *b = f->b;
  OuterPlace place = f->config.block_q == 1 ? place_of_keys(f, j, window.upper)
                                            : place_of_step(f, j);
  OuterTile tile = {.rows = null_value()};
  MlirValue k[MAX_PLANES];
  for (int t = 0; t < f->planes; ++t) {
    tile.keys[t] = load_outer_keys(f, &place, t);
    k[t] = load_as(b, tile.keys[t], f->factor, f->outer.key_bias);
  }
  tile.constants = load_constants(f, f->q_planes[0], k[0]);
  for (int t = 0; t < f->planes; ++t) {
    tile.combined[t] =
        ir_convert(b, load_combined(f, f->q_planes, k, t), f->config.operand);
    load_share(f, tile.combined[t]);
  }
  tile.place = place;
  tile.mixed = is_mixed(f, &f->outer_positions, place.n);
  if (!mlirValueIsNull(f->d_out_rows)) {
    tile.weighed = weighed(f, &place);
    load_share(f, tile.weighed);
  }
  if (mlirValueIsNull(place.live_end))
    return tile;
  if (plan_shares(&f->config) > 1) {
    mask_shares(f, &tile);
    return tile;
  }

  MlirValue heads = ir_const_index(b, f->config.block_h);
  MlirValue first = place.live_first;
  MlirValue all =
      f->config.block_q == 1 ? ir_const_index(b, f->config.block_j) : f->count;
  tile.partial = ir_cmpi(b, IR_SLT, place.live_end, all);
  if (!mlirValueIsNull(first)) {
    MlirValue zero = ir_const_index(b, 0);
    tile.partial = ir_ori(b, tile.partial, ir_cmpi(b, IR_SGT, first, zero));
    first = ir_muli(b, first, heads);
  }
  tile.rows = window_mask(b, mask_vector(f, f->rows), first,
                          ir_muli(b, place.live_end, heads));
  return tile;
}

MlirValue load_outer_values(Forward *f, const OuterTile *tile) {
  Ir *b = f->b;
  MlirValue values = load_outer_rows(f, &tile->place, true, 0, f->dv);
  return load_as(b, for_every_head(f, values), ir_f32(b), f->outer.value_bias);
}

/// What the first of several queries sees of a step that begins at k.
static Range seen_of_step(Forward *f, MlirValue k) {
  Ir *b = f->b;
  Range seen =
      window_unbounded(b, f->inner.window, f->causal, f->positions.first);
  if (!mlirValueIsNull(seen.upper))
    seen.upper = window_limit(b, ir_subi(b, seen.upper, k));
  if (!mlirValueIsNull(seen.lower))
    seen.lower = window_limit(b, ir_subi(b, seen.lower, k));
  return seen;
}

/// What of that may matter to a tile, and to which of its keys. In whole steps
/// windows begin where the first step does, or up to as many keys further on as
/// there are other queries, and end as many before the last step's end, which
/// may be beyond.
static void set_seen(Forward *f, Range seen, const Part *part, int t,
                     InnerTile *tile) {
  int64_t others = f->config.block_q - 1, size = tile->size;
  int64_t behind = (part->plan.tiles - 1 - t) * part->plan.block;
  if (t < part->plan.tiles - 1)
    behind += part->plan.last - part->plan.block;
  int64_t beyond = part->plan.tiles > 1 ? part->plan.last : 0;
  tile->seen = seen;
  tile->offset = t * part->plan.block;
  tile->before = tile->behind = size;
  if (!mlirValueIsNull(part->end))
    return;
  tile->before = min(size, others - tile->offset);
  tile->behind = min(size, others + beyond - behind);
  if (tile->before <= 0)
    tile->seen.lower = null_value();
  if (tile->behind <= 0)
    tile->seen.upper = null_value();
}

/// Says of a tile at k when some of the queries do not see all of its keys.
static void set_partial(Forward *f, InnerTile *tile, MlirValue k,
                        const Window *window) {
  Ir *b = f->b;
  MlirValue end = ir_addi(b, k, ir_const_index(b, tile->size));
  if (!mlirValueIsNull(tile->seen.upper))
    tile->over = ir_cmpi(b, IR_SGT, end, window->every.upper);
  if (!mlirValueIsNull(tile->seen.lower))
    tile->under = ir_cmpi(b, IR_SLT, k, window->every.lower);
}

/// The tile at k, which has no keys from `end` on (null: it is whole).
static InnerTile load_tile(Forward *f, MlirValue k, int64_t size,
                           MlirValue end) {
  Ir *b = f->b;
  int64_t width = f->d / f->planes;
  MlirValue count = null_value();
  if (!mlirValueIsNull(end))
    count = ir_minsi(b, ir_subi(b, end, k), ir_const_index(b, size));
  InnerTile tile = {
      .size = size, .n = k, .mixed = is_mixed(f, &f->positions, k)};
  for (int t = 0; t < f->planes; ++t)
    tile.keys[t] = ir_convert(b,
                              load_keys(f, f->inner.keys, k, size, null_value(),
                                        count, t * width, width),
                              f->config.operand);
  tile.values = ir_convert(
      b, load_keys(f, f->inner.values, k, size, null_value(), count, 0, f->dv),
      f->config.operand);
  // Of several queries that see nothing behind themselves each has its end.
  if (!mlirValueIsNull(end) && !(f->causal && f->config.block_q > 1))
    tile.columns =
        ir_create_mask(b, IR_LIST(MlirValue, count), mask_vector(f, size));
  return tile;
}

void load_inner(Forward *f, MlirValue k, const Part *part, const Window *window,
                InnerTile *tiles) {
  MlirValue block = ir_const_index(f->b, part->plan.block);
  Range seen = {null_value(), null_value()};
  if (f->config.block_q > 1)
    seen = seen_of_step(f, k);
  for (int t = 0; t < part->plan.tiles; ++t) {
    if (t > 0)
      k = ir_addi(f->b, k, block);
    tiles[t] = load_tile(
        f, k, t < part->plan.tiles - 1 ? part->plan.block : part->plan.last,
        part->end);
    set_seen(f, seen, part, t, &tiles[t]);
    set_partial(f, &tiles[t], k, window);
  }
}

MlirValue load_by_query(Forward *f, MlirValue memref, int64_t d,
                        int64_t width) {
  Ir *b = f->b;
  int64_t shape[3];
  unsigned dims[3];
  int n = load_query_dims(f, (const unsigned[]){DIM_N, DIM_H}, shape, dims);
  shape[n] = width;
  dims[n++] = DIM_D;
  MlirType tile = ir_vector(ir_element(ir_type(memref)), n, shape);
  MlirValue indices[] = {f->batch, f->query, f->head, ir_const_index(b, d)};
  MlirValue x = ir_transfer_read(b, tile, memref, indices, dims,
                                 load_query_mask(f, n, shape, dims));
  return for_every_j(f, x);
}

void load_query(Forward *f) {
  int64_t width = f->d / f->planes;
  for (int t = 0; t < f->planes; ++t)
    f->q_planes[t] =
        ir_convert(f->b, load_by_query(f, f->q, t * width, width), f->factor);
}

MlirValue load_number(Forward *f, MlirValue memref, const MlirValue *indices,
                      const unsigned *memory_dims) {
  Ir *b = f->b;
  int64_t shape[2];
  unsigned dims[2];
  int n = load_query_dims(f, memory_dims, shape, dims);
  MlirType tile = ir_vector(ir_f32(b), n, shape);
  MlirValue x = ir_transfer_read(b, tile, memref, indices, dims,
                                 load_query_mask(f, n, shape, dims));
  MlirType rows = f32_vector(f, IR_DIMS(f->rows));
  if (f->config.block_j > 1)
    x = for_every_j(f,
                    ir_shape_cast(b, x, f32_vector(f, IR_DIMS(shape[0], 1))));
  return mlirTypeEqual(ir_type(x), rows) ? x : ir_shape_cast(b, x, rows);
}

/// Memory for the outer window's rows of so many columns.
static MlirValue local_rows(Forward *f, MlirType element, int64_t rows,
                            int64_t columns) {
  int64_t bytes = ir_float_bytes(element);
  int64_t padding =
      plan_local_padding(&f->config, columns * bytes, bytes) / bytes;
  return ir_alloca(f->b, ir_memref(element, IR_DIMS(rows, columns + padding)));
}

/// The same memory [shares, rows, columns], the rows of a share beginning as
/// many keys behind those of the one before as it has.
static MlirValue by_share(const Forward *f, MlirValue memory) {
  int64_t shares = plan_shares(&f->config);
  if (shares == 1)
    return memory;
  MlirType type = ir_type(memory);
  int64_t columns = ir_dim_size(type, 1);
  int64_t keys = plan_share_keys(&f->config, f->outer.window, f->causal);
  int64_t rows = ir_dim_size(type, 0) - (shares - 1) * keys;
  return ir_reinterpret(f->b, memory, 3,
                        (const int64_t[]){shares, rows, columns},
                        (const int64_t[]){keys * columns, columns, 1});
}

void load_local(Forward *f, const Window *window) {
  Ir *b = f->b;
  int64_t rows = plan_outer_rows(&f->config, f->outer.window, f->causal);
  f->local_first = window->any.lower;
  if (f->config.block_q > 1)
    f->local_first = window_unbounded(b, f->outer.window, f->causal,
                                      f->outer_positions.first)
                         .lower;
  MlirType element = ir_element(ir_type(f->outer.keys));
  const MlirType elements[] = {element, f->wide_values ? ir_f32(b) : element};
  const MlirValue to[] = {local_rows(f, elements[0], rows, f->d),
                          local_rows(f, elements[1], rows, f->dv)};
  f->local_keys = by_share(f, to[0]);
  f->local_values = by_share(f, to[1]);
  // An empty window has no iteration.
  MlirValue size = ir_const_index(b, rows), zero = ir_const_index(b, 0);
  MlirValue begin = f->outer_positions.first_begin;
  if (mlirValueIsNull(begin))
    begin = zero;
  MlirValue first = ir_maxsi(b, zero, ir_subi(b, begin, f->local_first));
  MlirValue end =
      ir_minsi(b, size, ir_subi(b, window->any.upper, f->local_first));
  IrLoop loop = ir_for_begin(b, first, end, size, 0, NULL);
  const MlirValue from[] = {f->outer.keys, f->outer.values};
  const int64_t columns[] = {f->d, f->dv};
  for (int i = 0; i < 2; ++i)
    ir_transfer_write(b,
                      ir_convert(b,
                                 load_keys(f, from[i], f->local_first, rows,
                                           first, end, 0, columns[i]),
                                 elements[i]),
                      to[i], (const MlirValue[]){zero, zero},
                      (const unsigned[]){0, 1}, null_value());
  ir_for_end(b, &loop, 0, NULL);
}
