// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stores of tiles from shared memory.

#ifndef SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_BULK_STORE_H
#define SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_BULK_STORE_H

#include "context.h"

/// Plans tensor maps for what consumers can store in boxes.
void bulk_store_plan(Distribute *s, MlirBlock block);
/// A vector.transfer_write, if it is one of those; else why it is not.
const char *bulk_store(Distribute *s, MlirOperation write);

#endif // SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_BULK_STORE_H
