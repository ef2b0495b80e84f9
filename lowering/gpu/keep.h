// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What keep.c and reduce.c decide by, for estimate.c to foresee it.

#ifndef SIMPLICIAL_LOWERING_GPU_KEEP_H
#define SIMPLICIAL_LOWERING_GPU_KEEP_H

#include <stdbool.h>
#include <stdint.h>

/// Slices that are evaluated at once where a loop carries many registers.
enum { KEEP_AT_ONCE = 4 };

/// Registers, of 255.
enum {
  KEEP_TIGHT_FROM = 64,   ///< of what a loop of a warp's own products carries
  KEEP_MOST_OF_LOAD = 24, ///< with more, ptxas keeps others on the stack
  KEEP_MOST = 170,        ///< of all that a loop of a warp's products needs
  KEEP_MOST_OF_WARPGROUPS = 128, ///< more leave none at all for loads
};

/// Bytes of shared memory, for each row of a block, through which warps reduce
/// rows; they take none of their own where the first ring is as large and free.
enum { REDUCE_SCRATCH = 128 };

/// Registers that are left for what was loaded before a loop, where its product
/// and what it carries need `taken`.
static inline int64_t keep_registers_left(bool warpgroups, int64_t taken) {
  if (warpgroups)
    return taken < KEEP_MOST_OF_WARPGROUPS ? INT64_MAX : 0;
  return taken < KEEP_MOST ? KEEP_MOST - taken : 0;
}

#endif // SIMPLICIAL_LOWERING_GPU_KEEP_H
