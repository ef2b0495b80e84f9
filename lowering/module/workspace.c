// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simplicial-workspace: beside a function, one that computes how much memory a
// call of it allocates.
//
// In:  func.func @f(%q: memref<2x?x8x64xf32>, %out: memref<2x?x8x64xf32>) {
//        %c1 = arith.constant 1 : index
//        %n = memref.dim %q, %c1
//        %m = memref.alloc(%n) : memref<?x64xf32>
//        ...
//      }
// Out: func.func @f ...
//      func.func private @_simplicial_workspace_f(%sizes: !llvm.ptr) -> i64 {
//        %n = llvm.load %sizes[1]         // dimension 1 of the first argument
//        %bytes = 4 * %n * 64             // of each allocation
//        %lines = (max(%bytes, 1) - 1) / 64 + 1
//        %total = ...                     // 64 times the sum of all %lines
//        return %total                    // -1 if it is no i64
//      }
//
// Sizes are those of the arguments' dimensions, one i64 each, in order. What is
// allocated begins at multiples of 64 bytes: an arena of the total is enough
// for a call, whatever is freed in it.
//
// What a branch allocates counts where its condition holds.
//
// A function gets none if it allocates in loops, if what branches and loops
// return is memory (which may be copied there), if it calls functions with a
// body, or if a size or a branch's condition follows from something else than
// arguments' sizes. On GPUs a constant is allocated, too.

#include "workspace.h"

#include "bytes.h"

#include "lowering/gpu/target/chip.h"
#include "lowering/ir_llvm.h"
#include "lowering/memory.h"
#include "lowering/pass.h"
#include "lowering/value_map.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

/// So many lines that the bytes in them are no i64.
static const int64_t too_many = INT64_C(1) << 57;

/// A side of a branch, and an i1 of the function that is made: whether it is
/// taken.
typedef struct Side {
  MlirBlock block;
  MlirValue taken;
} Side;

typedef struct Workspace {
  MlirOperation function;
  bool on_gpu;
  bool failed;     ///< it cannot be known
  Ir b;            ///< in the function that is made
  MlirValue total; ///< lines of 64 bytes, so far
  ValueMap copies; ///< of numbers, MlirValues of the function that is made
  Side *sides;     ///< that have been met
  size_t side_count;
} Workspace;

// Numbers ---------------------------------------------------------------------

static MlirValue *copy_of(Workspace *self, MlirValue value) {
  return value_map_entry(&self->copies, value);
}

/// The number of dimensions of the arguments before this one.
static int64_t first_size(MlirOperation function, MlirValue argument) {
  int64_t sizes = 0;
  int number = (int)mlirBlockArgumentGetArgNumber(argument);
  for (int i = 0; i < number; ++i) {
    MlirType type = ir_type(mlirBlockGetArgument(ir_body(function, 0), i));
    sizes += mlirTypeIsAMemRef(type) ? ir_rank(type) : 0;
  }
  return sizes;
}

static bool is_argument(const Workspace *self, MlirValue value) {
  return mlirValueIsABlockArgument(value) &&
         mlirBlockEqual(mlirBlockArgumentGetOwner(value),
                        ir_body(self->function, 0));
}

/// A size of a memref, as an index; null if it is not known.
static MlirValue size_of(Workspace *self, MlirValue memref, int dim) {
  Ir *b = &self->b;
  while (ir_is(ir_def(memref), "memref.cast"))
    memref = ir_operand(ir_def(memref), 0);
  MlirType type = ir_type(memref);
  if (!mlirTypeIsAMemRef(type) || dim >= ir_rank(type))
    return (MlirValue){NULL};
  if (!mlirShapedTypeIsDynamicDim(type, dim))
    return ir_const_index(b, ir_dim_size(type, dim));
  if (is_argument(self, memref)) {
    int64_t place = first_size(self->function, memref) + dim;
    MlirValue sizes = mlirBlockGetArgument(b->block, 0);
    return ir_index_cast(
        b,
        ir_llvm_load(b, ir_i64(b),
                     ir_advance(b, sizes, ir_i64(b), ir_const_i64(b, place))),
        ir_index(b));
  }
  if (!ir_is(ir_def(memref), "memref.alloc"))
    return (MlirValue){NULL};
  int operand = 0;
  for (int d = 0; d < dim; ++d)
    operand += mlirShapedTypeIsDynamicDim(type, d);
  return *copy_of(self, ir_operand(ir_def(memref), operand));
}

static MlirValue copy_dim(Workspace *self, MlirOperation op) {
  int64_t dim;
  return ir_is_number(ir_operand(op, 1), &dim) && dim >= 0 && dim < IR_MAX_RANK
             ? size_of(self, ir_operand(op, 0), (int)dim)
             : (MlirValue){NULL};
}

