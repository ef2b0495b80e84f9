// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simplicial-allocate: allocations -> calls of the runtime, which may fail.
//
// In:  func.func @f(%n: index) {
//        %m = memref.alloc(%n) : memref<?x64xf32>
//        ...
//        memref.dealloc %m
//        return
//      }
// Out: func.func @f(%n: index) {
//        %bytes = ...                     // -1 if it is no i64
//        %p = call @simplicialAllocate(%bytes, device)
//        cf.cond_br %p != null, ^rest, ^failed
//      ^rest:
//        %m = ...                         // a descriptor of %p
//        ...
//        call @simplicialFree(%p)
//        return
//      ^failed:                           // the runtime keeps the error
//        call @simplicialAbandon()        // frees what the call has so far
//        return
//      }
//
// Loops are branches before this pass, so that the function can end in one. On
// GPUs, memref.copy is a call of the runtime's simplicialCudaCopyStrided as
// well. What a clone is of (bufferization.clone) is copied. Memory of indices
// and truth values is the host's: upstream's deallocation keeps in it what it
// frees.

#include "bytes.h"

#include "lowering/gpu/target/chip.h"
#include "lowering/ir_llvm.h"
#include "lowering/pass.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "simplicial/cuda.h"

#include <dlpack/dlpack.h>

#define ALLOCATE "simplicialAllocate"
#define FREE "simplicialFree"
#define ABANDON "simplicialAbandon"
#define COPY "simplicialCudaCopyStrided"

// Sizes -----------------------------------------------------------------------

/// The memref's sizes, as i64.
static void find_sizes(Ir *b, MlirOperation alloc, MlirValue *sizes) {
  MlirType type = ir_type(ir_result(alloc, 0));
  int operand = 0;
  for (int d = 0; d < ir_rank(type); ++d)
    sizes[d] = mlirShapedTypeIsDynamicDim(type, d)
                   ? ir_as_i64(b, ir_operand(alloc, operand++))
                   : ir_const_i64(b, ir_dim_size(type, d));
}

// Blocks ----------------------------------------------------------------------

/// Moves `op` and what is behind it in its block to a block of its own.
static MlirBlock split_before(MlirOperation op) {
  MlirBlock block = mlirOperationGetBlock(op);
  MlirBlock rest = mlirBlockCreate(0, NULL, NULL);
  mlirRegionInsertOwnedBlockAfter(mlirBlockGetParentRegion(block), block, rest);
  for (MlirOperation next; !mlirOperationIsNull(op); op = next) {
    next = mlirOperationGetNextInBlock(op);
    mlirOperationRemoveFromParent(op);
    mlirBlockAppendOwnedOperation(rest, op);
  }
  return rest;
}

static bool is_abandoned(MlirBlock block) {
  MlirOperation op = mlirBlockGetFirstOperation(block);
  return ir_is(op, "func.call") &&
         mlirStringRefEqual(
             mlirFlatSymbolRefAttrGetValue(ir_get_attr(op, "callee")),
             ir_str(ABANDON));
}

/// The block of the function that ends it early.
static MlirBlock failed_block(MlirOperation function, MlirLocation location) {
  MlirRegion region = mlirOperationGetRegion(function, 0);
  for (MlirBlock block = mlirRegionGetFirstBlock(region);
       !mlirBlockIsNull(block); block = mlirBlockGetNextInRegion(block))
    if (is_abandoned(block))
      return block;
  MlirBlock block = mlirBlockCreate(0, NULL, NULL);
  mlirRegionAppendOwnedBlock(region, block);
  Ir b = ir_at_end(block, location);
  ir_call(&b, ABANDON, (MlirType){NULL}, IR_NONE);
  ir_op(&b, "func.return", IR_NONE, IR_NONE, IR_NONE);
  return block;
}

// The rewrite -----------------------------------------------------------------

static MlirValue to_pointer(Ir *b, MlirValue address) {
  return ir_value(b, "llvm.inttoptr", ir_pointer(b, 0),
                  IR_VALUES(ir_as_i64(b, address)), IR_NONE);
}

