// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The blocks of queries of a program: an scf.forall over them, in which the
// program attends for one query or several neighbouring ones.
//
// Inner tiles are those that any of the queries sees. A masked pair counts 0,
// but 0 times a value that is not finite is not 0. So what no row sees reads as
// zero, and if one of the values is not finite that some of a block's queries
// see and some do not, or that a step would go on to, they are taken one by
// one.
//
// With `local_outer` the outer window's keys and values are loaded once for a
// block of queries, into memory of its own.

#include "forward.h"

#include "lowering/notes.h"

#include "simplicial/dialect.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <math.h>

void queries_store(Forward *f, MlirValue x, MlirValue memref,
                   const MlirValue *indices, const unsigned *memory_dims,
                   int64_t columns) {
  Ir *b = f->b;
  int64_t shape[3];
  unsigned dims[3];
  int n = load_query_dims(f, memory_dims, shape, dims);
  if (columns) {
    shape[n] = columns;
    dims[n++] = memory_dims[2];
  }
  MlirType type = ir_vector(ir_element(ir_type(x)), n, shape);
  if (!mlirTypeEqual(type, ir_type(x)))
    x = ir_shape_cast(b, x, type);
  ir_transfer_write(b, x, memref, indices, dims,
                    load_query_mask(f, n, shape, dims));
}

static void place_queries(Forward *f, MlirValue query, MlirValue count) {
  Ir *b = f->b;
  f->query = query;
  f->count = count;
  MlirValue first = ir_addi(b, query, f->shift), last = first;
  if (f->config.block_q > 1)
    last = ir_addi(b, first, ir_subi(b, count, ir_const_index(b, 1)));
  f->positions = f->outer_positions = documents_of(f, false, first, last);
  if (!mlirValueIsNull(f->ahead))
    f->outer_positions =
        documents_of(f, true, queries_outer(f, first), queries_outer(f, last));
}

/// Steps from the beginning of the outer windows in which at least one of the
/// queries has a key.
static Range steps(Forward *f, const Window *window) {
  Ir *b = f->b;
  const Queries *at = &f->outer_positions;
  Range own = window_unbounded(b, f->outer.window, f->causal, at->first);
  if (mlirValueIsNull(own.lower))
    return window->any;
  Range last = window_unbounded(b, f->outer.window, f->causal, at->last);
  MlirValue zero = ir_const_index(b, 0), begin = at->first_begin;
  if (mlirValueIsNull(begin))
    begin = zero;
  int64_t shares = plan_shares(&f->config);
  if (shares > 1) {
    int64_t keys = plan_share_keys(&f->config, f->outer.window, f->causal);
    MlirValue end = ir_const_index(b, keys);
    MlirValue others = ir_const_index(b, (shares - 1) * keys);
    last.lower = ir_addi(b, last.lower, others);
    return (Range){ir_maxsi(b, zero, ir_subi(b, begin, last.lower)), end};
  }
  return (Range){ir_maxsi(b, zero, ir_subi(b, begin, last.lower)),
                 ir_minsi(b, ir_subi(b, own.upper, own.lower),
                          ir_subi(b, f->outer_keys, own.lower))};
}

/// Attends for `count` queries from `query` on.
static void attend_block(Forward *f, MlirValue query, MlirValue count) {
  Ir *b = f->b;
  place_queries(f, query, count);
  Window outer = window_of(b, f->outer.window, f->causal, f->outer_positions,
                           f->outer_keys);
  Window inner =
      window_of(b, f->inner.window, f->causal, f->positions, f->keys);
  Range js = f->config.block_q > 1 ? steps(f, &outer) : outer.any;
  if (f->config.local_outer)
    load_local(f, &outer);
  load_query(f);
  f->attend(f, js, &inner);
}

/// Whether the keys at an end of the inner window that some of a block's
/// queries see and some do not, and those beyond it, are no more than there are
/// rows.
static bool sees_few_alone(const Forward *f) {
  int64_t keys = f->config.block_q - 1;
  if (plan_goes_beyond(&f->config))
    keys += f->config.block_last - 1;
  return mlirValueIsNull(f->start) && keys <= f->rows;
}

/// x [rows], not a number if something of keys [lower, upper) is not finite
/// that the program multiplies with what may be masked.
static MlirValue add_not_finite(Forward *f, MlirValue x, MlirValue lower,
                                MlirValue upper) {
  MlirValue (*load)(const Forward *, MlirValue, MlirValue, MlirValue,
                    MlirValue) =
      sees_few_alone(f) ? load_few_not_finite : load_not_finite;
  if (f->multiplies_keys)
    x = load(f, x, f->inner.keys, lower, upper);
  return load(f, x, f->inner.values, lower, upper);
}

