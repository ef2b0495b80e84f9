// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simplicial-inline: calls and nested modules -> one flat module of functions
// that call nobody.
//
// In:  module @inner {
//        func.func private @g(%x: tensor<...>) -> tensor<...> {
//          %y = "simplicial.attention"(%x, ...)
//          return %y
//        }
//        func.func @f(%a: tensor<...>) -> tensor<...> {
//          %b = func.call @g(%a)
//          return %b
//        }
//      }
// Out: func.func private @g ...          // for upstream's symbol-dce
//      func.func @f(%a: tensor<...>) -> tensor<...> {
//        %b = "simplicial.attention"(%a, ...)
//        return %b
//      }
//
// Upstream's inliner asks the dialects of a callee's ops, and one that is
// defined in IRDL has no answer.

#include "lowering/ir_llvm.h"
#include "lowering/memory.h"
#include "lowering/pass.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "mlir-c/Support.h"

#include <stdio.h>
#include <stdlib.h>

// Nested modules --------------------------------------------------------------

static MlirOperation find_symbol(MlirOperation module, MlirStringRef name) {
  for (MlirOperation op = mlirBlockGetFirstOperation(ir_body(module, 0));
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    MlirAttribute symbol = ir_get_attr(op, "sym_name");
    if (!mlirAttributeIsNull(symbol) && mlirAttributeIsAString(symbol) &&
        !ir_is(op, "builtin.module") &&
        mlirStringRefEqual(mlirStringAttrGetValue(symbol), name))
      return op;
  }
  return (MlirOperation){NULL};
}

/// Gives `symbol` of `inner` a name that neither it nor `outer` has.
static MlirLogicalResult
rename_symbol(MlirOperation symbol, MlirOperation inner, MlirOperation outer) {
  MlirStringRef old = ir_symbol_name(symbol);
  char name[256];
  Ir b = ir_before(symbol);
  int length = (int)(old.length < 200 ? old.length : 200);
  int i = 0;
  do
    snprintf(name, sizeof name, "%.*s_%d", length, old.data, ++i);
  while (!mlirOperationIsNull(find_symbol(inner, ir_str(name))) ||
         !mlirOperationIsNull(find_symbol(outer, ir_str(name))));
  if (mlirLogicalResultIsFailure(
          mlirSymbolTableReplaceAllSymbolUses(old, ir_str(name), inner)))
    return ir_error(symbol, "has uses that cannot be renamed");
  mlirOperationSetAttributeByName(symbol, ir_str("sym_name"),
                                  ir_string_attr(&b, name));
  return mlirLogicalResultSuccess();
}

/// Makes way for the symbol of `inner`: of two that are equal, the private one
/// gets another name.
static MlirLogicalResult make_unique(MlirOperation symbol, MlirOperation inner,
                                     MlirOperation outer) {
  MlirAttribute name = ir_get_attr(symbol, "sym_name");
  if (mlirAttributeIsNull(name) || !mlirAttributeIsAString(name))
    return mlirLogicalResultSuccess();
  MlirOperation other = find_symbol(outer, mlirStringAttrGetValue(name));
  if (mlirOperationIsNull(other))
    return mlirLogicalResultSuccess();
  if (!ir_is_public(symbol))
    return rename_symbol(symbol, inner, outer);
  if (!ir_is_public(other))
    return rename_symbol(other, outer, inner);
  MlirStringRef text = mlirStringAttrGetValue(name);
  return ir_error(symbol, "'%.*s' is public in another module, too",
                  (int)text.length, text.data);
}

/// Moves what is in a module in a module to where that stands.
static MlirLogicalResult flatten(MlirOperation inner) {
  MlirOperation outer = mlirOperationGetParentOperation(inner);
  if (mlirOperationIsNull(outer))
    return mlirLogicalResultSuccess();
  if (!ir_is(outer, "builtin.module"))
    return ir_error(inner, "modules are taken in modules only");
  MlirBlock body = ir_body(inner, 0);
  for (MlirOperation op = mlirBlockGetFirstOperation(body), next;
       !mlirOperationIsNull(op); op = next) {
    next = mlirOperationGetNextInBlock(op);
    if (ir_is(op, "builtin.module"))
      continue;
    if (mlirLogicalResultIsFailure(make_unique(op, inner, outer)))
      return mlirLogicalResultFailure();
  }
  for (MlirOperation op = mlirBlockGetFirstOperation(body), next;
       !mlirOperationIsNull(op); op = next) {
    next = mlirOperationGetNextInBlock(op);
    mlirOperationMoveBefore(op, inner);
  }
  mlirOperationDestroy(inner);
  return mlirLogicalResultSuccess();
}

