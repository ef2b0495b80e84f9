// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simplicial-emulate: a GPU program -> a CPU program that calls the emulator.
//
// In:  gpu.module @kernels {
//        llvm.func @f_tiles(%p: !llvm.ptr<1>) {
//          %x = llvm.load %p : !llvm.ptr<1> -> f32
//          nvvm.barrier0
//        }
//      }
//      func.func @f(%m: memref<...>) { gpu.launch_func @kernels::@f_tiles ... }
// Out: func.func private @kernels_f_tiles(%thread: !llvm.ptr,
//                                         %arguments: !llvm.ptr) {
//        %p = ...                       // loaded from %arguments
//        %a = call @simplicialEmulateReadGlobal(%thread, site, %p, 4, 4)
//        %x = llvm.load %a : !llvm.ptr -> f32
//        call @simplicialEmulateBarrierAll(%thread, site)
//      }
//      func.func @f(%m: memref<...>) {
//        ...                            // arguments and buffers stored
//        call @simplicialEmulatorLaunch(@kernels_f_tiles, ...)
//      }
//
// What the functions do and how they are called: runtime/emulator/ops.h. A site
// is an offset into one constant a kernel, which has the location and name of
// each operation that became a call. Kernels may access the memory of the
// memrefs that the launching function takes or makes before the launch.

#include "emulate.h"

#include "lowering/gpu/ops/tensor_map.h"
#include "lowering/gpu/ops/wgmma.h"

#include "lowering/ir_llvm.h"
#include "lowering/memory.h"
#include "lowering/pass.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "simplicial/dialect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  GLOBAL = 1, // address spaces
  SHARED = 3,
  SHARED_BASE = 1024, // where a block's shared memory is: ops.h
  MAX_OPERANDS = 24,
};

// Types and small pieces of IR ------------------------------------------------

int64_t emulate_bits(MlirType type) {
  if (mlirTypeIsAVector(type) && mlirShapedTypeHasStaticShape(type)) {
    int64_t n = 1;
    for (int i = 0; i < ir_rank(type); ++i)
      n *= ir_dim_size(type, i);
    return n * emulate_bits(ir_element(type));
  }
  if (mlirTypeIsAInteger(type))
    return mlirIntegerTypeGetWidth(type);
  if (mlirTypeIsAFloat(type))
    return mlirFloatTypeGetWidth(type);
  return 0;
}

static bool is_pointer_to(MlirType type, unsigned space) {
  return mlirTypeIsALLVMPointerType(type) &&
         mlirLLVMPointerTypeGetAddressSpace(type) == space;
}

static MlirValue bitcast(Ir *b, MlirValue value, MlirType type) {
  if (mlirTypeEqual(ir_type(value), type))
    return value;
  return ir_value(b, "llvm.bitcast", type, IR_VALUES(value), IR_NONE);
}

MlirOperation emulate_call(Ir *b, const char *function, MlirType result, int n,
                           const MlirValue *operands) {
  char name[64];
  snprintf(name, sizeof name, "simplicialEmulate%s", function);
  return ir_call(b, name, result, n, operands);
}

MlirValue emulate_place(Kernel *kernel, MlirType type) {
  for (int i = 0; i < kernel->n_places; ++i)
    if (mlirTypeEqual(kernel->places[i].type, type))
      return kernel->places[i].address;
  Ir entry = ir_before(mlirBlockGetFirstOperation(ir_body(kernel->body, 0)));
  MlirValue address = ir_llvm_alloca(&entry, type);
  if (kernel->n_places < EMULATE_MAX_PLACES)
    kernel->places[kernel->n_places++] = (Place){type, address};
  return address;
}

MlirValue emulate_to_memory(Ir *b, Kernel *kernel, MlirValue registers) {
  MlirValue place = emulate_place(kernel, ir_type(registers));
  ir_llvm_store(b, registers, place);
  return place;
}

// Sites -----------------------------------------------------------------------

static void append(MlirStringRef text, void *user) {
  Kernel *kernel = user;
  char *sites = memory_resized(kernel->sites, kernel->sites_size + text.length);
  memcpy(sites + kernel->sites_size, text.data, text.length);
  kernel->sites = sites;
  kernel->sites_size += text.length;
}

