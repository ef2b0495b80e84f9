// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The part of simplicial-emulate for the registers of warpgroups.
//
// In:  %d = "simplicial.wgmma"(%acc, %a, %b, %accumulate) {type = bf16}
//      %x = llvm.extractvalue %d[0]
//      %y = arith.mulf %x, %x : f32
// Out: llvm.store %acc, %place
//      call @simplicialEmulateWgmma(%thread, site, %place, ..., n, true,
//           false, false)
//      %d = llvm.load %place
//      %x = llvm.extractvalue %d[0]
//      call @simplicialEmulateTouch(%thread, site, %x)
//      %y = arith.mulf %x, %x : f32
//
// The registers that are in flight hold tags (runtime/emulator/wgmma.c), which
// go where values go, until an operation other than `simplicial.tie` computes
// with one: here it is an error.

#include "lowering/gpu/ops/wgmma.h"
#include "emulate.h"

#include "mlir-c/BuiltinTypes.h"
#include "mlir-c/Dialect/LLVM.h"
#include "simplicial/dialect.h"

static void replace(Ir *b, MlirOperation op, MlirValue place) {
  MlirValue result = ir_result(op, 0);
  mlirValueReplaceAllUsesOfWith(result,
                                ir_llvm_load(b, ir_type(result), place));
  mlirOperationDestroy(op);
}

MlirLogicalResult emulate_wgmma(Kernel *kernel, MlirOperation op) {
  Wgmma wgmma;
  if (mlirLogicalResultIsFailure(wgmma_read(op, &wgmma)))
    return mlirLogicalResultFailure();
  Ir b = ir_before(op);
  MlirType i32 = ir_i32(&b), none = {NULL};
  MlirValue acc = emulate_to_memory(&b, kernel, ir_operand(op, WGMMA_ACC));
  MlirValue a = ir_operand(op, WGMMA_A), registers, descriptor;
  if (wgmma.a_in_registers) {
    registers = emulate_to_memory(&b, kernel, a);
    descriptor = ir_const_i64(&b, 0);
  } else {
    registers =
        ir_value(&b, "llvm.mlir.zero", ir_pointer(&b, 0), IR_NONE, IR_NONE);
    descriptor = a;
  }
  MlirValue accumulate =
      ir_value(&b, "arith.extui", i32,
               IR_VALUES(ir_operand(op, WGMMA_ACCUMULATE)), IR_NONE);
  emulate_call(&b, "Wgmma", none,
               IR_VALUES(kernel->thread, emulate_site(&b, kernel, op), acc,
                         registers, descriptor, ir_operand(op, WGMMA_B),
                         accumulate, ir_const_i32(&b, i32, wgmma.n),
                         ir_const_i32(&b, i32, wgmma.is_bf16),
                         ir_const_i32(&b, i32, wgmma.a_mn_major),
                         ir_const_i32(&b, i32, wgmma.b_mn_major)));
  replace(&b, op, acc);
  return mlirLogicalResultSuccess();
}

/// Whether registers, all of one type, are of f32.
static bool holds_f32(MlirType registers) {
  return mlirTypeIsAF32(mlirTypeIsALLVMStructType(registers)
                            ? mlirLLVMStructTypeGetElementType(registers, 0)
                            : registers);
}

MlirLogicalResult emulate_tie(Kernel *kernel, MlirOperation op) {
  MlirValue x = ir_operand(op, 0);
  if (mlirLogicalResultIsFailure(tie_check(op)))
    return mlirLogicalResultFailure();
  // Pairs of 16 bits are never in flight, but may look like tags.
  if (!holds_f32(ir_type(x))) {
    mlirValueReplaceAllUsesOfWith(ir_result(op, 0), x);
    mlirOperationDestroy(op);
    return mlirLogicalResultSuccess();
  }
  Ir b = ir_before(op);
  MlirType none = {NULL};
  MlirValue place = emulate_to_memory(&b, kernel, x);
  int n = wgmma_registers(ir_type(x));
  emulate_call(&b, "Tie", none,
               IR_VALUES(kernel->thread, emulate_site(&b, kernel, op), place,
                         ir_const_i32(&b, ir_i32(&b), n)));
  replace(&b, op, place);
  return mlirLogicalResultSuccess();
}

// Touching --------------------------------------------------------------------

/// Operations that give their operands on, as those with regions do.
static bool passes_on(MlirOperation op) {
  return mlirOperationGetNumRegions(op) > 0 ||
         ir_is_any(op, IR_NAMES(SIMPLICIAL_WGMMA, SIMPLICIAL_TIE,
                                "llvm.extractvalue", "llvm.insertvalue",
                                "scf.yield", "scf.condition", "cf.br",
                                "cf.cond_br", "llvm.br", "llvm.cond_br"));
}

/// Whether `value` may have been given on by such an operation, or be what
/// `tie` has become. What others compute is a number, as their operands are
/// checked.
static bool may_be_in_flight(MlirValue value) {
  if (!mlirTypeIsAF32(ir_type(value)))
    return false;
  MlirOperation op = ir_def(value);
  return mlirOperationIsNull(op) || passes_on(op) ||
         (ir_is(op, "llvm.load") &&
          ir_is(ir_def(ir_operand(op, 0)), "llvm.alloca"));
}

MlirLogicalResult emulate_touches(Kernel *kernel, MlirOperation op) {
  if (passes_on(op))
    return mlirLogicalResultSuccess();
  Ir b = ir_before(op);
  MlirType none = {NULL};
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i) {
    MlirValue value = ir_operand(op, (int)i);
    if (mlirTypeIsALLVMStructType(ir_type(value)))
      return ir_error(op, "simplicial-emulate takes structs of registers where "
                          "they go to products, ties and llvm.extractvalue, or "
                          "are passed on");
    if (!may_be_in_flight(value))
      continue;
    MlirValue bits =
        ir_value(&b, "llvm.bitcast", ir_i32(&b), IR_VALUES(value), IR_NONE);
    emulate_call(&b, "Touch", none,
                 IR_VALUES(kernel->thread, emulate_site(&b, kernel, op), bits));
  }
  return mlirLogicalResultSuccess();
}
