// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The programs of a gradient, and what they share.

#ifndef SIMPLICIAL_LOWERING_TILE_GRAD_H
#define SIMPLICIAL_LOWERING_TILE_GRAD_H

#include "grad_sums.h"

/// As many elements of f32 as 16 bytes have.
enum { GRAD_STATS_COPIES = 4 };

/// What is known of each query of a head, in memrefs of f32: [B, Nq, Hq], or,
/// where tiles have columns of queries, [B, Hq, 4, N'], N' being Nq or more:
/// four copies, of which number i begins i elements later, so that what begins
/// at any query begins at a multiple of 16 bytes in one of them, as TMA wants
/// it.
typedef struct GradStats {
  double scale;     ///< of logits
  bool by_head;     ///< [B, Hq, 4, N']
  MlirValue logs;   ///< -lse / scale, 0 where lse is -inf
  MlirValue less;   ///< less the sum over columns of out times d_out
  MlirValue finite; ///< 0, or not a number if one of these is not finite, or
                    ///< one element of q or d_out
  /// Where tiles have columns of pairs, in their order, [B, Nq, Hq / heads,
  /// outer keys * heads] of such a tile; else null.
  MlirValue repeated_logs, repeated_less;
} GradStats;

/// grad_stats.c: what makes them, for the program over keys that this strategy
/// is of. Of its tiles of columns that begin at a query there is memory for
/// all.
GradStats grad_stats(Ir *b, MlirOperation op, const Config *keys, double scale);

/// P, from sums of products and `logs`.
MlirValue grad_stats_probabilities(Ir *b, const GradStats *stats, MlirValue s);

/// Where a number of a query is there, in copy `copy`; the numbers of the
/// dimensions of queries and of heads, and of one that is neither.
typedef struct GradStatsPlace {
  MlirValue indices[4]; ///< 3 without copies
  unsigned query, head, other;
} GradStatsPlace;

GradStatsPlace grad_stats_place(Ir *b, const GradStats *stats, MlirValue batch,
                                MlirValue query, MlirValue head,
                                MlirValue copy);

/// grad_query.c: the gradient of q, into `d_q`, if that is not null, and, if
/// `sums` are by query, their parts.
MlirLogicalResult grad_query(Ir *b, MlirOperation op, const GradStats *stats,
                             MlirValue d_q, const GradSums *sums);

/// grad_keys.c: the gradients of inner keys and values, if their places are not
/// null, and, if `sums` are by inner key, their parts.
void grad_keys(const GradStats *stats, MlirValue d_out, MlirValue d_keys,
               MlirValue d_values, const GradSums *sums);

#endif // SIMPLICIAL_LOWERING_TILE_GRAD_H
