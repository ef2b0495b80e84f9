// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Copies into shared memory by a warp that does nothing else.

#ifndef SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_BULK_COPY_H
#define SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_BULK_COPY_H

#include "context.h"

/// Plans a tensor map, if there is none such; false if there are too many.
bool bulk_copy_plan_map(Distribute *s, MlirValue memref, const int64_t *box);
/// The one that is planned; NULL: none.
const TensorMap *bulk_copy_map(const Distribute *s, MlirValue memref,
                               const int64_t *box);
/// Why a producer cannot make all copies in the block; NULL: it can, and its
/// tensor maps are planned.
const char *bulk_copy_plan(Distribute *s, MlirBlock block);
/// Makes the mbarriers of the rings, which all threads see behind a barrier.
void bulk_copy_begin(Distribute *s, int n, const MlirValue *rings);
/// The producer's part of a simplicial.copy_async.
void bulk_copy_fill(Distribute *s, MlirOperation copy);
/// The consumers' of simplicial.copy_wait and copy_release.
void bulk_copy_wait(Distribute *s, MlirOperation op);
void bulk_copy_release(Distribute *s, MlirOperation op);

#endif // SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_BULK_COPY_H
