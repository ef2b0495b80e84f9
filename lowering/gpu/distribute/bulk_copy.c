// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Copies by a producer (compute capability 9.0): one warp fills rings while the
// others, the consumers, read them.
//
// Each slot of a ring has two mbarriers. "Full" counts one arrival, and the
// bytes that the hardware copies; "empty" counts one arrival of each consumer
// warp. Tile n of all that pass the ring is in slot n mod slots, and there the
// n / slots-th:
//
//     producer                             consumer
//     wait for phase n / slots - 1         wait for phase n / slots
//       of "empty" (of none for the 0th)     of "full"
//     copy; arrive at "full"               multiply; arrive at "empty"
//
// Two rings whose tiles are always copied one behind the other, as many rows,
// and released so, are joined: only the second one has mbarriers, which are for
// the tiles of both. (More are not: between its waits, a producer computes the
// places of one tile. Of all at once its few registers cannot hold them.)
//
// A whole tile is copied by one thread, a box for each panel of its rows, with
// the swizzle that warpgroups want (context.h), or, of one row, which no
// product takes, one box as it is. A box reads as zero only past the tensor's
// end, not past the tile's count of rows, where there may be anything: a tile
// with fewer rows is copied by all lanes of the warp, as other kernels do it,
// and fenced, since warpgroups read shared memory through another proxy than
// threads write it. So are those of joined rings together.

#include "bulk_copy.h"
#include "copies.h"
#include "copy.h"
#include "transfer.h"

#include "lowering/gpu/target/layout.h"

#include "lowering/bounds.h"
#include "lowering/ir_llvm.h"
#include "lowering/notes.h"

#include "simplicial/dialect.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <string.h>

enum { MAX_BOX = 256, MIN_RANK = 2, MAX_RANK = 5 };

/// Operands of simplicial.copy_async.
enum { FROM, TO, NUMBER, BEFORE, COUNT, INDICES };

/// Those of simplicial.copy_wait and copy_release.
enum { NUMBER_IN_LOOP, BEFORE_LOOP, RING };

/// Its `dims`.
enum { ROW_DIM, COLUMN_DIM, ROWS, COLUMNS };

static int64_t dim_of(MlirOperation copy, int i) {
  return mlirDenseI64ArrayGetElement(ir_get_attr(copy, "dims"), i);
}

static int64_t slots_of(MlirValue ring) {
  return ir_dim_size(ir_type(ring), 0);
}

static int64_t rows_of(MlirValue ring) { return ir_dim_size(ir_type(ring), 1); }

// Tensor maps -----------------------------------------------------------------

const TensorMap *bulk_copy_map(const Distribute *s, MlirValue memref,
                               const int64_t *box) {
  size_t size = (size_t)ir_rank(ir_type(memref)) * sizeof *box;
  for (int i = 0; i < s->n_maps; ++i)
    if (mlirValueEqual(s->maps[i].memref, memref) &&
        !memcmp(s->maps[i].box, box, size))
      return &s->maps[i];
  return NULL;
}

bool bulk_copy_plan_map(Distribute *s, MlirValue memref, const int64_t *box) {
  if (bulk_copy_map(s, memref, box))
    return true;
  if (s->n_maps == MAX_MAPS)
    return false;
  TensorMap *map = &s->maps[s->n_maps++];
  *map = (TensorMap){.memref = memref};
  memcpy(map->box, box, (size_t)ir_rank(ir_type(memref)) * sizeof *box);
  return true;
}

/// The columns of a copy's boxes: a panel's, or all of a row.
static int64_t box_columns(MlirOperation copy) {
  MlirType ring = ir_type(ir_operand(copy, TO));
  return rows_of(ir_operand(copy, TO)) == 1
             ? dim_of(copy, COLUMNS)
             : transfer_panel_bytes(ring) / ir_float_bytes(ir_element(ring));
}

/// The boxes of a copy: a tile's rows and so many columns.
static void box_of(MlirOperation copy, int64_t *box) {
  MlirType from = ir_type(ir_operand(copy, FROM));
  int rank = ir_rank(from);
  for (int d = 0; d < rank; ++d)
    box[d] = 1;
  box[dim_of(copy, ROW_DIM)] = rows_of(ir_operand(copy, TO));
  box[rank - 1] = box_columns(copy);
}

