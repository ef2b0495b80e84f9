// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stores of sums over rows, and of operands. A tile that other rows of the
// block have become has fewer rows than that, and its first threads alone would
// store it, beside what is loaded to be added. Where it comes by way of shared
// memory, all of them do: of the rows that stand for a row of it each has a
// share of its columns.
//
//     %sum = vector.multi_reduction <add>, %x, %zeros [0]
//         : vector<2x64x32xf32> to vector<64x32xf32>
//     %before = vector.transfer_read %m[...] : ..., vector<64x32xf32>
//     %after = arith.addf %before, %sum
//     vector.transfer_write %after, %m[...] : vector<64x32xf32>, ...
//
// becomes
//
//     barrier             nobody reads any more what was exchanged before
//     load the share of %before
//     store %x where rows are exchanged
//     barrier
//     load and sum the share of %sum; store that of %after
//     barrier             others may load what is there now
//
// so that what the loads take passes while rows are exchanged.
//
// So it is with an operand of products that is made of loads: 32 rows of 64
// columns are written by four warps, of which two write the first 32 columns.

#include "spread.h"
#include "buffer.h"
#include "flight.h"
#include "fragment.h"
#include "keep.h"
#include "piece.h"
#include "reduce.h"
#include "transfer.h"

#include "lowering/gpu/target/layout.h"

#include "lowering/memory.h"
#include "lowering/tile_rows.h"

#include <stdlib.h>

enum { MAX_LOADS = 4 };

/// What a store is made of: a reduction, and loads.
typedef struct Parts {
  MlirOperation sum; ///< null: none has been found
  MlirValue loads[MAX_LOADS];
  int n;
} Parts;

// Which stores ----------------------------------------------------------------

static bool is_constant(MlirValue value) {
  return ir_is(ir_def(value), "arith.constant");
}

/// Whether a load may be left to the store.
static bool is_load(Distribute *s, MlirOperation op) {
  return ir_is(op, "vector.transfer_read") &&
         ir_rank(ir_type(ir_result(op, 0))) > 1 &&
         context_is_global(s, ir_operand(op, 0));
}

/// Finds what a tile is made of; false: of something else, too, or of what
/// others need.
static bool find_parts(Distribute *s, MlirValue tile, Parts *parts) {
  MlirOperation op = ir_def(tile);
  if (!tile_is(tile) || is_constant(tile))
    return true;
  if (mlirOperationIsNull(op) || tile_uses(tile) != 1)
    return false;
  if (tile_op_reduces_rows(op)) {
    bool first = mlirOperationIsNull(parts->sum);
    parts->sum = op;
    return first && is_constant(ir_operand(op, 1));
  }
  if (is_load(s, op)) {
    if (parts->n == MAX_LOADS)
      return false;
    parts->loads[parts->n++] = tile;
    return true;
  }
  bool simple = ir_is(op, "vector.shape_cast") ||
                (tile_op_is_elementwise(op) && !context_entry(s, tile)->kept);
  for (int i = 0; i < (int)mlirOperationGetNumOperands(op) && simple; ++i)
    simple = find_parts(s, ir_operand(op, i), parts);
  return simple;
}

/// Whether nothing happens from `op` on to `write` that an evaluation there
/// would not find as it is here.
static bool may_wait(MlirOperation op, MlirOperation write) {
  if (!mlirBlockEqual(mlirOperationGetBlock(op), mlirOperationGetBlock(write)))
    return false;
  for (op = mlirOperationGetNextInBlock(op); !mlirOperationEqual(op, write);
       op = mlirOperationGetNextInBlock(op))
    if (mlirOperationIsNull(op) || mlirOperationGetNumRegions(op) ||
        ir_is_any(op, IR_NAMES("vector.transfer_write", "vector.contract",
                               "vector.multi_reduction")))
      return false;
  return true;
}

/// Of how many rows of the block each stands for one row of the tile.
static int64_t repetitions(const Distribute *s, int64_t rows) {
  return s->warps * WARP_ROWS / rows;
}

static bool is_spread(Distribute *s, MlirOperation write, Parts *parts) {
  MlirValue tile = ir_operand(write, 0), memref = ir_operand(write, 1);
  *parts = (Parts){{NULL}, {{NULL}}, 0};
  int row_dims = tile_op_stored_row_dims(write);
  if (!row_dims || !tile_has_columns(ir_type(tile), row_dims) ||
      ir_dim_size(ir_type(tile), row_dims) % SLICE ||
      !context_is_global(s, memref) || !find_parts(s, tile, parts) ||
      mlirOperationIsNull(parts->sum) || !may_wait(parts->sum, write))
    return false;
  for (int i = 0; i < parts->n; ++i)
    if (!may_wait(ir_def(parts->loads[i]), write))
      return false;
  ReduceRows rows = reduce_rows_of(parts->sum);
  return reduce_exchanges(&rows) && repetitions(s, rows.left) > 1;
}

