// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the four warps of a warpgroup do together.

#ifndef SIMPLICIAL_RUNTIME_EMULATOR_WARPGROUP_H
#define SIMPLICIAL_RUNTIME_EMULATOR_WARPGROUP_H

#include "block.h"

#pragma GCC visibility push(hidden)

typedef struct Product Product;
typedef struct Accumulator Accumulator;

struct Warpgroup {
  int arrived;        ///< at an instruction for all
  uint32_t registers; ///< of a thread; 0: what the launch gave
  // wgmma: what has not been done yet, a ring, in order of issue.
  Product *products;
  size_t first_product, product_count, product_capacity;
  Accumulator *accumulators;
  uint32_t accumulator; ///< the number of the newest
  int agent;            ///< -1: none so far
};

bool warpgroups_create(Block *block);
void warpgroups_destroy(Block *block);
void warpgroups_reset(Block *block);

/// Waits until the whole warpgroup is at this operation; the last to come calls
/// `action` with the first thread, and finds each thread's `operands`.
void warpgroup_together(Thread *thread, uint32_t site, Collective action,
                        void *operands);

static inline Thread *warpgroup_first(Thread *thread) {
  return &thread->block->threads[thread->index / WARPGROUP * WARPGROUP];
}
static inline Warpgroup *warpgroup_of(const Thread *thread) {
  return &thread->block->warpgroups[thread->index / WARPGROUP];
}
static inline int warpgroup_count(const Block *block) {
  return (block->n + WARPGROUP - 1) / WARPGROUP;
}

void products_destroy(Warpgroup *group);
void products_reset(Warpgroup *group);
/// A wgmma is done, perhaps.
void products_drift(Block *block);
/// Reports what is pending when all threads have exited.
void products_finish(Block *block);

#pragma GCC visibility pop

#endif // SIMPLICIAL_RUNTIME_EMULATOR_WARPGROUP_H
