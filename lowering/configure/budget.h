// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The shared memory and the registers of a work list.

#ifndef SIMPLICIAL_LOWERING_CONFIGURE_BUDGET_H
#define SIMPLICIAL_LOWERING_CONFIGURE_BUDGET_H

#include "work.h"

#include "lowering/gpu/engine/engine.h"

typedef struct Budget {
  const Engine *engine; ///< multiplies
  bool beside;          ///< products run beside what their warps do
  int64_t warps;        ///< of a block, that have rows
  int64_t shared_bytes; ///< of a block
  int64_t registers, most_registers; ///< of a thread; those it may have
  int64_t blocks;                    ///< on an SM; 0: too much shared memory
  int64_t at_once; ///< slices that are evaluated together; 0: all
  int64_t parked[WORK_MOST_KEPT]; ///< slices of what is kept, in shared memory
} Budget;

Budget budget_of(const Work *work, const Chip *chip);

/// Why groups of warps do not multiply for the block on any chip; NULL: they
/// do where there are such.
const char *budget_refuses_groups(const Work *work);

/// The columns of a product that are in registers at once.
int64_t budget_columns_at_once(const Budget *budget, int64_t columns);

#endif // SIMPLICIAL_LOWERING_CONFIGURE_BUDGET_H
