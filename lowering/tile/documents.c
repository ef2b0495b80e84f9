// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Documents: the query at position p sees no key before start[p].
//
// `start` does not decrease. So of neighbouring queries the first one says
// where windows begin, and a key j is seen by none from the first position on
// whose start is behind j:
//
//     end[j] = how many p have start[p] <= j
//
// What of a tile is in other documents is masked, if there is something: in
// programs over queries by the starts of rows, in programs over keys by their
// ends.
//
// Starts and ends are of places and say places: positions, but of two lengths
// of keys, of which the last place is the last key's of both. A key before
// place 0 is then in no document.

#include "forward.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <math.h>
#include <stddef.h>

/// x, a number of a key, as one of those that there are, or behind them.
static MlirValue limited(const Forward *f, bool outer, MlirValue x) {
  Ir *b = f->b;
  return ir_maxsi(b, ir_const_index(b, 0),
                  ir_minsi(b, x, outer ? f->outer_keys : f->keys));
}

/// The place of a position among inner or outer keys.
static MlirValue place_of(const Forward *f, bool outer, MlirValue position) {
  MlirValue first = outer ? f->outer_place : f->inner_place;
  return mlirValueIsNull(first) ? position : ir_addi(f->b, position, first);
}

/// The key of a start, or behind all.
static MlirValue key_of(const Forward *f, bool outer, MlirValue start) {
  Ir *b = f->b;
  MlirValue first = outer ? f->outer_place : f->inner_place;
  if (!mlirValueIsNull(first))
    start = ir_subi(b, ir_maxsi(b, ir_const_index(b, 0), start), first);
  return limited(f, outer, start);
}

static MlirValue load(const Forward *f, MlirValue memref, MlirValue at) {
  Ir *b = f->b;
  return ir_index_cast(b, ir_load(b, memref, (const MlirValue[]){f->batch, at}),
                       ir_index(b));
}

MlirValue documents_begin(const Forward *f, bool outer, MlirValue position) {
  if (mlirValueIsNull(f->start))
    return null_value();
  Ir *b = f->b;
  MlirValue zero = ir_const_index(b, 0), one = ir_const_index(b, 1);
  MlirValue at = ir_maxsi(b, zero, place_of(f, outer, position)), n = f->places;
  if (f->has_keys)
    return key_of(f, outer,
                  load(f, f->start, ir_minsi(b, at, ir_subi(b, n, one))));
  // There may be no keys: a loop that then has no iteration.
  MlirValue begin = zero;
  IrLoop loop =
      ir_for_begin(b, at, ir_minsi(b, ir_addi(b, at, one), n), one, 1, &begin);
  begin = load(f, f->start, loop.iv[0]);
  ir_for_end(b, &loop, 1, &begin);
  return key_of(f, outer, loop.results[0]);
}

Queries documents_of(const Forward *f, bool outer, MlirValue first,
                     MlirValue last) {
  Queries queries = {.first = first, .last = last};
  queries.first_begin = queries.last_begin = documents_begin(f, outer, first);
  if (!mlirValueEqual(first, last))
    queries.last_begin = documents_begin(f, outer, last);
  return queries;
}

MlirValue documents_end(const Forward *f, bool outer, MlirValue key) {
  if (mlirValueIsNull(f->end))
    return null_value();
  if (mlirValueIsNull(f->inner_place))
    return load(f, f->end, key);
  Ir *b = f->b;
  MlirValue zero = ir_const_index(b, 0), place = place_of(f, outer, key);
  MlirValue end = load(f, f->end, ir_maxsi(b, zero, place));
  end = ir_select(b, ir_cmpi(b, IR_SLT, place, zero), zero, end);
  return ir_subi(b, end, f->inner_place);
}

MlirValue documents_from(const Forward *f, MlirValue x, MlirValue base) {
  Ir *b = f->b;
  MlirValue place = ir_subi(b, x, base);
  return mlirValueIsNull(f->start) ? place
                                   : ir_maxsi(b, ir_const_index(b, 0), place);
}

