// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simplicial-differentiate: a function -> the same, and its gradient.
//
// In:  func.func @f(%q: tensor<...>, %k: tensor<...>) -> tensor<...>
//          attributes {simplicial.differentiate} {
//        %out, %lse = "simplicial.attention"(%q, %k, %k, %k, %k)
//        %y = arith.addf %out, %q
//        return %y
//      }
// Out: func.func @f(%q: tensor<...>, %k: tensor<...>) -> tensor<...> { ... }
//      func.func @f_grad(%q: tensor<...>, %k: tensor<...>, %d_y: tensor<...>)
//          -> (tensor<...>, tensor<...>) {
//        %out, %lse = "simplicial.attention"(%q, %k, %k, %k, %k)
//        %d_out_q, %d_k1, %d_k2, %d_v1, %d_v2 =
//          "simplicial.attention_grad"(%q, %k, %k, %k, %k, %out, %lse, %d_y)
//        %d_q = arith.addf %d_y, %d_out_q
//        %d_k = ...                                 // the sum of the four
//        return %d_q, %d_k
//      }
//
// Reverse mode: the gradient is a copy of the function, behind whose ops those
// follow that add to the gradients of what these take, from the last to the
// first. What the gradients do not need of the copy is removed.

#include "gradients.h"

#include "lowering/gpu/target/chip.h"
#include "lowering/ir_llvm.h"
#include "lowering/memory.h"
#include "lowering/pass.h"

#include "simplicial/dialect.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <stdio.h>
#include <stdlib.h>

// What depends on the arguments -----------------------------------------------

static MlirLogicalResult activate(Gradients *g, MlirOperation op,
                                  MlirValue value) {
  MlirType type = ir_type(value);
  if (mlirTypeIsATensor(type) &&
      (!mlirShapedTypeHasRank(type) || ir_rank(type) > IR_MAX_RANK))
    return ir_error(op,
                    "tensors without a rank, or of more than %d dimensions, "
                    "cannot be differentiated",
                    IR_MAX_RANK);
  gradient_of(g, value)->active = true;
  return mlirLogicalResultSuccess();
}

typedef struct Search {
  Gradients *g;
  bool found;
} Search;

static MlirWalkResult find_active(MlirOperation op, void *user) {
  Search *search = user;
  for (int i = 0; i < (int)mlirOperationGetNumOperands(op); ++i)
    search->found |= gradient_of(search->g, ir_operand(op, i))->active;
  return search->found ? MlirWalkResultInterrupt : MlirWalkResultAdvance;
}

/// Whether what an op does depends on the elements of active tensors.
static bool depends(Gradients *g, MlirOperation op) {
  if (ir_is(op, "tensor.dim"))
    return false;
  if (ir_is(op, "linalg.fill"))
    return gradient_of(g, ir_operand(op, 0))->active;
  Search search = {.g = g};
  mlirOperationWalk(op, find_active, &search, MlirWalkPreOrder);
  return search.found;
}

static MlirLogicalResult go_forth(Gradients *g, MlirOperation op) {
  int n = (int)mlirOperationGetNumResults(op);
  if (!depends(g, op))
    return mlirLogicalResultSuccess();
  if (!n)
    return gradients_refuse(op);
  for (int i = 0; i < n; ++i)
    if (mlirLogicalResultIsFailure(activate(g, op, ir_result(op, i))))
      return mlirLogicalResultFailure();
  return mlirLogicalResultSuccess();
}

// The function ----------------------------------------------------------------

static bool has_gradient(MlirType type) {
  return mlirTypeIsATensor(type) && mlirTypeIsAFloat(ir_element(type));
}

