// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The gradients of keys and values. Rows are inner keys k of a head; columns
// are queries and the heads that share the keys: heads of one query, or
// neighbouring queries of one head.
//
//     for j in outer keys that share a query with one of the rows:
//       A = combine(ko[j], ki),  B = vo[j] .* vi     [rows, D], [rows, Dv]
//       for tiles of queries that see j and one of the rows, and of heads:
//         p  = exp(mask(A * q^T) * scale - lse)                [rows, columns]
//         ds = p .* (B * d_out^T - delta)
//         u  = u + ds * q,  t = t + p * d_out        [rows, D], [rows, Dv]
//       d_ki = d_ki + combine'(u, ko[j]),  d_vi = d_vi + t .* vo[j]
//       sums of ko[j]: over rows of combine'(ki, u); of vo[j]: of t .* vi
//
// With roles as they are, combine(k1, k2) and its adjoints are cross products
// of planes where there is a determinant: A = k1 x k2, d_k2 = u x k1, d_k1 = k2
// x u; each is negated where the roles are changed. Pairwise, A = ko + ki, of
// which A * q^T lacks ko . ki, a constant of a row; combine'(u, x) is u + z x,
// z being the sums of ds by row.
//
// Sums of outer keys are those of one tile of rows; grad_sums.c adds them up.
//
// What is summed over j is in registers, or in memory, which leaves these to u
// and t: the block's own with `split`, where keys and values have programs of
// their own, else global memory, with `global_sums`.
//
// A masked pair has p = 0, but 0 times what is not finite is not 0: if a query
// that any of the rows sees is not finite, rows are taken one by one.

#include "grad_keys.h"

#include "lowering/notes.h"

#include "simplicial/dialect.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <math.h>
#include <stddef.h>

bool keys_wants_keys(const Keys *g) {
  return !mlirValueIsNull(g->d_keys) || !mlirValueIsNull(g->keys.result);
}

bool keys_wants_values(const Keys *g) {
  return !mlirValueIsNull(g->d_values) || !mlirValueIsNull(g->values.result);
}

/// x where the mask [rows] has rows, 0 elsewhere.
static MlirValue only(const Keys *g, MlirValue rows, MlirValue x) {
  Ir *b = g->f.b;
  MlirType type = ir_type(x);
  return ir_select(b, ir_broadcast_rows(b, rows, ir_dim_size(type, 1)), x,
                   ir_zero(b, type));
}

// Factors ---------------------------------------------------------------------

static MlirType key_factor(const Keys *g) {
  const Forward *f = &g->f;
  return load_factor(f, f->planes == 1 && f->outer.key_bias == 0 &&
                            f->inner.key_bias == 0);
}

static MlirType value_factor(const Keys *g) {
  const Forward *f = &g->f;
  return load_factor(f, f->outer.value_bias == 0 && f->inner.value_bias == 0);
}

// A tile of columns -----------------------------------------------------------

/// Those of the keys, of which the rows are pairs, that are masked: where the
/// first one stands, as queries' positions do, and how many there are.
typedef struct Masked {
  bool outer;
  MlirValue first, count, end; ///< the first one's, as Keys has it
  int64_t n;
} Masked;

static Masked masked_inner(const Keys *g) {
  return (Masked){false, g->first, g->count, g->first_end, keys_inner(g)};
}

static Masked masked_outer(const Keys *g) {
  return (Masked){true, g->outer, g->outer_count, g->outer_end, keys_outer(g)};
}

/// What the query at a position sees of them.
static Range seen_at(const Keys *g, const Masked *keys, MlirValue position) {
  const Forward *f = &g->f;
  if (keys->outer)
    position = queries_outer(f, position);
  return window_unbounded(f->b, (keys->outer ? &f->outer : &f->inner)->window,
                          f->causal, position);
}

/// A mask [keys, columns], by row.
static MlirValue mask_by_row(const Keys *g, const Masked *keys,
                             MlirValue mask) {
  return keys->outer ? load_repeated(g->f.b, mask, keys_rows(g), keys_inner(g))
                     : keys_by_row(g, mask);
}

