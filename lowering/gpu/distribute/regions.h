// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loops and branches.

#ifndef SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_REGIONS_H
#define SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_REGIONS_H

#include "context.h"

void regions_for(Distribute *s, MlirOperation loop);
void regions_if(Distribute *s, MlirOperation branch);

#endif // SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_REGIONS_H
