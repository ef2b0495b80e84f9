// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Windows of keys, and the masks that cut tiles to them.

#ifndef SIMPLICIAL_LOWERING_TILE_WINDOW_H
#define SIMPLICIAL_LOWERING_TILE_WINDOW_H

#include "lowering/ir.h"

#include <stddef.h>

static inline MlirValue null_value(void) { return (MlirValue){NULL}; }

/// Positions [lower, upper).
typedef struct Range {
  MlirValue lower, upper;
} Range;

/// Neighbouring queries: the positions of the first and of the last one, and
/// the first keys that these may see; null: any.
typedef struct Queries {
  MlirValue first, last;
  MlirValue first_begin, last_begin;
} Queries;

/// The keys that queries attend to.
typedef struct Window {
  Range any;   ///< at least one of the queries does
  Range every; ///< each of them does; may be empty, with lower above upper
} Window;

/// How many keys a query sees at most, through a window that is no longer than
/// any sequence needs; 0: there is no bound.
int64_t window_most(int64_t width, bool causal);

/// What `width` (0: none) and `causal` say of `keys` keys.
Window window_of(Ir *b, int64_t width, bool causal, Queries queries,
                 MlirValue keys);

/// The window of the query at position p, did keys stand at all integers. That
/// of p + n is n further on. Null where there is no bound.
Range window_unbounded(Ir *b, int64_t width, bool causal, MlirValue p);

/// Of a mask's elements along dimension 0 those in [first, end); first may be
/// null, which is 0.
MlirValue window_mask(Ir *b, MlirType mask, MlirValue first, MlirValue end);

/// A number of columns as an i32, or as one that is more than there are.
MlirValue window_limit(Ir *b, MlirValue end);

/// Rows, which are (share, query, head).
typedef struct WindowRows {
  int64_t shares, queries, heads;
} WindowRows;

/// x [queries] by row, [rows].
MlirValue window_by_query(Ir *b, const WindowRows *rows, MlirValue x);

/// Limits [rows], which are `limit` - `offset` + query.
MlirValue window_limits_by_query(Ir *b, const WindowRows *rows, MlirValue limit,
                                 int64_t offset);

/// Numbers of rows, [rows] of i32: `first`, or, `each`, one more for each
/// query; and `of_share` more for each share.
MlirValue window_numbers_of_rows(Ir *b, const WindowRows *rows, MlirValue first,
                                 bool each, int64_t of_share);

/// A mask [rows, columns] of the columns below the row's limit, an i32.
MlirValue window_mask_below(Ir *b, MlirType mask, MlirValue limits);

/// Limits [rows] less `first`: of columns that begin with that number.
MlirValue window_limits_from(Ir *b, MlirValue limits, MlirValue first);

/// Limits [rows]: all columns where a condition holds, elsewhere `others`
/// (null: none).
MlirValue window_limits_where(Ir *b, MlirValue condition, MlirValue others);

/// A mask [rows, columns] of the rows below `limit`, or, with `queries`, below
/// `limit` + column, columns being queries.
MlirValue window_mask_by_column(Ir *b, MlirType mask, bool queries,
                                MlirValue limit);

/// Whether one of two conditions holds; null: it does not.
MlirValue window_or(Ir *b, MlirValue x, MlirValue y);

#endif // SIMPLICIAL_LOWERING_TILE_WINDOW_H
