// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Handles of the dialects that passes depend on, for hosts whose library of
// MLIR's C API has none of them, as that of the Python bindings. A handle there
// is what mlir/CAPI/Registration.h says, in C.

#include "mlir-c/Dialect/Arith.h"
#include "mlir-c/Dialect/Bufferization.h"
#include "mlir-c/Dialect/Math.h"
#include "mlir-c/Dialect/MemRef.h"
#include "mlir-c/Dialect/NVVM.h"
#include "mlir-c/Dialect/SCF.h"
#include "mlir-c/Dialect/Tensor.h"
#include "mlir-c/Dialect/Vector.h"
#include "mlir-c/RegisterEverything.h"

/// MlirDialectRegistrationHooks.
typedef struct Hooks {
  void (*insert)(MlirDialectRegistry registry);
  MlirDialect (*load)(MlirContext context);
  MlirStringRef (*name)(void);
} Hooks;

/// The C API names no single dialect, so these are all that there are.
static void insert(MlirDialectRegistry registry) {
  mlirRegisterAllDialects(registry);
}

#define DEFINE(dialect)                                                        \
  static MlirStringRef name_##dialect(void) {                                  \
    return mlirStringRefCreateFromCString(#dialect);                           \
  }                                                                            \
  static MlirDialect load_##dialect(MlirContext context) {                     \
    return mlirContextGetOrLoadDialect(context, name_##dialect());             \
  }                                                                            \
  MlirDialectHandle mlirGetDialectHandle__##dialect##__(void) {                \
    static const Hooks hooks = {insert, load_##dialect, name_##dialect};       \
    return (MlirDialectHandle){&hooks};                                        \
  }
DEFINE(arith)
DEFINE(bufferization)
DEFINE(math)
DEFINE(memref)
DEFINE(nvvm)
DEFINE(scf)
DEFINE(tensor)
DEFINE(vector)