/// Numbers [keys], by row.
static MlirValue numbers_by_row(const Keys *g, const Masked *keys,
                                MlirValue x) {
  const WindowRows outer = {1, keys_outer(g), keys_inner(g)};
  const WindowRows inner = {keys_outer(g), keys_inner(g), 1};
  return window_by_query(g->f.b, keys->outer ? &outer : &inner, x);
}

/// A mask by row of keys before `end`, which is the first query's and one
/// further on for each next one.
static MlirValue before(const Keys *g, const Masked *keys, MlirValue end) {
  Ir *b = g->f.b;
  MlirType mask = ir_vector(ir_i1(b), IR_DIMS(keys->n, keys_columns(g)));
  MlirValue limit = window_limit(b, ir_subi(b, end, keys->first));
  return mask_by_row(
      g, keys, window_mask_by_column(b, mask, g->f.config.block_q > 1, limit));
}

/// Logits with -inf for keys that queries do not see.
static MlirValue masked(const Keys *g, const Masked *keys, MlirValue s,
                        const Columns *columns) {
  const Forward *f = &g->f;
  Ir *b = f->b;
  MlirValue nothing = ir_const_f(b, ir_type(s), -INFINITY);
  Range seen = seen_at(g, keys, columns->position);
  if (!mlirValueIsNull(seen.upper))
    s = ir_select(b, before(g, keys, seen.upper), s, nothing);
  if (!mlirValueIsNull(seen.lower))
    s = ir_select(b, before(g, keys, seen.lower), nothing, s);
  if (mlirValueIsNull(keys->end))
    return s;
  MlirValue limits = documents_limits(f, keys->outer, keys->n, keys->first,
                                      keys->count, columns->position);
  MlirType mask = ir_with_element(ir_type(s), ir_i1(b));
  return ir_select(b,
                   window_mask_below(b, mask, numbers_by_row(g, keys, limits)),
                   s, nothing);
}

/// An i1: whether some query of the columns does not see all of the keys; null:
/// it does.
static MlirValue is_partial(const Keys *g, const Masked *keys,
                            const Columns *columns) {
  const Forward *f = &g->f;
  Ir *b = f->b;
  MlirValue n = ir_const_index(b, keys->n), partial = null_value();
  MlirValue last =
      ir_addi(b, columns->position, ir_const_index(b, f->config.block_q - 1));
  Range seen = seen_at(g, keys, columns->position);
  Range behind = seen_at(g, keys, last);
  if (!mlirValueIsNull(seen.upper))
    partial = ir_cmpi(b, IR_SLT, ir_subi(b, seen.upper, keys->first), n);
  if (!mlirValueIsNull(behind.lower))
    partial =
        window_or(b, partial, ir_cmpi(b, IR_SGT, behind.lower, keys->first));
  // A key's document may end before the last query.
  if (!mlirValueIsNull(keys->end))
    partial = window_or(
        b, partial,
        ir_cmpi(b, IR_SLT, keys->end, ir_addi(b, last, ir_const_index(b, 1))));
  return partial;
}

/// The logits, masked if there is a query that does not see all keys.
static MlirValue masked_if_partial(const Keys *g, MlirValue s,
                                   const Columns *columns) {
  Ir *b = g->f.b;
  const Masked inner = masked_inner(g), outer = masked_outer(g);
  bool several = outer.n > 1; // queries of a single one are those that see it
  MlirValue partial = is_partial(g, &inner, columns);
  if (several)
    partial = window_or(b, partial, is_partial(g, &outer, columns));
  if (mlirValueIsNull(partial))
    return s;
  MlirType type = ir_type(s);
  IrIf branch = ir_if_begin(b, partial, 1, &type);
  MlirValue then = masked(g, &inner, s, columns);
  if (several)
    then = masked(g, &outer, then, columns);
  ir_if_else(b, &branch, 1, &then);
  ir_if_end(b, &branch, 1, &s);
  return ir_result(branch.op, 0);
}

