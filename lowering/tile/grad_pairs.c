// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The gradients of inner keys and values, for few heads: columns are pairs of
// an outer key and a head, of one query.
//
//     for queries i that see one of the rows:
//       for tiles of outer keys j that i sees:
//         A = combine(q[i], ko[j])                            [columns, D]
//         B = d_out[i] .* vo[j]                               [columns, Dv]
//         p  = exp(mask(ki * A^T) * scale - lse)               [rows, columns]
//         ds = p .* (vi * B^T - delta)
//         d_ki = d_ki + ds * A,  d_vi = d_vi + p * B           [rows, D],
//         [rows, Dv]
//
// Nothing is there to be done for each outer key; the gradients of these are
// the program's over queries (grad_query.c). Pairwise, ki * A^T lacks q . ko, a
// number of each column, which comes to all rows by way of memory.

#include "grad_keys.h"

#include "mlir-c/BuiltinAttributes.h"

#include <stddef.h>

/// Where a tile's factors are: the operation's memrefs, or, with `local_outer`,
/// memory of the block's own for some queries in turn.
typedef struct Factors {
  bool local;
  MlirValue q, d_out;       ///< local: [queries * heads, D]
  MlirValue logs, less;     ///< local: [queries, columns]
  MlirValue keys, values;   ///< local: [outer keys of these queries, D]
  MlirValue first;          ///< of these queries, its position
  MlirValue first_key;      ///< and the first one of these outer keys
  MlirValue position, head; ///< of the tile's query, and its first head
  MlirValue constants;      ///< [1, columns] in the block's own memory; null:
                            ///< logits have none
} Factors;

static MlirValue query_of(const Keys *g, MlirValue position) {
  return ir_subi(g->f.b, position, g->f.shift);
}

/// What numbers of columns have instead of the first head.
static MlirValue part_of(const Keys *g, MlirValue head) {
  return ir_divui(g->f.b, head, ir_const_index(g->f.b, g->f.config.block_h));
}

// Local memory ----------------------------------------------------------------

/// Puts a tile of rows into memory of the block's own, with `padding` elements
/// behind each row.
static MlirValue put(const Keys *g, MlirValue x, int64_t padding) {
  Ir *b = g->f.b;
  MlirType type = ir_type(x);
  MlirValue zero = ir_const_index(b, 0);
  MlirValue memory = ir_alloca(
      b, ir_memref(ir_element(type), IR_DIMS(ir_dim_size(type, 0),
                                             ir_dim_size(type, 1) + padding)));
  ir_transfer_write(b, x, memory, (const MlirValue[]){zero, zero},
                    (const unsigned[]){0, 1}, null_value());
  return memory;
}

/// What is as q is, of `count` queries from the first one on.
static MlirValue put_queries(const Keys *g, const Factors *x, MlirValue memref,
                             MlirValue count) {
  Ir *b = g->f.b;
  const Config *c = &g->f.config;
  MlirType element = ir_element(ir_type(memref));
  int64_t width = ir_dim_size(ir_type(memref), DIM_D);
  MlirType tile = ir_vector(element, IR_DIMS(c->turns, c->block_h, width));
  MlirValue indices[] = {g->f.batch, query_of(g, x->first), x->head,
                         ir_const_index(b, 0)};
  MlirValue mask =
      window_mask(b, ir_with_element(tile, ir_i1(b)), null_value(), count);
  MlirValue rows = ir_transfer_read(
      b, tile, memref, indices, (const unsigned[]){DIM_N, DIM_H, DIM_D}, mask);
  rows = ir_shape_cast(
      b, rows, ir_vector(element, IR_DIMS(c->turns * c->block_h, width)));
  return put(g, rows,
             plan_padding(width * ir_float_bytes(element)) /
                 ir_float_bytes(element));
}

static MlirValue put_numbers(const Keys *g, const Factors *x, MlirValue memref,
                             MlirValue count) {
  Ir *b = g->f.b;
  MlirType tile =
      ir_vector(ir_f32(b), IR_DIMS(g->f.config.turns, keys_columns(g)));
  MlirValue indices[] = {g->f.batch, query_of(g, x->first), part_of(g, x->head),
                         ir_const_index(b, 0)};
  MlirValue mask =
      window_mask(b, ir_with_element(tile, ir_i1(b)), null_value(), count);
  return put(g,
             ir_transfer_read(b, tile, memref, indices,
                              (const unsigned[]){DIM_N, DIM_D}, mask),
             0);
}