// Operands --------------------------------------------------------------------

/// Whether a tile is made of loads of as many columns as an operand has, and of
/// vectors by row, so that where it is written any thread can make any piece of
/// it. What is kept for it alone is not, if it is to be `released`.
static bool is_made_of_loads(Distribute *s, MlirOperation write, MlirValue tile,
                             bool released) {
  MlirOperation op = ir_def(tile);
  MlirType type = ir_type(tile), operand = ir_type(ir_operand(write, 0));
  if (!tile_is(tile) || is_constant(tile) || ir_rank(type) == 1)
    return true;
  if (mlirOperationIsNull(op) || keep_is_for_others(s, tile, write))
    return false;
  bool made = tile_op_is_elementwise(op) ||
              ir_is_any(op, IR_NAMES("vector.broadcast", "vector.shape_cast"));
  for (int i = 0; i < (int)mlirOperationGetNumOperands(op) && made; ++i)
    made = is_made_of_loads(s, write, ir_operand(op, i), released);
  if (ir_is(op, "vector.transfer_read"))
    made = ir_dim_size(type, ir_rank(type) - 1) == ir_dim_size(operand, 1) &&
           !tile_op_is_overwritten(op, s->forall) &&
           !buffer_alternates(ir_operand(op, 0));
  if (released && made)
    context_entry(s, tile)->kept = false;
  return made;
}

/// In how many shares of its columns an operand is written that has fewer rows
/// than the block, from whole pieces of interleaved rows on; 1: in none.
static int64_t shares_of_operand(Distribute *s, MlirOperation write) {
  enum { PIECE = 4 * SLICE };
  MlirValue tile = ir_operand(write, 0);
  MlirType type = ir_type(tile);
  if (context_is_own(ir_type(ir_operand(write, 1))) || ir_rank(type) != 2 ||
      ir_dim_size(type, 0) % WARP_ROWS ||
      !is_made_of_loads(s, write, tile, false))
    return 1;
  int64_t shares = repetitions(s, ir_dim_size(type, 0));
  while (shares > 1 && ir_dim_size(type, 1) % (shares * PIECE))
    --shares;
  return shares;
}

bool spread_operand(Distribute *s, MlirOperation write) {
  Ir *b = &s->b;
  MlirType type = ir_type(ir_operand(write, 0));
  int64_t shares = shares_of_operand(s, write);
  if (shares <= 1)
    return false;
  int slices = context_slices(type, 1) / (int)shares;
  MlirValue before[IR_MAX_RANK], rows = ir_const_index(b, ir_dim_size(type, 0));
  transfer_pin_indices(s, write, 2, before);
  MlirValue share = ir_divui(b, context_pinned_index(s, s->rows[0]), rows);
  s->first_slice = ir_muli(b, share, ir_const_index(b, slices));
  for (int i = 0; i < 2; ++i)
    transfer_write_row(s, write, context_at(s, type, 1, 0), i,
                       ir_cmpi(b, IR_SLT, share, ir_const_index(b, shares)),
                       slices);
  s->first_slice = (MlirValue){NULL};
  transfer_restore_indices(s, write, 2, before);
  return true;
}

// The plan --------------------------------------------------------------------

void spread_plan(Distribute *s, MlirBlock block) {
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    Parts parts;
    bool writes = ir_is(op, "vector.transfer_write");
    if (writes && !piece_plan(s, op) && shares_of_operand(s, op) > 1)
      is_made_of_loads(s, op, ir_operand(op, 0), true);
    if (writes && is_spread(s, op, &parts)) {
      context_entry(s, ir_result(parts.sum, 0))->kept = false;
      for (int i = 0; i < parts.n; ++i)
        context_entry(s, parts.loads[i])->kept = false;
    }
    for (int i = 0; i < (int)mlirOperationGetNumRegions(op); ++i)
      spread_plan(s, ir_body(op, i));
  }
}

// The store -------------------------------------------------------------------

/// What a thread has of the tile, for one of its two rows of the block, or for
/// both: so many slices of them.
typedef struct Share {
  int n_rows;
  MlirValue rows[2], writes; ///< writes: it is there for that
  MlirValue slice;  ///< the first one, of those that are exchanged at once
  MlirValue column; ///< of the thread, in that slice of the tile
  int n;
  Fragment *loads[MAX_LOADS], *sums;
} Share;

static Fragment *fragments(int n) {
  return memory_zeroed((size_t)n, sizeof(Fragment));
}

