// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The gradient of q. Rows, loops and masks are those of forward; a step with an
// outer tile and some inner ones is
//
//     A  = combine(q, ko[j]),  B = d_out .* vo[j]          [rows, D], by row
//     for each inner tile:
//       p  = exp(mask(A * ki[k]^T) * scale - lse)          [rows, keys]
//       ds = p .* (B * vi[k]^T - delta)
//       w  = w + ds * ki[k]                                [rows, D]
//     d_q = d_q + combine(ko[j], w)
//
// and at the end d_q, summed over the rows of each (query, head), times scale.
// Of determinants, combine(ko, w) is the cross product of their planes.
//
// A masked pair has p = 0 and ds = 0. Rows whose own outer key is masked may
// have loaded one that is not finite: their part of the sum is left out.

#include "grad.h"

#include <stddef.h>

typedef struct Query {
  Forward f; ///< first: a step gets it
  const GradStats *stats;
  MlirValue d_out, d_q;
  MlirValue logs, delta; ///< by row
} Query;

/// P [rows, keys], 0 where masked.
static MlirValue probabilities(Query *g, const OuterTile *outer,
                               const InnerTile *inner) {
  Forward *f = &g->f;
  MlirValue s = logits_masked(f, logits_of(f, outer, inner), outer, inner);
  return grad_stats_probabilities(f->b, g->stats, s,
                                  ir_broadcast_rows(f->b, g->logs, inner->size),
                                  f->scale);
}

/// The gradient of logits, without `scale`.
static MlirValue d_logits(Query *g, const OuterTile *outer,
                          const InnerTile *inner) {
  Forward *f = &g->f;
  Ir *b = f->b;
  double bias = f->inner.value_bias;
  MlirValue p = probabilities(g, outer, inner);
  MlirValue row_sum = logits_row_constant(f, 0);
  if (bias != 0)
    row_sum = ir_multi_reduction(
        b, IR_SUM, ir_convert(b, outer->weighed, ir_f32(b)), 1, row_sum);
  MlirValue dp =
      ir_contract(b, outer->weighed, inner->values, false,
                  logits_product_init(f, bias, row_sum, inner->size));
  MlirValue ds = ir_mulf(
      b, p, ir_subf(b, dp, ir_broadcast_rows(b, g->delta, inner->size)));
  if (mlirValueIsNull(outer->rows) || outer->place.size > 1)
    return ds;
  return ir_select(b, ir_broadcast_rows(b, outer->rows, inner->size), ds,
                   ir_zero(b, ir_type(ds)));
}

/// w with the product of a tile added to it; null: with nothing.
static void add_products(Query *g, MlirValue *w, MlirValue ds,
                         const InnerTile *inner) {
  Forward *f = &g->f;
  Ir *b = f->b;
  double bias = f->inner.key_bias;
  int64_t width = f->d / f->planes;
  MlirValue row_sum = null_value();
  if (bias != 0)
    row_sum = ir_multi_reduction(b, IR_SUM, ds, 1, logits_row_constant(f, 0));
  MlirValue left = ir_convert(b, ds, f->config.operand);
  for (int t = 0; t < f->planes; ++t) {
    MlirValue init = w[t];
    if (mlirValueIsNull(init))
      init = logits_product_init(f, bias, row_sum, width);
    else if (bias != 0)
      init = ir_addf(b, init, logits_product_init(f, bias, row_sum, width));
    w[t] = ir_contract(b, left, inner->keys[t], true, init);
  }
}

/// combine(ko, w), to be added to d_q's plane t.
static MlirValue combined(Query *g, const MlirValue *k, const MlirValue *w,
                          int t, MlirValue sum) {
  Forward *f = &g->f;
  Ir *b = f->b;
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
  MlirValue w[MAX_PLANES] = {{NULL}}, k[MAX_PLANES];
  for (int i = 0; i < n; ++i)
    add_products(g, w, d_logits(g, outer, &inner[i]), &inner[i]);
  for (int t = 0; t < f->planes; ++t)
    k[t] = load_as(b, outer->keys[t], ir_f32(b), f->outer.key_bias);
  for (int t = 0; t < f->planes; ++t) {
    MlirValue sum = state->values[t], added = combined(g, k, w, t, sum);
    bool some = !mlirValueIsNull(outer->rows) && outer->place.size == 1;
    if (some)
      added = ir_select(b, ir_broadcast_rows(b, outer->rows, f->d / f->planes),
                        added, sum);
    state->values[t] = added;
  }
}

/// Sums the rows of each (query, head), and writes them.
static void finish(Query *g, const State *state) {
  Forward *f = &g->f;
  Ir *b = f->b;
  int64_t j = f->config.block_j, pairs = f->rows / j;
  int64_t width = f->d / f->planes;
  MlirType per_pair = f32_vector(f, IR_DIMS(pairs, width));
  for (int t = 0; t < f->planes; ++t) {
    MlirValue x = state->values[t];
    if (j > 1)
      x = ir_multi_reduction(
          b, IR_SUM,
          ir_shape_cast(b, x, f32_vector(f, IR_DIMS(j, pairs, width))), 0,
          ir_zero(b, per_pair));
    x = ir_mulf(b, x, ir_const_f(b, per_pair, f->scale));
    queries_store(f, ir_convert(b, x, ir_element(ir_type(g->d_q))), g->d_q,
                  (const MlirValue[]){f->batch, f->query, f->head,
                                      ir_const_index(b, t * width)},
                  (const unsigned[]){DIM_N, DIM_H, DIM_D}, width);
  }
}

static void attend(Forward *f, Range js, const Window *ks) {
  Query *g = (Query *)f;
  f->d_out_rows = ir_convert(f->b, load_by_query(f, g->d_out),
                             load_factor(f, f->outer.value_bias == 0));
  GradStatsPlace place = grad_stats_place(f->b, g->stats, f->batch, f->query,
                                          f->head, ir_const_index(f->b, 0));
  const unsigned dims[] = {place.query, place.head};
  g->logs = load_number(f, g->stats->logs, place.indices, dims);
  g->delta = load_number(f, g->stats->delta, place.indices, dims);
  State state = {.n = f->planes};
  for (int t = 0; t < f->planes; ++t)
    state.values[t] =
        ir_zero(f->b, f32_vector(f, IR_DIMS(f->rows, f->d / f->planes)));
  state = pairs_loop(f, state, js, ks);
  finish(g, &state);
}

MlirLogicalResult grad_query(Ir *b, MlirOperation op, const GradStats *stats,
                             MlirValue d_q) {
  Query g = {
      .f = {.b = b, .step = step, .attend = attend, .multiplies_keys = true},
      .stats = stats,
      .d_out = ir_operand(op, SIMPLICIAL_D_OUT),
      .d_q = d_q};
  if (mlirLogicalResultIsFailure(queries_take(&g.f, op, CONFIG_QUERY)))
    return mlirLogicalResultFailure();
  if (!mlirValueIsNull(d_q))
    queries_program(&g.f);
  return mlirLogicalResultSuccess();
}