/// Why boxes cannot be what is copied; NULL: they can, and there are maps for
/// it.
static const char *plan_copy(Distribute *s, MlirOperation copy) {
  MlirType from = ir_type(ir_operand(copy, FROM));
  MlirValue ring = ir_operand(copy, TO);
  int rank = ir_rank(from);
  if (rows_of(ring) > 1 && !transfer_is_swizzled(s, ir_type(ring)))
    return "tiles in shared memory are not swizzled as TMA does it";
  if (rows_of(ring) == 1 &&
      dim_of(copy, COLUMNS) * ir_float_bytes(ir_element(from)) % CHUNK)
    return "TMA copies rows of a multiple of 16 bytes";
  if (rank < MIN_RANK || rank > MAX_RANK)
    return "TMA takes tensors of 2 to 5 dimensions";
  if (rows_of(ring) > MAX_BOX)
    return "TMA copies at most 256 rows at once";
  if (dim_of(copy, COLUMN_DIM) != rank - 1 ||
      dim_of(copy, ROW_DIM) >= rank - 1 ||
      dim_of(copy, COLUMNS) != ir_dim_size(ir_type(ring), 2))
    return "TMA copies whole rows, along the last dimension";
  int64_t box[IR_MAX_RANK];
  box_of(copy, box);
  return bulk_copy_plan_map(s, ir_operand(copy, FROM), box)
             ? NULL
             : "there are too many tensor maps";
}

const char *bulk_copy_plan(Distribute *s, MlirBlock block) {
  const char *why = NULL;
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationIsNull(op) && !why; op = mlirOperationGetNextInBlock(op)) {
    if (ir_is(op, SIMPLICIAL_COPY_ASYNC))
      why = plan_copy(s, op);
    for (int i = 0; i < (int)mlirOperationGetNumRegions(op) && !why; ++i)
      why = bulk_copy_plan(s, ir_body(op, i));
  }
  return why;
}

// Joined rings ----------------------------------------------------------------

static bool is_copy(MlirOperation op) {
  return ir_is(op, SIMPLICIAL_COPY_ASYNC);
}

static bool fills_or_frees(MlirOperation op) {
  return is_copy(op) || ir_is(op, SIMPLICIAL_COPY_RELEASE);
}

static MlirValue ring_of(MlirOperation op) {
  return ir_operand(op, is_copy(op) ? (int)TO : (int)RING);
}

static bool is_whole(MlirOperation copy) {
  return !mlirAttributeIsNull(ir_get_attr(copy, "whole")) &&
         dim_of(copy, ROWS) == rows_of(ring_of(copy));
}

static bool has_equal(MlirOperation op, MlirOperation other, int operand) {
  return mlirValueEqual(ir_operand(op, operand), ir_operand(other, operand));
}

/// Whether two copies, or two releases, are of the same tile of their rings,
/// and as large ones.
static bool is_same_tile(MlirOperation op, MlirOperation other) {
  MlirValue ring = ring_of(op), others = ring_of(other);
  if (slots_of(ring) != slots_of(others) || rows_of(ring) != rows_of(others))
    return false;
  if (!is_copy(op))
    return has_equal(op, other, NUMBER_IN_LOOP) &&
           has_equal(op, other, BEFORE_LOOP);
  return has_equal(op, other, NUMBER) && has_equal(op, other, BEFORE) &&
         has_equal(op, other, COUNT) && is_whole(op) == is_whole(other);
}

/// The copy or release of the same tile of another ring that follows; null:
/// there is none.
static MlirOperation next_ring(MlirOperation op) {
  MlirOperation next = mlirOperationGetNextInBlock(op);
  while (ir_is_of(next, "arith."))
    next = mlirOperationGetNextInBlock(next);
  bool same = fills_or_frees(next) && is_copy(next) == is_copy(op) &&
              is_same_tile(op, next);
  return same ? next : (MlirOperation){NULL};
}

/// The one that it follows.
static MlirOperation previous_ring(MlirOperation op) {
  for (MlirOperation o = mlirBlockGetFirstOperation(mlirOperationGetBlock(op));
       !mlirOperationEqual(o, op); o = mlirOperationGetNextInBlock(o))
    if (fills_or_frees(o) && mlirOperationEqual(next_ring(o), op))
      return o;
  return (MlirOperation){NULL};
}

static int count_uses(MlirValue ring) {
  int n = 0;
  for (MlirOpOperand use = mlirValueGetFirstUse(ring);
       !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use))
    n += fills_or_frees(mlirOpOperandGetOwner(use));
  return n;
}

