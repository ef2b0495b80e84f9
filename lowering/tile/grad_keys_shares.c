// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The program of keys' and values' gradients where tiles of inner keys are few
// for a machine: several blocks share each.
//
//     shares = as many as keep it busy, of at least a step each
//     for share in shares, beside (batch, head, tile):
//       sums[batch, share] of the tile's inner keys, over a part of the outer
//       keys that queries see together with them, or, by pairs, of the queries
//     for (batch, head) and some inner keys:
//       d_ki, d_vi = sum over shares of sums[batch, share]
//
// An outer key is one share's, and so are its sums. How many shares there are
// follows from sizes alone, and they are added up in one order, so that results
// have the same bits on any machine.

#include "grad_keys.h"

#include "lowering/notes.h"

#include <stddef.h>

/// Outer keys, or queries, that a block takes at once.
static int64_t step_of(const Keys *g) {
  return g->f.config.by_pairs ? g->f.config.turns : keys_outer(g);
}

/// The most of them that a tile has.
static MlirValue most_of_tile(const Keys *g) {
  const Forward *f = &g->f;
  Ir *b = f->b;
  if (!f->config.by_pairs)
    return grad_sums_most_outer(g->sums);
  int64_t most = window_most(f->inner.window, f->causal);
  MlirValue queries = ir_dim(b, f->q, DIM_N);
  return most
             ? ir_minsi(b, queries, ir_const_index(b, most + keys_inner(g) - 1))
             : queries;
}

/// How many shares of a tile are fastest, `tiles` having a block each, if there
/// were no end of steps. A machine that runs C blocks at once takes ceil(tiles
/// * n / C) times a block's time, which is an n-th of a tile's.
static MlirValue best_number(const Keys *g, MlirValue tiles) {
  enum { TIMES = 4, GAIN = 25 }; // a 25th is what more shares must gain
  Ir *b = g->f.b;
  int64_t at_once = g->f.config.blocks;
  MlirValue one = ir_const_index(b, 1);
  tiles = ir_maxsi(b, one, tiles);
  MlirValue best = one, best_time = ir_ceil_div(b, tiles, at_once);
  for (int64_t k = 1; k <= TIMES; ++k) {
    MlirValue n =
        ir_maxsi(b, one, ir_divui(b, ir_const_index(b, k * at_once), tiles));
    MlirValue time = ir_ceil_div(b, ir_muli(b, tiles, n), at_once);
    // time / n < best_time / best * (1 - 1 / GAIN)
    MlirValue new = ir_muli(b, ir_muli(b, time, best), ir_const_index(b, GAIN));
    MlirValue old =
        ir_muli(b, ir_muli(b, best_time, n), ir_const_index(b, GAIN - 1));
    MlirValue better = ir_cmpi(b, IR_SLT, new, old);
    best = ir_select(b, better, n, best);
    best_time = ir_select(b, better, time, best_time);
  }
  return best;
}

MlirValue keys_count_shares(const Keys *g) {
  const Forward *f = &g->f;
  Ir *b = f->b;
  MlirValue tiles =
      ir_muli(b, ir_dim(b, f->inner.keys, 0), ir_dim(b, f->inner.keys, DIM_H));
  tiles = ir_muli(b, tiles, ir_ceil_div(b, f->most_keys, keys_inner(g)));
  return forward_count_parts(b, ir_ceil_div(b, most_of_tile(g), step_of(g)),
                             best_number(g, tiles));
}

/// The number of the sequence's share in their sums.
static MlirValue number_of(const Keys *g, MlirValue share) {
  Ir *b = g->f.b;
  return ir_addi(b, ir_muli(b, g->f.batch, g->shares), share);
}

Range keys_enter_block(Keys *g, MlirValue block) {
  const Forward *f = &g->f;
  Ir *b = f->b;
  bool shares = !mlirValueIsNull(g->shares);
  g->tile = shares ? ir_divui(b, block, g->shares) : block;
  g->number = f->batch;
  MlirValue size = ir_const_index(b, keys_inner(g));
  Range rows = {.lower = ir_muli(b, g->tile, size)};
  rows.upper = ir_minsi(b, f->most_keys, ir_addi(b, rows.lower, size));
  if (!shares)
    return rows;
  MlirValue share = ir_remui(b, block, g->shares);
  g->number = number_of(g, share);
  Range all = f->config.by_pairs ? keys_positions(g, rows.lower, rows.upper)
                                 : grad_sums_outer(g->sums, f, g->tile);
  g->share = forward_part(b, all, step_of(g), g->shares, share);
  return rows;
}

Range keys_of_share(const Keys *g, Range all) {
  Ir *b = g->f.b;
  if (mlirValueIsNull(g->shares))
    return all;
  MlirValue lower =
      ir_minsi(b, ir_maxsi(b, all.lower, g->share.lower), g->share.upper);
  return (Range){lower,
                 ir_maxsi(b, lower, ir_minsi(b, all.upper, g->share.upper))};
}

/// x with the sums of share number `share` added to it.
static Sums add_share(Keys *g, Sums x, MlirValue share) {
  Ir *b = g->f.b;
  g->number = number_of(g, share);
  Sums own;
  keys_finish_own(g, g->shared, &own);
  for (int t = 0; t < g->f.planes && keys_wants_keys(g); ++t)
    x.u.x[t] = ir_addf(b, x.u.x[t], own.u.x[t]);
  if (keys_wants_values(g))
    x.t = ir_addf(b, x.t, own.t);
  return x;
}

void keys_add_shares(const Keys *of) {
  enum { ROWS = 32 };
  if (mlirValueIsNull(of->d_keys) && mlirValueIsNull(of->d_values))
    return;
  Keys copy = *of, *g = &copy;
  Forward *f = &g->f;
  Ir *b = f->b;
  f->config.block_j = 1;
  f->config.block_k = ROWS;
  MlirValue rows = ir_const_index(b, ROWS);
  MlirValue sizes[] = {ir_dim(b, f->inner.keys, 0),
                       ir_dim(b, f->inner.keys, DIM_H),
                       ir_ceil_div(b, f->most_keys, ROWS)};
  IrLoop blocks = ir_forall_begin(b, 3, sizes);
  queries_enter(f, blocks.iv[0]);
  f->key_head = blocks.iv[1];
  MlirValue first = ir_muli(b, blocks.iv[2], rows);
  keys_enter_rows(g, first, ir_minsi(b, rows, ir_subi(b, f->most_keys, first)));
  Sums sums = keys_no_sums(g);
  MlirValue carried[MAX_PLANES + 1];
  int n = keys_carry(g, &sums, carried, true);
  IrLoop loop = ir_for_begin(b, ir_const_index(b, 0), g->shares,
                             ir_const_index(b, 1), n, carried);
  keys_carry(g, &sums, loop.args, false);
  sums = add_share(g, sums, loop.iv[0]);
  keys_carry(g, &sums, carried, true);
  ir_for_end(b, &loop, n, carried);
  keys_carry(g, &sums, loop.results, false);
  keys_store(g, &sums);
  ir_forall_end(b, &blocks);
  note(blocks.op, "program: adds up what blocks have of their shares of keys' "
                  "and values' gradients");
}