/// Outer keys, or values, that the queries see.
static MlirValue put_outer(const Keys *g, MlirValue memref, Range seen) {
  const Forward *f = &g->f;
  Ir *b = f->b;
  int64_t rows =
      plan_outer_rows_of_turns(&f->config, f->outer.window, f->causal);
  int64_t bytes = ir_float_bytes(ir_element(ir_type(memref)));
  int64_t width = ir_dim_size(ir_type(memref), DIM_D);
  MlirValue count = ir_subi(b, seen.upper, seen.lower);
  return put(
      g, load_keys(f, memref, seen.lower, rows, null_value(), count, 0, width),
      plan_outer_padding(&f->config, width * bytes) / bytes);
}

// Columns ---------------------------------------------------------------------

/// x [heads, n] in the columns of every outer key.
static MlirValue for_every_key(const Keys *g, MlirValue x) {
  Ir *b = g->f.b;
  const Config *c = &g->f.config;
  MlirType element = ir_element(ir_type(x));
  int64_t n = ir_dim_size(ir_type(x), 1);
  x = ir_broadcast(b, x,
                   ir_vector(element, IR_DIMS(c->block_j, c->block_h, n)));
  return ir_shape_cast(b, x, ir_vector(element, IR_DIMS(keys_columns(g), n)));
}

/// Columns [d, d + width) of what is as q is, of the tile's heads, in the
/// columns of every outer key.
static MlirValue load_heads(const Keys *g, const Factors *x, MlirValue memref,
                            int64_t d, int64_t width) {
  Ir *b = g->f.b;
  MlirValue heads = ir_const_index(b, g->f.config.block_h);
  MlirValue column = ir_const_index(b, d);
  MlirType tile = ir_vector(ir_element(ir_type(memref)),
                            IR_DIMS(g->f.config.block_h, width));
  MlirValue row = ir_muli(b, ir_subi(b, x->position, x->first), heads);
  MlirValue loaded =
      x->local
          ? ir_transfer_read(b, tile, memref, (const MlirValue[]){row, column},
                             (const unsigned[]){0, 1}, null_value())
          : ir_transfer_read(b, tile, memref,
                             (const MlirValue[]){g->f.batch,
                                                 query_of(g, x->position),
                                                 x->head, column},
                             (const unsigned[]){DIM_H, DIM_D}, null_value());
  return for_every_key(g, loaded);
}

/// A tile's outer keys: those from j on, of which `count` are there.
typedef struct OuterKeys {
  MlirValue j, count;
  MlirValue columns; ///< a mask of the columns that are there
} OuterKeys;

/// Columns [d, d + width) of outer keys or values in the columns of every head,
/// with `bias`; 0 where there are none.
static MlirValue load_outer_columns(const Keys *g, const Factors *x,
                                    const OuterKeys *outer, MlirValue memref,
                                    int64_t d, int64_t width, MlirType factor,
                                    double bias) {
  Ir *b = g->f.b;
  const Config *c = &g->f.config;
  MlirValue rows;
  if (x->local)
    rows = ir_transfer_read(
        b, ir_vector(ir_element(ir_type(memref)), IR_DIMS(c->block_j, width)),
        memref,
        (const MlirValue[]){ir_subi(b, outer->j, x->first_key),
                            ir_const_index(b, d)},
        (const unsigned[]){0, 1}, null_value());
  else
    rows = load_keys(&g->f, memref, outer->j, c->block_j, null_value(),
                     outer->count, d, width);
  rows = load_repeated(b, rows, keys_columns(g), c->block_h);
  rows = load_as(b, rows, factor, bias);
  return bias == 0 && !x->local
             ? rows
             : ir_select(b, ir_broadcast_rows(b, outer->columns, width), rows,
                         ir_zero(b, ir_type(rows)));
}

/// A number of each column, in every row.
static MlirValue load_numbers(const Keys *g, const Factors *x,
                              MlirValue memref) {
  Ir *b = g->f.b;
  int64_t n = keys_columns(g), rows = keys_rows(g);
  MlirValue zero = ir_const_index(b, 0);
  MlirType tile = ir_vector(ir_f32(b), IR_DIMS(1, n));
  MlirValue loaded =
      x->local
          ? ir_transfer_read(
                b, tile, memref,
                (const MlirValue[]){ir_subi(b, x->position, x->first), zero},
                (const unsigned[]){0, 1}, null_value())
          : ir_transfer_read(b, tile, memref,
                             (const MlirValue[]){g->f.batch,
                                                 query_of(g, x->position),
                                                 part_of(g, x->head), zero},
                             (const unsigned[]){2, 3}, null_value());
  return load_repeated(b, loaded, rows, rows);
}

