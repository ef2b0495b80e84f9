// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The forward program where there are fewer blocks than a machine takes at
// once: several share an inner window, as split softmaxes.
//
//     parts = as many as there are blocks for, of at least a step each
//     for part in parts, beside (batch, heads, query):
//       m[part], l[part], acc[part] = the softmax of this part of the window
//     for (batch, head, query) and some columns, rows being parts:
//       w   = exp2(m - max m);  l = sum l * w
//       out = sum acc * w / l;  lse = (max m) * ln 2 + ln l
//
// How many parts there are follows from sizes alone, and they are merged in one
// order, so that results have the same bits on any machine.

#include "forward.h"

#include "lowering/notes.h"

#include "mlir-c/BuiltinTypes.h"

#include <float.h>
#include <stddef.h>

enum { FAR = 1 << 30 }; // no sequence is as long

/// The most keys of an inner window.
static MlirValue most_keys(const Forward *f) {
  int64_t most = window_most(f->inner.window, f->causal);
  MlirValue keys = ir_dim(f->b, f->inner.keys, DIM_N);
  return most ? ir_minsi(f->b, keys, ir_const_index(f->b, most)) : keys;
}

static int64_t min(int64_t x, int64_t y) { return x < y ? x : y; }
static int64_t ceil_div(int64_t x, int64_t y) { return (x + y - 1) / y; }

/// Blocks of heads.
static int64_t heads_of(const Forward *f) {
  return ir_dim_size(ir_type(f->q), DIM_H) / f->config.block_h;
}

/// A size that is known and is not 0, or else `otherwise`.
static int64_t size_or(MlirValue memref, int dim, int64_t otherwise) {
  int64_t size = ir_dim_size(ir_type(memref), dim);
  return size && !mlirShapedTypeIsDynamicSize(size) ? size : otherwise;
}

/// The rows in which parts are merged: as many as there may be, or in turns.
static int64_t rows_of_parts(const Forward *f) {
  enum { STEP = 16, MOST = 128 };
  int64_t others = heads_of(f) * size_or(f->q, 0, 1) * size_or(f->q, DIM_N, 1);
  int64_t keys = size_or(f->inner.keys, DIM_N, FAR);
  int64_t most = window_most(f->inner.window, f->causal);
  if (most)
    keys = min(keys, most);
  int64_t steps = ceil_div(keys, config_step(&f->config));
  int64_t parts = min(f->config.blocks / others, steps);
  return min(MOST, parts ? ceil_div(parts, STEP) * STEP : STEP);
}

/// x / y, not less than 1, rounded up; y is not 0.
static MlirValue quotient(Ir *b, MlirValue x, MlirValue y) {
  MlirValue one = ir_const_index(b, 1);
  return ir_maxsi(b, one, ir_divui(b, ir_subi(b, ir_addi(b, x, y), one), y));
}

MlirValue forward_count_parts(Ir *b, MlirValue steps, MlirValue wanted) {
  return quotient(b, steps, quotient(b, steps, wanted));
}

Range forward_part(Ir *b, Range all, int64_t step, MlirValue parts,
                   MlirValue part) {
  MlirValue length =
      ir_maxsi(b, ir_subi(b, all.upper, all.lower), ir_const_index(b, 0));
  // In each part ceil(steps / parts) of them.
  MlirValue each = ir_muli(b, quotient(b, ir_ceil_div(b, length, step), parts),
                           ir_const_index(b, step));
  Range own;
  own.lower =
      ir_minsi(b, all.upper, ir_addi(b, all.lower, ir_muli(b, part, each)));
  own.upper = ir_minsi(b, all.upper, ir_addi(b, own.lower, each));
  return own;
}

/// How many parts there are: at least one, and none without a step; without an
/// outer key none at all, as blocks load some even where they mask them.
static MlirValue count(const Forward *f) {
  Ir *b = f->b;
  MlirValue zero = ir_const_index(b, 0), one = ir_const_index(b, 1);
  MlirValue blocks = ir_muli(b, ir_dim(b, f->q, 0), ir_dim(b, f->q, DIM_N));
  blocks = ir_muli(b, blocks, ir_const_index(b, heads_of(f)));
  MlirValue wanted = ir_divui(b, ir_const_index(b, f->config.blocks),
                              ir_maxsi(b, blocks, one));
  MlirValue steps = ir_ceil_div(b, most_keys(f), config_step(&f->config));
  MlirValue parts = forward_count_parts(b, steps, ir_maxsi(b, one, wanted));
  MlirValue some = ir_cmpi(b, IR_SLT, zero, ir_dim(b, f->outer.keys, DIM_N));
  return ir_select(b, some, parts, zero);
}

Window forward_part_of(Forward *f, const Window *window) {
  Range own = forward_part(f->b, window->any, config_step(&f->config),
                           f->parts.n, f->part);
  return (Window){own, own};
}

