// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The memory that simplicialParallelForWithScratch gives the threads of a call.
// Small calls are frequent, so what one gives back is kept for the next.

#ifndef SIMPLICIAL_RUNTIME_SCRATCH_H
#define SIMPLICIAL_RUNTIME_SCRATCH_H

#include <stddef.h>

enum { SCRATCH_ALIGNMENT = 64 }; // a cache line

/// `bytes` of uninitialised memory, which belongs to the caller until it gives
/// it back; NULL if there is none.
void *scratch_take(size_t bytes);

/// NULL is nothing.
void scratch_give(void *data);

#endif // SIMPLICIAL_RUNTIME_SCRATCH_H