// By row ----------------------------------------------------------------------

static MlirType numbers(const Forward *f, int64_t n) {
  return ir_vector(ir_i32(f->b), IR_DIMS(n));
}

/// n numbers from place `at` on, of which [first, end) are there; the others
/// are 0.
static MlirValue load_numbers(const Forward *f, MlirValue memref, int64_t n,
                              MlirValue at, MlirValue first, MlirValue end) {
  Ir *b = f->b;
  MlirType type = numbers(f, n);
  return ir_transfer_read(
      b, type, memref, (const MlirValue[]){f->batch, at}, (const unsigned[]){1},
      window_mask(b, ir_with_element(type, ir_i1(b)), first, end));
}

/// Those of the places from `at` on that there are, of `count`.
static MlirValue load_there(const Forward *f, MlirValue memref, int64_t n,
                            MlirValue at, MlirValue count) {
  Ir *b = f->b;
  MlirValue zero = ir_const_index(b, 0);
  return load_numbers(f, memref, n, at, ir_maxsi(b, zero, ir_subi(b, zero, at)),
                      count);
}

/// The starts of a block's rows, none of which is negative.
static MlirValue starts_of_rows(const Forward *f) {
  Ir *b = f->b;
  int64_t queries = f->config.block_q;
  const WindowRows rows = forward_rows(f);
  MlirValue x = load_there(f, f->start, queries,
                           place_of(f, false, f->positions.first), f->count);
  MlirValue none =
      ir_broadcast(b, ir_const_i32(b, ir_i32(b), 0), numbers(f, queries));
  x = ir_select(b, ir_cmpi(b, IR_SLT, x, none), none, x);
  return window_by_query(b, &rows, x);
}

MlirValue documents_cut_rows(const Forward *f, MlirValue s,
                             const OuterTile *outer, const InnerTile *inner) {
  Ir *b = f->b;
  MlirType type = ir_type(s), mask = ir_with_element(type, ir_i1(b));
  MlirValue nothing = ir_const_f(b, type, -INFINITY);
  MlirValue starts = starts_of_rows(f);
  const WindowRows rows = forward_rows(f);
  MlirValue own =
      window_numbers_of_rows(b, &rows, place_of(f, true, outer->place.n),
                             outer->place.size > 1, outer->place.share);
  MlirValue limits = window_limits_where(
      b, ir_cmpi(b, IR_SLT, own, starts),
      window_limits_from(b, starts, place_of(f, false, inner->n)));
  return ir_select(b, window_mask_below(b, mask, limits), nothing, s);
}

/// The ends of `count` of so many rows, which are inner or outer keys from
/// `first` on. A key before all places has none: 0.
static MlirValue ends_of_rows(const Forward *f, bool outer, int64_t rows,
                              MlirValue first, MlirValue count) {
  return mlirValueIsNull(f->inner_place)
             ? load_numbers(f, f->end, rows, first, null_value(), count)
             : load_there(f, f->end, rows, place_of(f, outer, first), count);
}

/// Whether x is below the numbers.
static MlirValue is_below(const Forward *f, MlirValue x, MlirValue limits) {
  Ir *b = f->b;
  x = ir_broadcast(b, ir_index_cast(b, x, ir_i32(b)), ir_type(limits));
  return ir_cmpi(b, IR_SLT, x, limits);
}

MlirValue documents_limits(const Forward *f, bool outer, int64_t n,
                           MlirValue first, MlirValue count,
                           MlirValue position) {
  Ir *b = f->b;
  MlirValue ends = ends_of_rows(f, outer, n, first, count);
  position = place_of(f, false, position);
  return f->config.block_q > 1
             ? window_limits_from(b, ends, position)
             : window_limits_where(b, is_below(f, position, ends),
                                   null_value());
}

