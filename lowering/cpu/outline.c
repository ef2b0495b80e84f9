// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simplicial-outline: parallel loops -> functions of an iteration range.
//
// In:  func.func @f(%q: memref<...>) {
//        scf.forall (%i, %j) in (%m, %n) { body of %q }
//      }
// Out: func.func private @f_tiles(%context: !llvm.ptr, %lo: i64, %hi: i64) {
//        %q = ...                       // loaded from %context
//        scf.for %t = %lo to %hi { %i = %t / %n; %j = %t % %n; body }
//      }
//      func.func @f(%q: memref<...>) attributes {llvm.emit_c_interface} {
//        ...                            // %q stored to %context
//        call @simplicialParallelFor(@f_tiles, %context, %m * %n)
//      }
//
// simplicialParallelFor is the runtime's (runtime.h). Buffers on the stack are
// allocated once a call of the outlined function, not once an iteration. Public
// functions get C wrappers, being what a host program calls.

#include "lowering/captures.h"
#include "lowering/ir.h"
#include "lowering/pass.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "mlir-c/Dialect/LLVM.h"

#define PARALLEL_FOR "simplicialParallelFor"

static MlirWalkResult replace(MlirOperation op, void *user) {
  const Captures *c = user;
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i) {
    int found = captures_find(c, mlirOperationGetOperand(op, i));
    if (found >= 0)
      mlirOperationSetOperand(op, i, c->replacements[found]);
  }
  return MlirWalkResultAdvance;
}

// How values travel in the context --------------------------------------------

static MlirType pointer(Ir *b) { return mlirLLVMPointerTypeGet(b->context, 0); }
static MlirType i64(Ir *b) { return mlirIntegerTypeGet(b->context, 64); }

/// The LLVM type that `type` converts to; a memref's descriptor is a struct.
static MlirType lowered(Ir *b, MlirType type) {
  if (mlirTypeIsAIndex(type))
    return i64(b);
  if (!mlirTypeIsAMemRef(type))
    return type;
  MlirType sizes = mlirLLVMArrayTypeGet(i64(b), (unsigned)ir_rank(type));
  MlirType fields[] = {pointer(b), pointer(b), i64(b), sizes, sizes};
  return mlirLLVMStructTypeLiteralGet(b->context, ir_rank(type) ? 5 : 3, fields,
                                      false);
}

static MlirValue cast(Ir *b, MlirValue value, MlirType type) {
  if (mlirTypeEqual(ir_type(value), type))
    return value;
  return ir_value(b, "builtin.unrealized_conversion_cast", type,
                  IR_VALUES(value), IR_NONE);
}

static MlirType context_type(Ir *b, const Captures *c) {
  MlirType fields[MAX_CAPTURES];
  int n = 0;
  for (int i = 0; i < c->n; ++i)
    if (!capture_is_constant(c->values[i]))
      fields[n++] = lowered(b, ir_type(c->values[i]));
  return mlirLLVMStructTypeLiteralGet(b->context, n, fields, false);
}

static MlirValue field(Ir *b, MlirValue context, MlirType type, int number) {
  MlirAttribute indices =
      mlirDenseI32ArrayGet(b->context, 2, (int32_t[]){0, number});
  return ir_value(b, "llvm.getelementptr", pointer(b), IR_VALUES(context),
                  IR_ATTRIBUTES({"elem_type", mlirTypeAttrGet(type)},
                                {"rawConstantIndices", indices}));
}

static MlirValue store_captures(Ir *b, const Captures *c) {
  MlirType type = context_type(b, c);
  MlirValue one = ir_value(b, "arith.constant", i64(b), IR_NONE,
                           IR_ATTRIBUTES({"value", ir_i64_attr(b, 1)}));
  MlirValue context =
      ir_value(b, "llvm.alloca", pointer(b), IR_VALUES(one),
               IR_ATTRIBUTES({"elem_type", mlirTypeAttrGet(type)}));
  for (int i = 0, n = 0; i < c->n; ++i) {
    if (capture_is_constant(c->values[i]))
      continue;
    MlirValue value = cast(b, c->values[i], lowered(b, ir_type(c->values[i])));
    ir_op(b, "llvm.store", IR_NONE,
          IR_VALUES(value, field(b, context, type, n++)), IR_NONE);
  }
  return context;
}

