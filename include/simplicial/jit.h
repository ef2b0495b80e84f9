// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Modules of an embedder's own, which are in memory -> functions to call
// (compiler.h).

#ifndef SIMPLICIAL_JIT_H
#define SIMPLICIAL_JIT_H

#include "mlir-c/IR.h"
#include "simplicial/compiler.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Compiles as simplicialCompilerLoad does, without a memory of what it
/// compiled. The module is left unchanged, as is its context, which must not be
/// used meanwhile: that need not know our dialect, if it allows unregistered
/// ones.
MLIR_CAPI_EXPORTED SimplicialStatus simplicialJit(
    MlirModule module, const char *target, SimplicialExecutable **executable);

#ifdef __cplusplus
}
#endif

#endif // SIMPLICIAL_JIT_H