static void append_location(Kernel *kernel, MlirLocation location) {
  while (mlirLocationIsAName(location))
    location = mlirLocationNameGetChildLoc(location);
  if (!mlirLocationIsAFileLineColRange(location)) {
    mlirLocationPrint(location, append, kernel);
    return;
  }
  char place[32];
  snprintf(place, sizeof place, ":%d:%d",
           mlirLocationFileLineColRangeGetStartLine(location),
           mlirLocationFileLineColRangeGetStartColumn(location));
  append(mlirIdentifierStr(mlirLocationFileLineColRangeGetFilename(location)),
         kernel);
  append(ir_str(place), kernel);
}

MlirValue emulate_site(Ir *b, Kernel *kernel, MlirOperation op) {
  size_t offset = kernel->sites_size;
  append_location(kernel, mlirOperationGetLocation(op));
  append(ir_str(": "), kernel);
  append(mlirIdentifierStr(mlirOperationGetName(op)), kernel);
  append(mlirStringRefCreate("", 1), kernel);
  return ir_const_i32(b, ir_i32(b), (int32_t)offset);
}

// Operations of the kernel ----------------------------------------------------

/// A struct of registers, which a call takes and gives through memory.
static bool is_registers(MlirType type) {
  return mlirTypeIsALLVMStructType(type) && wgmma_registers(type);
}

/// `value` as it travels to the emulator: 32 bits as i32, integers of fewer
/// extended, structs in memory. Null if it does not.
static MlirValue as_argument(Ir *b, Kernel *kernel, MlirValue value) {
  MlirType type = ir_type(value);
  if (is_registers(type))
    return emulate_to_memory(b, kernel, value);
  if (mlirTypeIsALLVMPointerType(type) || emulate_bits(type) == 64)
    return value;
  if (mlirTypeIsAInteger(type) && emulate_bits(type) < 32)
    return ir_value(b, "arith.extui", ir_i32(b), IR_VALUES(value), IR_NONE);
  return emulate_bits(type) == 32 ? bitcast(b, value, ir_i32(b))
                                  : (MlirValue){NULL};
}

static MlirValue as_result(Ir *b, MlirValue value, MlirType type) {
  if (emulate_bits(type) == 1)
    return ir_value(b, "arith.trunci", type, IR_VALUES(value), IR_NONE);
  return bitcast(b, value, type);
}

static MlirLogicalResult apply(Kernel *kernel, const Rule *rule,
                               MlirOperation op) {
  Ir b = ir_before(op);
  MlirValue operands[MAX_OPERANDS];
  int n = 0;
  operands[n++] = kernel->thread;
  operands[n++] = emulate_site(&b, kernel, op);
  for (int i = 0; i < rule->operands; ++i) {
    operands[n] = as_argument(&b, kernel, ir_operand(op, i));
    if (mlirValueIsNull(operands[n++]))
      return ir_error(op, "simplicial-emulate does not take operand %d's type",
                      i);
  }
  if (rule->integer)
    operands[n++] = ir_const_i32(
        &b, ir_i32(&b),
        (int32_t)mlirIntegerAttrGetValueInt(ir_get_attr(op, rule->integer)));

  MlirType none = {NULL};
  if (!mlirOperationGetNumResults(op)) {
    emulate_call(&b, rule->function, none, n, operands);
    mlirOperationDestroy(op);
    return mlirLogicalResultSuccess();
  }
  MlirValue result = ir_result(op, 0), value;
  MlirType type = ir_type(result);
  if (is_registers(type)) {
    MlirValue place = operands[n++] = emulate_place(kernel, type);
    emulate_call(&b, rule->function, none, n, operands);
    value = ir_llvm_load(&b, type, place);
  } else if (emulate_bits(type) == 32 || emulate_bits(type) == 1) {
    MlirOperation called =
        emulate_call(&b, rule->function, ir_i32(&b), n, operands);
    value = as_result(&b, ir_result(called, 0), type);
  } else {
    return ir_error(op, "simplicial-emulate does not take the result's type");
  }
  mlirValueReplaceAllUsesOfWith(result, value);
  mlirOperationDestroy(op);
  return mlirLogicalResultSuccess();
}

