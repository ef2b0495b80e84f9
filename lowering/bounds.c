// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is known of a run-time number, so that counts that are in range as they
// are need not be brought there:
//
//     scf.for %k = %lower to %upper step %c32 {
//       %left = arith.subi %upper, %k       // at least 1
//       %count = arith.minsi %left, %c32    // 1 .. 32

#include "bounds.h"

#include "ir.h"

#include "mlir-c/BuiltinAttributes.h"

#include <stdint.h>

static const Bounds anything = {INT64_MIN, INT64_MAX};

static int64_t smaller(int64_t x, int64_t y) { return x < y ? x : y; }
static int64_t larger(int64_t x, int64_t y) { return x > y ? x : y; }

/// The loop whose number `value` is; null if it is none.
static MlirOperation loop_of(MlirValue value, const char *kind) {
  if (!mlirValueIsABlockArgument(value))
    return (MlirOperation){NULL};
  MlirOperation op =
      mlirBlockGetParentOperation(mlirBlockArgumentGetOwner(value));
  bool number =
      ir_is(op, "scf.forall") || mlirBlockArgumentGetArgNumber(value) == 0;
  return ir_is(op, kind) && number ? op : (MlirOperation){NULL};
}

static bool is_known(int64_t x) { return x != INT64_MIN && x != INT64_MAX; }

/// x + sign * y; `unknown` if either is not known, or it is too large.
static int64_t sum(int64_t x, int sign, int64_t y, int64_t unknown) {
  int64_t result;
  bool fails = !is_known(x) || !is_known(y) ||
               (sign > 0 ? __builtin_add_overflow(x, y, &result)
                         : __builtin_sub_overflow(x, y, &result));
  return fails ? unknown : result;
}

static Bounds bounds_within(MlirValue old, int depth) {
  MlirOperation op = ir_def(old);
  if (ir_is(op, "arith.constant")) {
    MlirAttribute value = ir_get_attr(op, "value");
    if (!mlirAttributeIsAInteger(value))
      return anything;
    int64_t x = mlirIntegerAttrGetValueInt(value);
    return (Bounds){x, x};
  }
  if (ir_is(op, "memref.dim") || loop_of(old, "scf.forall").ptr)
    return (Bounds){0, INT64_MAX};
  if (depth == 0)
    return anything;
  MlirOperation loop = loop_of(old, "scf.for");
  if (loop.ptr)
    return (Bounds){bounds_within(ir_operand(loop, 0), depth - 1).least,
                    bounds_within(ir_operand(loop, 1), depth - 1).most};
  if (ir_is(op, "arith.select")) {
    Bounds x = bounds_within(ir_operand(op, 1), depth - 1);
    Bounds y = bounds_within(ir_operand(op, 2), depth - 1);
    return (Bounds){smaller(x.least, y.least), larger(x.most, y.most)};
  }
  if (mlirOperationIsNull(op) || mlirOperationGetNumOperands(op) != 2)
    return anything;
  Bounds x = bounds_within(ir_operand(op, 0), depth - 1);
  Bounds y = bounds_within(ir_operand(op, 1), depth - 1);
  if (ir_is(op, "arith.minsi"))
    return (Bounds){smaller(x.least, y.least), smaller(x.most, y.most)};
  if (ir_is(op, "arith.maxsi"))
    return (Bounds){larger(x.least, y.least), larger(x.most, y.most)};
  if (ir_is(op, "arith.addi"))
    return (Bounds){sum(x.least, 1, y.least, INT64_MIN),
                    sum(x.most, 1, y.most, INT64_MAX)};
  if (ir_is(op, "arith.subi")) {
    Bounds difference = {sum(x.least, -1, y.most, INT64_MIN),
                         sum(x.most, -1, y.least, INT64_MAX)};
    loop = loop_of(ir_operand(op, 1), "scf.for");
    if (loop.ptr && mlirValueEqual(ir_operand(loop, 1), ir_operand(op, 0)))
      difference.least = larger(difference.least, 1);
    return difference;
  }
  int64_t most;
  if (ir_is(op, "arith.muli") && x.least >= 0 && y.least >= 0)
    return (Bounds){0, is_known(x.most) && is_known(y.most) &&
                               !__builtin_mul_overflow(x.most, y.most, &most)
                           ? most
                           : INT64_MAX};
  return anything;
}

Bounds bounds_of(MlirValue old) {
  enum { DEPTH = 6 }; // of ops that are looked through
  return bounds_within(old, DEPTH);
}
