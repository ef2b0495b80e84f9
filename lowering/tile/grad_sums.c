// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What outer keys' gradients are the sums of: a part of each tile of inner keys
// that is in a window together with them.
//
//     sums[b, h, t, j - base(t)]   of tile t, whose outer keys begin at base(t)
//
//     for a tile of outer keys j, as rows:
//       for t in tiles of inner keys that some j shares a query with:
//         x = x + sums[t] of those j that tile t has
//       result[j] = x * scale
//
// A tile of R inner keys shares queries with at most R + w1 + w2 - 2 outer ones
// (causal; without, twice the windows), or with all keys. Parts are added in
// the order of tiles, whatever order they were made in.

#include "grad_keys.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <stddef.h>

enum { ROWS = 32 };

/// The most outer keys of a tile; 0: all that there are.
static int64_t most_outer(const Keys *g) {
  enum { FAR = 1 << 30 }; // no sequence of which parts can be held is as long
  int64_t outer = g->f.outer.window, inner = g->f.inner.window;
  if (!outer || !inner || outer > FAR || inner > FAR)
    return 0;
  return g->f.config.block_k - 1 +
         (g->f.causal ? outer + inner - 1 : 2 * (outer + inner) - 3);
}

void grad_sums_allocate(Keys *g, Parts *parts) {
  if (mlirValueIsNull(parts->result))
    return;
  Ir *b = g->f.b;
  int64_t most = most_outer(g);
  MlirValue outer = g->f.keys;
  if (most)
    outer = ir_minsi(b, outer, ir_const_index(b, most));
  MlirValue sizes[] = {
      ir_dim(b, parts->result, 0), ir_dim(b, parts->result, DIM_H),
      ir_ceil_div(b, g->f.keys, g->f.config.block_k), outer, null_value()};
  const int64_t any = mlirShapedTypeGetDynamicSize();
  MlirType type =
      ir_memref(ir_f32(b), IR_DIMS(ir_dim_size(ir_type(parts->result), 0),
                                   ir_dim_size(ir_type(parts->result), DIM_H),
                                   any, any, g->f.d));
  parts->sums = ir_alloc_sized(b, type, sizes);
}

/// `sum` with tile t's part of outer keys [j, j + ROWS) added to it, of those
/// that it has.
static MlirValue add_part(const Keys *g, const Parts *parts, MlirValue t,
                          MlirValue j, MlirValue sum) {
  Ir *b = g->f.b;
  MlirValue zero = ir_const_index(b, 0), rows = ir_const_index(b, ROWS);
  MlirValue size = ir_const_index(b, g->f.config.block_k);
  MlirValue first = ir_muli(b, t, size);
  MlirValue end = ir_minsi(b, g->f.keys, ir_addi(b, first, size));
  Range outer = keys_outer(g, keys_positions(g, first, end));
  MlirType tile = ir_type(sum);
  MlirValue lower = ir_maxsi(b, zero, ir_subi(b, outer.lower, j));
  MlirValue upper = ir_minsi(b, rows, ir_subi(b, outer.upper, j));
  IrIf some = ir_if_begin(b, ir_cmpi(b, IR_SLT, lower, upper), 1, &tile);
  MlirValue mask =
      window_mask(b, ir_with_element(tile, ir_i1(b)), lower, upper);
  MlirValue indices[] = {g->f.batch, g->f.key_head, t,
                         ir_subi(b, j, outer.lower), zero};
  MlirValue part = ir_transfer_read(b, tile, parts->sums, indices,
                                    (const unsigned[]){3, 4}, mask);
  MlirValue then = ir_addf(b, sum, part);
  ir_if_else(b, &some, 1, &then);
  ir_if_end(b, &some, 1, &sum);
  return ir_result(some.op, 0);
}

/// The tiles that share queries with outer keys [j, j + ROWS), or more.
static Range tiles_of(const Keys *g, MlirValue j, MlirValue end) {
  Ir *b = g->f.b;
  const Forward *f = &g->f;
  Range all = {ir_const_index(b, 0),
               ir_ceil_div(b, f->keys, f->config.block_k)};
  if (!f->outer.window || !f->inner.window)
    return all;
  // Queries that see one of the outer keys, and what those see.
  MlirValue one = ir_const_index(b, 1);
  Queries queries = {j, ir_subi(b, end, one)};
  Window others = window_of(b, f->outer.window, false, queries, f->keys);
  queries.first = others.any.lower;
  queries.last = ir_subi(b, others.any.upper, one);
  Window inner = window_of(b, f->inner.window, f->causal, queries, f->keys);
  all.lower =
      ir_divui(b, inner.any.lower, ir_const_index(b, f->config.block_k));
  all.upper =
      ir_ceil_div(b, ir_minsi(b, f->keys, inner.any.upper), f->config.block_k);
  return all;
}

void grad_sums_add(Keys *g, const Parts *parts, double scale) {
  if (mlirValueIsNull(parts->result))
    return;
  Ir *b = g->f.b;
  MlirValue rows = ir_const_index(b, ROWS), zero = ir_const_index(b, 0);
  MlirValue sizes[] = {ir_dim(b, parts->result, 0),
                       ir_dim(b, parts->result, DIM_H),
                       ir_ceil_div(b, g->f.keys, ROWS)};
  IrLoop blocks = ir_forall_begin(b, 3, sizes);
  g->f.batch = blocks.iv[0];
  g->f.key_head = blocks.iv[1];
  MlirValue j = ir_muli(b, blocks.iv[2], rows);
  MlirValue end = ir_minsi(b, g->f.keys, ir_addi(b, j, rows));
  MlirType type = ir_vector(ir_f32(b), IR_DIMS(ROWS, g->f.d));
  MlirValue sum = ir_zero(b, type);
  Range tiles = tiles_of(g, j, end);
  IrLoop loop =
      ir_for_begin(b, tiles.lower, tiles.upper, ir_const_index(b, 1), 1, &sum);
  sum = add_part(g, parts, loop.iv[0], j, loop.args[0]);
  ir_for_end(b, &loop, 1, &sum);
  MlirValue x = ir_mulf(b, loop.results[0], ir_const_f(b, type, scale));
  x = ir_convert(b, x, ir_element(ir_type(parts->result)));
  MlirType mask = ir_vector(ir_i1(b), IR_DIMS(ROWS, g->f.d));
  ir_transfer_write(b, x, parts->result,
                    (const MlirValue[]){g->f.batch, j, g->f.key_head, zero},
                    (const unsigned[]){DIM_N, DIM_D},
                    window_mask(b, mask, null_value(), ir_subi(b, end, j)));
  ir_forall_end(b, &blocks);
}
