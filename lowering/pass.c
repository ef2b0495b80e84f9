// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What passes do with a module's ops one after another.

#include "pass.h"

#include "ir_llvm.h"
#include "memory.h"

#include "mlir-c/BuiltinAttributes.h"

#include <stdlib.h>

typedef struct Collected {
  int n_names;
  const char *const *names;
  MlirOperation *ops;
  size_t count, capacity;
} Collected;

static MlirWalkResult collect(MlirOperation op, void *user) {
  Collected *c = user;
  if (!ir_is_any(op, c->n_names, c->names))
    return MlirWalkResultAdvance;
  if (c->count == c->capacity) {
    c->capacity = c->capacity ? 2 * c->capacity : 8;
    c->ops = memory_resized(c->ops, c->capacity * sizeof *c->ops);
  }
  c->ops[c->count++] = op;
  return MlirWalkResultAdvance;
}

MlirLogicalResult pass_for_each(MlirOperation root, int n,
                                const char *const *names,
                                MlirLogicalResult (*visit)(MlirOperation)) {
  Collected c = {.n_names = n, .names = names};
  mlirOperationWalk(root, collect, &c, MlirWalkPreOrder);
  MlirLogicalResult result = mlirLogicalResultSuccess();
  for (size_t i = 0; i < c.count && mlirLogicalResultIsSuccess(result); ++i)
    result = visit(c.ops[i]);
  free(c.ops);
  return result;
}

static MlirLogicalResult keep_deallocation(MlirOperation dealloc) {
  MlirAttribute unit = mlirUnitAttrGet(mlirOperationGetContext(dealloc));
  MlirStringRef name = ir_str("bufferization.manual_deallocation");
  mlirOperationSetDiscardableAttributeByName(dealloc, name, unit);
  MlirOperation alloc = ir_def(ir_operand(dealloc, 0));
  if (ir_is(alloc, "memref.alloc"))
    mlirOperationSetDiscardableAttributeByName(alloc, name, unit);
  return mlirLogicalResultSuccess();
}

MlirLogicalResult pass_keep_deallocations(MlirOperation module) {
  static const char *const names[] = {"memref.dealloc"};
  return pass_for_each(module, 1, names, keep_deallocation);
}

static MlirLogicalResult request_c_interface(MlirOperation function) {
  if (ir_is_public(function) && !mlirBlockIsNull(ir_body(function, 0)))
    mlirOperationSetAttributeByName(
        function, ir_str("llvm.emit_c_interface"),
        mlirUnitAttrGet(mlirOperationGetContext(function)));
  return mlirLogicalResultSuccess();
}

MlirLogicalResult pass_request_c_interfaces(MlirOperation module) {
  static const char *const functions[] = {"func.func"};
  return pass_for_each(module, 1, functions, request_c_interface);
}