/// The two rows of a thread have the same columns where they stand for two rows
/// of the tile at the same time.
static int shares_of_thread(int64_t rows) {
  return rows % WARP_ROWS == 0 ? 1 : 2;
}

/// The i-th share of slices [first, first + n).
static Share share_of(Distribute *s, int64_t rows, int first, int n, int i) {
  Ir *b = &s->b;
  int64_t parts = repetitions(s, rows);
  while (n % parts)
    --parts;
  MlirValue size = ir_const_index(b, rows), all = ir_const_index(b, parts);
  MlirValue part = ir_divui(b, s->rows[i], size);
  Share share = {.n_rows = 2 / shares_of_thread(rows), .n = n / (int)parts};
  share.rows[0] = share.rows[1] = ir_remui(b, s->rows[i], size);
  if (share.n_rows > 1)
    share.rows[1] = ir_remui(b, s->rows[1], size);
  share.writes = ir_cmpi(b, IR_SLT, part, all);
  part = ir_minsi(b, part, ir_const_index(b, parts - 1));
  share.slice = ir_muli(b, part, ir_const_index(b, share.n));
  MlirValue slices = ir_addi(b, share.slice, ir_const_index(b, first));
  share.column =
      ir_addi(b, s->column, ir_muli(b, slices, ir_const_index(b, SLICE)));
  return share;
}

static At at_of(const Share *share, int row_dims) {
  return (At){.row_dims = row_dims, .rows = {share->rows[0], share->rows[1]}};
}

static void load(Distribute *s, const Parts *parts, Share *share) {
  MlirValue column = s->column;
  s->column = share->column;
  for (int i = 0; i < parts->n; ++i) {
    MlirValue tile = parts->loads[i];
    At at = at_of(share, ir_rank(ir_type(tile)) - 1);
    share->loads[i] = fragments(share->n);
    for (; at.slice < share->n; ++at.slice)
      share->loads[i][at.slice] = fragment_definition(s, tile, at);
  }
  s->column = column;
}

static void gather(Distribute *s, const Parts *parts, const ReduceRows *rows,
                   Share *share) {
  At at = at_of(share, 1);
  share->sums = fragments(share->n);
  for (; at.slice < share->n; ++at.slice)
    share->sums[at.slice] = fragment(s, ir_operand(parts->sum, 1), at);
  reduce_gather(s, rows, &at, share->slice, share->n, share->sums);
}

/// Stores what is made of a share, and forgets that.
static void write(Distribute *s, MlirOperation op, const Parts *parts,
                  const Share *share) {
  MlirValue column = s->column, sum = ir_result(parts->sum, 0);
  s->column = share->column;
  context_entry(s, sum)->fragments = share->sums;
  for (int i = 0; i < parts->n; ++i)
    context_entry(s, parts->loads[i])->fragments = share->loads[i];
  for (int i = 0; i < share->n_rows; ++i)
    transfer_write_row(s, op, at_of(share, tile_op_stored_row_dims(op)), i,
                       share->writes, share->n);
  context_entry(s, sum)->fragments = NULL;
  for (int i = 0; i < parts->n; ++i) {
    context_entry(s, parts->loads[i])->fragments = NULL;
    free(share->loads[i]);
  }
  free(share->sums);
  s->column = column;
}

bool spread_store(Distribute *s, MlirOperation op) {
  Parts parts;
  if (!is_spread(s, op, &parts) ||
      context_entry(s, ir_result(parts.sum, 0))->kept)
    return false;
  flight_await_for(s, parts.sum);
  ReduceRows rows = reduce_rows_of(parts.sum);
  int slices = context_slices(ir_type(ir_result(parts.sum, 0)), 1);
  int most = reduce_slices_at_once(&rows);
  int n_shares = shares_of_thread(rows.left);
  MlirValue before[IR_MAX_RANK];
  transfer_pin_indices(s, op, 2, before);
  for (int first = 0; first < slices; first += most) {
    int n = slices - first < most ? slices - first : most;
    reduce_begin_exchange(s, parts.sum);
    Share shares[2];
    for (int i = 0; i < n_shares; ++i) {
      shares[i] = share_of(s, rows.left, first, n, i);
      load(s, &parts, &shares[i]);
    }
    reduce_exchange(s, parts.sum, &rows, first, n);
    for (int i = 0; i < n_shares; ++i)
      gather(s, &parts, &rows, &shares[i]);
    for (int i = 0; i < n_shares; ++i)
      write(s, op, &parts, &shares[i]);
    reduce_end_exchange(s, parts.sum);
  }
  transfer_restore_indices(s, op, 2, before);
  return true;
}