static OuterKeys outer_keys(const Keys *g, MlirValue j, MlirValue upper) {
  Ir *b = g->f.b;
  const Config *c = &g->f.config;
  OuterKeys outer = {.j = j};
  outer.count =
      ir_minsi(b, ir_const_index(b, c->block_j), ir_subi(b, upper, j));
  MlirValue heads = ir_const_index(b, c->block_h);
  outer.columns =
      ir_create_mask(b, IR_LIST(MlirValue, ir_muli(b, outer.count, heads)),
                     ir_vector(ir_i1(b), IR_DIMS(keys_columns(g))));
  return outer;
}

/// x [columns], of f32, in every row.
static MlirValue in_every_row(const Keys *g, const Factors *of, MlirValue x) {
  Ir *b = g->f.b;
  int64_t n = keys_columns(g), rows = keys_rows(g);
  MlirValue zero = ir_const_index(b, 0);
  MlirValue indices[] = {zero, zero};
  ir_transfer_write(b, x, of->constants, indices, (const unsigned[]){1},
                    null_value());
  x = ir_transfer_read(b, ir_vector(ir_f32(b), IR_DIMS(1, n)), of->constants,
                       indices, (const unsigned[]){0, 1}, null_value());
  return load_repeated(b, x, rows, rows);
}

/// A, in the place of queries; and what logits have beside its products, null
/// if that is nothing.
static Planes load_keys_by_pair(const Keys *g, const Factors *x,
                                const OuterKeys *outer, MlirValue *start) {
  const Forward *f = &g->f;
  Ir *b = f->b;
  int64_t width = keys_width(g);
  Planes q, k, product;
  for (int t = 0; t < f->planes; ++t) {
    q.x[t] = ir_convert(b, load_heads(g, x, x->q, t * width, width), f->factor);
    k.x[t] = load_outer_columns(g, x, outer, x->keys, t * width, width,
                                f->factor, f->outer.key_bias);
  }
  for (int t = 0; t < f->planes; ++t)
    product.x[t] =
        ir_convert(b, load_combined(f, q.x, k.x, t), f->config.operand);
  *start = load_constants(f, q.x[0], k.x[0]);
  if (mlirValueIsNull(*start))
    return product;
  *start = in_every_row(g, x, *start);
  product.x[0] = ir_select(b, ir_broadcast_rows(b, outer->columns, width),
                           product.x[0], ir_zero(b, ir_type(product.x[0])));
  return product;
}

/// B, in the place of d_out.
static MlirValue load_values_by_pair(const Keys *g, const Factors *x,
                                     const OuterKeys *outer) {
  const Forward *f = &g->f;
  Ir *b = f->b;
  double bias = f->outer.value_bias;
  MlirType factor = load_factor(f, bias == 0);
  MlirValue d_out = ir_convert(b, load_heads(g, x, x->d_out, 0, f->dv), factor);
  MlirValue values =
      load_outer_columns(g, x, outer, x->values, 0, f->dv, factor, bias);
  return ir_convert(b, ir_mulf(b, d_out, values), f->config.operand);
}

/// Takes a tile of outer keys. Both factors are made before either is
/// multiplied: a block's threads then meet once for both.
static void take_tile(const Keys *g, const Factors *x, const Rows *rows,
                      MlirValue j, MlirValue upper, Sums *sums) {
  Ir *b = g->f.b;
  OuterKeys outer = outer_keys(g, j, upper);
  Columns columns = {.position = x->position};
  MlirValue start;
  columns.q = load_keys_by_pair(g, x, &outer, &start);
  // Where there is no outer key p is 1, and A and B are 0.
  columns.logs = load_numbers(g, x, x->logs);
  MlirType type = ir_type(columns.logs);
  columns.logs = ir_select(
      b, ir_broadcast(b, outer.columns, ir_with_element(type, ir_i1(b))),
      columns.logs, ir_zero(b, type));
  columns.less = load_numbers(g, x, x->less);
  columns.d_out = load_values_by_pair(g, x, &outer);
  MlirValue s = keys_logits(g, &rows->keys, &columns, start);
  MlirValue dp = keys_d_weights(g, rows->values, &columns);
  keys_take_columns(g, s, dp, &columns, sums);
}

// The program -----------------------------------------------------------------

