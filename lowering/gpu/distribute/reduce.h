// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions of tiles.

#ifndef SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_REDUCE_H
#define SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_REDUCE_H

#include "context.h"

/// Bytes of shared memory, for each row of a block, through which warps reduce
/// rows, or fewer; they take none of their own where the first ring is as large
/// and free.
enum { REDUCE_SCRATCH = 128 };

/// Keeps the result of a reduction over columns.
void reduce_columns(Distribute *s, MlirOperation op);
/// Keeps the result of a reduction over rows.
void reduce_rows(Distribute *s, MlirOperation op);

/// How rows of the block are combined: those of a warp first, then, if there
/// are others, over shared memory.
typedef struct ReduceRows {
  IrReduction kind;
  int64_t n, distance; ///< as ReducedRows has them
  int64_t left;        ///< rows of the result
  int64_t in_warp;     ///< of the `n`, so many are a warp's; 1: that of a lane
} ReduceRows;

ReduceRows reduce_rows_of(MlirOperation op);
ReduceRows reduce_rows_with(IrReduction kind, int64_t n, int64_t distance,
                            int64_t left);
/// The bytes through which the warps of a block of so many rows reduce a tile
/// of `slices`.
int64_t reduce_scratch(const ReduceRows *rows, int64_t block, int64_t slices);
/// Whether threads get results from others by way of shared memory.
bool reduce_exchanges(const ReduceRows *rows);
/// For how many slices there is room.
int reduce_slices_at_once(const ReduceRows *rows);
/// Waits until nobody reads what an earlier exchange has left, before one or
/// behind it.
void reduce_begin_exchange(Distribute *s, MlirOperation op);
void reduce_end_exchange(Distribute *s, MlirOperation op);
/// Stores n slices of what is reduced, from `first` on, and waits until all
/// have.
void reduce_exchange(Distribute *s, MlirOperation op, const ReduceRows *rows,
                     int first, int n);
/// Combines `inits`, of n slices from the exchange's number `slice` on, with
/// what there is for rows `to`, which may be one.
void reduce_gather(Distribute *s, const ReduceRows *rows, const At *to,
                   MlirValue slice, int n, Fragment *inits);
/// The result of an "or" over everything; one that only decides branches is
/// over the warp's rows.
void reduce_all(Distribute *s, MlirOperation op);
/// Whether all threads meet at a barrier for it.
bool reduce_all_meets(MlirOperation op);

#endif // SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_REDUCE_H
