// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The part of simplicial-nvvm that lowers our own ops to inline assembly.
//
// In:  %d = "simplicial.wgmma"(%acc, %a, %b, %accumulate) {type = bf16}
//      nvvm.wgmma.wait.group.sync.aligned 0
//      %y = "simplicial.tie"(%d)
// Out: %a0 ... %a3 = llvm.extractvalue %a
//      %c0 ... = llvm.extractvalue %acc
//      %d = llvm.inline_asm "wgmma.mma_async... {$0, ...}, {$64, ...}, $68,
//      $69,
//           1, 1, 0;", "=f, ..., r,r,r,r, l, b, 0, ..." %a0 ...
//      nvvm.wgmma.wait.group.sync.aligned 0
//      %y = llvm.inline_asm "", "=f, ..., 0, ..." ...
//
// Upstream's nvvm.wgmma.mma_async takes A from shared memory only, and decides
// when compiling whether to accumulate. Neither it nor the wait ties arithmetic
// to the instruction: that has no operands in common with it, so LLVM moves it
// across. Registers that an empty volatile instruction takes and gives stay
// where it is, as it keeps its order with the others.

#include "wgmma.h"

#include "lowering/ir_llvm.h"
#include "lowering/pass.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "mlir-c/Dialect/LLVM.h"
#include "simplicial/dialect.h"

#include <stdio.h>
#include <string.h>

enum { MAX_REGISTERS = WGMMA_MAX_N / 2, MAX_OPERANDS = MAX_REGISTERS + 6 };

// What the ops say ------------------------------------------------------------

static bool is_register(MlirType type) {
  return mlirTypeIsAF32(type) ||
         (mlirTypeIsAInteger(type) && mlirIntegerTypeGetWidth(type) == 32);
}

int wgmma_registers(MlirType type) {
  if (is_register(type))
    return 1;
  if (!mlirTypeIsALLVMStructType(type))
    return 0;
  intptr_t n = mlirLLVMStructTypeGetNumElementTypes(type);
  for (intptr_t i = 0; i < n; ++i)
    if (!is_register(mlirLLVMStructTypeGetElementType(type, i)))
      return 0;
  return (int)n;
}

/// Whether `type` is a struct of `n` registers, all f32 or all i32.
static bool is_struct(MlirType type, int n, bool of_f32) {
  if (!mlirTypeIsALLVMStructType(type) || wgmma_registers(type) != n)
    return false;
  for (int i = 0; i < n; ++i)
    if (mlirTypeIsAF32(mlirLLVMStructTypeGetElementType(type, i)) != of_f32)
      return false;
  return true;
}

static MlirLogicalResult read_unit(MlirOperation op, const char *name,
                                   bool *there) {
  MlirAttribute unit = ir_get_attr(op, name);
  *there = !mlirAttributeIsNull(unit);
  if (*there && !mlirAttributeIsAUnit(unit))
    return ir_error(op, "'%s' must be a unit attribute", name);
  return mlirLogicalResultSuccess();
}

MlirLogicalResult wgmma_read(MlirOperation op, Wgmma *wgmma) {
  MlirType acc = ir_type(ir_operand(op, WGMMA_ACC));
  int registers = wgmma_registers(acc);
  *wgmma = (Wgmma){.n = 2 * registers};
  if (wgmma->n < 8 || wgmma->n > WGMMA_MAX_N || wgmma->n % 8 ||
      !is_struct(acc, registers, true))
    return ir_error(op,
                    "must accumulate in an LLVM struct of n/2 values of f32, n "
                    "a multiple of 8 up to %d",
                    WGMMA_MAX_N);
  MlirType a = ir_type(ir_operand(op, WGMMA_A));
  wgmma->a_in_registers = is_struct(a, 4, false);
  bool a_in_memory = mlirTypeIsAInteger(a) && mlirIntegerTypeGetWidth(a) == 64;
  if (!wgmma->a_in_registers && !a_in_memory)
    return ir_error(op, "'a' must be an i64 or an LLVM struct of four i32");
  MlirAttribute type = ir_get_attr(op, "type");
  MlirType element = {NULL};
  if (!mlirAttributeIsNull(type) && mlirAttributeIsAType(type))
    element = mlirTypeAttrGetValue(type);
  if (mlirTypeIsNull(element) ||
      (!mlirTypeIsABF16(element) && !mlirTypeIsAF16(element)))
    return ir_error(op, "'type' must be bf16 or f16");
  wgmma->is_bf16 = mlirTypeIsABF16(element);
  if (mlirLogicalResultIsFailure(
          read_unit(op, "a_mn_major", &wgmma->a_mn_major)) ||
      mlirLogicalResultIsFailure(
          read_unit(op, "b_mn_major", &wgmma->b_mn_major)))
    return mlirLogicalResultFailure();
  if (wgmma->a_mn_major && wgmma->a_in_registers)
    return ir_error(op, "'a' has one layout in registers: 'a_mn_major' is for "
                        "a descriptor");
  return mlirLogicalResultSuccess();
}

