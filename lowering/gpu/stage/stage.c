// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simplicial-stage: loads that feed matrix instructions -> asynchronous copies
// into rings of tiles in shared memory.
//
// In:  scf.for %k = %lo to %hi step %c64 {
//        %t = vector.transfer_read %m[%b, %k, %h, %c0], %zero, %mask
//        ... vector.contract %a, %t ...
//      }
// Out: %s = memref.alloc() : memref<2x64x64xbf16, 3>
//      simplicial.copy_async (rows %lo of %m) -> tile 0 of %s
//      simplicial.copy_commit
//      scf.for %k = %lo to %hi step %c64 {
//        %slot = simplicial.copy_wait (tile %i of %s) {pending = 0}
//        simplicial.copy_async (rows %k + 64 of %m, if the loop gets there)
//          -> tile %i + 1 of %s
//        simplicial.copy_commit
//        %t = vector.transfer_read %s[%slot]
//        ... vector.contract %a, %t ...
//        simplicial.copy_release (tile %i of %s)
//      }
//      simplicial.copy_finish
//
// A copy fills rows past the mask's count with zeros, so what is read from
// shared memory needs no mask. In a loop with such loads, loads of one row for
// all rows are copied too. A ring has as many slots as the scf.forall says in
// `simplicial.stages`, or 2; copies are ahead by all but one: none, where there
// is one slot. Each load has a ring; loops one after the other share them.
//
// Tiles have numbers, which begin with 0 in each loop. In a program whose
// scf.forall has `simplicial.producer` the ops also know how many tiles passed
// the ring before the loop: who fills it and who empties it count them.

#include "places.h"

#include "lowering/configure/config.h"
#include "lowering/ir.h"
#include "lowering/notes.h"
#include "lowering/pass.h"
#include "lowering/tile/check.h"
#include "lowering/tile_ops.h"

#include "simplicial/dialect.h"

#include "mlir-c/AffineExpr.h"
#include "mlir-c/AffineMap.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

enum {
  DEFAULT_SLOTS = 2,
  MAX_STAGED = 16,
  MAX_LOOPS = 16,
  MAX_RINGS = 32,
  FIRST_INIT = 3, ///< operand of scf.for
};

/// A load that becomes copies into a ring.
typedef struct Load {
  MlirOperation read;
  int ring;
  MlirValue before; ///< tiles that passed the ring before the loop; null: 0
} Load;

/// A loop and the loads in it that become copies.
typedef struct Staged {
  MlirOperation loop;
  int n;
  Load loads[MAX_STAGED];
} Staged;

typedef struct Stage {
  MlirBlock program; ///< the scf.forall's
  int64_t slots;
  int n_rings;
  MlirValue rings[MAX_RINGS]; ///< memrefs [slots, rows, columns]
  int n;
  Staged loops[MAX_LOOPS];
} Stage;

/// `value` as it would be with `iv` in the place of the loop's: the ops of
/// `body` that it comes from, copied.
static MlirValue at_iteration(Ir *b, MlirBlock body, MlirValue iv,
                              MlirValue value) {
  if (mlirValueEqual(value, mlirBlockGetArgument(body, 0)))
    return iv;
  MlirOperation op = ir_def(value);
  if (mlirOperationIsNull(op) ||
      !mlirBlockEqual(mlirOperationGetBlock(op), body))
    return value;
  MlirValue operands[IR_MAX_VALUES];
  for (int i = 0; i < (int)mlirOperationGetNumOperands(op); ++i)
    operands[i] = at_iteration(b, body, iv, ir_operand(op, i));
  return ir_clone_with(b, op, ir_type(value), operands);
}

/// Whether `at_iteration` can: of ops that may be done for an iteration that
/// there is not.
static bool can_compute(MlirBlock body, MlirValue value) {
  MlirOperation op = ir_def(value);
  if (mlirOperationIsNull(op) ||
      !mlirBlockEqual(mlirOperationGetBlock(op), body))
    return true;
  bool can = mlirOperationGetNumResults(op) == 1 && ir_is_of(op, "arith.");
  for (int i = 0; i < (int)mlirOperationGetNumOperands(op) && can; ++i)
    can = can_compute(body, ir_operand(op, i));
  return can;
}

/// Whether a load can be made an iteration early: of a tile's first rows, from
/// places that are computed from the loop's iteration, each row in one piece.
static bool can_copy_ahead(MlirBlock body, MlirOperation read) {
  MlirValue first, count;
  bool can = tile_op_is_contiguous(read) &&
             tile_op_mask(read, &first, &count) && mlirValueIsNull(first) &&
             (mlirValueIsNull(count) || can_compute(body, count));
  for (int d = 0; d < ir_rank(ir_type(ir_operand(read, 0))) && can; ++d)
    can = can_compute(body, ir_operand(read, 1 + d));
  return can;
}

