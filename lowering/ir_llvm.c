// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The builder of ir_llvm.h.

#include "ir_llvm.h"
#include "memory.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Symbols ---------------------------------------------------------------------

MlirOperation ir_module(MlirOperation op) {
  while (!ir_is(op, "builtin.module"))
    op = mlirOperationGetParentOperation(op);
  return op;
}

MlirStringRef ir_symbol_name(MlirOperation symbol) {
  return mlirStringAttrGetValue(ir_get_attr(symbol, "sym_name"));
}

bool ir_is_public(MlirOperation symbol) {
  MlirAttribute visibility = ir_get_attr(symbol, "sym_visibility");
  return mlirAttributeIsNull(visibility) ||
         mlirStringRefEqual(mlirStringAttrGetValue(visibility),
                            ir_str("public"));
}

MlirOperation ir_find_symbol(MlirOperation module, const char *name) {
  for (MlirOperation op = mlirBlockGetFirstOperation(ir_body(module, 0));
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    MlirAttribute symbol = ir_get_attr(op, "sym_name");
    if (!mlirAttributeIsNull(symbol) && mlirAttributeIsAString(symbol) &&
        mlirStringRefEqual(mlirStringAttrGetValue(symbol), ir_str(name)))
      return op;
  }
  return (MlirOperation){NULL};
}

void ir_unique_name(MlirOperation module, MlirStringRef prefix,
                    const char *suffix, char *name, size_t size) {
  enum { NUMBER = 12 }; // characters that one takes
  size_t most = size - strlen(suffix) - NUMBER;
  int length = (int)(prefix.length < most ? prefix.length : most);
  snprintf(name, size, "%.*s%s", length, prefix.data, suffix);
  for (int i = 1; !mlirOperationIsNull(ir_find_symbol(module, name)); ++i)
    snprintf(name, size, "%.*s%s_%d", length, prefix.data, suffix, i);
}

MlirAttribute ir_symbol_ref(Ir *b, const char *name) {
  return mlirFlatSymbolRefAttrGet(b->context, ir_str(name));
}

MlirOperation ir_symbol(Ir *b, const char *op, const char *name,
                        int n_attributes, const IrAttribute *attributes,
                        MlirRegion body) {
  enum { MAX_ATTRIBUTES = 8 };
  assert(n_attributes < MAX_ATTRIBUTES);
  IrAttribute all[MAX_ATTRIBUTES] = {{"sym_name", ir_string_attr(b, name)}};
  for (int i = 0; i < n_attributes; ++i)
    all[1 + i] = attributes[i];
  return ir_op_with_regions(b, op, IR_NONE, IR_NONE, 1 + n_attributes, all, 1,
                            &body);
}

// Memrefs ---------------------------------------------------------------------

IrView ir_view(Ir *b, MlirValue memref, int64_t element_bytes) {
  MlirType type = ir_type(memref);
  int rank = ir_rank(type), n = 2 + 2 * rank;
  MlirType results[2 + 2 * IR_MAX_RANK] = {mlirMemRefTypeContiguousGet(
      ir_element(type), 0, NULL, mlirMemRefTypeGetMemorySpace(type))};
  for (int i = 1; i < n; ++i)
    results[i] = ir_index(b);
  MlirOperation metadata = ir_op(b, "memref.extract_strided_metadata", n,
                                 results, IR_VALUES(memref), IR_NONE);
  MlirValue base = ir_value(b, "memref.extract_aligned_pointer_as_index",
                            ir_index(b), IR_VALUES(memref), IR_NONE);
  IrView view = {.bytes = ir_const_index(b, element_bytes)};
  MlirValue offset = ir_muli(b, ir_result(metadata, 1), view.bytes);
  view.address = ir_addi(b, base, offset);
  for (int i = 0; i < rank; ++i) {
    view.sizes[i] = ir_result(metadata, 2 + i);
    view.strides[i] = ir_result(metadata, 2 + rank + i);
  }
  return view;
}

/// With element [field, dim] of a descriptor.
static MlirValue insert_dim(Ir *b, MlirValue record, MlirValue value,
                            int64_t field, int64_t dim) {
  const int64_t position[] = {field, dim};
  return ir_value(b, "llvm.insertvalue", ir_type(record),
                  IR_VALUES(record, value),
                  IR_ATTRIBUTES({"position", ir_i64_array(b, 2, position)}));
}

