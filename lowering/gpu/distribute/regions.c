// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loops and branches: what they carry travels as the registers of fragments.
//
// In:  %r = scf.for ... iter_args(%acc = %zero) -> (vector<64x128xf32>) { ... }
// Out: %r:64 = scf.for ... iter_args(%acc:64 = ...) -> (f32, ...) { ... }

#include "regions.h"
#include "convert.h"
#include "copy.h"
#include "flight.h"
#include "fragment.h"
#include "kernel.h"
#include "transfer.h"

#include "lowering/notes.h"

#include "mlir-c/BuiltinTypes.h"
#include "simplicial/dialect.h"

/// How a carried tile travels: all distinct values of its fragments. A tile
/// without columns has one value a row.
static int flatten(const Fragment *fragments, int slices, bool columns,
                   MlirValue *values) {
  int n = 0;
  for (int slice = 0; slice < slices; ++slice)
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < (columns ? 2 : 1); ++j)
        values[n++] = fragments[slice].v[i][j];
  return n;
}

static int unflatten(const MlirValue *values, int slices, bool columns,
                     Fragment *fragments) {
  int n = 0;
  for (int slice = 0; slice < slices; ++slice)
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < 2; ++j)
        fragments[slice].v[i][j] = j && !columns ? values[n - 1] : values[n++];
  return n;
}

/// All fragments of `tiles`, flattened; -1 if they are too many.
static int flatten_all(Distribute *s, int n_tiles, const MlirValue *tiles,
                       MlirValue *values) {
  int n = 0;
  for (int t = 0; t < n_tiles; ++t) {
    MlirType type = ir_type(tiles[t]);
    bool scalar = !tile_is(tiles[t]);
    int slices = scalar ? 0 : context_slices(type, 1);
    if (n + 4 * slices > IR_MAX_VALUES - 4)
      return -1;
    if (scalar) {
      values[n++] = context_scalar(s, tiles[t]);
      continue;
    }
    At at = context_at(s, type, 1, 0);
    Fragment fragments[MAX_SLICES];
    for (; at.slice < slices; ++at.slice)
      fragments[at.slice] = fragment(s, tiles[t], at);
    n += flatten(fragments, slices, tile_has_columns(type, 1), values + n);
  }
  return n;
}

static void unflatten_all(Distribute *s, int n_tiles, const MlirValue *tiles,
                          const MlirValue *values) {
  int n = 0;
  for (int t = 0; t < n_tiles; ++t) {
    MlirType type = ir_type(tiles[t]);
    Entry *entry = context_entry(s, tiles[t]);
    if (!tile_is(tiles[t])) {
      entry->scalar = values[n++];
      continue;
    }
    if (!entry->fragments)
      entry->fragments = context_fragments(s, tiles[t]);
    n += unflatten(values + n, context_slices(type, 1),
                   tile_has_columns(type, 1), entry->fragments);
  }
}

enum { MAX_TILES = 16 };

/// Whether these values can travel in and out of regions.
static bool check_carried(Distribute *s, MlirOperation op) {
  int n = (int)mlirOperationGetNumResults(op);
  bool good = n <= MAX_TILES;
  for (int i = 0; i < n && good; ++i) {
    MlirType type = ir_type(ir_result(op, i));
    good = tile_is(ir_result(op, i))
               ? mlirTypeIsAF32(ir_element(type))
               : ir_is(op, "scf.for") && mlirTypeIsAIndex(type);
  }
  if (!good)
    context_fail(s, op,
                 "regions give a few tiles of f32 only, loops indices too");
  return good;
}

/// Whether a value that a region gives is one of the role's program.
static bool is_carried(const Distribute *s, MlirValue value) {
  return s->role != ROLE_PRODUCER || !tile_is(value);
}

/// What the region's yield makes of tiles, flattened.
static int convert_region(Distribute *s, MlirBlock body, MlirValue *values) {
  MlirValue tiles[MAX_TILES];
  int outside = s->flight.n;
  convert_body(s, body);
  if (s->flight.n > outside)
    flight_await_all(s);
  MlirOperation yield = mlirBlockGetTerminator(body);
  int n = 0;
  for (int i = 0; i < (int)mlirOperationGetNumOperands(yield); ++i)
    if (is_carried(s, ir_operand(yield, i)))
      tiles[n++] = ir_operand(yield, i);
  return s->failed.ptr ? 0 : flatten_all(s, n, tiles, values);
}