MlirValue keys_logits(const Keys *g, const Planes *left, const Columns *columns,
                      MlirValue start) {
  MlirValue s = columns->logs;
  if (!mlirValueIsNull(start))
    s = ir_addf(g->f.b, s, start);
  for (int t = 0; t < g->f.planes; ++t)
    s = ir_contract(g->f.b, left->x[t], columns->q.x[t], false, s);
  return s;
}

MlirValue keys_d_weights(const Keys *g, MlirValue weighed,
                         const Columns *columns) {
  return keys_wants_keys(g) ? ir_contract(g->f.b, weighed, columns->d_out,
                                          false, columns->less)
                            : null_value();
}

void keys_take_columns(const Keys *g, MlirValue s, MlirValue dp,
                       const Columns *columns, Sums *sums) {
  const Forward *f = &g->f;
  Ir *b = f->b;
  s = masked_if_partial(g, s, columns);
  MlirValue p = grad_stats_probabilities(b, g->stats, s);
  if (keys_wants_values(g))
    sums->t = ir_contract(b, ir_convert(b, p, f->config.operand),
                          columns->d_out, true, sums->t);
  if (!keys_wants_keys(g))
    return;
  MlirValue ds = ir_mulf(b, p, dp);
  if (!mlirValueIsNull(sums->d))
    sums->d = load_d_sums(f, sums->d, ds);
  ds = ir_convert(b, ds, f->config.operand);
  for (int t = 0; t < f->planes; ++t)
    sums->u.x[t] = ir_contract(b, ds, columns->q.x[t], true, sums->u.x[t]);
}

// An outer key ----------------------------------------------------------------

static Planes keys_as(const Keys *g, const Planes *keys, MlirType element,
                      double bias) {
  Planes planes = {{{NULL}}};
  for (int t = 0; t < g->f.planes; ++t)
    planes.x[t] = load_as(g->f.b, keys->x[t], element, bias);
  return planes;
}

int keys_carry(const Keys *g, Sums *sums, MlirValue *values, bool out) {
  int n = 0;
  for (int t = 0; t < g->f.planes && keys_wants_keys(g); ++t, ++n)
    *(out ? &values[n] : &sums->u.x[t]) = out ? sums->u.x[t] : values[n];
  if (keys_wants_values(g)) {
    *(out ? &values[n] : &sums->t) = out ? sums->t : values[n];
    ++n;
  }
  if (!mlirValueIsNull(sums->d)) {
    *(out ? &values[n] : &sums->d) = out ? sums->d : values[n];
    ++n;
  }
  return n;
}

Sums keys_no_sums(const Keys *g) {
  Ir *b = g->f.b;
  Sums sums = {
      .t = ir_zero(b, ir_vector(ir_f32(b), IR_DIMS(keys_rows(g), g->f.dv))),
      .d = null_value()};
  for (int t = 0; t < g->f.planes; ++t)
    sums.u.x[t] =
        ir_zero(b, ir_vector(ir_f32(b), IR_DIMS(keys_rows(g), keys_width(g))));
  return sums;
}

