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
  MlirValue shares; ///< so many blocks share a tile; null: none do
  MlirValue global; ///< sums of the inner ones; null: in the block
  MlirValue shared; ///< with shares, their sums, which may be `global`
  MlirValue local;  ///< with local_sums: [rows, keys_local_width] of the
                    ///< block's own
  // Of the current tile:
  MlirValue tile;   ///< its number
  MlirValue base;   ///< the first outer key of its sums
  MlirValue number; ///< the sequence's in `global` and `shared`
  Range share;      ///< what the block takes of the tile's outer keys, or, by
                    ///< pairs, of positions of queries; null: all
  // Of the rows that are taken at once: all of a tile, or one
  MlirValue first, count;
  MlirValue live;      ///< of these, that are the sequence's
  MlirValue first_end; ///< of the first one, see Forward; null: no bound
  Range positions;     ///< of queries that see one of them
  // Of the outer keys that are taken at once:
  MlirValue most_outer; ///< how many, but for the last ones
  MlirValue outer, outer_count;
  MlirValue outer_end; ///< of the first one, as `first_end`
} Keys;

/// Elementwise products of three factors by plane, or cross products.
typedef struct Planes {
  MlirValue x[MAX_PLANES];
} Planes;

/// The rows: keys and values, as operands are multiplied.
typedef struct Rows {
  Planes keys;      ///< [rows, D / planes] each
  MlirValue values; ///< [rows, Dv]
} Rows;

/// A tile of columns.
typedef struct Columns {
  Planes q;             ///< [columns, D / planes] each
  MlirValue d_out;      ///< [columns, Dv]
  MlirValue logs, less; ///< [rows, columns], see GradStats
  MlirValue position;   ///< of the first query
} Columns;

/// Where a tile of columns is.
typedef struct Place {
  MlirValue position, query; ///< of the first column
  MlirValue head;
  MlirValue count; ///< of the columns that there are; null: all are
} Place;

static inline int64_t keys_width(const Keys *g) { return g->f.d / g->f.planes; }
/// Inner keys of a block.
static inline int64_t keys_inner(const Keys *g) { return g->f.config.block_k; }
/// Outer keys that are taken at once. Each has a row for every inner key.
static inline int64_t keys_outer(const Keys *g) {
  return g->f.config.by_pairs ? 1 : g->f.config.block_j;
}
static inline int64_t keys_rows(const Keys *g) {
  return keys_outer(g) * keys_inner(g);
}
static inline int64_t keys_columns(const Keys *g) {
  return config_columns(&g->f.config);
}

/// What is summed over columns: [rows, D / planes] each, and [rows, Dv].
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
/// Logits of a tile of columns, without masks and scale, with `logs`, and added
/// to `start` [rows, columns] (null: to nothing); and dP, less delta, if it is
/// wanted.
MlirValue keys_logits(const Keys *g, const Planes *left, const Columns *columns,
                      MlirValue start);
MlirValue keys_d_weights(const Keys *g, MlirValue weighed,
                         const Columns *columns);
/// Adds to the sums what the tile does, from these.
void keys_take_columns(const Keys *g, MlirValue s, MlirValue dp,
                       const Columns *columns, Sums *sums);
/// Takes up rows [first, first + count).
void keys_enter_rows(Keys *g, MlirValue first, MlirValue count);
/// Writes the gradients of the rows.
void keys_store(const Keys *g, const Sums *sums);
/// Writes what the block has of them, which is in `own` or, if it is not null,
/// in `memory`.
void keys_finish(const Keys *g, MlirValue memory, Sums *own);

// grad_keys_load.c
/// Positions of the queries that see at least one of the inner keys
/// [first, end).
Range keys_positions(const Keys *g, MlirValue first, MlirValue end);

/// Positions of the queries that see one of `count` outer keys from j on, and
/// one of the inner keys.
Range keys_positions_of(const Keys *g, MlirValue j, MlirValue count);

/// Of the inner keys, those that some query sees together with the n-th outer
/// key; none, if there is no such one.
Range keys_seen(const Keys *g, int64_t n);

/// A mask [rows] of outer and inner keys that some query sees together.
MlirValue keys_rows_seen(const Keys *g);

/// x [inner keys, n] in the rows of every outer key.
MlirValue keys_by_row(const Keys *g, MlirValue x);

Rows keys_load_rows(const Keys *g);

/// The outer keys or values, in the rows of every inner key.
MlirValue keys_load_outer(const Keys *g, MlirValue memref, int64_t d,
                          int64_t width);

/// How many tiles of columns the positions have.
MlirValue keys_count_tiles(const Keys *g, Range positions);

/// Tile number `at` of the positions' columns, of which there are `tiles`:
/// heads of a position after each other, or, of several queries, all positions
/// of a head.
Place keys_place(const Keys *g, Range positions, MlirValue tiles, MlirValue at);

/// Where numbers of the columns are, beginning at a multiple of 16 bytes.
GradStatsPlace keys_stats_place(const Keys *g, const Place *place);

Columns keys_load_columns(const Keys *g, const Place *place);

// grad_keys_sums.c
/// Adds x, summed over inner keys, to the sums of the outer keys, columns from
/// d on. `more`: an i1, whether rows that were taken before have been there.
void keys_add_part(const Keys *g, const Parts *parts, MlirValue x,
                   MlirValue more, int64_t d);
/// Columns of what inner keys, and values behind them, are summed up to over
/// outer ones.
int64_t keys_own_width(const Keys *g);
/// Memory for it, of the block's own, [inner keys, keys_own_width].
MlirValue keys_own_memory(const Keys *g);
/// The same for all keys, and for each share, in global memory.
MlirValue keys_allocate_sums(const Keys *g);
/// Adds x by row, plane t of keys, or values: in memory, or, if that is null,
/// to `own`.
void keys_add_own_keys(const Keys *g, MlirValue memory, int t, MlirValue x,
                       Sums *own);
void keys_add_own_values(const Keys *g, MlirValue memory, MlirValue x,
                         Sums *own);
/// All of it, by inner key.
void keys_finish_own(const Keys *g, MlirValue memory, Sums *own);
/// Writes it to memory; null: zeros.
void keys_write_own(const Keys *g, MlirValue memory, const Sums *own);

// grad_keys_shares.c
/// How many blocks share a tile of rows.
MlirValue keys_count_shares(const Keys *g);
/// Takes up block number `block`, of tiles and their shares. Returns the tile's
/// rows.
Range keys_enter_block(Keys *g, MlirValue block);
/// What of these outer keys, or positions, is the block's share.
Range keys_of_share(const Keys *g, Range all);
/// Adds the shares up, in their order, and writes the gradients.
void keys_add_shares(const Keys *g);

// grad_keys_pieces.c
/// Columns of the block's memory for what is summed up for outer keys.
int64_t keys_local_width(const Keys *g);
/// Adds it to the parts of their gradients, and to what is summed up for inner
/// keys, by way of that memory. `more`: as keys_add_part has it.
void keys_add_sums(const Keys *g, const Sums *sums, MlirValue more);

// grad_pairs.c
/// The program of rows [first, first + count) with columns of pairs.
void keys_take_pairs(Keys *g);

#endif // SIMPLICIAL_LOWERING_TILE_GRAD_KEYS_H
