// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The forward tile program of 2-simplicial attention.
//
// A tile's rows are `block_h` heads that share their keys, times one of two
// things that fill it where those are few:
//
//  - `block_j` keys of the outer window; row = j * block_h + head. The rows of
//  a
//    head are merged at the end, as split softmaxes are.
//  - `block_q` neighbouring queries; row = query * block_h + head. In each step
//    every row takes the next key of its own outer window. Inner tiles are
//    those that any of the queries sees, and where not all of them do, each row
//    has a mask of its own.
//
// Every row runs its own online softmax in base 2. For a block of queries:
//
//     for j in outer window, step block_j:
//       A  = combine(q, ko[j])                  [rows, D]
//       V1 = vo[j] by row                       [rows, D]
//       for k in inner window, step block_k:    (or this loop outside: "kj")
//         s   = mask(A * ki[k]^T)               [rows, block_k]
//         m'  = max(m, rowmax(s) * c)           c = scale * log2(e)
//         l, acc *= exp2(m - m')
//         p   = exp2(s * c - m')
//         l   = l + rowsum(p)
//         acc = acc + V1 .* (p * vi[k])         [rows, D]
//     w   = exp2(m - max_j m);  l = sum_j l * w
//     out = sum_j acc * w / l;  lse = (max_j m) * ln 2 + ln l
//
// Biases of the inner pair never touch its tiles: (K + b) contributes b *
// rowsum(A) to s and b * rowsum(p) to p * V, the initial values of the two
// products. A determinant is a sum over three planes of D/3 of the same
// product, A being the planes of a cross product.
//
// With n `sum_columns` l has n columns, each the sum of every n-th column of p;
// they meet at the end. With `lazy_rescale` a row's m follows its maximum only
// when that is LAG above it, and l and acc are scaled only if some row's m
// moved: scf.if on the "or" over the rows. The others' factor is 1, so that
// each part of the rows may as well decide for itself.
//
// With `block_tail` the loop over the inner window is two: one of whole tiles,
// which are masked only if some row does not see all of them (scf.if), and one
// of tiles of `block_tail` keys for the rest.
//
// With `local_outer` the outer window's keys and values are loaded once for a
// block of queries, into memory of its own.
//
// A masked logit has p = 0, but 0 times a value that is not finite is not 0. So
// what no row sees reads as zero, and if one of the values is not finite that
// some of a block's queries see and some do not, they are taken one by one.

#include "tile.h"
#include "window.h"

#include "lowering/config.h"
#include "lowering/ir.h"

#include "simplicial/dialect.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <float.h>
#include <math.h>
#include <stddef.h>

enum { MAX_PLANES = 3 };
/// Powers of 2 by which p may exceed 1 before the rows are rescaled. Sums of so
/// many more than there are keys still fit f32, and p fits f16.
enum { LAG = 8 };
/// Dimensions of q, keys and values.
enum { DIM_N = 1, DIM_H = 2, DIM_D = 3 };
/// One pair of keys and values, with its window.
typedef struct Side {
  MlirValue keys, values;
  int64_t window; ///< 0: none
  double key_bias, value_bias;
} Side;

typedef struct Forward {
  Ir *b;
  Config config;
  bool causal;
  Side outer, inner;
  MlirValue q, out, lse; ///< lse may be null
  int planes;
  bool negated;    ///< combine(q, outer) is -(q x k): roles are swapped
  MlirType factor; ///< element type in which q and outer keys are multiplied
  double c;        ///< scale * log2(e)
  int64_t d, rows;
  int64_t group;   ///< query heads that share a key head
  MlirValue keys;  ///< how many there are
  MlirValue shift; ///< from a query's number to its position
  // Of the current tile:
  MlirValue batch, query, head, key_head;
  MlirValue count;                    ///< of its queries
  Queries positions;                  ///< and where they stand
  MlirValue local_keys, local_values; ///< of the outer window; null: none
  MlirValue local_first;              ///< the position of their first row
  MlirValue q_planes[MAX_PLANES];     ///< by row
} Forward;

/// The running state of the rows' softmaxes: maximum (in base 2), sum,
/// accumulator.
typedef struct Softmax {
  MlirValue m, l, acc;
} Softmax;

/// A tile of the outer window, by row.
typedef struct OuterTile {
  MlirValue combined[MAX_PLANES]; ///< A, [rows, D / planes] each
  MlirValue values;               ///< V1, [rows, D]
  MlirValue rows;    ///< [rows]: those whose j is in the window; null: all are
  MlirValue partial; ///< an i1: not all are
} OuterTile;

/// A tile of the inner window.
typedef struct InnerTile {
  int64_t size;
  MlirValue keys[MAX_PLANES]; ///< [size, D / planes] each
  MlirValue values;           ///< [size, D]
  MlirValue columns; ///< [size]: those whose k is in the window; null: all are
  Range seen; ///< by the first of several queries: the first of the keys,
              ///< and the first behind them; each next query sees one
              ///< further on. Null: no bound
  MlirValue partial; ///< an i1: not all queries see all keys
} InnerTile;