MlirLogicalResult tie_check(MlirOperation op) {
  MlirType type = ir_type(ir_operand(op, 0));
  int n = wgmma_registers(type);
  // Inline assembly with one result does not give a struct.
  if (n >= 1 + mlirTypeIsALLVMStructType(type) && n <= MAX_REGISTERS)
    return mlirLogicalResultSuccess();
  return ir_error(op,
                  "must take an i32, an f32 or an LLVM struct of 2 to %d of "
                  "them",
                  MAX_REGISTERS);
}

// Registers -------------------------------------------------------------------

/// Whether a wgmma.fence is between the two, which may be in different blocks:
/// then it is taken to be.
static bool is_fenced(MlirOperation tie, MlirOperation wgmma) {
  if (!mlirBlockEqual(mlirOperationGetBlock(tie), mlirOperationGetBlock(wgmma)))
    return true;
  for (; !mlirOperationEqual(tie, wgmma);
       tie = mlirOperationGetNextInBlock(tie))
    if (ir_is(tie, "nvvm.wgmma.fence.aligned"))
      return true;
  return false;
}

/// Whether `op` may take these registers: those of a product before it, which
/// the hardware keeps in order, those that have no value, and those that were
/// tied before the fence. What comes from elsewhere is taken to be.
static bool is_settled(MlirValue registers, MlirOperation op) {
  MlirOperation def = ir_def(registers);
  if (ir_is(def, SIMPLICIAL_TIE))
    return is_fenced(def, op);
  return mlirOperationIsNull(def) || mlirOperationGetNumRegions(def) > 0 ||
         ir_is(def, SIMPLICIAL_WGMMA) || ir_is(def, "llvm.mlir.undef") ||
         ir_is(def, "llvm.mlir.poison");
}

static MlirLogicalResult check_registers(MlirOperation op) {
  static const int operands[] = {WGMMA_ACC, WGMMA_A};
  static const char *const names[] = {"acc", "a"};
  for (int i = 0; i < 2; ++i) {
    MlirValue value = ir_operand(op, operands[i]);
    if (mlirTypeIsALLVMStructType(ir_type(value)) && !is_settled(value, op))
      return ir_error(op,
                      "the registers of '%s' must be tied behind what writes "
                      "them, and a wgmma.fence must follow",
                      names[i]);
  }
  return mlirLogicalResultSuccess();
}

MlirLogicalResult wgmma_check(MlirOperation gpu_module) {
  static const char *const products[] = {SIMPLICIAL_WGMMA};
  return pass_for_each(gpu_module, 1, products, check_registers);
}

// Inline assembly -------------------------------------------------------------

/// An instruction under construction. `operands` come behind the results;
/// those that are tied to a result come last.
typedef struct Asm {
  char text[2048], constraints[2048];
  size_t text_size, constraints_size;
  MlirValue operands[MAX_OPERANDS];
  int n_operands;
} Asm;

static void add_text(Asm *self, const char *text) {
  self->text_size +=
      (size_t)snprintf(self->text + self->text_size,
                       sizeof self->text - self->text_size, "%s", text);
}

static void add_constraint(Asm *self, const char *constraint) {
  self->constraints_size +=
      (size_t)snprintf(self->constraints + self->constraints_size,
                       sizeof self->constraints - self->constraints_size,
                       "%s%s", self->constraints_size ? "," : "", constraint);
}

static const char *letter(MlirType type) {
  return mlirTypeIsAF32(type)                  ? "f"
         : mlirIntegerTypeGetWidth(type) == 64 ? "l"
         : mlirIntegerTypeGetWidth(type) == 1  ? "b"
                                               : "r";
}

/// Of register `i` of a value of that type.
static MlirType register_type(MlirType type, int i) {
  return mlirTypeIsALLVMStructType(type)
             ? mlirLLVMStructTypeGetElementType(type, i)
             : type;
}

/// Register `i` of `value`.
static MlirValue element(Ir *b, MlirValue value, int i) {
  return mlirTypeIsALLVMStructType(ir_type(value)) ? ir_extract(b, value, i)
                                                   : value;
}

static void add_operand(Asm *self, MlirValue value) {
  self->operands[self->n_operands++] = value;
  add_constraint(self, letter(ir_type(value)));
}

