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
// shared memory needs no mask. A ring has as many slots as the scf.forall says
// in `simplicial.stages`, or 2; copies are ahead by all but one. Loops one
// after the other share rings.
//
// Tiles have numbers, which begin with 0 in each loop. In a program whose
// scf.forall has `simplicial.producer` the ops also know how many tiles passed
// the ring before the loop: who fills it and who empties it count them.

#include "lowering/config.h"
#include "lowering/ir.h"
#include "lowering/pass.h"
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
  FIRST_INIT = 3, ///< operand of scf.for
  SHARED = 3,
};

/// A loop, the loads in it that become copies, and where to.
typedef struct Staged {
  MlirOperation loop;
  int n;
  MlirOperation reads[MAX_STAGED];
  MlirValue rings[MAX_STAGED]; ///< memrefs [slots, rows, columns]
  MlirValue before;            ///< tiles that passed them before; null: 0
} Staged;

typedef struct Stage {
  MlirBlock program; ///< the scf.forall's
  int64_t slots;
  int n;
  Staged loops[MAX_LOOPS];
} Stage;

/// Whether all uses of a tile are right operands of products, perhaps rounded.
static bool feeds_products(MlirValue tile) {
  MlirOpOperand use = mlirValueGetFirstUse(tile);
  if (mlirOpOperandIsNull(use) || ir_rank(ir_type(tile)) != 2)
    return false;
  for (; !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use)) {
    MlirOperation user = mlirOpOperandGetOwner(use);
    bool rounded =
        ir_is(user, "arith.truncf") && feeds_products(ir_result(user, 0));
    if (!rounded && (!ir_is(user, "vector.contract") ||
                     mlirOpOperandGetOperandNumber(use) != 1))
      return false;
  }
  return true;
}

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

/// The load of `read` as it would be in iteration `iv`, as a copy into the ring
/// as tile `number` of the loop; of no rows if that is not `live` there.
static void copy_tile(Ir *b, MlirBlock body, MlirValue iv, MlirValue live,
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
  MlirValue count, none;
  tile_op_mask(read, &none, &count);
  count = mlirValueIsNull(count) ? ir_const_index(b, ir_dim_size(tile, 0))
                                 : at_iteration(b, body, iv, count);
  operands[n++] = ir_select(b, live, count, ir_const_index(b, 0));
  for (int d = 0; d < rank; ++d)
    operands[n++] = at_iteration(b, body, iv, ir_operand(read, 1 + d));
  MlirAffineMap map =
      mlirAffineMapAttrGetValue(ir_get_attr(read, "permutation_map"));
  int64_t dims[4] = {0, 0, ir_dim_size(tile, 0), ir_dim_size(tile, 1)};
  for (int t = 0; t < 2; ++t)
    dims[t] = mlirAffineDimExprGetPosition(mlirAffineMapGetResult(map, t));
  ir_op(b, SIMPLICIAL_COPY_ASYNC, IR_NONE, n, operands,
        IR_ATTRIBUTES({"dims", ir_i64_array(b, 4, dims)}));
}

static void copy_all(Ir *b, const Staged *staged, MlirValue iv,
                     MlirValue number) {
  MlirValue live = ir_cmpi(b, IR_SLT, iv, ir_operand(staged->loop, 1));
  for (int i = 0; i < staged->n; ++i)
    copy_tile(b, ir_body(staged->loop, 0), iv, live, staged->reads[i],
              staged->rings[i], number, staged->before);
  ir_op(b, SIMPLICIAL_COPY_COMMIT, IR_NONE, IR_NONE, IR_NONE);
}

/// Whether `loop` is `op` or around it.
static bool holds(MlirOperation loop, MlirOperation op) {
  while (!mlirOperationIsNull(op) && !mlirOperationEqual(op, loop))
    op = mlirOperationGetParentOperation(op);
  return !mlirOperationIsNull(op);
}

// Rings -----------------------------------------------------------------------