/// A part of the inner window, in tiles of one size.
typedef struct Part {
  Range range;
  int64_t block;
  bool whole; ///< a whole number of tiles
} Part;

static MlirValue null_value(void) { return (MlirValue){NULL}; }

static MlirType f32_vector(Forward *f, int rank, const int64_t *shape) {
  return ir_vector(ir_f32(f->b), rank, shape);
}

static MlirType mask_vector(Forward *f, int64_t n) {
  return ir_vector(ir_i1(f->b), IR_DIMS(n));
}

/// The dimensions that the rows of a block of queries have in memory.
static int row_dims(Forward *f, int64_t dims[2], unsigned memory_dims[2]) {
  int n = 0;
  if (f->config.block_q > 1) {
    dims[n] = f->config.block_q;
    memory_dims[n++] = DIM_N;
  }
  dims[n] = f->config.block_h;
  memory_dims[n++] = DIM_H;
  return n;
}

/// The queries of a block that there are, for a transfer of a tile of (query,
/// head, ...); null if that is all of them. A mask has its dimensions in the
/// memref's order.
static MlirValue query_mask(Forward *f, int rank, const int64_t *shape,
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

// Loads -----------------------------------------------------------------------

/// `size` rows of keys or values from n on, columns [d, d + width). Only those
/// of [first, end) are in memory, the others read as zero. Null: from 0; all.
static MlirValue load_keys(Forward *f, MlirValue memref, MlirValue n,
                           int64_t size, MlirValue first, MlirValue end,
                           int64_t d, int64_t width) {
  Ir *b = f->b;
  MlirType tile = ir_vector(ir_element(ir_type(memref)), IR_DIMS(size, width));
  MlirValue mask = null_value();
  if (!mlirValueIsNull(end))
    mask = window_mask(b, ir_with_element(tile, ir_i1(b)), first, end);
  MlirValue indices[] = {f->batch, n, f->key_head, ir_const_index(b, d)};
  return ir_transfer_read(b, tile, memref, indices,
                          (const unsigned[]){DIM_N, DIM_D}, mask);
}

static MlirValue add_bias(Ir *b, MlirValue x, double bias) {
  return bias != 0 ? ir_addf(b, x, ir_const_f(b, ir_type(x), bias)) : x;
}

/// [..., n] -> [rows, n]
static MlirValue by_row(Forward *f, MlirValue x) {
  MlirType type = ir_type(x);
  int64_t n = ir_dim_size(type, ir_rank(type) - 1);
  return ir_shape_cast(f->b, x,
                       ir_vector(ir_element(type), IR_DIMS(f->rows, n)));
}

/// x [block_h, n] by row, [rows, n]: the same for every j.
static MlirValue for_every_j(Forward *f, MlirValue x) {
  MlirType type = ir_type(x);
  MlirType all =
      ir_vector(ir_element(type), IR_DIMS(f->config.block_j, f->config.block_h,
                                          ir_dim_size(type, 1)));
  return by_row(f, ir_broadcast(f->b, x, all));
}

/// x [block_j, n], [block_q, n] or [1, n] by row, [rows, n]: the same for every
/// head, or for every row.
static MlirValue for_every_head(Forward *f, MlirValue x) {
  MlirType element = ir_element(ir_type(x));
  int64_t m = ir_dim_size(ir_type(x), 0), n = ir_dim_size(ir_type(x), 1);
  int64_t h = f->config.block_h;
  MlirValue split =
      ir_shape_cast(f->b, x, ir_vector(element, IR_DIMS(m, 1, n)));
  MlirType all = ir_vector(element, IR_DIMS(f->rows / h, h, n));
  return by_row(f, ir_broadcast(f->b, split, all));
}

/// The elementwise product of q and the outer keys by row, or the cross product
/// of their planes.
static void combine(Forward *f, MlirValue *const q, MlirValue *const k,
                    MlirValue *combined) {
  Ir *b = f->b;
  if (f->planes == 1) {
    combined[0] = ir_convert(b, ir_mulf(b, q[0], k[0]), f->config.operand);
    return;
  }
  for (int t = 0; t < 3; ++t) {
    int u = (t + 1) % 3, v = (t + 2) % 3;
    MlirValue x = ir_mulf(b, q[u], k[v]), y = ir_mulf(b, q[v], k[u]);
    MlirValue z = f->negated ? ir_subf(b, y, x) : ir_subf(b, x, y);
    combined[t] = ir_convert(b, z, f->config.operand);
  }
}

/// Where the keys of an outer tile stand.
typedef struct OuterPlace {
  int64_t size;                   ///< how many there are
  MlirValue n;                    ///< the first one
  MlirValue first, end;           ///< of them, those that there are: load_keys
  MlirValue live_first, live_end; ///< those in the window; null: all
} OuterPlace;

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
  Range window =
      window_unbounded(b, f->outer.window, f->causal, f->positions.first);
  OuterPlace place = {.size = 1, .n = step};
  if (!mlirValueIsNull(window.lower)) {
    place.size = f->config.block_q;
    place.n = ir_addi(b, window.lower, step);
    place.first = place.live_first =
        ir_maxsi(b, zero, ir_subi(b, zero, place.n));
    place.end = place.live_end =
        ir_minsi(b, size, ir_subi(b, f->keys, place.n));
  } else if (f->causal) {
    place.live_first = ir_maxsi(b, zero, ir_subi(b, step, f->positions.first));
    place.live_end = size;
  }
  return place;
}

