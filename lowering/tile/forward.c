// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The forward tile program of 2-simplicial attention.
//
// A tile's rows are (j, head) pairs of one query: `block_h` heads that share
// their keys times `block_j` keys of the outer window, row = j * block_h +
// head. All rows of a query see the same inner window, so windows are exact for
// any number of heads. Every row runs its own online softmax in base 2; the
// rows of a head are merged at the end, as split softmaxes are. For one query:
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
// each part of the rows may as well decide for itself. With `peel` the inner
// tiles that are all within the window have a loop of their own, without masks.

#include "tile.h"

#include "lowering/config.h"
#include "lowering/ir.h"

#include "simplicial/dialect.h"

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
/// No key position reaches this, so neither does a window need to.
static const int64_t unbounded = (int64_t)1 << 48;

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
  int64_t group; ///< query heads that share a key head
  // Of the current tile:
  MlirValue batch, query, head, key_head;
  MlirValue q_planes[MAX_PLANES]; ///< by row
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
  MlirValue mask; ///< rows whose j is in the window; null: all are
} OuterTile;

/// A tile of the inner window.
typedef struct InnerTile {
  MlirValue keys[MAX_PLANES]; ///< [block_k, D / planes] each
  MlirValue values;           ///< [block_k, D]
  MlirValue mask; ///< columns whose k is in the window; null: all are
} InnerTile;

typedef struct Range {
  MlirValue lower, upper;
  bool whole; ///< a whole number of tiles
} Range;

static MlirValue null_value(void) { return (MlirValue){NULL}; }

static MlirType f32_vector(Forward *f, int rank, const int64_t *shape) {
  return ir_vector(ir_f32(f->b), rank, shape);
}

static MlirType mask_vector(Forward *f, int64_t n) {
  return ir_vector(ir_i1(f->b), IR_DIMS(n));
}

// Loads -----------------------------------------------------------------------

/// Rows [n, n + size) of keys or values, columns [d, d + width); rows from
/// `count` (null: size) on read as zero.
static MlirValue load_keys(Forward *f, MlirValue memref, MlirValue n,
                           int64_t size, MlirValue count, int64_t d,
                           int64_t width) {
  Ir *b = f->b;
  MlirType tile = ir_vector(ir_element(ir_type(memref)), IR_DIMS(size, width));
  MlirValue mask = null_value();
  if (!mlirValueIsNull(count)) {
    MlirValue sizes[] = {count, ir_const_index(b, width)};
    mask = ir_create_mask(b, 2, sizes, ir_with_element(tile, ir_i1(b)));
  }
  MlirValue indices[] = {f->batch, n, f->key_head, ir_const_index(b, d)};
  return ir_transfer_read(b, tile, memref, indices,
                          (const unsigned[]){DIM_N, DIM_D}, mask);
}

static MlirValue add_bias(Ir *b, MlirValue x, double bias) {
  return bias != 0 ? ir_addf(b, x, ir_const_f(b, ir_type(x), bias)) : x;
}

/// [block_j, block_h, n] -> [rows, n]
static MlirValue by_row(Forward *f, MlirValue x) {
  MlirType type = ir_type(x);
  return ir_shape_cast(
      f->b, x,
      ir_vector(ir_element(type), IR_DIMS(f->rows, ir_dim_size(type, 2))));
}

/// x [block_h, n] or [block_j, n] by row, [rows, n]: the same for every j, or
/// for every head.
static MlirValue for_every_j(Forward *f, MlirValue x) {
  MlirType type = ir_type(x);
  MlirType all =
      ir_vector(ir_element(type), IR_DIMS(f->config.block_j, f->config.block_h,
                                          ir_dim_size(type, 1)));
  return by_row(f, ir_broadcast(f->b, x, all));
}