/// Gives a copy of a function its type: arguments for the gradients of results,
/// and results that are the gradients of arguments.
static void set_type(MlirOperation copy) {
  MlirType type = mlirTypeAttrGetValue(ir_get_attr(copy, "function_type"));
  MlirContext context = mlirOperationGetContext(copy);
  MlirAttribute old = ir_get_attr(copy, "arg_attrs");
  MlirAttribute none = mlirDictionaryAttrGet(context, 0, NULL);
  MlirBlock body = ir_body(copy, 0);
  int n = (int)mlirFunctionTypeGetNumInputs(type), gradients = 0;
  int results = (int)mlirFunctionTypeGetNumResults(type), inputs = n;
  MlirType *types = memory_zeroed((size_t)(2 * n + results), sizeof *types);
  MlirAttribute *attributes =
      memory_zeroed((size_t)(n + results), sizeof *attributes);
  for (int i = 0; i < n; ++i)
    types[i] = mlirFunctionTypeGetInput(type, i);
  for (int i = 0; i < results; ++i) {
    types[inputs] = mlirFunctionTypeGetResult(type, i);
    if (has_gradient(types[inputs]))
      mlirBlockAddArgument(body, types[inputs++],
                           mlirOperationGetLocation(copy));
  }
  for (int i = 0; i < n; ++i)
    if (has_gradient(types[i]))
      types[inputs + gradients++] = types[i];
  for (int i = 0; i < inputs; ++i)
    attributes[i] = mlirAttributeIsNull(old) || i >= n
                        ? none
                        : mlirArrayAttrGetElement(old, i);
  mlirOperationSetAttributeByName(
      copy, ir_str("function_type"),
      mlirTypeAttrGet(mlirFunctionTypeGet(context, inputs, types, gradients,
                                          types + inputs)));
  mlirOperationSetAttributeByName(
      copy, ir_str("arg_attrs"), mlirArrayAttrGet(context, inputs, attributes));
  mlirOperationRemoveAttributeByName(copy, ir_str("res_attrs"));
  free(types);
  free(attributes);
}

/// Has the copy return the gradients of its first `n` arguments.
static void return_gradients(Gradients *g, MlirOperation last, int n) {
  MlirBlock body = mlirOperationGetBlock(last);
  MlirValue *values = memory_zeroed((size_t)n, sizeof *values);
  int count = 0;
  g->b.location = mlirOperationGetLocation(last);
  for (int i = 0; i < n; ++i) {
    MlirValue argument = mlirBlockGetArgument(body, i);
    MlirValue gradient = gradient_of(g, argument)->value;
    if (has_gradient(ir_type(argument)))
      values[count++] =
          mlirValueIsNull(gradient) ? gradients_zeros(g, argument) : gradient;
  }
  ir_op(&g->b, "func.return", IR_NONE, count, values, IR_NONE);
  mlirOperationDestroy(last);
  free(values);
}

/// Removes an op that does nothing but make what nobody needs.
static void remove_unused(MlirOperation op) {
  bool used = !mlirOperationGetNumResults(op);
  for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i)
    used |= !mlirOpOperandIsNull(
        mlirValueGetFirstUse(mlirOperationGetResult(op, i)));
  bool pure = !mlirOperationGetNumRegions(op) &&
              (ir_is_of(op, "arith.") || ir_is_of(op, "math.") ||
               ir_is_of(op, "tensor."));
  if (!used &&
      (pure || ir_is_any(op, IR_NAMES("linalg.fill", SIMPLICIAL_ATTENTION))))
    mlirOperationDestroy(op);
}

