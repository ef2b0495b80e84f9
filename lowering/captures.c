// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a parallel loop's body needs from outside.

#include "captures.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

static MlirBlock block_of(MlirValue value) {
  return mlirValueIsABlockArgument(value)
             ? mlirBlockArgumentGetOwner(value)
             : mlirOperationGetBlock(mlirOpResultGetOwner(value));
}

static bool is_inside(MlirValue value, MlirOperation op) {
  return ir_is_within(mlirBlockGetParentOperation(block_of(value)), op);
}

int captures_find(const Captures *c, MlirValue value) {
  for (int i = 0; i < c->n; ++i)
    if (mlirValueEqual(c->values[i], value))
      return i;
  return -1;
}

static void capture(Captures *c, MlirValue value) {
  if (captures_find(c, value) >= 0)
    return;
  c->overflow |= c->n == MAX_CAPTURES;
  if (!c->overflow)
    c->values[c->n++] = value;
}

static MlirWalkResult collect(MlirOperation op, void *user) {
  Captures *c = user;
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i) {
    MlirValue operand = mlirOperationGetOperand(op, i);
    if (!is_inside(operand, c->loop))
      capture(c, operand);
  }
  return MlirWalkResultAdvance;
}

MlirLogicalResult captures_collect(Captures *c, MlirOperation loop, int n,
                                   const MlirValue *also) {
  *c = (Captures){.loop = loop};
  for (int i = 0; i < n; ++i)
    capture(c, also[i]);
  mlirOperationWalk(loop, collect, c, MlirWalkPreOrder);
  if (c->overflow)
    return ir_error(loop, "needs more than %d values from outside the loop",
                    MAX_CAPTURES);
  return mlirLogicalResultSuccess();
}

bool capture_is_constant(MlirValue value) {
  return ir_is(ir_def(value), "arith.constant");
}

/// The loop's extents: its static bounds as constants, the others as they are.
MlirLogicalResult forall_extents(Ir *b, MlirOperation forall, int *rank,
                                 MlirValue *extents) {
  MlirAttribute upper = ir_get_attr(forall, "staticUpperBound");
  MlirAttribute lower = ir_get_attr(forall, "staticLowerBound");
  MlirAttribute step = ir_get_attr(forall, "staticStep");
  *rank = (int)mlirDenseArrayGetNumElements(upper);
  if (*rank > IR_MAX_RANK || mlirOperationGetNumResults(forall))
    return ir_error(forall,
                    "can only take parallel loops without results "
                    "of at most %d dimensions",
                    IR_MAX_RANK);
  int operand = 0;
  for (int i = 0; i < *rank; ++i) {
    if (mlirDenseI64ArrayGetElement(lower, i) != 0 ||
        mlirDenseI64ArrayGetElement(step, i) != 1)
      return ir_error(forall,
                      "can only take parallel loops from 0 in steps of 1");
    int64_t size = mlirDenseI64ArrayGetElement(upper, i);
    extents[i] = mlirShapedTypeIsDynamicSize(size)
                     ? ir_operand(forall, operand++)
                     : ir_const_index(b, size);
  }
  return mlirLogicalResultSuccess();
}

MlirLogicalResult forall_function(MlirOperation forall,
                                  MlirOperation *function) {
  MlirOperation op = mlirOperationGetParentOperation(forall);
  while (ir_is_any(
      op, IR_NAMES("scf.for", "scf.if", "scf.while", "scf.execute_region")))
    op = mlirOperationGetParentOperation(op);
  *function = op;
  if (mlirOperationIsNull(op) || !ir_is(op, "func.func"))
    return ir_error(forall, "can only take parallel loops of functions, in "
                            "their scf.for, scf.if and scf.while");
  return mlirLogicalResultSuccess();
}
