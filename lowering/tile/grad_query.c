// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The gradient of q. Rows, loops and masks are those of forward; a step with an
// outer tile and some inner ones is
//
//     A  = combine(q, ko[j]),  B = d_out .* vo[j]          [rows, D], [rows,
//     Dv] for each inner tile:
//       p  = exp(mask(A * ki[k]^T) * scale - lse)          [rows, keys]
//       ds = p .* (B * vi[k]^T - delta)
//       w  = w + ds * ki[k]                                [rows, D]
//     d_q = d_q + combine'(ko[j], w)
//
// and at the end d_q, summed over the rows of each (query, head), times scale.
// combine'(ko, w) is their product, of determinants the cross product of their
// planes, and pairwise w + z ko, z being the sums of ds by row.
//
// Where the gradients of outer keys are this program's, too, the loop over
// inner tiles is within that over outer ones, and
//
//       y  = y + p * vi[k]                                 [rows, Dv]
//
// Behind it d_q, in memory of the block's own unless there is one outer tile,
// and the block's parts of these gradients get what the outer tile adds to
// them:
//
//     d_ko[j] = d_ko[j] + sum over heads of combine'(w, q)
//     d_vo[j] = d_vo[j] + sum over heads of y .* d_out
//
// With `local_sums` a part is in memory of the block's own, too, until its last
// query has been taken.
//
// A masked pair has p = 0 and ds = 0. Rows whose own outer key is masked may
// have loaded one that is not finite: their part of the sum is left out.

#include "grad.h"

#include "lowering/notes.h"

#include <stddef.h>

typedef struct Query {
  Forward f; ///< first: a step gets it
  const GradStats *stats;
  const GradSums *sums; ///< null: they are not this program's
  MlirValue d_out, d_q; ///< d_q may be null
  MlirValue logs, less; ///< by row; `logs` times c, where that is fused
  MlirValue own;        ///< d_q [heads, D], where outer tiles add to it
  MlirValue own_keys, own_values; ///< with local_sums: parts of outer keys'
                                  ///< gradients, [outer keys that the block's
                                  ///< queries see, D or Dv]
} Query;

/// Whether P is exp2(S * c + logs * c), with one operation less and an error
/// that grows with lse: where factors are rounded to 16 bits anyway.
static bool is_fused(const Query *g) {
  return ir_float_bytes(g->f.config.operand) == 2;
}

/// P [rows, keys] from logits, 0 where masked.
static MlirValue probabilities(Query *g, MlirValue s, const OuterTile *outer,
                               const InnerTile *inner) {
  Forward *f = &g->f;
  Ir *b = f->b;
  s = logits_masked(f, s, outer, inner);
  MlirValue logs = ir_broadcast_rows(b, g->logs, inner->size);
  if (!is_fused(g))
    return grad_stats_probabilities(b, g->stats, ir_addf(b, s, logs));
  return ir_exp2(b, ir_fma(b, s, ir_const_f(b, ir_type(s), f->c), logs));
}

/// dP.
static MlirValue d_weights(Query *g, const OuterTile *outer,
                           const InnerTile *inner) {
  Forward *f = &g->f;
  Ir *b = f->b;
  double bias = f->inner.value_bias;
  MlirValue row_sum = logits_row_constant(f, 0);
  if (bias != 0)
    row_sum = ir_multi_reduction(
        b, IR_SUM, ir_convert(b, outer->weighed, ir_f32(b)), 1, row_sum);
  return ir_contract(b, outer->weighed, inner->values, false,
                     logits_product_init(f, bias, row_sum, inner->size));
}

/// The gradient of logits, without `scale`.
static MlirValue d_logits(Query *g, const OuterTile *outer,
                          const InnerTile *inner, MlirValue p, MlirValue dp) {
  Forward *f = &g->f;
  Ir *b = f->b;
  MlirValue ds =
      ir_mulf(b, p, ir_addf(b, dp, ir_broadcast_rows(b, g->less, inner->size)));
  if (mlirValueIsNull(outer->rows) || outer->place.size > 1)
    return ds;
  return ir_select(b, ir_broadcast_rows(b, outer->rows, inner->size), ds,
                   ir_zero(b, ir_type(ds)));
}

