// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What each op adds to the gradients of what it takes: a rule an op.
//
// In:  %y = arith.mulf %x, %c             // the gradient of %y is %d
// Out: %0 = arith.mulf %d, %c             // and of %x, if it had none yet
//
// Of slices:
//
// In:  %s = tensor.extract_slice %x[0, 4] [9, 4] [1, 1]
// Out: %1 = tensor.insert_slice %d into %zeros[0, 4] [9, 4] [1, 1]
//
// A second slice goes into the gradient that is there, in which it is added to
// what it finds, unless that is zero.

#include "gradients.h"

#include "dialect/verify.h"

#include "simplicial/dialect.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "mlir-c/Dialect/Linalg.h"

Gradient *gradient_of(Gradients *g, MlirValue value) {
  return value_map_entry(&g->map, value);
}

static bool is_active(Gradients *g, MlirOperation op, int operand) {
  return gradient_of(g, ir_operand(op, operand))->active;
}

void gradients_add(Gradients *g, MlirValue value, MlirValue d) {
  Gradient *sum = gradient_of(g, value);
  if (sum->active)
    sum->value =
        mlirValueIsNull(sum->value) ? d : ir_addf(&g->b, sum->value, d);
}

// Zeros -----------------------------------------------------------------------

/// The dynamic sizes of a tensor; how many there are.
static int dynamic_sizes(Ir *b, MlirValue tensor, MlirValue *sizes) {
  MlirType type = ir_type(tensor);
  int n = 0;
  for (int i = 0; i < ir_rank(type); ++i)
    if (mlirShapedTypeIsDynamicDim(type, i))
      sizes[n++] = ir_value(b, "tensor.dim", ir_index(b),
                            IR_VALUES(tensor, ir_const_index(b, i)), IR_NONE);
  return n;
}

MlirValue gradients_zeros(Gradients *g, MlirValue like) {
  Ir *b = &g->b;
  MlirType type = ir_type(like);
  if (g->constants && mlirShapedTypeHasStaticShape(type)) {
    MlirAttribute zero =
        mlirFloatAttrDoubleGet(b->context, ir_element(type), 0);
    return ir_value(
        b, "arith.constant", type, IR_NONE,
        IR_ATTRIBUTES({"value", mlirDenseElementsAttrSplatGet(type, zero)}));
  }
  MlirValue sizes[IR_MAX_RANK];
  int n = dynamic_sizes(b, like, sizes);
  MlirValue empty = ir_value(b, "tensor.empty", type, n, sizes, IR_NONE);
  MlirValue zero = ir_zero(b, ir_element(type));
  MlirRegion region = mlirRegionCreate();
  MlirOperation fill = ir_op_with_regions(
      b, "linalg.fill", 1, &type, IR_VALUES(zero, empty),
      IR_ATTRIBUTES(ir_segments(b, 2, (int32_t[]){1, 1})), 1, &region);
  mlirLinalgFillBuiltinNamedOpRegion(fill);
  return ir_result(fill, 0);
}

static bool is_zeros(MlirValue gradient) {
  return ir_is_any(ir_def(gradient), IR_NAMES("arith.constant", "linalg.fill"));
}

// Slices ----------------------------------------------------------------------

static const char *const slice_numbers[] = {"static_offsets", "static_sizes",
                                            "static_strides"};
enum { OFFSETS, SIZES, STRIDES, NUMBERS };

/// The slice that `op` extracts or inserts, of one tensor; or of two, the first
/// in that place of the second.
static MlirValue slice(Ir *b, MlirOperation op, MlirType result, int n_tensors,
                       const MlirValue *tensors) {
  bool insert = n_tensors == 2;
  int own = ir_is(op, "tensor.insert_slice") ? 2 : 1, n = 0;
  MlirAttribute old = ir_get_attr(op, "operandSegmentSizes");
  MlirValue operands[2 + NUMBERS * IR_MAX_RANK];
  int32_t segments[2 + NUMBERS] = {1, 1};
  IrAttribute attributes[NUMBERS + 1];
  for (int i = 0; i < n_tensors; ++i)
    operands[n++] = tensors[i];
  for (int i = own; i < (int)mlirOperationGetNumOperands(op); ++i)
    operands[n++] = ir_operand(op, i);
  for (int i = 0; i < NUMBERS; ++i) {
    segments[n_tensors + i] = mlirDenseI32ArrayGetElement(old, own + i);
    attributes[i] =
        (IrAttribute){slice_numbers[i], ir_get_attr(op, slice_numbers[i])};
  }
  attributes[NUMBERS] = ir_segments(b, n_tensors + NUMBERS, segments);
  return ir_value(b, insert ? "tensor.insert_slice" : "tensor.extract_slice",
                  result, n, operands, NUMBERS + 1, attributes);
}

