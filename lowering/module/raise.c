// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simplicial-raise: named carriers, as frameworks write them -> attention and
// its gradient.
//
// In:  %r:2 = "stablehlo.composite"(%q, %k1, %k2, %v1, %v2)
//        <{name = "simplicial.attention", decomposition = @reference,
//          composite_attributes = {causal = true, w1 = 4 : i64}}>
//      %s:2 = "stablehlo.custom_call"(%q, %k1, %k2, %v1, %v2)
//        <{call_target_name = "simplicial.attention",
//          backend_config = {causal = true, w1 = 4 : i64}}>
//      %t:2 = func.call @f(%q, %k1, %k2, %v1, %v2), of
//        func.func private @f(...) -> (...)
//          attributes {simplicial.attention = {causal = true, w1 = 4 : i64}}
// Out: %r:2 = "simplicial.attention"(%q, %k1, %k2, %v1, %v2)
//        {causal, w1 = 4 : i64}
//      ...
//
// and the same for "simplicial.attention_grad". What carriers called is left
// for upstream's symbol-dce. StableHLO's ops are known by their names alone: it
// need not be registered, as in the generic form of what JAX prints.

#include "dialect/verify.h"

#include "lowering/ir_llvm.h"
#include "lowering/pass.h"

#include "simplicial/dialect.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "mlir-c/Support.h"

#include <string.h>

static const char *const operations[] = {SIMPLICIAL_ATTENTION,
                                         SIMPLICIAL_ATTENTION_GRAD};
enum { OPERATIONS = sizeof operations / sizeof *operations };

// What a carrier says ---------------------------------------------------------

/// What `op` is a carrier of: one of `operations`, and its attributes, of any
/// kind or null.
typedef struct Carried {
  const char *operation; ///< NULL: it is none
  MlirAttribute attributes;
} Carried;

static Carried by_name(MlirOperation op, const char *name,
                       MlirAttribute attributes) {
  MlirAttribute value = ir_get_attr(op, name);
  if (!mlirAttributeIsNull(value) && mlirAttributeIsAString(value))
    for (int i = 0; i < OPERATIONS; ++i)
      if (mlirStringRefEqual(mlirStringAttrGetValue(value),
                             ir_str(operations[i])))
        return (Carried){operations[i], attributes};
  return (Carried){NULL};
}

/// A custom call has its attributes in `backend_config`, or, as older
/// StableHLO has it, beside that, where it is an empty string.
static MlirAttribute backend_config(MlirOperation op) {
  MlirAttribute beside = ir_get_attr(op, "mhlo.backend_config");
  MlirAttribute config = ir_get_attr(op, "backend_config");
  bool empty = !mlirAttributeIsNull(config) && mlirAttributeIsAString(config) &&
               !mlirStringAttrGetValue(config).length;
  if (!mlirAttributeIsNull(beside))
    return beside;
  return empty ? mlirAttributeGetNull() : config;
}

/// The symbols of the module that calls were last found in.
typedef struct Raiser {
  MlirOperation module;
  MlirSymbolTable symbols;
  MlirLogicalResult status;
} Raiser;

static Carried by_callee(Raiser *self, MlirOperation call) {
  MlirOperation module = ir_module(call);
  if (!mlirOperationEqual(module, self->module)) {
    if (!mlirSymbolTableIsNull(self->symbols))
      mlirSymbolTableDestroy(self->symbols);
    self->module = module;
    self->symbols = mlirSymbolTableCreate(module);
  }
  MlirOperation callee = mlirSymbolTableLookup(
      self->symbols,
      mlirFlatSymbolRefAttrGetValue(ir_get_attr(call, "callee")));
  for (int i = 0; i < OPERATIONS && !mlirOperationIsNull(callee); ++i) {
    MlirAttribute attributes = ir_get_attr(callee, operations[i]);
    if (!mlirAttributeIsNull(attributes))
      return (Carried){operations[i], attributes};
  }
  return (Carried){NULL};
}

// What that becomes -----------------------------------------------------------

static int64_t integer_of(MlirAttribute value) {
  MlirType type = mlirAttributeGetType(value);
  if (mlirIntegerTypeIsUnsigned(type))
    return (int64_t)mlirIntegerAttrGetValueUInt(value);
  return mlirIntegerTypeIsSigned(type) ? mlirIntegerAttrGetValueSInt(value)
                                       : mlirIntegerAttrGetValueInt(value);
}

/// Frameworks have numbers of any width, where the operations have one.
static MlirAttribute with_our_width(Ir *b, MlirAttribute value) {
  if (mlirAttributeIsAFloat(value))
    return mlirFloatAttrDoubleGet(b->context, ir_f32(b),
                                  mlirFloatAttrGetValueDouble(value));
  if (!mlirAttributeIsAInteger(value) || mlirAttributeIsABool(value))
    return value;
  MlirType type = mlirAttributeGetType(value);
  return mlirTypeIsAInteger(type) && mlirIntegerTypeGetWidth(type) <= 64
             ? ir_i64_attr(b, integer_of(value))
             : value;
}