/// How many rows a load has; null: all of its tile's.
static MlirValue count_of(MlirOperation read) {
  MlirValue none, count;
  tile_op_mask(read, &none, &count);
  return count;
}

static bool have_as_many_rows(MlirOperation read, MlirOperation other) {
  MlirValue count = count_of(read), others = count_of(other);
  if (count.ptr || others.ptr)
    return mlirValueEqual(count, others);
  return ir_dim_size(ir_type(ir_result(read, 0)), 0) ==
         ir_dim_size(ir_type(ir_result(other, 0)), 0);
}

/// How many rows it would have in iteration `iv`: none if that is not `live`.
static MlirValue rows_at(Ir *b, MlirBlock body, MlirValue iv, MlirValue live,
                         MlirOperation read) {
  MlirType tile = ir_type(ir_result(read, 0));
  MlirValue count = count_of(read);
  count = mlirValueIsNull(count) ? ir_const_index(b, ir_dim_size(tile, 0))
                                 : at_iteration(b, body, iv, count);
  return ir_select(b, live, count, ir_const_index(b, 0));
}

/// The load of `read` as it would be in iteration `iv`, of so many rows, as a
/// copy into the ring as tile `number` of the loop.
static void copy_tile(Ir *b, MlirBlock body, MlirValue iv, MlirValue rows,
                      MlirOperation read, MlirValue ring, MlirValue number,
                      MlirValue before) {
  MlirValue memref = ir_operand(read, 0);
  int rank = ir_rank(ir_type(memref)), n = 0;
  MlirType tile = ir_type(ir_result(read, 0));
  MlirValue operands[IR_MAX_VALUES];
  operands[n++] = memref;
  operands[n++] = ring;
  operands[n++] = number;
  operands[n++] = before;
  bool whole = mlirValueIsNull(count_of(read));
  operands[n++] = rows;
  for (int d = 0; d < rank; ++d)
    operands[n++] = at_iteration(b, body, iv, ir_operand(read, 1 + d));
  MlirAffineMap map =
      mlirAffineMapAttrGetValue(ir_get_attr(read, "permutation_map"));
  int64_t dims[4] = {0, 0, ir_dim_size(tile, 0), ir_dim_size(tile, 1)};
  for (int t = 0; t < 2; ++t)
    dims[t] = mlirAffineDimExprGetPosition(mlirAffineMapGetResult(map, t));
  const IrAttribute attributes[] = {{"dims", ir_i64_array(b, 4, dims)},
                                    {"whole", mlirUnitAttrGet(b->context)}};
  ir_op(b, SIMPLICIAL_COPY_ASYNC, IR_NONE, n, operands, 1 + whole, attributes);
}

static void copy_all(Ir *b, const Stage *s, const Staged *staged, MlirValue iv,
                     MlirValue number) {
  MlirValue live = ir_cmpi(b, IR_SLT, iv, ir_operand(staged->loop, 1)), rows;
  MlirBlock body = ir_body(staged->loop, 0);
  for (int i = 0; i < staged->n; ++i) {
    const Load *load = &staged->loads[i];
    if (!i || !have_as_many_rows(load[-1].read, load->read))
      rows = rows_at(b, body, iv, live, load->read);
    copy_tile(b, body, iv, rows, load->read, s->rings[load->ring], number,
              load->before);
  }
  ir_op(b, SIMPLICIAL_COPY_COMMIT, IR_NONE, IR_NONE, IR_NONE);
}

// Rings -----------------------------------------------------------------------

/// The loop's load that fills a ring; NULL: none does.
static Load *load_into(Staged *staged, int ring) {
  for (Load *load = staged->loads; load < staged->loads + staged->n; ++load)
    if (load->ring == ring)
      return load;
  return NULL;
}

/// Whether a tile fits the ring's slots, and no loop that uses the ring is
/// `staged`'s, or around or within it: copies of others are done when it
/// begins.
static bool can_use(Stage *s, int ring, const Staged *staged, MlirType tile) {
  MlirType slot = ir_type(s->rings[ring]);
  bool can = mlirTypeEqual(ir_element(slot), ir_element(tile)) &&
             ir_dim_size(slot, 1) >= ir_dim_size(tile, 0) &&
             ir_dim_size(slot, 2) == ir_dim_size(tile, 1);
  for (Staged *other = s->loops; other <= staged && can; ++other)
    can =
        !load_into(other, ring) || (!ir_is_within(staged->loop, other->loop) &&
                                    !ir_is_within(other->loop, staged->loop));
  return can;
}

