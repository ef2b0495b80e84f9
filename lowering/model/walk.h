// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One block of a kernel after another, walked with a clock.

#ifndef SIMPLICIAL_LOWERING_MODEL_WALK_H
#define SIMPLICIAL_LOWERING_MODEL_WALK_H

#include "program.h"

/// What is walked: copies of one block that an SM holds at once.
typedef struct Walk {
  const Program *program;
  const Chip *chip;
  const ProgramValue *arguments; ///< of the kernel
  int warps;                     ///< of a block
  int resident;                  ///< blocks on an SM
} Walk;

/// What happened in a block of the program: sums over a scheduler's warps.
typedef struct WalkCount {
  double times;  ///< that it was run
  double clocks; ///< from its begin to its end
  double l2;     ///< clocks of L2, for what L1 did not have
  double shared; ///< of L1, for loads of several lines, beside their cost
  double warps;  ///< that run it: the most of all walks
} WalkCount;

typedef struct WalkResult {
  double clocks;     ///< until the last block ends
  double steps;      ///< instructions of the blocks
  int64_t assumed;   ///< conditions that depend on data, and did not hold
  WalkCount *counts; ///< of each block of the program; the caller's
  double warps;      ///< that a scheduler has of the resident blocks
} WalkResult;

/// Walks block (x, y, z) of the grid. `counts` and the sums are added to; the
/// rest is set. Diagnoses what cannot be walked.
MlirLogicalResult walk_block(const Walk *walk, const int64_t place[3],
                             WalkResult *result);

#endif // SIMPLICIAL_LOWERING_MODEL_WALK_H