/// Keys or values of an outer tile, columns [d, d + width).
static MlirValue load_outer_rows(Forward *f, const OuterPlace *place,
                                 bool values, int64_t d, int64_t width) {
  Ir *b = f->b;
  if (!f->config.local_outer)
    return load_keys(f, values ? f->outer.values : f->outer.keys, place->n,
                     place->size, place->first, place->end, d, width);
  MlirType element = ir_element(ir_type(f->outer.keys));
  MlirValue row = ir_subi(b, place->n, f->local_first);
  return ir_transfer_read(b, ir_vector(element, IR_DIMS(place->size, width)),
                          values ? f->local_values : f->local_keys,
                          (const MlirValue[]){row, ir_const_index(b, d)},
                          (const unsigned[]){0, 1}, null_value());
}

static OuterTile load_outer(Forward *f, MlirValue j, Range window) {
  Ir *b = f->b;
  int64_t width = f->d / f->planes;
  OuterPlace place = f->config.block_q == 1 ? place_of_keys(f, j, window.upper)
                                            : place_of_step(f, j);
  OuterTile tile = {.rows = null_value()};
  MlirValue k[MAX_PLANES];
  for (int t = 0; t < f->planes; ++t) {
    MlirValue keys = load_outer_rows(f, &place, false, t * width, width);
    keys = ir_convert(b, for_every_head(f, keys), f->factor);
    k[t] = add_bias(b, keys, f->outer.key_bias);
  }
  combine(f, f->q_planes, k, tile.combined);
  MlirValue values = load_outer_rows(f, &place, true, 0, f->d);
  values = ir_convert(b, for_every_head(f, values), ir_f32(b));
  tile.values = add_bias(b, values, f->outer.value_bias);
  if (mlirValueIsNull(place.live_end))
    return tile;

  MlirValue heads = ir_const_index(b, f->config.block_h);
  MlirValue first = place.live_first;
  tile.partial = ir_cmpi(b, IR_SLT, place.live_end, f->count);
  if (!mlirValueIsNull(first)) {
    MlirValue zero = ir_const_index(b, 0);
    tile.partial = ir_ori(b, tile.partial, ir_cmpi(b, IR_SGT, first, zero));
    first = ir_muli(b, first, heads);
  }
  tile.rows = window_mask(b, mask_vector(f, f->rows), first,
                          ir_muli(b, place.live_end, heads));
  return tile;
}

/// Which keys of a tile at k the first of several queries sees, and whether all
/// of them see all.
static void place_seen(Forward *f, InnerTile *tile, MlirValue k,
                       const Window *window) {
  Ir *b = f->b;
  Range seen =
      window_unbounded(b, f->inner.window, f->causal, f->positions.first);
  if (mlirValueIsNull(seen.upper))
    return;
  tile->partial =
      ir_cmpi(b, IR_SGT, ir_addi(b, k, ir_const_index(b, tile->size)),
              window->every.upper);
  tile->seen.upper = ir_subi(b, seen.upper, k);
  if (mlirValueIsNull(seen.lower))
    return;
  tile->partial =
      ir_ori(b, tile->partial, ir_cmpi(b, IR_SLT, k, window->every.lower));
  tile->seen.lower = ir_subi(b, seen.lower, k);
}

/// Of a mask [rows, keys of the tile] those that see each other.
static MlirValue seen_by_row(Forward *f, const InnerTile *tile, MlirType mask) {
  Ir *b = f->b;
  int64_t h = f->config.block_h;
  MlirValue before = window_mask_by_query(b, mask, h, tile->seen.upper);
  if (mlirValueIsNull(tile->seen.lower))
    return before;
  return ir_xori(b, before, window_mask_by_query(b, mask, h, tile->seen.lower));
}