static MlirLogicalResult set_attributes(MlirOperation op, MlirAttribute all) {
  if (mlirAttributeIsNull(all))
    return mlirLogicalResultSuccess();
  if (!mlirAttributeIsADictionary(all))
    return ir_error(op, "has attributes that are no dictionary");
  Ir b = ir_before(op);
  for (intptr_t i = 0; i < mlirDictionaryAttrGetNumElements(all); ++i) {
    MlirNamedAttribute entry = mlirDictionaryAttrGetElement(all, i);
    MlirStringRef name = mlirIdentifierStr(entry.name);
    MlirAttribute value = with_our_width(&b, entry.attribute);
    bool unit = mlirStringRefEqual(name, ir_str("causal")) ||
                mlirStringRefEqual(name, ir_str("two_lengths"));
    if (unit && mlirAttributeIsABool(value)) {
      if (!mlirBoolAttrGetValue(value))
        continue;
      value = mlirUnitAttrGet(b.context);
    }
    mlirOperationSetAttributeByName(op, name, value);
  }
  return mlirLogicalResultSuccess();
}

/// The type of lse, as it follows from that of q.
static MlirType lse_type(Ir *b, MlirType q) {
  const int64_t shape[] = {ir_dim_size(q, 0), ir_dim_size(q, 2),
                           ir_dim_size(q, 1)};
  return mlirRankedTensorTypeGet(3, shape, ir_f32(b), mlirAttributeGetNull());
}

/// The operation `name` of `carrier`'s operands and results, in front of it.
/// Who has no use for lse may have no result for it.
static MlirOperation create(MlirOperation carrier, const char *name) {
  Ir b = ir_before(carrier);
  intptr_t operands = mlirOperationGetNumOperands(carrier);
  intptr_t results = mlirOperationGetNumResults(carrier);
  MlirOperationState state = mlirOperationStateGet(ir_str(name), b.location);
  for (intptr_t i = 0; i < operands; ++i)
    mlirOperationStateAddOperands(&state,
                                  IR_VALUES(ir_operand(carrier, (int)i)));
  for (intptr_t i = 0; i < results; ++i)
    mlirOperationStateAddResults(&state,
                                 IR_TYPES(ir_type(ir_result(carrier, (int)i))));
  bool out_alone = !strcmp(name, SIMPLICIAL_ATTENTION) && results == 1 &&
                   operands >= SIMPLICIAL_V2 + 1 &&
                   operands <= SIMPLICIAL_V2 + 2;
  MlirType q =
      out_alone ? ir_type(ir_operand(carrier, SIMPLICIAL_Q)) : (MlirType){NULL};
  if (out_alone && mlirTypeIsARankedTensor(q) && ir_rank(q) == 4)
    mlirOperationStateAddResults(&state, IR_TYPES(lse_type(&b, q)));
  MlirOperation op = mlirOperationCreate(&state);
  mlirBlockInsertOwnedOperationBefore(b.block, carrier, op);
  return op;
}

/// A custom call may say how operands or results are in memory: the operations
/// have the last dimension innermost.
static MlirLogicalResult check_layouts(MlirOperation carrier,
                                       const char *name) {
  MlirAttribute layouts = ir_get_attr(carrier, name);
  if (mlirAttributeIsNull(layouts) || !mlirAttributeIsAArray(layouts))
    return mlirLogicalResultSuccess();
  for (intptr_t i = 0; i < mlirArrayAttrGetNumElements(layouts); ++i) {
    MlirAttribute order = mlirArrayAttrGetElement(layouts, i);
    bool right = mlirAttributeIsADenseElements(order) &&
                 mlirTypeIsAIndex(ir_element(mlirAttributeGetType(order)));
    int64_t rank = right ? mlirElementsAttrGetNumElements(order) : 0;
    for (int64_t d = 0; d < rank; ++d)
      right &= mlirDenseElementsAttrGetIndexValue(order, d) ==
               (uint64_t)(rank - 1 - d);
    if (!right)
      return ir_error(carrier, "has %s whose last dimension is not innermost",
                      name);
  }
  return mlirLogicalResultSuccess();
}

static MlirLogicalResult raise(MlirOperation carrier, Carried carried) {
  if (mlirLogicalResultIsFailure(check_layouts(carrier, "operand_layouts")) ||
      mlirLogicalResultIsFailure(check_layouts(carrier, "result_layouts")))
    return mlirLogicalResultFailure();
  MlirOperation op = create(carrier, carried.operation);
  if (mlirLogicalResultIsFailure(set_attributes(op, carried.attributes)) ||
      mlirLogicalResultIsFailure(verify_attention(op)) ||
      !mlirOperationVerify(op))
    return mlirLogicalResultFailure();
  for (intptr_t i = 0; i < mlirOperationGetNumResults(carrier); ++i)
    mlirValueReplaceAllUsesOfWith(ir_result(carrier, (int)i),
                                  ir_result(op, (int)i));
  mlirOperationDestroy(carrier);
  return mlirLogicalResultSuccess();
}

// The module ------------------------------------------------------------------

static MlirWalkResult visit(MlirOperation op, void *user) {
  Raiser *self = user;
  Carried carried = {NULL};
  if (ir_is(op, "stablehlo.composite"))
    carried = by_name(op, "name", ir_get_attr(op, "composite_attributes"));
  else if (ir_is(op, "stablehlo.custom_call"))
    carried = by_name(op, "call_target_name", backend_config(op));
  else if (ir_is(op, "func.call"))
    carried = by_callee(self, op);
  if (!carried.operation)
    return MlirWalkResultAdvance;
  self->status = raise(op, carried);
  return mlirLogicalResultIsSuccess(self->status) ? MlirWalkResultAdvance
                                                  : MlirWalkResultInterrupt;
}

MlirLogicalResult pass_raise(MlirOperation module) {
  Raiser self = {.status = mlirLogicalResultSuccess()};
  mlirOperationWalk(module, visit, &self, MlirWalkPostOrder);
  if (!mlirSymbolTableIsNull(self.symbols))
    mlirSymbolTableDestroy(self.symbols);
  return self.status;
}