/// Memory for a number, or Dv of them, of each (query, head) and part.
static MlirValue parts_of(const Forward *f, bool heads_first, bool columns) {
  Ir *b = f->b;
  const int64_t any = mlirShapedTypeGetDynamicSize();
  MlirType q = ir_type(f->q);
  int64_t shape[] = {ir_dim_size(q, 0), any, ir_dim_size(q, DIM_H), any, f->dv};
  MlirValue batches = ir_dim(b, f->q, 0), queries = ir_dim(b, f->q, DIM_N);
  MlirValue heads = ir_const_index(b, ir_dim_size(q, DIM_H));
  MlirValue sizes[] = {batches, queries, heads, f->parts.n, null_value()};
  if (heads_first) {
    shape[1] = shape[2], shape[2] = any;
    sizes[1] = heads, sizes[2] = queries;
  }
  MlirType type = ir_memref(ir_f32(b), columns ? 5 : 4, shape);
  return ir_alloc_sized(b, type, sizes);
}

/// Numbers of parts, from `part` on: `none` behind the last one.
static MlirValue read(const Forward *f, MlirValue memref, MlirValue part,
                      MlirValue mask, float none) {
  Ir *b = f->b;
  MlirType rows = f32_vector(f, IR_DIMS(f->rows));
  MlirValue x = ir_transfer_read(
      b, rows, memref, (const MlirValue[]){f->batch, f->head, f->query, part},
      (const unsigned[]){3}, mask);
  return ir_select(b, mask, x, ir_const_f(b, rows, none));
}

/// The state with more parts, from `part` on, a row each.
static Softmax with_parts(Forward *f, Softmax state, const WindowParts *parts,
                          MlirValue part) {
  Ir *b = f->b;
  MlirValue n = ir_subi(b, parts->n, part), before = state.m;
  MlirType i1 = ir_i1(b);
  MlirValue mask =
      ir_create_mask(b, IR_LIST(MlirValue, n), ir_vector(i1, IR_DIMS(f->rows)));
  MlirValue m = read(f, parts->m, part, mask, -FLT_MAX);
  state.m = ir_maxnumf(b, before, m);
  MlirValue a = ir_exp2(b, ir_subf(b, before, state.m));
  MlirValue w = ir_exp2(b, ir_subf(b, m, state.m));
  state.l =
      ir_fma(b, state.l, a, ir_mulf(b, read(f, parts->l, part, mask, 0), w));
  if (mlirValueIsNull(parts->acc))
    return state;
  MlirType tile = f32_vector(f, IR_DIMS(f->rows, f->dv));
  MlirValue x = ir_transfer_read(
      b, tile, parts->acc,
      (const MlirValue[]){f->batch, f->query, f->head, part, f->column},
      (const unsigned[]){3, 4},
      window_mask(b, ir_vector(i1, IR_DIMS(f->rows, f->dv)), null_value(), n));
  state.acc = ir_fma(b, state.acc, ir_broadcast_rows(b, a, f->dv),
                     ir_mulf(b, x, ir_broadcast_rows(b, w, f->dv)));
  return state;
}

/// The columns that a block merges: not many, since there are few rows of them.
static int64_t columns_of_block(const Forward *f) {
  enum { MANY = 32, FEW = 16 };
  if (f->dv % FEW)
    return f->dv;
  return f->dv % MANY ? FEW : MANY;
}

/// Writes what the parts are together.
static void merge(Forward *f, const WindowParts *parts) {
  Ir *b = f->b;
  f->rows = rows_of_parts(f);
  f->config = (Config){.block_q = 1, .block_h = 1, .block_j = f->rows};
  int64_t columns = columns_of_block(f);
  MlirValue n =
      ir_const_index(b, mlirValueIsNull(parts->acc) ? 1 : f->dv / columns);
  MlirValue heads = ir_const_index(b, ir_dim_size(ir_type(f->q), DIM_H));
  MlirValue sizes[] = {ir_dim(b, f->q, 0), ir_muli(b, heads, n),
                       ir_dim(b, f->q, DIM_N)};
  IrLoop blocks = ir_forall_begin(b, 3, sizes);
  f->batch = blocks.iv[0];
  f->head = ir_divui(b, blocks.iv[1], n);
  f->query = blocks.iv[2];
  f->column =
      ir_muli(b, ir_remui(b, blocks.iv[1], n), ir_const_index(b, columns));
  f->dv = columns;
  Softmax state = softmax_begin(f);
  IrLoop loop = ir_for_begin(b, ir_const_index(b, 0), parts->n,
                             ir_const_index(b, f->rows), 3,
                             (MlirValue[]){state.m, state.l, state.acc});
  state = (Softmax){loop.args[0], loop.args[1], loop.args[2], null_value()};
  state = with_parts(f, state, parts, loop.iv[0]);
  ir_for_end(b, &loop, 3, (const MlirValue[]){state.m, state.l, state.acc});
  forward_finish(f, (Softmax){loop.results[0], loop.results[1], loop.results[2],
                              null_value()});
  ir_forall_end(b, &blocks);
  note(blocks.op, "program: merges what blocks made of their parts of windows");
}

MlirOperation forward_by_parts(Forward *f) {
  Forward part = *f;
  part.parts.n = count(&part);
  part.parts.m = parts_of(&part, true, false);
  part.parts.l = parts_of(&part, true, false);
  if (!mlirValueIsNull(f->out))
    part.parts.acc = parts_of(&part, false, true);
  MlirOperation program = forward_program(&part);
  Forward whole = *f;
  merge(&whole, &part.parts);
  return program;
}