/// What the outer keys add to the gradients of the rows, which are loaded
/// `once` (null: again, where they are used): to `own`, which has them as sums
/// are carried, or, if it is not null, to `memory`.
static void take_outer(const Keys *g, const Rows *once, MlirValue more,
                       MlirValue memory, Sums *own) {
  const Forward *f = &g->f;
  Ir *b = f->b;
  int64_t width = keys_width(g);
  Range positions = keys_positions_of(g, g->outer, g->outer_count);
  Rows rows = once ? *once : keys_load_rows(g);
  Planes left, keys;
  for (int t = 0; t < f->planes; ++t)
    keys.x[t] = keys_load_outer(g, f->outer.keys, t * width, width);
  MlirValue values = keys_load_outer(g, f->outer.values, 0, f->dv);
  Planes outer = keys_as(g, &keys, key_factor(g), f->outer.key_bias);
  Planes inner = keys_as(g, &rows.keys, key_factor(g), f->inner.key_bias);
  for (int t = 0; t < f->planes; ++t) {
    left.x[t] =
        ir_convert(b, load_combined(f, outer.x, inner.x, t), f->config.operand);
    load_share(f, left.x[t]);
  }
  MlirValue start = load_constants(f, outer.x[0], inner.x[0]);
  if (!mlirValueIsNull(start))
    start = ir_broadcast_rows(b, start, keys_columns(g));
  MlirType factor = value_factor(g);
  MlirValue weighed =
      ir_convert(b,
                 ir_mulf(b, load_as(b, values, factor, f->outer.value_bias),
                         load_as(b, rows.values, factor, f->inner.value_bias)),
                 f->config.operand);
  load_share(f, weighed);

  Sums sums = keys_no_sums(g);
  if (f->pairwise && keys_wants_keys(g))
    sums.d = ir_zero(b, ir_vector(ir_f32(b), IR_DIMS(keys_rows(g))));
  MlirValue carried[MAX_PLANES + 1];
  int n = keys_carry(g, &sums, carried, true);
  MlirValue tiles = keys_count_tiles(g, positions);
  IrLoop loop = ir_for_begin(b, ir_const_index(b, 0), tiles,
                             ir_const_index(b, 1), n, carried);
  keys_carry(g, &sums, loop.args, false);
  Place place = keys_place(g, positions, tiles, loop.iv[0]);
  Columns columns = keys_load_columns(g, &place);
  MlirValue s = keys_logits(g, &left, &columns, start);
  keys_take_columns(g, s, keys_d_weights(g, weighed, &columns), &columns,
                    &sums);
  keys_carry(g, &sums, carried, true);
  ir_for_end(b, &loop, n, carried);
  keys_carry(g, &sums, loop.results, false);

  if (f->config.local_sums) {
    keys_add_sums(g, &sums, more);
    return;
  }
  MlirValue seen = keys_rows_seen(g);
  MlirType f32 = ir_f32(b);
  outer = keys_as(g, &keys, f32, f->outer.key_bias);
  for (int t = 0; t < f->planes && keys_wants_keys(g); ++t)
    keys_add_own_keys(
        g, memory, t,
        only(g, seen, load_d_combined(f, sums.u.x, sums.d, outer.x, t, true)),
        own);
  if (!once)
    rows = keys_load_rows(g);
  inner = keys_as(g, &rows.keys, f32, f->inner.key_bias);
  for (int t = 0; t < f->planes && !mlirValueIsNull(g->keys.result); ++t)
    keys_add_part(
        g, &g->keys,
        only(g, seen, load_d_combined(f, sums.u.x, sums.d, inner.x, t, false)),
        more, t * width);
  if (!keys_wants_values(g))
    return;
  values = load_as(b, values, f32, f->outer.value_bias);
  keys_add_own_values(g, memory, only(g, seen, ir_mulf(b, sums.t, values)),
                      own);
  if (mlirValueIsNull(g->values.result))
    return;
  MlirValue inner_values = load_as(b, rows.values, f32, f->inner.value_bias);
  keys_add_part(g, &g->values, only(g, seen, ir_mulf(b, sums.t, inner_values)),
                more, 0);
}

// A tile of rows --------------------------------------------------------------

static void store(const Keys *g, MlirValue x, MlirValue memref, int64_t d,
                  double scale) {
  Ir *b = g->f.b;
  MlirType type = ir_type(x);
  x = ir_mulf(b, x, ir_const_f(b, type, scale));
  x = documents_only_seen(&g->f, false, x, g->first, g->count);
  if (!mlirValueIsNull(g->f.lengths))
    x = only(g,
             window_mask(b, ir_vector(ir_i1(b), IR_DIMS(ir_dim_size(type, 0))),
                         null_value(), g->live),
             x);
  ir_transfer_write(
      b, ir_convert(b, x, ir_element(ir_type(memref))), memref,
      (const MlirValue[]){g->f.batch, g->first, g->f.key_head,
                          ir_const_index(b, d)},
      (const unsigned[]){DIM_N, DIM_D},
      window_mask(b, ir_with_element(type, ir_i1(b)), null_value(), g->count));
}

