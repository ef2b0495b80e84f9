// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The logits of a tile, and what of them is in the windows.
//
//     s = mask(A * ki[k]^T + constants)   [rows, keys]
//
// Biases of the inner pair never touch its tiles: (K + b) contributes b *
// rowsum(A) to s, the initial value of the product, and b * rowsum(p) to p * V.
// A determinant is a sum over three planes of D/3 of the same product, A being
// the planes of a cross product. The constants, of the pairwise form, are the
// rows' q . ko, to which A = q + ko adds q . ki + ko . ki.
//
// Where a tile is a whole one it is masked only if some row does not see all of
// it: scf.if.

#include "forward.h"

#include "mlir-c/BuiltinAttributes.h"

#include <math.h>

MlirValue logits_row_constant(Forward *f, double value) {
  return ir_const_f(f->b, f32_vector(f, IR_DIMS(f->rows)), value);
}

MlirValue logits_product_init(Forward *f, double bias, MlirValue row_sum,
                              int64_t columns) {
  if (bias == 0)
    return ir_zero(f->b, f32_vector(f, IR_DIMS(f->rows, columns)));
  return ir_broadcast_rows(
      f->b, ir_mulf(f->b, row_sum, logits_row_constant(f, bias)), columns);
}

/// The first n columns of x, the others of y.
static MlirValue joined(Forward *f, MlirValue x, int64_t n, MlirValue y) {
  Ir *b = f->b;
  MlirType mask = ir_with_element(ir_type(x), ir_i1(b));
  int64_t columns = ir_dim_size(mask, 1);
  if (n <= 0 || n >= columns)
    return n <= 0 ? y : x;
  MlirValue first = ir_create_mask(b, IR_LIST(MlirValue, ir_const_index(b, n)),
                                   ir_vector(ir_i1(b), IR_DIMS(columns)));
  return ir_select(b, ir_broadcast(b, first, mask), x, y);
}

static MlirValue nothing_like(Forward *f, MlirValue s) {
  return ir_const_f(f->b, ir_type(s), -INFINITY);
}

/// Logits with -inf for rows whose outer key is not in their window.
static MlirValue masked_rows(Forward *f, MlirValue s, const OuterTile *outer) {
  if (mlirValueIsNull(outer->rows))
    return s;
  return ir_select(
      f->b, ir_broadcast_rows(f->b, outer->rows, ir_dim_size(ir_type(s), 1)), s,
      nothing_like(f, s));
}

static MlirType mask_like(Forward *f, MlirValue s) {
  return ir_with_element(ir_type(s), ir_i1(f->b));
}

/// A mask of a tile's columns below `limit`, of the step's keys, which is the
/// first query's and one further on for each next one.
static MlirValue below_limit(Forward *f, MlirValue s, MlirValue limit,
                             const InnerTile *inner) {
  const WindowRows rows = forward_rows(f);
  return window_mask_below(
      f->b, mask_like(f, s),
      window_limits_by_query(f->b, &rows, limit, inner->offset));
}

/// Logits with -inf for what is behind the inner windows.
static MlirValue masked_behind(Forward *f, MlirValue s,
                               const InnerTile *inner) {
  if (mlirValueIsNull(inner->seen.upper))
    return s;
  MlirValue below = below_limit(f, s, inner->seen.upper, inner);
  return joined(f, s, inner->size - inner->behind,
                ir_select(f->b, below, s, nothing_like(f, s)));
}

/// The same of what is before them.
static MlirValue masked_before(Forward *f, MlirValue s,
                               const InnerTile *inner) {
  if (mlirValueIsNull(inner->seen.lower))
    return s;
  MlirValue below = below_limit(f, s, inner->seen.lower, inner);
  return joined(f, ir_select(f->b, below, nothing_like(f, s), s), inner->before,
                s);
}

