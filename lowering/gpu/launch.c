// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simplicial-launch: compiled kernels and their launches -> constants and calls
// of the runtime (cuda.h).
//
// In:  gpu.binary @f_kernels [#gpu.object<..., "image">]
//      func.func @f(%q: memref<...>) {
//        gpu.launch_func @f_kernels::@f_tiles blocks in (%x, %y, %z)
//            threads in (%t, %one, %one) dynamic_shared_memory_size %bytes
//            args(%p : !llvm.ptr<1>, %n : i64)
//      }
// Out: llvm.mlir.global internal constant @f_kernels_image("image\00")
//      llvm.mlir.global internal constant @f_kernels_target("sm_80\00")
//      llvm.mlir.global internal constant @f_kernels_f_tiles("f_tiles\00")
//      llvm.mlir.global internal @f_kernels() {   // a SimplicialCudaModule
//        {@f_kernels_image, @f_kernels_target, null}
//      }
//      func.func @f(%q: memref<...>) attributes {llvm.emit_c_interface} {
//        %arguments = ...        // an array of pointers to %p and %n
//        llvm.call @simplicialCudaLaunch(@f_kernels, @f_kernels_f_tiles,
//            %x, %y, %z, %t, %one, %one, %bytes, %arguments)
//      }
//      llvm.func internal @simplicial_unload() {
//        llvm.call @simplicialCudaUnload(@f_kernels)
//      }
//      llvm.mlir.global_dtors [@simplicial_unload]
//
// Upstream's own lowering looks the kernel up at every launch and has no place
// for the caller's stream.

#include "chip.h"
#include "lowering/ir.h"
#include "lowering/pass.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "mlir-c/Dialect/GPU.h"
#include "mlir-c/Dialect/LLVM.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAUNCH "simplicialCudaLaunch"
#define UNLOAD "simplicialCudaUnload"
#define UNLOAD_ALL "simplicial_unload"

enum { MAX_ARGUMENTS = 128, MAX_NAME = 256 };

static MlirType pointer(Ir *b) { return mlirLLVMPointerTypeGet(b->context, 0); }
static MlirType i64(Ir *b) { return mlirIntegerTypeGet(b->context, 64); }

// Symbols ---------------------------------------------------------------------

static MlirStringRef symbol_name(MlirOperation op) {
  return mlirStringAttrGetValue(ir_get_attr(op, "sym_name"));
}

static MlirOperation find_symbol(MlirOperation module, const char *name) {
  for (MlirOperation op = mlirBlockGetFirstOperation(ir_body(module, 0));
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    MlirAttribute symbol = ir_get_attr(op, "sym_name");
    if (!mlirAttributeIsNull(symbol) &&
        mlirStringRefEqual(mlirStringAttrGetValue(symbol), ir_str(name)))
      return op;
  }
  return (MlirOperation){NULL};
}

static MlirAttribute internal(Ir *b) {
  return mlirLLVMLinkageAttrGet(b->context, MlirLLVMLinkageInternal);
}

/// An op with a region, which has a block if `with_body`.
static MlirOperation add_symbol(Ir *b, const char *op, bool with_body,
                                int n_attributes,
                                const IrAttribute *attributes) {
  MlirOperationState state = mlirOperationStateGet(ir_str(op), b->location);
  for (int i = 0; i < n_attributes; ++i) {
    MlirNamedAttribute attribute = mlirNamedAttributeGet(
        mlirIdentifierGet(b->context, ir_str(attributes[i].name)),
        attributes[i].value);
    mlirOperationStateAddAttributes(&state, 1, &attribute);
  }
  MlirRegion region = mlirRegionCreate();
  if (with_body)
    mlirRegionAppendOwnedBlock(region, mlirBlockCreate(0, NULL, NULL));
  mlirOperationStateAddOwnedRegions(&state, 1, &region);
  MlirOperation symbol = mlirOperationCreate(&state);
  mlirBlockInsertOwnedOperationBefore(b->block, b->before, symbol);
  return symbol;
}

/// Declares a function of the runtime, or defines an internal one.
static MlirOperation add_function(Ir *b, const char *name, int n,
                                  const MlirType *types, bool with_body) {
  MlirType type =
      mlirLLVMFunctionTypeGet(mlirLLVMVoidTypeGet(b->context), n, types, false);
  MlirAttribute linkage =
      with_body ? internal(b)
                : mlirLLVMLinkageAttrGet(b->context, MlirLLVMLinkageExternal);
  return add_symbol(
      b, "llvm.func", with_body,
      IR_ATTRIBUTES({"sym_name", mlirStringAttrGet(b->context, ir_str(name))},
                    {"function_type", mlirTypeAttrGet(type)},
                    {"linkage", linkage}));
}