/// Makes operand `number` of a load or store, a pointer to GPU memory, what the
/// emulator gives for it.
static MlirLogicalResult access(Kernel *kernel, MlirOperation op, int number,
                                MlirType type) {
  Ir b = ir_before(op);
  int64_t bytes = emulate_bits(type) / 8;
  if (!bytes || emulate_bits(type) % 8)
    return ir_error(op, "simplicial-emulate takes loads and stores of numbers "
                        "and vectors of whole bytes");
  int64_t alignment = 1; // by default, all of it at once
  while (alignment < bytes)
    alignment *= 2;
  MlirAttribute given = ir_get_attr(op, "alignment");
  if (!mlirAttributeIsNull(given))
    alignment = mlirIntegerAttrGetValueInt(given);

  MlirValue address = ir_operand(op, number);
  bool is_load = number == 0;
  bool is_shared = is_pointer_to(ir_type(address), SHARED);
  char name[32];
  snprintf(name, sizeof name, "%s%s", is_load ? "Read" : "Write",
           is_shared ? "Shared" : "Global");
  MlirOperation called = emulate_call(
      &b, name, ir_pointer(&b, 0),
      IR_VALUES(kernel->thread, emulate_site(&b, kernel, op), address,
                ir_const_i32(&b, ir_i32(&b), (int32_t)bytes),
                ir_const_i32(&b, ir_i32(&b), (int32_t)alignment)));
  mlirOperationSetOperand(op, number, ir_result(called, 0));
  return mlirLogicalResultSuccess();
}

/// The address of the dynamic shared memory.
static MlirLogicalResult locate_shared(MlirOperation op) {
  Ir b = ir_before(op);
  MlirValue address =
      ir_value(&b, "llvm.inttoptr", ir_type(ir_result(op, 0)),
               IR_VALUES(ir_const_i64(&b, SHARED_BASE)), IR_NONE);
  mlirValueReplaceAllUsesOfWith(ir_result(op, 0), address);
  mlirOperationDestroy(op);
  return mlirLogicalResultSuccess();
}

static bool is_gpu_pointer(MlirType type) {
  return is_pointer_to(type, GLOBAL) || is_pointer_to(type, SHARED);
}

/// Operations without a rule run as they are, if they neither are the
/// hardware's nor access its memory.
static bool runs_anywhere(MlirOperation op) {
  static const char *const addresses[] = {"llvm.getelementptr",
                                          "llvm.ptrtoint",
                                          "llvm.inttoptr",
                                          "llvm.icmp",
                                          "llvm.select",
                                          "arith.select",
                                          "scf.",
                                          "cf.",
                                          "llvm.br",
                                          "llvm.cond_br"};
  static const char *const hardware[] = {"nvvm.", "gpu.", "llvm.inline_asm",
                                         "llvm.call_intrinsic"};
  for (size_t i = 0; i < sizeof hardware / sizeof *hardware; ++i)
    if (ir_is_of(op, hardware[i]))
      return false;
  for (size_t i = 0; i < sizeof addresses / sizeof *addresses; ++i)
    if (ir_is_of(op, addresses[i]))
      return true;
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i)
    if (is_gpu_pointer(ir_type(ir_operand(op, (int)i))))
      return false;
  return true;
}

static MlirLogicalResult rewrite(Kernel *kernel, MlirOperation op) {
  if (kernel->has_wgmma &&
      mlirLogicalResultIsFailure(emulate_touches(kernel, op)))
    return mlirLogicalResultFailure();
  if (ir_is(op, SIMPLICIAL_WGMMA))
    return emulate_wgmma(kernel, op);
  if (ir_is(op, SIMPLICIAL_TIE))
    return emulate_tie(kernel, op);
  const Rule *rule = emulate_rule(op);
  if (rule)
    return apply(kernel, rule, op);
  if (ir_is(op, "llvm.load") && is_gpu_pointer(ir_type(ir_operand(op, 0))))
    return access(kernel, op, 0, ir_type(ir_result(op, 0)));
  if (ir_is(op, "llvm.store") && is_gpu_pointer(ir_type(ir_operand(op, 1))))
    return access(kernel, op, 1, ir_type(ir_operand(op, 0)));
  if (ir_is(op, "llvm.mlir.addressof") &&
      is_pointer_to(ir_type(ir_result(op, 0)), SHARED))
    return locate_shared(op);
  if (ir_is(op, "llvm.return")) {
    Ir b = ir_before(op);
    ir_op(&b, "func.return", IR_NONE, IR_NONE, IR_NONE);
    mlirOperationDestroy(op);
    return mlirLogicalResultSuccess();
  }
  if (!runs_anywhere(op))
    return ir_error(op, "simplicial-emulate has no rule for this operation");
  return mlirLogicalResultSuccess();
}

static MlirWalkResult find_wgmma(MlirOperation op, void *user) {
  Kernel *kernel = user;
  kernel->has_wgmma |= ir_is(op, SIMPLICIAL_WGMMA);
  return kernel->has_wgmma ? MlirWalkResultInterrupt : MlirWalkResultAdvance;
}

