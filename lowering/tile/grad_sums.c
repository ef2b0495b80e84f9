// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What outer keys' gradients are the sums of: a part of each tile of inner keys
// that is in a window together with them, or of queries that see them.
//
//     sums[b, h, t, j - base(t)]   of tile t, whose outer keys begin at base(t)
//
//     for a tile of outer keys j, as rows:
//       for t in tiles that have a part of some j:
//         x = x + sums[t] of those j that tile t has
//       result[j] = x * scale
//
// Of R inner keys and the queries that see them there are at most R + w1 + w2 -
// 2 outer ones (causal; without, twice the windows), of R queries R + w1 - 1,
// w1 being the outer window; or all.

#include "grad_sums.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <stddef.h>

enum { ROWS = 32 };

// Tiles -----------------------------------------------------------------------

Range grad_sums_seers(const Forward *f, bool outer, MlirValue first,
                      MlirValue last) {
  Ir *b = f->b;
  int64_t width = outer ? f->outer.window : f->inner.window;
  MlirValue key = last;
  if (outer && !mlirValueIsNull(f->ahead)) {
    first = ir_subi(b, first, f->ahead);
    last = ir_subi(b, last, f->ahead);
  }
  // Of a symmetric window, who sees a key is what a query there sees.
  Range range = {window_unbounded(b, width, false, first).lower,
                 window_unbounded(b, width, false, last).upper};
  if (f->causal)
    range.lower = first;
  range.lower = mlirValueIsNull(range.lower)
                    ? f->shift
                    : ir_maxsi(b, range.lower, f->shift);
  range.upper = mlirValueIsNull(range.upper)
                    ? f->keys
                    : ir_minsi(b, range.upper, f->keys);
  MlirValue end = documents_end(f, outer, key);
  if (!mlirValueIsNull(end))
    range.upper = ir_minsi(b, range.upper, end);
  return range;
}

Range grad_sums_seen(const Forward *f, Range positions) {
  Ir *b = f->b;
  MlirValue first = queries_outer(f, positions.lower);
  MlirValue end = queries_outer(f, positions.upper);
  Queries queries = {.first = first,
                     .last = ir_subi(b, end, ir_const_index(b, 1)),
                     .first_begin = documents_begin(f, true, first)};
  Range outer =
      window_of(b, f->outer.window, f->causal, queries, f->outer_keys).any;
  MlirValue some = ir_cmpi(b, IR_SLT, positions.lower, positions.upper);
  outer.upper = ir_select(b, some, outer.upper, outer.lower);
  return outer;
}

/// How many there are of what tiles are of.
static MlirValue all_of(const GradSums *g) {
  return g->by_query ? ir_dim(g->f.b, g->f.q, DIM_N) : g->f.most_keys;
}

Range grad_sums_outer(const GradSums *g, const Forward *at, MlirValue t) {
  Forward in = g->f;
  const Forward *f = &in;
  Ir *b = f->b;
  in.batch = at->batch;
  in.keys = at->keys;
  in.outer_keys = at->outer_keys;
  in.ahead = at->ahead;
  in.shift = at->shift;
  MlirValue size = ir_const_index(b, g->size), first = ir_muli(b, t, size);
  Range tile = {first, ir_minsi(b, all_of(g), ir_addi(b, first, size))};
  if (g->by_query)
    return grad_sums_seen(f, (Range){ir_addi(b, tile.lower, f->shift),
                                     ir_addi(b, tile.upper, f->shift)});
  MlirValue last = ir_subi(b, tile.upper, ir_const_index(b, 1));
  return grad_sums_seen(f, grad_sums_seers(f, false, tile.lower, last));
}

/// The tiles that have a part of some of the outer keys [j, end), or more.
static Range tiles_of(const GradSums *g, MlirValue j, MlirValue end) {
  const Forward *f = &g->f;
  Ir *b = f->b;
  MlirValue one = ir_const_index(b, 1), size = ir_const_index(b, g->size);
  Range positions = grad_sums_seers(f, true, j, ir_subi(b, end, one));
  Range some = {ir_subi(b, positions.lower, f->shift),
                ir_subi(b, positions.upper, f->shift)};
  if (!g->by_query) {
    Queries queries = {.first = positions.lower,
                       .last = ir_subi(b, positions.upper, one)};
    some = window_of(b, f->inner.window, f->causal, queries, f->keys).any;
  }
  MlirValue zero = ir_const_index(b, 0);
  return (Range){
      ir_divui(b, ir_maxsi(b, zero, some.lower), size),
      ir_ceil_div(b, ir_maxsi(b, zero, ir_minsi(b, all_of(g), some.upper)),
                  g->size)};
}

// Parts -----------------------------------------------------------------------

/// The most outer keys of a tile; 0: all that there are.
static int64_t most_outer(const GradSums *g) {
  int64_t outer = window_most(g->f.outer.window, g->f.causal);
  int64_t inner = window_most(g->f.inner.window, g->f.causal);
  if (!outer || (!g->by_query && !inner))
    return 0;
  return g->size - 1 + outer + (g->by_query ? 0 : inner - 1);
}

MlirValue grad_sums_most_outer(const GradSums *g) {
  Ir *b = g->f.b;
  int64_t most = most_outer(g);
  return most ? ir_minsi(b, g->f.most_outer, ir_const_index(b, most))
              : g->f.most_outer;
}