/// A constant of `bytes` with a NUL behind them.
static void add_bytes(Ir *b, const char *name, MlirStringRef bytes) {
  enum { ALIGNMENT = 16 };
  char *copy = malloc(bytes.length + 1);
  if (!copy)
    abort();
  memcpy(copy, bytes.data, bytes.length);
  copy[bytes.length] = '\0';
  MlirType type = mlirLLVMArrayTypeGet(mlirIntegerTypeGet(b->context, 8),
                                       (unsigned)bytes.length + 1);
  MlirAttribute value = mlirStringAttrGet(
      b->context, mlirStringRefCreate(copy, bytes.length + 1));
  free(copy);
  add_symbol(
      b, "llvm.mlir.global", false,
      IR_ATTRIBUTES({"sym_name", mlirStringAttrGet(b->context, ir_str(name))},
                    {"global_type", mlirTypeAttrGet(type)},
                    {"linkage", internal(b)}, {"value", value},
                    {"constant", mlirUnitAttrGet(b->context)},
                    {"alignment", ir_i64_attr(b, ALIGNMENT)}));
}

static MlirValue address_of(Ir *b, const char *name) {
  return ir_value(
      b, "llvm.mlir.addressof", pointer(b), IR_NONE,
      IR_ATTRIBUTES(
          {"global_name", mlirFlatSymbolRefAttrGet(b->context, ir_str(name))}));
}

static void call(Ir *b, const char *function, int n, const MlirValue *values) {
  MlirContext c = b->context;
  ir_op(b, "llvm.call", IR_NONE, n, values,
        IR_ATTRIBUTES({"callee", mlirFlatSymbolRefAttrGet(c, ir_str(function))},
                      {"op_bundle_sizes", mlirDenseI32ArrayGet(c, 0, NULL)},
                      {"operandSegmentSizes",
                       mlirDenseI32ArrayGet(c, 2, (int32_t[]){n, 0})}));
}

/// "<x>_<y>", in `name`; false if it is too long.
static bool join(char name[MAX_NAME], MlirStringRef x, MlirStringRef y) {
  return snprintf(name, MAX_NAME, "%.*s_%.*s", (int)x.length, x.data,
                  (int)y.length, y.data) < MAX_NAME;
}

// Kernels ---------------------------------------------------------------------

/// The variable that the runtime knows the kernels by.
static void add_module(Ir *b, const char *name, const char *image,
                       const char *target) {
  MlirType fields[] = {pointer(b), pointer(b), pointer(b)};
  MlirType type = mlirLLVMStructTypeLiteralGet(b->context, 3, fields, false);
  MlirOperation global = add_symbol(
      b, "llvm.mlir.global", true,
      IR_ATTRIBUTES({"sym_name", mlirStringAttrGet(b->context, ir_str(name))},
                    {"global_type", mlirTypeAttrGet(type)},
                    {"linkage", internal(b)}));
  Ir body = ir_at_end(ir_body(global, 0), b->location);
  MlirValue value = ir_value(&body, "llvm.mlir.zero", type, IR_NONE, IR_NONE);
  const char *symbols[] = {image, target};
  for (int64_t i = 0; i < 2; ++i)
    value =
        ir_value(&body, "llvm.insertvalue", type,
                 IR_VALUES(value, address_of(&body, symbols[i])),
                 IR_ATTRIBUTES({"position", ir_i64_array(&body, IR_DIMS(i))}));
  ir_op(&body, "llvm.return", IR_NONE, IR_VALUES(value), IR_NONE);
}

/// Adds a call for these kernels to the function that unloads all.
static void add_unload(Ir *b, MlirOperation module, const char *name) {
  MlirOperation function = find_symbol(module, UNLOAD_ALL);
  if (mlirOperationIsNull(function)) {
    add_function(b, UNLOAD, IR_TYPES(pointer(b)), false);
    function = add_function(b, UNLOAD_ALL, IR_NONE, true);
    Ir body = ir_at_end(ir_body(function, 0), b->location);
    ir_op(&body, "llvm.return", IR_NONE, IR_NONE, IR_NONE);
    ir_op(b, "llvm.mlir.global_dtors", IR_NONE, IR_NONE,
          IR_ATTRIBUTES({"dtors", ir_parse_attr(b, "[@" UNLOAD_ALL "]")},
                        {"priorities", ir_parse_attr(b, "[65535 : i32]")},
                        {"data", ir_parse_attr(b, "[#llvm.zero]")}));
  }
  Ir body = ir_before(mlirBlockGetTerminator(ir_body(function, 0)));
  call(&body, UNLOAD, IR_VALUES(address_of(&body, name)));
}