/// For the loop's loads, rings that earlier loops have, or new ones.
static MlirLogicalResult choose_rings(Stage *s, Staged *staged) {
  for (int i = 0; i < staged->n; ++i)
    staged->loads[i].ring = -1;
  for (int i = 0; i < staged->n; ++i) {
    MlirType tile = ir_type(ir_result(staged->loads[i].read, 0));
    int ring = 0;
    while (ring < s->n_rings && !can_use(s, ring, staged, tile))
      ++ring;
    if (ring == MAX_RINGS)
      return ir_error(staged->loop, "simplicial-stage has at most %d rings",
                      MAX_RINGS);
    if (ring == s->n_rings)
      s->rings[s->n_rings++] = places_allocate(s->program, s->slots, tile);
    staged->loads[i].ring = ring;
  }
  return mlirLogicalResultSuccess();
}

// Counts ----------------------------------------------------------------------

/// How often `loop` runs.
static MlirValue trip_count(Ir *b, MlirOperation loop) {
  MlirValue step = ir_operand(loop, 2);
  MlirValue length =
      ir_maxsi(b, ir_subi(b, ir_operand(loop, 1), ir_operand(loop, 0)),
               ir_const_index(b, 0));
  MlirValue rest = ir_subi(b, step, ir_const_index(b, 1));
  return ir_divui(b, ir_addi(b, length, rest), step);
}

/// Makes `loop` carry one more index, `init` at first; its yield still lacks
/// it.
static MlirOperation carry(Stage *s, MlirOperation loop, MlirValue init) {
  Ir b = ir_before(loop);
  int n = (int)mlirOperationGetNumResults(loop);
  MlirValue operands[IR_MAX_VALUES];
  MlirType types[IR_MAX_VALUES];
  for (int i = 0; i < FIRST_INIT + n; ++i)
    operands[i] = ir_operand(loop, i);
  for (int i = 0; i < n; ++i)
    types[i] = ir_type(ir_result(loop, i));
  operands[FIRST_INIT + n] = init;
  types[n] = ir_index(&b);
  MlirRegion region = mlirRegionCreate();
  mlirRegionTakeBody(region, mlirOperationGetRegion(loop, 0));
  mlirBlockAddArgument(mlirRegionGetFirstBlock(region), types[n], b.location);
  MlirOperation wider =
      ir_op_with_regions(&b, "scf.for", n + 1, types, FIRST_INIT + n + 1,
                         operands, IR_NONE, 1, &region);
  for (int i = 0; i < n; ++i)
    mlirValueReplaceAllUsesOfWith(ir_result(loop, i), ir_result(wider, i));
  for (int i = 0; i < s->n; ++i)
    if (mlirOperationEqual(s->loops[i].loop, loop))
      s->loops[i].loop = wider;
  mlirOperationDestroy(loop);
  return wider;
}

static void yield_too(MlirOperation loop, MlirValue value) {
  MlirOperation yield = mlirBlockGetTerminator(ir_body(loop, 0));
  Ir b = ir_before(yield);
  int n = (int)mlirOperationGetNumOperands(yield);
  MlirValue operands[IR_MAX_VALUES];
  for (int i = 0; i < n; ++i)
    operands[i] = ir_operand(yield, i);
  operands[n] = value;
  ir_op(&b, "scf.yield", IR_NONE, n + 1, operands, IR_NONE);
  mlirOperationDestroy(yield);
}

/// Whether `op` is or holds a loop that uses the ring.
static bool uses(Stage *s, MlirOperation op, int ring) {
  bool found = false;
  for (Staged *staged = s->loops; staged < s->loops + s->n; ++staged)
    found |= load_into(staged, ring) && ir_is_within(staged->loop, op);
  return found;
}

/// Counts the tiles that loops in `block` pass through the ring; `number` of
/// them (null: 0) came before. How many there are behind.
static MlirValue count_tiles(Stage *s, MlirBlock block, int ring,
                             MlirValue number) {
  MlirOperation next, end = mlirBlockGetTerminator(block);
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationEqual(op, end); op = next) {
    next = mlirOperationGetNextInBlock(op);
    if (!ir_is(op, "scf.for") || !uses(s, op, ring))
      continue;
    Staged *staged = s->loops;
    while (staged < s->loops + s->n &&
           !(mlirOperationEqual(staged->loop, op) && load_into(staged, ring)))
      ++staged;
    Ir b = ir_before(op);
    if (staged < s->loops + s->n) {
      MlirValue trips = trip_count(&b, op);
      load_into(staged, ring)->before = number;
      number = mlirValueIsNull(number) ? trips : ir_addi(&b, number, trips);
      continue;
    }
    if (mlirValueIsNull(number))
      number = ir_const_index(&b, 0);
    op = carry(s, op, number);
    int last = (int)mlirOperationGetNumResults(op) - 1;
    MlirBlock body = ir_body(op, 0);
    yield_too(op,
              count_tiles(s, body, ring, mlirBlockGetArgument(body, 1 + last)));
    number = ir_result(op, last);
  }
  return number;
}

