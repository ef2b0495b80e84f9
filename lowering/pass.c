// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// External passes of the MLIR C API, from plain functions on modules.

#include "pass.h"

#include "ir_llvm.h"
#include "memory.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/Dialect/Arith.h"
#include "mlir-c/Dialect/Bufferization.h"
#include "mlir-c/Dialect/Func.h"
#include "mlir-c/Dialect/GPU.h"
#include "mlir-c/Dialect/LLVM.h"
#include "mlir-c/Dialect/Math.h"
#include "mlir-c/Dialect/MemRef.h"
#include "mlir-c/Dialect/NVVM.h"
#include "mlir-c/Dialect/SCF.h"
#include "mlir-c/Dialect/Vector.h"

#include <stdlib.h>

typedef MlirLogicalResult (*PassFunction)(MlirOperation module);

static void run(MlirOperation module, MlirExternalPass pass, void *function) {
  if (mlirLogicalResultIsFailure((*(const PassFunction *)function)(module)))
    mlirExternalPassSignalFailure(pass);
}

static void nothing(void *function) { (void)function; }
static void *share(void *function) { return function; }

/// The address of `id` identifies the pass to MLIR, which wants it 8-aligned.
static MlirPass create(const char *name, const char *description,
                       const PassFunction *function, const int64_t *id) {
  MlirDialectHandle dialects[] = {
      mlirGetDialectHandle__arith__(), mlirGetDialectHandle__bufferization__(),
      mlirGetDialectHandle__func__(),  mlirGetDialectHandle__gpu__(),
      mlirGetDialectHandle__nvvm__(),  mlirGetDialectHandle__llvm__(),
      mlirGetDialectHandle__math__(),  mlirGetDialectHandle__memref__(),
      mlirGetDialectHandle__scf__(),   mlirGetDialectHandle__vector__()};
  MlirExternalPassCallbacks callbacks = {
      .construct = nothing, .destruct = nothing, .clone = share, .run = run};
  return mlirCreateExternalPass(
      mlirTypeIDCreate(id), ir_str(name), ir_str(name), ir_str(description),
      ir_str("builtin.module"), sizeof dialects / sizeof *dialects, dialects,
      callbacks, (void *)function);
}

#define DEFINE(Name, function, name, description)                              \
  MlirPass simplicialCreate##Name##Pass(void) {                                \
    static const PassFunction pointer = function;                              \
    static const int64_t id;                                                   \
    return create(name, description, &pointer, &id);                           \
  }
FOR_EACH_PASS(DEFINE)
#undef DEFINE

static const SimplicialPassInfo passes[] = {
#define ENTRY(Name, function, name, description)                               \
  {name, description, simplicialCreate##Name##Pass},
    FOR_EACH_PASS(ENTRY)
#undef ENTRY
};

const SimplicialPassInfo *simplicialPasses(size_t *count) {
  *count = sizeof passes / sizeof *passes;
  return passes;
}

typedef struct Collected {
  int n_names;
  const char *const *names;
  MlirOperation *ops;
  size_t count, capacity;
} Collected;

static MlirWalkResult collect(MlirOperation op, void *user) {
  Collected *c = user;
  for (int i = 0; i < c->n_names; ++i) {
    if (!ir_is(op, c->names[i]))
      continue;
    if (c->count == c->capacity) {
      c->capacity = c->capacity ? 2 * c->capacity : 8;
      c->ops = memory_resized(c->ops, c->capacity * sizeof *c->ops);
    }
    c->ops[c->count++] = op;
  }
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
