// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The loops over the pairs of keys that a block of queries sees, in either
// order:
//
//     for j in outer window, or in a share of it, step block_j, or 1:
//       the tile of the outer window at j, combined with the queries
//       for k in inner window:                  (or this loop outside: "kj")
//         a program's step with it and the inner tiles from k on
//
// A step of the loop over the inner window takes `tiles` tiles of `block_k`
// keys, the last one of `block_last`. With `block_tail` there are two such
// loops, one of whole steps and one of tiles of `block_tail` keys for the rest,
// which alone are always masked. What the windows of several queries lack of
// one more whole step is less to do than a rest would be, if it is little: then
// that step goes on to keys that nobody sees. A program may take the rest with
// several outer tiles in a step.

#include "forward.h"

#include "simplicial/dialect.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <string.h>

static IrLoop begin_loop(Forward *f, Range range, int64_t block, State *state) {
  IrLoop loop =
      ir_for_begin(f->b, range.lower, range.upper, ir_const_index(f->b, block),
                   state->n, state->values);
  memcpy(state->values, loop.args, sizeof state->values);
  return loop;
}

static void end_loop(Forward *f, IrLoop *loop, State *state) {
  ir_for_end(f->b, loop, state->n, state->values);
  memcpy(state->values, loop->results, sizeof state->values);
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
static IrLoop begin_part(Forward *f, const Part *part, State *state) {
  if (part->plan.tiles == 1)
    return begin_loop(f, part->range, plan_part_step(&part->plan), state);
  state->values[state->n++] = part->range.lower;
  IrLoop loop = begin_loop(f, part->range, plan_part_step(&part->plan), state);
  --state->n;
  mlirOperationSetAttributeByName(loop.op, ir_str(SIMPLICIAL_OPTIONAL_ATTR),
                                  mlirUnitAttrGet(f->b->context));
  return loop;
}

static void end_part(Forward *f, IrLoop *loop, Part *part, State *state) {
  if (part->plan.tiles == 1) {
    end_loop(f, loop, state);
    return;
  }
  state->values[state->n++] = ir_addi(
      f->b, loop->iv[0], ir_const_index(f->b, plan_part_step(&part->plan)));
  end_loop(f, loop, state);
  part[1].range.lower = state->values[--state->n];
}

static void over_outer(Forward *f, State *state, Range js, int n,
                       const InnerTile *inner) {
  IrLoop loop = begin_loop(f, js, plan_outer_step(&f->config), state);
  OuterTile outer = load_outer(f, loop.iv[0], js);
  f->step(f, state, &outer, n, inner);
  end_loop(f, &loop, state);
}

/// The same with a few outer tiles in each step, from a multiple of them on:
/// before the first one that there is are some that all rows mask.
static void over_outer_of_rest(Forward *f, State *state, Range js,
                               const InnerTile *inner) {
  Ir *b = f->b;
  int n = f->outer_of_rest;
  int64_t step = plan_outer_step(&f->config), size = n * step;
  MlirValue some = ir_cmpi(b, IR_SLT, js.lower, js.upper);
  MlirValue of = ir_const_index(b, size);
  MlirValue multiple = ir_muli(b, ir_divui(b, js.lower, of), of);
  js.lower = ir_select(b, some, multiple, js.upper);
  IrLoop loop = begin_loop(f, js, size, state);
  OuterTile outer[MAX_OUTER];
  for (int i = 0; i < n; ++i)
    outer[i] =
        load_outer(f, ir_addi(b, loop.iv[0], ir_const_index(b, i * step)), js);
  f->rest_step(f, state, n, outer, inner);
  end_loop(f, &loop, state);
}

static State inner_stationary(Forward *f, State state, Range js, Part *part,
                              const Window *ks) {
  IrLoop over_k = begin_part(f, part, &state);
  InnerTile inner[CONFIG_MAX_TILES];
  load_inner(f, over_k.iv[0], part, ks, inner);
  if (part->plan.masked && f->outer_of_rest > 1)
    over_outer_of_rest(f, &state, js, inner);
  else
    over_outer(f, &state, js, part->plan.tiles, inner);
  end_part(f, &over_k, part, &state);
  return state;
}

/// An outer tile with all inner ones.
static State with_outer(Forward *f, State state, MlirValue j, Range js, int n,
                        Part *parts, const Window *ks) {
  OuterTile outer = load_outer(f, j, js);
  if (f->open)
    f->open(f, &state, &outer);
  for (Part *part = parts; part < parts + n; ++part) {
    IrLoop over_k = begin_part(f, part, &state);
    InnerTile inner[CONFIG_MAX_TILES];
    load_inner(f, over_k.iv[0], part, ks, inner);
    f->step(f, &state, &outer, part->plan.tiles, inner);
    end_part(f, &over_k, part, &state);
  }
  if (f->close)
    f->close(f, &state, &outer);
  return state;
}

/// Whether there is an outer key, whatever the sizes: without one there are no
/// parts.
static bool has_outer_keys(const Forward *f) {
  int64_t keys = ir_dim_size(ir_type(f->outer.keys), DIM_N);
  return !mlirValueIsNull(f->parts.n) ||
         (keys && !mlirShapedTypeIsDynamicSize(keys));
}

/// One outer tile needs no loop, unless it may have no key: nothing is loaded
/// then, not even what is masked.
static State outer_stationary(Forward *f, State state, Range js, int n,
                              Part *parts, const Window *ks) {
  if (f->one_tile && has_outer_keys(f))
    return with_outer(f, state, js.lower, js, n, parts, ks);
  IrLoop over_j = begin_loop(f, js, plan_outer_step(&f->config), &state);
  state = with_outer(f, state, over_j.iv[0], js, n, parts, ks);
  end_loop(f, &over_j, &state);
  return state;
}

State pairs_loop(Forward *f, State state, Range js, const Window *ks) {
  Part parts[MAX_PARTS];
  int n = split(f, ks->any, parts);
  if (!f->config.inner_stationary)
    return outer_stationary(f, state, js, n, parts, ks);
  for (int i = 0; i < n; ++i)
    state = inner_stationary(f, state, js, &parts[i], ks);
  return state;
}