static InnerTile load_inner(Forward *f, MlirValue k, Part part,
                            const Window *window) {
  Ir *b = f->b;
  int64_t size = part.block, width = f->d / f->planes;
  MlirValue count = null_value();
  if (!part.whole)
    count =
        ir_minsi(b, ir_subi(b, part.range.upper, k), ir_const_index(b, size));
  InnerTile tile = {.size = size};
  for (int t = 0; t < f->planes; ++t)
    tile.keys[t] = ir_convert(b,
                              load_keys(f, f->inner.keys, k, size, null_value(),
                                        count, t * width, width),
                              f->config.operand);
  tile.values = ir_convert(
      b, load_keys(f, f->inner.values, k, size, null_value(), count, 0, f->d),
      f->config.operand);
  if (f->config.block_q > 1)
    place_seen(f, &tile, k, window);
  if (!part.whole)
    tile.columns =
        ir_create_mask(b, IR_LIST(MlirValue, count), mask_vector(f, size));
  return tile;
}

// One step of the online softmax ----------------------------------------------

static MlirValue row_constant(Forward *f, double value) {
  return ir_const_f(f->b, f32_vector(f, IR_DIMS(f->rows)), value);
}

/// The initial value of a product whose right operand has `bias` added to it:
/// bias * row_sum in every column.
static MlirValue product_init(Forward *f, double bias, MlirValue row_sum,
                              int64_t columns) {
  if (bias == 0)
    return ir_zero(f->b, f32_vector(f, IR_DIMS(f->rows, columns)));
  return ir_broadcast_rows(f->b, ir_mulf(f->b, row_sum, row_constant(f, bias)),
                           columns);
}

/// Logits with -inf for what is not in the windows.
static MlirValue masked(Forward *f, MlirValue s, const OuterTile *outer,
                        const InnerTile *inner) {
  Ir *b = f->b;
  MlirType type = ir_type(s), mask = ir_with_element(type, ir_i1(b));
  MlirValue nothing = ir_const_f(b, type, -INFINITY);
  if (!mlirValueIsNull(outer->rows))
    s = ir_select(b, ir_broadcast_rows(b, outer->rows, inner->size), s,
                  nothing);
  if (!mlirValueIsNull(inner->seen.upper))
    s = ir_select(b, seen_by_row(f, inner, mask), s, nothing);
  if (!mlirValueIsNull(inner->columns))
    s = ir_select(b, ir_broadcast(b, inner->columns, mask), s, nothing);
  return s;
}

/// The same, where there may be nothing to mask.
static MlirValue masked_if_partial(Forward *f, MlirValue s,
                                   const OuterTile *outer,
                                   const InnerTile *inner) {
  Ir *b = f->b;
  MlirValue partial = outer->partial;
  if (mlirValueIsNull(partial))
    partial = inner->partial;
  else if (!mlirValueIsNull(inner->partial))
    partial = ir_ori(b, partial, inner->partial);
  if (!f->config.block_tail || !mlirValueIsNull(inner->columns) ||
      mlirValueIsNull(partial))
    return masked(f, s, outer, inner);
  MlirType type = ir_type(s);
  IrIf branch = ir_if_begin(b, partial, 1, &type);
  MlirValue then = masked(f, s, outer, inner);
  ir_if_else(b, &branch, 1, &then);
  ir_if_end(b, &branch, 1, &s);
  return ir_result(branch.op, 0);
}

static MlirValue logits(Forward *f, const OuterTile *outer,
                        const InnerTile *inner) {
  Ir *b = f->b;
  MlirValue row_sum = row_constant(f, 0);
  if (f->inner.key_bias != 0)
    for (int t = 0; t < f->planes; ++t)
      row_sum = ir_multi_reduction(
          b, IR_SUM, ir_convert(b, outer->combined[t], ir_f32(b)), 1, row_sum);
  MlirValue s = product_init(f, f->inner.key_bias, row_sum, inner->size);
  for (int t = 0; t < f->planes; ++t)
    s = ir_contract(b, outer->combined[t], inner->keys[t], false, s);
  return masked_if_partial(f, s, outer, inner);
}

/// [rows] as l is.
static MlirValue in_sum_columns(Forward *f, MlirValue x) {
  int64_t n = f->config.sum_columns;
  return n > 1 ? ir_broadcast_rows(f->b, x, n) : x;
}

static MlirValue row_sum(Forward *f, MlirValue p) {
  return ir_multi_reduction(f->b, IR_SUM, p, 1, row_constant(f, 0));
}

/// l and what p adds to it.
static MlirValue sum(Forward *f, MlirValue l, MlirValue p, MlirValue p_sum) {
  int64_t n = f->config.sum_columns;
  if (n == 1)
    return ir_addf(f->b, l, p_sum);
  for (int64_t i = 0; i < ir_dim_size(ir_type(p), 1); i += n)
    l = ir_addf(f->b, l, ir_columns(f->b, p, i, n));
  return l;
}

/// The state with its sums scaled for the maximum `m`.
static Softmax scaled(Forward *f, Softmax state, MlirValue m) {
  Ir *b = f->b;
  MlirValue a = ir_exp2(b, ir_subf(b, state.m, m));
  return (Softmax){m, ir_mulf(b, state.l, in_sum_columns(f, a)),
                   ir_mulf(b, state.acc, ir_broadcast_rows(b, a, f->d))};
}

