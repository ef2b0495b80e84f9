// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which dimensions of a function's arguments must be equal.
//
// Every dimension of every tensor starts as a class of its own; each operation
// whose shapes are known here unites classes as its equation says. The classes
// that are left are the function's symbols.
//
//   func.func @f(%q: tensor<?x?x8x64xf32>, %k: tensor<?x?x1x64xf32>)
//       -> tensor<?x?x8x64xf32>
//     attention(%q, %k, %k, %k, %k)      %q, out: [s0, s1, s2, s3]
//                                        %k:      [s0, s4, s5, s3]
//
// Any other operation's dynamic results are unknown before the call. As the
// call could then read out of bounds, a function that needs them is an error.

#include "function.h"

#include "lowering/ir.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <stdlib.h>
#include <string.h>

/// The shapes of an operation, one letter a dimension: operands, then results.
typedef struct Equation {
  const char *op;
  const char *shapes[13];
} Equation;

static const Equation equations[] = {
    {SIMPLICIAL_ATTENTION,
     {"bqhd", "bngd", "bngd", "bngd", "bngd", "bqhd", "bhq"}},
    {SIMPLICIAL_ATTENTION_GRAD,
     {"bqhd", "bngd", "bngd", "bngd", "bngd", "bqhd", "bhq", "bqhd", "bqhd",
      "bngd", "bngd", "bngd", "bngd"}},
};

typedef struct Dim {
  int parent; ///< a lower number in the same class, or itself
  int symbol; ///< of a class; -1 until it has one
  int64_t size;
  bool known; ///< static, or follows from the function's arguments
} Dim;

typedef struct Tensor {
  MlirValue value;
  int first; ///< of its dims, which have consecutive numbers
} Tensor;

typedef struct Dims {
  SimplicialFunction *function;
  MlirOperation op; ///< the function's
  int results;      ///< the first dim of the function's results
  Dim *dims;
  int dim_count;
  Tensor *tensors;
  int tensor_count;
  bool failed; ///< and diagnosed
} Dims;

/// New dims for a tensor of type `type`; the number of the first.
static int add_dims(Dims *self, MlirType type, bool known) {
  int first = self->dim_count;
  for (int d = 0; d < ir_rank(type); ++d) {
    bool dynamic = mlirShapedTypeIsDynamicDim(type, d);
    self->dims[self->dim_count] =
        (Dim){.parent = self->dim_count,
              .symbol = -1,
              .size = dynamic ? SIMPLICIAL_DYNAMIC : ir_dim_size(type, d),
              .known = known || !dynamic};
    ++self->dim_count;
  }
  return first;
}

/// The first dim of `value`, which gets dims when it is first met.
static int dims_of(Dims *self, MlirValue value, bool known) {
  for (int i = 0; i < self->tensor_count; ++i)
    if (mlirValueEqual(self->tensors[i].value, value))
      return self->tensors[i].first;
  int first = add_dims(self, ir_type(value), known);
  self->tensors[self->tensor_count++] = (Tensor){value, first};
  return first;
}

static int root(const Dims *self, int dim) {
  while (self->dims[dim].parent != dim)
    dim = self->dims[dim].parent;
  return dim;
}

static int symbol_of(Dims *self, int dim) {
  Dim *class = &self->dims[root(self, dim)];
  if (class->symbol < 0) {
    class->symbol = self->function->symbol_count++;
    self->function->sizes[class->symbol] = class->size;
  }
  return class->symbol;
}

static void unite(Dims *self, MlirOperation op, int x, int y) {
  x = root(self, x);
  y = root(self, y);
  if (x == y || self->failed)
    return;
  Dim *low = &self->dims[x < y ? x : y], *high = &self->dims[x < y ? y : x];
  const char *error = NULL;
  if (!low->known || !high->known)
    error = "a dynamic dimension does not follow from the arguments of the "
            "function, so that a call could not check it";
  else if (low->size >= 0 && high->size >= 0 && low->size != high->size)
    error = "a dimension has two different static sizes in this function";
  self->failed = error;
  if (error)
    ir_error(op, "%s", error);
  high->parent = low->parent;
  if (low->size < 0)
    low->size = high->size;
}

static void unite_all(Dims *self, MlirOperation op, int x, int y, int n) {
  for (int i = 0; i < n; ++i)
    unite(self, op, x + i, y + i);
}

static void add_attention(Dims *self, MlirOperation op, const int *letters) {
  Attention *attention =
      &self->function->attentions[self->function->attention_count++];
  *attention = (Attention){.b = letters['b'],
                           .nq = letters['q'],
                           .hq = letters['h'],
                           .n = letters['n'],
                           .d = letters['d']};
  self->failed |= mlirLogicalResultIsFailure(
      simplicialAttentionGetAttributes(op, &attention->attributes));
}

