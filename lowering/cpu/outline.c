// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simplicial-outline: parallel loops -> functions of an iteration range.
//
// In:  func.func @f(%q: memref<...>) {
//        scf.forall (%i, %j) in (%m, %n) { body of %q }
//      }
// Out: func.func private @f_tiles(%context: !llvm.ptr, %scratch: !llvm.ptr,
//                                %lo: i64, %hi: i64) {
//        %q = ...                       // loaded from %context
//        %buffer = ...                  // the part of %scratch of a
//                                       // memref.alloca in the body
//        scf.for %t = %lo to %hi { %i = %t / %n; %j = %t % %n; body }
//      }
//      func.func @f(%q: memref<...>) attributes {llvm.emit_c_interface} {
//        ...                            // %q stored to %context
//        call @simplicialParallelForWithScratch(@f_tiles, %context, %m * %n,
//            bytes)
//      }
//
// simplicialParallelForWithScratch is the runtime's (runtime.h). Its scratch
// takes the place of the stack, of which a thread may have little. Public
// functions get C wrappers, being what a host program calls.

#include "lowering/captures.h"
#include "lowering/ir_llvm.h"
#include "lowering/notes.h"
#include "lowering/pass.h"

#include "mlir-c/AffineMap.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#define PARALLEL_FOR "simplicialParallelForWithScratch"

enum { CONTEXT, SCRATCH, LOWER, UPPER, N_ARGUMENTS }; // of the new function

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

/// The LLVM type that `type` converts to; a memref's descriptor is a struct.
static MlirType lowered(Ir *b, MlirType type) {
  if (mlirTypeIsAIndex(type))
    return ir_i64(b);
  if (!mlirTypeIsAMemRef(type))
    return type;
  MlirType sizes = mlirLLVMArrayTypeGet(ir_i64(b), (unsigned)ir_rank(type));
  MlirType fields[] = {ir_pointer(b, 0), ir_pointer(b, 0), ir_i64(b), sizes,
                       sizes};
  return ir_struct(b, ir_rank(type) ? 5 : 3, fields);
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
  return ir_struct(b, n, fields);
}

static MlirValue store_captures(Ir *b, const Captures *c) {
  MlirType type = context_type(b, c);
  MlirValue context = ir_llvm_alloca_once(b, type);
  for (int i = 0, n = 0; i < c->n; ++i) {
    if (capture_is_constant(c->values[i]))
      continue;
    MlirValue value = cast(b, c->values[i], lowered(b, ir_type(c->values[i])));
    ir_llvm_store(b, value, ir_field(b, context, type, n++));
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
        ir_llvm_load(b, lowered(b, wanted), ir_field(b, context, type, n++));
    c->replacements[i] = cast(b, loaded, wanted);
  }
}

// The rewrite -----------------------------------------------------------------

/// Moves the loop's body to the end of `b`'s block.
static void move_body(Ir *b, MlirOperation forall) {
  MlirBlock body = ir_body(forall, 0);
  MlirOperation op = mlirBlockGetFirstOperation(body);
  MlirOperation terminator = mlirBlockGetTerminator(body);
  while (!mlirOperationEqual(op, terminator)) {
    MlirOperation next = mlirOperationGetNextInBlock(op);
    mlirOperationRemoveFromParent(op);
    mlirBlockAppendOwnedOperation(b->block, op);
    op = next;
  }
}

/// Whether `op` makes a buffer on the stack that can as well be in scratch.
static bool is_buffer(MlirOperation op) {
  if (!ir_is(op, "memref.alloca") || mlirOperationGetNumOperands(op))
    return false;
  MlirType type = ir_type(ir_result(op, 0));
  return ir_element_bytes(ir_element(type)) && ir_rank(type) <= IR_MAX_RANK &&
         mlirAffineMapIsIdentity(mlirMemRefTypeGetAffineMap(type));
}