/// Adds to each of the n sums (null: to nothing) the product of x with a tile
/// of keys or values, which have a bias.
static void add_products(Query *g, MlirValue *sums, int n, MlirValue x,
                         const MlirValue *tiles, double bias) {
  Forward *f = &g->f;
  Ir *b = f->b;
  MlirValue row_sum = null_value();
  if (bias != 0)
    row_sum = ir_multi_reduction(b, IR_SUM, x, 1, logits_row_constant(f, 0));
  MlirValue left = ir_convert(b, x, f->config.operand);
  for (int t = 0; t < n; ++t) {
    int64_t width = ir_dim_size(ir_type(tiles[t]), 1);
    MlirValue init = sums[t];
    if (mlirValueIsNull(init))
      init = logits_product_init(f, bias, row_sum, width);
    else if (bias != 0)
      init = ir_addf(b, init, logits_product_init(f, bias, row_sum, width));
    sums[t] = ir_contract(b, left, tiles[t], true, init);
  }
}

/// combine'(ko, w), to be added to d_q's plane t.
static MlirValue combined(Query *g, const MlirValue *k, const MlirValue *w,
                          MlirValue d_sums, int t, MlirValue sum) {
  Forward *f = &g->f;
  Ir *b = f->b;
  if (f->pairwise)
    return ir_addf(b, load_d_combined(f, w, d_sums, k, t, false), sum);
  if (f->planes == 1)
    return ir_fma(b, k[0], w[0], sum);
  int u = (t + 1) % 3, v = (t + 2) % 3;
  if (f->negated)
    u = (t + 2) % 3, v = (t + 1) % 3;
  return ir_subf(b, ir_fma(b, k[u], w[v], sum), ir_mulf(b, k[v], w[u]));
}

static void step(Forward *f, State *state, const OuterTile *outer, int n,
                 const InnerTile *inner) {
  Query *g = (Query *)f;
  Ir *b = f->b;
  MlirValue w[MAX_PLANES] = {{NULL}}, k[MAX_PLANES], d_sums = null_value();
  for (int i = 0; i < n; ++i) {
    MlirValue s = logits_of(f, outer, &inner[i]);
    MlirValue dp = d_weights(g, outer, &inner[i]);
    MlirValue p = probabilities(g, s, outer, &inner[i]);
    MlirValue ds = d_logits(g, outer, &inner[i], p, dp);
    add_products(g, w, f->planes, ds, inner[i].keys, f->inner.key_bias);
    d_sums = load_d_sums(f, d_sums, ds);
  }
  for (int t = 0; t < f->planes; ++t)
    k[t] = load_as(b, outer->keys[t], ir_f32(b), f->outer.key_bias);
  for (int t = 0; t < f->planes; ++t) {
    MlirValue sum = state->values[t];
    MlirValue added = combined(g, k, w, d_sums, t, sum);
    bool some = !mlirValueIsNull(outer->rows) && outer->place.size == 1;
    if (some)
      added = ir_select(b, ir_broadcast_rows(b, outer->rows, f->d / f->planes),
                        added, sum);
    state->values[t] = added;
  }
}

/// x [rows, n] summed over outer keys, [queries * heads, n].
static MlirValue sum_over_keys(Forward *f, MlirValue x) {
  int64_t j = f->config.block_j, pairs = f->rows / j;
  int64_t width = ir_dim_size(ir_type(x), 1);
  if (j == 1)
    return x;
  x = ir_shape_cast(f->b, x, f32_vector(f, IR_DIMS(j, pairs, width)));
  return ir_multi_reduction(
      f->b, IR_SUM, x, 0, ir_zero(f->b, f32_vector(f, IR_DIMS(pairs, width))));
}

/// Writes plane t of d_q.
static void write_d_q(Query *g, MlirValue x, int t) {
  Forward *f = &g->f;
  Ir *b = f->b;
  int64_t width = f->d / f->planes;
  x = ir_mulf(b, x, ir_const_f(b, ir_type(x), f->scale));
  queries_store(f, ir_convert(b, x, ir_element(ir_type(g->d_q))), g->d_q,
                (const MlirValue[]){f->batch, f->query, f->head,
                                    ir_const_index(b, t * width)},
                (const unsigned[]){DIM_N, DIM_H, DIM_D}, width);
}

