// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an operation of a kernel costs.

#ifndef SIMPLICIAL_LOWERING_MODEL_COST_H
#define SIMPLICIAL_LOWERING_MODEL_COST_H

#include "lowering/gpu/target/chip.h"

/// The units of an SM that instructions share.
typedef enum CostUnit {
  COST_ISSUE,
  COST_TENSOR,
  COST_MUFU,
  COST_FMA,
  COST_ALU,
  COST_SHARED, ///< shared memory, L1 and what exchanges lanes
  COST_L2,
  COST_UNITS,
} CostUnit;

/// What instructions are counted as.
typedef enum CostKind {
  COST_NOTHING, ///< no instruction: names, constants, parts of registers
  COST_WGMMA,
  COST_MMA,
  COST_EX2, ///< and other special functions
  COST_FLOAT,
  COST_MAX,
  COST_CONVERT,
  COST_SELECT, ///< and comparisons
  COST_INTEGER,
  COST_LOAD_MATRIX,
  COST_LOAD_SHARED,
  COST_STORE_SHARED,
  COST_LOAD_GLOBAL,
  COST_STORE_GLOBAL,
  COST_COPY,
  COST_SHUFFLE, ///< and votes
  COST_SYNC,    ///< barriers, fences, waits
  COST_OTHER,   ///< none of the table
  COST_KINDS,
} CostKind;

/// What the walk of a kernel has to know of it besides.
typedef enum CostRole {
  COST_PLAIN,
  COST_PURE,         ///< computes its results from its operands alone
  COST_LOOKS_UP,     ///< a load of global memory: L1 may have it
  COST_MULTIPLIES,   ///< asynchronously
  COST_COPIES,       ///< asynchronously
  COST_ENDS_GROUP,   ///< of products
  COST_AWAITS_GROUP, ///< until at most `pending` of them are left
  COST_ENDS_COPIES,
  COST_AWAITS_COPIES,
  COST_MEETS,   ///< waits for the other warps
  COST_ARRIVES, ///< does not wait for them
  COST_ORDERS,  ///< instructions do not move across
} CostRole;

/// Of one warp, or for a product of warpgroups, of each of its four warps, in
/// clocks of the SM's scheduler that the warp is on.
typedef struct Cost {
  CostKind kind;
  CostRole role;
  CostUnit unit; ///< the one besides COST_ISSUE that it keeps busy
  double cycles[COST_UNITS];
  double latency; ///< until its results can be used
  double flops;   ///< of products
  int pending;    ///< of COST_AWAITS_*
} Cost;

/// The cost of `op` on `chip`. What is not in the table is COST_OTHER.
Cost cost_of(MlirOperation op, const Chip *chip);

const char *cost_unit_name(CostUnit unit);
const char *cost_kind_name(CostKind kind);

#endif // SIMPLICIAL_LOWERING_MODEL_COST_H