/// A ring before `ring` that the same loops use, and so as many tiles pass; -1:
/// there is none.
static int find_twin(Stage *s, int ring) {
  for (int twin = 0; twin < ring; ++twin) {
    bool same = true;
    for (Staged *staged = s->loops; staged < s->loops + s->n; ++staged)
      same &= !load_into(staged, ring) == !load_into(staged, twin);
    if (same)
      return twin;
  }
  return -1;
}

static MlirLogicalResult count_all(Stage *s) {
  for (int i = 0; i < s->n; ++i) {
    MlirOperation loop = s->loops[i].loop, outer = loop;
    while (ir_is(outer, "scf.for"))
      outer = mlirOperationGetParentOperation(outer);
    if (!ir_is(outer, "scf.forall"))
      return ir_error(loop, "simplicial-stage counts the tiles of loops that "
                            "are in loops only");
  }
  for (int ring = 0; ring < s->n_rings; ++ring) {
    int twin = find_twin(s, ring);
    if (twin < 0)
      count_tiles(s, s->program, ring, (MlirValue){NULL});
    for (Staged *staged = s->loops; twin >= 0 && staged < s->loops + s->n;
         ++staged)
      if (load_into(staged, ring))
        load_into(staged, ring)->before = load_into(staged, twin)->before;
  }
  return mlirLogicalResultSuccess();
}

// Loops -----------------------------------------------------------------------

/// Makes the loads of a ring's tile what is in its slot.
static void read_tile(MlirOperation load, MlirValue ring, MlirValue slot) {
  Ir b = ir_before(load);
  MlirValue tile = ir_result(load, 0);
  mlirValueReplaceAllUsesOfWith(tile,
                                places_read(&b, ir_type(tile), ring, slot));
  mlirOperationDestroy(load);
}

static void stage_loop(Stage *s, Staged *staged) {
  MlirOperation loop = staged->loop;
  MlirBlock body = ir_body(loop, 0);
  MlirValue lower = ir_operand(loop, 0), step = ir_operand(loop, 2);
  int64_t ahead = s->slots - 1;
  Ir before = ir_before(loop);
  MlirValue none = ir_const_index(&before, 0);
  for (int i = 0; i < staged->n; ++i)
    if (mlirValueIsNull(staged->loads[i].before))
      staged->loads[i].before = none;
  MlirValue iv = lower;
  for (int64_t i = 0; i < ahead; ++i) {
    iv = i ? ir_addi(&before, iv, step) : lower;
    copy_all(&before, s, staged, iv, ir_const_index(&before, i));
  }

  Ir b = ir_before(mlirBlockGetFirstOperation(body));
  iv = mlirBlockGetArgument(body, 0);
  MlirValue number = ir_divui(&b, ir_subi(&b, iv, lower), step);
  MlirValue slots[MAX_STAGED];
  if (!ahead)
    copy_all(&b, s, staged, iv, number);
  int64_t pending = ahead ? ahead - 1 : 0;
  for (int i = 0; i < staged->n; ++i)
    slots[i] = ir_value(&b, SIMPLICIAL_COPY_WAIT, ir_index(&b),
                        IR_VALUES(number, staged->loads[i].before,
                                  s->rings[staged->loads[i].ring]),
                        IR_ATTRIBUTES({"pending", ir_i64_attr(&b, pending)}));
  if (ahead) {
    MlirValue distance = ir_const_index(&b, ahead);
    MlirValue far = ahead == 1 ? step : ir_muli(&b, step, distance);
    far = ir_addi(&b, iv, far);
    copy_all(&b, s, staged, far, ir_addi(&b, number, distance));
  }
  for (int i = 0; i < staged->n; ++i)
    read_tile(staged->loads[i].read, s->rings[staged->loads[i].ring], slots[i]);
  Ir end = ir_before(mlirBlockGetTerminator(body));
  for (int i = 0; i < staged->n; ++i)
    ir_op(&end, SIMPLICIAL_COPY_RELEASE, IR_NONE,
          IR_VALUES(number, staged->loads[i].before,
                    s->rings[staged->loads[i].ring]),
          IR_NONE);
  if (!ahead) // each iteration ends with nothing on its way
    return;
  Ir after = ir_before(mlirOperationGetNextInBlock(loop));
  ir_op(&after, SIMPLICIAL_COPY_FINISH, IR_NONE, IR_NONE, IR_NONE);
}

