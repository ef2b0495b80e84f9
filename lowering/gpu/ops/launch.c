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
//        call @simplicialCudaLaunch(@f_kernels, @f_kernels_f_tiles,
//            %x, %y, %z, %t, %one, %one, %bytes, %arguments)
//      }
//      llvm.func internal @simplicial_load() {    // dropped if nobody calls it
//        call @simplicialCudaLoad(@f_kernels, @f_kernels_f_tiles, %bytes)
//      }
//      llvm.func internal @simplicial_unload() {
//        call @simplicialCudaUnload(@f_kernels)
//      }
//      llvm.mlir.global_dtors [@simplicial_unload]
//
// Tensor maps are encoded by the runtime (tensor_map.c). A constant gets memory
// on the device, to which each call copies it first; what the host would read
// or write there is diagnosed.
//
// Upstream's own lowering looks the kernel up at every launch and has no place
// for the caller's stream.

#include "lowering/gpu/target/chip.h"
#include "tensor_map.h"

#include "lowering/ir_llvm.h"
#include "lowering/pass.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "mlir-c/Dialect/GPU.h"
#include "simplicial/dialect.h"

#include <stdio.h>

#define LAUNCH "simplicialCudaLaunch"
#define TENSOR_MAP "simplicialCudaTensorMap"
#define LOAD "simplicialCudaLoad"
#define LOAD_ALL "simplicial_load"
#define UNLOAD "simplicialCudaUnload"
#define UNLOAD_ALL "simplicial_unload"

enum { MAX_ARGUMENTS = 128, MAX_NAME = 256 };

/// "<x>_<y>", in `name`; false if it is too long.
static bool join(char name[MAX_NAME], MlirStringRef x, MlirStringRef y) {
  return snprintf(name, MAX_NAME, "%.*s_%.*s", (int)x.length, x.data,
                  (int)y.length, y.data) < MAX_NAME;
}

// Kernels ---------------------------------------------------------------------

/// The variable that the runtime knows the kernels by.
static void add_module(Ir *b, const char *name, const char *image,
                       const char *target) {
  MlirType fields[] = {ir_pointer(b, 0), ir_pointer(b, 0), ir_pointer(b, 0)};
  MlirType type = ir_struct(b, 3, fields);
  MlirOperation global = ir_symbol(
      b, "llvm.mlir.global", name,
      IR_ATTRIBUTES({"global_type", mlirTypeAttrGet(type)},
                    {"linkage", ir_linkage(b, MlirLLVMLinkageInternal)}),
      ir_region(b, IR_NONE));
  Ir body = ir_at_end(ir_body(global, 0), b->location);
  MlirValue value = ir_value(&body, "llvm.mlir.zero", type, IR_NONE, IR_NONE);
  const char *symbols[] = {image, target};
  for (int64_t i = 0; i < 2; ++i)
    value = ir_insert(&body, value, ir_address_of(&body, symbols[i], 0), i);
  ir_op(&body, "llvm.return", IR_NONE, IR_VALUES(value), IR_NONE);
}

/// The function of this name without arguments and results, created if it is
/// not there.
static MlirOperation function_of_all(Ir *b, MlirOperation module,
                                     const char *name) {
  MlirOperation function = ir_find_symbol(module, name);
  if (!mlirOperationIsNull(function))
    return function;
  MlirType type =
      mlirLLVMFunctionTypeGet(mlirLLVMVoidTypeGet(b->context), IR_NONE, false);
  function = ir_symbol(
      b, "llvm.func", name,
      IR_ATTRIBUTES({"function_type", mlirTypeAttrGet(type)},
                    {"linkage", ir_linkage(b, MlirLLVMLinkageInternal)}),
      ir_region(b, IR_NONE));
  Ir body = ir_at_end(ir_body(function, 0), b->location);
  ir_op(&body, "llvm.return", IR_NONE, IR_NONE, IR_NONE);
  return function;
}

static Ir at_end_of(MlirOperation function) {
  return ir_before(mlirBlockGetTerminator(ir_body(function, 0)));
}