/// The state for rows whose new maximum is `row_max`.
static Softmax rescale(Forward *f, Softmax state, MlirValue row_max) {
  Ir *b = f->b;
  if (!f->config.lazy_rescale)
    return scaled(f, state, ir_maxnumf(b, state.m, row_max));
  MlirValue moved =
      ir_cmpf(b, IR_OGT, row_max, ir_addf(b, state.m, row_constant(f, LAG)));
  MlirValue m = ir_select(b, moved, row_max, state.m);
  MlirType types[] = {ir_type(state.l), ir_type(state.acc)};
  IrIf branch = ir_if_begin(b, ir_any(b, moved), 2, types);
  Softmax then = scaled(f, state, m);
  ir_if_else(b, &branch, IR_VALUES(then.l, then.acc));
  ir_if_end(b, &branch, IR_VALUES(state.l, state.acc));
  return (Softmax){m, ir_result(branch.op, 0), ir_result(branch.op, 1)};
}

static Softmax step(Forward *f, Softmax state, const OuterTile *outer,
                    const InnerTile *inner) {
  Ir *b = f->b;
  MlirValue s = logits(f, outer, inner);

  MlirValue row_max =
      ir_multi_reduction(b, IR_MAX, s, 1, row_constant(f, -INFINITY));
  state = rescale(f, state, ir_mulf(b, row_max, row_constant(f, f->c)));
  MlirValue p = ir_exp2(
      b, ir_fma(b, s, ir_const_f(b, ir_type(s), f->c),
                ir_broadcast_rows(b, ir_negf(b, state.m), inner->size)));
  MlirValue p_sum = null_value();
  if (f->config.sum_columns == 1 || f->inner.value_bias != 0)
    p_sum = row_sum(f, p);
  MlirValue pv =
      ir_contract(b, ir_convert(b, p, f->config.operand), inner->values, true,
                  product_init(f, f->inner.value_bias, p_sum, f->d));
  return (Softmax){state.m, sum(f, state.l, p, p_sum),
                   ir_fma(b, outer->values, pv, state.acc)};
}

// The two loops ---------------------------------------------------------------

static IrLoop begin_loop(Forward *f, Range range, int64_t block,
                         Softmax *state) {
  MlirValue inits[] = {state->m, state->l, state->acc};
  IrLoop loop = ir_for_begin(f->b, range.lower, range.upper,
                             ir_const_index(f->b, block), 3, inits);
  *state = (Softmax){loop.args[0], loop.args[1], loop.args[2]};
  return loop;
}

static void end_loop(Forward *f, IrLoop *loop, Softmax *state) {
  MlirValue yields[] = {state->m, state->l, state->acc};
  ir_for_end(f->b, loop, 3, yields);
  *state = (Softmax){loop->results[0], loop->results[1], loop->results[2]};
}

/// The inner window in parts.
static int split(Forward *f, Range window, Part parts[2]) {
  Ir *b = f->b;
  int64_t block = f->config.block_k, tail = f->config.block_tail;
  parts[0] = (Part){window, block, false};
  if (!tail)
    return 1;
  MlirValue size = ir_const_index(b, block);
  MlirValue length =
      ir_maxsi(b, ir_subi(b, window.upper, window.lower), ir_const_index(b, 0));
  MlirValue end =
      ir_addi(b, window.lower, ir_muli(b, ir_divui(b, length, size), size));
  parts[0] = (Part){{window.lower, end}, block, true};
  parts[1] = (Part){{end, window.upper}, tail, false};
  return 2;
}

static Softmax inner_stationary(Forward *f, Softmax state, Range js, Part part,
                                const Window *ks) {
  IrLoop over_k = begin_loop(f, part.range, part.block, &state);
  InnerTile inner = load_inner(f, over_k.iv[0], part, ks);
  IrLoop over_j = begin_loop(f, js, f->config.block_j, &state);
  OuterTile outer = load_outer(f, over_j.iv[0], js);
  state = step(f, state, &outer, &inner);
  end_loop(f, &over_j, &state);
  end_loop(f, &over_k, &state);
  return state;
}

static Softmax outer_stationary(Forward *f, Softmax state, Range js, int n,
                                const Part *parts, const Window *ks) {
  IrLoop over_j = begin_loop(f, js, f->config.block_j, &state);
  OuterTile outer = load_outer(f, over_j.iv[0], js);
  for (int i = 0; i < n; ++i) {
    IrLoop over_k = begin_loop(f, parts[i].range, parts[i].block, &state);
    InnerTile inner = load_inner(f, over_k.iv[0], parts[i], ks);
    state = step(f, state, &outer, &inner);
    end_loop(f, &over_k, &state);
  }
  end_loop(f, &over_j, &state);
  return state;
}

