// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simplicial.tensor_map in host functions.

#ifndef SIMPLICIAL_LOWERING_GPU_OPS_TENSOR_MAP_H
#define SIMPLICIAL_LOWERING_GPU_OPS_TENSOR_MAP_H

#include "lowering/ir.h"

/// What a tensor map is in host functions, and passed by value to kernels:
/// !llvm.array<16 x i64>.
MlirType tensor_map_type(MlirContext context);

/// simplicial.tensor_map -> a call of the runtime's `function` (as
/// simplicialCudaTensorMap, cuda.h). Diagnoses what no map can be of.
MlirLogicalResult tensor_map_lower(MlirOperation op, const char *function);

#endif // SIMPLICIAL_LOWERING_GPU_OPS_TENSOR_MAP_H