static void load_captures(Ir *b, Captures *c, MlirValue context) {
  MlirType type = context_type(b, c);
  for (int i = 0, n = 0; i < c->n; ++i) {
    MlirType wanted = ir_type(c->values[i]);
    if (capture_is_constant(c->values[i])) {
      c->replacements[i] = ir_clone_with(b, ir_def(c->values[i]), wanted, NULL);
      continue;
    }
    MlirValue loaded =
        ir_value(b, "llvm.load", lowered(b, wanted),
                 IR_VALUES(field(b, context, type, n++)), IR_NONE);
    c->replacements[i] = cast(b, loaded, wanted);
  }
}

// Functions -------------------------------------------------------------------

static MlirStringRef symbol_name(MlirOperation function) {
  return mlirStringAttrGetValue(ir_get_attr(function, "sym_name"));
}

/// A private function of `n` arguments at the end of the module: a definition,
/// internal to the object file, with an empty body, or a declaration.
static MlirOperation add_function(MlirOperation module, MlirLocation location,
                                  const char *name, int n,
                                  const MlirType *types, bool with_body) {
  MlirContext context = mlirOperationGetContext(module);
  MlirBlock top = ir_body(module, 0);
  MlirOperationState state =
      mlirOperationStateGet(ir_str("func.func"), location);
  const struct {
    const char *name;
    MlirAttribute value;
  } attributes[] = {
      {"sym_name", mlirStringAttrGet(context, ir_str(name))},
      {"sym_visibility", mlirStringAttrGet(context, ir_str("private"))},
      {"function_type",
       mlirTypeAttrGet(mlirFunctionTypeGet(context, n, types, 0, NULL))},
      {"llvm.linkage",
       mlirAttributeParseGet(context, ir_str("#llvm.linkage<internal>"))}};
  for (int i = 0; i < (with_body ? 4 : 3); ++i) {
    MlirNamedAttribute attribute = mlirNamedAttributeGet(
        mlirIdentifierGet(context, ir_str(attributes[i].name)),
        attributes[i].value);
    mlirOperationStateAddAttributes(&state, 1, &attribute);
  }
  MlirRegion region = mlirRegionCreate();
  if (with_body) {
    MlirLocation locations[] = {location, location, location};
    mlirRegionAppendOwnedBlock(region, mlirBlockCreate(n, types, locations));
  }
  mlirOperationStateAddOwnedRegions(&state, 1, &region);
  MlirOperation function = mlirOperationCreate(&state);
  mlirBlockAppendOwnedOperation(top, function);
  return function;
}

// The rewrite -----------------------------------------------------------------

/// Moves the loop's body to the end of `b`'s block; stack buffers go to
/// `entry`.
static void move_body(Ir *b, MlirOperation forall, MlirOperation entry) {
  MlirBlock body = ir_body(forall, 0);
  MlirOperation op = mlirBlockGetFirstOperation(body);
  MlirOperation terminator = mlirBlockGetTerminator(body);
  while (!mlirOperationEqual(op, terminator)) {
    MlirOperation next = mlirOperationGetNextInBlock(op);
    if (ir_is(op, "memref.alloca") && !mlirOperationGetNumOperands(op)) {
      mlirOperationMoveBefore(op, entry);
    } else {
      mlirOperationRemoveFromParent(op);
      mlirBlockAppendOwnedOperation(b->block, op);
    }
    op = next;
  }
}

