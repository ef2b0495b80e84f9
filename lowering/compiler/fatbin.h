// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels for several chips in one file that the driver loads.

#ifndef SIMPLICIAL_COMPILER_FATBIN_H
#define SIMPLICIAL_COMPILER_FATBIN_H

#include "lowering/gpu/chip.h"
#include "simplicial/runtime.h"

/// Makes each gpu.binary of `machine_code`, with a cubin for each chip, one of
/// a single fatbin. Behind the cubins stands the PTX of the same gpu.binary of
/// `ptx`, which is that of chip_list_ptx.
SimplicialStatus fatbin_join(const ChipList *list, MlirModule machine_code,
                             MlirModule ptx);

#endif // SIMPLICIAL_COMPILER_FATBIN_H
