// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The program of keys' and values' gradients: what its parts share.

#ifndef SIMPLICIAL_LOWERING_TILE_GRAD_KEYS_H
#define SIMPLICIAL_LOWERING_TILE_GRAD_KEYS_H

#include "grad.h"

typedef struct Keys {
  Forward f; ///< what programs take of the operation; `inner` are the rows
  const GradStats *stats;
  MlirValue d_out;
  MlirValue d_keys, d_values; ///< of the inner ones; null: not wanted
  Parts keys, values;         ///< of the outer ones
  const GradSums *sums;
  MlirValue global; ///< sums of the inner ones; null: in the block
  // Of the current tile:
  MlirValue tile; ///< its number
  MlirValue base; ///< the first outer key of its sums
  // Of the rows that are taken at once: all of a tile, or one
  MlirValue first, count;
  MlirValue live;      ///< of these, that are the sequence's
  MlirValue first_end; ///< of the first one, see Forward; null: no bound
  Range positions;     ///< of queries that see one of them
} Keys;

/// Elementwise products of three factors by plane, or cross products.
typedef struct Planes {
  MlirValue x[MAX_PLANES];
} Planes;

/// The rows: keys and values, as operands are multiplied.
typedef struct Rows {
  Planes keys;      ///< [rows, D / planes] each
  MlirValue values; ///< [rows, D]
} Rows;

/// A tile of columns.
typedef struct Columns {
  Planes q;              ///< [columns, D / planes] each
  MlirValue d_out;       ///< [columns, D]
  MlirValue logs, delta; ///< [rows, columns]
  MlirValue position;    ///< of the first query
} Columns;

/// Where a tile of columns is.
typedef struct Place {
  MlirValue position, query; ///< of the first column
  MlirValue head;
  MlirValue count; ///< of the columns that there are; null: all are
} Place;

static inline int64_t keys_width(const Keys *g) { return g->f.d / g->f.planes; }
static inline int64_t keys_rows(const Keys *g) { return g->f.config.block_k; }
static inline int64_t keys_columns(const Keys *g) {
  return config_rows(&g->f.config);
}

/// What is summed over columns: [rows, D / planes] each, and [rows, D].
typedef struct Sums {
  Planes u; ///< null: not wanted
  MlirValue t;
  MlirValue d; ///< [rows]: ds; null: not wanted
} Sums;

// grad_keys.c
bool keys_wants_keys(const Keys *g);
bool keys_wants_values(const Keys *g);
/// What sums begin with, and how they are carried.
Sums keys_no_sums(const Keys *g);
int keys_carry(const Keys *g, Sums *sums, MlirValue *values, bool out);
/// Logits of a tile of columns, without masks and scale, added to `start`
/// [rows, columns] (null: to nothing); and dP, if it is wanted.
MlirValue keys_logits(const Keys *g, const Planes *left, const Columns *columns,
                      MlirValue start);
MlirValue keys_d_weights(const Keys *g, MlirValue weighed,
                         const Columns *columns);
/// Adds to the sums what the tile does, from these.
void keys_take_columns(const Keys *g, MlirValue s, MlirValue dp,
                       const Columns *columns, Sums *sums);
/// Writes the gradients of the rows.
void keys_store(const Keys *g, const Sums *sums);

// grad_keys_load.c
/// Positions of the queries that see at least one of the inner keys
/// [first, end).
Range keys_positions(const Keys *g, MlirValue first, MlirValue end);

/// Positions of the queries that see outer key j and one of the rows.
Range keys_positions_of(const Keys *g, MlirValue j);

/// Of rows that queries at the positions see, [first, end).
Range keys_rows_seen(const Keys *g, Range positions);

Rows keys_load_rows(const Keys *g);

/// Outer key or value j, in every row.
MlirValue keys_load_outer(const Keys *g, MlirValue memref, MlirValue j,
                          int64_t d, int64_t width);

/// How many tiles of columns the positions have.
MlirValue keys_count_tiles(const Keys *g, Range positions);

/// Tile number `at` of the positions' columns, of which there are `tiles`:
/// heads of a position after each other, or, of several queries, all positions
/// of a head.
Place keys_place(const Keys *g, Range positions, MlirValue tiles, MlirValue at);

/// Where numbers of the columns are, beginning at a multiple of 16 bytes.
GradStatsPlace keys_stats_place(const Keys *g, const Place *place);

Columns keys_load_columns(const Keys *g, const Place *place);

// grad_pairs.c
/// The program of rows [first, first + count) with columns of pairs.
void keys_take_pairs(Keys *g);

#endif // SIMPLICIAL_LOWERING_TILE_GRAD_KEYS_H