MlirValue ir_memref_of(Ir *b, MlirType type, MlirValue pointer,
                       const MlirValue *sizes) {
  enum { ALLOCATED, ALIGNED, OFFSET, SIZES, STRIDES, FIELDS };
  int rank = ir_rank(type);
  MlirType array = mlirLLVMArrayTypeGet(ir_i64(b), (unsigned)rank);
  MlirType fields[FIELDS] = {ir_pointer(b, 0), ir_pointer(b, 0), ir_i64(b),
                             array, array};
  MlirType record = ir_struct(b, rank ? FIELDS : SIZES, fields);
  MlirValue value = ir_value(b, "llvm.mlir.poison", record, IR_NONE, IR_NONE);
  value = ir_insert(b, value, pointer, ALLOCATED);
  value = ir_insert(b, value, pointer, ALIGNED);
  value = ir_insert(b, value, ir_const_i64(b, 0), OFFSET);
  MlirValue stride = ir_const_i64(b, 1);
  for (int d = rank - 1; d >= 0; --d) {
    value = insert_dim(b, value, sizes[d], SIZES, d);
    value = insert_dim(b, value, stride, STRIDES, d);
    stride = ir_muli(b, stride, sizes[d]);
  }
  return ir_value(b, "builtin.unrealized_conversion_cast", type,
                  IR_VALUES(value), IR_NONE);
}

MlirValue ir_memref_at(Ir *b, MlirType type, MlirValue pointer) {
  MlirValue sizes[IR_MAX_RANK];
  for (int d = 0; d < ir_rank(type); ++d)
    sizes[d] = ir_const_i64(b, ir_dim_size(type, d));
  return ir_memref_of(b, type, pointer, sizes);
}

// Functions -------------------------------------------------------------------

MlirOperation ir_function(Ir *b, MlirOperation module, const char *name,
                          MlirType type, MlirRegion body) {
  Ir end = ir_at_end(ir_body(module, 0), b->location);
  return ir_symbol(
      &end, "func.func", name,
      IR_ATTRIBUTES({"sym_visibility", ir_string_attr(b, "private")},
                    {"function_type", mlirTypeAttrGet(type)}),
      body);
}

MlirValue ir_function_address(Ir *b, MlirOperation function) {
  MlirType type = mlirTypeAttrGetValue(ir_get_attr(function, "function_type"));
  MlirAttribute name =
      mlirFlatSymbolRefAttrGet(b->context, ir_symbol_name(function));
  MlirValue value = ir_value(b, "func.constant", type, IR_NONE,
                             IR_ATTRIBUTES({"value", name}));
  return ir_value(b, "builtin.unrealized_conversion_cast", ir_pointer(b, 0),
                  IR_VALUES(value), IR_NONE);
}

MlirOperation ir_call(Ir *b, const char *function, MlirType result,
                      int n_operands, const MlirValue *operands) {
  assert(n_operands <= IR_MAX_VALUES);
  int n_results = !mlirTypeIsNull(result);
  MlirOperation module = ir_module(mlirBlockGetParentOperation(b->block));
  if (mlirOperationIsNull(ir_find_symbol(module, function))) {
    MlirType types[IR_MAX_VALUES];
    for (int i = 0; i < n_operands; ++i)
      types[i] = ir_type(operands[i]);
    MlirType type =
        mlirFunctionTypeGet(b->context, n_operands, types, n_results, &result);
    ir_function(b, module, function, type, mlirRegionCreate());
  }
  return ir_op(b, "func.call", n_results, &result, n_operands, operands,
               IR_ATTRIBUTES({"callee", ir_symbol_ref(b, function)}));
}

// The LLVM dialect ------------------------------------------------------------

MlirType ir_pointer(Ir *b, unsigned address_space) {
  return mlirLLVMPointerTypeGet(b->context, address_space);
}

MlirType ir_struct(Ir *b, int n, const MlirType *fields) {
  return mlirLLVMStructTypeLiteralGet(b->context, n, fields, false);
}

MlirType ir_bytes(Ir *b, size_t size) {
  return mlirLLVMArrayTypeGet(mlirIntegerTypeGet(b->context, 8),
                              (unsigned)size);
}