void keys_store(const Keys *g, const Sums *sums) {
  for (int t = 0; t < g->f.planes && !mlirValueIsNull(g->d_keys); ++t)
    store(g, sums->u.x[t], g->d_keys, t * keys_width(g), g->f.scale);
  if (!mlirValueIsNull(g->d_values))
    store(g, sums->t, g->d_values, 0, 1);
}

void keys_finish(const Keys *g, MlirValue memory, Sums *own) {
  bool shares = !mlirValueIsNull(g->shares);
  if (shares && g->f.config.global_sums) // it is there
    return;
  keys_finish_own(g, memory, own);
  if (shares)
    keys_write_own(g, g->shared, own);
  else
    keys_store(g, own);
}

void keys_enter_rows(Keys *g, MlirValue first, MlirValue count) {
  const Forward *f = &g->f;
  Ir *b = f->b;
  g->first = first;
  g->live = g->count = count;
  if (!mlirValueIsNull(f->lengths))
    g->live = ir_maxsi(b, ir_const_index(b, 0),
                       ir_minsi(b, count, ir_subi(b, f->keys, first)));
}

/// How many times outer keys are taken, so many at once.
static MlirValue count_turns(const Keys *g, Range js) {
  Ir *b = g->f.b;
  MlirValue n = ir_subi(b, js.upper, js.lower), most = g->most_outer;
  if (keys_outer(g) > 1)
    n = ir_divui(b, ir_addi(b, n, ir_subi(b, most, ir_const_index(b, 1))),
                 most);
  return n;
}

/// Takes the outer keys of the n-th time of `all`. At the same trip of their
/// loops blocks with as many outer keys take the same ones, where both have
/// them, and so the same queries, which then come from a cache.
static void take_turn(Keys *g, Range js, MlirValue all, MlirValue n) {
  Ir *b = g->f.b;
  bool several = keys_outer(g) > 1;
  MlirValue most = g->most_outer, first = js.lower;
  if (several)
    first = ir_divui(b, first, most);
  MlirValue behind = ir_remui(b, first, ir_maxsi(b, all, ir_const_index(b, 1)));
  n = ir_addi(b, n, ir_subi(b, all, behind));
  n = ir_select(b, ir_cmpi(b, IR_SLT, n, all), n, ir_subi(b, n, all));
  if (several)
    n = ir_muli(b, n, most);
  g->outer = ir_addi(b, js.lower, n);
  g->outer_count = most;
  if (several)
    g->outer_count = ir_minsi(b, most, ir_subi(b, js.upper, g->outer));
  g->outer_end = documents_end(&g->f, true, g->outer);
}

/// Takes rows [first, first + count). Of outer keys before `done` there are
/// sums of the tile's other rows.
static MlirValue take_rows(Keys *g, MlirValue done) {
  const Forward *f = &g->f;
  Ir *b = f->b;
  MlirValue one = ir_const_index(b, 1);
  g->positions = keys_positions(g, g->first, ir_addi(b, g->first, g->count));
  g->first_end = documents_end(f, false, g->first);
  Range js = keys_of_share(g, grad_sums_seen(f, g->positions));
  bool again = f->config.stages > 0 && !f->config.local_rows; // on GPUs
  if (f->config.local_sums)
    g->local = ir_alloca(
        b, ir_memref(ir_f32(b), IR_DIMS(keys_rows(g), keys_local_width(g))));
  Rows rows = keys_load_rows(g);
  Sums own = keys_no_sums(g);
  MlirValue carried[MAX_PLANES + 1], memory = null_value();
  int n = keys_carry(g, &own, carried, true);
  if (f->config.split || f->config.global_sums) {
    memory = f->config.global_sums ? g->global : keys_own_memory(g);
    keys_write_own(g, memory, NULL);
    n = 0;
  }
  MlirValue turns = count_turns(g, js);
  IrLoop loop = ir_for_begin(b, ir_const_index(b, 0), turns, one, n, carried);
  take_turn(g, js, turns, loop.iv[0]);
  if (n)
    keys_carry(g, &own, loop.args, false);
  MlirValue more = ir_cmpi(b, IR_SLT, g->outer, done);
  take_outer(g, again ? NULL : &rows, more, memory, &own);
  keys_carry(g, &own, carried, true);
  ir_for_end(b, &loop, n, carried);
  if (n)
    keys_carry(g, &own, loop.results, false);
  keys_finish(g, memory, &own);
  return ir_maxsi(b, done, js.upper);
}

