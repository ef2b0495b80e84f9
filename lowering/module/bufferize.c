// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simplicial-bufferize: tensors -> memrefs, destination style.
//
// In:  func.func @f(%q: tensor<...>, ...) -> (tensor<...>, tensor<...>) {
//        %out, %lse = "simplicial.attention"(%q, ...) : (tensor<...>, ...)
//        %slice = tensor.extract_slice %out ...
//        return %lse, %slice
//      }
// Out: func.func @f(%q: tensor<...> {bufferization.writable = false,
//                       bufferization.buffer_layout =
//                         strided<[?, ?, ?, 1], offset: ?>}, ...,
//                   %lse: memref<...>, %result: memref<...>) {
//        %q_buffer = bufferization.to_buffer %q read_only
//          : ... to memref<..., strided<[?, ?, ?, 1], offset: ?>>
//        ...
//        %out_buffer = memref.alloc(...)     // only if %out is used
//        "simplicial.attention_into"(%q_buffer, ..., %out_buffer, %lse)
//        %out = bufferization.to_tensor %out_buffer restrict writable
//        %slice = tensor.extract_slice %out ...
//        bufferization.materialize_in_destination %slice in %result
//        return
//      }
//
// What a public function returns it writes where its caller says, in trailing
// arguments: attention directly, if nothing else is returned there. Its inputs
// are the caller's, and not to be written. All else is left to upstream's
// one-shot-bufferize.

#include "lowering/gpu/target/chip.h"
#include "lowering/ir_llvm.h"
#include "lowering/pass.h"

#include "dialect/verify.h"

#include "simplicial/dialect.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "mlir-c/Dialect/Func.h"
#include "mlir-c/Dialect/Linalg.h"

#define TO_TENSOR "bufferization.to_tensor"
#define MATERIALIZE "bufferization.materialize_in_destination"

enum { MAX_RESULTS = 256 }; // and arguments

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

/// Whether upstream knows that the innermost stride of the tensor's buffer is
/// 1: not of what comes out of loops and branches, whose buffers may be several
/// ones.
static bool has_rows(MlirValue tensor) {
  for (MlirOperation op; !mlirOperationIsNull(op = ir_def(tensor));) {
    if (ir_is_any(op, IR_NAMES("arith.select", "scf.execute_region", "scf.for",
                               "scf.if", "scf.while")))
      return false;
    if (!ir_is_any(op, IR_NAMES("tensor.cast", "tensor.collapse_shape",
                                "tensor.expand_shape", "tensor.extract_slice",
                                "tensor.insert_slice")))
      return true;
    tensor = ir_operand(op, ir_is(op, "tensor.insert_slice") ? 1 : 0);
  }
  MlirBlock block = mlirBlockArgumentGetOwner(tensor);
  return ir_is(mlirBlockGetParentOperation(block), "func.func");
}

/// The buffer of an operand: that of what attention made, which is contiguous,
/// or any with rows; if upstream has none, it makes a copy.
static MlirValue input(Ir *b, MlirValue tensor) {
  bool any = has_rows(tensor) && !ir_is(ir_def(tensor), TO_TENSOR);
  MlirType type =
      any ? strided(b, ir_type(tensor)) : contiguous(ir_type(tensor));
  return ir_value(b, "bufferization.to_buffer", type, IR_VALUES(tensor),
                  IR_ATTRIBUTES({"read_only", mlirUnitAttrGet(b->context)}));
}

/// A fresh buffer for a result: dimension i of `tensor` is dimension
/// `like_dims[i]` of `like`.
static MlirValue allocate(Ir *b, MlirType tensor, MlirValue like,
                          const int *like_dims) {
  MlirValue sizes[IR_MAX_RANK];
  for (int i = 0; i < ir_rank(tensor); ++i)
    if (mlirShapedTypeIsDynamicSize(ir_dim_size(tensor, i)))
      sizes[i] = ir_dim(b, like, like_dims[i]);
  return ir_alloc_sized(b, contiguous(tensor), sizes);
}

static bool is_used(MlirValue value) {
  return !mlirOpOperandIsNull(mlirValueGetFirstUse(value));
}

// The functions' results ------------------------------------------------------