/// Whether `y`'s tiles fit the slots of `x`'s, and no loop that uses `x`'s
/// rings is around or within `y`'s: their copies are done when `y` begins.
static bool can_share(const Stage *s, const Staged *x, const Staged *y) {
  bool can = x->n == y->n;
  for (int i = 0; i < y->n && can; ++i) {
    MlirType slot = ir_type(x->rings[i]);
    MlirType tile = ir_type(ir_result(y->reads[i], 0));
    can = mlirTypeEqual(ir_element(slot), ir_element(tile)) &&
          ir_dim_size(slot, 1) >= ir_dim_size(tile, 0) &&
          ir_dim_size(slot, 2) == ir_dim_size(tile, 1);
  }
  for (const Staged *other = s->loops; other < y && can; ++other)
    can = !mlirValueEqual(other->rings[0], x->rings[0]) ||
          (!holds(other->loop, y->loop) && !holds(y->loop, other->loop));
  return can;
}

static MlirValue allocate(Stage *s, MlirType tile) {
  Ir b = ir_before(mlirBlockGetFirstOperation(s->program));
  const int64_t shape[] = {s->slots, ir_dim_size(tile, 0),
                           ir_dim_size(tile, 1)};
  MlirAttribute space =
      mlirIntegerAttrGet(mlirIntegerTypeGet(b.context, 64), SHARED);
  MlirType type =
      mlirMemRefTypeContiguousGet(ir_element(tile), 3, shape, space);
  return ir_alloc(&b, type);
}