static MlirLogicalResult allocate(MlirOperation alloc) {
  MlirOperation function = mlirOperationGetParentOperation(alloc);
  MlirType type = ir_type(ir_result(alloc, 0));
  int64_t element = ir_element_bytes(ir_element(type));
  ChipList chips;
  if (mlirLogicalResultIsFailure(chip_list_of(alloc, &chips)))
    return mlirLogicalResultFailure();
  if (!ir_is(function, "func.func"))
    return ir_error(alloc, "simplicial-allocate takes functions of blocks");
  MlirType signature =
      mlirTypeAttrGetValue(ir_get_attr(function, "function_type"));
  if (mlirFunctionTypeGetNumResults(signature))
    return ir_error(alloc, "a function with results cannot allocate");
  if (!element || ir_rank(type) > IR_MAX_RANK ||
      !mlirAttributeIsNull(mlirMemRefTypeGetMemorySpace(type)) ||
      !mlirAffineMapIsIdentity(mlirMemRefTypeGetAffineMap(type)))
    return ir_error(alloc,
                    "only contiguous memrefs of numbers, of at most %d "
                    "dimensions, can be allocated",
                    IR_MAX_RANK);

  Ir b = ir_before(alloc);
  MlirValue sizes[IR_MAX_RANK];
  find_sizes(&b, alloc, sizes);
  MlirValue bytes = bytes_of(&b, type, element, sizes);
  bool on_gpu = chips.n && mlirTypeIsAFloat(ir_element(type));
  MlirValue device = ir_const_i32(&b, ir_i32(&b), on_gpu ? kDLCUDA : kDLCPU);
  MlirValue pointer = ir_result(
      ir_call(&b, ALLOCATE, ir_pointer(&b, 0), IR_VALUES(bytes, device)), 0);
  MlirValue address =
      ir_value(&b, "llvm.ptrtoint", ir_i64(&b), IR_VALUES(pointer), IR_NONE);
  MlirValue failed = ir_cmpi(&b, IR_EQ, address, ir_const_i64(&b, 0));
  MlirBlock before = mlirOperationGetBlock(alloc);
  MlirBlock rest = split_before(alloc);
  Ir end = ir_at_end(before, b.location);
  ir_branch(&end, failed, failed_block(function, b.location), rest);
  Ir start = ir_before(alloc);
  mlirValueReplaceAllUsesOfWith(ir_result(alloc, 0),
                                ir_memref_of(&start, type, pointer, sizes));
  mlirOperationDestroy(alloc);
  return mlirLogicalResultSuccess();
}

static MlirLogicalResult deallocate(MlirOperation op) {
  Ir b = ir_before(op);
  MlirValue address =
      ir_value(&b, "memref.extract_aligned_pointer_as_index", ir_index(&b),
               IR_VALUES(ir_operand(op, 0)), IR_NONE);
  ir_call(&b, FREE, (MlirType){NULL}, IR_VALUES(to_pointer(&b, address)));
  mlirOperationDestroy(op);
  return mlirLogicalResultSuccess();
}

// Copies ----------------------------------------------------------------------

/// The fields of SimplicialCudaCopy.
enum { FROM, TO, ELEMENT_BYTES, RANK, SIZES, FROM_STRIDES, TO_STRIDES, FIELDS };

static MlirType copy_type(Ir *b) {
  MlirType dims = mlirLLVMArrayTypeGet(ir_i64(b), SIMPLICIAL_MAX_RANK);
  MlirType fields[FIELDS] = {ir_pointer(b, 0),
                             ir_pointer(b, 0),
                             ir_i64(b),
                             ir_i64(b),
                             dims,
                             dims,
                             dims};
  return ir_struct(b, FIELDS, fields);
}

static void set(Ir *b, MlirValue copy, int field, MlirValue value) {
  ir_llvm_store(b, value, ir_field(b, copy, copy_type(b), field));
}

static void set_dim(Ir *b, MlirValue copy, int field, int dim,
                    MlirValue value) {
  MlirType dims = mlirLLVMArrayTypeGet(ir_i64(b), SIMPLICIAL_MAX_RANK);
  ir_llvm_store(b, ir_as_i64(b, value),
                ir_field(b, ir_field(b, copy, copy_type(b), field), dims, dim));
}