static Softmax attend(Forward *f, Range js, const Window *ks) {
  Softmax state = {row_constant(f, -FLT_MAX),
                   in_sum_columns(f, row_constant(f, 0)),
                   ir_zero(f->b, f32_vector(f, IR_DIMS(f->rows, f->d)))};
  Part parts[2];
  int n = split(f, ks->any, parts);
  if (!f->config.inner_stationary)
    return outer_stationary(f, state, js, n, parts, ks);
  for (int i = 0; i < n; ++i)
    state = inner_stationary(f, state, js, parts[i], ks);
  return state;
}

/// Writes values by (query, head), and columns if `columns` is not 0.
static void write(Forward *f, MlirValue x, MlirValue memref,
                  const MlirValue *indices, const unsigned *memory_dims,
                  int64_t columns) {
  Ir *b = f->b;
  int64_t shape[3];
  unsigned dims[3];
  int n = row_dims(f, shape, dims);
  for (int i = 0; i < n; ++i)
    dims[i] = memory_dims[dims[i] == DIM_N ? 0 : 1];
  if (columns) {
    shape[n] = columns;
    dims[n++] = memory_dims[2];
  }
  MlirType type = ir_vector(ir_element(ir_type(x)), n, shape);
  if (!mlirTypeEqual(type, ir_type(x)))
    x = ir_shape_cast(b, x, type);
  ir_transfer_write(b, x, memref, indices, dims, query_mask(f, n, shape, dims));
}

/// Merges the rows of each head and writes the tile's results.
static void finish(Forward *f, Softmax state) {
  Ir *b = f->b;
  int64_t j = f->config.block_j, pairs = f->rows / j;
  MlirType split = f32_vector(f, IR_DIMS(j, pairs));
  MlirType split_d = f32_vector(f, IR_DIMS(j, pairs, f->d));
  MlirType per_head = f32_vector(f, IR_DIMS(pairs));
  MlirType per_head_d = f32_vector(f, IR_DIMS(pairs, f->d));

  if (f->config.sum_columns > 1)
    state.l = row_sum(f, state.l);
  MlirValue m_rows = ir_shape_cast(b, state.m, split);
  MlirValue m = ir_multi_reduction(b, IR_MAX, m_rows, 0,
                                   ir_const_f(b, per_head, -FLT_MAX));
  MlirValue w = ir_exp2(b, ir_subf(b, m_rows, ir_broadcast(b, m, split)));
  MlirValue l = ir_multi_reduction(
      b, IR_SUM, ir_mulf(b, ir_shape_cast(b, state.l, split), w), 0,
      ir_zero(b, per_head));
  MlirValue w_d = ir_broadcast(
      b, ir_shape_cast(b, w, f32_vector(f, IR_DIMS(j, pairs, 1))), split_d);
  MlirValue acc = ir_multi_reduction(
      b, IR_SUM, ir_mulf(b, ir_shape_cast(b, state.acc, split_d), w_d), 0,
      ir_zero(b, per_head_d));

  // A query without an allowed pair has l = 0. Its acc is 0 too, or, beside
  // queries that see values that are not finite, not a number.
  MlirValue zero = ir_zero(b, per_head);
  MlirValue none = ir_cmpf(b, IR_OEQ, l, zero);
  MlirValue inverse =
      ir_select(b, none, zero, ir_divf(b, ir_const_f(b, per_head, 1), l));
  MlirValue out = ir_mulf(b, acc, ir_broadcast_rows(b, inverse, f->d));
  if (f->config.block_q > 1)
    out = ir_select(b, ir_broadcast_rows(b, none, f->d), ir_zero(b, per_head_d),
                    out);
  MlirValue zero_index = ir_const_index(b, 0);
  write(f, ir_convert(b, out, ir_element(ir_type(f->out))), f->out,
        (const MlirValue[]){f->batch, f->query, f->head, zero_index},
        (const unsigned[]){DIM_N, DIM_H, DIM_D}, f->d);
  if (mlirValueIsNull(f->lse))
    return;
  MlirValue lse = ir_fma(b, m, ir_const_f(b, per_head, log(2)), ir_log(b, l));
  write(f, lse, f->lse, (const MlirValue[]){f->batch, f->head, f->query},
        (const unsigned[]){2, 1}, 0);
}

static void load_query(Forward *f) {
  Ir *b = f->b;
  int64_t width = f->d / f->planes, shape[3];
  unsigned dims[3];
  int n = row_dims(f, shape, dims);
  shape[n] = width;
  dims[n++] = DIM_D;
  MlirType tile = ir_vector(ir_element(ir_type(f->q)), n, shape);
  for (int t = 0; t < f->planes; ++t) {
    MlirValue indices[] = {f->batch, f->query, f->head,
                           ir_const_index(b, t * width)};
    MlirValue q = ir_transfer_read(b, tile, f->q, indices, dims,
                                   query_mask(f, n, shape, dims));
    q = f->config.block_q > 1 ? by_row(f, q) : for_every_j(f, q);
    f->q_planes[t] = ir_convert(b, q, f->factor);
  }
}