static MlirLogicalResult embed(MlirOperation binary) {
  enum { OFFLOAD = 1 };
  MlirOperation module = mlirOperationGetParentOperation(binary);
  const Chip *chip = chip_of_module(module);
  MlirAttribute objects = ir_get_attr(binary, "objects");
  if (!chip)
    return mlirLogicalResultFailure();
  MlirAttribute object = mlirArrayAttrGetElement(objects, 0);
  if (mlirArrayAttrGetNumElements(objects) != 1 ||
      !mlirAttributeIsAGPUObjectAttr(object) ||
      mlirGPUObjectAttrGetFormat(object) == OFFLOAD)
    return ir_error(binary,
                    "must hold one object, of a format that the driver loads");
  char name[MAX_NAME], image[MAX_NAME], target[MAX_NAME];
  MlirStringRef symbol = symbol_name(binary);
  snprintf(name, sizeof name, "%.*s", (int)symbol.length, symbol.data);
  if (!join(image, symbol, ir_str("image")) ||
      !join(target, symbol, ir_str("target")))
    return ir_error(binary, "has too long a name");
  Ir b = ir_before(binary);
  add_bytes(&b, image, mlirGPUObjectAttrGetObject(object));
  add_bytes(&b, target, ir_str(chip->name));
  add_module(&b, name, image, target);
  add_unload(&b, module, name);
  mlirOperationDestroy(binary);
  return mlirLogicalResultSuccess();
}

// Launches --------------------------------------------------------------------

/// The numbers of gpu.launch_func's groups of operands.
enum {
  ASYNC = 0,
  GRID = 1,
  BLOCK = 4,
  CLUSTER = 7,
  SHARED = 10,
  ARGUMENTS = 11,
  STREAM = 12,
  N_GROUPS = 13
};

/// The first operand of `group`, and how many it has.
static int group_of(MlirOperation launch, int group, int *size) {
  MlirAttribute sizes = ir_get_attr(launch, "operandSegmentSizes");
  int first = 0;
  for (int i = 0; i < group; ++i)
    first += mlirDenseI32ArrayGetElement(sizes, i);
  *size = mlirDenseI32ArrayGetElement(sizes, group);
  return first;
}

static bool is_argument(MlirType type) {
  return mlirTypeIsAInteger(type) || mlirTypeIsAFloat(type) ||
         mlirTypeIsALLVMPointerType(type) || mlirTypeIsALLVMStructType(type);
}

static MlirLogicalResult check(MlirOperation launch) {
  static const int refused[] = {ASYNC, CLUSTER, STREAM};
  int size, n;
  bool plain = mlirOperationGetNumResults(launch) == 0;
  for (size_t i = 0; i < sizeof refused / sizeof *refused; ++i) {
    group_of(launch, refused[i], &size);
    plain &= size == 0;
  }
  if (!plain)
    return ir_error(launch, "simplicial-launch takes launches without tokens, "
                            "streams and clusters");
  int first = group_of(launch, ARGUMENTS, &n);
  if (n > MAX_ARGUMENTS)
    return ir_error(launch,
                    "simplicial-launch takes at most %d kernel arguments",
                    MAX_ARGUMENTS);
  for (int i = 0; i < n; ++i)
    if (!is_argument(ir_type(ir_operand(launch, first + i))))
      return ir_error(launch,
                      "kernel argument %d must be a number, an LLVM pointer or "
                      "an LLVM struct",
                      i);
  return mlirLogicalResultSuccess();
}

static MlirValue to_i64(Ir *b, MlirValue value) {
  MlirType type = ir_type(value);
  if (mlirTypeIsAIndex(type))
    return ir_value(b, "arith.index_cast", i64(b), IR_VALUES(value), IR_NONE);
  if (mlirIntegerTypeGetWidth(type) < 64)
    return ir_value(b, "arith.extui", i64(b), IR_VALUES(value), IR_NONE);
  return value;
}

/// Stack memory, which is taken once a call of the function.
static MlirValue allocate(Ir *b, MlirType type) {
  MlirOperation function = mlirBlockGetParentOperation(b->block);
  while (!ir_is(function, "func.func"))
    function = mlirOperationGetParentOperation(function);
  Ir entry = ir_before(mlirBlockGetFirstOperation(ir_body(function, 0)));
  MlirValue one = ir_value(&entry, "llvm.mlir.constant", i64(b), IR_NONE,
                           IR_ATTRIBUTES({"value", ir_i64_attr(b, 1)}));
  return ir_value(&entry, "llvm.alloca", pointer(b), IR_VALUES(one),
                  IR_ATTRIBUTES({"elem_type", mlirTypeAttrGet(type)}));
}