// With parts of outer keys' gradients -----------------------------------------

static bool wants_keys(const Query *g) {
  return !mlirValueIsNull(g->d_q) || !mlirValueIsNull(g->sums->keys.result);
}

static bool wants_values(const Query *g) {
  return !mlirValueIsNull(g->sums->values.result);
}

/// What the state has: w, by plane; the sums of ds; y. Null where it is not
/// wanted.
typedef struct OuterSums {
  MlirValue *w, *d, *y;
} OuterSums;

static OuterSums outer_sums(const Query *g, State *state) {
  MlirValue *next = state->values;
  OuterSums sums = {NULL};
  if (wants_keys(g)) {
    sums.w = next;
    next += g->f.planes;
    if (g->f.pairwise)
      sums.d = next++;
  }
  if (wants_values(g))
    sums.y = next;
  return sums;
}

static void open(Forward *f, State *state, const OuterTile *outer) {
  (void)outer;
  Query *g = (Query *)f;
  int64_t width = f->d / f->planes;
  for (int t = 0; t < f->planes && wants_keys(g); ++t)
    state->values[state->n++] =
        ir_zero(f->b, f32_vector(f, IR_DIMS(f->rows, width)));
  if (f->pairwise && wants_keys(g))
    state->values[state->n++] = logits_row_constant(f, 0);
  if (wants_values(g))
    state->values[state->n++] =
        ir_zero(f->b, f32_vector(f, IR_DIMS(f->rows, f->dv)));
}

static void step_of_sums(Forward *f, State *state, const OuterTile *outer,
                         int n, const InnerTile *inner) {
  Query *g = (Query *)f;
  OuterSums sums = outer_sums(g, state);
  for (int i = 0; i < n; ++i) {
    MlirValue s = logits_of(f, outer, &inner[i]), dp = null_value();
    if (wants_keys(g))
      dp = d_weights(g, outer, &inner[i]);
    MlirValue p = probabilities(g, s, outer, &inner[i]);
    if (wants_values(g))
      add_products(g, sums.y, 1, p, &inner[i].values, f->inner.value_bias);
    if (!wants_keys(g))
      continue;
    MlirValue ds = d_logits(g, outer, &inner[i], p, dp);
    add_products(g, sums.w, f->planes, ds, inner[i].keys, f->inner.key_bias);
    if (sums.d)
      *sums.d = load_d_sums(f, *sums.d, ds);
  }
}

/// Of a tile of outer keys from j on, how many the block has taken a query of
/// before; none that are there now begin before it has.
static MlirValue count_of_taken(Query *g, MlirValue j) {
  Forward *f = &g->f;
  Ir *b = f->b;
  MlirValue position = f->outer_positions.first;
  MlirValue before = ir_subi(b, position, ir_const_index(b, 1));
  MlirValue first = ir_muli(b, f->block, ir_const_index(b, f->config.turns));
  Window window =
      window_of(b, f->outer.window, f->causal,
                (Queries){.first = before, .last = before}, f->outer_keys);
  MlirValue zero = ir_const_index(b, 0);
  MlirValue end =
      ir_select(b, ir_cmpi(b, IR_EQ, f->query, first), zero, window.any.upper);
  return ir_minsi(b, ir_maxsi(b, zero, ir_subi(b, end, j)),
                  ir_const_index(b, f->config.block_j));
}

/// Where the parts of outer keys from j on are, columns from d on.
typedef struct PartPlace {
  MlirValue memory, indices[5];
  unsigned dims[2];
} PartPlace;

static PartPlace part_in_memory(const Query *g, const Parts *parts, MlirValue j,
                                int64_t d) {
  const Forward *f = &g->f;
  Ir *b = f->b;
  return (PartPlace){
      parts->sums,
      {f->batch, ir_divui(b, f->head, ir_const_index(b, f->config.block_h)),
       f->block, j, ir_const_index(b, d)},
      {3, 4}};
}

