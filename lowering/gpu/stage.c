// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simplicial-stage: loads that feed matrix instructions -> asynchronous copies
// into double-buffered shared memory.
//
// In:  scf.for %k = %lo to %hi step %c64 {
//        %t = vector.transfer_read %m[%b, %k, %h, %c0], %zero, %mask
//        ... vector.contract %a, %t ...
//      }
// Out: %s = memref.alloc() : memref<2x64x64xbf16, 3>
//      simplicial.copy_async (rows %lo of %m) -> %s[0]; simplicial.copy_commit
//      scf.for %k = %lo to %hi step %c64 {
//        simplicial.copy_wait {pending = 0}
//        simplicial.copy_async (rows %k + 64 of %m, if the loop gets there)
//          -> %s[next]
//        simplicial.copy_commit
//        %t = vector.transfer_read (%s[this])
//        ... vector.contract %a, %t ...
//      }
//      simplicial.copy_wait {pending = 0}
//
// A copy fills rows past the mask's count with zeros, so what is read from
// shared memory needs no mask. Loops one after the other share their buffers.

#include "lowering/ir.h"
#include "lowering/pass.h"
#include "lowering/tile_ops.h"

#include "simplicial/dialect.h"

#include "mlir-c/AffineExpr.h"
#include "mlir-c/AffineMap.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

enum { STAGES = 2, MAX_STAGED = 16, SHARED = 3 };

typedef struct Staged {
  MlirOperation read;
  MlirValue buffer; ///< [STAGES, rows, columns]
} Staged;

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

/// The load of `read` as it would be in iteration `iv`, as a copy into `slot`
/// of the buffer; of no rows if the loop is not `live` there.
static void copy_tile(Ir *b, MlirBlock body, MlirValue iv, MlirValue live,
                      const Staged *staged, MlirValue slot) {
  MlirOperation read = staged->read;
  MlirValue memref = ir_operand(read, 0);
  int rank = ir_rank(ir_type(memref)), n = 0;
  MlirType tile = ir_type(ir_result(read, 0));
  MlirValue operands[IR_MAX_VALUES];
  operands[n++] = memref;
  operands[n++] = staged->buffer;
  operands[n++] = slot;
  MlirValue count, none;
  tile_op_mask(read, &none, &count);
  count = mlirValueIsNull(count) ? ir_const_index(b, ir_dim_size(tile, 0))
                                 : at_iteration(b, body, iv, count);
  operands[n++] = ir_select(b, live, count, ir_const_index(b, 0));
  for (int d = 0; d < rank; ++d)
    operands[n++] = at_iteration(b, body, iv, ir_operand(read, 1 + d));
  MlirAffineMap map =
      mlirAffineMapAttrGetValue(ir_get_attr(read, "permutation_map"));
  int64_t dims[3] = {0, 0, ir_dim_size(tile, 1)};
  for (int t = 0; t < 2; ++t)
    dims[t] = mlirAffineDimExprGetPosition(mlirAffineMapGetResult(map, t));
  ir_op(b, SIMPLICIAL_COPY_ASYNC, IR_NONE, n, operands,
        IR_ATTRIBUTES({"dims", ir_i64_array(b, 3, dims)}));
}

static void copy_all(Ir *b, MlirOperation loop, MlirValue iv, int n,
                     const Staged *staged, MlirValue slot) {
  MlirValue live = ir_cmpi(b, IR_SLT, iv, ir_operand(loop, 1));
  for (int i = 0; i < n; ++i)
    copy_tile(b, ir_body(loop, 0), iv, live, &staged[i], slot);
  ir_op(b, SIMPLICIAL_COPY_COMMIT, IR_NONE, IR_NONE, IR_NONE);
}

static void wait_for_copies(Ir *b) {
  ir_op(b, SIMPLICIAL_COPY_WAIT, IR_NONE, IR_NONE,
        IR_ATTRIBUTES({"pending", ir_i64_attr(b, 0)}));
}

static MlirOperation enclosing(MlirOperation op, const char *name) {
  do
    op = mlirOperationGetParentOperation(op);
  while (!mlirOperationIsNull(op) && !ir_is(op, name));
  return op;
}

/// Whether `loop` is `op` or around it.
static bool holds(MlirOperation loop, MlirOperation op) {
  while (!mlirOperationIsNull(op) && !mlirOperationEqual(op, loop))
    op = mlirOperationGetParentOperation(op);
  return !mlirOperationIsNull(op);
}

