// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels for several chips in one file that the driver loads.

#ifndef SIMPLICIAL_COMPILER_FATBIN_H
#define SIMPLICIAL_COMPILER_FATBIN_H

#include "simplicial/runtime.h"

#include "mlir-c/IR.h"

/// Makes each gpu.binary of `machine_code`, with a cubin for each chip, one of
/// a single fatbin. Behind the cubins stands the PTX of the same gpu.binary of
/// `ptx`, for later chips.
SimplicialStatus fatbin_join(MlirModule machine_code, MlirModule ptx);

#endif // SIMPLICIAL_COMPILER_FATBIN_H