// Calls -----------------------------------------------------------------------

/// The functions that are being inlined into, from the outermost call in.
typedef struct Calls Calls;
struct Calls {
  const Calls *outer;
  MlirOperation function;
};

/// How many ops were copied, over all of a pass.
enum { MOST_COPIES = 1 << 20 };

typedef struct Inliner {
  MlirSymbolTable symbols;
  const Calls *calls;
  int copies;
} Inliner;

static MlirLogicalResult inline_into(MlirOperation function, Inliner *inliner);

static MlirWalkResult count(MlirOperation op, void *user) {
  (void)op;
  return ++*(int *)user > MOST_COPIES ? MlirWalkResultInterrupt
                                      : MlirWalkResultAdvance;
}

/// The function that `call` calls, with nothing left to inline in it.
static MlirLogicalResult resolve(MlirOperation call, Inliner *inliner,
                                 MlirOperation *callee) {
  MlirAttribute symbol = ir_get_attr(call, "callee");
  MlirStringRef name = mlirFlatSymbolRefAttrGetValue(symbol);
  *callee = mlirSymbolTableLookup(inliner->symbols, name);
  if (mlirOperationIsNull(*callee) || !ir_is(*callee, "func.func"))
    return ir_error(call, "calls '%.*s', which is no function",
                    (int)name.length, name.data);
  MlirRegion region = mlirOperationGetRegion(*callee, 0);
  MlirBlock body = mlirRegionGetFirstBlock(region);
  if (mlirBlockIsNull(body))
    return ir_error(call, "calls '%.*s', which has no body here",
                    (int)name.length, name.data);
  if (!mlirBlockIsNull(mlirBlockGetNextInRegion(body)))
    return ir_error(call, "calls '%.*s', which has several blocks",
                    (int)name.length, name.data);
  for (const Calls *c = inliner->calls; c; c = c->outer)
    if (mlirOperationEqual(c->function, *callee))
      return ir_error(call, "calls '%.*s' recursively", (int)name.length,
                      name.data);
  return inline_into(*callee, inliner);
}

/// Replaces `call` by a copy of its callee's body.
static MlirLogicalResult inline_call(MlirOperation call, Inliner *inliner) {
  MlirOperation callee;
  if (mlirLogicalResultIsFailure(resolve(call, inliner, &callee)))
    return mlirLogicalResultFailure();
  mlirOperationWalk(callee, count, &inliner->copies, MlirWalkPreOrder);
  if (inliner->copies > MOST_COPIES)
    return ir_error(call, "calls make more than %d operations", MOST_COPIES);
  MlirOperation copy = mlirOperationClone(callee);
  MlirBlock body = ir_body(copy, 0);
  for (intptr_t i = 0; i < mlirBlockGetNumArguments(body); ++i)
    mlirValueReplaceAllUsesOfWith(mlirBlockGetArgument(body, i),
                                  ir_operand(call, (int)i));
  MlirOperation terminator = mlirBlockGetTerminator(body);
  for (MlirOperation op = mlirBlockGetFirstOperation(body), next;
       !mlirOperationEqual(op, terminator); op = next) {
    next = mlirOperationGetNextInBlock(op);
    mlirOperationMoveBefore(op, call);
  }
  for (intptr_t i = 0; i < mlirOperationGetNumResults(call); ++i)
    mlirValueReplaceAllUsesOfWith(ir_result(call, (int)i),
                                  ir_operand(terminator, (int)i));
  mlirOperationDestroy(copy);
  mlirOperationDestroy(call);
  return mlirLogicalResultSuccess();
}