/// The same of the outer keys that some queries see, and that are before
/// others' documents.
static MlirValue add_not_finite_outer(Forward *f, MlirValue x) {
  MlirValue end = f->outer_positions.last_begin;
  if (mlirValueIsNull(end))
    return x;
  Ir *b = f->b;
  Range any = window_of(b, f->outer.window, f->causal, f->outer_positions,
                        f->outer_keys)
                  .any;
  end = ir_minsi(b, end, any.upper);
  if (f->multiplies_keys)
    x = load_not_finite(f, x, f->outer.keys, any.lower, end);
  return load_not_finite(f, x, f->outer.values, any.lower, end);
}

/// How many queries of a block can be taken at once.
static MlirValue queries_at_once(Forward *f, MlirValue query, MlirValue count) {
  Ir *b = f->b;
  int64_t n = f->config.block_q;
  place_queries(f, query, count);
  Window window =
      window_of(b, f->inner.window, f->causal, f->positions, f->keys);
  MlirValue x = ir_zero(b, f32_vector(f, IR_DIMS(f->rows)));
  MlirValue end = window.any.upper, one = ir_const_index(b, 1);
  if (plan_goes_beyond(&f->config)) {
    MlirValue whole = plan_whole_keys(b, &f->config, window.any, f->keys,
                                      ir_const_int(b, ir_i1(b), 1));
    end = ir_maxsi(b, end, ir_addi(b, window.any.lower, whole));
  }
  // Both at once, unless there is no key.
  IrLoop once = ir_for_begin(b, ir_const_index(b, 0), ir_minsi(b, one, f->keys),
                             one, 1, &x);
  x = add_not_finite(f, once.args[0], window.any.lower,
                     ir_minsi(b, window.every.lower, window.any.upper));
  x = add_not_finite(f, x, ir_maxsi(b, window.every.upper, window.any.lower),
                     end);
  ir_for_end(b, &once, 1, &x);
  x = add_not_finite_outer(f, once.results[0]);
  return ir_select(b, ir_any(b, ir_cmpf(b, IR_UNO, x, x)), one,
                   ir_const_index(b, n));
}

void queries_annotate(Ir *b, MlirOperation forall, const Config *config) {
  if (config->stages)
    mlirOperationSetAttributeByName(forall, ir_str(SIMPLICIAL_STAGES_ATTR),
                                    ir_i64_attr(b, config->stages));
  if (config->producer)
    mlirOperationSetAttributeByName(forall, ir_str(SIMPLICIAL_PRODUCER_ATTR),
                                    mlirUnitAttrGet(b->context));
}

/// x less y; null: 0.
static MlirValue difference(Ir *b, bool some, MlirValue x, MlirValue y) {
  return some ? ir_subi(b, x, y) : null_value();
}

void queries_count_keys(Forward *f) {
  Ir *b = f->b;
  f->outer_keys = f->most_outer = ir_dim(b, f->outer.keys, DIM_N);
  f->keys = f->outer_keys;
  if (f->two_lengths)
    f->keys = ir_dim(b, f->inner.keys, DIM_N);
  f->places = f->most_keys = f->keys;
  f->ahead = difference(b, f->two_lengths, f->outer_keys, f->keys);
  bool places = f->two_lengths && !mlirValueIsNull(f->start);
  if (places)
    f->places = ir_dim(b, f->start, 1);
  f->outer_place = difference(b, places, f->places, f->outer_keys);
  f->inner_place = difference(b, places, f->places, f->keys);
}

MlirValue queries_outer(const Forward *f, MlirValue x) {
  return mlirValueIsNull(f->ahead) ? x : ir_addi(f->b, x, f->ahead);
}

/// A length, of which there may be 0 to `most`.
static MlirValue limited(Ir *b, MlirValue length, MlirValue most) {
  return ir_maxsi(b, ir_const_index(b, 0), ir_minsi(b, length, most));
}

void queries_enter(Forward *f, MlirValue batch) {
  f->batch = batch;
  if (mlirValueIsNull(f->lengths))
    return;
  // Fewer by how many are missing, so are positions.
  Ir *b = f->b;
  MlirValue length = ir_index_cast(
      b, ir_load(b, f->lengths, (const MlirValue[]){batch}), ir_index(b));
  MlirValue keys = limited(b, length, f->most_keys);
  MlirValue missing = ir_subi(b, f->keys, keys);
  f->shift = ir_subi(b, f->shift, missing);
  f->keys = f->outer_keys = keys;
  if (!f->two_lengths)
    return;
  f->outer_keys = limited(b, length, f->most_outer);
  f->ahead = ir_subi(b, f->outer_keys, f->keys);
}