/// Whether an op is the function's own or in branches of it.
static bool is_in_branches(const Workspace *self, MlirOperation op) {
  MlirOperation parent = mlirOperationGetParentOperation(op);
  while (ir_is(parent, "scf.if"))
    parent = mlirOperationGetParentOperation(parent);
  return mlirOperationEqual(parent, self->function);
}

static MlirValue condition_of(Workspace *self, MlirOperation op);

/// When this side of a branch is reached.
static MlirValue condition_of_side(Workspace *self, MlirOperation branch,
                                   MlirBlock block) {
  Ir *b = &self->b;
  MlirValue outer = condition_of(self, branch);
  MlirValue own = *copy_of(self, ir_operand(branch, 0));
  if (mlirValueIsNull(own)) {
    self->failed = true;
    return own;
  }
  if (!mlirBlockEqual(block, ir_body(branch, 0)))
    own = ir_xori(b, own, ir_const_int(b, ir_i1(b), 1));
  return mlirValueIsNull(outer)
             ? own
             : ir_select(b, outer, own, ir_const_int(b, ir_i1(b), 0));
}

/// When an op in branches is reached, an i1: null, always. What is not known
/// fails.
static MlirValue condition_of(Workspace *self, MlirOperation op) {
  MlirBlock block = mlirOperationGetBlock(op);
  MlirOperation parent = mlirOperationGetParentOperation(op);
  if (mlirOperationEqual(parent, self->function))
    return (MlirValue){NULL};
  for (size_t i = self->side_count; i > 0; --i)
    if (mlirBlockEqual(block, self->sides[i - 1].block))
      return self->sides[i - 1].taken;
  MlirValue taken = condition_of_side(self, parent, block);
  self->sides =
      memory_resized(self->sides, (self->side_count + 1) * sizeof *self->sides);
  self->sides[self->side_count++] = (Side){block, taken};
  return taken;
}

static bool divides(MlirOperation op) {
  return ir_is_any(op, IR_NAMES("arith.divui", "arith.divsi", "arith.remui",
                                "arith.remsi", "arith.ceildivui",
                                "arith.ceildivsi", "arith.floordivsi"));
}

/// Copies an op that makes a number, if it makes it from copied ones. In a
/// branch that is not taken a divisor may be 0.
static void copy_number(Workspace *self, MlirOperation op) {
  enum { MOST = 3 };
  int n = (int)mlirOperationGetNumOperands(op);
  MlirValue operands[MOST], copy = {NULL};
  if (mlirOperationGetNumResults(op) != 1 || n > MOST)
    return;
  MlirType type = ir_type(ir_result(op, 0));
  bool known = mlirTypeIsAIndex(type) || mlirTypeIsAInteger(type);
  if (ir_is(op, "memref.dim"))
    copy = copy_dim(self, op);
  for (int i = 0; i < n && known; ++i) {
    operands[i] = *copy_of(self, ir_operand(op, i));
    known = !mlirValueIsNull(operands[i]);
  }
  if (known && divides(op)) {
    MlirValue taken = condition_of(self, op);
    if (!mlirValueIsNull(taken))
      operands[1] = ir_select(&self->b, taken, operands[1],
                              ir_const_int(&self->b, type, 1));
  }
  if (known && ir_is_of(op, "arith."))
    copy = ir_clone_with(&self->b, op, type, operands);
  *copy_of(self, ir_result(op, 0)) = copy;
}

// Allocations -----------------------------------------------------------------

/// Adds the lines that a memref of this type and these sizes takes, if it is
/// `taken` (null: it is).
static void add(Workspace *self, MlirType memref, const MlirValue *sizes,
                MlirValue taken) {
  Ir *b = &self->b;
  int64_t element = ir_element_bytes(ir_element(memref));
  if (!element || (self->on_gpu && !mlirTypeIsAFloat(ir_element(memref)))) {
    self->failed = true;
    return;
  }
  MlirValue one = ir_const_i64(b, 1), most = ir_const_i64(b, too_many);
  MlirValue bytes = bytes_of(b, memref, element, sizes);
  MlirValue last = ir_subi(b, ir_maxsi(b, bytes, one), one);
  MlirValue lines =
      ir_addi(b, ir_divui(b, last, ir_const_i64(b, ALIGNMENT)), one);
  MlirValue fails = ir_cmpi(b, IR_SLT, bytes, ir_const_i64(b, 0));
  lines = ir_select(b, fails, most, lines);
  if (!mlirValueIsNull(taken))
    lines = ir_select(b, taken, lines, ir_const_i64(b, 0));
  self->total = ir_minsi(b, ir_addi(b, self->total, lines), most);
}

