// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a work list takes of a GPU, before there is a program.

#ifndef SIMPLICIAL_LOWERING_CONFIGURE_ESTIMATE_H
#define SIMPLICIAL_LOWERING_CONFIGURE_ESTIMATE_H

#include "budget.h"

typedef struct Estimate {
  Budget budget;
  double step;   ///< clocks of one of the first steps
  double clocks; ///< of an SM for a unit of what blocks are useful for
} Estimate;

Estimate estimate(const Work *work, const Chip *chip);

#endif // SIMPLICIAL_LOWERING_CONFIGURE_ESTIMATE_H
