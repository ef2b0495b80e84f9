// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What keep.c and reduce.c decide by, for estimate.c to foresee it.

#ifndef SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_KEEP_H
#define SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_KEEP_H

#include <stdbool.h>
#include <stdint.h>

/// Registers, of 255.
enum {
  KEEP_TIGHT_FROM = 64,   ///< of what a loop of a warp's own products carries
  KEEP_MOST_OF_LOAD = 24, ///< with more, ptxas keeps others on the stack
  KEEP_MOST_OF_WARPGROUPS_LOAD = 32, ///< the same
  KEEP_TIGHT_FOR_WARPGROUPS = 96,    ///< of what a loop of theirs carries
  KEEP_MOST_OF_WARPGROUPS = 128,     ///< more leave none at all for loads
};

/// Bytes of shared memory, for each row of a block, through which warps reduce
/// rows; they take none of their own where the first ring is as large and free.
enum { REDUCE_SCRATCH = 128 };

/// Of mma.sync: a loop's product and what it carries need `taken` registers,
/// its operands and addresses KEEP_OTHERS. With KEEP_THREE, or KEEP_TWO, in
/// all, three, or two, blocks of four warps share an SM.
enum { KEEP_OTHERS = 72, KEEP_THREE = 168, KEEP_TWO = 242 };

static inline bool keep_is_for_three(int64_t taken) {
  return taken + KEEP_OTHERS <= KEEP_THREE;
}

/// Slices that are evaluated at once where a loop carries many registers; 0: it
/// does not.
static inline int64_t keep_at_once(bool warpgroups, int64_t product,
                                   int64_t carried) {
  if (warpgroups)
    return carried >= KEEP_TIGHT_FOR_WARPGROUPS;
  if (carried < KEEP_TIGHT_FROM)
    return 0;
  return keep_is_for_three(product + carried) ? 4 : 2;
}

/// Registers that are left for what was loaded before a loop.
static inline int64_t keep_registers_left(bool warpgroups, int64_t taken) {
  if (warpgroups)
    return taken < KEEP_MOST_OF_WARPGROUPS ? INT64_MAX : 0;
  int64_t all = keep_is_for_three(taken) ? KEEP_THREE : KEEP_TWO;
  int64_t left = all - KEEP_OTHERS - taken;
  return left > 0 ? left : 0;
}

#endif // SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_KEEP_H