/// Whether a load of the memref is one that was made here before.
static bool is_staged(MlirValue memref) {
  return !mlirAttributeIsNull(mlirMemRefTypeGetMemorySpace(ir_type(memref)));
}

/// The loads in a loop's body that `is_wanted` says.
static MlirLogicalResult collect_loads(MlirBlock body, Staged *staged,
                                       bool (*is_wanted)(MlirValue tile)) {
  for (MlirOperation op = mlirBlockGetFirstOperation(body);
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    if (!ir_is(op, "vector.transfer_read") || is_staged(ir_operand(op, 0)) ||
        !is_wanted(ir_result(op, 0)) || !can_copy_ahead(body, op))
      continue;
    if (staged->n == MAX_STAGED)
      return ir_error(op, "simplicial-stage takes at most %d loads in a loop",
                      MAX_STAGED);
    staged->loads[staged->n++] = (Load){.read = op};
  }
  return mlirLogicalResultSuccess();
}

/// The loops in `block` with loads that feed products, the outer ones first;
/// and what is to be there for all rows beside them.
static MlirLogicalResult collect(Stage *s, MlirBlock block) {
  MlirOperation loop = mlirBlockGetParentOperation(block);
  Staged staged = {.loop = loop};
  bool in_loop = ir_is(loop, "scf.for");
  if (in_loop && mlirLogicalResultIsFailure(
                     collect_loads(block, &staged, places_feeds_products)))
    return mlirLogicalResultFailure();
  if (staged.n &&
      mlirLogicalResultIsFailure(collect_loads(block, &staged, places_is_row)))
    return mlirLogicalResultFailure();
  if (staged.n && s->n == MAX_LOOPS)
    return ir_error(loop, "simplicial-stage takes at most %d loops with copies",
                    MAX_LOOPS);
  if (staged.n) {
    s->loops[s->n] = staged;
    if (mlirLogicalResultIsFailure(choose_rings(s, &s->loops[s->n++])))
      return mlirLogicalResultFailure();
  }
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op))
    for (int i = 0; i < (int)mlirOperationGetNumRegions(op); ++i)
      if (mlirLogicalResultIsFailure(collect(s, ir_body(op, i))))
        return mlirLogicalResultFailure();
  return mlirLogicalResultSuccess();
}

static MlirLogicalResult stage(MlirOperation forall) {
  if (!tile_is_program(forall))
    return mlirLogicalResultSuccess();
  if (mlirLogicalResultIsFailure(tile_check_staged(forall)))
    return mlirLogicalResultFailure();
  Stage s = {.program = ir_body(forall, 0), .slots = DEFAULT_SLOTS};
  MlirAttribute slots = ir_get_attr(forall, SIMPLICIAL_STAGES_ATTR);
  if (!mlirAttributeIsNull(slots))
    s.slots =
        mlirAttributeIsAInteger(slots) ? mlirIntegerAttrGetValueInt(slots) : 0;
  if (s.slots < 1 || s.slots > CONFIG_MAX_STAGES)
    return ir_error(forall, SIMPLICIAL_STAGES_ATTR " must be 1 to %d",
                    CONFIG_MAX_STAGES);
  if (mlirLogicalResultIsFailure(collect(&s, s.program)))
    return mlirLogicalResultFailure();
  if (!mlirAttributeIsNull(ir_get_attr(forall, SIMPLICIAL_PRODUCER_ATTR)) &&
      mlirLogicalResultIsFailure(count_all(&s)))
    return mlirLogicalResultFailure();
  for (int i = 0; i < s.n; ++i)
    stage_loop(&s, &s.loops[i]);
  int published = places_publish(forall);
  if (published)
    note(forall,
         "shared memory: %d operands of products are put there where they are "
         "made",
         published);
  note(forall,
       "shared memory: %d rings of inner tiles, stages = %lld, %lld ahead of "
       "the one that is used",
       s.n_rings, (long long)s.slots, (long long)s.slots - 1);
  return mlirLogicalResultSuccess();
}

MlirLogicalResult pass_stage(MlirOperation module) {
  static const char *const names[] = {"scf.forall"};
  return pass_for_each(module, 1, names, stage);
}