/// Rings that an earlier loop has, or new ones.
static void choose_rings(Stage *s, Staged *staged) {
  for (const Staged *other = s->loops; other < staged; ++other)
    if (can_share(s, other, staged)) {
      for (int i = 0; i < staged->n; ++i)
        staged->rings[i] = other->rings[i];
      return;
    }
  for (int i = 0; i < staged->n; ++i)
    staged->rings[i] = allocate(s, ir_type(ir_result(staged->reads[i], 0)));
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
static bool uses(const Stage *s, MlirOperation op, MlirValue ring) {
  bool found = false;
  for (int i = 0; i < s->n; ++i)
    found |= mlirValueEqual(s->loops[i].rings[0], ring) &&
             holds(op, s->loops[i].loop);
  return found;
}

/// Counts the tiles that loops in `block` pass through the ring; `number` of
/// them (null: 0) came before. How many there are behind.
static MlirValue count_tiles(Stage *s, MlirBlock block, MlirValue ring,
                             MlirValue number) {
  MlirOperation next, end = mlirBlockGetTerminator(block);
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationEqual(op, end); op = next) {
    next = mlirOperationGetNextInBlock(op);
    if (!ir_is(op, "scf.for") || !uses(s, op, ring))
      continue;
    Staged *staged = s->loops;
    while (staged < s->loops + s->n &&
           !(mlirOperationEqual(staged->loop, op) &&
             mlirValueEqual(staged->rings[0], ring)))
      ++staged;
    Ir b = ir_before(op);
    if (staged < s->loops + s->n) {
      MlirValue trips = trip_count(&b, op);
      staged->before = number;
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

static MlirLogicalResult count_all(Stage *s) {
  for (int i = 0; i < s->n; ++i) {
    MlirOperation loop = s->loops[i].loop, outer = loop;
    while (ir_is(outer, "scf.for"))
      outer = mlirOperationGetParentOperation(outer);
    if (!ir_is(outer, "scf.forall"))
      return ir_error(loop, "simplicial-stage counts the tiles of loops that "
                            "are in loops only");
  }
  for (int i = 0; i < s->n; ++i) {
    bool first = true;
    for (int k = 0; k < i; ++k)
      first &= !mlirValueEqual(s->loops[k].rings[0], s->loops[i].rings[0]);
    if (first)
      count_tiles(s, s->program, s->loops[i].rings[0], (MlirValue){NULL});
  }
  return mlirLogicalResultSuccess();
}

// Loops -----------------------------------------------------------------------

/// Makes the loads of a ring's tile what is in its slot.
static void read_tile(MlirOperation load, MlirValue ring, MlirValue slot) {
  Ir b = ir_before(load);
  MlirValue zero = ir_const_index(&b, 0), tile = ir_result(load, 0);
  MlirValue read = ir_transfer_read(
      &b, ir_type(tile), ring, (const MlirValue[]){slot, zero, zero},
      (const unsigned[]){1, 2}, (MlirValue){NULL});
  mlirValueReplaceAllUsesOfWith(tile, read);
  mlirOperationDestroy(load);
}

static void stage_loop(Stage *s, Staged *staged) {
  MlirOperation loop = staged->loop;
  MlirBlock body = ir_body(loop, 0);
  MlirValue lower = ir_operand(loop, 0), step = ir_operand(loop, 2);
  int64_t ahead = s->slots - 1;
  Ir before = ir_before(loop);
  if (mlirValueIsNull(staged->before))
    staged->before = ir_const_index(&before, 0);
  MlirValue iv = lower;
  for (int64_t i = 0; i < ahead; ++i) {
    iv = i ? ir_addi(&before, iv, step) : lower;
    copy_all(&before, staged, iv, ir_const_index(&before, i));
  }

  Ir b = ir_before(mlirBlockGetFirstOperation(body));
  iv = mlirBlockGetArgument(body, 0);
  MlirValue number = ir_divui(&b, ir_subi(&b, iv, lower), step);
  MlirValue slots[MAX_STAGED];
  if (!ahead)
    copy_all(&b, staged, iv, number);
  for (int i = 0; i < staged->n; ++i)
    slots[i] = ir_value(
        &b, SIMPLICIAL_COPY_WAIT, ir_index(&b),
        IR_VALUES(number, staged->before, staged->rings[i]),
        IR_ATTRIBUTES({"pending", ir_i64_attr(&b, ahead ? ahead - 1 : 0)}));
  if (ahead) {
    MlirValue distance = ir_const_index(&b, ahead);
    MlirValue far = ahead == 1 ? step : ir_muli(&b, step, distance);
    far = ir_addi(&b, iv, far);
    copy_all(&b, staged, far, ir_addi(&b, number, distance));
  }
  for (int i = 0; i < staged->n; ++i)
    read_tile(staged->reads[i], staged->rings[i], slots[i]);
  Ir end = ir_before(mlirBlockGetTerminator(body));
  for (int i = 0; i < staged->n; ++i)
    ir_op(&end, SIMPLICIAL_COPY_RELEASE, IR_NONE,
          IR_VALUES(number, staged->before, staged->rings[i]), IR_NONE);
  Ir after = ir_before(mlirOperationGetNextInBlock(loop));
  ir_op(&after, SIMPLICIAL_COPY_FINISH, IR_NONE, IR_NONE, IR_NONE);
}

/// The loops in `block` with loads that feed products, the outer ones first.
static MlirLogicalResult collect(Stage *s, MlirBlock block) {
  MlirOperation loop = mlirBlockGetParentOperation(block);
  Staged staged = {.loop = loop};
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationIsNull(op) && ir_is(loop, "scf.for");
       op = mlirOperationGetNextInBlock(op)) {
    if (!ir_is(op, "vector.transfer_read") || !feeds_products(ir_result(op, 0)))
      continue;
    MlirValue first, end;
    if (!tile_op_mask(op, &first, &end) || !mlirValueIsNull(first))
      return ir_error(op,
                      "simplicial-stage takes loads of a tile's first rows");
    if (staged.n == MAX_STAGED)
      return ir_error(op, "simplicial-stage takes at most %d loads in a loop",
                      MAX_STAGED);
    staged.reads[staged.n++] = op;
  }
  if (staged.n && s->n == MAX_LOOPS)
    return ir_error(loop, "simplicial-stage takes at most %d loops with copies",
                    MAX_LOOPS);
  if (staged.n) {
    s->loops[s->n] = staged;
    choose_rings(s, &s->loops[s->n++]);
  }
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op))
    for (int i = 0; i < (int)mlirOperationGetNumRegions(op); ++i)
      if (mlirLogicalResultIsFailure(collect(s, ir_body(op, i))))
        return mlirLogicalResultFailure();
  return mlirLogicalResultSuccess();
}

static MlirLogicalResult stage(MlirOperation forall) {
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
  return mlirLogicalResultSuccess();
}

MlirLogicalResult pass_stage(MlirOperation module) {
  static const char *const names[] = {"scf.forall"};
  return pass_for_each(module, 1, names, stage);
}