/// The op that copies `result` to where the function returns it, if the one
/// that made it may write there itself: as often as the other is run, and
/// nothing else.
static MlirOperation find_return(MlirValue result) {
  MlirBlock block = mlirOperationGetBlock(ir_def(result));
  for (MlirOpOperand use = mlirValueGetFirstUse(result);
       !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use)) {
    MlirOperation op = mlirOpOperandGetOwner(use);
    if (!ir_is(op, MATERIALIZE) ||
        !mlirBlockEqual(mlirOperationGetBlock(op), block))
      continue;
    MlirValue place = ir_operand(op, 1);
    MlirOpOperand other = mlirOpOperandGetNextUse(mlirValueGetFirstUse(place));
    if (mlirValueIsABlockArgument(place) && mlirOpOperandIsNull(other))
      return op;
  }
  return (MlirOperation){NULL};
}

/// Where a result goes: to the function's caller, or to a fresh buffer. What
/// still uses it as a tensor does so.
static MlirValue output(Ir *b, MlirValue result, MlirValue like,
                        const int *like_dims) {
  MlirAttribute unit = mlirUnitAttrGet(b->context);
  MlirType type = ir_type(result);
  MlirOperation returned = find_return(result);
  bool is_returned = !mlirOperationIsNull(returned);
  MlirValue buffer = is_returned ? ir_operand(returned, 1)
                                 : allocate(b, type, like, like_dims);
  if (is_returned)
    mlirOperationDestroy(returned);
  if (is_used(result))
    mlirValueReplaceAllUsesOfWith(
        result, ir_value(b, TO_TENSOR, type, IR_VALUES(buffer),
                         // Who returns it must find it as it was.
                         is_returned ? 1 : 2,
                         (const IrAttribute[]){{"restrict", unit},
                                               {"writable", unit}}));
  return buffer;
}

/// Has a return of the function write the values that are tensors to `places`
/// (null for others), and return the others.
static void rewrite_return(MlirOperation op, const MlirValue *places) {
  Ir b = ir_before(op);
  MlirAttribute unit = mlirUnitAttrGet(b.context);
  int n = (int)mlirOperationGetNumOperands(op), kept = 0;
  MlirValue values[MAX_RESULTS];
  for (int i = 0; i < n; ++i) {
    MlirValue value = ir_operand(op, i);
    if (mlirValueIsNull(places[i]))
      values[kept++] = value;
    else
      ir_op(&b, MATERIALIZE, IR_NONE, IR_VALUES(value, places[i]),
            IR_ATTRIBUTES({"restrict", unit}, {"writable", unit}));
  }
  ir_op(&b, "func.return", IR_NONE, kept, values, IR_NONE);
  mlirOperationDestroy(op);
}

/// Makes trailing arguments of the results that are tensors, which `places`
/// gets, and removes what is said of results.
static void move_results(Ir *b, MlirOperation function, MlirValue *places) {
  MlirType type = mlirTypeAttrGetValue(ir_get_attr(function, "function_type"));
  MlirBlock body = ir_body(function, 0);
  int inputs = (int)mlirFunctionTypeGetNumInputs(type);
  int results = (int)mlirFunctionTypeGetNumResults(type), kept = 0;
  MlirAttribute old = ir_get_attr(function, "arg_attrs");
  MlirAttribute none = ir_parse_attr(b, "{}");
  MlirType types[2 * MAX_RESULTS], left[MAX_RESULTS];
  MlirAttribute attributes[2 * MAX_RESULTS];
  for (int i = 0; i < inputs; ++i) {
    types[i] = mlirFunctionTypeGetInput(type, i);
    attributes[i] =
        mlirAttributeIsNull(old) ? none : mlirArrayAttrGetElement(old, i);
  }
  for (int i = 0; i < results; ++i) {
    MlirType result = mlirFunctionTypeGetResult(type, i);
    places[i] = (MlirValue){NULL};
    if (mlirTypeIsARankedTensor(result)) {
      types[inputs] = contiguous(result);
      attributes[inputs] = none;
      places[i] = mlirBlockAddArgument(body, types[inputs++],
                                       mlirOperationGetLocation(function));
    } else {
      left[kept++] = result;
    }
  }
  mlirOperationSetAttributeByName(function, ir_str("function_type"),
                                  mlirTypeAttrGet(mlirFunctionTypeGet(
                                      b->context, inputs, types, kept, left)));
  mlirOperationSetAttributeByName(
      function, ir_str("arg_attrs"),
      mlirArrayAttrGet(b->context, inputs, attributes));
  mlirOperationRemoveAttributeByName(function, ir_str("res_attrs"));
}

