// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Exact windows: which part of a tile is only padding.
//
// A tile at a window's edge is loaded with a mask: from a run-time count on its
// rows are zero. Masks and arithmetic carry that on: logits are -inf past the
// count, their exponentials 0. Knowing so, loops over a tile's columns stop at
// the count instead of the tile's size, and need no mask before it.

#include "block.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <math.h>

static const Padding unknown = {{NULL}, NAN};

/// The value of a constant (splat), NaN if `value` is none.
static double constant_of(MlirValue value) {
  MlirOperation op = ir_def(value);
  if (!ir_is(op, "arith.constant"))
    return NAN;
  MlirAttribute attribute = ir_get_attr(op, "value");
  if (mlirAttributeIsAFloat(attribute))
    return mlirFloatAttrGetValueDouble(attribute);
  if (mlirAttributeIsADenseElements(attribute) &&
      mlirDenseElementsAttrIsSplat(attribute) &&
      mlirTypeIsAF32(ir_element(ir_type(value))))
    return mlirDenseElementsAttrGetFloatSplatValue(attribute);
  return NAN;
}

/// The count of a mask along `dim`; null if the mask is not a prefix there.
static MlirValue prefix_of(MlirValue mask, int dim) {
  MlirOperation op = ir_def(mask);
  if (ir_is(op, "vector.create_mask")) {
    return tile_op_mask_count(op, dim);
  }
  if (!ir_is(op, "vector.broadcast"))
    return (MlirValue){NULL};
  MlirType from = ir_type(ir_operand(op, 0)), to = ir_type(mask);
  int source_dim = dim - (ir_rank(to) - ir_rank(from));
  if (source_dim < 0 || ir_dim_size(from, source_dim) != ir_dim_size(to, dim))
    return (MlirValue){NULL};
  return prefix_of(ir_operand(op, 0), source_dim);
}

/// What an elementwise op makes of constants, each of them perhaps not known.
static double fold(MlirOperation op, const double *v) {
  if (ir_is(op, "math.exp2"))
    return exp2(v[0]);
  if (ir_is(op, "arith.extf") || ir_is(op, "arith.truncf"))
    return v[0];
  if (ir_is(op, "arith.mulf"))
    return v[0] == 0 || v[1] == 0 ? 0 : v[0] * v[1];
  // Minus infinity swallows any finite addend.
  if (ir_is(op, "math.fma") && v[0] * v[1] == -INFINITY)
    return -INFINITY;
  if (ir_is(op, "arith.addf") && (v[0] == -INFINITY || v[1] == -INFINITY))
    return -INFINITY;
  if (ir_is(op, "arith.subf") && v[0] == -INFINITY)
    return -INFINITY;
  return NAN;
}

static Padding padding_of_elementwise(MlirOperation op, int dim) {
  double values[3] = {NAN, NAN, NAN};
  MlirValue limit = {NULL};
  for (int i = 0; i < (int)mlirOperationGetNumOperands(op) && i < 3; ++i) {
    MlirValue operand = ir_operand(op, i);
    Padding padding = padding_of(operand, dim);
    values[i] = constant_of(operand);
    if (mlirValueIsNull(padding.limit))
      continue;
    if (!mlirValueIsNull(limit) && !mlirValueEqual(limit, padding.limit))
      return unknown;
    limit = padding.limit;
    values[i] = padding.value;
  }
  double value = fold(op, values);
  return isnan(value) ? unknown : (Padding){limit, value};
}

/// A product is zero where an operand is, unless it starts from something else.
static Padding padding_of_contraction(MlirOperation op, int dim) {
  int rhs_dim = tile_op_right_is_kn(op) ? 1 : 0;
  Padding padding = dim == 0 ? padding_of(ir_operand(op, 0), 0)
                             : padding_of(ir_operand(op, 1), rhs_dim);
  bool zero =
      padding.value == 0 && (constant_of(ir_operand(op, 2)) == 0 ||
                             padding_of(ir_operand(op, 2), dim).value == 0);
  return zero ? padding : unknown;
}

Padding padding_of(MlirValue tile, int dim) {
  MlirOperation op = ir_def(tile);
  Read read;
  if (mlirOperationIsNull(op) || !mlirTypeIsAVector(ir_type(tile)))
    return unknown;
  if (read_of(tile, &read))
    return dim == 0 ? (Padding){read.count, 0} : unknown;
  if (block_is_contraction(op))
    return padding_of_contraction(op, dim);
  if (ir_is(op, "arith.select")) {
    MlirValue limit = prefix_of(ir_operand(op, 0), dim);
    if (!mlirValueIsNull(limit))
      return (Padding){limit, constant_of(ir_operand(op, 2))};
  }
  if (ir_is(op, "vector.broadcast")) {
    MlirType from = ir_type(ir_operand(op, 0));
    int source = mlirTypeIsAVector(from)
                     ? dim - (ir_rank(ir_type(tile)) - ir_rank(from))
                     : -1;
    if (source < 0 || ir_dim_size(from, source) == 1)
      return unknown;
    return padding_of(ir_operand(op, 0), source);
  }
  return tile_op_is_elementwise(op) ? padding_of_elementwise(op, dim) : unknown;
}
