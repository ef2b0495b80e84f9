// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The GPUs that there are kernels for.

#ifndef SIMPLICIAL_LOWERING_GPU_CHIP_H
#define SIMPLICIAL_LOWERING_GPU_CHIP_H

#include "mlir-c/IR.h"

typedef struct Chip {
  const char *name; ///< a value of `simplicial.target`
  int major, minor; ///< compute capability
  const char *ptx;  ///< LLVM's feature for the PTX version to write
  int shared_bytes; ///< shared memory that one block may have
} Chip;

/// The chips by compute capability, and behind them one without a name.
extern const Chip chips[];

/// NULL if there is no chip of this name.
const Chip *chip_find(MlirStringRef name);

/// The chip that `module` is for; diagnoses a target that is none.
const Chip *chip_of_module(MlirOperation module);

#endif // SIMPLICIAL_LOWERING_GPU_CHIP_H
