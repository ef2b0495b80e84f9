// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One step of the rows' online softmaxes: an outer tile and some inner ones.
//
//     pv = 0
//     for each inner tile:
//       s   = mask(A * ki[k]^T)               [rows, keys]
//       m'  = max(m, rowmax(s) * c)           c = scale * log2(e)
//       p   = exp2(s * c - m')
//       l, acc, pv *= exp2(m - m')
//       l   = l + rowsum(p)
//       pv  = pv + p * vi[k]                  [rows, Dv]
//     acc = acc + V1 .* pv
//
// In order "jk" the product with V1 is behind the loop over inner tiles: until
// then acc is a sum of pv, and what it was before waits.
//
// With n `sum_columns` l has n columns, each the sum of every n-th column of p;
// they meet at the end. With `lazy_rescale` a row's m follows its maximum only
// when that is LAG above it, and maxima are made and sums scaled only if some
// row's m moves: scf.if on the "or" over all logits. The others' factor is 1,
// so that each part of the rows may as well decide for itself.
//
// The rest of an inner window may be taken with several outer tiles at once.

#include "forward.h"

#include "simplicial/dialect.h"

#include "mlir-c/BuiltinAttributes.h"

#include <float.h>
#include <math.h>
#include <stddef.h>

/// Powers of 2 by which p may exceed 1 before the rows are rescaled. Sums of so
/// many more than there are keys still fit f32, and p fits f16.
enum { LAG = 8 };

/// [rows] as l is.
static MlirValue in_sum_columns(Forward *f, MlirValue x) {
  int64_t n = f->config.sum_columns;
  return n > 1 ? ir_broadcast_rows(f->b, x, n) : x;
}

MlirValue softmax_row_sum(Forward *f, MlirValue x) {
  return ir_multi_reduction(f->b, IR_SUM, x, 1, logits_row_constant(f, 0));
}

typedef MlirValue Combine(Ir *b, MlirValue x, MlirValue y);

/// Every n-th column of x combined, beginning with `start`; null: with nothing.
static MlirValue over_columns(Forward *f, Combine *combine, MlirValue start,
                              MlirValue x, int64_t n) {
  for (int64_t i = 0; i < ir_dim_size(ir_type(x), 1); i += n) {
    MlirValue columns = ir_columns(f->b, x, i, n);
    start = mlirValueIsNull(start) ? columns : combine(f->b, start, columns);
  }
  return start;
}

/// l and what p adds to it.
static MlirValue sum(Forward *f, MlirValue l, MlirValue p, MlirValue p_sum) {
  int64_t n = f->config.sum_columns;
  return n == 1 ? ir_addf(f->b, l, p_sum) : over_columns(f, ir_addf, l, p, n);
}

/// The state with its sums scaled, for maxima that were `m` before.
static Softmax scaled(Forward *f, Softmax state, MlirValue m) {
  Ir *b = f->b;
  MlirValue a = ir_exp2(b, ir_subf(b, m, state.m));
  MlirValue by_column = ir_broadcast_rows(b, a, f->dv);
  state.l = ir_mulf(b, state.l, in_sum_columns(f, a));
  state.acc = ir_mulf(b, state.acc, by_column);
  if (!mlirValueIsNull(state.pv))
    state.pv = ir_mulf(b, state.pv, by_column);
  return state;
}

static MlirValue row_max(Forward *f, MlirValue x) {
  return ir_multi_reduction(f->b, IR_MAX, x, 1,
                            logits_row_constant(f, -INFINITY));
}

/// The maxima of a few columns each, as many as vectors of registers have, of
/// `n` tiles.
static MlirValue maxima(Forward *f, int n, const MlirValue *s) {
  MlirValue max = null_value();
  for (int i = 0; i < n; ++i)
    max = over_columns(f, ir_maxnumf, max, s[i], CONFIG_GPU_COLUMNS);
  return max;
}

/// The same where one of them is not negative, and something negative
/// elsewhere: the bits of numbers that are not negative are in their order. Of
/// integers a machine may compare three at once.
static MlirValue maxima_if_positive(Forward *f, int n, const MlirValue *s) {
  Ir *b = f->b;
  MlirValue max = null_value();
  for (int i = 0; i < n; ++i)
    max = over_columns(f, ir_maxsi, max, ir_bitcast(b, s[i], ir_i32(b)),
                       CONFIG_GPU_COLUMNS);
  return ir_bitcast(b, max, ir_f32(b));
}