static MlirValue for_every_head(Forward *f, MlirValue x) {
  MlirType element = ir_element(ir_type(x));
  int64_t j = f->config.block_j, n = ir_dim_size(ir_type(x), 1);
  MlirValue split =
      ir_shape_cast(f->b, x, ir_vector(element, IR_DIMS(j, 1, n)));
  MlirType all = ir_vector(element, IR_DIMS(j, f->config.block_h, n));
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

static OuterTile load_outer(Forward *f, MlirValue j, Range window) {
  Ir *b = f->b;
  int64_t size = f->config.block_j, width = f->d / f->planes;
  // A window's loop has no iteration without keys: one key needs no mask.
  MlirValue count = null_value();
  if (size > 1)
    count = ir_minsi(b, ir_subi(b, window.upper, j), ir_const_index(b, size));
  OuterTile tile = {.mask = null_value()};
  MlirValue k[MAX_PLANES];
  for (int t = 0; t < f->planes; ++t) {
    MlirValue keys =
        load_keys(f, f->outer.keys, j, size, count, t * width, width);
    keys = ir_convert(b, for_every_head(f, keys), f->factor);
    k[t] = add_bias(b, keys, f->outer.key_bias);
  }
  combine(f, f->q_planes, k, tile.combined);
  MlirValue values = load_keys(f, f->outer.values, j, size, count, 0, f->d);
  values = ir_convert(b, for_every_head(f, values), ir_f32(b));
  tile.values = add_bias(b, values, f->outer.value_bias);
  if (size > 1) {
    MlirValue live = ir_muli(b, count, ir_const_index(b, f->config.block_h));
    tile.mask =
        ir_create_mask(b, IR_LIST(MlirValue, live), mask_vector(f, f->rows));
  }
  return tile;
}

static InnerTile load_inner(Forward *f, MlirValue k, Range window) {
  Ir *b = f->b;
  int64_t size = f->config.block_k, width = f->d / f->planes;
  MlirValue count = null_value();
  if (!window.whole)
    count = ir_minsi(b, ir_subi(b, window.upper, k), ir_const_index(b, size));
  InnerTile tile = {.mask = null_value()};
  for (int t = 0; t < f->planes; ++t)
    tile.keys[t] = ir_convert(
        b, load_keys(f, f->inner.keys, k, size, count, t * width, width),
        f->config.operand);
  tile.values =
      ir_convert(b, load_keys(f, f->inner.values, k, size, count, 0, f->d),
                 f->config.operand);
  if (!window.whole)
    tile.mask =
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

static MlirValue logits(Forward *f, const OuterTile *outer,
                        const InnerTile *inner) {
  Ir *b = f->b;
  int64_t columns = f->config.block_k;
  MlirValue row_sum = row_constant(f, 0);
  if (f->inner.key_bias != 0)
    for (int t = 0; t < f->planes; ++t)
      row_sum = ir_multi_reduction(
          b, IR_SUM, ir_convert(b, outer->combined[t], ir_f32(b)), 1, row_sum);
  MlirValue s = product_init(f, f->inner.key_bias, row_sum, columns);
  for (int t = 0; t < f->planes; ++t)
    s = ir_contract(b, outer->combined[t], inner->keys[t], false, s);

  MlirType mask = ir_with_element(ir_type(s), ir_i1(b));
  MlirValue masked = ir_const_f(b, ir_type(s), -INFINITY);
  if (!mlirValueIsNull(outer->mask))
    s = ir_select(b, ir_broadcast_rows(b, outer->mask, columns), s, masked);
  if (!mlirValueIsNull(inner->mask))
    s = ir_select(b, ir_broadcast(b, inner->mask, mask), s, masked);
  return s;
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
  for (int64_t i = 0; i < f->config.block_k; i += n)
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
  int64_t columns = f->config.block_k;
  MlirValue s = logits(f, outer, inner);

  MlirValue row_max =
      ir_multi_reduction(b, IR_MAX, s, 1, row_constant(f, -INFINITY));
  state = rescale(f, state, ir_mulf(b, row_max, row_constant(f, f->c)));
  MlirValue p =
      ir_exp2(b, ir_fma(b, s, ir_const_f(b, ir_type(s), f->c),
                        ir_broadcast_rows(b, ir_negf(b, state.m), columns)));
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

/// A window in parts: its whole tiles and, masked, the rest. Without `peel` all
/// of it is one part.
static int split(Forward *f, Range window, int64_t block, Range *parts) {
  Ir *b = f->b;
  if (!f->config.peel) {
    parts[0] = window;
    return 1;
  }
  MlirValue size = ir_const_index(b, block);
  MlirValue length =
      ir_maxsi(b, ir_subi(b, window.upper, window.lower), ir_const_index(b, 0));
  MlirValue end =
      ir_addi(b, window.lower, ir_muli(b, ir_divui(b, length, size), size));
  parts[0] = (Range){window.lower, end, true};
  parts[1] = (Range){end, window.upper, false};
  return 2;
}

static Softmax inner_stationary(Forward *f, Softmax state, Range js, Range ks) {
  IrLoop over_k = begin_loop(f, ks, f->config.block_k, &state);
  InnerTile inner = load_inner(f, over_k.iv[0], ks);
  IrLoop over_j = begin_loop(f, js, f->config.block_j, &state);
  OuterTile outer = load_outer(f, over_j.iv[0], js);
  state = step(f, state, &outer, &inner);
  end_loop(f, &over_j, &state);
  end_loop(f, &over_k, &state);
  return state;
}

static Softmax outer_stationary(Forward *f, Softmax state, Range js, int n,
                                const Range *ks) {
  IrLoop over_j = begin_loop(f, js, f->config.block_j, &state);
  OuterTile outer = load_outer(f, over_j.iv[0], js);
  for (int i = 0; i < n; ++i) {
    IrLoop over_k = begin_loop(f, ks[i], f->config.block_k, &state);
    InnerTile inner = load_inner(f, over_k.iv[0], ks[i]);
    state = step(f, state, &outer, &inner);
    end_loop(f, &over_k, &state);
  }
  end_loop(f, &over_j, &state);
  return state;
}

static Softmax attend(Forward *f, Range js, Range ks) {
  Softmax state = {row_constant(f, -FLT_MAX),
                   in_sum_columns(f, row_constant(f, 0)),
                   ir_zero(f->b, f32_vector(f, IR_DIMS(f->rows, f->d)))};
  Range parts[2];
  int n = split(f, ks, f->config.block_k, parts);
  if (!f->config.inner_stationary)
    return outer_stationary(f, state, js, n, parts);
  for (int i = 0; i < n; ++i)
    state = inner_stationary(f, state, js, parts[i]);
  return state;
}

/// Merges the rows of each head and writes the tile's results.
static void finish(Forward *f, Softmax state) {
  Ir *b = f->b;
  int64_t j = f->config.block_j, h = f->config.block_h;
  MlirType split = f32_vector(f, IR_DIMS(j, h));
  MlirType split_d = f32_vector(f, IR_DIMS(j, h, f->d));
  MlirType per_head = f32_vector(f, IR_DIMS(h));
  MlirType per_head_d = f32_vector(f, IR_DIMS(h, f->d));

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
      b, ir_shape_cast(b, w, f32_vector(f, IR_DIMS(j, h, 1))), split_d);
  MlirValue acc = ir_multi_reduction(
      b, IR_SUM, ir_mulf(b, ir_shape_cast(b, state.acc, split_d), w_d), 0,
      ir_zero(b, per_head_d));

  // A query without an allowed pair has l = 0 and acc = 0.
  MlirValue zero = ir_zero(b, per_head);
  MlirValue inverse = ir_select(b, ir_cmpf(b, IR_OEQ, l, zero), zero,
                                ir_divf(b, ir_const_f(b, per_head, 1), l));
  MlirValue out = ir_mulf(b, acc, ir_broadcast_rows(b, inverse, f->d));
  MlirValue zero_index = ir_const_index(b, 0);
  ir_transfer_write(
      b, ir_convert(b, out, ir_element(ir_type(f->out))), f->out,
      (const MlirValue[]){f->batch, f->query, f->head, zero_index},
      (const unsigned[]){DIM_H, DIM_D}, null_value());
  if (mlirValueIsNull(f->lse))
    return;
  MlirValue lse = ir_fma(b, m, ir_const_f(b, per_head, log(2)), ir_log(b, l));
  ir_transfer_write(b, lse, f->lse,
                    (const MlirValue[]){f->batch, f->head, f->query},
                    (const unsigned[]){1}, null_value());
}

/// Key positions that the query at position p attends to.
static Range window_of(Forward *f, const Side *side, MlirValue p,
                       MlirValue keys) {
  Ir *b = f->b;
  int64_t w = side->window < unbounded ? side->window : unbounded;
  MlirValue zero = ir_const_index(b, 0);
  Range range = {zero, keys, false};
  if (w)
    range.lower = ir_maxsi(b, zero, ir_subi(b, p, ir_const_index(b, w - 1)));
  if (f->causal)
    range.upper = ir_addi(b, p, ir_const_index(b, 1));
  else if (w)
    range.upper = ir_minsi(b, keys, ir_addi(b, p, ir_const_index(b, w)));
  return range;
}

static void load_query(Forward *f) {
  Ir *b = f->b;
  int64_t width = f->d / f->planes;
  MlirType tile =
      ir_vector(ir_element(ir_type(f->q)), IR_DIMS(f->config.block_h, width));
  for (int t = 0; t < f->planes; ++t) {
    MlirValue indices[] = {f->batch, f->query, f->head,
                           ir_const_index(b, t * width)};
    MlirValue q = ir_transfer_read(
        b, tile, f->q, indices, (const unsigned[]){DIM_H, DIM_D}, null_value());
    f->q_planes[t] = ir_convert(b, for_every_j(f, q), f->factor);
  }
}

static void build(Forward *f) {
  Ir *b = f->b;
  int64_t heads = ir_dim_size(ir_type(f->q), DIM_H);
  int64_t block_h = f->config.block_h;
  MlirValue keys = ir_dim(b, f->outer.keys, DIM_N);
  MlirValue queries = ir_dim(b, f->q, DIM_N);
  MlirValue shift = ir_subi(b, keys, queries);
  MlirValue sizes[] = {ir_dim(b, f->q, 0), ir_const_index(b, heads / block_h),
                       queries};
  IrLoop tiles = ir_forall_begin(b, 3, sizes);
  f->batch = tiles.iv[0];
  f->head = ir_muli(b, tiles.iv[1], ir_const_index(b, block_h));
  f->key_head = ir_divui(b, f->head, ir_const_index(b, f->group));
  f->query = tiles.iv[2];
  MlirValue p = ir_addi(b, f->query, shift);
  Range js = window_of(f, &f->outer, p, keys);
  Range ks = window_of(f, &f->inner, p, keys);
  load_query(f);
  finish(f, attend(f, js, ks));
  ir_forall_end(b, &tiles);
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
  f.rows = f.config.block_h * f.config.block_j;
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
