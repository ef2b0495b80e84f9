// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registration of the dialect, and the operation's builder and accessors.

#include "simplicial/dialect.h"

#include "forms.h"

#include "lowering/ir.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "mlir-c/Dialect/IRDL.h"

#include <math.h>

/// The text of dialect/simplicial.irdl.mlir; the build generates its
/// definition.
extern const char simplicialDialectText[];

MlirLogicalResult simplicialRegisterDialect(MlirContext context) {
  if (mlirContextIsRegisteredOperation(context, ir_str(SIMPLICIAL_ATTENTION)))
    return mlirLogicalResultSuccess();
  mlirDialectHandleLoadDialect(mlirGetDialectHandle__irdl__(), context);
  MlirModule definition =
      mlirModuleCreateParse(context, ir_str(simplicialDialectText));
  if (mlirModuleIsNull(definition))
    return mlirLogicalResultFailure();
  MlirLogicalResult loaded = mlirLoadIRDLDialects(definition);
  mlirModuleDestroy(definition);
  return loaded;
}

// The attributes --------------------------------------------------------------

#define W1 "w1"
#define W2 "w2"
#define CAUSAL "causal"
#define SCALE "scale"
#define K2_BIAS "k2_bias"
#define V2_BIAS "v2_bias"
#define FORM "form"
#define TWO_LENGTHS "two_lengths"
#define SEGMENTS "operandSegmentSizes" // attention_grad_into's

static MlirLogicalResult read_window(MlirOperation op, const char *name,
                                     int64_t *window) {
  MlirAttribute attribute = ir_get_attr(op, name);
  if (mlirAttributeIsNull(attribute))
    return mlirLogicalResultSuccess();
  if (!mlirAttributeIsAInteger(attribute) ||
      !mlirTypeEqual(mlirAttributeGetType(attribute),
                     mlirIntegerTypeGet(mlirOperationGetContext(op), 64)))
    return ir_error(op, "'%s' must be an i64 attribute", name);
  *window = mlirIntegerAttrGetValueInt(attribute);
  if (*window < 1)
    return ir_error(op, "'%s' must be at least 1, not %lld", name,
                    (long long)*window);
  return mlirLogicalResultSuccess();
}

static MlirLogicalResult read_float(MlirOperation op, const char *name,
                                    float *value) {
  MlirAttribute attribute = ir_get_attr(op, name);
  if (mlirAttributeIsNull(attribute))
    return mlirLogicalResultSuccess();
  if (!mlirAttributeIsAFloat(attribute) ||
      !mlirTypeIsAF32(mlirAttributeGetType(attribute)))
    return ir_error(op, "'%s' must be an f32 attribute", name);
  *value = (float)mlirFloatAttrGetValueDouble(attribute);
  if (!isfinite(*value))
    return ir_error(op, "'%s' must be finite", name);
  return mlirLogicalResultSuccess();
}

static MlirLogicalResult read_unit(MlirOperation op, const char *name,
                                   bool *is_there) {
  MlirAttribute attribute = ir_get_attr(op, name);
  *is_there = !mlirAttributeIsNull(attribute);
  if (*is_there && !mlirAttributeIsAUnit(attribute))
    return ir_error(op, "'%s' must be a unit attribute", name);
  return mlirLogicalResultSuccess();
}

static MlirLogicalResult read_form(MlirOperation op, SimplicialForm *form) {
  MlirAttribute attribute = ir_get_attr(op, FORM);
  if (mlirAttributeIsNull(attribute))
    return mlirLogicalResultSuccess();
  if (mlirAttributeIsAString(attribute)) {
    MlirStringRef name = mlirStringAttrGetValue(attribute);
    if (form_of_name(name.data, name.length, form))
      return mlirLogicalResultSuccess();
  }
  return ir_error(op, "'" FORM "' must be " FORM_NAMES);
}

/// Attributes of other dialects (`dialect.name`) may be attached to anything;
/// any other name we do not know is a misspelling.
static MlirLogicalResult check_names(MlirOperation op) {
  static const char *const known[] = {
      W1, W2, CAUSAL, SCALE, K2_BIAS, V2_BIAS, FORM, TWO_LENGTHS, SEGMENTS};
  for (intptr_t i = 0; i < mlirOperationGetNumAttributes(op); ++i) {
    MlirStringRef name =
        mlirIdentifierStr(mlirOperationGetAttribute(op, i).name);
    bool found = false;
    for (size_t c = 0; c < name.length; ++c)
      found |= name.data[c] == '.';
    for (size_t k = 0; k < sizeof known / sizeof *known; ++k)
      found |= mlirStringRefEqual(name, ir_str(known[k]));
    if (!found)
      return ir_error(op, "has no attribute '%.*s'", (int)name.length,
                      name.data);
  }
  return mlirLogicalResultSuccess();
}

MlirLogicalResult
simplicialAttentionGetAttributes(MlirOperation op,
                                 SimplicialAttentionAttributes *attributes) {
  *attributes = (SimplicialAttentionAttributes){0};
  if (mlirLogicalResultIsFailure(check_names(op)) ||
      mlirLogicalResultIsFailure(read_window(op, W1, &attributes->w1)) ||
      mlirLogicalResultIsFailure(read_window(op, W2, &attributes->w2)) ||
      mlirLogicalResultIsFailure(read_unit(op, CAUSAL, &attributes->causal)) ||
      mlirLogicalResultIsFailure(read_float(op, SCALE, &attributes->scale)) ||
      mlirLogicalResultIsFailure(
          read_float(op, K2_BIAS, &attributes->k2_bias)) ||
      mlirLogicalResultIsFailure(
          read_float(op, V2_BIAS, &attributes->v2_bias)) ||
      mlirLogicalResultIsFailure(read_form(op, &attributes->form)) ||
      mlirLogicalResultIsFailure(
          read_unit(op, TWO_LENGTHS, &attributes->two_lengths)))
    return mlirLogicalResultFailure();
  if (!mlirAttributeIsNull(ir_get_attr(op, SCALE)) && attributes->scale <= 0)
    return ir_error(op, "'" SCALE "' must be positive");
  return mlirLogicalResultSuccess();
}