/// The state for maxima that have followed what is LAG above them in the logits
/// of `n` tiles. Whether any has needs no row's maximum, only that of a few
/// columns each. Warpgroups only look for positive ones: a row whose bound is
/// negative follows what there is.
static Softmax following_lazily(Forward *f, Softmax state, int n_tiles,
                                const MlirValue *s) {
  Ir *b = f->b;
  enum { COLUMNS = CONFIG_GPU_COLUMNS };
  bool by_bits = f->config.sum_columns > 1;
  MlirValue c = ir_const_f(b, f32_vector(f, IR_DIMS(f->rows, COLUMNS)), f->c);
  MlirValue max =
      by_bits ? maxima_if_positive(f, n_tiles, s) : maxima(f, n_tiles, s);
  max = ir_mulf(b, max, c);
  MlirValue bound = ir_addf(b, state.m, logits_row_constant(f, LAG));
  MlirValue least = bound;
  if (by_bits)
    least = ir_select(b, ir_cmpf(b, IR_OLT, bound, logits_row_constant(f, 0)),
                      logits_row_constant(f, -INFINITY), bound);
  MlirValue above = ir_cmpf(b, by_bits ? IR_OGE : IR_OGT, max,
                            ir_broadcast_rows(b, least, COLUMNS));
  int n = mlirValueIsNull(state.pv) ? 3 : 4;
  MlirType type = ir_type(state.acc);
  MlirType types[] = {ir_type(state.m), ir_type(state.l), type, type};
  IrIf branch = ir_if_begin(b, ir_any(b, above), n, types);
  mlirOperationSetAttributeByName(branch.op, ir_str(SIMPLICIAL_ROWWISE_ATTR),
                                  mlirUnitAttrGet(b->context));
  Softmax then = state;
  if (by_bits)
    max = ir_mulf(b, maxima(f, n_tiles, s), c);
  max = row_max(f, max);
  then.m = ir_select(b, ir_cmpf(b, IR_OGT, max, bound), max, state.m);
  then = scaled(f, then, state.m);
  ir_if_else(b, &branch, n,
             (const MlirValue[]){then.m, then.l, then.acc, then.pv});
  ir_if_end(b, &branch, n,
            (const MlirValue[]){state.m, state.l, state.acc, state.pv});
  state.m = ir_result(branch.op, 0);
  state.l = ir_result(branch.op, 1);
  state.acc = ir_result(branch.op, 2);
  if (n > 3)
    state.pv = ir_result(branch.op, 3);
  return state;
}

/// exp2(s * c - m)
static MlirValue powers(Forward *f, MlirValue s, MlirValue m) {
  Ir *b = f->b;
  return ir_exp2(b, ir_fma(b, s, ir_const_f(b, ir_type(s), f->c),
                           ir_broadcast_rows(b, ir_negf(b, m),
                                             ir_dim_size(ir_type(s), 1))));
}

/// Takes a tile's exponentials into the sum: p, and its sum by row (null: not
/// needed).
static MlirValue add_powers(Forward *f, Softmax *state, MlirValue p,
                            MlirValue *p_sum) {
  *p_sum = null_value();
  if (f->config.sum_columns == 1 || f->inner.value_bias != 0)
    *p_sum = softmax_row_sum(f, p);
  state->l = sum(f, state->l, p, *p_sum);
  return ir_convert(f->b, p, f->config.operand);
}

/// Takes a tile's logits into the maximum and the sum, as `add_powers`.
static MlirValue exponentials(Forward *f, Softmax *state, MlirValue s,
                              MlirValue *p_sum) {
  Ir *b = f->b;
  bool lazy = f->config.lazy_rescale;
  MlirValue before = state->m;
  if (lazy)
    *state = following_lazily(f, *state, 1, &s);
  else
    state->m = ir_maxnumf(
        b, before, ir_mulf(b, row_max(f, s), logits_row_constant(f, f->c)));
  MlirValue p = powers(f, s, state->m);
  if (!lazy)
    *state = scaled(f, *state, before);
  return add_powers(f, state, p, p_sum);
}

