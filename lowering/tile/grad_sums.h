// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What gradients of outer keys and values are the sums of: a part of each tile
// of inner keys, or of queries.

#ifndef SIMPLICIAL_LOWERING_TILE_GRAD_SUMS_H
#define SIMPLICIAL_LOWERING_TILE_GRAD_SUMS_H

#include "forward.h"

/// Those of keys, or of values, before they are added up, [B, heads, tiles,
/// outer keys of a tile, D or Dv] of f32; and where they go.
typedef struct Parts {
  MlirValue sums, result; ///< null: not wanted
} Parts;

typedef struct GradSums {
  Forward f;     ///< what programs take of the operation
  bool by_query; ///< tiles are of queries, not of inner keys
  int64_t size;  ///< queries or keys of a tile
  int64_t heads; ///< that parts have for a head of keys
  Parts keys, values;
} GradSums;

/// Makes memory for parts of those gradients whose places are not null.
void grad_sums_allocate(GradSums *g, MlirValue keys, MlirValue values);

/// The most outer keys that any tile has parts of.
MlirValue grad_sums_most_outer(const GradSums *g);

/// The outer keys that tile `t` of the sequence that `at` is in has parts of.
Range grad_sums_outer(const GradSums *g, const Forward *at, MlirValue t);

/// Adds the parts up, in the order of tiles, whatever order they were made in.
void grad_sums_add(GradSums *g);

/// Positions of the queries that have one of the inner or outer keys [first,
/// last] in their window.
Range grad_sums_seers(const Forward *f, bool outer, MlirValue first,
                      MlirValue last);

/// The outer keys that the queries at these positions see; none if there are no
/// positions.
Range grad_sums_seen(const Forward *f, Range positions);

#endif // SIMPLICIAL_LOWERING_TILE_GRAD_SUMS_H
