// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Exact windows: which part of a tile is only padding.
//
// A tile at a window's edge is loaded with a mask: from a run-time count on its
// rows are zero. Masks and arithmetic carry that on: logits are -inf past the
// count, their exponentials 0. Knowing so, loops over a tile's columns stop at
// the count instead of the tile's size, and need no mask before it:
//
//     %k = vector.transfer_read %m[...], %mask   // rows from %n on are zero
//     %s = vector.contract ... %q, %k, %zeros    // columns from %n on are, too
//     %p = math.exp2 %s                          // and are 1
//
// Zero times what is not known counts as zero, even if that is not finite.

#include "block.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <math.h>

static const Padding unknown = {{NULL}, NAN};

static bool is_known(Padding padding) {
  return !mlirValueIsNull(padding.limit);
}

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
  if (ir_is(op, "vector.create_mask"))
    return tile_op_mask_count(op, dim);
  if (!ir_is(op, "vector.broadcast"))
    return (MlirValue){NULL};
  MlirType from = ir_type(ir_operand(op, 0)), to = ir_type(mask);
  int source_dim = dim - (ir_rank(to) - ir_rank(from));
  if (source_dim < 0 || ir_dim_size(from, source_dim) != ir_dim_size(to, dim))
    return (MlirValue){NULL};
  return prefix_of(ir_operand(op, 0), source_dim);
}

/// x * y, of which one may be unknown.
static double product(double x, double y) {
  bool zero = (x == 0 && isnan(y)) || (y == 0 && isnan(x));
  return zero ? 0 : x * y;
}

/// x + y: minus infinity swallows what is not known.
static double sum(double x, double y) {
  bool swallows = (x == -INFINITY && isnan(y)) || (y == -INFINITY && isnan(x));
  return swallows ? -INFINITY : x + y;
}

/// What an elementwise op makes of constants, each of them perhaps not known.
static double fold(MlirOperation op, const double *v) {
  if (ir_is(op, "math.exp2"))
    return exp2(v[0]);
  if (ir_is(op, "arith.extf") || ir_is(op, "arith.truncf"))
    return v[0];
  if (ir_is(op, "arith.negf"))
    return -v[0];
  if (ir_is(op, "arith.mulf"))
    return product(v[0], v[1]);
  if (ir_is(op, "math.fma"))
    return sum(product(v[0], v[1]), v[2]);
  if (ir_is(op, "arith.addf"))
    return sum(v[0], v[1]);
  if (ir_is(op, "arith.subf"))
    return v[0] == -INFINITY && isnan(v[1]) ? v[0] : v[0] - v[1];
  return NAN;
}

static Padding padding_of_elementwise(Block *s, MlirOperation op, int dim) {
  double values[3] = {NAN, NAN, NAN};
  MlirValue limit = {NULL};
  for (int i = 0; i < (int)mlirOperationGetNumOperands(op) && i < 3; ++i) {
    MlirValue operand = ir_operand(op, i);
    Padding padding = padding_of(s, operand, dim);
    values[i] = constant_of(operand);
    if (!is_known(padding))
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
static Padding padding_of_contraction(Block *s, MlirOperation op, int dim) {
  MlirValue start = ir_operand(op, 2);
  int left_dim = tile_op_left_is_km(op) ? 1 : 0;
  int right_dim = tile_op_right_is_kn(op) ? 1 : 0;
  Padding padding = dim == 0 ? padding_of(s, ir_operand(op, 0), left_dim)
                             : padding_of(s, ir_operand(op, 1), right_dim);
  if (padding.value != 0 || constant_of(start) == 0)
    return padding.value == 0 ? padding : unknown;
  Padding from = padding_of(s, start, dim);
  return from.value == 0 && mlirValueEqual(from.limit, padding.limit) ? padding
                                                                      : unknown;
}

static Padding find_padding(Block *s, MlirValue tile, int dim) {
  MlirOperation op = ir_def(tile);
  int rank = ir_rank(ir_type(tile));
  Read read;
  if (read_of(s, tile, &read))
    return dim == 0 && rank > 1 && rank == ir_rank(read.tile) &&
                   mlirValueIsNull(read.first)
               ? (Padding){read.count, 0}
               : unknown;
  if (block_is_contraction(op))
    return padding_of_contraction(s, op, dim);
  if (ir_is(op, "arith.select") && tile_is(ir_operand(op, 0))) {
    MlirValue limit = prefix_of(ir_operand(op, 0), dim);
    if (!mlirValueIsNull(limit))
      return (Padding){limit, constant_of(ir_operand(op, 2))};
  }
  if (ir_is(op, "vector.broadcast")) {
    MlirType from = ir_type(ir_operand(op, 0));
    int source = mlirTypeIsAVector(from) ? dim - (rank - ir_rank(from)) : -1;
    return source < 0 || ir_dim_size(from, source) == 1
               ? unknown
               : padding_of(s, ir_operand(op, 0), source);
  }
  return tile_op_is_elementwise(op) ? padding_of_elementwise(s, op, dim)
                                    : unknown;
}

/// Numbers that are the same in all types of floats.
static bool is_exact(double x) { return x == 0 || x == 1 || isinf(x); }

Padding padding_of(Block *s, MlirValue tile, int dim) {
  if (!tile_is(tile) || mlirOperationIsNull(ir_def(tile)))
    return unknown;
  Entry *entry = block_entry(s, tile);
  if (!entry->has_padding[dim]) {
    Padding padding = find_padding(s, tile, dim);
    bool known = is_known(padding) && is_exact(padding.value);
    entry->padding[dim] = known ? padding : unknown;
    entry->has_padding[dim] = true;
  }
  return entry->padding[dim];
}
