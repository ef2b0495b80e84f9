// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What launches on GPUs and on the emulator have in common.

#ifndef SIMPLICIAL_RUNTIME_LAUNCH_H
#define SIMPLICIAL_RUNTIME_LAUNCH_H

#include "simplicial/runtime.h"

/// The most blocks that CUDA's grids have in each dimension.
static const int64_t launch_max_grid[] = {INT32_MAX, UINT16_MAX, UINT16_MAX};

/// Keeps the error for simplicialTakeLaunchStatus, unless one is kept already.
/// Consumes `status`.
void launch_report(SimplicialStatus status);

#endif // SIMPLICIAL_RUNTIME_LAUNCH_H
