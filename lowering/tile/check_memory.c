// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loads, stores and memory of tile programs: what simplicial-check-tiles takes.

#include "check_memory.h"

#include "lowering/ir.h"
#include "lowering/tile_ops.h"

#include "mlir-c/AffineMap.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <math.h>

static bool is_positive_zero(MlirValue value) {
  MlirAttribute attribute = ir_is(ir_def(value), "arith.constant")
                                ? ir_get_attr(ir_def(value), "value")
                                : mlirAttributeGetNull();
  if (mlirAttributeIsNull(attribute))
    return false;
  if (mlirAttributeIsAInteger(attribute))
    return mlirIntegerAttrGetValueInt(attribute) == 0;
  return mlirAttributeIsAFloat(attribute) &&
         mlirFloatAttrGetValueDouble(attribute) == 0 &&
         !signbit(mlirFloatAttrGetValueDouble(attribute));
}

/// Whether a vector.create_mask leaves something out along `dim` only.
static bool cuts_only(MlirOperation mask, int dim) {
  if (!ir_is(mask, "vector.create_mask"))
    return false;
  int rank = (int)mlirOperationGetNumOperands(mask);
  for (int i = 0; i < rank; ++i)
    if (i != dim && !mlirValueIsNull(tile_op_mask_count(mask, i)))
      return false;
  return true;
}

/// The mask of a transfer: its dimensions are in the memref's order.
static MlirLogicalResult check_transfer_mask(MlirOperation op, MlirValue mask,
                                             int rank, const int *dims,
                                             bool writes) {
  int dim = 0;
  for (int t = 1; t < rank; ++t)
    dim += dims[t] < dims[0];
  MlirOperation made = ir_def(mask);
  if (cuts_only(made, dim))
    return mlirLogicalResultSuccess();
  if (writes)
    return check_refuse(op,
                        "must have a mask that leaves in the first elements of "
                        "its first dimension");
  bool span = ir_is(made, "arith.xori") &&
              cuts_only(ir_def(ir_operand(made, 0)), dim) &&
              cuts_only(ir_def(ir_operand(made, 1)), dim);
  return span
             ? mlirLogicalResultSuccess()
             : check_refuse(op,
                            "must have a mask that leaves in elements of its "
                            "first dimension: the first ones, or those between "
                            "two counts");
}

MlirLogicalResult check_transfer(MlirOperation op) {
  bool writes = ir_is(op, "vector.transfer_write");
  MlirValue memref = ir_operand(op, writes);
  MlirType tile = ir_type(writes ? ir_operand(op, 0) : ir_result(op, 0));
  if (!mlirTypeIsAMemRef(ir_type(memref)) ||
      !mlirTypeEqual(ir_element(ir_type(memref)), ir_element(tile)))
    return check_refuse(op, "must be of a memref of the tile's elements");
  int rank = ir_rank(tile), dims[IR_MAX_RANK];
  int number = 2 + ir_rank(ir_type(memref));
  MlirAffineMap map =
      mlirAffineMapAttrGetValue(ir_get_attr(op, "permutation_map"));
  bool plain = mlirAffineMapGetNumResults(map) == rank;
  if (plain)
    tile_op_memref_dims(op, rank, dims);
  for (int i = 0; i < rank && plain; ++i)
    for (int j = 0; j <= i && plain; ++j)
      plain = dims[i] >= 0 && (i == j || dims[i] != dims[j]);
  if (!plain)
    return check_refuse(op, "must run along dimensions of the memref");
  MlirAttribute in_bounds = ir_get_attr(op, "in_bounds");
  for (int i = 0; i < rank; ++i)
    if (!mlirBoolAttrGetValue(mlirArrayAttrGetElement(in_bounds, i)))
      return check_refuse(op, "must be in bounds, or have a mask");
  if (mlirOperationGetNumOperands(op) <= number)
    return mlirLogicalResultSuccess();
  if (!writes && !is_positive_zero(ir_operand(op, number - 1)))
    return check_refuse(op, "must pad with zeros");
  return check_transfer_mask(op, ir_operand(op, number), rank, dims, writes);
}

static bool is_in_space(MlirType memref) {
  return !mlirAttributeIsNull(mlirMemRefTypeGetMemorySpace(memref));
}

MlirLogicalResult check_unstaged_transfer(MlirOperation op) {
  MlirValue memref = ir_operand(op, ir_is(op, "vector.transfer_write"));
  return mlirTypeIsAMemRef(ir_type(memref)) && is_in_space(ir_type(memref))
             ? check_refuse(op, "must be of memory in no memory space")
             : check_transfer(op);
}

MlirLogicalResult check_ring(MlirOperation op) {
  return is_in_space(ir_type(ir_result(op, 0)))
             ? mlirLogicalResultSuccess()
             : check_refuse(op, "must be in shared memory");
}

MlirLogicalResult check_own_memory(MlirOperation op) {
  MlirType type = ir_type(ir_result(op, 0)), element = ir_element(type);
  if (!mlirShapedTypeHasStaticShape(type) || ir_rank(type) == 0 ||
      !mlirAffineMapIsIdentity(mlirMemRefTypeGetAffineMap(type)) ||
      is_in_space(type))
    return check_refuse(op, "must have static sizes and no layout");
  return mlirTypeIsAF32(element) || mlirTypeIsAF16(element) ||
                 mlirTypeIsABF16(element)
             ? mlirLogicalResultSuccess()
             : check_refuse(op, "must be of f32, f16 or bf16");
}

MlirLogicalResult check_view(MlirOperation op) {
  MlirType type = ir_type(ir_result(op, 0));
  int64_t strides[IR_MAX_RANK], offset;
  bool fixed = mlirOperationGetNumOperands(op) == 1 &&
               mlirShapedTypeHasStaticShape(type);
  mlirMemRefTypeGetStridesAndOffset(type, strides, &offset);
  if (!fixed || offset != 0 ||
      !ir_is(ir_def(ir_operand(op, 0)), "memref.alloca"))
    return check_refuse(op, "must be of a block's own memory, from its "
                            "beginning, and of static sizes and strides");
  for (MlirOpOperand use = mlirValueGetFirstUse(ir_result(op, 0));
       !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use))
    if (!ir_is(mlirOpOperandGetOwner(use), "vector.transfer_read"))
      return check_refuse(op, "must be for loads");
  return mlirLogicalResultSuccess();
}

MlirLogicalResult check_pieces(MlirOperation op) {
  MlirType from = ir_type(ir_operand(op, 0)), to = ir_type(ir_result(op, 0));
  int last = ir_rank(from) - 1;
  bool pieces = ir_rank(to) == last + 2 &&
                !mlirShapedTypeIsDynamicSize(ir_dim_size(from, last)) &&
                ir_dim_size(to, last) * ir_dim_size(to, last + 1) ==
                    ir_dim_size(from, last);
  for (int d = 0; d < last && pieces; ++d)
    pieces = ir_dim_size(to, d) == ir_dim_size(from, d);
  return pieces ? mlirLogicalResultSuccess()
                : check_refuse(op, "must make the last dimension two");
}