static MlirWalkResult visit(MlirOperation op, void *user) {
  Kernel *kernel = user;
  if (mlirOperationEqual(op, kernel->body))
    return MlirWalkResultAdvance;
  kernel->failed = mlirLogicalResultIsFailure(rewrite(kernel, op));
  return kernel->failed ? MlirWalkResultInterrupt : MlirWalkResultAdvance;
}

// Kernels ---------------------------------------------------------------------

enum { FIRST_ARGUMENT = 2 }; // of the kernel's own

/// What the launch passes where argument `i` is a pointer to a copy of it; null
/// where it passes the argument.
static MlirType by_value_type(MlirAttribute attributes, int i) {
  MlirAttribute type = {NULL};
  if (!mlirAttributeIsNull(attributes))
    type = mlirDictionaryAttrGetElementByName(
        mlirArrayAttrGetElement(attributes, i), ir_str("llvm.byval"));
  return mlirAttributeIsNull(type) ? (MlirType){NULL}
                                   : mlirTypeAttrGetValue(type);
}

/// Whether a type of LLVM's has no bytes.
static bool is_empty(MlirType type) {
  if (mlirTypeIsALLVMStructType(type)) {
    bool empty = true;
    for (intptr_t i = 0; i < mlirLLVMStructTypeGetNumElementTypes(type); ++i)
      empty &= is_empty(mlirLLVMStructTypeGetElementType(type, i));
    return empty;
  }
  Ir b = {.context = mlirTypeGetContext(type)};
  if (!mlirTypeIDEqual(mlirTypeGetTypeID(type),
                       mlirTypeGetTypeID(ir_bytes(&b, 0))))
    return false; // it is no array
  MlirType element = mlirLLVMArrayTypeGetElementType(type);
  return mlirTypeEqual(type, mlirLLVMArrayTypeGet(element, 0)) ||
         is_empty(element);
}

static MlirLogicalResult check_by_value(MlirOperation kernel) {
  MlirAttribute attributes = ir_get_attr(kernel, "arg_attrs");
  int n = (int)mlirBlockGetNumArguments(ir_body(kernel, 0));
  for (int i = 0; i < n; ++i) {
    MlirType type = by_value_type(attributes, i);
    if (!mlirTypeIsNull(type) && is_empty(type))
      return ir_error(kernel,
                      "simplicial-emulate takes no argument by value that has "
                      "no bytes, as number %d",
                      i);
  }
  return mlirLogicalResultSuccess();
}

/// Makes the kernel's own arguments, of those attributes, fields of what the
/// second points to.
static void unpack_arguments(MlirBlock entry, MlirLocation location,
                             MlirAttribute attributes) {
  Ir b = ir_at_end(entry, location);
  b.before = mlirBlockGetFirstOperation(entry);
  MlirType types[EMULATE_MAX_ARGUMENTS];
  int n = (int)mlirBlockGetNumArguments(entry) - FIRST_ARGUMENT;
  for (int i = 0; i < n; ++i) {
    types[i] = by_value_type(attributes, i);
    if (mlirTypeIsNull(types[i]))
      types[i] = ir_type(mlirBlockGetArgument(entry, FIRST_ARGUMENT + i));
  }
  MlirType type = ir_struct(&b, n, types);
  for (int i = 0; i < n; ++i) {
    MlirValue argument = mlirBlockGetArgument(entry, FIRST_ARGUMENT + i);
    MlirValue value = ir_field(&b, mlirBlockGetArgument(entry, 1), type, i);
    if (mlirTypeIsNull(by_value_type(attributes, i)))
      value = ir_llvm_load(&b, types[i], value);
    mlirValueReplaceAllUsesOfWith(argument, value);
  }
  while (mlirBlockGetNumArguments(entry) > FIRST_ARGUMENT)
    mlirBlockEraseArgument(entry, FIRST_ARGUMENT);
}

void emulate_name(char *name, size_t size, MlirStringRef module,
                  MlirStringRef kernel, const char *suffix) {
  snprintf(name, size, "%.*s_%.*s%s", (int)module.length, module.data,
           (int)kernel.length, kernel.data, suffix);
}

