// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Launches of kernels -> calls of the emulator.
//
// In:  gpu.launch_func @kernels::@f_tiles blocks in (%x, %y, %z) ...
// Out: ...                            // arguments and buffers stored
//      call @simplicialEmulatorLaunch(@kernels_f_tiles, ...)

#include "emulate.h"

#include "lowering/ir_llvm.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

enum { MAX_OPERANDS = 24, MAX_BUFFERS = 256 };

static MlirType buffer_type(Ir *b) {
  MlirType fields[] = {ir_pointer(b, 0), ir_i64(b)};
  return ir_struct(b, 2, fields);
}

/// Stores where `memref`'s element at the lowest address is, and the bytes from
/// it to the end of the one at the highest. Strides may be negative.
static void describe_buffer(Ir *b, MlirValue memref, MlirValue buffer) {
  MlirType type = ir_type(memref);
  IrView view = ir_view(b, memref, emulate_bits(ir_element(type)) / 8);
  MlirValue zero = ir_const_index(b, 0), one = ir_const_index(b, 1);
  MlirValue count = one, first = zero, last = zero;
  for (int i = 0; i < ir_rank(type); ++i) {
    MlirValue steps = ir_maxsi(b, ir_subi(b, view.sizes[i], one), zero);
    MlirValue end = ir_muli(b, steps, view.strides[i]);
    count = ir_muli(b, count, view.sizes[i]);
    first = ir_addi(b, first, ir_minsi(b, end, zero));
    last = ir_addi(b, last, ir_maxsi(b, end, zero));
  }
  MlirValue bytes =
      ir_muli(b, ir_addi(b, ir_subi(b, last, first), one), view.bytes);
  MlirValue address = ir_addi(b, view.address, ir_muli(b, first, view.bytes));
  MlirValue extent = ir_select(b, ir_cmpi(b, IR_EQ, count, zero), zero, bytes);
  ir_llvm_store(b,
                ir_value(b, "llvm.inttoptr", ir_pointer(b, 0),
                         IR_VALUES(ir_as_i64(b, address)), IR_NONE),
                ir_field(b, buffer, buffer_type(b), 0));
  ir_llvm_store(b, ir_as_i64(b, extent),
                ir_field(b, buffer, buffer_type(b), 1));
}

static void add_if_memref(MlirValue value, int *n, MlirValue *memrefs) {
  MlirType type = ir_type(value);
  if (mlirTypeIsAMemRef(type) && ir_rank(type) <= IR_MAX_RANK &&
      emulate_bits(ir_element(type)) && *n < MAX_BUFFERS)
    memrefs[(*n)++] = value;
}

/// Whether what `op` makes is memory of a memref that it takes.
static bool is_view(MlirOperation op) {
  if (!ir_is_of(op, "memref."))
    return false;
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i)
    if (mlirTypeIsAMemRef(ir_type(ir_operand(op, (int)i))))
      return true;
  return false;
}

/// The memrefs that the blocks around the launch take, or made before it.
static int collect_buffers(MlirOperation launch, MlirValue *memrefs) {
  int n = 0;
  for (MlirOperation inner = launch; !ir_is(inner, "builtin.module");
       inner = mlirOperationGetParentOperation(inner)) {
    MlirBlock block = mlirOperationGetBlock(inner);
    for (intptr_t i = 0; i < mlirBlockGetNumArguments(block); ++i)
      add_if_memref(mlirBlockGetArgument(block, i), &n, memrefs);
    for (MlirOperation op = mlirBlockGetFirstOperation(block);
         !mlirOperationEqual(op, inner); op = mlirOperationGetNextInBlock(op))
      for (intptr_t i = 0; i < mlirOperationGetNumResults(op) && !is_view(op);
           ++i)
        add_if_memref(ir_result(op, (int)i), &n, memrefs);
  }
  return n;
}

