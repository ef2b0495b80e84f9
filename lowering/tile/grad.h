// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The programs of a gradient, and what they share.

#ifndef SIMPLICIAL_LOWERING_TILE_GRAD_H
#define SIMPLICIAL_LOWERING_TILE_GRAD_H

#include "forward.h"

/// As many elements of f32 as 16 bytes have.
enum { GRAD_STATS_COPIES = 4 };

/// What is known of each query of a head, in memrefs of f32: [B, Nq, Hq], or,
/// where tiles have columns of queries, [B, Hq, 4, N'], N' being Nq or more:
/// four copies, of which number i begins i elements later, so that what begins
/// at any query begins at a multiple of 16 bytes in one of them, as TMA wants
/// it.
typedef struct GradStats {
  bool base_2;      ///< of what is rounded to 16 bits before it is multiplied
  bool by_head;     ///< [B, Hq, 4, N']
  MlirValue logs;   ///< -lse, 0 where that is -inf; times log2(e), if `base_2`
  MlirValue delta;  ///< the sum over columns of out times d_out
  MlirValue finite; ///< 0, or not a number if one of these is not finite, or
                    ///< one element of q or d_out
} GradStats;

/// grad_stats.c: what makes them, for the program over keys that this strategy
/// is of. Of its tiles of columns that begin at a query there is memory for
/// all.
GradStats grad_stats(Ir *b, MlirOperation op, const Config *keys);

/// P, from sums of products and `logs` of the same shape.
MlirValue grad_stats_probabilities(Ir *b, const GradStats *stats, MlirValue s,
                                   MlirValue logs, double scale);

/// Where a number of a query is there, in copy `copy`; the numbers of the
/// dimensions of queries and of heads, and of one that is neither.
typedef struct GradStatsPlace {
  MlirValue indices[4]; ///< 3 without copies
  unsigned query, head, other;
} GradStatsPlace;

GradStatsPlace grad_stats_place(Ir *b, const GradStats *stats, MlirValue batch,
                                MlirValue query, MlirValue head,
                                MlirValue copy);

/// grad_query.c: the gradient of q, into `d_q`.
MlirLogicalResult grad_query(Ir *b, MlirOperation op, const GradStats *stats,
                             MlirValue d_q);

/// grad_keys.c: of the gradients of k1, k2, v1 and v2, in that order, those
/// whose places are not null.
MlirLogicalResult grad_keys(Ir *b, MlirOperation op, const GradStats *stats,
                            const MlirValue gradients[4]);

#endif // SIMPLICIAL_LOWERING_TILE_GRAD_H
