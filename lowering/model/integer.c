// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Integers of programs: which function of its operands an operation is, and its
// value.
//
// In:  %x = arith.muli %a, %b : i32, an instruction; %a = 3, %b = 5
// Out: EVAL_MUL; 15

#include "integer.h"

#include "lowering/ir.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "mlir-c/Dialect/LLVM.h"
#include "simplicial/dialect.h"

static const struct {
  const char *op;
  ProgramEval eval;
} evals[] = {
    {"arith.constant", EVAL_CONSTANT},
    {"arith.index_cast", EVAL_COPY},
    {"arith.index_castui", EVAL_UNSIGNED},
    {"arith.extui", EVAL_UNSIGNED},
    {"arith.extsi", EVAL_COPY},
    {"arith.trunci", EVAL_COPY},
    {"llvm.ptrtoint", EVAL_COPY},
    {"llvm.inttoptr", EVAL_COPY},
    {SIMPLICIAL_TIE, EVAL_COPY},
    {"nvvm.shfl.sync", EVAL_COPY_SECOND},
    {"arith.addi", EVAL_ADD},
    {"arith.subi", EVAL_SUB},
    {"arith.muli", EVAL_MUL},
    {"arith.divui", EVAL_DIVU},
    {"arith.remui", EVAL_REMU},
    {"arith.divsi", EVAL_DIVS},
    {"arith.remsi", EVAL_REMS},
    {"arith.andi", EVAL_AND},
    {"arith.ori", EVAL_OR},
    {"arith.xori", EVAL_XOR},
    {"arith.shli", EVAL_SHL},
    {"arith.shrui", EVAL_SHRU},
    {"arith.minsi", EVAL_MIN},
    {"arith.maxsi", EVAL_MAX},
    {"arith.cmpi", EVAL_COMPARE},
    {"arith.select", EVAL_SELECT},
    {"llvm.getelementptr", EVAL_ADDRESS},
    {"nvvm.read.ptx.sreg.tid.x", EVAL_THREAD},
    {"nvvm.read.ptx.sreg.laneid", EVAL_LANE},
    {"nvvm.read.ptx.sreg.ctaid.x", EVAL_BLOCK_X},
    {"nvvm.read.ptx.sreg.ctaid.y", EVAL_BLOCK_Y},
    {"nvvm.read.ptx.sreg.ctaid.z", EVAL_BLOCK_Z},
    {"nvvm.elect.sync", EVAL_TRUE},
};

static bool is_integer(MlirType type) {
  return mlirTypeIsAIndex(type) || mlirTypeIsAInteger(type) ||
         mlirTypeIsALLVMPointerType(type);
}

/// The bytes of an element of a getelementptr of one index; 0 if it is not one
/// of these.
static int64_t element_bytes(MlirOperation op) {
  MlirAttribute attribute = ir_get_attr(op, "elem_type");
  if (mlirAttributeIsNull(attribute) ||
      mlirDenseArrayGetNumElements(ir_get_attr(op, "rawConstantIndices")) != 1)
    return 0;
  MlirType type = mlirTypeAttrGetValue(attribute);
  if (mlirTypeIsAInteger(type))
    return mlirIntegerTypeGetWidth(type) / 8;
  return mlirTypeIsAFloat(type) ? mlirFloatTypeGetWidth(type) / 8 : 0;
}

enum { DYNAMIC = INT32_MIN }; // an index that is the second operand

int32_t integer_constant_index(const Instruction *instruction) {
  return mlirDenseI32ArrayGetElement(
      ir_get_attr(instruction->op, "rawConstantIndices"), 0);
}

void integer_read(Instruction *instruction) {
  MlirOperation op = instruction->op;
  if (mlirOperationGetNumResults(op) != 1 ||
      !is_integer(ir_type(ir_result(op, 0))))
    return;
  for (size_t i = 0; i < sizeof evals / sizeof *evals; ++i)
    if (ir_is(op, evals[i].op))
      instruction->eval = evals[i].eval;
  switch (instruction->eval) {
  case EVAL_CONSTANT:
    instruction->number = mlirIntegerAttrGetValueInt(ir_get_attr(op, "value"));
    break;
  case EVAL_COMPARE:
    instruction->number =
        mlirIntegerAttrGetValueInt(ir_get_attr(op, "predicate"));
    break;
  case EVAL_ADDRESS:
    instruction->number = element_bytes(op);
    if (!instruction->number)
      instruction->eval = EVAL_UNKNOWN;
    break;
  default:
    break;
  }
}

static bool compare(int64_t predicate, int64_t x, int64_t y) {
  uint64_t ux = (uint64_t)x, uy = (uint64_t)y;
  switch (predicate) {
  case 0:
    return x == y;
  case 1:
    return x != y;
  case 2:
    return x < y;
  case 3:
    return x <= y;
  case 4:
    return x > y;
  case 5:
    return x >= y;
  case 6:
    return ux < uy;
  case 7:
    return ux <= uy;
  case 8:
    return ux > uy;
  default:
    return ux >= uy;
  }
}