static MlirLogicalResult emulate_kernel(MlirOperation gpu_module,
                                        MlirOperation kernel_op) {
  if (mlirBlockIsNull(ir_body(kernel_op, 0)))
    return ir_error(kernel_op, "simplicial-emulate takes kernels with bodies");
  if (mlirBlockGetNumArguments(ir_body(kernel_op, 0)) > EMULATE_MAX_ARGUMENTS)
    return ir_error(kernel_op, "simplicial-emulate takes at most %d arguments",
                    EMULATE_MAX_ARGUMENTS);
  if (mlirLogicalResultIsFailure(check_by_value(kernel_op)))
    return mlirLogicalResultFailure();
  MlirAttribute attributes = ir_get_attr(kernel_op, "arg_attrs");
  MlirRegion region = mlirRegionCreate();
  mlirRegionTakeBody(region, mlirOperationGetRegion(kernel_op, 0));
  MlirBlock entry = mlirRegionGetFirstBlock(region);
  Ir b = ir_before(kernel_op);
  MlirType pointers[] = {ir_pointer(&b, 0), ir_pointer(&b, 0)};
  for (int i = 0; i < 2; ++i)
    mlirBlockInsertArgument(entry, i, pointers[i], b.location);

  char name[EMULATE_NAME_SIZE];
  emulate_name(name, sizeof name, ir_symbol_name(gpu_module),
               ir_symbol_name(kernel_op), "");
  MlirOperation module = mlirOperationGetParentOperation(gpu_module);
  Kernel kernel = {.thread = mlirBlockGetArgument(entry, 0)};
  kernel.body =
      ir_function(&b, module, name,
                  mlirFunctionTypeGet(b.context, 2, pointers, IR_NONE), region);
  mlirOperationWalk(kernel.body, find_wgmma, &kernel, MlirWalkPreOrder);
  mlirOperationWalk(kernel.body, visit, &kernel, MlirWalkPostOrder);
  unpack_arguments(entry, b.location, attributes);
  emulate_name(name, sizeof name, ir_symbol_name(gpu_module),
               ir_symbol_name(kernel_op), "_sites");
  Ir end = ir_at_end(ir_body(module, 0), b.location);
  ir_bytes_constant(&end, name,
                    mlirStringRefCreate(kernel.sites, kernel.sites_size));
  free(kernel.sites);
  return kernel.failed ? mlirLogicalResultFailure()
                       : mlirLogicalResultSuccess();
}

/// The one global variable is the shared memory that the launch gives.
static MlirLogicalResult check_global(MlirOperation global) {
  Ir b = ir_before(global);
  MlirType type = mlirTypeAttrGetValue(ir_get_attr(global, "global_type"));
  if (mlirTypeEqual(type, ir_bytes(&b, 0)))
    return mlirLogicalResultSuccess();
  return ir_error(global, "simplicial-emulate takes no globals but dynamic "
                          "shared memory");
}

static MlirLogicalResult emulate_module(MlirOperation gpu_module) {
  if (mlirLogicalResultIsFailure(wgmma_check(gpu_module)))
    return mlirLogicalResultFailure();
  for (MlirOperation op = mlirBlockGetFirstOperation(ir_body(gpu_module, 0));
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    MlirLogicalResult result = mlirLogicalResultSuccess();
    if (ir_is(op, "llvm.func"))
      result = emulate_kernel(gpu_module, op);
    else if (ir_is(op, "llvm.mlir.global"))
      result = check_global(op);
    if (mlirLogicalResultIsFailure(result))
      return result;
  }
  return mlirLogicalResultSuccess();
}

// The pass --------------------------------------------------------------------

static MlirLogicalResult encode(MlirOperation op) {
  return tensor_map_lower(op, "simplicialEmulatorTensorMap");
}

static MlirLogicalResult erase(MlirOperation op) {
  mlirOperationDestroy(op);
  return mlirLogicalResultSuccess();
}

MlirLogicalResult pass_emulate(MlirOperation module) {
  static const char *const modules[] = {"gpu.module"};
  static const char *const launches[] = {"gpu.launch_func"};
  static const char *const maps[] = {SIMPLICIAL_TENSOR_MAP};
  if (mlirLogicalResultIsFailure(pass_for_each(module, 1, maps, encode)) ||
      mlirLogicalResultIsFailure(
          pass_for_each(module, 1, modules, emulate_module)) ||
      mlirLogicalResultIsFailure(
          pass_for_each(module, 1, launches, emulate_launch)))
    return mlirLogicalResultFailure();
  if (mlirLogicalResultIsFailure(pass_for_each(module, 1, modules, erase)))
    return mlirLogicalResultFailure();
  // What is left is a program for the CPU.
  mlirOperationRemoveAttributeByName(module, ir_str(SIMPLICIAL_TARGET_ATTR));
  if (mlirLogicalResultIsFailure(pass_keep_deallocations(module)))
    return mlirLogicalResultFailure();
  return pass_request_c_interfaces(module);
}