void simplicialAttentionSetAttributes(
    MlirOperation op, SimplicialAttentionAttributes attributes) {
  MlirContext context = mlirOperationGetContext(op);
  MlirType i64 = mlirIntegerTypeGet(context, 64), f32 = mlirF32TypeGet(context);
  const struct {
    const char *name;
    bool present;
    MlirAttribute value;
  } all[] = {
      {W1, attributes.w1, mlirIntegerAttrGet(i64, attributes.w1)},
      {W2, attributes.w2, mlirIntegerAttrGet(i64, attributes.w2)},
      {CAUSAL, attributes.causal, mlirUnitAttrGet(context)},
      {SCALE, attributes.scale != 0,
       mlirFloatAttrDoubleGet(context, f32, attributes.scale)},
      {K2_BIAS, attributes.k2_bias != 0,
       mlirFloatAttrDoubleGet(context, f32, attributes.k2_bias)},
      {V2_BIAS, attributes.v2_bias != 0,
       mlirFloatAttrDoubleGet(context, f32, attributes.v2_bias)},
      {FORM, attributes.form != SIMPLICIAL_TRILINEAR,
       mlirStringAttrGet(context, ir_str(form_names[attributes.form]))},
      {TWO_LENGTHS, attributes.two_lengths, mlirUnitAttrGet(context)},
  };
  for (size_t i = 0; i < sizeof all / sizeof *all; ++i) {
    if (all[i].present)
      mlirOperationSetAttributeByName(op, ir_str(all[i].name), all[i].value);
    else
      mlirOperationRemoveAttributeByName(op, ir_str(all[i].name));
  }
}

// Operands --------------------------------------------------------------------

MlirValue simplicialAttentionGetBound(MlirOperation op) {
  static const struct {
    const char *op;
    int others; ///< operands at least
  } bounded[] = {{SIMPLICIAL_ATTENTION, SIMPLICIAL_V2 + 1},
                 {SIMPLICIAL_ATTENTION_GRAD, SIMPLICIAL_D_OUT + 1},
                 {SIMPLICIAL_BOUNDED_INTO, SIMPLICIAL_OUT + 1},
                 {SIMPLICIAL_BOUNDED_GRAD_INTO, SIMPLICIAL_D_OUT + 1}};
  MlirValue last = {NULL};
  int n = (int)mlirOperationGetNumOperands(op);
  for (size_t i = 0; i < sizeof bounded / sizeof *bounded; ++i)
    if (ir_is(op, bounded[i].op) && n > bounded[i].others)
      last = ir_operand(op, n - 1);
  bool is_bound = !mlirValueIsNull(last) && mlirTypeIsAShaped(ir_type(last)) &&
                  mlirTypeIsAInteger(ir_element(ir_type(last)));
  return is_bound ? last : (MlirValue){NULL};
}

void simplicialAttentionSetBound(MlirOperation op, MlirValue bound) {
  enum { MOST = SIMPLICIAL_D_OUT + 2 };
  MlirValue operands[MOST];
  int n = (int)mlirOperationGetNumOperands(op);
  for (int i = 0; i < n && i < MOST; ++i)
    operands[i] = ir_operand(op, i);
  if (n < MOST)
    operands[n++] = bound;
  mlirOperationSetOperands(op, n, operands);
}

MlirOperation
simplicialAttentionCreate(MlirLocation location, MlirValue q, MlirValue k1,
                          MlirValue k2, MlirValue v1, MlirValue v2,
                          SimplicialAttentionAttributes attributes) {
  MlirType out = mlirValueGetType(q);
  const int64_t lse_shape[] = {ir_dim_size(out, 0), ir_dim_size(out, 2),
                               ir_dim_size(out, 1)};
  MlirType lse = mlirRankedTensorTypeGet(
      3, lse_shape, mlirF32TypeGet(mlirLocationGetContext(location)),
      mlirAttributeGetNull());
  MlirOperationState state =
      mlirOperationStateGet(ir_str(SIMPLICIAL_ATTENTION), location);
  mlirOperationStateAddOperands(&state, IR_VALUES(q, k1, k2, v1, v2));
  mlirOperationStateAddResults(&state, IR_TYPES(out, lse));
  MlirOperation op = mlirOperationCreate(&state);
  simplicialAttentionSetAttributes(op, attributes);
  return op;
}

MlirOperation
simplicialAttentionGradCreate(MlirLocation location, MlirValue q, MlirValue k1,
                              MlirValue k2, MlirValue v1, MlirValue v2,
                              MlirValue out, MlirValue lse, MlirValue d_out,
                              SimplicialAttentionAttributes attributes) {
  MlirType first = mlirValueGetType(k1), second = mlirValueGetType(k2);
  MlirOperationState state =
      mlirOperationStateGet(ir_str(SIMPLICIAL_ATTENTION_GRAD), location);
  mlirOperationStateAddOperands(&state,
                                IR_VALUES(q, k1, k2, v1, v2, out, lse, d_out));
  mlirOperationStateAddResults(
      &state, IR_TYPES(mlirValueGetType(q), first, second, first, second));
  MlirOperation op = mlirOperationCreate(&state);
  simplicialAttentionSetAttributes(op, attributes);
  return op;
}