/// `value` as an integer of the result's width.
static int64_t narrow(const Instruction *instruction, int64_t value) {
  MlirType type = ir_type(ir_result(instruction->op, 0));
  if (!mlirTypeIsAInteger(type))
    return value;
  unsigned width = mlirIntegerTypeGetWidth(type);
  if (width == 1)
    return value & 1;
  if (width >= 64)
    return value;
  uint64_t sign = UINT64_C(1) << (width - 1);
  uint64_t low = (uint64_t)value & ((sign << 1) - 1);
  return (int64_t)((low ^ sign) - sign);
}

/// An operand without its sign.
static uint64_t unsign(const Instruction *instruction, int64_t value) {
  MlirType type = ir_type(ir_operand(instruction->op, 0));
  uint64_t mask = UINT64_MAX;
  if (mlirTypeIsAInteger(type) && mlirIntegerTypeGetWidth(type) < 64)
    mask = (UINT64_C(1) << mlirIntegerTypeGetWidth(type)) - 1;
  return (uint64_t)value & mask;
}

static ProgramValue compute(const Instruction *instruction, int64_t x,
                            int64_t y) {
  uint64_t ux = unsign(instruction, x), uy = unsign(instruction, y);
  ProgramValue result = {0, true};
  switch (instruction->eval) {
  case EVAL_ADD:
    result.value = (int64_t)(ux + uy);
    break;
  case EVAL_SUB:
    result.value = (int64_t)(ux - uy);
    break;
  case EVAL_MUL:
    result.value = (int64_t)(ux * uy);
    break;
  case EVAL_DIVU:
  case EVAL_REMU:
    if (!uy)
      return (ProgramValue){0, false};
    result.value =
        (int64_t)(instruction->eval == EVAL_DIVU ? ux / uy : ux % uy);
    break;
  case EVAL_DIVS:
  case EVAL_REMS:
    if (!y || y == -1)
      return (ProgramValue){0, false};
    result.value = instruction->eval == EVAL_DIVS ? x / y : x % y;
    break;
  case EVAL_AND:
    result.value = x & y;
    break;
  case EVAL_OR:
    result.value = x | y;
    break;
  case EVAL_XOR:
    result.value = x ^ y;
    break;
  case EVAL_SHL:
  case EVAL_SHRU:
    if (uy > 63)
      return (ProgramValue){0, false};
    result.value =
        (int64_t)(instruction->eval == EVAL_SHL ? ux << uy : ux >> uy);
    break;
  case EVAL_MIN:
    result.value = x < y ? x : y;
    break;
  case EVAL_MAX:
    result.value = x > y ? x : y;
    break;
  case EVAL_COMPARE:
    result.value = compare(instruction->number, x, y);
    break;
  default:
    return (ProgramValue){0, false};
  }
  result.value = narrow(instruction, result.value);
  return result;
}

static ProgramValue address(const Instruction *instruction,
                            const ProgramValue *operands) {
  int32_t constant = integer_constant_index(instruction);
  ProgramValue index =
      constant == DYNAMIC ? operands[1] : (ProgramValue){constant, true};
  uint64_t offset = (uint64_t)instruction->number * (uint64_t)index.value;
  return (ProgramValue){(int64_t)((uint64_t)operands[0].value + offset),
                        operands[0].known && index.known};
}

ProgramValue integer_evaluate(const Instruction *instruction,
                              const ProgramValue *operands) {
  ProgramValue unknown = {0, false};
  switch (instruction->eval) {
  case EVAL_UNKNOWN:
  case EVAL_THREAD:
  case EVAL_LANE:
  case EVAL_BLOCK_X:
  case EVAL_BLOCK_Y:
  case EVAL_BLOCK_Z:
    return unknown;
  case EVAL_TRUE:
    return (ProgramValue){1, true};
  case EVAL_CONSTANT:
    return (ProgramValue){narrow(instruction, instruction->number), true};
  case EVAL_COPY:
    return (ProgramValue){narrow(instruction, operands[0].value),
                          operands[0].known};
  case EVAL_UNSIGNED:
    return (ProgramValue){
        narrow(instruction, (int64_t)unsign(instruction, operands[0].value)),
        operands[0].known};
  case EVAL_COPY_SECOND:
    return operands[1];
  case EVAL_SELECT:
    return operands[0].known ? operands[operands[0].value ? 1 : 2] : unknown;
  case EVAL_ADDRESS:
    return address(instruction, operands);
  default:
    return operands[0].known && operands[1].known
               ? compute(instruction, operands[0].value, operands[1].value)
               : unknown;
  }
}
