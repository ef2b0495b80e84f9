// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels for several chips in one file that the driver loads.

#ifndef SIMPLICIAL_COMPILER_FATBIN_H
#define SIMPLICIAL_COMPILER_FATBIN_H

#include "trace.h"

#include "lowering/gpu/target/chip.h"
#include "simplicial/runtime.h"

/// Makes each gpu.binary, with PTX of each chip, one of a single fatbin: the
/// chips' machine code, and behind it the PTX of chip_list_ptx. `trace` may be
/// NULL.
SimplicialStatus fatbin_make(const ChipList *list, MlirModule module,
                             Trace *trace);

#endif // SIMPLICIAL_COMPILER_FATBIN_H