static void add_alloc(Workspace *self, MlirOperation alloc) {
  MlirType type = ir_type(ir_result(alloc, 0));
  MlirValue sizes[IR_MAX_RANK];
  int operand = 0;
  self->failed |= ir_rank(type) > IR_MAX_RANK;
  for (int d = 0; d < ir_rank(type) && !self->failed; ++d) {
    if (!mlirShapedTypeIsDynamicDim(type, d))
      continue;
    sizes[d] = *copy_of(self, ir_operand(alloc, operand++));
    self->failed |= mlirValueIsNull(sizes[d]);
    if (!self->failed)
      sizes[d] = ir_as_i64(&self->b, sizes[d]);
  }
  MlirValue taken = condition_of(self, alloc);
  if (!self->failed)
    add(self, type, sizes, taken);
}

/// Whether an op calls a function of the module with a body.
static bool calls(MlirOperation op) {
  if (!ir_is(op, "func.call"))
    return ir_is(op, "func.call_indirect");
  MlirStringRef callee =
      mlirFlatSymbolRefAttrGetValue(ir_get_attr(op, "callee"));
  for (MlirOperation f = mlirBlockGetFirstOperation(ir_body(ir_module(op), 0));
       !mlirOperationIsNull(f); f = mlirOperationGetNextInBlock(f))
    if (ir_is(f, "func.func") && mlirStringRefEqual(ir_symbol_name(f), callee))
      return !mlirBlockIsNull(ir_body(f, 0));
  return true;
}

static bool returns_memory(MlirOperation op) {
  if (mlirOperationGetNumRegions(op))
    for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i)
      if (mlirTypeIsAMemRef(ir_type(ir_result(op, (int)i))))
        return true;
  return false;
}

static MlirWalkResult visit(MlirOperation op, void *data) {
  Workspace *self = data;
  if (mlirOperationEqual(op, self->function))
    return MlirWalkResultAdvance;
  bool counted = is_in_branches(self, op);
  if (ir_is(op, "memref.alloc") && counted)
    add_alloc(self, op);
  else if (ir_is_any(op, IR_NAMES("bufferization.clone", "memref.alloc",
                                  "memref.realloc")) ||
           calls(op) || returns_memory(op))
    self->failed = true;
  else if (self->on_gpu && ir_is(op, "memref.get_global"))
    add(self, ir_type(ir_result(op, 0)), NULL, (MlirValue){NULL});
  else if (counted)
    copy_number(self, op);
  return self->failed ? MlirWalkResultInterrupt : MlirWalkResultAdvance;
}

// The function ----------------------------------------------------------------

/// The name of `function`'s, which the caller frees.
static char *name_of(MlirOperation function) {
  static const char prefix[] = WORKSPACE_PREFIX;
  MlirStringRef symbol = ir_symbol_name(function);
  char *name = memory_zeroed(sizeof prefix + symbol.length, 1);
  memcpy(name, prefix, sizeof prefix - 1);
  if (symbol.length)
    memcpy(name + sizeof prefix - 1, symbol.data, symbol.length);
  return name;
}

/// Fills the body of the new function. What is of no use in it goes when it is
/// canonicalized.
static void fill(Workspace *self) {
  Ir *b = &self->b;
  self->total = ir_const_i64(b, 0);
  mlirOperationWalk(self->function, visit, self, MlirWalkPreOrder);
  if (self->failed)
    return;
  MlirValue bytes = bytes_multiply(b, self->total, ir_const_i64(b, ALIGNMENT));
  ir_op(b, "func.return", IR_NONE, IR_VALUES(bytes), IR_NONE);
}

static MlirLogicalResult add_workspace(MlirOperation function) {
  MlirBlock body = ir_body(function, 0);
  ChipList chips;
  if (mlirBlockIsNull(body) || !ir_is_public(function) ||
      !mlirBlockIsNull(mlirBlockGetNextInRegion(body)))
    return mlirLogicalResultSuccess();
  if (mlirLogicalResultIsFailure(chip_list_of(function, &chips)))
    return mlirLogicalResultFailure();
  Ir b = ir_before(function);
  MlirType sizes = ir_pointer(&b, 0), bytes = ir_i64(&b);
  MlirRegion region = ir_region(&b, 1, &sizes);
  const MlirValue none = {NULL};
  Workspace self = {.function = function,
                    .on_gpu = chips.n != 0,
                    .b = ir_at_end(mlirRegionGetFirstBlock(region), b.location),
                    .copies = {.entry_size = sizeof none, .initial = &none}};
  fill(&self);
  value_map_free(&self.copies, NULL);
  free(self.sides);
  if (self.failed) {
    mlirRegionDestroy(region);
    return mlirLogicalResultSuccess();
  }
  char *name = name_of(function);
  ir_function(&b, ir_module(function), name,
              mlirFunctionTypeGet(b.context, 1, &sizes, 1, &bytes), region);
  free(name);
  return mlirLogicalResultSuccess();
}

MlirLogicalResult pass_workspace(MlirOperation module) {
  static const char *const functions[] = {"func.func"};
  return pass_for_each(module, 1, functions, add_workspace);
}
