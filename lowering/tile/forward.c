// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The forward tile program of 2-simplicial attention.
//
// A tile's rows are `block_h` heads that share their keys, times one of two
// things that fill it where those are few:
//
//  - `block_j` keys of the outer window; row = j * block_h + head. A head's
//    rows are merged at the end, as split softmaxes are.
//  - `block_q` neighbouring queries; row = query * block_h + head. In each step
//    every row takes the next key of its own outer window. Inner tiles are
//    those that any of the queries sees, and where not all of them do, each row
//    has a mask of its own.
//
// Every row runs its own online softmax in base 2 (softmax.c): m is its
// maximum, l its sum. For a block of queries:
//
//     for j in outer window, step block_j:
//       A  = combine(q, ko[j]);  V1 = vo[j]     [rows, D], by row
//       for k in inner window:                  (or this loop outside: "kj")
//         m, l, acc = with A, V1 and the inner tiles from k on
//     w   = exp2(m - max_j m);  l = sum_j l * w
//     out = sum_j acc * w / l;  lse = (max_j m) * ln 2 + ln l
//
// A step of the loop over the inner window takes `tiles` tiles of `block_k`
// keys, the last one of `block_last`. With `block_tail` there are two such
// loops, one of whole steps and one of tiles of `block_tail` keys for the rest,
// which alone are always masked. What the windows of several queries lack of
// one more whole step is less to do than a rest would be, if it is little: then
// that step goes on to keys that nobody sees.
//
// With `local_outer` the outer window's keys and values are loaded once for a
// block of queries, into memory of its own.
//
// A masked logit has p = 0, but 0 times a value that is not finite is not 0. So
// what no row sees reads as zero, and if one of the values is not finite that
// some of a block's queries see and some do not, or that a step would go on to,
// they are taken one by one.

#include "forward.h"
#include "tile.h"

#include "lowering/notes.h"

#include "simplicial/dialect.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <float.h>
#include <math.h>
#include <stddef.h>

// The two loops ---------------------------------------------------------------

static IrLoop begin_loop(Forward *f, Range range, int64_t block,
                         Softmax *state) {
  MlirValue inits[] = {state->m, state->l, state->acc};
  IrLoop loop = ir_for_begin(f->b, range.lower, range.upper,
                             ir_const_index(f->b, block), 3, inits);
  *state = (Softmax){loop.args[0], loop.args[1], loop.args[2], null_value()};
  return loop;
}

static void end_loop(Forward *f, IrLoop *loop, Softmax *state) {
  MlirValue yields[] = {state->m, state->l, state->acc};
  ir_for_end(f->b, loop, 3, yields);
  *state = (Softmax){loop->results[0], loop->results[1], loop->results[2],
                     null_value()};
}

/// The inner window in parts: whole steps, and the rest.
static int split(Forward *f, Range window, Part parts[MAX_PARTS]) {
  PlanPart plan[MAX_PARTS];
  int n = plan_parts(&f->config, plan);
  for (int i = 0; i < n; ++i)
    parts[i] =
        (Part){plan[i], window, plan[i].masked ? window.upper : null_value()};
  if (n > 1)
    parts[0].range.upper = parts[1].range.lower =
        ir_addi(f->b, window.lower,
                plan_whole_keys(f->b, &f->config, window, f->keys, f->beyond));
  return n;
}

/// Begins the loop over the steps of a part. One of several tiles may as well
/// be left out: it gives where the next part begins.
static IrLoop begin_part(Forward *f, const Part *part, Softmax *state) {
  if (part->plan.tiles == 1)
    return begin_loop(f, part->range, plan_part_step(&part->plan), state);
  MlirValue inits[] = {state->m, state->l, state->acc, part->range.lower};
  IrLoop loop =
      ir_for_begin(f->b, part->range.lower, part->range.upper,
                   ir_const_index(f->b, plan_part_step(&part->plan)), 4, inits);
  mlirOperationSetAttributeByName(loop.op, ir_str(SIMPLICIAL_OPTIONAL_ATTR),
                                  mlirUnitAttrGet(f->b->context));
  *state = (Softmax){loop.args[0], loop.args[1], loop.args[2], null_value()};
  return loop;
}