/// Whether the kernel, one for rows that are not aligned, goes without a loop.
static bool is_left_out(const Distribute *s, MlirOperation loop) {
  return s->alignment < CHUNK &&
         !mlirAttributeIsNull(ir_get_attr(loop, SIMPLICIAL_OPTIONAL_ATTR));
}

/// Whether there are transfers of pieces behind a loop.
static bool are_pieces_behind(MlirOperation loop) {
  bool found = false;
  for (MlirOperation op = mlirOperationGetNextInBlock(loop);
       !mlirOperationIsNull(op) && !found; op = mlirOperationGetNextInBlock(op))
    found = transfer_is_by_piece(op);
  return found;
}

void regions_for(Distribute *s, MlirOperation op) {
  enum { FIRST_INIT = 3 };
  Ir *b = &s->b;
  MlirBlock body = ir_body(op, 0);
  int n = 0;
  MlirValue inits[MAX_TILES], args[MAX_TILES], results[MAX_TILES];
  MlirValue values[IR_MAX_VALUES];
  if (!check_carried(s, op))
    return;
  for (int i = 0; i < (int)mlirOperationGetNumResults(op); ++i) {
    if (!is_carried(s, ir_result(op, i)))
      continue;
    inits[n] = ir_operand(op, FIRST_INIT + i);
    args[n] = mlirBlockGetArgument(body, 1 + i);
    results[n++] = ir_result(op, i);
  }
  int count = flatten_all(s, n, inits, values);
  if (count < 0) {
    context_fail(s, op, "it carries more than the registers hold");
    return;
  }
  if (is_left_out(s, op)) {
    note(s->forall, "whole steps: in no loop of their own, masked as the rest "
                    "is; the kernel is kept small");
    unflatten_all(s, n, results, values);
    return;
  }
  flight_await_for(s, op);
  const bool waits = copy_enter_loop(s, op);
  IrLoop loop =
      ir_for_begin(b, context_scalar(s, ir_operand(op, 0)),
                   context_scalar(s, ir_operand(op, 1)),
                   context_scalar(s, ir_operand(op, 2)), count, values);
  const Distribute before = *s;
  context_entry(s, mlirBlockGetArgument(body, 0))->scalar = loop.iv[0];
  unflatten_all(s, n, args, loop.args);
  convert_region(s, body, values);
  if (s->failed.ptr)
    return;
  ir_for_end(b, &loop, count, values);
  copy_leave_loop(s, waits);
  bool outermost = !ir_is(mlirOperationGetParentOperation(op), "scf.for");
  kernel_take_place(s, &before);
  if (outermost || are_pieces_behind(op))
    kernel_find_place_anew(s);
  if (outermost && s->at_once && s->role == ROLE_ALL)
    kernel_take_iteration(s);
  unflatten_all(s, n, results, loop.results);
}

void regions_if(Distribute *s, MlirOperation op) {
  Ir *b = &s->b;
  int n = (int)mlirOperationGetNumResults(op), count = 0;
  MlirValue results[MAX_TILES], values[IR_MAX_VALUES];
  MlirType types[IR_MAX_VALUES];
  if (!check_carried(s, op))
    return;
  for (int i = 0; i < n; ++i) {
    results[i] = ir_result(op, i);
    bool columns = tile_has_columns(ir_type(results[i]), 1);
    count += context_slices(ir_type(results[i]), 1) * (columns ? 4 : 2);
  }
  if (count > IR_MAX_VALUES) {
    context_fail(s, op, "it gives more than the registers hold");
    return;
  }
  for (int i = 0; i < count; ++i)
    types[i] = ir_f32(b);
  int awaited = flight_needed(s, op);
  bool inside = flight_is_only_for(s, awaited, op);
  if (!inside)
    flight_await_oldest(s, awaited);
  copy_await_own(s);
  const Flight before = s->flight;
  const bool by_warp = s->by_warp;
  s->by_warp |= !mlirAttributeIsNull(ir_get_attr(op, SIMPLICIAL_ROWWISE_ATTR));
  IrIf branch =
      ir_if_begin(b, context_scalar(s, ir_operand(op, 0)), count, types);
  for (int side = 0; side < 2; ++side) {
    s->flight = before;
    if (inside)
      flight_await_oldest(s, awaited);
    convert_region(s, ir_body(op, side), values);
    if (s->failed.ptr)
      return;
    (side ? ir_if_end : ir_if_else)(b, &branch, count, values);
  }
  s->by_warp = by_warp;
  for (int i = 0; i < count; ++i)
    values[i] = ir_result(branch.op, i);
  unflatten_all(s, n, results, values);
}
