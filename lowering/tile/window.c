// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Windows of keys: where they begin and end, as index arithmetic; and masks, as
// vector.create_mask and comparisons of vector.step.

#include "window.h"

#include <stddef.h>

enum { LIMIT = 1 << 30 }; // more than there are columns or rows

/// No key position reaches this, so neither does a window need to.
static const int64_t far = (int64_t)1 << 48;

int64_t window_most(int64_t width, bool causal) {
  enum { LONG = 1 << 30 };
  width = width < LONG ? width : LONG;
  return causal || !width ? width : 2 * width - 1;
}

static int64_t limited(int64_t width) { return width < far ? width : far; }

static MlirValue lower_of(Ir *b, int64_t width, MlirValue p) {
  return ir_subi(b, p, ir_const_index(b, limited(width) - 1));
}

/// Where the window ends as causality and width have it.
static MlirValue upper_of(Ir *b, int64_t width, bool causal, MlirValue p) {
  return ir_addi(b, p, ir_const_index(b, causal ? 1 : limited(width)));
}

static Range range_of(Ir *b, int64_t width, bool causal, MlirValue low,
                      MlirValue high, MlirValue begin, MlirValue keys) {
  MlirValue zero = ir_const_index(b, 0);
  Range range = {zero, keys};
  if (width)
    range.lower = ir_maxsi(b, zero, lower_of(b, width, low));
  if (!mlirValueIsNull(begin))
    range.lower = ir_maxsi(b, range.lower, begin);
  if (causal)
    range.upper = upper_of(b, width, causal, high);
  else if (width)
    range.upper = ir_minsi(b, keys, upper_of(b, width, causal, high));
  return range;
}

Window window_of(Ir *b, int64_t width, bool causal, Queries queries,
                 MlirValue keys) {
  Window window;
  window.any = range_of(b, width, causal, queries.first, queries.last,
                        queries.first_begin, keys);
  window.every = window.any;
  if (!mlirValueEqual(queries.first, queries.last))
    window.every = range_of(b, width, causal, queries.last, queries.first,
                            queries.last_begin, keys);
  return window;
}

Range window_unbounded(Ir *b, int64_t width, bool causal, MlirValue p) {
  Range range = {null_value(), null_value()};
  if (width)
    range.lower = lower_of(b, width, p);
  if (width || causal)
    range.upper = upper_of(b, width, causal, p);
  return range;
}

MlirValue window_mask(Ir *b, MlirType mask, MlirValue first, MlirValue end) {
  MlirValue sizes[IR_MAX_RANK] = {end};
  int rank = ir_rank(mask);
  for (int d = 1; d < rank; ++d)
    sizes[d] = ir_const_index(b, ir_dim_size(mask, d));
  MlirValue before_end = ir_create_mask(b, rank, sizes, mask);
  if (mlirValueIsNull(first))
    return before_end;
  sizes[0] = first;
  return ir_xori(b, before_end, ir_create_mask(b, rank, sizes, mask));
}

/// 0, 1, ... along the one dimension that is not 1.
static MlirValue numbers(Ir *b, int64_t n) {
  return ir_index_cast(b, ir_step(b, n), ir_vector(ir_i32(b), IR_DIMS(n)));
}

MlirValue window_limit(Ir *b, MlirValue end) {
  end = ir_maxsi(b, ir_const_index(b, -LIMIT),
                 ir_minsi(b, end, ir_const_index(b, LIMIT)));
  return ir_index_cast(b, end, ir_i32(b));
}

static MlirType numbers_type(Ir *b, const WindowRows *rows) {
  return ir_vector(ir_i32(b),
                   IR_DIMS(rows->shares * rows->queries * rows->heads));
}

