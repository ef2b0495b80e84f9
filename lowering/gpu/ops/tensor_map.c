// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensor maps of memrefs.
//
// In:  %map, %there = "simplicial.tensor_map"(%m)
//        {box = array<i64: 1, 64, 1, 64>, swizzle = 128 : i64}
// Out: a SimplicialTensorMapInfo of %m's address, sizes and strides, stored
//      %is = call @simplicialCudaTensorMap(info, place)
//      %map = llvm.load place
//      %there = arith.trunci %is

#include "tensor_map.h"

#include "lowering/ir_llvm.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "simplicial/tensor_map.h"

enum { MAX_RANK = SIMPLICIAL_TENSOR_MAP_RANK };

/// The fields of SimplicialTensorMapInfo.
enum { DATA, ELEMENT_BYTES, RANK, SWIZZLE, SIZES, STRIDES, BOX, N_FIELDS };

MlirType tensor_map_type(MlirContext context) {
  enum { WORDS = sizeof(SimplicialTensorMap) / 8 };
  return mlirLLVMArrayTypeGet(mlirIntegerTypeGet(context, 64), WORDS);
}

static MlirType dims_type(Ir *b) {
  return mlirLLVMArrayTypeGet(ir_i64(b), MAX_RANK);
}

static MlirType info_type(Ir *b) {
  MlirType fields[N_FIELDS];
  for (int i = 0; i < N_FIELDS; ++i)
    fields[i] = i < SIZES ? ir_i64(b) : dims_type(b);
  fields[DATA] = ir_pointer(b, 0);
  return ir_struct(b, N_FIELDS, fields);
}

static void set(Ir *b, MlirValue info, int field, MlirValue value) {
  ir_llvm_store(b, value, ir_field(b, info, info_type(b), field));
}

/// Sets the number of a dimension of the memref, of which the map's first one
/// is the last.
static void set_dim(Ir *b, MlirValue info, int field, int rank, int dim,
                    MlirValue value) {
  MlirValue dims = ir_field(b, info, info_type(b), field);
  ir_llvm_store(b, value, ir_field(b, dims, dims_type(b), rank - 1 - dim));
}

static void describe(Ir *b, MlirOperation op, int64_t bytes, MlirValue info) {
  MlirValue memref = ir_operand(op, 0);
  MlirAttribute box = ir_get_attr(op, "box");
  int rank = ir_rank(ir_type(memref));
  IrView view = ir_view(b, memref, bytes);
  set(b, info, DATA,
      ir_value(b, "llvm.inttoptr", ir_pointer(b, 0),
               IR_VALUES(ir_as_i64(b, view.address)), IR_NONE));
  set(b, info, ELEMENT_BYTES, ir_const_i64(b, bytes));
  set(b, info, RANK, ir_const_i64(b, rank));
  set(b, info, SWIZZLE,
      ir_const_i64(b, mlirIntegerAttrGetValueInt(ir_get_attr(op, "swizzle"))));
  for (int d = 0; d < rank; ++d) {
    MlirValue stride = ir_muli(b, view.strides[d], view.bytes);
    set_dim(b, info, SIZES, rank, d, ir_as_i64(b, view.sizes[d]));
    set_dim(b, info, STRIDES, rank, d, ir_as_i64(b, stride));
    set_dim(b, info, BOX, rank, d,
            ir_const_i64(b, mlirDenseI64ArrayGetElement(box, d)));
  }
}

MlirLogicalResult tensor_map_lower(MlirOperation op, const char *function) {
  MlirType memref = ir_type(ir_operand(op, 0));
  MlirAttribute box = ir_get_attr(op, "box");
  if (ir_rank(memref) > MAX_RANK || mlirAttributeIsNull(box) ||
      mlirDenseArrayGetNumElements(box) != ir_rank(memref) ||
      mlirAttributeIsNull(ir_get_attr(op, "swizzle")) ||
      !(mlirTypeIsAFloat(ir_element(memref)) ||
        mlirTypeIsAInteger(ir_element(memref))))
    return ir_error(op,
                    "takes a memref of numbers of at most %d dimensions, a "
                    "box of as many, and a swizzle",
                    MAX_RANK);
  MlirType element = ir_element(memref);
  int64_t bits = mlirTypeIsAFloat(element)
                     ? mlirFloatTypeGetWidth(element)
                     : (int64_t)mlirIntegerTypeGetWidth(element);
  Ir b = ir_before(op);
  MlirType type = tensor_map_type(b.context);
  MlirValue info = ir_llvm_alloca_once(&b, info_type(&b));
  MlirValue place = ir_llvm_alloca_once(&b, type);
  describe(&b, op, bits / 8, info);
  MlirOperation call =
      ir_call(&b, function, ir_i32(&b), IR_VALUES(info, place));
  MlirValue map = ir_llvm_load(&b, type, place);
  MlirValue there = ir_value(&b, "arith.trunci", ir_i1(&b),
                             IR_VALUES(ir_result(call, 0)), IR_NONE);
  mlirValueReplaceAllUsesOfWith(ir_result(op, 0), map);
  mlirValueReplaceAllUsesOfWith(ir_result(op, 1), there);
  mlirOperationDestroy(op);
  return mlirLogicalResultSuccess();
}