static MlirValue store_buffers(Ir *b, int n, const MlirValue *memrefs) {
  MlirType array = mlirLLVMArrayTypeGet(buffer_type(b), (unsigned)n);
  MlirValue buffers = ir_llvm_alloca_once(b, array);
  for (int i = 0; i < n; ++i)
    describe_buffer(b, memrefs[i], ir_field(b, buffers, array, i));
  return buffers;
}

/// What `n` operands of the launch become in memory.
static MlirValue store_arguments(Ir *b, MlirOperation launch, int first,
                                 int n) {
  MlirType types[EMULATE_MAX_ARGUMENTS];
  for (int i = 0; i < n; ++i)
    types[i] = ir_type(ir_operand(launch, first + i));
  MlirType type = ir_struct(b, n, types);
  MlirValue arguments = ir_llvm_alloca_once(b, type);
  for (int i = 0; i < n; ++i)
    ir_llvm_store(b, ir_operand(launch, first + i),
                  ir_field(b, arguments, type, i));
  return arguments;
}

// Operands of gpu.launch_func come in these groups.
enum {
  ASYNC,
  GRID,
  BLOCK = GRID + 3,
  CLUSTER = BLOCK + 3,
  SHARED_BYTES = CLUSTER + 3,
  ARGUMENTS
};

MlirLogicalResult emulate_launch(MlirOperation launch) {
  MlirAttribute sizes = ir_get_attr(launch, "operandSegmentSizes");
  int first[ARGUMENTS + 1] = {0};
  for (int i = 0; i < ARGUMENTS; ++i)
    first[i + 1] = first[i] + mlirDenseI32ArrayGetElement(sizes, i);
  int n_arguments = mlirDenseI32ArrayGetElement(sizes, ARGUMENTS);
  if (mlirOperationGetNumResults(launch) || first[GRID] ||
      first[CLUSTER] != first[SHARED_BYTES] ||
      n_arguments > EMULATE_MAX_ARGUMENTS)
    return ir_error(launch,
                    "simplicial-emulate takes synchronous launches "
                    "without clusters, of at most %d arguments",
                    EMULATE_MAX_ARGUMENTS);

  MlirAttribute kernel = ir_get_attr(launch, "kernel");
  MlirStringRef leaf = mlirSymbolRefAttrGetLeafReference(kernel);
  MlirStringRef root = mlirSymbolRefAttrGetRootReference(kernel);
  char name[EMULATE_NAME_SIZE];
  emulate_name(name, sizeof name, root, leaf, "");
  MlirOperation function = ir_find_symbol(ir_module(launch), name);
  if (mlirOperationIsNull(function))
    return ir_error(launch, "simplicial-emulate finds no kernel %s", name);
  emulate_name(name, sizeof name, root, leaf, "_sites");

  Ir b = ir_before(launch);
  MlirValue memrefs[MAX_BUFFERS];
  int n_buffers = collect_buffers(launch, memrefs);
  if (n_buffers == MAX_BUFFERS)
    return ir_error(launch,
                    "simplicial-emulate takes functions of less than %d "
                    "memrefs",
                    MAX_BUFFERS);
  MlirValue operands[MAX_OPERANDS];
  int n = 0;
  operands[n++] = ir_function_address(&b, function);
  operands[n++] = store_arguments(&b, launch, first[ARGUMENTS], n_arguments);
  operands[n++] = ir_address_of(&b, name, 0);
  for (int i = GRID; i < CLUSTER; ++i)
    operands[n++] = ir_as_i64(&b, ir_operand(launch, first[i]));
  operands[n++] = first[SHARED_BYTES] < first[ARGUMENTS]
                      ? ir_as_i64(&b, ir_operand(launch, first[SHARED_BYTES]))
                      : ir_const_i64(&b, 0);
  operands[n++] = store_buffers(&b, n_buffers, memrefs);
  operands[n++] = ir_const_i64(&b, n_buffers);
  ir_call(&b, "simplicialEmulatorLaunch", (MlirType){NULL}, n, operands);
  mlirOperationDestroy(launch);
  return mlirLogicalResultSuccess();
}