/// The same while a block's queries pass.
static PartPlace part_of_turns(const Query *g, const Parts *parts, MlirValue j,
                               int64_t d) {
  if (!g->f.config.local_sums)
    return part_in_memory(g, parts, j, d);
  return (PartPlace){parts == &g->sums->keys ? g->own_keys : g->own_values,
                     {j, ir_const_index(g->f.b, d)},
                     {0, 1}};
}

/// Adds columns from d on to the parts of an outer tile's keys: x, summed over
/// heads.
static void add_part(Query *g, const Parts *parts, const OuterTile *outer,
                     MlirValue x, int64_t d) {
  Forward *f = &g->f;
  Ir *b = f->b;
  const Config *c = &f->config;
  int64_t width = ir_dim_size(ir_type(x), 1);
  MlirType tile = f32_vector(f, IR_DIMS(c->block_j, width));
  if (c->block_h > 1)
    x = ir_multi_reduction(
        b, IR_SUM,
        ir_shape_cast(b, x,
                      f32_vector(f, IR_DIMS(c->block_j, c->block_h, width))),
        1, ir_zero(b, tile));
  MlirValue j = outer->place.n;
  PartPlace place = part_of_turns(
      g, parts,
      documents_from(f, j, grad_sums_outer(g->sums, f, f->block).lower), d);
  MlirType bits = ir_with_element(tile, ir_i1(b));
  MlirValue there = null_value();
  if (!mlirValueIsNull(outer->place.end))
    there = window_mask(b, bits, null_value(), outer->place.end);
  MlirValue added = there;
  if (!c->local_sums)
    added = window_mask(b, bits, null_value(), count_of_taken(g, j));
  MlirValue before =
      ir_transfer_read(b, tile, place.memory, place.indices, place.dims, added);
  ir_transfer_write(b, ir_addf(b, before, x), place.memory, place.indices,
                    place.dims, there);
}

/// Memory of a block's own for the parts of the outer keys that its queries
/// see, cleared.
static MlirValue make_own(const Query *g, const Parts *parts) {
  const Forward *f = &g->f;
  Ir *b = f->b;
  const Config *c = &f->config;
  if (mlirValueIsNull(parts->result))
    return null_value();
  int64_t width = ir_dim_size(ir_type(parts->result), DIM_D);
  int64_t n = window_most(f->outer.window, f->causal) + c->turns - 1;
  MlirValue own = ir_alloca(b, ir_memref(ir_f32(b), IR_DIMS(n, width)));
  MlirType tile = f32_vector(f, IR_DIMS(c->block_j, width));
  MlirValue rows = ir_const_index(b, n), zero = ir_const_index(b, 0);
  IrLoop loop =
      ir_for_begin(b, zero, rows, ir_const_index(b, c->block_j), IR_NONE);
  MlirValue j = loop.iv[0];
  ir_transfer_write(b, ir_zero(b, tile), own, (const MlirValue[]){j, zero},
                    (const unsigned[]){0, 1},
                    window_mask(b, ir_with_element(tile, ir_i1(b)),
                                null_value(), ir_subi(b, rows, j)));
  ir_for_end(b, &loop, IR_NONE);
  return own;
}

static void begin(Forward *f) {
  Query *g = (Query *)f;
  g->own_keys = make_own(g, &g->sums->keys);
  g->own_values = make_own(g, &g->sums->values);
}

/// Writes what of the parts is the block's own to memory.
static void write_parts(Query *g, const Parts *parts) {
  Forward *f = &g->f;
  Ir *b = f->b;
  if (mlirValueIsNull(parts->result))
    return;
  int64_t rows = f->config.block_j;
  Range outer = grad_sums_outer(g->sums, f, f->block);
  MlirValue n = ir_subi(b, outer.upper, outer.lower);
  MlirType tile =
      f32_vector(f, IR_DIMS(rows, ir_dim_size(ir_type(parts->result), DIM_D)));
  IrLoop loop = ir_for_begin(b, ir_const_index(b, 0), n,
                             ir_const_index(b, rows), IR_NONE);
  MlirValue j = loop.iv[0];
  MlirValue mask = window_mask(b, ir_with_element(tile, ir_i1(b)), null_value(),
                               ir_subi(b, n, j));
  PartPlace from = part_of_turns(g, parts, j, 0);
  PartPlace to = part_in_memory(g, parts, j, 0);
  ir_transfer_write(
      b, ir_transfer_read(b, tile, from.memory, from.indices, from.dims, mask),
      to.memory, to.indices, to.dims, mask);
  ir_for_end(b, &loop, IR_NONE);
}