static void add_results(Asm *self, MlirType type) {
  for (int i = 0; i < wgmma_registers(type); ++i) {
    char constraint[4];
    snprintf(constraint, sizeof constraint, "=%s",
             letter(register_type(type, i)));
    add_constraint(self, constraint);
  }
}

/// The registers of `value`, tied to the results.
static void add_tied(Asm *self, Ir *b, MlirValue value) {
  for (int i = 0; i < wgmma_registers(ir_type(value)); ++i) {
    char constraint[16];
    snprintf(constraint, sizeof constraint, "%d", i);
    add_constraint(self, constraint);
    self->operands[self->n_operands++] = element(b, value, i);
  }
}

static void add_number(Asm *self, int number) {
  char text[16];
  snprintf(text, sizeof text, "$%d", number);
  add_text(self, text);
}

/// "{$<first>, ...}"
static void add_list(Asm *self, int first, int n) {
  for (int i = 0; i < n; ++i) {
    add_text(self, i ? ", " : "{");
    add_number(self, first + i);
  }
  add_text(self, "}");
}

static void replace(MlirOperation op, Ir *b, const Asm *self) {
  MlirValue value = ir_value(
      b, "llvm.inline_asm", ir_type(ir_result(op, 0)), self->n_operands,
      self->operands,
      IR_ATTRIBUTES({"asm_string", ir_string_attr(b, self->text)},
                    {"constraints", ir_string_attr(b, self->constraints)},
                    {"has_side_effects", mlirUnitAttrGet(b->context)},
                    {"asm_dialect", ir_i64_attr(b, 0)})); // att
  mlirValueReplaceAllUsesOfWith(ir_result(op, 0), value);
  mlirOperationDestroy(op);
}

static MlirLogicalResult lower_tie(MlirOperation op) {
  if (mlirLogicalResultIsFailure(tie_check(op)))
    return mlirLogicalResultFailure();
  Ir b = ir_before(op);
  MlirValue x = ir_operand(op, 0);
  Asm assembly = {0};
  add_results(&assembly, ir_type(x));
  add_tied(&assembly, &b, x);
  replace(op, &b, &assembly);
  return mlirLogicalResultSuccess();
}

static MlirLogicalResult lower_wgmma(MlirOperation op) {
  Wgmma wgmma;
  if (mlirLogicalResultIsFailure(wgmma_read(op, &wgmma)))
    return mlirLogicalResultFailure();
  Ir b = ir_before(op);
  MlirValue acc = ir_operand(op, WGMMA_ACC), a = ir_operand(op, WGMMA_A);
  int registers = wgmma.n / 2, n_a = wgmma.a_in_registers ? 4 : 1;
  const char *type = wgmma.is_bf16 ? "bf16" : "f16";
  Asm assembly = {0};
  char text[96];

  add_results(&assembly, ir_type(acc));
  for (int i = 0; i < n_a; ++i)
    add_operand(&assembly, element(&b, a, i));
  add_operand(&assembly, ir_operand(op, WGMMA_B));
  add_operand(&assembly, ir_operand(op, WGMMA_ACCUMULATE));
  add_tied(&assembly, &b, acc);

  snprintf(text, sizeof text,
           "wgmma.mma_async.sync.aligned.m64n%dk16.f32.%s.%s ", wgmma.n, type,
           type);
  add_text(&assembly, text);
  add_list(&assembly, 0, registers);
  add_text(&assembly, ", ");
  if (wgmma.a_in_registers)
    add_list(&assembly, registers, n_a);
  else
    add_number(&assembly, registers);
  // Neither operand is negated. Registers have no order of A to give.
  const char *a_major = wgmma.a_in_registers ? ""
                        : wgmma.a_mn_major   ? "1, "
                                             : "0, ";
  snprintf(text, sizeof text, ", $%d, $%d, 1, 1, %s%d;", registers + n_a,
           registers + n_a + 1, a_major, wgmma.b_mn_major);
  add_text(&assembly, text);
  replace(op, &b, &assembly);
  return mlirLogicalResultSuccess();
}

MlirLogicalResult wgmma_lower(MlirOperation gpu_module) {
  static const char *const ties[] = {SIMPLICIAL_TIE};
  static const char *const products[] = {SIMPLICIAL_WGMMA};
  if (mlirLogicalResultIsFailure(wgmma_check(gpu_module)) ||
      mlirLogicalResultIsFailure(
          pass_for_each(gpu_module, 1, products, lower_wgmma)))
    return mlirLogicalResultFailure();
  return pass_for_each(gpu_module, 1, ties, lower_tie);
}