/// Makes a copy of a function its gradient.
static MlirLogicalResult make_gradient(Gradients *g, MlirOperation copy) {
  MlirLogicalResult result = mlirLogicalResultSuccess();
  MlirBlock body = ir_body(copy, 0);
  MlirOperation last = mlirBlockGetTerminator(body), op;
  int n = (int)mlirBlockGetNumArguments(body), argument = n, n_ops = 0, i = 0;
  set_type(copy);
  g->b = ir_before(last);
  for (op = mlirBlockGetFirstOperation(body); !mlirOperationEqual(op, last);
       op = mlirOperationGetNextInBlock(op))
    ++n_ops;
  MlirOperation *ops = memory_zeroed((size_t)n_ops, sizeof *ops);
  for (op = mlirBlockGetFirstOperation(body); i < n_ops;
       op = mlirOperationGetNextInBlock(op))
    ops[i++] = op;

  for (i = 0; i < n && mlirLogicalResultIsSuccess(result); ++i)
    if (has_gradient(ir_type(mlirBlockGetArgument(body, i))))
      result = activate(g, copy, mlirBlockGetArgument(body, i));
  for (i = 0; i < n_ops && mlirLogicalResultIsSuccess(result); ++i)
    result = go_forth(g, ops[i]);
  for (i = 0; i < (int)mlirOperationGetNumOperands(last); ++i)
    if (has_gradient(ir_type(ir_operand(last, i))))
      gradients_add(g, ir_operand(last, i),
                    mlirBlockGetArgument(body, argument++));
  for (i = n_ops; i-- > 0 && mlirLogicalResultIsSuccess(result);)
    result = gradients_go_back(g, ops[i]);
  if (mlirLogicalResultIsSuccess(result)) {
    return_gradients(g, last, n);
    for (i = n_ops; i-- > 0;)
      remove_unused(ops[i]);
  }
  free(ops);
  return result;
}

/// Whether it is a function that has a gradient, and room for that.
static MlirLogicalResult check(MlirOperation function, const char *name) {
  MlirRegion region = mlirOperationGetRegion(function, 0);
  MlirBlock body = mlirRegionGetFirstBlock(region);
  if (!mlirAttributeIsAUnit(
          ir_get_attr(function, SIMPLICIAL_DIFFERENTIATE_ATTR)))
    return ir_error(function,
                    SIMPLICIAL_DIFFERENTIATE_ATTR " must be a unit attribute");
  if (mlirBlockIsNull(body) || !mlirBlockIsNull(mlirBlockGetNextInRegion(body)))
    return ir_error(function,
                    "only functions of one block can be differentiated");
  if (!mlirOperationIsNull(ir_find_symbol(ir_module(function), name)))
    return ir_error(function, "the name of its gradient, '%s', is taken", name);
  return mlirLogicalResultSuccess();
}

static MlirLogicalResult differentiate(MlirOperation function) {
  static const char suffix[] = "_grad";
  ChipList chips;
  if (mlirAttributeIsNull(ir_get_attr(function, SIMPLICIAL_DIFFERENTIATE_ATTR)))
    return mlirLogicalResultSuccess();
  MlirStringRef symbol = ir_symbol_name(function);
  size_t size = symbol.length + sizeof suffix;
  char *name = memory_zeroed(size, 1);
  snprintf(name, size, "%.*s%s", (int)symbol.length, symbol.data, suffix);
  MlirLogicalResult result = check(function, name);
  if (mlirLogicalResultIsSuccess(result))
    result = chip_list_of(function, &chips);
  if (mlirLogicalResultIsSuccess(result)) {
    Ir b = ir_before(function);
    mlirOperationRemoveAttributeByName(function,
                                       ir_str(SIMPLICIAL_DIFFERENTIATE_ATTR));
    MlirOperation copy = mlirOperationClone(function);
    mlirOperationSetAttributeByName(copy, ir_str("sym_name"),
                                    ir_string_attr(&b, name));
    Gradient none = {.active = false};
    Gradients gradients = {.map = {.entry_size = sizeof none, .initial = &none},
                           .constants = chips.n != 0};
    result = make_gradient(&gradients, copy);
    value_map_free(&gradients.map, NULL);
    if (mlirLogicalResultIsSuccess(result))
      mlirBlockInsertOwnedOperationAfter(b.block, function, copy);
    else
      mlirOperationDestroy(copy);
  }
  free(name);
  return result;
}

MlirLogicalResult pass_differentiate(MlirOperation module) {
  static const char *const functions[] = {"func.func"};
  return pass_for_each(module, 1, functions, differentiate);
}