/// Gives the buffers on the stack their places in `scratch`. The bytes that
/// they take, each aligned to a cache line.
static int64_t place_buffers(Ir *b, MlirOperation forall, MlirValue scratch) {
  enum { CACHE_LINE = 64 };
  int64_t bytes = 0;
  MlirOperation next, op = mlirBlockGetFirstOperation(ir_body(forall, 0));
  for (; !mlirOperationIsNull(op); op = next) {
    next = mlirOperationGetNextInBlock(op);
    if (!is_buffer(op))
      continue;
    MlirType type = ir_type(ir_result(op, 0));
    int64_t size = ir_element_bytes(ir_element(type));
    for (int d = 0; d < ir_rank(type); ++d)
      size *= ir_dim_size(type, d);
    MlirType byte = mlirIntegerTypeGet(b->context, 8);
    MlirValue offset = ir_const_index(b, bytes);
    MlirValue address = ir_advance(b, scratch, byte, offset);
    mlirValueReplaceAllUsesOfWith(ir_result(op, 0),
                                  ir_memref_at(b, type, address));
    mlirOperationDestroy(op);
    bytes += (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
  }
  return bytes;
}

/// The bytes of scratch that the function needs.
static int64_t fill_function(MlirOperation function, MlirOperation forall,
                             Captures *captures, int rank,
                             const MlirValue *extents) {
  MlirBlock block = ir_body(function, 0);
  Ir b = ir_at_end(block, mlirOperationGetLocation(forall));
  load_captures(&b, captures, mlirBlockGetArgument(block, CONTEXT));
  int64_t bytes =
      place_buffers(&b, forall, mlirBlockGetArgument(block, SCRATCH));
  MlirValue lower =
      ir_index_cast(&b, mlirBlockGetArgument(block, LOWER), ir_index(&b));
  MlirValue upper =
      ir_index_cast(&b, mlirBlockGetArgument(block, UPPER), ir_index(&b));
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
  move_body(&b, forall);
  mlirOperationWalk(loop.op, replace, captures, MlirWalkPreOrder);
  ir_for_end(&b, &loop, IR_NONE);
  ir_op(&b, "func.return", IR_NONE, IR_NONE, IR_NONE);
  return bytes;
}

static MlirLogicalResult outline(MlirOperation forall) {
  MlirOperation parent;
  if (mlirLogicalResultIsFailure(forall_function(forall, &parent)))
    return mlirLogicalResultFailure();
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
  ir_unique_name(module, ir_symbol_name(parent), "_tiles", name, sizeof name);
  MlirType types[N_ARGUMENTS] = {ir_pointer(&b, 0), ir_pointer(&b, 0),
                                 ir_i64(&b), ir_i64(&b)};
  MlirOperation function =
      ir_function(&b, module, name,
                  mlirFunctionTypeGet(b.context, N_ARGUMENTS, types, IR_NONE),
                  ir_region(&b, N_ARGUMENTS, types));
  mlirOperationSetAttributeByName(function, ir_str("llvm.linkage"),
                                  ir_linkage(&b, MlirLLVMLinkageInternal));

  MlirValue context = store_captures(&b, &captures);
  MlirValue count = extents[0];
  for (int i = 1; i < rank; ++i)
    count = ir_muli(&b, count, extents[i]);
  MlirValue body = ir_function_address(&b, function);
  MlirValue total = ir_index_cast(&b, count, ir_i64(&b));
  note(forall, "threads: those of the runtime's pool, as many as "
               "simplicialSetThreadCount or SIMPLICIAL_NUM_THREADS says, else "
               "as there are CPUs; a block is one thread's");
  notes_set(function, notes_get(forall));
  int64_t bytes = fill_function(function, forall, &captures, rank, extents);
  ir_call(&b, PARALLEL_FOR, (MlirType){NULL},
          IR_VALUES(body, context, total, ir_const_i64(&b, bytes)));
  mlirOperationDestroy(forall);
  return mlirLogicalResultSuccess();
}

MlirLogicalResult pass_outline(MlirOperation module) {
  static const char *const loops[] = {"scf.forall"};
  if (mlirLogicalResultIsFailure(pass_for_each(module, 1, loops, outline)))
    return mlirLogicalResultFailure();
  if (mlirLogicalResultIsFailure(pass_keep_deallocations(module)))
    return mlirLogicalResultFailure();
  return pass_request_c_interfaces(module);
}
