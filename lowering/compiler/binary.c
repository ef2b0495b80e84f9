// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// gpu.binary: reading objects, and replacing them.

#include "binary.h"

#include "lowering/ir.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/Dialect/GPU.h"

static const char objects_name[] = "objects";

/// The first gpu.binary at or after `op`.
static MlirOperation find(MlirOperation op) {
  while (!mlirOperationIsNull(op) && !ir_is(op, "gpu.binary"))
    op = mlirOperationGetNextInBlock(op);
  return op;
}

MlirOperation binary_first(MlirModule module) {
  return find(mlirBlockGetFirstOperation(mlirModuleGetBody(module)));
}

MlirOperation binary_next(MlirOperation binary) {
  return find(mlirOperationGetNextInBlock(binary));
}

int binary_count(MlirOperation binary) {
  return (int)mlirArrayAttrGetNumElements(ir_get_attr(binary, objects_name));
}

MlirAttribute binary_object(MlirOperation binary, int number) {
  return mlirArrayAttrGetElement(ir_get_attr(binary, objects_name), number);
}

MlirStringRef binary_bytes(MlirOperation binary, int number) {
  return mlirGPUObjectAttrGetObject(binary_object(binary, number));
}

MlirAttribute binary_object_like(MlirAttribute object, uint32_t format,
                                 MlirStringRef bytes) {
  return mlirGPUObjectAttrGet(mlirAttributeGetContext(object),
                              mlirGPUObjectAttrGetTarget(object), format, bytes,
                              mlirAttributeGetNull());
}

void binary_set_objects(MlirOperation binary, int n,
                        const MlirAttribute *objects) {
  mlirOperationSetAttributeByName(
      binary, ir_str(objects_name),
      mlirArrayAttrGet(mlirOperationGetContext(binary), n, objects));
}