/// Logits with -inf for what is not in the inner windows.
static MlirValue masked(Forward *f, MlirValue s, const InnerTile *inner) {
  s = masked_before(f, masked_behind(f, s, inner), inner);
  if (mlirValueIsNull(inner->columns))
    return s;
  return ir_select(f->b, ir_broadcast(f->b, inner->columns, mask_like(f, s)), s,
                   nothing_like(f, s));
}

/// `then` if the condition holds, `s` elsewhere.
static MlirValue one_of(Ir *b, IrIf *branch, MlirValue then, MlirValue s) {
  ir_if_else(b, branch, 1, &then);
  ir_if_end(b, branch, 1, &s);
  return ir_result(branch->op, 0);
}

/// Whether both ends of windows may be at the same of a tile's keys, as they
/// are in the rest of a short one.
static bool may_have_both_ends(const InnerTile *inner) {
  return mlirValueIsNull(inner->columns) && !mlirValueIsNull(inner->over) &&
         !mlirValueIsNull(inner->under) &&
         inner->before + inner->behind > inner->size;
}

/// Rows of several queries that are masked are those of a sequence's first
/// blocks, tiles those at each window's ends: the latter do not wait for the
/// former, nor one end for the other where that would be for the same keys.
MlirValue logits_masked(Forward *f, MlirValue s, const OuterTile *outer,
                        const InnerTile *inner) {
  Ir *b = f->b;
  MlirType type = ir_type(s);
  MlirValue ends = window_or(b, inner->over, inner->under);
  MlirValue partial = window_or(b, outer->partial, ends);
  MlirValue mixed = window_or(b, outer->mixed, inner->mixed);
  // With documents there are too few registers for more branches of several
  // tiles.
  bool apart = f->config.block_q > 1 && !mlirValueIsNull(outer->rows) &&
               (f->config.tiles == 1 || mlirValueIsNull(mixed));
  if (apart) {
    IrIf branch = ir_if_begin(b, outer->partial, 1, &type);
    s = one_of(b, &branch, masked_rows(f, s, outer), s);
    partial = ends;
  }
  if (may_have_both_ends(inner) && mlirValueIsNull(mixed) &&
      (apart || mlirValueIsNull(outer->rows))) {
    IrIf branch = ir_if_begin(b, inner->over, 1, &type);
    s = one_of(b, &branch, masked_behind(f, s, inner), s);
    branch = ir_if_begin(b, inner->under, 1, &type);
    return one_of(b, &branch, masked_before(f, s, inner), s);
  }
  bool always = !mlirValueIsNull(inner->columns) || mlirValueIsNull(partial);
  if (always)
    s = masked(f, apart ? s : masked_rows(f, s, outer), inner);
  MlirValue condition = always ? mixed : window_or(b, partial, mixed);
  if (mlirValueIsNull(condition))
    return s;
  IrIf branch = ir_if_begin(b, condition, 1, &type);
  MlirValue then = s;
  if (!always)
    then = masked(f, apart ? s : masked_rows(f, s, outer), inner);
  if (!mlirValueIsNull(mixed))
    then = documents_cut_rows(f, then, outer, inner);
  return one_of(b, &branch, then, s);
}

MlirValue logits_of(Forward *f, const OuterTile *outer,
                    const InnerTile *inner) {
  Ir *b = f->b;
  MlirValue row_sum = logits_row_constant(f, 0);
  double bias = f->inner.key_bias;
  if (bias != 0)
    for (int t = 0; t < f->planes; ++t)
      row_sum = ir_multi_reduction(
          b, IR_SUM, ir_convert(b, outer->combined[t], ir_f32(b)), 1, row_sum);
  MlirValue s = outer->constants;
  if (mlirValueIsNull(s)) {
    s = logits_product_init(f, bias, row_sum, inner->size);
  } else {
    if (bias != 0)
      s = ir_fma(b, row_sum, logits_row_constant(f, bias), s);
    s = ir_broadcast_rows(b, s, inner->size);
  }
  for (int t = 0; t < f->planes; ++t)
    s = ir_contract(b, outer->combined[t], inner->keys[t], false, s);
  return s;
}