MlirOperation queries_program(Forward *f) {
  Ir *b = f->b;
  int64_t heads = ir_dim_size(ir_type(f->q), DIM_H);
  int64_t block_h = f->config.block_h, block_q = f->config.block_q;
  MlirValue queries = ir_dim(b, f->q, DIM_N), one = ir_const_index(b, 1);
  queries_count_keys(f);
  f->shift = ir_subi(b, f->keys, queries);
  // Several queries are taken at once, or in turns.
  int64_t in_block = block_q > 1 ? block_q : f->config.turns;
  MlirValue blocks = queries;
  if (in_block > 1)
    blocks = ir_ceil_div(b, queries, in_block);
  if (!mlirValueIsNull(f->parts.n))
    blocks = ir_muli(b, blocks, f->parts.n);
  MlirValue sizes[] = {ir_dim(b, f->q, 0), ir_const_index(b, heads / block_h),
                       blocks};
  IrLoop tiles = ir_forall_begin(b, 3, sizes);
  queries_enter(f, tiles.iv[0]);
  f->head = ir_muli(b, tiles.iv[1], ir_const_index(b, block_h));
  f->key_head = ir_divui(b, f->head, ir_const_index(b, f->group));
  f->block = tiles.iv[2];
  if (!mlirValueIsNull(f->parts.n)) {
    f->part = ir_remui(b, f->block, f->parts.n);
    f->block = ir_divui(b, f->block, f->parts.n);
  }
  if (in_block <= 1) {
    attend_block(f, f->block, one);
  } else {
    MlirValue size = ir_const_index(b, in_block);
    MlirValue query = ir_muli(b, f->block, size), step = one;
    MlirValue end = ir_minsi(b, queries, ir_addi(b, query, size));
    if (block_q > 1)
      step = queries_at_once(f, query, ir_subi(b, end, query));
    if (plan_goes_beyond(&f->config))
      f->beyond = ir_cmpi(b, IR_SGT, step, one);
    if (f->begin)
      f->begin(f);
    IrLoop loop = ir_for_begin(b, query, end, step, 0, NULL);
    attend_block(f, loop.iv[0], ir_minsi(b, step, ir_subi(b, end, loop.iv[0])));
    ir_for_end(b, &loop, 0, NULL);
    if (f->finish)
      f->finish(f);
  }
  ir_forall_end(b, &tiles);
  queries_annotate(b, tiles.op, &f->config);
  return tiles.op;
}

/// Whether the types do not say that there is one length of keys.
static bool have_two_lengths(const Forward *f) {
  int64_t outer = ir_dim_size(ir_type(f->outer.keys), DIM_N);
  return mlirShapedTypeIsDynamicSize(outer) ||
         outer != ir_dim_size(ir_type(f->inner.keys), DIM_N);
}

MlirLogicalResult queries_take(Forward *f, MlirOperation op, ConfigPart part) {
  SimplicialAttentionAttributes a;
  if (mlirLogicalResultIsFailure(simplicialAttentionGetAttributes(op, &a)) ||
      mlirLogicalResultIsFailure(config_get(op, part, &f->config)))
    return mlirLogicalResultFailure();
  Side first = {ir_operand(op, SIMPLICIAL_K1), ir_operand(op, SIMPLICIAL_V1),
                a.w1, 0, 0};
  Side second = {ir_operand(op, SIMPLICIAL_K2), ir_operand(op, SIMPLICIAL_V2),
                 a.w2, a.k2_bias, a.v2_bias};
  f->swapped = plan_swaps_roles(a);
  note(op, "roles: %s",
       f->swapped ? "k2, v2 are the outer keys and values, as w2 < w1"
                  : "k1, v1 are the outer keys and values");
  f->outer = f->swapped ? second : first;
  f->inner = f->swapped ? first : second;
  f->causal = a.causal;
  f->two_lengths = a.two_lengths && have_two_lengths(f);
  f->negated = f->swapped && a.form == SIMPLICIAL_DETERMINANT;
  f->pairwise = a.form == SIMPLICIAL_PAIRWISE;
  f->planes = a.form == SIMPLICIAL_DETERMINANT ? MAX_PLANES : 1;
  f->q = ir_operand(op, SIMPLICIAL_Q);
  MlirValue bound = simplicialAttentionGetBound(op);
  if (!mlirValueIsNull(bound))
    *(ir_rank(ir_type(bound)) == 1 ? &f->lengths : &f->start) = bound;
  f->d = ir_dim_size(ir_type(f->q), DIM_D);
  f->dv = ir_dim_size(ir_type(f->outer.values), DIM_D);
  f->rows = f->config.block_q * f->config.block_h * f->config.block_j;
  f->group = ir_dim_size(ir_type(f->q), DIM_H) /
             ir_dim_size(ir_type(f->outer.keys), DIM_H);
  f->factor = load_factor(f, f->planes == 1 && f->outer.key_bias == 0);
  f->scale = a.scale != 0 ? a.scale : 1 / sqrt((double)f->d);
  f->c = f->scale / log(2);
  return mlirLogicalResultSuccess();
}