/// Copies the elements of one memref to another, of the same shape.
static void copy_memref(Ir *b, MlirValue from, MlirValue to) {
  MlirType type = ir_type(from);
  int64_t bytes = ir_element_bytes(ir_element(type));
  IrView source = ir_view(b, from, bytes), target = ir_view(b, to, bytes);
  MlirValue copy = ir_llvm_alloca_once(b, copy_type(b));
  set(b, copy, FROM, to_pointer(b, source.address));
  set(b, copy, TO, to_pointer(b, target.address));
  set(b, copy, ELEMENT_BYTES, ir_const_i64(b, bytes));
  set(b, copy, RANK, ir_const_i64(b, ir_rank(type)));
  for (int d = 0; d < ir_rank(type); ++d) {
    set_dim(b, copy, SIZES, d, source.sizes[d]);
    set_dim(b, copy, FROM_STRIDES, d, source.strides[d]);
    set_dim(b, copy, TO_STRIDES, d, target.strides[d]);
  }
  ir_call(b, COPY, (MlirType){NULL}, IR_VALUES(copy));
}

static MlirLogicalResult check_copied(MlirOperation op, MlirType type) {
  if (ir_element_bytes(ir_element(type)) &&
      ir_rank(type) <= SIMPLICIAL_MAX_RANK)
    return mlirLogicalResultSuccess();
  return ir_error(op,
                  "only memrefs of numbers, of at most %d dimensions, are "
                  "copied",
                  SIMPLICIAL_MAX_RANK);
}

static MlirLogicalResult lower_copy(MlirOperation op) {
  MlirValue from = ir_operand(op, 0);
  if (mlirLogicalResultIsFailure(check_copied(op, ir_type(from))))
    return mlirLogicalResultFailure();
  Ir b = ir_before(op);
  copy_memref(&b, from, ir_operand(op, 1));
  mlirOperationDestroy(op);
  return mlirLogicalResultSuccess();
}

/// On the CPU copies are upstream's.
static MlirLogicalResult copy_on_gpu(MlirOperation op) {
  ChipList chips;
  if (mlirLogicalResultIsFailure(chip_list_of(op, &chips)))
    return mlirLogicalResultFailure();
  return chips.n ? lower_copy(op) : mlirLogicalResultSuccess();
}

/// A clone is contiguous memory, whatever its type says.
static MlirLogicalResult lower_clone(MlirOperation op) {
  Ir b = ir_before(op);
  MlirValue from = ir_operand(op, 0), sizes[IR_MAX_RANK];
  MlirType type = ir_type(from);
  int64_t shape[IR_MAX_RANK];
  int rank = ir_rank(type);
  if (rank > IR_MAX_RANK)
    return ir_error(op, "only memrefs of at most %d dimensions are copied",
                    IR_MAX_RANK);
  for (int d = 0; d < rank; ++d) {
    shape[d] = ir_dim_size(type, d);
    if (mlirShapedTypeIsDynamicSize(shape[d]))
      sizes[d] = ir_dim(&b, from, d);
  }
  MlirValue copy =
      ir_alloc_sized(&b, ir_memref(ir_element(type), rank, shape), sizes);
  ir_op(&b, "memref.copy", IR_NONE, IR_VALUES(from, copy), IR_NONE);
  mlirValueReplaceAllUsesOfWith(
      ir_result(op, 0), ir_value(&b, "memref.cast", ir_type(ir_result(op, 0)),
                                 IR_VALUES(copy), IR_NONE));
  mlirOperationDestroy(op);
  return mlirLogicalResultSuccess();
}

MlirLogicalResult pass_allocate(MlirOperation module) {
  static const char *const clones[] = {"bufferization.clone"};
  static const char *const copies[] = {"memref.copy"};
  static const char *const allocs[] = {"memref.alloc"};
  static const char *const deallocs[] = {"memref.dealloc"};
  if (mlirLogicalResultIsFailure(
          pass_for_each(module, 1, clones, lower_clone)) ||
      mlirLogicalResultIsFailure(
          pass_for_each(module, 1, copies, copy_on_gpu)) ||
      mlirLogicalResultIsFailure(pass_for_each(module, 1, allocs, allocate)))
    return mlirLogicalResultFailure();
  return pass_for_each(module, 1, deallocs, deallocate);
}