static void end_part(Forward *f, IrLoop *loop, Part *part, Softmax *state) {
  if (part->plan.tiles == 1) {
    end_loop(f, loop, state);
    return;
  }
  MlirValue next = ir_addi(f->b, loop->iv[0],
                           ir_const_index(f->b, plan_part_step(&part->plan)));
  MlirValue yields[] = {state->m, state->l, state->acc, next};
  ir_for_end(f->b, loop, 4, yields);
  *state = (Softmax){loop->results[0], loop->results[1], loop->results[2],
                     null_value()};
  part[1].range.lower = loop->results[3];
}

static Softmax inner_stationary(Forward *f, Softmax state, Range js, Part *part,
                                const Window *ks) {
  IrLoop over_k = begin_part(f, part, &state);
  InnerTile inner[CONFIG_MAX_TILES];
  load_inner(f, over_k.iv[0], part, ks, inner);
  IrLoop over_j = begin_loop(f, js, f->config.block_j, &state);
  OuterTile outer = load_outer(f, over_j.iv[0], js);
  state = softmax_step(f, state, &outer, part->plan.tiles, inner);
  end_loop(f, &over_j, &state);
  end_part(f, &over_k, part, &state);
  return state;
}

static Softmax outer_stationary(Forward *f, Softmax state, Range js, int n,
                                Part *parts, const Window *ks) {
  IrLoop over_j = begin_loop(f, js, f->config.block_j, &state);
  OuterTile outer = load_outer(f, over_j.iv[0], js);
  for (Part *part = parts; part < parts + n; ++part) {
    IrLoop over_k = begin_part(f, part, &state);
    InnerTile inner[CONFIG_MAX_TILES];
    load_inner(f, over_k.iv[0], part, ks, inner);
    state = softmax_step(f, state, &outer, part->plan.tiles, inner);
    end_part(f, &over_k, part, &state);
  }
  end_loop(f, &over_j, &state);
  return state;
}

static Softmax attend(Forward *f, Range js, const Window *ks) {
  Softmax state = softmax_begin(f);
  Part parts[MAX_PARTS];
  int n = split(f, ks->any, parts);
  if (!f->config.inner_stationary)
    return outer_stationary(f, state, js, n, parts, ks);
  for (int i = 0; i < n; ++i)
    state = inner_stationary(f, state, js, &parts[i], ks);
  return state;
}