/// Whether an outer key or value is not finite that queries at the positions
/// see.
static MlirValue some_outer_is_not_finite(const Keys *g, Range positions) {
  const Forward *f = &g->f;
  Ir *b = f->b;
  Range js = grad_sums_seen(f, positions);
  MlirValue x = ir_zero(b, f32_vector(f, IR_DIMS(keys_rows(g))));
  x = load_not_finite(f, x, f->outer.keys, js.lower, js.upper);
  x = load_not_finite(f, x, f->outer.values, js.lower, js.upper);
  return ir_any(b, ir_cmpf(b, IR_UNO, x, x));
}

/// How many rows of the tile [first, end) are taken at once.
static MlirValue rows_at_once(const Keys *g, MlirValue first, MlirValue end) {
  const Forward *f = &g->f;
  Ir *b = f->b;
  Range positions = keys_positions(g, first, end);
  int64_t n = f->config.block_q * f->config.block_h;
  MlirType type = ir_vector(ir_f32(b), IR_DIMS(n));
  MlirValue x = ir_zero(b, type), tiles = keys_count_tiles(g, positions);
  IrLoop loop =
      ir_for_begin(b, ir_const_index(b, 0), tiles, ir_const_index(b, 1), 1, &x);
  Place place = keys_place(g, positions, tiles, loop.iv[0]);
  MlirValue mask = null_value();
  GradStatsPlace at = keys_stats_place(g, &place);
  if (!mlirValueIsNull(place.count))
    mask = window_mask(b, ir_with_element(type, ir_i1(b)), null_value(),
                       place.count);
  const unsigned dims[] = {f->config.block_q > 1 ? at.query : at.head};
  x = ir_addf(
      b, loop.args[0],
      ir_transfer_read(b, type, g->stats->finite, at.indices, dims, mask));
  ir_for_end(b, &loop, 1, &x);
  x = loop.results[0];
  MlirValue some = ir_any(b, ir_cmpf(b, IR_UNO, x, x));
  if (f->config.by_pairs)
    some = ir_ori(b, some, some_outer_is_not_finite(g, positions));
  return ir_select(b, some, ir_const_index(b, 1),
                   ir_const_index(b, keys_inner(g)));
}

/// Notes the program's strategy in words.
static void note_strategy(MlirOperation forall, const Config *c) {
  note(forall,
       "program: gradients of keys and of values, by blocks of inner "
       "keys; %s",
       c->by_pairs ? "outer ones' are the program's of q"
       : c->split  ? "another program has the other ones"
                   : "all in one program");
  if (c->by_pairs)
    note(forall, "block: %lld rows, of inner keys", (long long)c->block_k);
  else
    note(forall, "block: %lld rows: %lld x %lld, of outer and of inner keys",
         (long long)(c->block_j * c->block_k), (long long)c->block_j,
         (long long)c->block_k);
  if (c->blocks)
    note(forall,
         "blocks = %lld run at once: where tiles are few for that, several "
         "share each, with a part of %s",
         (long long)c->blocks, c->by_pairs ? "the queries" : "the outer keys");
  if (c->by_pairs) {
    note(forall,
         "step: %lld columns: %lld x %lld, of outer keys and of heads, of a "
         "query",
         (long long)config_rows(c), (long long)c->block_j,
         (long long)c->block_h);
    note(forall, "factors of columns: %s",
         c->local_outer ? "of some queries, loaded into shared memory"
                        : "loaded again for each step, from global memory");
    return;
  }
  note(forall,
       "step: %lld columns: %lld x %lld, of queries and of heads, for an outer "
       "key",
       (long long)(c->block_q * c->block_h), (long long)c->block_q,
       (long long)c->block_h);
  note(forall, "sums of inner keys and values: %s",
       c->global_sums ? "in global memory, between outer keys"
       : c->split     ? "in the block's memory, between outer keys"
                      : "carried from outer key to outer key");
  note(forall, "sums of outer keys and values: in memory, by block; "
               "other programs add them up");
  if (c->shared_left)
    note(forall, "left operands that outer keys make: in shared memory");
}