static bool takes_tensors(MlirOperation call) {
  bool tensors = false;
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(call); ++i)
    tensors |= mlirTypeIsATensor(ir_type(ir_operand(call, (int)i)));
  for (intptr_t i = 0; i < mlirOperationGetNumResults(call); ++i)
    tensors |= mlirTypeIsATensor(ir_type(ir_result(call, (int)i)));
  return tensors;
}

/// Whether `call` is one of a function that the host's program has, which knows
/// of memory and numbers.
static bool is_external(MlirSymbolTable symbols, MlirOperation call) {
  MlirOperation callee = mlirSymbolTableLookup(
      symbols, mlirFlatSymbolRefAttrGetValue(ir_get_attr(call, "callee")));
  return ir_is(callee, "func.func") && !takes_tensors(call) &&
         mlirBlockIsNull(
             mlirRegionGetFirstBlock(mlirOperationGetRegion(callee, 0)));
}

/// Of an op that is not registered, nobody knows what it calls. (Ours alone are
/// known by their names, too.)
static MlirWalkResult check_op(MlirOperation op, void *status) {
  MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(op));
  if (mlirContextIsRegisteredOperation(mlirOperationGetContext(op), name) ||
      ir_is_of(op, "simplicial."))
    return MlirWalkResultAdvance;
  *(MlirLogicalResult *)status =
      ir_error(op, "'%.*s' is no operation that is known here",
               (int)name.length, name.data);
  return MlirWalkResultInterrupt;
}

static MlirLogicalResult check_known(MlirOperation root) {
  MlirLogicalResult status = mlirLogicalResultSuccess();
  mlirOperationWalk(root, check_op, &status, MlirWalkPreOrder);
  return status;
}

/// The calls of a function that are to be inlined.
typedef struct Found {
  MlirSymbolTable symbols;
  MlirOperation *calls;
  size_t n, capacity;
} Found;

static MlirWalkResult find_call(MlirOperation op, void *user) {
  Found *found = user;
  if (!ir_is(op, "func.call") || is_external(found->symbols, op))
    return MlirWalkResultAdvance;
  if (found->n == found->capacity) {
    found->capacity = 2 * found->capacity + 1;
    found->calls =
        memory_resized(found->calls, found->capacity * sizeof *found->calls);
  }
  found->calls[found->n++] = op;
  return MlirWalkResultAdvance;
}

static MlirLogicalResult inline_into(MlirOperation function, Inliner *inliner) {
  enum { MOST_DEPTH = 256 };
  int depth = 0;
  for (const Calls *c = inliner->calls; c; c = c->outer)
    if (++depth == MOST_DEPTH)
      return ir_error(function, "is called through more than %d calls",
                      MOST_DEPTH);
  Calls calls = {inliner->calls, function};
  inliner->calls = &calls;
  MlirLogicalResult result = check_known(function);
  // What a call becomes has none left to inline.
  Found found = {.symbols = inliner->symbols};
  mlirOperationWalk(function, find_call, &found, MlirWalkPreOrder);
  for (size_t i = 0; i < found.n && mlirLogicalResultIsSuccess(result); ++i)
    result = inline_call(found.calls[i], inliner);
  free(found.calls);
  inliner->calls = calls.outer;
  return result;
}

MlirLogicalResult pass_inline(MlirOperation module) {
  static const char *const modules[] = {"builtin.module"};
  if (mlirLogicalResultIsFailure(pass_for_each(module, 1, modules, flatten)))
    return mlirLogicalResultFailure();
  Inliner inliner = {.symbols = mlirSymbolTableCreate(module)};
  MlirLogicalResult result = mlirLogicalResultSuccess();
  for (MlirOperation op = mlirBlockGetFirstOperation(ir_body(module, 0));
       !mlirOperationIsNull(op) && mlirLogicalResultIsSuccess(result);
       op = mlirOperationGetNextInBlock(op))
    if (!ir_is(op, "func.func"))
      result = check_known(op);
    else if (ir_is_public(op))
      result = inline_into(op, &inliner);
  mlirSymbolTableDestroy(inliner.symbols);
  return result;
}
