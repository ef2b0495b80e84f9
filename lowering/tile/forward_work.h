// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a block of the forward program does.

#ifndef SIMPLICIAL_LOWERING_TILE_FORWARD_WORK_H
#define SIMPLICIAL_LOWERING_TILE_FORWARD_WORK_H

#include "lowering/configure/config.h"
#include "lowering/configure/work.h"

/// An attention, as far as it matters to what it takes.
typedef struct ForwardShape {
  int64_t d;            ///< of a head's queries and keys
  int64_t dv;           ///< and of its values
  int64_t group;        ///< query heads that share their keys
  int64_t groups;       ///< of heads, in all batches; 0: any number
  int64_t queries;      ///< 0: any number
  bool one_query;       ///< reads keys that no other one does
  bool few;             ///< queries, whose blocks share an inner window
  int64_t outer, inner; ///< keys that a query sees
  int64_t outer_window; ///< as plan_outer_rows takes it
  bool causal;
  int64_t planes;  ///< of a head, each with products of its own
  bool pairwise;   ///< rows have constants beside their products
  bool value_bias; ///< is added to the inner values
  int64_t bytes;   ///< of an operand's element
  int64_t passes;  ///< products of tf32 that one of f32 is; else 1
} ForwardShape;

/// The list of a strategy, whose unit is a (query, head, j, k) that is seen.
void forward_work(const Config *config, const ForwardShape *shape, Work *work);

#endif // SIMPLICIAL_LOWERING_TILE_FORWARD_WORK_H