static MlirValue extract(Gradients *g, MlirOperation op, MlirValue from,
                         MlirType type) {
  return slice(&g->b, op, type, IR_VALUES(from));
}

static MlirValue insert(Gradients *g, MlirOperation op, MlirValue what,
                        MlirValue into) {
  return slice(&g->b, op, ir_type(into), IR_VALUES(what, into));
}

/// Whether two slices of one tensor have no element in common, as far as static
/// numbers say: those of one dimension end before the other's begin.
static bool are_disjoint(MlirOperation x, MlirOperation y) {
  MlirOperation ops[] = {x, y};
  MlirAttribute numbers[2][NUMBERS];
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < NUMBERS; ++j)
      numbers[i][j] = ir_get_attr(ops[i], slice_numbers[j]);
  bool disjoint = false;
  for (intptr_t d = mlirDenseArrayGetNumElements(numbers[0][0]); d-- > 0;) {
    uint64_t begin[2], end[2];
    bool is_static = true;
    for (int i = 0; i < 2; ++i) {
      int64_t at[NUMBERS];
      for (int j = 0; j < NUMBERS; ++j)
        at[j] = mlirDenseI64ArrayGetElement(numbers[i][j], d);
      is_static &= at[OFFSETS] >= 0 && at[SIZES] >= 0 && at[STRIDES] == 1;
      begin[i] = (uint64_t)at[OFFSETS];
      end[i] = begin[i] + (uint64_t)at[SIZES];
    }
    disjoint |= is_static && (end[0] <= begin[1] || end[1] <= begin[0]);
  }
  return disjoint;
}

/// Whether a gradient is zero in a slice: it began as zeros, and what was put
/// into it since is elsewhere.
static bool is_zero_in(MlirValue gradient, MlirOperation op) {
  while (ir_is(ir_def(gradient), "tensor.insert_slice") &&
         are_disjoint(ir_def(gradient), op))
    gradient = ir_operand(ir_def(gradient), 1);
  return is_zeros(gradient);
}

// The rules: `d` is the gradient of the op's first result --------------------

static void rule_extract_slice(Gradients *g, MlirOperation op, MlirValue d) {
  MlirValue from = ir_operand(op, 0);
  Gradient *sum = gradient_of(g, from);
  if (!sum->active)
    return;
  if (mlirValueIsNull(sum->value))
    sum->value = gradients_zeros(g, from);
  if (!is_zero_in(sum->value, op))
    d = ir_addf(&g->b, extract(g, op, sum->value, ir_type(d)), d);
  sum->value = insert(g, op, d, sum->value);
}

static void rule_insert_slice(Gradients *g, MlirOperation op, MlirValue d) {
  MlirValue what = ir_operand(op, 0), into = ir_operand(op, 1);
  if (is_active(g, op, 0))
    gradients_add(g, what, extract(g, op, d, ir_type(what)));
  if (is_active(g, op, 1))
    gradients_add(g, into, insert(g, op, gradients_zeros(g, what), d));
}

static void rule_cast(Gradients *g, MlirOperation op, MlirValue d) {
  MlirValue x = ir_operand(op, 0);
  gradients_add(
      g, x, ir_value(&g->b, "tensor.cast", ir_type(x), IR_VALUES(d), IR_NONE));
}

static void rule_expand_shape(Gradients *g, MlirOperation op, MlirValue d) {
  MlirValue x = ir_operand(op, 0);
  gradients_add(
      g, x,
      ir_value(
          &g->b, "tensor.collapse_shape", ir_type(x), IR_VALUES(d),
          IR_ATTRIBUTES({"reassociation", ir_get_attr(op, "reassociation")})));
}

static void rule_collapse_shape(Gradients *g, MlirOperation op, MlirValue d) {
  MlirValue x = ir_operand(op, 0), operands[1 + IR_MAX_RANK] = {d};
  MlirType type = ir_type(x);
  int n = dynamic_sizes(&g->b, x, operands + 1);
  int64_t shape[IR_MAX_RANK];
  for (int i = 0; i < ir_rank(type); ++i)
    shape[i] = ir_dim_size(type, i);
  gradients_add(
      g, x,
      ir_value(
          &g->b, "tensor.expand_shape", type, 1 + n, operands,
          IR_ATTRIBUTES({"reassociation", ir_get_attr(op, "reassociation")},
                        {"static_output_shape",
                         ir_i64_array(&g->b, ir_rank(type), shape)})));
}

static void rule_addf(Gradients *g, MlirOperation op, MlirValue d) {
  gradients_add(g, ir_operand(op, 0), d);
  gradients_add(g, ir_operand(op, 1), d);
}

static void rule_subf(Gradients *g, MlirOperation op, MlirValue d) {
  gradients_add(g, ir_operand(op, 0), d);
  if (is_active(g, op, 1))
    gradients_add(g, ir_operand(op, 1), ir_negf(&g->b, d));
}