static void fill_function(MlirOperation function, MlirOperation forall,
                          Captures *captures, int rank,
                          const MlirValue *extents) {
  MlirBlock block = ir_body(function, 0);
  Ir b = ir_at_end(block, mlirOperationGetLocation(forall));
  load_captures(&b, captures, mlirBlockGetArgument(block, 0));
  MlirValue lower =
      ir_value(&b, "arith.index_cast", ir_index(&b),
               IR_VALUES(mlirBlockGetArgument(block, 1)), IR_NONE);
  MlirValue upper =
      ir_value(&b, "arith.index_cast", ir_index(&b),
               IR_VALUES(mlirBlockGetArgument(block, 2)), IR_NONE);
  IrLoop loop = ir_for_begin(&b, lower, upper, ir_const_index(&b, 1), IR_NONE);
  MlirValue rest = loop.iv[0];
  for (int i = rank - 1; i >= 0; --i) {
    MlirValue extent =
        captures->replacements[captures_find(captures, extents[i])];
    MlirValue index = i ? ir_remui(&b, rest, extent) : rest;
    if (i)
      rest = ir_divui(&b, rest, extent);
    mlirValueReplaceAllUsesOfWith(mlirBlockGetArgument(ir_body(forall, 0), i),
                                  index);
  }
  move_body(&b, forall, loop.op);
  mlirOperationWalk(loop.op, replace, captures, MlirWalkPreOrder);
  ir_for_end(&b, &loop, IR_NONE);
  ir_op(&b, "func.return", IR_NONE, IR_NONE, IR_NONE);
}

static MlirLogicalResult outline(MlirOperation forall) {
  MlirOperation parent = mlirOperationGetParentOperation(forall);
  while (!mlirOperationIsNull(parent) && !ir_is(parent, "func.func"))
    parent = mlirOperationGetParentOperation(parent);
  if (mlirOperationIsNull(parent))
    return ir_error(forall, "simplicial-outline takes loops in functions");
  MlirOperation module = mlirOperationGetParentOperation(parent);

  Ir b = ir_before(forall);
  int rank;
  MlirValue extents[IR_MAX_RANK];
  if (mlirLogicalResultIsFailure(forall_extents(&b, forall, &rank, extents)))
    return mlirLogicalResultFailure();
  Captures captures;
  if (mlirLogicalResultIsFailure(
          captures_collect(&captures, forall, rank, extents)))
    return mlirLogicalResultFailure();

  char name[256];
  ir_unique_name(module, symbol_name(parent), "_tiles", name, sizeof name);
  MlirType tile_types[] = {pointer(&b), i64(&b), i64(&b)};
  MlirOperation function =
      add_function(module, b.location, name, 3, tile_types, true);
  MlirType call_types[] = {pointer(&b), pointer(&b), i64(&b)};
  if (mlirOperationIsNull(ir_find_symbol(module, ir_str(PARALLEL_FOR))))
    add_function(module, b.location, PARALLEL_FOR, 3, call_types, false);

  MlirValue context = store_captures(&b, &captures);
  MlirValue count = extents[0];
  for (int i = 1; i < rank; ++i)
    count = ir_muli(&b, count, extents[i]);
  MlirAttribute symbol = mlirFlatSymbolRefAttrGet(b.context, ir_str(name));
  MlirValue body =
      ir_value(&b, "func.constant",
               mlirTypeAttrGetValue(ir_get_attr(function, "function_type")),
               IR_NONE, IR_ATTRIBUTES({"value", symbol}));
  MlirValue total =
      ir_value(&b, "arith.index_cast", i64(&b), IR_VALUES(count), IR_NONE);
  ir_op(&b, "func.call", IR_NONE,
        IR_VALUES(cast(&b, body, pointer(&b)), context, total),
        IR_ATTRIBUTES({"callee", mlirFlatSymbolRefAttrGet(
                                     b.context, ir_str(PARALLEL_FOR))}));
  fill_function(function, forall, &captures, rank, extents);
  mlirOperationDestroy(forall);
  return mlirLogicalResultSuccess();
}

MlirLogicalResult pass_outline(MlirOperation module) {
  static const char *const loops[] = {"scf.forall"};
  if (mlirLogicalResultIsFailure(pass_for_each(module, 1, loops, outline)))
    return mlirLogicalResultFailure();
  return pass_request_c_interfaces(module);
}
