// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a tiling strategy takes of a GPU, before there is a program.

#ifndef SIMPLICIAL_LOWERING_CONFIGURE_ESTIMATE_H
#define SIMPLICIAL_LOWERING_CONFIGURE_ESTIMATE_H

#include "config.h"
#include "lowering/gpu/target/chip.h"

/// An attention, as far as it matters to what it takes.
typedef struct Shape {
  int64_t d;            ///< of a head
  int64_t group;        ///< query heads that share their keys
  int64_t groups;       ///< of heads, in all batches; 0: any number
  int64_t queries;      ///< 0: any number
  int64_t outer, inner; ///< keys that a query sees
  int64_t outer_window; ///< as config_outer_rows takes it
  bool causal;
  int64_t planes;  ///< of a head, each with products of its own
  bool value_bias; ///< is added to the inner values
  int64_t bytes;   ///< of an operand's element
  int64_t passes;  ///< products of tf32 that one of f32 is; else 1
} Shape;

typedef struct Estimate {
  bool warpgroups; ///< multiply
  int64_t shared_bytes;
  int64_t registers, most_registers; ///< of a thread; those it may have
  int64_t blocks;                    ///< on an SM; 0: too much shared memory
  double step;                       ///< clocks of a step of whole tiles
  double clocks; ///< of an SM for a (query, head, j, k) that is seen
} Estimate;

/// Why there are no instructions of warpgroups for such heads; NULL: there are.
const char *estimate_refuses_warpgroups(const Shape *shape);

Estimate estimate(const Config *config, const Shape *shape, const Chip *chip);

#endif // SIMPLICIAL_LOWERING_CONFIGURE_ESTIMATE_H