/// What callers of a public function own: its inputs, with rows, and the places
/// of its results.
static MlirLogicalResult take_function(MlirOperation function) {
  MlirRegion region = mlirOperationGetRegion(function, 0);
  MlirBlock body = mlirRegionGetFirstBlock(region);
  if (mlirBlockIsNull(body) || !ir_is_public(function))
    return mlirLogicalResultSuccess();
  MlirType type = mlirTypeAttrGetValue(ir_get_attr(function, "function_type"));
  if (mlirFunctionTypeGetNumInputs(type) > MAX_RESULTS ||
      mlirFunctionTypeGetNumResults(type) > MAX_RESULTS)
    return ir_error(function, "has more than %d arguments or results",
                    MAX_RESULTS);
  Ir b = ir_at_end(body, mlirOperationGetLocation(function));
  for (int i = 0; i < (int)mlirFunctionTypeGetNumInputs(type); ++i) {
    MlirType input = mlirFunctionTypeGetInput(type, i);
    if (!mlirTypeIsARankedTensor(input))
      continue;
    mlirFuncSetArgAttr(function, i, ir_str("bufferization.writable"),
                       mlirBoolAttrGet(b.context, false));
    if (ir_rank(input))
      mlirFuncSetArgAttr(function, i, ir_str("bufferization.buffer_layout"),
                         mlirMemRefTypeGetLayout(strided(&b, input)));
  }
  MlirValue places[MAX_RESULTS];
  move_results(&b, function, places);
  for (MlirBlock block = body; !mlirBlockIsNull(block);
       block = mlirBlockGetNextInRegion(block)) {
    MlirOperation last = mlirBlockGetTerminator(block);
    if (ir_is(last, "func.return"))
      rewrite_return(last, places);
  }
  return mlirLogicalResultSuccess();
}

// Attention -------------------------------------------------------------------

/// Puts the operation on memrefs in place of `op`.
static MlirOperation replace(MlirOperation op, const char *name, int n,
                             const MlirValue *operands) {
  Ir b = ir_before(op);
  MlirOperation into = ir_op(&b, name, IR_NONE, n, operands, IR_NONE);
  for (intptr_t i = 0; i < mlirOperationGetNumAttributes(op); ++i) {
    MlirNamedAttribute attribute = mlirOperationGetAttribute(op, i);
    mlirOperationSetAttributeByName(into, mlirIdentifierStr(attribute.name),
                                    attribute.attribute);
  }
  mlirOperationDestroy(op);
  return into;
}

/// Adds the buffer of what bounds `op`, if there is one, to so many operands;
/// how many there are then.
static int add_bound(Ir *b, MlirOperation op, MlirValue *operands, int n) {
  MlirValue bound = simplicialAttentionGetBound(op);
  if (!mlirValueIsNull(bound))
    operands[n++] = input(b, bound);
  return n;
}

static MlirLogicalResult bufferize(MlirOperation op) {
  if (mlirLogicalResultIsFailure(verify_attention(op)))
    return mlirLogicalResultFailure();
  Ir b = ir_before(op);
  MlirValue operands[SIMPLICIAL_LSE + 2];
  for (int i = SIMPLICIAL_Q; i <= SIMPLICIAL_V2; ++i)
    operands[i] = input(&b, ir_operand(op, i));
  MlirValue q = operands[SIMPLICIAL_Q];
  bool has_lse = is_used(ir_result(op, 1));
  operands[SIMPLICIAL_OUT] =
      output(&b, ir_result(op, 0), q, (const int[]){0, 1, 2, 3});
  if (has_lse)
    operands[SIMPLICIAL_LSE] =
        output(&b, ir_result(op, 1), q, (const int[]){0, 2, 1});

  int others = has_lse ? SIMPLICIAL_LSE + 1 : SIMPLICIAL_LSE;
  int n = add_bound(&b, op, operands, others);
  replace(op, n > others ? SIMPLICIAL_BOUNDED_INTO : SIMPLICIAL_ATTENTION_INTO,
          n, operands);
  return mlirLogicalResultSuccess();
}

