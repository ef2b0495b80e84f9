// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loops and branches. Tiles that they carry or give live in buffers, anything
// else goes the way it did:
//
//     %y, %n = scf.for ... iter_args(%x = %x0, %i = %c0) {
//       %x1 = arith.addf %x, %t
//       scf.yield %x1, %j : vector<8x64xf32>, index
//     }
//     ->
//     %n = scf.for ... iter_args(%i = %c0) {
//       ... vector.store %v, %x_buffer[%column, %c0] ...
//       scf.yield %j : index
//     }

#include "block.h"

#include "lowering/memory.h"

#include <stdlib.h>

/// The values of an op's results, or of what becomes them, that are no tiles.
static int scalars_of(Block *s, MlirOperation op, int first, int n,
                      MlirValue *scalars) {
  int count = 0;
  for (int i = 0; i < n; ++i)
    if (!tile_is(ir_operand(op, first + i)))
      scalars[count++] = block_scalar(s, ir_operand(op, first + i));
  return count;
}

/// The region's results are `scalars`, and tiles whose buffers they have.
static void finish_results(Block *s, MlirOperation op,
                           const MlirValue *scalars) {
  for (int i = 0; i < (int)mlirOperationGetNumResults(op); ++i) {
    MlirValue result = ir_result(op, i);
    if (tile_is(result))
      columns_kept(s, result);
    else
      block_entry(s, result)->scalar = *scalars++;
  }
}

/// Copies what a region yields into the buffers of its op's results. One that
/// is in another's buffer is taken out of there first.
static void copy_yields(Block *s, MlirOperation op, MlirOperation yield) {
  int n = (int)mlirOperationGetNumResults(op);
  MlirValue *taken = memory_zeroed((size_t)n, sizeof *taken);
  for (int i = 0; i < n; ++i) {
    MlirValue next = ir_operand(yield, i);
    for (int k = 0; k < n && tile_is(next); ++k)
      if (k != i && !mlirValueIsNull(block_entry(s, next)->buffer) &&
          mlirValueEqual(block_entry(s, next)->buffer,
                         block_entry(s, ir_result(op, k))->buffer) &&
          !mlirValueEqual(ir_operand(yield, k), next)) {
        taken[i] = columns_buffer(s, next);
        columns_copy(s, next, taken[i]);
      }
  }
  for (int i = 0; i < n; ++i) {
    MlirValue next = ir_operand(yield, i);
    if (!tile_is(next))
      continue;
    Entry *entry = block_entry(s, next);
    MlirValue buffer = entry->buffer;
    if (!mlirValueIsNull(taken[i]))
      entry->buffer = taken[i];
    columns_copy(s, next, block_entry(s, ir_result(op, i))->buffer);
    entry->buffer = buffer;
  }
  free(taken);
}

// Loops -----------------------------------------------------------------------

/// The buffer of a loop-carried tile: that of its initial value, if nobody else
/// wants that.
static MlirValue carried_buffer(Block *s, MlirOperation loop, MlirValue init,
                                MlirValue arg) {
  const Entry *entry = block_entry(s, init);
  MlirValue own = entry->buffer;
  MlirOperation def = ir_def(init);
  MlirBlock block = mlirOperationIsNull(def) ? mlirBlockArgumentGetOwner(init)
                                             : mlirOperationGetBlock(def);
  if (!mlirValueIsNull(own) && mlirValueIsNull(entry->limit) &&
      tile_uses(init) == 1 && entry->wide == block_entry(s, arg)->wide &&
      entry->row_dims == block_entry(s, arg)->row_dims &&
      mlirBlockEqual(block, mlirOperationGetBlock(loop)))
    return own;
  MlirValue buffer = columns_buffer(s, arg);
  columns_copy(s, init, buffer);
  return buffer;
}

void regions_convert_for(Block *s, MlirOperation op) {
  enum { FIRST_INIT = 3 };
  Ir *b = &s->b;
  MlirBlock body = ir_body(op, 0);
  MlirOperation yield = mlirBlockGetTerminator(body);
  int n = (int)mlirOperationGetNumResults(op);
  MlirValue scalars[IR_MAX_VALUES];
  for (int i = 0; i < n; ++i) {
    MlirValue init = ir_operand(op, FIRST_INIT + i);
    MlirValue arg = mlirBlockGetArgument(body, 1 + i);
    if (!tile_is(init))
      continue;
    MlirValue buffer = carried_buffer(s, op, init, arg);
    block_entry(s, arg)->buffer = buffer;
    block_entry(s, ir_result(op, i))->buffer = buffer;
  }
  int n_scalars = scalars_of(s, op, FIRST_INIT, n, scalars);
  IrLoop loop = ir_for_begin(
      b, block_scalar(s, ir_operand(op, 0)), block_scalar(s, ir_operand(op, 1)),
      block_scalar(s, ir_operand(op, 2)), n_scalars, scalars);
  block_entry(s, mlirBlockGetArgument(body, 0))->scalar = loop.iv[0];
  for (int i = 0, k = 0; i < n; ++i) {
    MlirValue arg = mlirBlockGetArgument(body, 1 + i);
    if (tile_is(arg))
      columns_kept(s, arg);
    else
      block_entry(s, arg)->scalar = loop.args[k++];
  }
  block_convert_body(s, body);
  if (s->failed.ptr)
    return;
  copy_yields(s, op, yield);
  scalars_of(s, yield, 0, n, scalars);
  ir_for_end(b, &loop, n_scalars, scalars);
  finish_results(s, op, loop.results);
}

// Branches --------------------------------------------------------------------

/// Converts a side of a branch: how many scalars it yields.
static int convert_side(Block *s, MlirOperation op, int side,
                        MlirValue *scalars) {
  MlirBlock body = ir_body(op, side);
  if (mlirBlockIsNull(body))
    return 0;
  block_convert_body(s, body);
  if (s->failed.ptr)
    return 0;
  MlirOperation yield = mlirBlockGetTerminator(body);
  copy_yields(s, op, yield);
  return scalars_of(s, yield, 0, (int)mlirOperationGetNumResults(op), scalars);
}

void regions_convert_if(Block *s, MlirOperation op) {
  Ir *b = &s->b;
  MlirType types[IR_MAX_VALUES];
  MlirValue scalars[IR_MAX_VALUES];
  int n_types = 0;
  for (int i = 0; i < (int)mlirOperationGetNumResults(op); ++i) {
    MlirValue result = ir_result(op, i);
    if (tile_is(result))
      block_entry(s, result)->buffer = columns_buffer(s, result);
    else
      types[n_types++] = ir_type(result);
  }
  IrIf branch =
      ir_if_begin(b, block_scalar(s, ir_operand(op, 0)), n_types, types);
  int n = convert_side(s, op, 0, scalars);
  if (!mlirBlockIsNull(ir_body(op, 1)) && !s->failed.ptr) {
    ir_if_else(b, &branch, n, scalars);
    n = convert_side(s, op, 1, scalars);
  }
  if (s->failed.ptr)
    return;
  ir_if_end(b, &branch, n, scalars);
  for (int i = 0; i < n; ++i)
    scalars[i] = ir_result(branch.op, i);
  finish_results(s, op, scalars);
}
