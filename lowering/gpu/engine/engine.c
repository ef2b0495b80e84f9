// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The engines that there are.

#include "engine.h"

const Engine *const engines[] = {&engine_wgmma, &engine_mma_sync, NULL};