static void rule_negf(Gradients *g, MlirOperation op, MlirValue d) {
  gradients_add(g, ir_operand(op, 0), ir_negf(&g->b, d));
}

static void rule_mulf(Gradients *g, MlirOperation op, MlirValue d) {
  for (int i = 0; i < 2; ++i)
    if (is_active(g, op, i))
      gradients_add(g, ir_operand(op, i),
                    ir_mulf(&g->b, d, ir_operand(op, 1 - i)));
}

/// d(x / y) is dx / y - (x / y) * dy / y.
static void rule_divf(Gradients *g, MlirOperation op, MlirValue d) {
  MlirValue d_x = ir_divf(&g->b, d, ir_operand(op, 1));
  gradients_add(g, ir_operand(op, 0), d_x);
  if (is_active(g, op, 1))
    gradients_add(g, ir_operand(op, 1),
                  ir_negf(&g->b, ir_mulf(&g->b, d_x, ir_result(op, 0))));
}

static void rule_convert(Gradients *g, MlirOperation op, MlirValue d) {
  MlirValue x = ir_operand(op, 0);
  const char *back = ir_is(op, "arith.extf") ? "arith.truncf" : "arith.extf";
  gradients_add(g, x, ir_value(&g->b, back, ir_type(x), IR_VALUES(d), IR_NONE));
}

static void rule_attention(Gradients *g, MlirOperation op, MlirValue d) {
  MlirValue operands[SIMPLICIAL_D_OUT + 1];
  MlirType types[SIMPLICIAL_V2 + 1];
  for (int i = SIMPLICIAL_Q; i <= SIMPLICIAL_V2; ++i) {
    operands[i] = ir_operand(op, i);
    types[i] = ir_type(operands[i]);
  }
  operands[SIMPLICIAL_OUT] = ir_result(op, 0);
  operands[SIMPLICIAL_LSE] = ir_result(op, 1);
  operands[SIMPLICIAL_D_OUT] = d;
  MlirOperation grad =
      ir_op(&g->b, SIMPLICIAL_ATTENTION_GRAD, SIMPLICIAL_V2 + 1, types,
            SIMPLICIAL_D_OUT + 1, operands, IR_NONE);
  SimplicialAttentionAttributes attributes;
  simplicialAttentionGetAttributes(op, &attributes);
  simplicialAttentionSetAttributes(grad, attributes);
  MlirValue bound = simplicialAttentionGetBound(op);
  if (!mlirValueIsNull(bound))
    simplicialAttentionSetBound(grad, bound);
  for (int i = SIMPLICIAL_Q; i <= SIMPLICIAL_V2; ++i)
    gradients_add(g, operands[i], ir_result(grad, i));
}

typedef struct Rule {
  const char *op;
  void (*apply)(Gradients *g, MlirOperation op, MlirValue d);
} Rule;

static const Rule rules[] = {
    {SIMPLICIAL_ATTENTION, rule_attention},
    {"arith.addf", rule_addf},
    {"arith.divf", rule_divf},
    {"arith.extf", rule_convert},
    {"arith.mulf", rule_mulf},
    {"arith.negf", rule_negf},
    {"arith.subf", rule_subf},
    {"arith.truncf", rule_convert},
    {"tensor.cast", rule_cast},
    {"tensor.collapse_shape", rule_collapse_shape},
    {"tensor.expand_shape", rule_expand_shape},
    {"tensor.extract_slice", rule_extract_slice},
    {"tensor.insert_slice", rule_insert_slice},
};

MlirLogicalResult gradients_refuse(MlirOperation op) {
  MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(op));
  return ir_error(op, "'%.*s' cannot be differentiated", (int)name.length,
                  name.data);
}

MlirLogicalResult gradients_go_back(Gradients *g, MlirOperation op) {
  bool any = false;
  for (int i = 0; i < (int)mlirOperationGetNumResults(op); ++i)
    any |= !mlirValueIsNull(gradient_of(g, ir_result(op, i))->value);
  if (!any)
    return mlirLogicalResultSuccess();
  if (ir_is(op, SIMPLICIAL_ATTENTION)) {
    if (mlirLogicalResultIsFailure(verify_attention(op)))
      return mlirLogicalResultFailure();
    if (!mlirValueIsNull(gradient_of(g, ir_result(op, 1))->value))
      return ir_error(op, "the gradient of lse is not supported");
  }
  g->b.location = mlirOperationGetLocation(op);
  for (size_t i = 0; i < sizeof rules / sizeof *rules; ++i)
    if (ir_is(op, rules[i].op)) {
      rules[i].apply(g, op, gradient_of(g, ir_result(op, 0))->value);
      return mlirLogicalResultSuccess();
    }
  return gradients_refuse(op);
}