/// Of the gradients those that are used; none at all if none is.
static MlirLogicalResult bufferize_grad(MlirOperation op) {
  enum { GRADIENTS = SIMPLICIAL_V2 + 1, INPUTS = SIMPLICIAL_D_OUT + 1 };
  if (mlirLogicalResultIsFailure(verify_attention(op)))
    return mlirLogicalResultFailure();
  Ir b = ir_before(op);
  MlirValue operands[INPUTS + GRADIENTS + 1];
  int32_t sizes[INPUTS + GRADIENTS + 1];
  bool used = false;
  for (int i = 0; i < GRADIENTS; ++i)
    used |= is_used(ir_result(op, i));
  if (!used) {
    mlirOperationDestroy(op);
    return mlirLogicalResultSuccess();
  }
  for (int i = 0; i < INPUTS; ++i) {
    operands[i] = input(&b, ir_operand(op, i));
    sizes[i] = 1;
  }
  int n = INPUTS;
  for (int i = 0; i < GRADIENTS; ++i) {
    sizes[INPUTS + i] = is_used(ir_result(op, i));
    if (sizes[INPUTS + i])
      operands[n++] =
          output(&b, ir_result(op, i), operands[i], (const int[]){0, 1, 2, 3});
  }
  int bounds = add_bound(&b, op, operands, n) - n;
  sizes[INPUTS + GRADIENTS] = bounds;
  MlirOperation into = replace(op,
                               bounds ? SIMPLICIAL_BOUNDED_GRAD_INTO
                                      : SIMPLICIAL_ATTENTION_GRAD_INTO,
                               n + bounds, operands);
  IrAttribute segments = ir_segments(&b, INPUTS + GRADIENTS + bounds, sizes);
  mlirOperationSetAttributeByName(into, ir_str(segments.name), segments.value);
  return mlirLogicalResultSuccess();
}

// What is beside attention ----------------------------------------------------

static bool is_tensor(MlirValue value) {
  return mlirTypeIsATensor(ir_type(value));
}

/// Ops on tensors that move elements, or none.
static bool is_view(MlirOperation op) {
  return ir_is_any(
      op,
      IR_NAMES("arith.constant", "bufferization.materialize_in_destination",
               "bufferization.to_buffer", "bufferization.to_tensor",
               "func.return", "scf.condition", "scf.for", "scf.if", "scf.while",
               "scf.yield", "tensor.cast", "tensor.collapse_shape",
               "tensor.dim", "tensor.empty", "tensor.expand_shape",
               "tensor.extract_slice", "tensor.insert_slice"));
}

static MlirWalkResult check_gpu_op(MlirOperation op, void *failed) {
  bool tensors = false;
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i)
    tensors |= is_tensor(ir_operand(op, (int)i));
  for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i)
    tensors |= is_tensor(ir_result(op, (int)i));
  if (!tensors || is_view(op))
    return MlirWalkResultAdvance;
  *(bool *)failed = true;
  ir_error(op, "has no code for GPUs: beside attention they take constants, "
               "slices and other views of tensors only");
  return MlirWalkResultInterrupt;
}

/// linalg has ops that are no loops, of which upstream makes none.
static MlirWalkResult check_cpu_op(MlirOperation op, void *failed) {
  if (!ir_is_of(op, "linalg.") || !mlirOperationGetNumResults(op) ||
      !is_tensor(ir_result(op, 0)) ||
      !mlirAttributeIsNull(mlirLinalgGetIndexingMapsAttribute(op)))
    return MlirWalkResultAdvance;
  *(bool *)failed = true;
  MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(op));
  ir_error(op, "'%.*s' has no code: linalg.generic can say the same",
           (int)name.length, name.data);
  return MlirWalkResultInterrupt;
}

static MlirLogicalResult check_ops(MlirOperation module,
                                   MlirWalkResult (*check)(MlirOperation op,
                                                           void *failed)) {
  bool failed = false;
  mlirOperationWalk(module, check, &failed, MlirWalkPreOrder);
  return failed ? mlirLogicalResultFailure() : mlirLogicalResultSuccess();
}

MlirLogicalResult pass_bufferize(MlirOperation module) {
  static const char *const functions[] = {"func.func"};
  static const char *const attentions[] = {SIMPLICIAL_ATTENTION};
  static const char *const gradients[] = {SIMPLICIAL_ATTENTION_GRAD};
  ChipList chips;
  if (mlirLogicalResultIsFailure(chip_list_of(module, &chips)) ||
      mlirLogicalResultIsFailure(
          pass_for_each(module, 1, functions, take_function)) ||
      mlirLogicalResultIsFailure(
          pass_for_each(module, 1, attentions, bufferize)) ||
      mlirLogicalResultIsFailure(
          pass_for_each(module, 1, gradients, bufferize_grad)))
    return mlirLogicalResultFailure();
  return check_ops(module, chips.n ? check_gpu_op : check_cpu_op);
}