/// Rows as left operands.
static MlirValue left(const Keys *g, MlirValue x, double bias) {
  Ir *b = g->f.b;
  MlirType operand = g->f.config.operand;
  if (bias != 0)
    x = ir_convert(b, load_as(b, x, ir_f32(b), bias), operand);
  else
    x = ir_convert(b, x, operand);
  load_share(&g->f, x);
  return x;
}

/// A loop that carries the sums.
static IrLoop begin_loop(const Keys *g, MlirValue lower, MlirValue upper,
                         int64_t step, Sums *sums) {
  MlirValue carried[MAX_PLANES + 1];
  int n = keys_carry(g, sums, carried, true);
  IrLoop loop = ir_for_begin(g->f.b, lower, upper, ir_const_index(g->f.b, step),
                             n, carried);
  keys_carry(g, sums, loop.args, false);
  return loop;
}

static void end_loop(const Keys *g, IrLoop *loop, Sums *sums) {
  MlirValue carried[MAX_PLANES + 1];
  int n = keys_carry(g, sums, carried, true);
  ir_for_end(g->f.b, loop, n, carried);
  keys_carry(g, sums, loop->results, false);
}

/// Takes `count` queries from x's first one on, and heads from x's on.
static void take_queries(const Keys *g, Factors x, const Rows *rows,
                         MlirValue count, Sums *sums) {
  const Forward *f = &g->f;
  Ir *b = f->b;
  if (x.local) {
    x.q = put_queries(g, &x, x.q, count);
    x.d_out = put_queries(g, &x, x.d_out, count);
    x.logs = put_numbers(g, &x, x.logs, count);
    x.less = put_numbers(g, &x, x.less, count);
  }
  MlirValue one = ir_const_index(b, 1);
  IrLoop over_queries =
      begin_loop(g, x.first, ir_addi(b, x.first, count), 1, sums);
  x.position = over_queries.iv[0];
  Range js =
      grad_sums_seen(f, (Range){x.position, ir_addi(b, x.position, one)});
  if (x.local && !mlirValueIsNull(f->start))
    js.lower = ir_maxsi(b, js.lower, x.first_key);
  IrLoop over_j = begin_loop(g, js.lower, js.upper, f->config.block_j, sums);
  take_tile(g, &x, rows, over_j.iv[0], js.upper, sums);
  end_loop(g, &over_j, sums);
  end_loop(g, &over_queries, sums);
}

void keys_take_pairs(Keys *g) {
  const Forward *f = &g->f;
  Ir *b = f->b;
  g->positions = keys_of_share(
      g, keys_positions(g, g->first, ir_addi(b, g->first, g->count)));
  g->first_end = documents_end(f, false, g->first);
  Rows rows = keys_load_rows(g);
  for (int t = 0; t < f->planes; ++t)
    rows.keys.x[t] = left(g, rows.keys.x[t], f->inner.key_bias);
  rows.values = left(g, rows.values, f->inner.value_bias);

  MlirValue constants = null_value();
  if (f->pairwise)
    constants = ir_alloca(b, ir_memref(ir_f32(b), IR_DIMS(1, keys_columns(g))));
  Sums sums = keys_no_sums(g);
  MlirValue upper = g->positions.upper;
  IrLoop turns =
      begin_loop(g, g->positions.lower, upper, f->config.turns, &sums);
  Factors x = {.local = f->config.local_outer,
               .q = f->q,
               .d_out = g->d_out,
               .logs = g->stats->repeated_logs,
               .less = g->stats->repeated_less,
               .keys = f->outer.keys,
               .values = f->outer.values,
               .first = turns.iv[0],
               .constants = constants};
  MlirValue count = ir_minsi(b, ir_const_index(b, f->config.turns),
                             ir_subi(b, upper, x.first));
  if (x.local) {
    Range seen =
        grad_sums_seen(f, (Range){x.first, ir_addi(b, x.first, count)});
    if (!mlirValueIsNull(f->start) || f->two_lengths) // there may be none
      seen.lower = ir_minsi(b, seen.lower,
                            ir_subi(b, f->outer_keys, ir_const_index(b, 1)));
    x.first_key = seen.lower;
    x.keys = put_outer(g, x.keys, seen);
    x.values = put_outer(g, x.values, seen);
  }
  MlirValue group = ir_const_index(b, f->group);
  MlirValue head = ir_muli(b, f->key_head, group);
  IrLoop heads =
      begin_loop(g, head, ir_addi(b, head, group), f->config.block_h, &sums);
  x.head = heads.iv[0];
  take_queries(g, x, &rows, count, &sums);
  end_loop(g, &heads, &sums);
  end_loop(g, &turns, &sums);
  keys_finish(g, null_value(), &sums);
}
