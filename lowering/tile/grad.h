// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The programs of a gradient, and what they share.

#ifndef SIMPLICIAL_LOWERING_TILE_GRAD_H
#define SIMPLICIAL_LOWERING_TILE_GRAD_H

#include "forward.h"

/// What is known of each query of a head, in memrefs [B, Nq, Hq] of f32.
typedef struct GradStats {
  MlirValue logs;   ///< -lse * log2(e), 0 where lse is -inf
  MlirValue delta;  ///< the sum over columns of out times d_out
  MlirValue finite; ///< 0, or not a number if one of these is not finite, or
                    ///< one element of q or d_out
} GradStats;

/// grad_stats.c: what makes them.
GradStats grad_stats(Ir *b, MlirOperation op);

/// grad_query.c: the gradient of q, into `d_q`.
MlirLogicalResult grad_query(Ir *b, MlirOperation op, const GradStats *stats,
                             MlirValue d_q);

/// grad_keys.c: of the gradients of k1, k2, v1 and v2, in that order, those
/// whose places are not null.
MlirLogicalResult grad_keys(Ir *b, MlirOperation op, const GradStats *stats,
                            const MlirValue gradients[4]);

#endif // SIMPLICIAL_LOWERING_TILE_GRAD_H