/// Writes values by (query, head), and columns if `columns` is not 0.
static void write(Forward *f, MlirValue x, MlirValue memref,
                  const MlirValue *indices, const unsigned *memory_dims,
                  int64_t columns) {
  Ir *b = f->b;
  int64_t shape[3];
  unsigned dims[3];
  int n = load_query_dims(f, shape, dims);
  for (int i = 0; i < n; ++i)
    dims[i] = memory_dims[dims[i] == DIM_N ? 0 : 1];
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

/// Merges the rows of each head and writes the tile's results.
static void finish(Forward *f, Softmax state) {
  Ir *b = f->b;
  int64_t j = f->config.block_j, pairs = f->rows / j;
  MlirType split = f32_vector(f, IR_DIMS(j, pairs));
  MlirType split_d = f32_vector(f, IR_DIMS(j, pairs, f->d));
  MlirType per_head = f32_vector(f, IR_DIMS(pairs));
  MlirType per_head_d = f32_vector(f, IR_DIMS(pairs, f->d));

  if (f->config.sum_columns > 1)
    state.l = softmax_row_sum(f, state.l);
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
  if (!mlirValueIsNull(f->out))
    write(f, ir_convert(b, out, ir_element(ir_type(f->out))), f->out,
          (const MlirValue[]){f->batch, f->query, f->head, zero_index},
          (const unsigned[]){DIM_N, DIM_H, DIM_D}, f->d);
  if (mlirValueIsNull(f->lse))
    return;
  MlirValue lse = ir_fma(b, m, ir_const_f(b, per_head, log(2)), ir_log(b, l));
  write(f, lse, f->lse, (const MlirValue[]){f->batch, f->head, f->query},
        (const unsigned[]){2, 1}, 0);
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

/// Attends for `count` queries from `query` on.
static void attend_block(Forward *f, MlirValue query, MlirValue count) {
  Ir *b = f->b;
  place_queries(f, query, count);
  Window outer =
      window_of(b, f->outer.window, f->causal, f->positions, f->keys);
  Window inner =
      window_of(b, f->inner.window, f->causal, f->positions, f->keys);
  Range js = f->config.block_q > 1 ? steps(f, &outer) : outer.any;
  if (f->config.local_outer)
    load_local(f, &outer);
  load_query(f);
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
  Ir *b = f->b;
  int64_t n = f->config.block_q;
  place_queries(f, query, count);
  Window window =
      window_of(b, f->inner.window, f->causal, f->positions, f->keys);
  MlirValue x = ir_zero(b, f32_vector(f, IR_DIMS(f->rows)));
  x = add_not_finite(f, x, window.any.lower,
                     ir_minsi(b, window.every.lower, window.any.upper));
  MlirValue end = window.any.upper;
  if (plan_goes_beyond(&f->config)) {
    MlirValue whole = plan_whole_keys(b, &f->config, window.any, f->keys,
                                      ir_const_int(b, ir_i1(b), 1));
    end = ir_maxsi(b, end, ir_addi(b, window.any.lower, whole));
  }
  x = add_not_finite(f, x, ir_maxsi(b, window.every.upper, window.any.lower),
                     end);
  return ir_select(b, ir_any(b, ir_cmpf(b, IR_UNO, x, x)), ir_const_index(b, 1),
                   ir_const_index(b, n));
}

/// The scf.forall of the program.
static MlirOperation build(Forward *f) {
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
    if (plan_goes_beyond(&f->config))
      f->beyond = ir_cmpi(b, IR_SGT, step, one);
    IrLoop loop = ir_for_begin(b, query, end, step, 0, NULL);
    attend_block(f, loop.iv[0], ir_minsi(b, step, ir_subi(b, end, loop.iv[0])));
    ir_for_end(b, &loop, 0, NULL);
  }
  ir_forall_end(b, &tiles);
  if (f->config.stages)
    mlirOperationSetAttributeByName(tiles.op, ir_str(SIMPLICIAL_STAGES_ATTR),
                                    ir_i64_attr(b, f->config.stages));
  if (f->config.producer)
    mlirOperationSetAttributeByName(tiles.op, ir_str(SIMPLICIAL_PRODUCER_ATTR),
                                    mlirUnitAttrGet(b->context));
  return tiles.op;
}

/// The memref.alloc of a buffer that has one use only, which writes it; null
/// for any other buffer.
static MlirOperation unread_buffer(MlirValue buffer) {
  MlirOpOperand use = mlirValueGetFirstUse(buffer);
  bool unread = ir_is(ir_def(buffer), "memref.alloc") &&
                mlirOpOperandIsNull(mlirOpOperandGetNextUse(use));
  return unread ? ir_def(buffer) : (MlirOperation){NULL};
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
  bool swap = plan_swaps_roles(a);
  note(op, "roles: %s",
       swap ? "k2, v2 are the outer keys and values, as w2 < w1"
            : "k1, v1 are the outer keys and values");
  f.outer = swap ? second : first;
  f.inner = swap ? first : second;
  f.causal = a.causal;
  f.negated = swap && a.form == SIMPLICIAL_DETERMINANT;
  f.planes = a.form == SIMPLICIAL_DETERMINANT ? MAX_PLANES : 1;
  f.q = ir_operand(op, SIMPLICIAL_Q);
  MlirOperation unread = unread_buffer(ir_operand(op, SIMPLICIAL_OUT));
  if (mlirOperationIsNull(unread))
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
  notes_set(build(&f), notes_get(op));
  mlirOperationDestroy(op);
  if (!mlirOperationIsNull(unread))
    mlirOperationDestroy(unread);
  return mlirLogicalResultSuccess();
}