MlirAttribute ir_linkage(Ir *b, MlirLLVMLinkage linkage) {
  return mlirLLVMLinkageAttrGet(b->context, linkage);
}

void ir_bytes_constant(Ir *b, const char *name, MlirStringRef bytes) {
  enum { ALIGNMENT = 16 };
  char *copy = memory_resized(NULL, bytes.length + 1);
  if (bytes.length)
    memcpy(copy, bytes.data, bytes.length);
  copy[bytes.length] = '\0';
  MlirStringRef text = mlirStringRefCreate(copy, bytes.length + 1);
  ir_symbol(
      b, "llvm.mlir.global", name,
      IR_ATTRIBUTES({"global_type", mlirTypeAttrGet(ir_bytes(b, text.length))},
                    {"linkage", ir_linkage(b, MlirLLVMLinkageInternal)},
                    {"value", mlirStringAttrGet(b->context, text)},
                    {"constant", mlirUnitAttrGet(b->context)},
                    {"alignment", ir_i64_attr(b, ALIGNMENT)}),
      mlirRegionCreate());
  free(copy);
}

MlirValue ir_address_of(Ir *b, const char *global, unsigned address_space) {
  return ir_value(b, "llvm.mlir.addressof", ir_pointer(b, address_space),
                  IR_NONE,
                  IR_ATTRIBUTES({"global_name", ir_symbol_ref(b, global)}));
}

MlirValue ir_llvm_alloca(Ir *b, MlirType type) {
  return ir_value(b, "llvm.alloca", ir_pointer(b, 0),
                  IR_VALUES(ir_const_i64(b, 1)),
                  IR_ATTRIBUTES({"elem_type", mlirTypeAttrGet(type)}));
}

MlirValue ir_llvm_alloca_once(Ir *b, MlirType type) {
  MlirOperation function = mlirBlockGetParentOperation(b->block);
  while (!ir_is(function, "func.func"))
    function = mlirOperationGetParentOperation(function);
  Ir entry = ir_before(mlirBlockGetFirstOperation(ir_body(function, 0)));
  return ir_llvm_alloca(&entry, type);
}

MlirValue ir_llvm_load(Ir *b, MlirType type, MlirValue address) {
  return ir_value(b, "llvm.load", type, IR_VALUES(address), IR_NONE);
}

void ir_llvm_store(Ir *b, MlirValue value, MlirValue address) {
  ir_op(b, "llvm.store", IR_NONE, IR_VALUES(value, address), IR_NONE);
}

MlirValue ir_extract(Ir *b, MlirValue record, int64_t number) {
  MlirType type = mlirLLVMStructTypeGetElementType(ir_type(record), number);
  return ir_value(b, "llvm.extractvalue", type, IR_VALUES(record),
                  IR_ATTRIBUTES({"position", ir_i64_array(b, 1, &number)}));
}

MlirValue ir_insert(Ir *b, MlirValue record, MlirValue value, int64_t number) {
  return ir_value(b, "llvm.insertvalue", ir_type(record),
                  IR_VALUES(record, value),
                  IR_ATTRIBUTES({"position", ir_i64_array(b, 1, &number)}));
}

MlirValue ir_field(Ir *b, MlirValue address, MlirType type, int number) {
  MlirAttribute indices =
      mlirDenseI32ArrayGet(b->context, 2, (int32_t[]){0, number});
  return ir_value(b, "llvm.getelementptr", ir_type(address), IR_VALUES(address),
                  IR_ATTRIBUTES({"elem_type", mlirTypeAttrGet(type)},
                                {"rawConstantIndices", indices}));
}

MlirValue ir_advance(Ir *b, MlirValue address, MlirType element, MlirValue by) {
  const int32_t dynamic = INT32_MIN;
  if (mlirTypeIsAIndex(ir_type(by)))
    by = ir_index_cast(b, by, ir_i64(b));
  return ir_value(
      b, "llvm.getelementptr", ir_type(address), IR_VALUES(address, by),
      IR_ATTRIBUTES({"elem_type", mlirTypeAttrGet(element)},
                    {"rawConstantIndices",
                     mlirDenseI32ArrayGet(b->context, 1, &dynamic)}));
}
