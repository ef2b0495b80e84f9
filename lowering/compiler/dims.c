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
// Operations on single elements and linalg's, views, loops and branches have
// equations as well. Any other operation's dynamic results are unknown before
// the call. As the call could then read out of bounds, a function that needs
// them is an error.

#include "function.h"
#include "no_memory.h"

#include "lowering/ir.h"

#include "mlir-c/AffineExpr.h"
#include "mlir-c/AffineMap.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "mlir-c/Dialect/Linalg.h"

#include <stdlib.h>
#include <string.h>

/// The shapes of an operation, one letter a dimension: operands but for what
/// bounds it, then results. 'm' is 'n' unless there are two lengths of keys.
typedef struct Equation {
  const char *op;
  const char *shapes[13];
} Equation;

/// Of what bounds it, by rank. 'p' is 'n' as well.
static const char *const bound_shapes[] = {NULL, "b", "bp"};

static const Equation equations[] = {
    {SIMPLICIAL_ATTENTION,
     {"bqhd", "bngd", "bmgd", "bngd", "bmgd", "bqhd", "bhq"}},
    {SIMPLICIAL_ATTENTION_GRAD,
     {"bqhd", "bngd", "bmgd", "bngd", "bmgd", "bqhd", "bhq", "bqhd", "bqhd",
      "bngd", "bmgd", "bngd", "bmgd"}},
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

static void add_attention(Dims *self, MlirOperation op,
                          SimplicialAttentionAttributes attributes,
                          const int *letters) {
  self->function->attentions[self->function->attention_count++] =
      (Attention){.gradient = !ir_is(op, SIMPLICIAL_ATTENTION),
                  .attributes = attributes,
                  .b = letters['b'],
                  .nq = letters['q'],
                  .hq = letters['h'],
                  .n = letters['n'],
                  .n2 = letters[attributes.two_lengths ? 'm' : 'n'],
                  .d = letters['d']};
}

static void unite_by_equation(Dims *self, MlirOperation op,
                              const Equation *equation) {
  int operands = (int)mlirOperationGetNumOperands(op);
  int results = (int)mlirOperationGetNumResults(op);
  MlirValue bound = simplicialAttentionGetBound(op);
  bool bounded = !mlirValueIsNull(bound);
  SimplicialAttentionAttributes attributes;
  self->failed |= mlirLogicalResultIsFailure(
      simplicialAttentionGetAttributes(op, &attributes));
  int letters['z' + 1]; // the first dim each letter stands for
  memset(letters, -1, sizeof letters);
  for (int i = 0; i < operands + results; ++i) {
    bool result = i >= operands;
    int dim = dims_of(
        self, result ? ir_result(op, i - operands) : ir_operand(op, i), result);
    const char *shape = bounded && i + 1 == operands
                            ? bound_shapes[ir_rank(ir_type(bound))]
                            : equation->shapes[i - (bounded && result)];
    for (const char *l = shape; *l; ++l, ++dim) {
      bool same = !attributes.two_lengths && (*l == 'm' || *l == 'p');
      int *letter = &letters[same ? 'n' : *l];
      if (*letter < 0)
        *letter = dim;
      else
        unite(self, op, *letter, dim);
    }
  }
  add_attention(self, op, attributes, letters);
}

static bool is_tensor(MlirValue value) {
  return mlirTypeIsARankedTensor(ir_type(value)) &&
         ir_rank(ir_type(value)) <= SIMPLICIAL_MAX_RANK;
}

/// Dimension `x_dim` of x is dimension `y_dim` of y. What an op makes has the
/// dims of what it makes it from, and so is `y`.
static void unite_dims(Dims *self, MlirOperation op, MlirValue x, int x_dim,
                       MlirValue y, int y_dim) {
  unite(self, op, dims_of(self, x, false) + x_dim,
        dims_of(self, y, true) + y_dim);
}

static bool have_one_rank(MlirValue x, MlirValue y) {
  return is_tensor(x) && is_tensor(y) &&
         ir_rank(ir_type(x)) == ir_rank(ir_type(y));
}

/// x and y, which is made of it, have one shape, if they are tensors.
static void unite_shapes(Dims *self, MlirOperation op, MlirValue x,
                         MlirValue y) {
  for (int d = 0; have_one_rank(x, y) && d < ir_rank(ir_type(x)); ++d)
    unite_dims(self, op, x, d, y, d);
}

/// The same of two that are there before.
static void unite_used(Dims *self, MlirOperation op, MlirValue x, MlirValue y) {
  if (have_one_rank(x, y))
    unite_all(self, op, dims_of(self, x, false), dims_of(self, y, false),
              ir_rank(ir_type(x)));
}

/// All operands and results have one shape; a number may be among the first.
static void unite_elementwise(Dims *self, MlirOperation op) {
  int last = (int)mlirOperationGetNumOperands(op) - 1;
  for (int i = 0; i < last; ++i)
    unite_used(self, op, ir_operand(op, last), ir_operand(op, i));
  unite_shapes(self, op, ir_operand(op, last), ir_result(op, 0));
}

/// linalg: dimensions that one loop goes over are equal, and results have the
/// shapes of the last operands.
static void unite_linalg(Dims *self, MlirOperation op) {
  MlirAttribute maps = mlirLinalgGetIndexingMapsAttribute(op);
  int operands = (int)mlirOperationGetNumOperands(op);
  int results = (int)mlirOperationGetNumResults(op);
  for (int i = 0; i < results; ++i)
    unite_shapes(self, op, ir_operand(op, operands - results + i),
                 ir_result(op, i));
  enum { MAX_LOOPS = 32 };
  int loops[MAX_LOOPS]; // the first dim that each goes over
  memset(loops, -1, sizeof loops);
  if (mlirAttributeIsNull(maps) ||
      mlirArrayAttrGetNumElements(maps) != operands)
    return;
  for (int i = 0; i < operands; ++i) {
    MlirAffineMap map =
        mlirAffineMapAttrGetValue(mlirArrayAttrGetElement(maps, i));
    MlirValue operand = ir_operand(op, i);
    if (!is_tensor(operand) ||
        mlirAffineMapGetNumResults(map) != ir_rank(ir_type(operand)))
      continue;
    int first = dims_of(self, operand, false);
    for (int d = 0; d < ir_rank(ir_type(operand)); ++d) {
      MlirAffineExpr expr = mlirAffineMapGetResult(map, d);
      if (!mlirAffineExprIsADim(expr) ||
          mlirAffineDimExprGetPosition(expr) >= MAX_LOOPS)
        continue;
      int *loop = &loops[mlirAffineDimExprGetPosition(expr)];
      if (*loop < 0)
        *loop = first + d;
      else
        unite(self, op, *loop, first + d);
    }
  }
}

/// The dynamic sizes of a tensor, operands of `op` from `first` on, where they
/// are those of other tensors.
static void unite_sizes(Dims *self, MlirOperation op, MlirValue tensor,
                        int first) {
  for (int d = 0; d < ir_rank(ir_type(tensor)); ++d) {
    if (!mlirShapedTypeIsDynamicDim(ir_type(tensor), d))
      continue;
    MlirOperation size = ir_def(ir_operand(op, first++));
    int64_t dim;
    if (!ir_is(size, "tensor.dim") ||
        !ir_is_number(ir_operand(size, 1), &dim) ||
        !is_tensor(ir_operand(size, 0)))
      continue;
    if (dim >= 0 && dim < ir_rank(ir_type(ir_operand(size, 0))))
      unite_dims(self, op, ir_operand(size, 0), (int)dim, tensor, d);
  }
}

static void unite_empty(Dims *self, MlirOperation op) {
  unite_sizes(self, op, ir_result(op, 0), 0);
}

/// Of a slice, if it has as many dimensions as what it is of; in `op` are
/// `tensors` operands before its numbers.
static void unite_slice_sizes(Dims *self, MlirOperation op, MlirValue slice,
                              int tensors) {
  MlirAttribute segments = ir_get_attr(op, "operandSegmentSizes");
  MlirAttribute sizes = ir_get_attr(op, "static_sizes");
  if (is_tensor(slice) &&
      mlirDenseArrayGetNumElements(sizes) == ir_rank(ir_type(slice)))
    unite_sizes(self, op, slice,
                tensors + mlirDenseI32ArrayGetElement(segments, tensors));
}

static void unite_extract(Dims *self, MlirOperation op) {
  unite_slice_sizes(self, op, ir_result(op, 0), 1);
}

static void unite_insert(Dims *self, MlirOperation op) {
  unite_shapes(self, op, ir_operand(op, 1), ir_result(op, 0));
  unite_slice_sizes(self, op, ir_operand(op, 0), 2);
}

/// expand_shape and collapse_shape keep the dimensions that stay single ones.
static void unite_reshape(Dims *self, MlirOperation op) {
  MlirAttribute groups = ir_get_attr(op, "reassociation");
  MlirValue from = ir_operand(op, 0), to = ir_result(op, 0);
  bool expands = ir_is(op, "tensor.expand_shape");
  if (!is_tensor(from) || !is_tensor(to))
    return;
  for (int i = 0; i < (int)mlirArrayAttrGetNumElements(groups); ++i) {
    MlirAttribute group = mlirArrayAttrGetElement(groups, i);
    if (mlirArrayAttrGetNumElements(group) != 1)
      continue;
    int single =
        (int)mlirIntegerAttrGetValueInt(mlirArrayAttrGetElement(group, 0));
    unite_dims(self, op, from, expands ? i : single, to, expands ? single : i);
  }
}

static void unite_cast(Dims *self, MlirOperation op) {
  unite_shapes(self, op, ir_operand(op, 0), ir_result(op, 0));
}

/// What a loop carries keeps its shape, and a branch gives those of both sides.
static void unite_yield(Dims *self, MlirOperation op) {
  MlirOperation parent = mlirOperationGetParentOperation(op);
  bool loop = ir_is(parent, "scf.for");
  if (!loop && !ir_is(parent, "scf.if"))
    return;
  for (int i = 0; i < (int)mlirOperationGetNumOperands(op); ++i) {
    if (loop)
      unite_used(self, op, mlirBlockGetArgument(ir_body(parent, 0), i + 1),
                 ir_operand(op, i));
    unite_shapes(self, op, ir_operand(op, i), ir_result(parent, i));
  }
}

static void unite_for(Dims *self, MlirOperation op) {
  enum { INITS = 3 };
  for (int i = 0; i < (int)mlirOperationGetNumResults(op); ++i)
    unite_shapes(self, op, ir_operand(op, INITS + i),
                 mlirBlockGetArgument(ir_body(op, 0), i + 1));
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

static bool is_elementwise(MlirOperation op) {
  return (ir_is_of(op, "arith.") || ir_is_of(op, "math.")) &&
         mlirOperationGetNumOperands(op) &&
         mlirOperationGetNumResults(op) == 1 && is_tensor(ir_result(op, 0));
}

/// Not linalg.index, which has no shape.
static bool is_linalg(MlirOperation op) {
  return ir_is_of(op, "linalg.") && mlirOperationGetNumResults(op) &&
         is_tensor(ir_result(op, 0));
}

static const struct {
  const char *op;
  void (*unite)(Dims *self, MlirOperation op);
} others[] = {
    {"func.return", unite_results},
    {"scf.for", unite_for},
    {"scf.yield", unite_yield},
    {"tensor.cast", unite_cast},
    {"tensor.collapse_shape", unite_reshape},
    {"tensor.empty", unite_empty},
    {"tensor.expand_shape", unite_reshape},
    {"tensor.extract_slice", unite_extract},
    {"tensor.insert_slice", unite_insert},
};

static MlirWalkResult visit(MlirOperation op, void *data) {
  Dims *self = data;
  for (size_t i = 0; i < sizeof equations / sizeof *equations; ++i)
    if (ir_is(op, equations[i].op))
      unite_by_equation(self, op, &equations[i]);
  for (size_t i = 0; i < sizeof others / sizeof *others; ++i)
    if (ir_is(op, others[i].op))
      others[i].unite(self, op);
  if (is_elementwise(op))
    unite_elementwise(self, op);
  else if (is_linalg(op))
    unite_linalg(self, op);
  return self->failed ? MlirWalkResultInterrupt : MlirWalkResultAdvance;
}

/// Counts more tensors than `visit` can meet.
static MlirWalkResult count_tensors(MlirOperation op, void *count) {
  // A loop has an argument for each of its operands.
  *(size_t *)count += 2 * (size_t)mlirOperationGetNumOperands(op) +
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
    int *dims[] = {&a->b, &a->nq, &a->hq, &a->n, &a->n2, &a->d};
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
    status = no_memory();
  }
  free(self.tensors);
  free(self.dims);
  return status;
}