MlirValue documents_only_seen(const Forward *f, bool outer, MlirValue x,
                              MlirValue first, MlirValue count) {
  if (mlirValueIsNull(f->end))
    return x;
  Ir *b = f->b;
  MlirType type = ir_type(x);
  int64_t rows = ir_dim_size(type, 0);
  int64_t width = outer ? f->outer.window : f->inner.window;
  MlirValue ends = ends_of_rows(f, outer, rows, first, count);
  first = place_of(f, outer, first);
  // Of those that may see a key the first one is least likely to be behind its
  // end.
  MlirValue shift = place_of(f, false, f->shift);
  MlirValue seen = is_below(f, ir_maxsi(b, ir_const_index(b, 0), shift), ends);
  MlirValue seer = first;
  if (!f->causal)
    seer = window_unbounded(b, width, false, first).lower;
  if (!mlirValueIsNull(seer)) {
    const WindowRows alone = {1, rows, 1};
    MlirValue seers = window_numbers_of_rows(b, &alone, seer, true, 0);
    seen = ir_select(b, seen, ir_cmpi(b, IR_SLT, seers, ends), seen);
  }
  MlirValue limits = window_limits_where(b, seen, null_value());
  return ir_select(
      b, window_mask_below(b, ir_with_element(type, ir_i1(b)), limits), x,
      ir_zero(b, type));
}

// Ends ------------------------------------------------------------------------

/// How many of the positions' starts are `key` or less.
static MlirValue search(const Forward *f, MlirValue key) {
  enum { STEPS = 32 }; // halve anything to nothing
  Ir *b = f->b;
  MlirValue zero = ir_const_index(b, 0), one = ir_const_index(b, 1);
  MlirValue n = f->places, last = ir_subi(b, n, one);
  MlirValue range[] = {zero, n};
  IrLoop loop = ir_for_begin(b, zero, ir_const_index(b, STEPS), one, 2, range);
  MlirValue lower = loop.args[0], upper = loop.args[1];
  MlirValue middle =
      ir_divui(b, ir_addi(b, lower, upper), ir_const_index(b, 2));
  MlirValue start = load(f, f->start, ir_minsi(b, middle, last));
  MlirValue more = ir_cmpi(b, IR_SLT, lower, upper);
  MlirValue behind = ir_cmpi(b, IR_SGT, start, key);
  MlirValue above = ir_select(b, behind, lower, ir_addi(b, middle, one));
  range[0] = ir_select(b, more, above, lower);
  range[1] = ir_select(b, behind, middle, upper);
  ir_for_end(b, &loop, 2, range);
  return loop.results[0];
}

MlirValue documents_ends(const Forward *f) {
  enum { KEYS = 16 };
  if (mlirValueIsNull(f->start))
    return null_value();
  Forward at = *f;
  Ir *b = f->b;
  MlirType type = ir_type(f->start);
  MlirValue sizes[] = {ir_dim(b, f->start, 0), f->places}, keys = f->places;
  if (!mlirValueIsNull(f->inner_place)) // there may be keys but no place
    sizes[1] = ir_maxsi(b, keys, ir_const_index(b, 1));
  MlirValue ends = ir_alloc_sized(
      b,
      ir_memref(ir_i32(b), IR_DIMS(ir_dim_size(type, 0), ir_dim_size(type, 1))),
      sizes);
  sizes[1] = ir_ceil_div(b, keys, KEYS);
  IrLoop blocks = ir_forall_begin(b, 2, sizes);
  at.batch = blocks.iv[0];
  MlirValue size = ir_const_index(b, KEYS);
  MlirValue first = ir_muli(b, blocks.iv[1], size);
  IrLoop loop =
      ir_for_begin(b, first, ir_minsi(b, keys, ir_addi(b, first, size)),
                   ir_const_index(b, 1), 0, NULL);
  MlirValue end = ir_index_cast(b, search(&at, loop.iv[0]), ir_i32(b));
  ir_transfer_write(b, ir_broadcast(b, end, numbers(f, 1)), ends,
                    (const MlirValue[]){at.batch, loop.iv[0]},
                    (const unsigned[]){1}, null_value());
  ir_for_end(b, &loop, 0, NULL);
  ir_forall_end(b, &blocks);
  return ends;
}
