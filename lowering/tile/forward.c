// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The forward tile program of 2-simplicial attention.
//
// A tile's rows are `block_h` heads that share their keys, times what fills it
// where those are few:
//
//  - `block_j` keys of the outer window; row = j * block_h + head. A head's
//    rows are merged at the end, as split softmaxes are.
//  - `block_q` neighbouring queries; row = query * block_h + head. In each step
//    every row takes the next key of its own outer window. Inner tiles are
//    those that any of the queries sees, and where not all of them do, each row
//    has a mask of its own.
//  - both, each query's outer window being divided in `block_j` shares; row =
//    (share * block_q + query) * block_h + head. In each step every row takes
//    the next key of its own share.
//
// Every row runs its own online softmax in base 2 (softmax.c): m is its
// maximum, l its sum. For a block of queries:
//
//     for j in outer window, step block_j:
//       A  = combine(q, ko[j]);  V1 = vo[j]     [rows, D], [rows, Dv]
//       for k in inner window:                  (or this loop outside: "kj")
//         m, l, acc = with A, V1 and the inner tiles from k on
//     w   = exp2(m - max_j m);  l = sum_j l * w
//     out = sum_j acc * w / l;  lse = (max_j m) * ln 2 + ln l
//
// The loop over blocks of queries is queries.c's, those over j and k are
// pairs.c's.

#include "forward.h"
#include "tile.h"

#include "lowering/notes.h"

#include "simplicial/dialect.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <float.h>
#include <math.h>
#include <stddef.h>

/// As loops carry it.
static State carried(Softmax s) { return (State){3, {s.m, s.l, s.acc}}; }

static Softmax softmax_of(const State *state) {
  return (Softmax){state->values[0], state->values[1], state->values[2],
                   null_value()};
}

static void step(Forward *f, State *state, const OuterTile *outer, int n,
                 const InnerTile *inner) {
  *state = carried(softmax_step(f, softmax_of(state), outer, n, inner));
}

static void rest_step(Forward *f, State *state, int n, const OuterTile *outer,
                      const InnerTile *inner) {
  *state = carried(softmax_rest_step(f, softmax_of(state), n, outer, inner));
}

static void open(Forward *f, State *state, const OuterTile *outer) {
  (void)outer;
  *state = carried(softmax_open(f, softmax_of(state)));
}

static void close(Forward *f, State *state, const OuterTile *outer) {
  *state = carried(softmax_close(f, softmax_of(state), outer));
}

/// Writes x [heads], or [heads, columns], of the block's queries, or of their
/// part of a window.
static void store(Forward *f, MlirValue x, MlirValue memref, bool heads_first,
                  int64_t columns) {
  MlirValue indices[IR_MAX_RANK] = {f->batch, f->query, f->head};
  unsigned n = 3, dims[] = {DIM_N, DIM_H, DIM_D};
  if (heads_first) {
    indices[1] = f->head, indices[2] = f->query;
    dims[0] = 2, dims[1] = 1;
  }
  if (!mlirValueIsNull(f->parts.n))
    indices[n++] = f->part;
  dims[2] = n;
  if (columns)
    indices[n] =
        mlirValueIsNull(f->column) ? ir_const_index(f->b, 0) : f->column;
  queries_store(f, x, memref, indices, dims, columns);
}

/// The rows of each head as one: m, l [heads], acc [heads, Dv].
static Softmax merged(Forward *f, Softmax state) {
  Ir *b = f->b;
  int64_t j = f->config.block_j, pairs = f->rows / j;
  MlirType split = f32_vector(f, IR_DIMS(j, pairs));
  MlirType split_d = f32_vector(f, IR_DIMS(j, pairs, f->dv));
  MlirType per_head = f32_vector(f, IR_DIMS(pairs));
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
      ir_zero(b, f32_vector(f, IR_DIMS(pairs, f->dv))));
  return (Softmax){m, l, acc, null_value()};
}

static void finish_part(Forward *f, Softmax state) {
  store(f, state.m, f->parts.m, true, 0);
  store(f, state.l, f->parts.l, true, 0);
  if (!mlirValueIsNull(f->parts.acc))
    store(f, state.acc, f->parts.acc, false, f->dv);
}

void forward_finish(Forward *f, Softmax state) {
  Ir *b = f->b;
  state = merged(f, state);
  if (!mlirValueIsNull(f->parts.n)) {
    finish_part(f, state);
    return;
  }
  // A query without an allowed pair has l = 0. Its acc is 0 too, or, beside
  // queries that see values that are not finite, not a number.
  MlirType per_head = ir_type(state.l), per_head_d = ir_type(state.acc);
  MlirValue zero = ir_zero(b, per_head);
  MlirValue none = ir_cmpf(b, IR_OEQ, state.l, zero);
  MlirValue inverse =
      ir_select(b, none, zero, ir_divf(b, ir_const_f(b, per_head, 1), state.l));
  MlirValue out = ir_mulf(b, state.acc, ir_broadcast_rows(b, inverse, f->dv));
  if (f->config.block_q > 1)
    out = ir_select(b, ir_broadcast_rows(b, none, f->dv),
                    ir_zero(b, per_head_d), out);
  if (!mlirValueIsNull(f->out))
    store(f, ir_convert(b, out, ir_element(ir_type(f->out))), f->out, false,
          f->dv);
  if (mlirValueIsNull(f->lse))
    return;
  MlirValue lse =
      ir_fma(b, state.m, ir_const_f(b, per_head, log(2)), ir_log(b, state.l));
  // Of several blocks with the same rows the first one writes it.
  MlirValue first = f->column, one = ir_const_index(b, 1);
  IrLoop loop;
  if (!mlirValueIsNull(first))
    loop = ir_for_begin(b, first, one, one, 0, NULL);
  store(f, lse, f->lse, true, 0);
  if (!mlirValueIsNull(first))
    ir_for_end(b, &loop, 0, NULL);
}

