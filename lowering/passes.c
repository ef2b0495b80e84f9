// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// External passes of the MLIR C API, from plain functions on modules.

#include "pass.h"

#include "ir.h"

#include "mlir-c/Dialect/Arith.h"
#include "mlir-c/Dialect/Bufferization.h"
#include "mlir-c/Dialect/Func.h"
#include "mlir-c/Dialect/GPU.h"
#include "mlir-c/Dialect/LLVM.h"
#include "mlir-c/Dialect/Linalg.h"
#include "mlir-c/Dialect/Math.h"
#include "mlir-c/Dialect/MemRef.h"
#include "mlir-c/Dialect/NVVM.h"
#include "mlir-c/Dialect/SCF.h"
#include "mlir-c/Dialect/Tensor.h"
#include "mlir-c/Dialect/Vector.h"

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
      mlirGetDialectHandle__arith__(),  mlirGetDialectHandle__bufferization__(),
      mlirGetDialectHandle__func__(),   mlirGetDialectHandle__gpu__(),
      mlirGetDialectHandle__nvvm__(),   mlirGetDialectHandle__llvm__(),
      mlirGetDialectHandle__linalg__(), mlirGetDialectHandle__math__(),
      mlirGetDialectHandle__memref__(), mlirGetDialectHandle__scf__(),
      mlirGetDialectHandle__tensor__(), mlirGetDialectHandle__vector__()};
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