/// Adds a call for these kernels to the function that unloads all.
static void add_unload(Ir *b, MlirOperation module, const char *name) {
  bool first = mlirOperationIsNull(ir_find_symbol(module, UNLOAD_ALL));
  Ir body = at_end_of(function_of_all(b, module, UNLOAD_ALL));
  if (first)
    ir_op(b, "llvm.mlir.global_dtors", IR_NONE, IR_NONE,
          IR_ATTRIBUTES({"dtors", ir_parse_attr(b, "[@" UNLOAD_ALL "]")},
                        {"priorities", ir_parse_attr(b, "[65535 : i32]")},
                        {"data", ir_parse_attr(b, "[#llvm.zero]")}));
  ir_call(&body, UNLOAD, (MlirType){NULL},
          IR_VALUES(ir_address_of(&body, name, 0)));
}

/// Adds a call for this kernel to the function that loads all.
static void add_load(MlirOperation module, const char *kernels,
                     const char *kernel, int64_t shared_bytes) {
  Ir b = ir_before(mlirBlockGetFirstOperation(ir_body(module, 0)));
  Ir body = at_end_of(function_of_all(&b, module, LOAD_ALL));
  ir_call(&body, LOAD, (MlirType){NULL},
          IR_VALUES(ir_address_of(&body, kernels, 0),
                    ir_address_of(&body, kernel, 0),
                    ir_const_i64(&body, shared_bytes)));
}

static MlirLogicalResult embed(MlirOperation binary) {
  enum { OFFLOAD = 1 };
  MlirOperation module = mlirOperationGetParentOperation(binary);
  ChipList list;
  MlirAttribute objects = ir_get_attr(binary, "objects");
  if (mlirLogicalResultIsFailure(chip_list_of_gpu(module, &list)))
    return mlirLogicalResultFailure();
  MlirAttribute object = mlirArrayAttrGetElement(objects, 0);
  if (mlirArrayAttrGetNumElements(objects) != 1 ||
      !mlirAttributeIsAGPUObjectAttr(object) ||
      mlirGPUObjectAttrGetFormat(object) == OFFLOAD)
    return ir_error(binary,
                    "must hold one object, of a format that the driver loads");
  char name[MAX_NAME], image[MAX_NAME], target[MAX_NAME];
  MlirStringRef symbol = ir_symbol_name(binary);
  snprintf(name, sizeof name, "%.*s", (int)symbol.length, symbol.data);
  if (!join(image, symbol, ir_str("image")) ||
      !join(target, symbol, ir_str("target")))
    return ir_error(binary, "has too long a name");
  Ir b = ir_before(binary);
  ir_bytes_constant(&b, image, mlirGPUObjectAttrGetObject(object));
  ir_bytes_constant(&b, target, list.names);
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
         mlirTypeIsALLVMPointerType(type) || mlirTypeIsALLVMStructType(type) ||
         mlirTypeEqual(type, tensor_map_type(mlirTypeGetContext(type)));
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
                      "struct, or a tensor map",
                      i);
  return mlirLogicalResultSuccess();
}

static MlirValue to_i64(Ir *b, MlirValue value) {
  MlirType type = ir_type(value);
  if (mlirTypeIsAIndex(type))
    return ir_index_cast(b, value, ir_i64(b));
  if (mlirIntegerTypeGetWidth(type) < 64)
    return ir_value(b, "arith.extui", ir_i64(b), IR_VALUES(value), IR_NONE);
  return value;
}