/// x, of shares if there is one of each, else of queries, by row.
static MlirValue by_row(Ir *b, const WindowRows *rows, MlirValue x,
                        bool of_shares) {
  MlirType i32 = ir_i32(b);
  int64_t shares = rows->shares, queries = rows->queries, heads = rows->heads;
  MlirType own = ir_vector(
      i32, IR_DIMS(of_shares ? shares : 1, of_shares ? 1 : queries, 1));
  MlirType all = ir_vector(i32, IR_DIMS(shares, queries, heads));
  x = ir_broadcast(b, ir_shape_cast(b, x, own), all);
  return ir_shape_cast(b, x, numbers_type(b, rows));
}

MlirValue window_by_query(Ir *b, const WindowRows *rows, MlirValue x) {
  return by_row(b, rows, x, false);
}

/// x [rows], plus the number of each row's query.
static MlirValue plus_query(Ir *b, const WindowRows *rows, MlirValue x) {
  return ir_addi(b, x, window_by_query(b, rows, numbers(b, rows->queries)));
}

MlirValue window_numbers_of_rows(Ir *b, const WindowRows *rows, MlirValue first,
                                 bool each, int64_t of_share) {
  MlirType type = numbers_type(b, rows), i32 = ir_i32(b);
  MlirValue x = ir_broadcast(b, ir_index_cast(b, first, i32), type);
  if (each)
    x = plus_query(b, rows, x);
  if (rows->shares == 1 || !of_share)
    return x;
  MlirValue keys =
      ir_broadcast(b, ir_const_i32(b, i32, (int32_t)of_share), type);
  MlirValue share = by_row(b, rows, numbers(b, rows->shares), true);
  return ir_addi(b, x, ir_muli(b, share, keys));
}

MlirValue window_mask_below(Ir *b, MlirType mask, MlirValue limits) {
  int64_t columns = ir_dim_size(mask, 1);
  MlirValue column =
      ir_broadcast(b, numbers(b, columns), ir_with_element(mask, ir_i32(b)));
  return ir_cmpi(b, IR_SLT, column, ir_broadcast_rows(b, limits, columns));
}

MlirValue window_limits_by_query(Ir *b, const WindowRows *rows, MlirValue limit,
                                 int64_t offset) {
  MlirType i32 = ir_i32(b), type = numbers_type(b, rows);
  MlirValue limits = plus_query(b, rows, ir_broadcast(b, limit, type));
  if (!offset)
    return limits;
  MlirValue back = ir_const_i32(b, i32, (int32_t)-offset);
  return ir_addi(b, limits, ir_broadcast(b, back, type));
}

MlirValue window_limits_from(Ir *b, MlirValue limits, MlirValue first) {
  MlirValue back = ir_subi(b, ir_const_index(b, 0), first);
  return ir_addi(
      b, limits,
      ir_broadcast(b, ir_index_cast(b, back, ir_i32(b)), ir_type(limits)));
}

MlirValue window_limits_where(Ir *b, MlirValue condition, MlirValue others) {
  MlirType i32 = ir_i32(b), type = ir_with_element(ir_type(condition), i32);
  MlirValue all = ir_broadcast(b, ir_const_i32(b, i32, LIMIT), type);
  if (mlirValueIsNull(others))
    others = ir_broadcast(b, ir_const_i32(b, i32, 0), type);
  return ir_select(b, condition, all, others);
}

MlirValue window_mask_by_column(Ir *b, MlirType mask, bool queries,
                                MlirValue limit) {
  int64_t rows = ir_dim_size(mask, 0), columns = ir_dim_size(mask, 1);
  MlirType i32 = ir_i32(b), type = ir_with_element(mask, i32);
  MlirValue row = ir_broadcast_rows(b, numbers(b, rows), columns);
  MlirType by_column = ir_vector(i32, IR_DIMS(columns));
  limit = ir_broadcast(b, limit, by_column);
  if (queries)
    limit = ir_addi(b, limit, numbers(b, columns));
  return ir_cmpi(b, IR_SLT, row, ir_broadcast(b, limit, type));
}

MlirValue window_or(Ir *b, MlirValue x, MlirValue y) {
  if (mlirValueIsNull(x) || mlirValueIsNull(y))
    return mlirValueIsNull(x) ? y : x;
  return ir_ori(b, x, y);
}