/// The ring that gets and loses its tiles whenever this one does, right behind
/// it; null: there is none, or a third one does.
static MlirValue joined_to(MlirValue ring) {
  MlirValue other = {NULL};
  for (MlirOpOperand use = mlirValueGetFirstUse(ring);
       !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use)) {
    MlirOperation user = mlirOpOperandGetOwner(use);
    if (!fills_or_frees(user))
      continue;
    MlirOperation next = next_ring(user);
    if (mlirOperationIsNull(next) || previous_ring(user).ptr ||
        next_ring(next).ptr ||
        (other.ptr && !mlirValueEqual(ring_of(next), other)))
      return (MlirValue){NULL};
    other = ring_of(next);
  }
  return other.ptr && count_uses(other) == count_uses(ring) ? other
                                                            : (MlirValue){NULL};
}

// Mbarriers -------------------------------------------------------------------

static MlirValue constant(Ir *b, int64_t value) {
  return ir_const_i32(b, ir_i32(b), (int32_t)value);
}

static MlirValue as_i32(Ir *b, MlirValue index) {
  return ir_index_cast(b, index, ir_i32(b));
}

/// The address of an mbarrier of the ring, by its number.
static MlirValue mbarrier_at(Distribute *s, MlirValue ring, MlirValue number) {
  Ir *b = &s->b;
  return ir_advance(b, context_entry(s, ring)->mbarriers, ir_i64(b), number);
}

/// A tile's slot, its mbarriers, and the parity of the phase of "full" that it
/// is.
typedef struct Slot {
  MlirValue number; ///< an index
  MlirValue full, empty;
  MlirValue parity;
} Slot;

/// That of tile `number` of the loop.
static Slot slot_of(Distribute *s, MlirValue ring, MlirValue number,
                    MlirValue before) {
  Ir *b = &s->b;
  MlirValue n = as_i32(b, context_scalar(s, before));
  n = ir_addi(b, n, as_i32(b, context_scalar(s, number)));
  MlirValue slots = constant(b, slots_of(ring));
  MlirValue slot = ir_remui(b, n, slots);
  Slot self = {.number = ir_index_cast(b, slot, ir_index(b))};
  self.full = mbarrier_at(s, ring, slot);
  self.empty = mbarrier_at(s, ring, ir_addi(b, slot, slots));
  self.parity = ir_remui(b, ir_divui(b, n, slots), constant(b, 2));
  return self;
}

#define ACQUIRE_RELEASE(b)                                                     \
  {"scope", ir_parse_attr(b, "#nvvm.mem_scope<cta>")}, {                       \
    "relaxed", mlirBoolAttrGet((b)->context, false)                            \
  }

/// Waits until the phase of that parity is complete.
static void wait(Ir *b, MlirValue mbarrier, MlirValue parity) {
  MlirRegion regions[] = {ir_region(b, IR_NONE), ir_region(b, IR_NONE)};
  Ir before = ir_at_end(mlirRegionGetFirstBlock(regions[0]), b->location);
  Ir after = ir_at_end(mlirRegionGetFirstBlock(regions[1]), b->location);
  MlirValue done =
      ir_value(&before, "nvvm.mbarrier.try_wait", ir_i1(b),
               IR_VALUES(mbarrier, parity), IR_ATTRIBUTES(ACQUIRE_RELEASE(b)));
  MlirValue again = ir_xori(&before, done, ir_const_int(&before, ir_i1(b), 1));
  ir_op(&before, "scf.condition", IR_NONE, IR_VALUES(again), IR_NONE);
  ir_op(&after, "scf.yield", IR_NONE, IR_NONE, IR_NONE);
  ir_op_with_regions(b, "scf.while", IR_NONE, IR_NONE, IR_NONE, 2, regions);
}

static void arrive(Ir *b, MlirValue mbarrier) {
  ir_op(b, "nvvm.mbarrier.arrive", IR_NONE, IR_VALUES(mbarrier),
        IR_ATTRIBUTES(ACQUIRE_RELEASE(b)));
}

static void initialise(Distribute *s, MlirValue ring) {
  Ir *b = &s->b;
  int64_t slots = slots_of(ring);
  for (int64_t i = 0; i < 2 * slots; ++i)
    ir_op(b, "nvvm.mbarrier.init", IR_NONE,
          IR_VALUES(mbarrier_at(s, ring, constant(b, i)),
                    constant(b, i < slots ? 1 : s->warps)),
          IR_NONE);
}