/// Stores the kernel's arguments, and pointers to them. The address of these.
static MlirValue store_arguments(Ir *b, MlirOperation launch) {
  int n, first = group_of(launch, ARGUMENTS, &n);
  MlirType types[MAX_ARGUMENTS];
  for (int i = 0; i < n; ++i)
    types[i] = ir_type(ir_operand(launch, first + i));
  MlirType values = mlirLLVMStructTypeLiteralGet(b->context, n, types, false);
  MlirType pointers = mlirLLVMArrayTypeGet(pointer(b), (unsigned)n);
  MlirValue value_memory = allocate(b, values);
  MlirValue pointer_memory = allocate(b, pointers);
  for (int i = 0; i < n; ++i) {
    MlirValue slot = ir_field(b, value_memory, values, i);
    ir_op(b, "llvm.store", IR_NONE,
          IR_VALUES(ir_operand(launch, first + i), slot), IR_NONE);
    ir_op(b, "llvm.store", IR_NONE,
          IR_VALUES(slot, ir_field(b, pointer_memory, pointers, i)), IR_NONE);
  }
  return pointer_memory;
}

/// A constant with the kernel's name.
static MlirLogicalResult name_kernel(MlirOperation launch, MlirOperation module,
                                     MlirStringRef kernels,
                                     MlirStringRef kernel,
                                     char constant[MAX_NAME]) {
  if (!join(constant, kernels, kernel))
    return ir_error(launch, "the kernel has too long a name");
  MlirOperation first = mlirBlockGetFirstOperation(ir_body(module, 0));
  Ir b = ir_before(first);
  if (mlirOperationIsNull(find_symbol(module, constant)))
    add_bytes(&b, constant, kernel);
  if (mlirOperationIsNull(find_symbol(module, LAUNCH)))
    add_function(&b, LAUNCH,
                 IR_TYPES(pointer(&b), pointer(&b), i64(&b), i64(&b), i64(&b),
                          i64(&b), i64(&b), i64(&b), i64(&b), pointer(&b)),
                 false);
  return mlirLogicalResultSuccess();
}

static MlirLogicalResult lower(MlirOperation launch) {
  if (mlirLogicalResultIsFailure(check(launch)))
    return mlirLogicalResultFailure();
  MlirOperation module = mlirOperationGetParentOperation(launch);
  while (!ir_is(module, "builtin.module"))
    module = mlirOperationGetParentOperation(module);
  MlirAttribute path = ir_get_attr(launch, "kernel");
  MlirStringRef kernels = mlirSymbolRefAttrGetRootReference(path);
  MlirStringRef kernel = mlirSymbolRefAttrGetLeafReference(path);
  char constant[MAX_NAME], name[MAX_NAME];
  if (mlirLogicalResultIsFailure(
          name_kernel(launch, module, kernels, kernel, constant)))
    return mlirLogicalResultFailure();
  snprintf(name, sizeof name, "%.*s", (int)kernels.length, kernels.data);

  Ir b = ir_before(launch);
  MlirValue operands[] = {address_of(&b, name), address_of(&b, constant),
                          [9] = store_arguments(&b, launch)};
  int n, first = group_of(launch, GRID, &n);
  for (int i = 0; i < 6; ++i)
    operands[2 + i] = to_i64(&b, ir_operand(launch, first + i));
  int shared = group_of(launch, SHARED, &n);
  operands[8] = n ? to_i64(&b, ir_operand(launch, shared))
                  : ir_value(&b, "llvm.mlir.constant", i64(&b), IR_NONE,
                             IR_ATTRIBUTES({"value", ir_i64_attr(&b, 0)}));
  call(&b, LAUNCH, 10, operands);
  mlirOperationDestroy(launch);
  return mlirLogicalResultSuccess();
}

/// The function's memory is the device's.
static MlirLogicalResult refuse(MlirOperation op) {
  return ir_error(op, "would touch device memory on the host: on GPUs a "
                      "function can have no buffers of its own, and no copies");
}

MlirLogicalResult pass_launch(MlirOperation module) {
  static const char *const launches[] = {"gpu.launch_func"};
  static const char *const binaries[] = {"gpu.binary"};
  static const char *const host_memory[] = {"memref.alloc", "memref.copy",
                                            "memref.load", "memref.store"};
  if (mlirLogicalResultIsFailure(
          pass_for_each(module, 4, host_memory, refuse)) ||
      mlirLogicalResultIsFailure(pass_for_each(module, 1, launches, lower)) ||
      mlirLogicalResultIsFailure(pass_for_each(module, 1, binaries, embed)))
    return mlirLogicalResultFailure();
  mlirOperationRemoveAttributeByName(module, ir_str("gpu.container_module"));
  return pass_request_c_interfaces(module);
}