static void place_queries(Forward *f, MlirValue query, MlirValue count) {
  Ir *b = f->b;
  f->query = query;
  f->count = count;
  f->positions.first = f->positions.last = ir_addi(b, query, f->shift);
  if (f->config.block_q > 1)
    f->positions.last =
        ir_addi(b, f->positions.first, ir_subi(b, count, ir_const_index(b, 1)));
}

/// Steps from the beginning of the outer windows in which at least one of the
/// queries has a key.
static Range steps(Forward *f, const Window *window) {
  Ir *b = f->b;
  Range own =
      window_unbounded(b, f->outer.window, f->causal, f->positions.first);
  if (mlirValueIsNull(own.lower))
    return window->any;
  Range last =
      window_unbounded(b, f->outer.window, f->causal, f->positions.last);
  MlirValue zero = ir_const_index(b, 0);
  return (Range){ir_maxsi(b, zero, ir_subi(b, zero, last.lower)),
                 ir_minsi(b, ir_subi(b, own.upper, own.lower),
                          ir_subi(b, f->keys, own.lower))};
}

/// Loads the outer window of all queries of the block.
static void load_local(Forward *f, const Window *window) {
  Ir *b = f->b;
  int64_t rows = config_outer_rows(&f->config, f->outer.window, f->causal);
  MlirType element = ir_element(ir_type(f->outer.keys));
  MlirType local = ir_memref(element, IR_DIMS(rows, f->d));
  f->local_first = window->any.lower;
  if (f->config.block_q > 1)
    f->local_first =
        window_unbounded(b, f->outer.window, f->causal, f->positions.first)
            .lower;
  f->local_keys = ir_alloc(b, local);
  f->local_values = ir_alloc(b, local);
  // An empty window has no iteration.
  MlirValue size = ir_const_index(b, rows), zero = ir_const_index(b, 0);
  MlirValue first = ir_maxsi(b, zero, ir_subi(b, zero, f->local_first));
  MlirValue end =
      ir_minsi(b, size, ir_subi(b, window->any.upper, f->local_first));
  IrLoop loop = ir_for_begin(b, first, end, size, 0, NULL);
  const MlirValue from[] = {f->outer.keys, f->outer.values};
  const MlirValue to[] = {f->local_keys, f->local_values};
  for (int i = 0; i < 2; ++i)
    ir_transfer_write(
        b, load_keys(f, from[i], f->local_first, rows, first, end, 0, f->d),
        to[i], (const MlirValue[]){zero, zero}, (const unsigned[]){0, 1},
        null_value());
  ir_for_end(b, &loop, 0, NULL);
}

/// Attends for `count` queries from `query` on.
static void attend_block(Forward *f, MlirValue query, MlirValue count) {
  Ir *b = f->b;
  place_queries(f, query, count);
  Window outer =
      window_of(b, f->outer.window, f->causal, f->positions, f->keys);
  Window inner =
      window_of(b, f->inner.window, f->causal, f->positions, f->keys);
  Range js = f->config.block_q > 1 ? steps(f, &outer) : outer.any;
  load_query(f);
  if (f->config.local_outer)
    load_local(f, &outer);
  finish(f, attend(f, js, &inner));
}

/// x [rows] plus 0 times the values of keys [lower, upper): not a number if one
/// of those is not finite.
static MlirValue add_not_finite(Forward *f, MlirValue x, MlirValue lower,
                                MlirValue upper) {
  Ir *b = f->b;
  int64_t n = ir_dim_size(ir_type(x), 0);
  MlirValue size = ir_const_index(b, n);
  IrLoop loop = ir_for_begin(b, lower, upper, size, 1, &x);
  MlirValue count = ir_minsi(b, ir_subi(b, upper, loop.iv[0]), size);
  MlirValue values = ir_convert(b,
                                load_keys(f, f->inner.values, loop.iv[0], n,
                                          null_value(), count, 0, f->d),
                                ir_f32(b));
  values = ir_mulf(b, values, ir_zero(b, ir_type(values)));
  MlirValue sum = ir_multi_reduction(b, IR_SUM, values, 1, loop.args[0]);
  ir_for_end(b, &loop, 1, &sum);
  return loop.results[0];
}

