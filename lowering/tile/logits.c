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

/// A mask of the columns that rows of several queries see, or, where windows
/// have no end, of those that they do not. Those that are not `live` (null: all
/// are) see none.
static MlirValue seen(Forward *f, MlirType mask, MlirValue live,
                      const InnerTile *inner) {
  Ir *b = f->b;
  const WindowRows rows = forward_rows(f);
  MlirValue lower = inner->seen.lower, upper = inner->seen.upper;
  bool both = !mlirValueIsNull(lower) && !mlirValueIsNull(upper);
  if (!mlirValueIsNull(lower))
    lower = window_mask_below(
        b, mask,
        window_limits_by_query(b, &rows, lower, inner->offset, live, !both));
  if (!mlirValueIsNull(upper))
    upper = window_mask_below(
        b, mask,
        window_limits_by_query(b, &rows, upper, inner->offset, live, false));
  return both                     ? ir_xori(b, upper, lower)
         : mlirValueIsNull(upper) ? lower
                                  : upper;
}

/// Logits with -inf for what is not in the windows.
static MlirValue masked(Forward *f, MlirValue s, const OuterTile *outer,
                        const InnerTile *inner) {
  Ir *b = f->b;
  MlirType type = ir_type(s), mask = ir_with_element(type, ir_i1(b));
  MlirValue nothing = ir_const_f(b, type, -INFINITY);
  bool above = mlirValueIsNull(inner->seen.upper);
  if (!above || !mlirValueIsNull(inner->seen.lower)) {
    MlirValue own = seen(f, mask, outer->rows, inner);
    s = above ? ir_select(b, own, nothing, s) : ir_select(b, own, s, nothing);
  } else if (!mlirValueIsNull(outer->rows)) {
    s = ir_select(b, ir_broadcast_rows(b, outer->rows, inner->size), s,
                  nothing);
  }
  if (!mlirValueIsNull(inner->columns))
    s = ir_select(b, ir_broadcast(b, inner->columns, mask), s, nothing);
  return s;
}

MlirValue logits_masked(Forward *f, MlirValue s, const OuterTile *outer,
                        const InnerTile *inner) {
  Ir *b = f->b;
  MlirValue partial = window_or(b, outer->partial, inner->partial);
  MlirValue mixed = window_or(b, outer->mixed, inner->mixed);
  bool always = !mlirValueIsNull(inner->columns) || mlirValueIsNull(partial);
  if (always)
    s = masked(f, s, outer, inner);
  MlirValue condition = always ? mixed : window_or(b, partial, mixed);
  if (mlirValueIsNull(condition))
    return s;
  MlirType type = ir_type(s);
  IrIf branch = ir_if_begin(b, condition, 1, &type);
  MlirValue then = always ? s : masked(f, s, outer, inner);
  if (!mlirValueIsNull(mixed))
    then = documents_cut_rows(f, then, outer, inner);
  ir_if_else(b, &branch, 1, &then);
  ir_if_end(b, &branch, 1, &s);
  return ir_result(branch.op, 0);
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
