// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `simplicial.wgmma` and `simplicial.tie`: what they say, and their lowering.

#ifndef SIMPLICIAL_LOWERING_GPU_OPS_WGMMA_H
#define SIMPLICIAL_LOWERING_GPU_OPS_WGMMA_H

#include "mlir-c/IR.h"

enum { WGMMA_MAX_N = 256 };

enum { WGMMA_ACC, WGMMA_A, WGMMA_B, WGMMA_ACCUMULATE }; // operands

typedef struct Wgmma {
  int n; ///< columns of the product
  bool is_bf16;
  bool a_in_registers;
  bool a_mn_major, b_mn_major;
} Wgmma;

/// Reads a `simplicial.wgmma`; diagnoses one that there is no instruction for.
MlirLogicalResult wgmma_read(MlirOperation op, Wgmma *wgmma);

/// The number of registers of a value of that type: an i32, an f32 or a struct
/// of them; 0 for other types.
int wgmma_registers(MlirType type);

/// Diagnoses a `simplicial.tie` of something else.
MlirLogicalResult tie_check(MlirOperation op);

/// Diagnoses products in `gpu_module` whose registers are not settled: written
/// before a wgmma.fence, and kept there by a `simplicial.tie`.
MlirLogicalResult wgmma_check(MlirOperation gpu_module);

/// Makes both ops in `gpu_module` inline assembly.
MlirLogicalResult wgmma_lower(MlirOperation gpu_module);

#endif // SIMPLICIAL_LOWERING_GPU_OPS_WGMMA_H