/// How many queries of a block can be taken at once.
static MlirValue queries_at_once(Forward *f, MlirValue query, MlirValue count) {
  enum { ROWS = 16 }; // so many, and each part of the rows has them all
  Ir *b = f->b;
  int64_t n = f->config.block_q;
  place_queries(f, query, count);
  Window window =
      window_of(b, f->inner.window, f->causal, f->positions, f->keys);
  MlirValue x = ir_zero(b, f32_vector(f, IR_DIMS(n < ROWS ? n : ROWS)));
  x = add_not_finite(f, x, window.any.lower,
                     ir_minsi(b, window.every.lower, window.any.upper));
  x = add_not_finite(f, x, ir_maxsi(b, window.every.upper, window.any.lower),
                     window.any.upper);
  return ir_select(b, ir_any(b, ir_cmpf(b, IR_UNO, x, x)), ir_const_index(b, 1),
                   ir_const_index(b, n));
}

static void build(Forward *f) {
  Ir *b = f->b;
  int64_t heads = ir_dim_size(ir_type(f->q), DIM_H);
  int64_t block_h = f->config.block_h, block_q = f->config.block_q;
  MlirValue queries = ir_dim(b, f->q, DIM_N), one = ir_const_index(b, 1);
  f->keys = ir_dim(b, f->outer.keys, DIM_N);
  f->shift = ir_subi(b, f->keys, queries);
  MlirValue blocks = queries;
  if (block_q > 1)
    blocks = ir_divui(b, ir_addi(b, queries, ir_const_index(b, block_q - 1)),
                      ir_const_index(b, block_q));
  MlirValue sizes[] = {ir_dim(b, f->q, 0), ir_const_index(b, heads / block_h),
                       blocks};
  IrLoop tiles = ir_forall_begin(b, 3, sizes);
  f->batch = tiles.iv[0];
  f->head = ir_muli(b, tiles.iv[1], ir_const_index(b, block_h));
  f->key_head = ir_divui(b, f->head, ir_const_index(b, f->group));
  if (block_q == 1) {
    attend_block(f, tiles.iv[2], one);
  } else {
    MlirValue size = ir_const_index(b, block_q);
    MlirValue query = ir_muli(b, tiles.iv[2], size);
    MlirValue end = ir_minsi(b, queries, ir_addi(b, query, size));
    MlirValue step = queries_at_once(f, query, ir_subi(b, end, query));
    IrLoop loop = ir_for_begin(b, query, end, step, 0, NULL);
    attend_block(f, loop.iv[0], ir_minsi(b, step, ir_subi(b, end, loop.iv[0])));
    ir_for_end(b, &loop, 0, NULL);
  }
  ir_forall_end(b, &tiles);
  if (f->config.stages > 1)
    mlirOperationSetAttributeByName(tiles.op, ir_str(SIMPLICIAL_STAGES_ATTR),
                                    ir_i64_attr(b, f->config.stages));
  if (f->config.producer)
    mlirOperationSetAttributeByName(tiles.op, ir_str(SIMPLICIAL_PRODUCER_ATTR),
                                    mlirUnitAttrGet(b->context));
}

MlirLogicalResult tile_forward(MlirOperation op) {
  SimplicialAttentionAttributes a;
  Ir b = ir_before(op);
  Forward f = {.b = &b};
  if (mlirLogicalResultIsFailure(simplicialAttentionGetAttributes(op, &a)) ||
      mlirLogicalResultIsFailure(config_get(op, &f.config)))
    return mlirLogicalResultFailure();

  Side first = {ir_operand(op, SIMPLICIAL_K1), ir_operand(op, SIMPLICIAL_V1),
                a.w1, 0, 0};
  Side second = {ir_operand(op, SIMPLICIAL_K2), ir_operand(op, SIMPLICIAL_V2),
                 a.w2, a.k2_bias, a.v2_bias};
  bool swap = config_swaps_roles(a);
  f.outer = swap ? second : first;
  f.inner = swap ? first : second;
  f.causal = a.causal;
  f.negated = swap && a.form == SIMPLICIAL_DETERMINANT;
  f.planes = a.form == SIMPLICIAL_DETERMINANT ? MAX_PLANES : 1;
  f.q = ir_operand(op, SIMPLICIAL_Q);
  f.out = ir_operand(op, SIMPLICIAL_OUT);
  if (mlirOperationGetNumOperands(op) > SIMPLICIAL_LSE)
    f.lse = ir_operand(op, SIMPLICIAL_LSE);
  f.d = ir_dim_size(ir_type(f.q), DIM_D);
  f.rows = f.config.block_q * f.config.block_h * f.config.block_j;
  f.group = ir_dim_size(ir_type(f.q), DIM_H) /
            ir_dim_size(ir_type(f.outer.keys), DIM_H);
  // What is more than one multiplication is rounded once, at its end.
  bool one = f.planes == 1 && f.outer.key_bias == 0;
  f.factor =
      one && !mlirTypeIsATF32(f.config.operand) ? f.config.operand : ir_f32(&b);
  f.c = (a.scale != 0 ? a.scale : 1 / sqrt((double)f.d)) / log(2);
  build(&f);
  mlirOperationDestroy(op);
  return mlirLogicalResultSuccess();
}
