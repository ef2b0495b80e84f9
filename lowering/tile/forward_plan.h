// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a strategy says of the forward program's loops and memory: once for the
// program (forward.c, load.c) and for the list of what it does
// (forward_work.c).

#ifndef SIMPLICIAL_LOWERING_TILE_FORWARD_PLAN_H
#define SIMPLICIAL_LOWERING_TILE_FORWARD_PLAN_H

#include "window.h"

#include "lowering/configure/config.h"

enum {
  MAX_PARTS = 2, ///< of an inner window
  MAX_OUTER = 4, ///< outer tiles of a step
};

/// The outer window is the smaller one. The operation is symmetric in its two
/// pairs of keys and values, so when w1 > w2 the pairs change roles.
bool plan_swaps_roles(SimplicialAttentionAttributes attributes);
int64_t plan_outer_window(SimplicialAttentionAttributes attributes);
int64_t plan_inner_window(SimplicialAttentionAttributes attributes);

/// The steps of a part of the inner window: `tiles` - 1 of `block` keys, and
/// one of `last`.
typedef struct PlanPart {
  int64_t block, last;
  int tiles;
  bool masked; ///< its tiles always are
} PlanPart;

/// The parts: whole steps and, if there is to be no mask in these, the rest.
int plan_parts(const Config *config, PlanPart parts[MAX_PARTS]);

/// How many keys a step of the part has.
int64_t plan_part_step(const PlanPart *part);

/// Whether whole steps may go beyond windows: those of several queries are
/// about a multiple of a step.
bool plan_goes_beyond(const Config *config);

/// How many steps each part has of a window of so many keys, the first one from
/// where it goes `beyond` on if it nearly fills a step.
void plan_counts(const Config *config, int64_t keys, int64_t counts[MAX_PARTS]);

/// The same in a program: of a window in so many `keys`, how many whole steps
/// take. `beyond`: an i1, whether they may go on to keys that no query sees;
/// null: they may not.
MlirValue plan_whole_keys(Ir *b, const Config *config, Range window,
                          MlirValue keys, MlirValue beyond);

/// How many outer keys a step of the rest takes at once, each with the same
/// inner tile: it takes its time to go from logits to sums, however few they
/// are. No more than there are registers for, as whole tiles have them.
int64_t plan_outer_of_rest(const Config *config, int64_t window, bool causal,
                           int64_t columns);

/// Whether the product with values that a step waits for begins early, beside
/// the last exponentials: where it takes as long as what it is early for, and
/// registers are to be had. Fitted to H200s.
bool plan_takes_values_early(const Config *config, int64_t dv);

/// How many shares the outer windows of several queries are taken in at once,
/// by rows of their own. The keys of one that is divided follow each other.
int64_t plan_shares(const Config *config);

/// By how many keys a loop over an outer window, or a share of it, steps.
int64_t plan_outer_step(const Config *config);

/// Whether there is a program for those of the strategy: each has as many keys,
/// in memory of the block's own.
bool plan_has_shares(const Config *config,
                     SimplicialAttentionAttributes attributes);

/// The keys of a query in a share of its outer window, which is causal if there
/// are several.
int64_t plan_share_keys(const Config *config, int64_t window, bool causal);

/// How many keys the queries of a block have in their outer windows together,
/// or more; 0: there is no bound.
int64_t plan_outer_rows(const Config *config, int64_t window, bool causal);

/// The same of all queries that it takes in turns.
int64_t plan_outer_rows_of_turns(const Config *config, int64_t window,
                                 bool causal);

/// Whether an outer tile of one query has all keys of its window.
bool plan_has_one_outer_tile(const Config *config, int64_t window, bool causal);

/// Whether the outer window's values are f32 in memory of a block's own. Where
/// rows are of several queries each thread has values of its own, and would
/// convert them in each step, of a tile.
bool plan_widens_values(const Config *config, int64_t window, bool causal);

/// Bytes behind each row, of so many bytes, in memory of a block's own, for
/// neighbouring rows to be in different banks.
int64_t plan_padding(int64_t row);

/// The same of the outer window in memory of a
/// block's own: where neighbouring rows of a tile may be of two keys, for these
/// to be in different banks.
int64_t plan_outer_padding(const Config *config, int64_t row);

/// The same where tiles have rows of queries or of keys. If each row of a tile
/// is of a key of its own, eight of them are read at once, 16 bytes of each.
int64_t plan_local_padding(const Config *config, int64_t row, int64_t element);

/// Fills `rows` rows with (head, j) pairs: of all ways to take `block_h` of the
/// group's heads and as many j's as then fit, the one that wastes fewest rows
/// over a whole outer window (0: of any length). Entries of `given` that are
/// not 0 are fixed.
void plan_fill_with_keys(int64_t group, int64_t outer, const Config *given,
                         int64_t rows, Config *config);

/// The same with (query, head) pairs: then an inner tile serves all of them.
/// `whole`: with no more heads than leave no row empty.
void plan_fill_with_queries(int64_t group, const Config *given, int64_t rows,
                            bool whole, Config *config);

#endif // SIMPLICIAL_LOWERING_TILE_FORWARD_PLAN_H