static void unite_by_equation(Dims *self, MlirOperation op,
                              const Equation *equation) {
  int operands = (int)mlirOperationGetNumOperands(op);
  int results = (int)mlirOperationGetNumResults(op);
  int letters['z' + 1]; // the first dim each letter stands for
  memset(letters, -1, sizeof letters);
  for (int i = 0; i < operands + results; ++i) {
    bool result = i >= operands;
    int dim = dims_of(
        self, result ? ir_result(op, i - operands) : ir_operand(op, i), result);
    for (const char *l = equation->shapes[i]; *l; ++l, ++dim)
      if (letters[(int)*l] < 0)
        letters[(int)*l] = dim;
      else
        unite(self, op, letters[(int)*l], dim);
  }
  if (ir_is(op, SIMPLICIAL_ATTENTION))
    add_attention(self, op, letters);
}

static void unite_cast(Dims *self, MlirOperation op) {
  MlirValue from = ir_operand(op, 0);
  MlirValue to = ir_result(op, 0);
  int rank = ir_rank(ir_type(to));
  if (rank > SIMPLICIAL_MAX_RANK || !mlirTypeIsARankedTensor(ir_type(from)))
    return;
  int x = dims_of(self, from, false), y = dims_of(self, to, true);
  unite_all(self, op, x, y, rank);
}

static void unite_results(Dims *self, MlirOperation op) {
  const SimplicialFunction *f = self->function;
  int dim = self->results;
  for (int i = 0; i < f->output_count; ++i) {
    int rank = f->arguments[f->input_count + i].rank;
    unite_all(self, op, dim, dims_of(self, ir_operand(op, i), false), rank);
    dim += rank;
  }
}

static MlirWalkResult visit(MlirOperation op, void *data) {
  Dims *self = data;
  for (size_t i = 0; i < sizeof equations / sizeof *equations; ++i)
    if (ir_is(op, equations[i].op))
      unite_by_equation(self, op, &equations[i]);
  if (ir_is(op, "tensor.cast"))
    unite_cast(self, op);
  else if (ir_is(op, "func.return"))
    unite_results(self, op);
  return self->failed ? MlirWalkResultInterrupt : MlirWalkResultAdvance;
}

/// Counts more tensors than `visit` can meet.
static MlirWalkResult count_tensors(MlirOperation op, void *count) {
  *(size_t *)count += (size_t)mlirOperationGetNumOperands(op) +
                      (size_t)mlirOperationGetNumResults(op);
  return MlirWalkResultAdvance;
}

static void read_dims(Dims *self) {
  SimplicialFunction *f = self->function;
  MlirBlock body = ir_body(self->op, 0);
  for (int i = 0; i < f->input_count; ++i)
    dims_of(self, mlirBlockGetArgument(body, i), true);
  MlirType type = mlirTypeAttrGetValue(ir_get_attr(self->op, "function_type"));
  self->results = self->dim_count;
  for (int i = 0; i < f->output_count; ++i)
    add_dims(self, mlirFunctionTypeGetResult(type, i), true);
  mlirOperationWalk(self->op, visit, self, MlirWalkPreOrder);
  if (self->failed)
    return;

  int dim = 0; // Those of inputs and outputs are the first, in order.
  for (int i = 0; i < f->input_count + f->output_count; ++i)
    for (int d = 0; d < f->arguments[i].rank; ++d)
      f->arguments[i].symbols[d] = symbol_of(self, dim++);
  for (int i = 0; i < f->attention_count; ++i) {
    Attention *a = &f->attentions[i];
    int *dims[] = {&a->b, &a->nq, &a->hq, &a->n, &a->d};
    for (size_t j = 0; j < sizeof dims / sizeof *dims; ++j)
      *dims[j] = symbol_of(self, *dims[j]);
  }
}

SimplicialStatus function_read_dims(SimplicialFunction *function,
                                    MlirOperation op,
                                    const Diagnostics *diagnostics) {
  size_t tensors = (size_t)(function->input_count + function->output_count) + 1;
  mlirOperationWalk(op, count_tensors, &tensors, MlirWalkPreOrder);
  size_t dims = tensors * SIMPLICIAL_MAX_RANK;
  Dims self = {.function = function, .op = op};
  self.tensors = calloc(tensors, sizeof *self.tensors);
  self.dims = calloc(dims, sizeof *self.dims);
  function->sizes = calloc(dims, sizeof *function->sizes);
  function->attentions = calloc(tensors, sizeof *function->attentions);
  SimplicialStatus status;
  if (self.tensors && self.dims && function->sizes && function->attentions) {
    read_dims(&self);
    status = diagnostics_status(diagnostics, !self.failed, "reading shapes");
  } else {
    status = simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
  }
  free(self.tensors);
  free(self.dims);
  return status;
}