static void build(Keys *g) {
  Forward *f = &g->f;
  Ir *b = f->b;
  MlirValue size = ir_const_index(b, keys_inner(g));
  MlirValue sizes[] = {ir_dim(b, f->inner.keys, 0),
                       ir_dim(b, f->inner.keys, DIM_H),
                       ir_ceil_div(b, f->most_keys, keys_inner(g))};
  bool shares = !mlirValueIsNull(g->shares);
  if (shares) {
    sizes[2] = ir_muli(b, sizes[2], g->shares);
    g->shared = f->config.global_sums ? g->global : keys_allocate_sums(g);
  }
  const Keys all = *g;
  IrLoop blocks = ir_forall_begin(b, 3, sizes);
  queries_enter(f, blocks.iv[0]);
  f->key_head = blocks.iv[1];
  Range rows = keys_enter_block(g, blocks.iv[2]);
  MlirValue step = rows_at_once(g, rows.lower, rows.upper);
  int n = f->config.by_pairs ? 0 : 1;
  if (n)
    g->base = grad_sums_outer(g->sums, f, g->tile).lower;
  const MlirValue *begin = shares ? &g->share.lower : &g->base;
  IrLoop loop = ir_for_begin(b, rows.lower, rows.upper, step, n, begin);
  keys_enter_rows(g, loop.iv[0],
                  ir_minsi(b, step, ir_subi(b, rows.upper, loop.iv[0])));
  // Rows that are taken one by one are of one outer key.
  g->most_outer = ir_const_index(b, keys_outer(g));
  if (keys_outer(g) > 1)
    g->most_outer = ir_select(b, ir_cmpi(b, IR_EQ, step, size), g->most_outer,
                              ir_const_index(b, 1));
  MlirValue done = null_value();
  if (n)
    done = take_rows(g, loop.args[0]);
  else
    keys_take_pairs(g);
  ir_for_end(b, &loop, n, &done);
  ir_forall_end(b, &blocks);
  note_strategy(blocks.op, &f->config);
  queries_annotate(b, blocks.op, &f->config);
  if (shares)
    keys_add_shares(&all);
}

void grad_keys(const GradStats *stats, MlirValue d_out, MlirValue d_keys,
               MlirValue d_values, const GradSums *sums) {
  Keys g = {.f = sums->f,
            .stats = stats,
            .d_out = d_out,
            .d_keys = d_keys,
            .d_values = d_values,
            .sums = sums};
  if (!sums->by_query) {
    g.keys = sums->keys;
    g.values = sums->values;
  }
  bool wanted = keys_wants_keys(&g) || keys_wants_values(&g);
  if (g.f.config.blocks && wanted)
    g.shares = keys_count_shares(&g);
  if (g.f.config.global_sums && wanted)
    g.global = keys_allocate_sums(&g);
  Keys only_keys = g, only_values = g;
  only_keys.d_values = only_keys.values.result = null_value();
  only_values.d_keys = only_values.keys.result = null_value();
  if (!g.f.config.split && wanted)
    build(&g);
  if (g.f.config.split && keys_wants_keys(&g))
    build(&only_keys);
  if (g.f.config.split && keys_wants_values(&g))
    build(&only_values);
}
