// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Module -> its public functions and their signatures.

#include "function.h"
#include "no_memory.h"

#include "lowering/ir_llvm.h"
#include "lowering/module/workspace.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <stdlib.h>
#include <string.h>

static bool is_i32(MlirType type) {
  return mlirTypeIsAInteger(type) && mlirIntegerTypeIsSignless(type) &&
         mlirIntegerTypeGetWidth(type) == 32;
}

static bool element_type(MlirType type, DLDataType *dtype) {
  const char *name = mlirTypeIsAF32(type)    ? "f32"
                     : mlirTypeIsAF16(type)  ? "f16"
                     : mlirTypeIsABF16(type) ? "bf16"
                     : is_i32(type)          ? "i32"
                                             : "";
  return simplicialTypeFromName(name, dtype);
}

static bool read_argument(MlirType type, Argument *argument) {
  if (!mlirTypeIsARankedTensor(type) ||
      mlirShapedTypeGetRank(type) > SIMPLICIAL_MAX_RANK)
    return false;
  argument->rank = (int)mlirShapedTypeGetRank(type);
  return element_type(mlirShapedTypeGetElementType(type), &argument->dtype);
}

static SimplicialStatus read_function(MlirOperation op,
                                      SimplicialFunction *function,
                                      const Diagnostics *diagnostics) {
  MlirStringRef name = ir_symbol_name(op);
  if (!name.length)
    name = ir_str(""); // not NULL
  MlirType type = mlirTypeAttrGetValue(ir_get_attr(op, "function_type"));
  int inputs = (int)mlirFunctionTypeGetNumInputs(type);
  int outputs = (int)mlirFunctionTypeGetNumResults(type);
  function->input_count = inputs;
  function->output_count = outputs;
  function->name = strndup(name.data, name.length);
  function->arguments =
      calloc((size_t)(inputs + outputs) + 1, sizeof *function->arguments);
  if (!function->name || !function->arguments)
    return no_memory();

  for (int i = 0; i < inputs + outputs; ++i) {
    bool input = i < inputs;
    if (read_argument(input ? mlirFunctionTypeGetInput(type, i)
                            : mlirFunctionTypeGetResult(type, i - inputs),
                      &function->arguments[i]))
      continue;
    ir_error(op,
             "%s %d of public function '%s' must be a ranked tensor of f32, "
             "f16, bf16 or i32, of rank %d at most",
             input ? "argument" : "result", input ? i : i - inputs,
             function->name, SIMPLICIAL_MAX_RANK);
    return diagnostics_status(diagnostics, false, "reading the signature");
  }
  return function_read_dims(function, op, diagnostics);
}

static MlirOperation next_function(MlirOperation op) {
  return compilation_find_function(mlirOperationGetNextInBlock(op));
}

/// Whether `lowered` has a function that computes this one's workspace.
static SimplicialStatus find_workspace(const Compilation *compilation,
                                       SimplicialFunction *function) {
  static const char *const renamed[] = {"", COMPILATION_RENAMED};
  MlirOperation module = mlirModuleGetOperation(compilation->lowered);
  for (int i = 0; i < 2; ++i) {
    Text name = {0};
    text_format(&name, WORKSPACE_PREFIX "%s%s", renamed[i], function->name);
    if (name.failed)
      return no_memory();
    function->has_workspace |=
        !mlirOperationIsNull(ir_find_symbol(module, name.data));
    text_free(&name);
  }
  return simplicialOk();
}

static bool is_of_tensors(MlirOperation op) {
  MlirType type = mlirTypeAttrGetValue(ir_get_attr(op, "function_type"));
  Argument argument;
  bool all = true;
  for (int i = 0; i < (int)mlirFunctionTypeGetNumInputs(type); ++i)
    all &= read_argument(mlirFunctionTypeGetInput(type, i), &argument);
  for (int i = 0; i < (int)mlirFunctionTypeGetNumResults(type); ++i)
    all &= read_argument(mlirFunctionTypeGetResult(type, i), &argument);
  return all;
}

bool functions_are_of_tensors(const Compilation *compilation) {
  bool all = true;
  for (MlirOperation op = compilation_find_function(
           mlirBlockGetFirstOperation(mlirModuleGetBody(compilation->flat)));
       !mlirOperationIsNull(op); op = next_function(op))
    all &= is_of_tensors(op);
  return all;
}

SimplicialStatus functions_read(const Compilation *compilation, int *count,
                                SimplicialFunction **functions) {
  MlirOperation first = compilation_find_function(
      mlirBlockGetFirstOperation(mlirModuleGetBody(compilation->flat)));
  size_t total = 0;
  for (MlirOperation op = first; !mlirOperationIsNull(op);
       op = next_function(op))
    ++total;
  *count = 0;
  *functions = calloc(total, sizeof **functions);
  if (!*functions)
    return no_memory();

  SimplicialStatus status = simplicialOk();
  for (MlirOperation op = first; !mlirOperationIsNull(op) && !status.code;
       op = next_function(op)) {
    SimplicialFunction *function = &(*functions)[(*count)++];
    function->gpu = compilation->target.gpu;
    function->emulated = compilation->target.emulated;
    status = read_function(op, function, &compilation->diagnostics);
    if (!status.code)
      status = find_workspace(compilation, function);
  }
  return status;
}

void functions_free(SimplicialFunction *functions, int count) {
  for (int i = 0; i < count; ++i) {
    free(functions[i].name);
    free(functions[i].arguments);
    free(functions[i].sizes);
    free(functions[i].attentions);
  }
  free(functions);
}