static void finish(Forward *f) {
  Query *g = (Query *)f;
  write_parts(g, &g->sums->keys);
  write_parts(g, &g->sums->values);
}

/// Plane t of d_q, in memory.
static MlirValue load_own(const Query *g, int t) {
  const Forward *f = &g->f;
  Ir *b = f->b;
  int64_t width = f->d / f->planes;
  return ir_transfer_read(
      b, f32_vector(f, IR_DIMS(f->config.block_h, width)), g->own,
      (const MlirValue[]){ir_const_index(b, 0), ir_const_index(b, t * width)},
      (const unsigned[]){0, 1}, null_value());
}

static void store_own(const Query *g, MlirValue x, int t) {
  Ir *b = g->f.b;
  int64_t width = ir_dim_size(ir_type(x), 1);
  ir_transfer_write(
      b, x, g->own,
      (const MlirValue[]){ir_const_index(b, 0), ir_const_index(b, t * width)},
      (const unsigned[]){0, 1}, null_value());
}

/// Adds x to plane t of d_q, or, if that is all of it, writes it.
static void add_d_q(Query *g, MlirValue x, int t) {
  if (mlirValueIsNull(g->own))
    write_d_q(g, x, t);
  else
    store_own(g, ir_addf(g->f.b, load_own(g, t), x), t);
}

static void close(Forward *f, State *state, const OuterTile *outer) {
  Query *g = (Query *)f;
  Ir *b = f->b;
  int64_t width = f->d / f->planes;
  OuterSums sums = outer_sums(g, state);
  MlirValue d_sums = sums.d ? *sums.d : null_value();
  // Factors are loaded again: the loop has no registers for them.
  MlirType f32 = ir_f32(b);
  MlirValue k[MAX_PLANES], q[MAX_PLANES];
  for (int t = 0; t < f->planes; ++t) {
    k[t] = load_as(b, load_outer_keys(f, &outer->place, t), f32,
                   f->outer.key_bias);
    q[t] = ir_convert(b, load_by_query(f, f->q, t * width, width), f32);
  }
  for (int t = 0; t < f->planes && !mlirValueIsNull(g->d_q); ++t)
    add_d_q(g,
            sum_over_keys(f, load_d_combined(f, sums.w, d_sums, k, t, false)),
            t);
  for (int t = 0; t < f->planes && !mlirValueIsNull(g->sums->keys.result); ++t)
    add_part(g, &g->sums->keys, outer,
             load_d_combined(f, sums.w, d_sums, q, t, true), t * width);
  if (wants_values(g))
    add_part(g, &g->sums->values, outer,
             ir_mulf(b, *sums.y,
                     ir_convert(b, load_by_query(f, g->d_out, 0, f->dv), f32)),
             0);
  state->n = 0;
}

/// A plane of a d_q that is 0.
static MlirValue no_d_q(const Query *g) {
  const Forward *f = &g->f;
  int64_t width = f->d / f->planes;
  return ir_zero(f->b, f32_vector(f, IR_DIMS(f->config.block_h, width)));
}

/// With one outer tile, which writes d_q: where there is none, it is 0.
static void write_without_outer(Query *g, Range js) {
  Ir *b = g->f.b;
  MlirValue zero = ir_const_index(b, 0), one = ir_const_index(b, 1);
  MlirValue n = ir_select(b, ir_cmpi(b, IR_SLT, js.lower, js.upper), zero, one);
  IrLoop once = ir_for_begin(b, zero, n, one, IR_NONE);
  for (int t = 0; t < g->f.planes; ++t)
    write_d_q(g, no_d_q(g), t);
  ir_for_end(b, &once, IR_NONE);
}

