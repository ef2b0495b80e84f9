// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The program of keys' and values' gradients: what its parts share.

#ifndef SIMPLICIAL_LOWERING_TILE_GRAD_KEYS_H
#define SIMPLICIAL_LOWERING_TILE_GRAD_KEYS_H

#include "grad.h"

/// The sums of one pair's elements over a tile of inner keys, before they are
/// added up, [B, Hk, tiles, outer keys of a tile, D] of f32; and where they go.
typedef struct Parts {
  MlirValue sums, result; ///< null: not wanted
} Parts;

typedef struct Keys {
  Forward f; ///< what programs take of the operation; `inner` are the rows
  const GradStats *stats;
  MlirValue d_out;
  MlirValue d_keys, d_values; ///< of the inner ones; null: not wanted
  Parts keys, values;         ///< of the outer ones
  MlirValue global;           ///< sums of the inner ones; null: in the block
  // Of the current tile:
  MlirValue batch, head; ///< of keys
  MlirValue tile;        ///< its number
  MlirValue base;        ///< the first outer key of its sums
  // Of the rows that are taken at once: all of a tile, or one
  MlirValue first, count;
  MlirValue positions_lower, positions_upper;
} Keys;

/// Positions of the queries that see at least one of the inner keys
/// [first, end).
Range keys_positions(const Keys *g, MlirValue first, MlirValue end);

/// The outer keys that these see; none if there are no positions.
Range keys_outer(const Keys *g, Range positions);

/// grad_sums.c: buffers for sums by tile, and what adds them up.
void grad_sums_allocate(Keys *g, Parts *parts);
void grad_sums_add(Keys *g, const Parts *parts, double scale);

#endif // SIMPLICIAL_LOWERING_TILE_GRAD_KEYS_H