static void attend(Forward *f, Range js, const Window *ks) {
  Window own = *ks;
  if (!mlirValueIsNull(f->parts.n))
    own = forward_part_of(f, ks);
  // Where no loop over outer keys does nothing, that over inner keys must.
  if (f->one_tile)
    own.any.upper = ir_select(f->b, ir_cmpi(f->b, IR_SLT, js.lower, js.upper),
                              own.any.upper, own.any.lower);
  State state = pairs_loop(f, carried(softmax_begin(f)), js, &own);
  forward_finish(f, softmax_of(&state));
}

MlirOperation forward_program(Forward *f) {
  f->step = step;
  f->attend = attend;
  if (!f->config.inner_stationary) {
    f->open = open;
    f->close = close;
    f->one_tile =
        plan_has_one_outer_tile(&f->config, f->outer.window, f->causal);
  }
  f->outer_of_rest = (int)plan_outer_of_rest(
      &f->config, f->outer.window, f->causal, f->d > f->dv ? f->d : f->dv);
  f->rest_step = rest_step;
  f->early_values = plan_takes_values_early(&f->config, f->dv);
  f->wide_values = plan_widens_values(&f->config, f->outer.window, f->causal);
  return queries_program(f);
}

/// The memref.alloc of a buffer that has one use only, which writes it; null
/// for any other buffer.
static MlirOperation unread_buffer(MlirValue buffer) {
  MlirOpOperand use = mlirValueGetFirstUse(buffer);
  bool unread = ir_is(ir_def(buffer), "memref.alloc") &&
                mlirOpOperandIsNull(mlirOpOperandGetNextUse(use));
  return unread ? ir_def(buffer) : (MlirOperation){NULL};
}

/// The program of a strategy.
static MlirLogicalResult program(Ir *b, MlirOperation op, MlirOperation unread,
                                 ConfigPart part) {
  Forward f = {.b = b};
  if (mlirLogicalResultIsFailure(queries_take(&f, op, part)))
    return mlirLogicalResultFailure();
  if (mlirOperationIsNull(unread))
    f.out = ir_operand(op, SIMPLICIAL_OUT);
  int bounds = !mlirValueIsNull(simplicialAttentionGetBound(op));
  if ((int)mlirOperationGetNumOperands(op) - bounds > SIMPLICIAL_LSE)
    f.lse = ir_operand(op, SIMPLICIAL_LSE);
  notes_set(f.config.blocks ? forward_by_parts(&f) : forward_program(&f),
            notes_get(op));
  return mlirLogicalResultSuccess();
}

/// A program for few queries, and one for many.
static MlirLogicalResult programs(Ir *b, MlirOperation op,
                                  MlirOperation unread) {
  Config config;
  if (mlirLogicalResultIsFailure(config_get(op, CONFIG_FEW, &config)))
    return mlirLogicalResultFailure();
  MlirValue q = ir_operand(op, SIMPLICIAL_Q), queries = ir_dim(b, q, DIM_N);
  MlirValue few = ir_cmpi(b, IR_SLT, queries,
                          ir_const_index(b, SIMPLICIAL_FEW_QUERIES + 1));
  if (config.queries) {
    MlirValue all = ir_muli(b, ir_dim(b, q, 0), queries);
    few = ir_ori(
        b, few, ir_cmpi(b, IR_SLT, all, ir_const_index(b, config.queries + 1)));
  }
  IrIf branch = ir_if_begin(b, few, 0, NULL);
  notes_exchange(op);
  if (mlirLogicalResultIsFailure(program(b, op, unread, CONFIG_FEW)))
    return mlirLogicalResultFailure();
  ir_if_else(b, &branch, 0, NULL);
  notes_exchange(op);
  if (mlirLogicalResultIsFailure(program(b, op, unread, CONFIG_FORWARD)))
    return mlirLogicalResultFailure();
  ir_if_end(b, &branch, 0, NULL);
  return mlirLogicalResultSuccess();
}

MlirLogicalResult tile_forward(MlirOperation op) {
  Ir b = ir_before(op);
  MlirOperation unread = unread_buffer(ir_operand(op, SIMPLICIAL_OUT));
  MlirLogicalResult result = config_has_few(op)
                                 ? programs(&b, op, unread)
                                 : program(&b, op, unread, CONFIG_FORWARD);
  if (mlirLogicalResultIsFailure(result))
    return result;
  mlirOperationDestroy(op);
  if (!mlirOperationIsNull(unread))
    mlirOperationDestroy(unread);
  return result;
}