void bulk_copy_begin(Distribute *s, int n, const MlirValue *rings) {
  Ir *b = &s->b;
  for (int i = 0; i < n; ++i) {
    Entry *entry = context_entry(s, rings[i]);
    entry->joined = joined_to(rings[i]).ptr;
    if (!entry->joined)
      entry->mbarriers = context_allocate(
          s, 2 * slots_of(rings[i]) * LIMITS_MBARRIER, LIMITS_MBARRIER);
  }
  MlirValue first = ir_cmpi(b, IR_EQ, s->thread, ir_const_index(b, 0));
  IrIf branch = ir_if_begin(b, first, IR_NONE);
  for (int i = 0; i < n; ++i) {
    Entry *entry = context_entry(s, rings[i]);
    if (entry->joined)
      entry->mbarriers = context_entry(s, joined_to(rings[i]))->mbarriers;
    else
      initialise(s, rings[i]);
  }
  ir_op(b, "nvvm.fence.mbarrier.init", IR_NONE, IR_NONE, IR_NONE);
  ir_if_end(b, &branch, IR_NONE);
}

// The producer ----------------------------------------------------------------

/// That of a copy.
static Slot copy_slot(Distribute *s, MlirOperation copy) {
  return slot_of(s, ring_of(copy), ir_operand(copy, NUMBER),
                 ir_operand(copy, BEFORE));
}

/// A tile, or those of joined rings, which have the same mbarriers.
typedef struct Tiles {
  int n;
  MlirOperation copies[2];
  Slot slots[2];
} Tiles;

static void add_tile(Distribute *s, Tiles *tiles, MlirOperation copy) {
  tiles->copies[tiles->n] = copy;
  tiles->slots[tiles->n++] = copy_slot(s, copy);
}

/// All lanes copy, some rows of zeros too. A producer has few registers.
static void copy_by_lanes(Distribute *s, const Tiles *tiles) {
  Ir *b = &s->b;
  note(s->forall, "inner tiles, the first rows only: by all lanes of the "
                  "producer; not TMA: it would copy what is behind them");
  for (int i = 0; i < tiles->n; ++i) {
    MlirValue number = context_pinned_index(s, tiles->slots[i].number);
    copy_tile(s, tiles->copies[i], number, context_pinned_index(s, s->lane),
              WARP);
  }
  copies_commit(s);
  copies_wait_for_operands(s, 0);
  context_warp_barrier(s);
  IrIf branch = context_begin_elected(s);
  arrive(b, tiles->slots[0].full);
  ir_if_end(b, &branch, IR_NONE);
}

/// Copies the columns of a panel of the tile.
static void copy_box(Distribute *s, MlirOperation copy, const Slot *slot,
                     int64_t column) {
  Ir *b = &s->b;
  MlirValue ring = ir_operand(copy, TO);
  int rank = ir_rank(ir_type(ir_operand(copy, FROM))), n = 0;
  int64_t box[IR_MAX_RANK];
  const MlirValue place[] = {slot->number, ir_const_index(b, 0),
                             ir_const_index(b, column)};
  MlirValue operands[3 + MAX_RANK];
  operands[n++] = transfer_address(s, ring, place);
  box_of(copy, box);
  operands[n++] = bulk_copy_map(s, ir_operand(copy, FROM), box)->pointer;
  for (int d = rank - 1; d >= 0; --d) {
    MlirValue at = context_scalar(s, ir_operand(copy, INDICES + d));
    if (d == rank - 1)
      at = ir_addi(b, at, ir_const_index(b, column));
    operands[n++] = as_i32(b, at);
  }
  operands[n++] = slot->full;
  const int32_t segments[] = {1, 1, rank, 1, 0, 0, 0, 0};
  ir_op(b, "nvvm.cp.async.bulk.tensor.shared.cluster.global", IR_NONE, n,
        operands,
        IR_ATTRIBUTES({"isCTAOnly", mlirBoolAttrGet(b->context, true)},
                      {"mode", ir_parse_attr(b, "#nvvm.tma_load_mode<tile>")},
                      ir_segments(b, 8, segments)));
}

static int64_t bytes_of_tile(MlirOperation copy) {
  MlirType type = ir_type(ring_of(copy));
  return ir_dim_size(type, 1) * ir_dim_size(type, 2) *
         ir_float_bytes(ir_element(type));
}

/// Begins the copy of a tile.
static void copy_boxes(Distribute *s, MlirOperation copy, const Slot *slot) {
  int64_t columns = ir_dim_size(ir_type(ring_of(copy)), 2);
  for (int64_t column = 0; column < columns; column += box_columns(copy))
    copy_box(s, copy, slot, column);
}

