// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The asynchronous copies of simplicial-stage, by the role that they are for.
//
// In:  simplicial.copy_async, copy_commit, copy_wait, copy_release, copy_finish
// Out: where all threads copy: each its share, and makes a group of it; to wait
//      is to wait for the own groups, then for all threads
//      where only some do: their part of bulk_copy.c

#include "copies.h"
#include "bulk_copy.h"
#include "copy.h"
#include "flight.h"
#include "kernel.h"

#include "lowering/gpu/engine/engine.h"

#include "mlir-c/BuiltinAttributes.h"
#include "simplicial/dialect.h"

bool copies_is_one(MlirOperation op) {
  return ir_is(op, SIMPLICIAL_COPY_ASYNC) ||
         ir_is(op, SIMPLICIAL_COPY_COMMIT) || ir_is(op, SIMPLICIAL_COPY_WAIT) ||
         ir_is(op, SIMPLICIAL_COPY_RELEASE) ||
         ir_is(op, SIMPLICIAL_COPY_FINISH);
}

bool copies_is_ring(MlirValue buffer) {
  for (MlirOpOperand use = mlirValueGetFirstUse(buffer);
       !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use))
    if (ir_is(mlirOpOperandGetOwner(use), SIMPLICIAL_COPY_ASYNC))
      return true;
  return false;
}

/// Whether rows are aligned to the smallest copy that is asynchronous: else
/// threads copy through registers, and there is nothing to wait for.
static bool are_asynchronous(const Distribute *s) {
  enum { LEAST = 4 };
  return s->alignment >= LEAST;
}

void copies_commit(Distribute *s) {
  if (!are_asynchronous(s))
    return;
  ir_op(&s->b, "nvvm.cp.async.commit.group", IR_NONE, IR_NONE, IR_NONE);
}

bool copies_in(MlirOperation op) {
  bool found = ir_is(op, SIMPLICIAL_COPY_ASYNC);
  for (int i = 0; i < (int)mlirOperationGetNumRegions(op); ++i)
    for (MlirOperation o = mlirBlockGetFirstOperation(ir_body(op, i));
         !mlirOperationIsNull(o) && !found; o = mlirOperationGetNextInBlock(o))
      found = copies_in(o);
  return found;
}

bool copies_follow(const Distribute *s, MlirOperation op) {
  MlirBlock block = mlirOperationGetBlock(op);
  bool found = !mlirBlockEqual(block, ir_body(s->forall, 0));
  for (MlirOperation o = mlirOperationGetNextInBlock(op);
       !mlirOperationIsNull(o) && !found; o = mlirOperationGetNextInBlock(o))
    found = copies_in(o);
  return found;
}

void copies_wait_for_groups(Distribute *s, int64_t pending) {
  Ir *b = &s->b;
  if (are_asynchronous(s))
    ir_op(b, "nvvm.cp.async.wait.group", IR_NONE, IR_NONE,
          IR_ATTRIBUTES({"n", mlirIntegerAttrGet(ir_i32(b), pending)}));
}

void copies_wait_for_operands(Distribute *s, int64_t pending) {
  copies_wait_for_groups(s, pending);
  if (s->engine->reads_by_proxy)
    context_fence(s);
}

/// The copies of all threads have arrived, and all threads are here.
static void wait_for_copies(Distribute *s, int64_t pending) {
  copies_wait_for_operands(s, pending);
  context_barrier(s);
}

/// The slot of the tile of a loop, where each begins with the first one.
static MlirValue slot_in_loop(Distribute *s, MlirValue number, MlirValue ring) {
  return ir_remui(&s->b, context_scalar(s, number),
                  ir_const_index(&s->b, ir_dim_size(ir_type(ring), 0)));
}

static void convert_own_wait(Distribute *s, MlirOperation op) {
  if (!ir_is(mlirOperationGetNextInBlock(op), SIMPLICIAL_COPY_WAIT))
    wait_for_copies(s, mlirIntegerAttrGetValueInt(ir_get_attr(op, "pending")));
  context_entry(s, ir_result(op, 0))->scalar =
      slot_in_loop(s, ir_operand(op, 0), ir_operand(op, 2));
}

/// What has been released is free behind the next wait of all threads. In a
/// ring of one slot that is too late.
static void convert_own_release(Distribute *s, MlirOperation op) {
  MlirType ring = ir_type(ir_operand(op, 2));
  if (ir_dim_size(ring, 0) == 1 &&
      !ir_is(mlirOperationGetNextInBlock(op), SIMPLICIAL_COPY_RELEASE))
    context_barrier(s);
}

/// Nothing is on its way any more; nor does anybody read what is there, if more
/// is copied there.
static void finish(Distribute *s, MlirOperation op) {
  copies_wait_for_groups(s, 0);
  if (copy_finish_with_ring(s) || copies_follow(s, op))
    context_barrier(s);
}

/// An op of simplicial-stage in a program of threads that all copy.
static void convert_own(Distribute *s, MlirOperation op) {
  if (!s->engine->is_tight)
    kernel_find_place_anew(s);
  if (ir_is(op, SIMPLICIAL_COPY_ASYNC))
    copy_tile(s, op, slot_in_loop(s, ir_operand(op, 2), ir_operand(op, 1)),
              s->thread, s->warps * WARP);
  else if (ir_is(op, SIMPLICIAL_COPY_COMMIT))
    copy_commit_with_ring(s);
  else if (ir_is(op, SIMPLICIAL_COPY_FINISH))
    finish(s, op);
  else if (ir_is(op, SIMPLICIAL_COPY_WAIT))
    convert_own_wait(s, op);
  else if (ir_is(op, SIMPLICIAL_COPY_RELEASE))
    convert_own_release(s, op);
}

void copies_convert(Distribute *s, MlirOperation op) {
  if (ir_is(op, SIMPLICIAL_COPY_RELEASE))
    flight_await_all(s);
  if (s->role == ROLE_ALL)
    convert_own(s, op);
  else if (s->role == ROLE_PRODUCER && ir_is(op, SIMPLICIAL_COPY_ASYNC))
    bulk_copy_fill(s, op);
  else if (s->role == ROLE_CONSUMER && ir_is(op, SIMPLICIAL_COPY_WAIT))
    bulk_copy_wait(s, op);
  else if (s->role == ROLE_CONSUMER && ir_is(op, SIMPLICIAL_COPY_RELEASE))
    bulk_copy_release(s, op);
}