/// Whether the loop's copies may go where other loops' do: it is neither around
/// nor within one of them, so that they are done when it begins.
static bool is_free(MlirValue buffer, MlirOperation loop) {
  for (MlirOpOperand use = mlirValueGetFirstUse(buffer);
       !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use)) {
    MlirOperation user = mlirOpOperandGetOwner(use);
    if (!ir_is(user, "vector.transfer_read"))
      continue;
    MlirOperation other = enclosing(user, "scf.for");
    if (holds(other, loop) || holds(loop, other))
      return false;
  }
  return true;
}

/// A buffer of the block's for STAGES tiles, one that is free and large enough
/// or a new one.
static MlirValue allocate(MlirBlock block, MlirOperation loop, int n,
                          const Staged *taken, MlirType tile) {
  Ir b = ir_before(mlirBlockGetFirstOperation(block));
  MlirType element = ir_element(tile);
  const int64_t shape[] = {STAGES, ir_dim_size(tile, 0), ir_dim_size(tile, 1)};
  MlirAttribute space =
      mlirIntegerAttrGet(mlirIntegerTypeGet(b.context, 64), SHARED);
  MlirType type = mlirMemRefTypeContiguousGet(element, 3, shape, space);
  MlirOperation op = mlirBlockGetFirstOperation(block);
  for (; ir_is(op, "memref.alloc"); op = mlirOperationGetNextInBlock(op)) {
    MlirValue buffer = ir_result(op, 0);
    MlirType other = ir_type(buffer);
    bool reusable = mlirTypeEqual(ir_element(other), element) &&
                    ir_dim_size(other, 1) >= shape[1] &&
                    ir_dim_size(other, 2) == shape[2] && is_free(buffer, loop);
    for (int i = 0; i < n; ++i)
      reusable &= !mlirValueEqual(buffer, taken[i].buffer);
    if (reusable)
      return buffer;
  }
  return ir_alloc(&b, type);
}

static MlirLogicalResult stage_loop(MlirOperation loop) {
  MlirOperation forall = enclosing(loop, "scf.forall");
  if (mlirOperationIsNull(forall))
    return mlirLogicalResultSuccess();
  MlirBlock body = ir_body(loop, 0);
  Staged staged[MAX_STAGED];
  int n = 0;
  for (MlirOperation op = mlirBlockGetFirstOperation(body);
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    if (!ir_is(op, "vector.transfer_read") || !feeds_products(ir_result(op, 0)))
      continue;
    MlirValue first, end;
    if (!tile_op_mask(op, &first, &end) || !mlirValueIsNull(first))
      return ir_error(op,
                      "simplicial-stage takes loads of a tile's first rows");
    if (n == MAX_STAGED)
      return ir_error(op, "simplicial-stage takes at most %d loads in a loop",
                      MAX_STAGED);
    staged[n++].read = op;
  }
  if (n == 0)
    return mlirLogicalResultSuccess();

  for (int i = 0; i < n; ++i)
    staged[i].buffer = allocate(ir_body(forall, 0), loop, i, staged,
                                ir_type(ir_result(staged[i].read, 0)));

  MlirValue lower = ir_operand(loop, 0), step = ir_operand(loop, 2);
  Ir before = ir_before(loop);
  copy_all(&before, loop, lower, n, staged, ir_const_index(&before, 0));

  Ir b = ir_before(mlirBlockGetFirstOperation(body));
  MlirValue iv = mlirBlockGetArgument(body, 0);
  wait_for_copies(&b);
  MlirValue stages = ir_const_index(&b, STAGES);
  MlirValue number = ir_divui(&b, ir_subi(&b, iv, lower), step);
  MlirValue slot = ir_remui(&b, number, stages);
  MlirValue next =
      ir_remui(&b, ir_addi(&b, number, ir_const_index(&b, 1)), stages);
  copy_all(&b, loop, ir_addi(&b, iv, step), n, staged, next);
  for (int i = 0; i < n; ++i) {
    Ir at = ir_before(staged[i].read);
    MlirValue zero = ir_const_index(&at, 0);
    MlirValue tile = ir_result(staged[i].read, 0);
    MlirValue read =
        ir_transfer_read(&at, ir_type(tile), staged[i].buffer,
                         (const MlirValue[]){slot, zero, zero},
                         (const unsigned[]){1, 2}, (MlirValue){NULL});
    mlirValueReplaceAllUsesOfWith(tile, read);
    mlirOperationDestroy(staged[i].read);
  }
  Ir after = ir_before(mlirOperationGetNextInBlock(loop));
  wait_for_copies(&after);
  return mlirLogicalResultSuccess();
}

MlirLogicalResult pass_stage(MlirOperation module) {
  static const char *const names[] = {"scf.for"};
  return pass_for_each(module, 1, names, stage_loop);
}
