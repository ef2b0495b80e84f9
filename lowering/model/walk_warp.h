// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A warp on its way through a program.

#ifndef SIMPLICIAL_LOWERING_MODEL_WALK_WARP_H
#define SIMPLICIAL_LOWERING_MODEL_WALK_WARP_H

#include "walk.h"

enum {
  LANES = 8, // of a warp that are evaluated: every fourth, one of each row of a
             // fragment
  MAX_DEPTH = 16,
  GROUPS = 64, // of copies and of products that are remembered
};

/// What a warp had when the sampled trips of a loop began.
typedef struct Sample {
  double time, steps;
  int64_t assumed;
  WalkCount *counts;    ///< of each block
  ProgramValue *values; ///< of what the loop carries, each in all lanes
} Sample;

/// A block that a warp is in.
typedef struct Frame {
  int block, at;
  const Instruction *owner; ///< NULL: the function
  int64_t place, end, step; ///< of a loop
  int64_t trips;            ///< that have ended
  int64_t first;            ///< before those left out; 0: none are
  Sample sample;
  double entered;
} Frame;

/// Products that a warp has issued.
typedef struct Job {
  double issued, cycles;
} Job;

typedef struct Warp {
  int number, block; ///< in the block; which resident one
  Frame frames[MAX_DEPTH];
  int depth;
  ProgramValue *values;
  double *ready;
  double time;             ///< of its next issue, at the least
  double operands;         ///< when those of the next instruction are there
  const Instruction *next; ///< NULL: it has none
  bool at_barrier;
  int64_t awaits; ///< jobs that must be done; 0: none
  Job *jobs;
  int64_t issued, done;
  int job_capacity;
  double done_at;
  int64_t group_jobs[GROUPS]; ///< jobs up to the end of a group
  int64_t groups;
  double copies_done, copy_groups[GROUPS];
  int64_t n_copy_groups;
  double steps; ///< instructions, and those of trips left out
  int64_t assumed;
  WalkCount *counts; ///< of each block, but for `warps`
} Warp;

#endif // SIMPLICIAL_LOWERING_MODEL_WALK_WARP_H