/// pv with the product of a tile added to it.
static MlirValue add_values(Forward *f, MlirValue pv, MlirValue p,
                            MlirValue p_sum, const InnerTile *inner) {
  Ir *b = f->b;
  double bias = f->inner.value_bias;
  MlirValue init = pv;
  if (mlirValueIsNull(pv))
    init = logits_product_init(f, bias, p_sum, f->dv);
  else if (bias != 0)
    init = ir_addf(b, pv, logits_product_init(f, bias, p_sum, f->dv));
  return ir_contract(b, p, inner->values, true, init);
}

/// Inner tiles, one after the other. The logits of the next one are asked for
/// before the product of this one with its values, so that a machine on which
/// products take their time has both to do while it makes exponentials.
Softmax softmax_step(Forward *f, Softmax state, const OuterTile *outer, int n,
                     const InnerTile *inner) {
  bool at_once = f->config.inner_stationary;
  state.pv = null_value();
  MlirValue s = logits_of(f, outer, &inner[0]), values = null_value();
  for (int t = 0; t < n; ++t) {
    MlirValue p_sum;
    s = logits_masked(f, s, outer, &inner[t]);
    MlirValue p = exponentials(f, &state, s, &p_sum);
    if (t + 1 < n)
      s = logits_of(f, outer, &inner[t + 1]);
    else if (at_once && !f->wide_values)
      values = load_outer_values(f, outer);
    MlirValue *sum = at_once ? &state.pv : &state.acc;
    *sum = add_values(f, *sum, p, p_sum, &inner[t]);
    if (f->early_values && at_once && t + 1 == n)
      mlirOperationSetAttributeByName(ir_def(*sum),
                                      ir_str(SIMPLICIAL_EARLY_ATTR),
                                      mlirUnitAttrGet(f->b->context));
  }
  if (!at_once)
    return state;
  // There are no registers for wide ones before.
  if (f->wide_values)
    values = load_outer_values(f, outer);
  state.acc = ir_fma(f->b, values, state.pv, state.acc);
  return state;
}

/// All logits are asked for at once, and maxima looked at once: with a tile of
/// a few keys neither is more to do than what it waits for.
Softmax softmax_rest_step(Forward *f, Softmax state, int n,
                          const OuterTile *outer, const InnerTile *inner) {
  MlirValue s[MAX_OUTER] = {{NULL}}, p[MAX_OUTER], p_sum[MAX_OUTER];
  MlirValue pv[MAX_OUTER];
  for (int i = 0; i < n; ++i)
    s[i] = logits_of(f, &outer[i], inner);
  for (int i = 0; i < n; ++i)
    s[i] = logits_masked(f, s[i], &outer[i], inner);
  state.pv = null_value();
  state = following_lazily(f, state, n, s);
  for (int i = 0; i < n; ++i)
    p[i] = add_powers(f, &state, powers(f, s[i], state.m), &p_sum[i]);
  for (int i = 0; i < n; ++i)
    pv[i] = add_values(f, null_value(), p[i], p_sum[i], inner);
  for (int i = 0; i < n; ++i)
    state.acc = ir_fma(f->b, load_outer_values(f, &outer[i]), pv[i], state.acc);
  return state;
}

Softmax softmax_open(Forward *f, Softmax state) {
  f->before = state;
  if (f->one_tile) // nothing came before
    return state;
  state.acc = ir_zero(f->b, ir_type(state.acc));
  return state;
}

Softmax softmax_close(Forward *f, Softmax state, const OuterTile *outer) {
  Ir *b = f->b;
  MlirValue values = load_outer_values(f, outer);
  if (f->one_tile) {
    state.acc = ir_mulf(b, values, state.acc);
    return state;
  }
  MlirValue a = ir_exp2(b, ir_subf(b, f->before.m, state.m));
  MlirValue acc = ir_mulf(b, f->before.acc, ir_broadcast_rows(b, a, f->dv));
  state.acc = ir_fma(b, values, state.acc, acc);
  return state;
}

Softmax softmax_begin(Forward *f) {
  return (Softmax){logits_row_constant(f, -FLT_MAX),
                   in_sum_columns(f, logits_row_constant(f, 0)),
                   ir_zero(f->b, f32_vector(f, IR_DIMS(f->rows, f->dv))),
                   null_value()};
}