/// One lane begins the copies.
static void copy_by_boxes(Distribute *s, const Tiles *tiles) {
  note(s->forall,
       "inner tiles: TMA, by a producer, a warp that does nothing else");
  Ir *b = &s->b;
  int64_t bytes = 0;
  for (int i = 0; i < tiles->n; ++i)
    bytes += bytes_of_tile(tiles->copies[i]);
  IrIf branch = context_begin_elected(s);
  ir_op(b, "nvvm.mbarrier.arrive.expect_tx", IR_NONE,
        IR_VALUES(tiles->slots[0].full, constant(b, bytes)),
        IR_ATTRIBUTES(ACQUIRE_RELEASE(b)));
  for (int i = 0; i < tiles->n; ++i)
    copy_boxes(s, tiles->copies[i], &tiles->slots[i]);
  ir_if_end(b, &branch, IR_NONE);
}

/// Whether the slot may have had a tile before.
static bool may_be_taken(MlirOperation copy) {
  int64_t slots = slots_of(ring_of(copy));
  int64_t before = bounds_of(ir_operand(copy, BEFORE)).most;
  int64_t number = bounds_of(ir_operand(copy, NUMBER)).most;
  return before >= slots || number >= slots || before + number >= slots;
}

void bulk_copy_fill(Distribute *s, MlirOperation copy) {
  Ir *b = &s->b;
  MlirValue ring = ring_of(copy);
  if (context_entry(s, ring)->joined)
    return; // with the other
  MlirValue count = context_scalar(s, ir_operand(copy, COUNT));
  IrIf any =
      ir_if_begin(b, ir_cmpi(b, IR_SGT, count, ir_const_index(b, 0)), IR_NONE);
  MlirOperation previous = previous_ring(copy);
  Tiles tiles = {0};
  if (previous.ptr && context_entry(s, ring_of(previous))->joined)
    add_tile(s, &tiles, previous);
  add_tile(s, &tiles, copy);
  const Slot *slot = &tiles.slots[tiles.n - 1];
  if (may_be_taken(copy))
    wait(b, slot->empty, ir_xori(b, slot->parity, constant(b, 1)));
  bool whole = is_whole(copy);
  IrIf part = {0};
  if (!whole) {
    part = ir_if_begin(
        b, ir_cmpi(b, IR_SLT, count, ir_const_index(b, rows_of(ring))),
        IR_NONE);
    copy_by_lanes(s, &tiles);
    ir_if_else(b, &part, IR_NONE);
  }
  copy_by_boxes(s, &tiles);
  if (!whole)
    ir_if_end(b, &part, IR_NONE);
  ir_if_end(b, &any, IR_NONE);
}

// The consumers ---------------------------------------------------------------

/// That of an operation on a tile of a ring.
static Slot operand_slot(Distribute *s, MlirOperation op) {
  return slot_of(s, ir_operand(op, RING), ir_operand(op, NUMBER_IN_LOOP),
                 ir_operand(op, BEFORE_LOOP));
}

/// Whether the same mbarrier is waited for right behind a wait: the tile is of
/// a joined ring, and the next wait is for the other ring's.
static bool is_waited_for_next(Distribute *s, MlirOperation op) {
  MlirOperation next = mlirOperationGetNextInBlock(op);
  while (ir_is_of(next, "arith."))
    next = mlirOperationGetNextInBlock(next);
  return context_entry(s, ring_of(op))->joined &&
         ir_is(next, SIMPLICIAL_COPY_WAIT) && is_same_tile(op, next) &&
         mlirValueEqual(ring_of(next), joined_to(ring_of(op)));
}

void bulk_copy_wait(Distribute *s, MlirOperation op) {
  Slot slot = operand_slot(s, op);
  if (!is_waited_for_next(s, op))
    wait(&s->b, slot.full, slot.parity);
  context_entry(s, ir_result(op, 0))->scalar = slot.number;
}

void bulk_copy_release(Distribute *s, MlirOperation op) {
  if (context_entry(s, ring_of(op))->joined)
    return; // with the other
  Slot slot = operand_slot(s, op);
  // Rows that no product takes, all lanes of the warp have read.
  if (rows_of(ring_of(op)) == 1)
    context_warp_barrier(s);
  IrIf branch = context_begin_elected(s);
  arrive(&s->b, slot.empty);
  ir_if_end(&s->b, &branch, IR_NONE);
}