static void allocate(GradSums *g, Parts *parts, MlirValue result) {
  *parts = (Parts){null_value(), result};
  if (mlirValueIsNull(result))
    return;
  Ir *b = g->f.b;
  MlirValue outer = grad_sums_most_outer(g);
  MlirType of = ir_type(result);
  int64_t heads = ir_dim_size(of, DIM_H) * g->heads;
  MlirValue sizes[] = {ir_dim(b, result, 0), ir_const_index(b, heads),
                       ir_ceil_div(b, all_of(g), g->size), outer, null_value()};
  const int64_t any = mlirShapedTypeGetDynamicSize();
  MlirType type = ir_memref(ir_f32(b), IR_DIMS(ir_dim_size(of, 0), heads, any,
                                               any, ir_dim_size(of, DIM_D)));
  parts->sums = ir_alloc_sized(b, type, sizes);
}

void grad_sums_allocate(GradSums *g, MlirValue keys, MlirValue values) {
  allocate(g, &g->keys, keys);
  allocate(g, &g->values, values);
}

/// `sum` with tile t's part of outer keys [j, j + ROWS) added to it, of those
/// that it has.
static MlirValue add_part(const GradSums *g, MlirValue sums, MlirValue head,
                          MlirValue t, MlirValue j, MlirValue sum) {
  Ir *b = g->f.b;
  MlirValue zero = ir_const_index(b, 0), rows = ir_const_index(b, ROWS);
  Range outer = grad_sums_outer(g, &g->f, t);
  MlirType tile = ir_type(sum);
  MlirValue lower = ir_maxsi(b, zero, ir_subi(b, outer.lower, j));
  MlirValue upper = ir_minsi(b, rows, ir_subi(b, outer.upper, j));
  IrIf some = ir_if_begin(b, ir_cmpi(b, IR_SLT, lower, upper), 1, &tile);
  MlirValue mask =
      window_mask(b, ir_with_element(tile, ir_i1(b)), lower, upper);
  MlirValue indices[] = {g->f.batch, head, t, ir_subi(b, j, outer.lower), zero};
  MlirValue part =
      ir_transfer_read(b, tile, sums, indices, (const unsigned[]){3, 4}, mask);
  MlirValue then = ir_addf(b, sum, part);
  ir_if_else(b, &some, 1, &then);
  ir_if_end(b, &some, 1, &sum);
  return ir_result(some.op, 0);
}

/// The same of all `tiles`.
static MlirValue add_tiles(const GradSums *g, MlirValue sums, MlirValue head,
                           Range tiles, MlirValue j, MlirValue sum) {
  Ir *b = g->f.b;
  IrLoop loop =
      ir_for_begin(b, tiles.lower, tiles.upper, ir_const_index(b, 1), 1, &sum);
  sum = add_part(g, sums, head, loop.iv[0], j, loop.args[0]);
  ir_for_end(b, &loop, 1, &sum);
  return loop.results[0];
}

static void add(GradSums *g, const Parts *parts, double scale) {
  if (mlirValueIsNull(parts->result))
    return;
  Ir *b = g->f.b;
  MlirValue rows = ir_const_index(b, ROWS);
  MlirValue sizes[] = {ir_dim(b, parts->result, 0),
                       ir_dim(b, parts->result, DIM_H),
                       ir_ceil_div(b, g->f.most_outer, ROWS)};
  const Forward all = g->f;
  IrLoop blocks = ir_forall_begin(b, 3, sizes);
  queries_enter(&g->f, blocks.iv[0]);
  MlirValue j = ir_muli(b, blocks.iv[2], rows);
  MlirValue end = ir_minsi(b, g->f.most_outer, ir_addi(b, j, rows));
  int64_t width = ir_dim_size(ir_type(parts->result), DIM_D);
  MlirType type = ir_vector(ir_f32(b), IR_DIMS(ROWS, width));
  MlirValue sum = ir_zero(b, type);
  Range tiles = tiles_of(g, j, end);
  if (g->heads == 1) {
    sum = add_tiles(g, parts->sums, blocks.iv[1], tiles, j, sum);
  } else {
    MlirValue heads = ir_const_index(b, g->heads);
    MlirValue head = ir_muli(b, blocks.iv[1], heads);
    IrLoop loop = ir_for_begin(b, head, ir_addi(b, head, heads),
                               ir_const_index(b, 1), 1, &sum);
    sum = add_tiles(g, parts->sums, loop.iv[0], tiles, j, loop.args[0]);
    ir_for_end(b, &loop, 1, &sum);
    sum = loop.results[0];
  }
  MlirValue x = ir_mulf(b, sum, ir_const_f(b, type, scale));
  // Parts have nothing for keys that no query sees.
  x = documents_only_seen(&g->f, true, x, j, ir_subi(b, end, j));
  x = ir_convert(b, x, ir_element(ir_type(parts->result)));
  MlirType mask = ir_vector(ir_i1(b), IR_DIMS(ROWS, width));
  ir_transfer_write(
      b, x, parts->result,
      (const MlirValue[]){g->f.batch, j, blocks.iv[1], ir_const_index(b, 0)},
      (const unsigned[]){DIM_N, DIM_D},
      window_mask(b, mask, null_value(), ir_subi(b, end, j)));
  ir_forall_end(b, &blocks);
  g->f = all;
}

void grad_sums_add(GradSums *g) {
  add(g, &g->keys, g->f.scale);
  add(g, &g->values, 1);
}
