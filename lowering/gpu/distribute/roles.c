// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Programs by roles, in kernels for warpgroups that have a producer
// (bulk_copy.c): what copies, and the rest.
//
// In:  a staged tile program
// Out: mbarriers
//      what both need of tiles; a barrier, if there is none in it
//      if (warp >= those that hold tiles) {
//        setmaxnreg; if (it is the first of them) the program's copies
//      } else {
//        setmaxnreg; the program without copies
//      }

#include "roles.h"
#include "buffer.h"
#include "bulk_copy.h"
#include "convert.h"
#include "copies.h"
#include "kernel.h"
#include "reduce.h"

#include "lowering/gpu/engine/engine.h"
#include "lowering/gpu/target/layout.h"

#include "mlir-c/BuiltinAttributes.h"

/// Whether there are copies in a loop.
static bool copies(MlirOperation loop) {
  bool found = false;
  for (MlirOperation o = mlirBlockGetFirstOperation(ir_body(loop, 0));
       !mlirOperationIsNull(o) && !found; o = mlirOperationGetNextInBlock(o))
    found = copies_is_one(o) || (ir_is(o, "scf.for") && copies(o));
  return found;
}

/// Whether a loop makes scalars of scalars, and nothing else.
static bool makes_scalars(MlirOperation loop) {
  bool all = mlirOperationGetNumResults(loop) > 0;
  MlirBlock body = ir_body(loop, 0);
  MlirOperation yield = mlirBlockGetTerminator(body);
  for (MlirOperation o = mlirBlockGetFirstOperation(body);
       !mlirOperationEqual(o, yield) && all; o = mlirOperationGetNextInBlock(o))
    all = roles_producer_has(o) && !copies_is_one(o);
  for (int i = 0; i < (int)mlirOperationGetNumResults(loop) && all; ++i)
    all = !tile_is(ir_result(loop, i));
  return all;
}

bool roles_producer_has(MlirOperation op) {
  if (copies_is_one(op))
    return true;
  if (ir_is(op, "scf.for"))
    return copies(op) || makes_scalars(op);
  bool scalar =
      !mlirOperationGetNumRegions(op) && !ir_is(op, "memref.alloc") &&
      !ir_is(op, "memref.alloca") && !ir_is(op, "memref.reinterpret_cast") &&
      !ir_is(op, "memref.expand_shape") &&
      mlirOperationGetNumResults(op) == 1 && !tile_is(ir_result(op, 0));
  for (int i = 0; i < (int)mlirOperationGetNumOperands(op); ++i)
    scalar &= !tile_is(ir_operand(op, i));
  return scalar;
}

static void set_registers(Ir *b, const char *action, int32_t count) {
  ir_op(b, "nvvm.setmaxregister", IR_NONE, IR_NONE,
        IR_ATTRIBUTES({"action", ir_parse_attr(b, action)},
                      {"regCount", mlirIntegerAttrGet(ir_i32(b), count)}));
}

/// Behind the last op of a program, before its loops with copies, that makes a
/// scalar of tiles: copies may depend on it. Whether all threads meet for one.
static MlirOperation behind_scalars_of_tiles(MlirBlock program, bool *meet) {
  MlirOperation next = mlirBlockGetFirstOperation(program);
  *meet = false;
  for (MlirOperation op = next; !mlirOperationIsNull(op);
       op = mlirOperationGetNextInBlock(op)) {
    if (ir_is(op, "scf.for") && copies(op))
      break;
    if (!tile_op_reduces_all(op))
      continue;
    next = mlirOperationGetNextInBlock(op);
    *meet |= reduce_all_meets(op);
  }
  return next;
}

/// The rings, which are there for both roles, and their mbarriers.
static void begin_rings(Distribute *s, MlirBlock program) {
  enum { MAX_RINGS = 64 };
  MlirValue rings[MAX_RINGS];
  int n = 0;
  for (MlirOperation op = mlirBlockGetFirstOperation(program);
       !mlirOperationIsNull(op) && n < MAX_RINGS;
       op = mlirOperationGetNextInBlock(op))
    if (ir_is(op, "memref.alloc") && copies_is_ring(ir_result(op, 0))) {
      buffer_make(s, op);
      rings[n++] = ir_result(op, 0);
    }
  bulk_copy_begin(s, n, rings);
}

void roles_convert(Distribute *s, MlirBlock program) {
  Ir *b = &s->b;
  ChipShare share = s->engine->share(s->warps, true, s->taken);
  begin_rings(s, program);
  bool meet;
  MlirOperation first = behind_scalars_of_tiles(program, &meet);
  MlirOperation end = mlirBlockGetTerminator(program);
  convert_range(s, mlirBlockGetFirstOperation(program), first);
  if (!meet)
    context_barrier(s);
  MlirValue warp = s->warp_number;
  MlirValue consumers = ir_const_i32(b, ir_i32(b), (int32_t)s->warps);
  MlirValue last = ir_const_i32(b, ir_i32(b), (int32_t)s->warps - 1);
  const Distribute before = *s;
  IrIf roles = ir_if_begin(b, ir_cmpi(b, IR_SGT, warp, last), IR_NONE);
  set_registers(b, "#nvvm<action decrease>", share.producer);
  IrIf one = ir_if_begin(b, ir_cmpi(b, IR_EQ, warp, consumers), IR_NONE);
  s->role = ROLE_PRODUCER;
  convert_range(s, first, end);
  ir_if_end(b, &one, IR_NONE);
  ir_if_else(b, &roles, IR_NONE);
  set_registers(b, "#nvvm<action increase>", share.consumer);
  s->role = ROLE_CONSUMER;
  kernel_take_place(s, &before);
  convert_range(s, first, end);
  ir_if_end(b, &roles, IR_NONE);
}
