// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simplicial-bufferize: tensors -> memrefs, destination style.
//
// In:  %out, %lse = "simplicial.attention"(%q, ...) : (tensor<...>, ...)
// Out: %q_buffer = bufferization.to_buffer %q read_only
//        : ... to memref<..., strided<[?, ?, ?, 1], offset: ?>>
//      ...
//      %out_buffer = memref.alloc(...)
//      %lse_buffer = memref.alloc(...)     // only if %lse is used
//      "simplicial.attention_into"(%q_buffer, ..., %out_buffer, %lse_buffer)
//      %out = bufferization.to_tensor %out_buffer restrict writable
//
// Function boundaries and the conversions at their ends are left to upstream's
// one-shot-bufferize.

#include "ir.h"
#include "pass.h"

#include "simplicial/dialect.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "mlir-c/Dialect/Func.h"

/// `tensor` as a memref with any strides but the innermost, which is 1.
static MlirType strided(Ir *b, MlirType tensor) {
  int rank = ir_rank(tensor);
  int64_t shape[IR_MAX_RANK], strides[IR_MAX_RANK];
  for (int i = 0; i < rank; ++i) {
    shape[i] = ir_dim_size(tensor, i);
    strides[i] = mlirShapedTypeGetDynamicStrideOrOffset();
  }
  strides[rank - 1] = 1;
  MlirAttribute layout = mlirStridedLayoutAttrGet(
      b->context, mlirShapedTypeGetDynamicStrideOrOffset(), rank, strides);
  return mlirMemRefTypeGet(ir_element(tensor), rank, shape, layout,
                           mlirAttributeGetNull());
}

static MlirType contiguous(MlirType tensor) {
  int rank = ir_rank(tensor);
  int64_t shape[IR_MAX_RANK];
  for (int i = 0; i < rank; ++i)
    shape[i] = ir_dim_size(tensor, i);
  return ir_memref(ir_element(tensor), rank, shape);
}

/// Asks that a function's argument arrive with an innermost stride of 1, if
/// that is what `tensor` is but for casts of its type.
static bool is_argument(Ir *b, MlirValue tensor) {
  while (ir_is(ir_def(tensor), "tensor.cast"))
    tensor = ir_operand(ir_def(tensor), 0);
  if (!mlirValueIsABlockArgument(tensor) ||
      !mlirShapedTypeHasRank(ir_type(tensor)))
    return false;
  MlirBlock block = mlirBlockArgumentGetOwner(tensor);
  MlirOperation function = mlirBlockGetParentOperation(block);
  if (!ir_is(function, "func.func") ||
      !mlirBlockEqual(block, ir_body(function, 0)))
    return false;
  mlirFuncSetArgAttr(function, mlirBlockArgumentGetArgNumber(tensor),
                     ir_str("bufferization.buffer_layout"),
                     mlirMemRefTypeGetLayout(strided(b, ir_type(tensor))));
  return true;
}

/// The buffer of an operand. Arguments may have strides; what other ops make
/// is contiguous, or upstream copies it.
static MlirValue input(Ir *b, MlirValue tensor) {
  MlirType type = is_argument(b, tensor) ? strided(b, ir_type(tensor))
                                         : contiguous(ir_type(tensor));
  return ir_value(b, "bufferization.to_buffer", type, IR_VALUES(tensor),
                  IR_ATTRIBUTES({"read_only", mlirUnitAttrGet(b->context)}));
}

/// A fresh buffer for a result: dimension i of `tensor` is dimension
/// `like_dims[i]` of `like`.
static MlirValue output(Ir *b, MlirType tensor, MlirValue like,
                        const int *like_dims) {
  int n = 0;
  MlirValue sizes[IR_MAX_RANK];
  for (int i = 0; i < ir_rank(tensor); ++i)
    if (mlirShapedTypeIsDynamicSize(ir_dim_size(tensor, i)))
      sizes[n++] = ir_dim(b, like, like_dims[i]);
  return ir_value(b, "memref.alloc", contiguous(tensor), n, sizes,
                  IR_ATTRIBUTES(ir_segments(b, 2, (int32_t[]){n, 0})));
}

static void replace(Ir *b, MlirValue result, MlirValue buffer) {
  MlirAttribute unit = mlirUnitAttrGet(b->context);
  mlirValueReplaceAllUsesOfWith(
      result,
      ir_value(b, "bufferization.to_tensor", ir_type(result), IR_VALUES(buffer),
               IR_ATTRIBUTES({"restrict", unit}, {"writable", unit})));
}

static MlirLogicalResult bufferize(MlirOperation op) {
  Ir b = ir_before(op);
  MlirValue operands[SIMPLICIAL_LSE + 1];
  for (int i = SIMPLICIAL_Q; i <= SIMPLICIAL_V2; ++i)
    operands[i] = input(&b, ir_operand(op, i));
  MlirValue q = operands[SIMPLICIAL_Q];
  MlirValue out = ir_result(op, 0), lse = ir_result(op, 1);
  bool has_lse = !mlirOpOperandIsNull(mlirValueGetFirstUse(lse));
  operands[SIMPLICIAL_OUT] =
      output(&b, ir_type(out), q, (const int[]){0, 1, 2, 3});
  if (has_lse)
    operands[SIMPLICIAL_LSE] =
        output(&b, ir_type(lse), q, (const int[]){0, 2, 1});

  MlirOperation into =
      ir_op(&b, SIMPLICIAL_ATTENTION_INTO, IR_NONE,
            has_lse ? SIMPLICIAL_LSE + 1 : SIMPLICIAL_LSE, operands, IR_NONE);
  for (intptr_t i = 0; i < mlirOperationGetNumAttributes(op); ++i) {
    MlirNamedAttribute attribute = mlirOperationGetAttribute(op, i);
    mlirOperationSetAttributeByName(into, mlirIdentifierStr(attribute.name),
                                    attribute.attribute);
  }
  replace(&b, out, operands[SIMPLICIAL_OUT]);
  if (has_lse)
    replace(&b, lse, operands[SIMPLICIAL_LSE]);
  mlirOperationDestroy(op);
  return mlirLogicalResultSuccess();
}

MlirLogicalResult pass_bufferize(MlirOperation module) {
  static const char *const names[] = {SIMPLICIAL_ATTENTION};
  return pass_for_each(module, 1, names, bufferize);
}
