// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The kernels of a module, as upstream's gpu-module-to-binary leaves them:
//
//   gpu.binary @f_kernels [#gpu.object<#nvvm.target<chip = "sm_80">, "PTX">]
//
// It has an object for each chip.

#ifndef SIMPLICIAL_COMPILER_BINARY_H
#define SIMPLICIAL_COMPILER_BINARY_H

#include "mlir-c/IR.h"

/// Formats of #gpu.object.
enum { BINARY_CUBIN = 3, BINARY_FATBIN = 4 };

/// The module's first gpu.binary, and the one after `binary`; null if there is
/// none.
MlirOperation binary_first(MlirModule module);
MlirOperation binary_next(MlirOperation binary);

int binary_count(MlirOperation binary);
MlirAttribute binary_object(MlirOperation binary, int number);
MlirStringRef binary_bytes(MlirOperation binary, int number);
/// What `object` would be in another format.
MlirAttribute binary_object_like(MlirAttribute object, uint32_t format,
                                 MlirStringRef bytes);
void binary_set_objects(MlirOperation binary, int n,
                        const MlirAttribute *objects);

#endif // SIMPLICIAL_COMPILER_BINARY_H