/// Stores the kernel's arguments, and pointers to them. The address of these.
static MlirValue store_arguments(Ir *b, MlirOperation launch) {
  int n, first = group_of(launch, ARGUMENTS, &n);
  MlirType types[MAX_ARGUMENTS];
  for (int i = 0; i < n; ++i)
    types[i] = ir_type(ir_operand(launch, first + i));
  MlirType values = ir_struct(b, n, types);
  MlirType pointers = mlirLLVMArrayTypeGet(ir_pointer(b, 0), (unsigned)n);
  MlirValue value_memory = ir_llvm_alloca_once(b, values);
  MlirValue pointer_memory = ir_llvm_alloca_once(b, pointers);
  for (int i = 0; i < n; ++i) {
    MlirValue slot = ir_field(b, value_memory, values, i);
    ir_llvm_store(b, ir_operand(launch, first + i), slot);
    ir_llvm_store(b, slot, ir_field(b, pointer_memory, pointers, i));
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
  if (mlirOperationIsNull(ir_find_symbol(module, constant)))
    ir_bytes_constant(&b, constant, kernel);
  return mlirLogicalResultSuccess();
}

static MlirLogicalResult lower(MlirOperation launch) {
  if (mlirLogicalResultIsFailure(check(launch)))
    return mlirLogicalResultFailure();
  MlirOperation module = ir_module(launch);
  MlirAttribute path = ir_get_attr(launch, "kernel");
  MlirStringRef kernels = mlirSymbolRefAttrGetRootReference(path);
  MlirStringRef kernel = mlirSymbolRefAttrGetLeafReference(path);
  char constant[MAX_NAME], name[MAX_NAME];
  if (mlirLogicalResultIsFailure(
          name_kernel(launch, module, kernels, kernel, constant)))
    return mlirLogicalResultFailure();
  snprintf(name, sizeof name, "%.*s", (int)kernels.length, kernels.data);

  Ir b = ir_before(launch);
  MlirValue operands[] = {ir_address_of(&b, name, 0),
                          ir_address_of(&b, constant, 0),
                          [9] = store_arguments(&b, launch)};
  int n, first = group_of(launch, GRID, &n);
  for (int i = 0; i < 6; ++i)
    operands[2 + i] = to_i64(&b, ir_operand(launch, first + i));
  int shared = group_of(launch, SHARED, &n);
  operands[8] =
      n ? to_i64(&b, ir_operand(launch, shared)) : ir_const_i64(&b, 0);
  ir_call(&b, LAUNCH, (MlirType){NULL}, 10, operands);
  int64_t bytes = 0; // what is known only now, the launch asks for
  if (n)
    ir_is_number(ir_operand(launch, shared), &bytes);
  add_load(module, name, constant, bytes);
  mlirOperationDestroy(launch);
  return mlirLogicalResultSuccess();
}

static MlirLogicalResult encode(MlirOperation op) {
  return tensor_map_lower(op, TENSOR_MAP);
}

// Memory ----------------------------------------------------------------------

/// Has a constant's users take a copy in the device's memory, which lives as
/// long as the call.
static MlirLogicalResult move_constant(MlirOperation op) {
  MlirOperation function = mlirOperationGetParentOperation(op);
  while (!mlirOperationIsNull(function) && !ir_is(function, "func.func"))
    function = mlirOperationGetParentOperation(function);
  if (mlirOperationIsNull(function))
    return ir_error(op, "simplicial-launch takes constants of functions");
  MlirOperation first = mlirBlockGetFirstOperation(ir_body(function, 0));
  if (!mlirOperationEqual(op, first))
    mlirOperationMoveBefore(op, first);
  Ir b = ir_before(mlirOperationGetNextInBlock(op));
  MlirValue device = ir_alloc(&b, ir_type(ir_result(op, 0)));
  mlirValueReplaceAllUsesOfWith(ir_result(op, 0), device);
  ir_op(&b, "memref.copy", IR_NONE, IR_VALUES(ir_result(op, 0), device),
        IR_NONE);
  return mlirLogicalResultSuccess();
}

/// What is allocated is the device's memory; what is on the stack is not.
static MlirLogicalResult refuse(MlirOperation op) {
  MlirValue memref = ir_operand(op, ir_is(op, "memref.store") ? 1 : 0);
  if (ir_is(ir_def(memref), "memref.alloca"))
    return mlirLogicalResultSuccess();
  return ir_error(op, "would touch device memory on the host");
}

MlirLogicalResult pass_launch(MlirOperation module) {
  static const char *const launches[] = {"gpu.launch_func"};
  static const char *const binaries[] = {"gpu.binary"};
  static const char *const maps[] = {SIMPLICIAL_TENSOR_MAP};
  static const char *const accesses[] = {"memref.load", "memref.store"};
  static const char *const constants[] = {"memref.get_global"};
  if (mlirLogicalResultIsFailure(pass_for_each(module, 2, accesses, refuse)) ||
      mlirLogicalResultIsFailure(
          pass_for_each(module, 1, constants, move_constant)) ||
      mlirLogicalResultIsFailure(pass_for_each(module, 1, maps, encode)) ||
      mlirLogicalResultIsFailure(pass_for_each(module, 1, launches, lower)) ||
      mlirLogicalResultIsFailure(pass_for_each(module, 1, binaries, embed)))
    return mlirLogicalResultFailure();
  mlirOperationRemoveAttributeByName(module, ir_str("gpu.container_module"));
  if (mlirLogicalResultIsFailure(pass_keep_deallocations(module)))
    return mlirLogicalResultFailure();
  return pass_request_c_interfaces(module);
}