static void attend_with_sums(Query *g, Range js, const Window *ks) {
  Forward *f = &g->f;
  Ir *b = f->b;
  bool wanted = !mlirValueIsNull(g->d_q);
  bool one = plan_has_one_outer_tile(&f->config, f->outer.window, f->causal);
  g->own = null_value();
  if (wanted && one)
    write_without_outer(g, js);
  if (wanted && !one)
    g->own =
        ir_alloca(b, ir_memref(ir_f32(b), IR_DIMS(f->config.block_h, f->d)));
  bool in_memory = !mlirValueIsNull(g->own);
  for (int t = 0; t < f->planes && in_memory; ++t)
    store_own(g, no_d_q(g), t);
  pairs_loop(f, (State){0}, js, ks);
  for (int t = 0; t < f->planes && in_memory; ++t)
    write_d_q(g, load_own(g, t), t);
}

// The program -----------------------------------------------------------------

static void attend(Forward *f, Range js, const Window *ks) {
  Query *g = (Query *)f;
  Ir *b = f->b;
  f->d_out_rows = ir_convert(b, load_by_query(f, g->d_out, 0, f->dv),
                             load_factor(f, f->outer.value_bias == 0));
  GradStatsPlace place = grad_stats_place(b, g->stats, f->batch, f->query,
                                          f->head, ir_const_index(b, 0));
  const unsigned dims[] = {place.query, place.head};
  g->logs = load_number(f, g->stats->logs, place.indices, dims);
  if (is_fused(g))
    g->logs = ir_mulf(b, g->logs, ir_const_f(b, ir_type(g->logs), f->c));
  g->less = load_number(f, g->stats->less, place.indices, dims);
  if (g->sums) {
    attend_with_sums(g, js, ks);
    return;
  }
  State state = {.n = f->planes};
  for (int t = 0; t < f->planes; ++t)
    state.values[t] =
        ir_zero(f->b, f32_vector(f, IR_DIMS(f->rows, f->d / f->planes)));
  state = pairs_loop(f, state, js, ks);
  for (int t = 0; t < f->planes; ++t)
    write_d_q(g, sum_over_keys(f, state.values[t]), t);
}

/// Notes the program's strategy in words.
static void note_strategy(MlirOperation forall, const Config *c) {
  note(forall, "program: the gradient of q, by blocks of queries");
  note(forall,
       "block: %lld rows: %lld x %lld x %lld, of queries, of heads, and of "
       "outer keys",
       (long long)config_rows(c), (long long)c->block_q, (long long)c->block_h,
       (long long)c->block_j);
  note(forall, "step: tiles of %lld inner keys, which %s",
       (long long)c->block_k,
       c->inner_stationary ? "stay while outer keys pass"
                           : "pass while outer keys stay");
  if (c->stages) // on a GPU
    note(forall, "outer window: %s",
         c->local_outer ? "loaded once by a block, into shared memory"
                        : "loaded again for each step, from global memory");
  if (c->local_sums)
    note(forall,
         "sums of outer keys' gradients: in shared memory, while %lld queries "
         "pass",
         (long long)c->turns);
}

MlirLogicalResult grad_query(Ir *b, MlirOperation op, const GradStats *stats,
                             MlirValue d_q, const GradSums *sums) {
  Query g = {
      .f = {.b = b, .step = step, .attend = attend, .multiplies_keys = true},
      .stats = stats,
      .d_out = ir_operand(op, SIMPLICIAL_D_OUT),
      .d_q = d_q};
  if (mlirLogicalResultIsFailure(queries_take(&g.f, op, CONFIG_QUERY)))
    return mlirLogicalResultFailure();
  if (sums->by_query) {
    g.sums = sums;
    g.f.step = step_of_sums;
    g.f.open = open;
    g.f.close = close;
    if (g.f.config.local_sums) {
      g.f.begin = begin;
      g.f.finish = finish;
    }
  }
  if (!mlirValueIsNull(d_q) ||
      (sums->by_query && (wants_keys(&g) || wants_values(&g))))
    note_strategy(queries_program(&g.f), &g.f.config);
  return mlirLogicalResultSuccess();
}
