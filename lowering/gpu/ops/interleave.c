// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simplicial-interleave: a product of a warpgroup begins before all of its left
// operand is there.
//
// In:  %e0 = exp2 ...             %e1 = exp2 ...
//      %l0 = arith.addf %l, %e0   %l1 = arith.addf %l0, %e1
//      %a0 = "simplicial.tie"(... %e0 ...)
//      %a1 = "simplicial.tie"(... %e1 ...)
//      nvvm.wgmma.fence.aligned {simplicial.early}
//      %x0 = "simplicial.wgmma"(%x, %a0, %b0, ...)
//      %x1 = "simplicial.wgmma"(%x0, %a1, %b1, ...)
//      nvvm.wgmma.commit.group.sync.aligned
// Out: %e0 = exp2 ...
//      %a0 = "simplicial.tie"(... %e0 ...)
//      %l0 = arith.addf %l, %e0
//      nvvm.wgmma.fence.aligned
//      %x0 = "simplicial.wgmma"(%x, %a0, %b0, ...)
//      %e1 = exp2 ...
//      %a1 = "simplicial.tie"(... %e1 ...)
//      nvvm.wgmma.fence.aligned
//      %x1 = "simplicial.wgmma"(%x0, %a1, %b1, ...)
//      %l1 = arith.addf %l0, %e1
//      nvvm.wgmma.commit.group.sync.aligned
//
// The first three quarters of the instructions begin together, when all of
// their operands are there: with fewer, the accumulator takes its registers
// while those of what is still to be made are needed. Behind each operand are
// the ops that are the last to need what it is made of.

#include "lowering/ir.h"
#include "lowering/memory.h"
#include "lowering/pass.h"
#include "lowering/value_map.h"
#include "wgmma.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include "simplicial/dialect.h"

#include <stdlib.h>

#define FENCE "nvvm.wgmma.fence.aligned"
#define COMMIT "nvvm.wgmma.commit.group.sync.aligned"

enum { MAX_INSTRUCTIONS = 64 };

/// An op before or among a product's instructions.
typedef struct Item {
  MlirOperation op;
  bool stays; ///< where it is: a load
  bool moves; ///< what it computes is made for the product, or of that
  bool placed;
  int uses; ///< of its result, by items that are not placed
} Item;

/// Ops that may change places, in their order.
typedef struct Section {
  Item *items;
  int n, capacity;
  ValueMap numbers;     ///< of results: an int, 1 + the item's number
  MlirOperation commit; ///< before which they are placed
} Section;

static const int no_number;

static void forget(Section *self) {
  value_map_free(&self->numbers, NULL);
  self->numbers = (ValueMap){.entry_size = sizeof(int), .initial = &no_number};
  self->n = 0;
}

static void add(Section *self, MlirOperation op, bool stays) {
  if (self->n == self->capacity) {
    self->capacity = self->capacity ? 2 * self->capacity : 256;
    self->items = memory_resized(self->items,
                                 (size_t)self->capacity * sizeof *self->items);
  }
  self->items[self->n++] = (Item){.op = op, .stays = stays};
  for (int i = 0; i < (int)mlirOperationGetNumResults(op); ++i)
    *(int *)value_map_entry(&self->numbers, ir_result(op, i)) = self->n;
}

/// What computes operand `i` of `op`; NULL: it is there before the section.
static Item *source_of(Section *self, MlirOperation op, int i) {
  int number = *(int *)value_map_entry(&self->numbers, ir_operand(op, i));
  return number ? &self->items[number - 1] : NULL;
}

static int operands_of(const Item *item) {
  return (int)mlirOperationGetNumOperands(item->op);
}

/// Whether an op computes, and touches nothing else.
static bool is_pure(MlirOperation op) {
  return !mlirOperationGetNumRegions(op) &&
         (ir_is_of(op, "arith.") || ir_is_of(op, "math.") ||
          ir_is_any(op, IR_NAMES(SIMPLICIAL_TIE, "llvm.insertvalue",
                                 "llvm.extractvalue", "llvm.bitcast",
                                 "llvm.call_intrinsic", "nvvm.shfl.sync",
                                 "vector.from_elements", "vector.extract")));
}

/// Whether others may be moved across an op, which itself stays.
static bool is_transparent(MlirOperation op) {
  return ir_is_any(op, IR_NAMES("llvm.load", "llvm.getelementptr"));
}

// Placing ---------------------------------------------------------------------

/// Places an op behind those that it needs.
static void place(Section *self, Item *item) {
  if (!item->moves || item->placed)
    return;
  item->placed = true;
  for (int i = 0; i < operands_of(item); ++i) {
    Item *source = source_of(self, item->op, i);
    if (!source)
      continue;
    place(self, source);
    --source->uses;
  }
  mlirOperationMoveBefore(item->op, self->commit);
}

/// Whether an op has all that it needs, and nothing else will need some of it.
static bool is_last_use(Section *self, const Item *item) {
  bool last = false;
  for (int i = 0; i < operands_of(item); ++i) {
    const Item *source = source_of(self, item->op, i);
    if (!source || !source->moves)
      continue;
    if (!source->placed)
      return false;
    last |= source->uses == 1;
  }
  return last;
}

static void place_last_uses(Section *self) {
  for (Item *item = self->items; item < self->items + self->n; ++item)
    if (item->moves && !item->placed && is_last_use(self, item))
      place(self, item);
}

/// Marks what operand `i` of `op` is made of.
static void mark(Section *self, MlirOperation op, int i) {
  Item *item = source_of(self, op, i);
  if (!item || item->moves || item->stays)
    return;
  item->moves = true;
  for (int k = 0; k < operands_of(item); ++k)
    mark(self, item->op, k);
}

/// Marks what is made of that, and counts uses. Whether all of it can move.
static bool mark_users(Section *self) {
  bool can = true;
  for (Item *item = self->items; item < self->items + self->n; ++item)
    for (int i = 0; i < operands_of(item); ++i) {
      Item *source = source_of(self, item->op, i);
      if (!source)
        continue;
      ++source->uses;
      item->moves |= source->moves;
      can &= !(item->moves && item->stays);
    }
  return can;
}

// Products --------------------------------------------------------------------

/// Takes the ops between a fence and the commit into the section, or, if they
/// are instructions whose left operand is in registers, apart. How many those
/// are; 0: there are others.
static int collect(Section *self, MlirOperation fence, MlirOperation *product) {
  int n = 0;
  bool in_registers = true;
  for (MlirOperation op = mlirOperationGetNextInBlock(fence);
       !mlirOperationEqual(op, self->commit);
       op = mlirOperationGetNextInBlock(op)) {
    if (!ir_is(op, SIMPLICIAL_WGMMA)) {
      add(self, op, !is_pure(op));
      continue;
    }
    in_registers &= n < MAX_INSTRUCTIONS &&
                    wgmma_registers(ir_type(ir_operand(op, WGMMA_A))) > 1;
    if (in_registers)
      product[n++] = op;
  }
  return in_registers ? n : 0;
}

static void interleave(Section *self, MlirOperation fence) {
  MlirOperation product[MAX_INSTRUCTIONS];
  int n = collect(self, fence, product), together = n - n / 4;
  for (int k = 0; k < n; ++k)
    for (int i = WGMMA_ACC; i <= WGMMA_ACCUMULATE; ++i)
      mark(self, product[k], i);
  if (together == n || !mark_users(self)) {
    mlirOperationRemoveDiscardableAttributeByName(
        fence, ir_str(SIMPLICIAL_EARLY_ATTR));
    return;
  }
  for (int k = 0; k < n; ++k) {
    for (int i = WGMMA_ACC; i <= WGMMA_ACCUMULATE; ++i) {
      Item *source = source_of(self, product[k], i);
      if (source)
        place(self, source);
    }
    if (k + 1 >= together) {
      Ir b = ir_before(self->commit);
      ir_op(&b, FENCE, IR_NONE, IR_NONE, IR_NONE);
      for (int i = k + 1 == together ? 0 : k; i <= k; ++i)
        mlirOperationMoveBefore(product[i], self->commit);
    }
    place_last_uses(self);
  }
  for (Item *item = self->items; item < self->items + self->n; ++item)
    place(self, item);
  mlirOperationDestroy(fence);
}

static bool is_early(MlirOperation op) {
  return ir_is(op, FENCE) &&
         !mlirAttributeIsNull(ir_get_attr(op, SIMPLICIAL_EARLY_ATTR));
}

/// Whether a fence of the block itself says that its product begins early.
static bool has_early(MlirBlock block) {
  bool has = false;
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationIsNull(op) && !has; op = mlirOperationGetNextInBlock(op))
    has = is_early(op);
  return has;
}

/// The commit of the instructions behind a fence; null: there is none.
static MlirOperation commit_of(MlirOperation fence) {
  MlirOperation op = mlirOperationGetNextInBlock(fence);
  while (!mlirOperationIsNull(op) && !ir_is(op, COMMIT) && !ir_is(op, FENCE))
    op = mlirOperationGetNextInBlock(op);
  return mlirOperationIsNull(op) || ir_is(op, FENCE) ? (MlirOperation){NULL}
                                                     : op;
}

static MlirLogicalResult in_block(MlirBlock block) {
  MlirLogicalResult result = mlirLogicalResultSuccess();
  Section section = {.items = NULL};
  forget(&section);
  MlirOperation next = mlirBlockGetFirstOperation(block);
  while (!mlirOperationIsNull(next)) {
    MlirOperation op = next;
    next = mlirOperationGetNextInBlock(op);
    if (is_pure(op) || is_transparent(op)) {
      add(&section, op, is_transparent(op));
      continue;
    }
    if (is_early(op)) {
      next = section.commit = commit_of(op);
      if (mlirOperationIsNull(next))
        result = ir_error(op, "no %s follows in its block", COMMIT);
      else
        interleave(&section, op);
    }
    forget(&section);
  }
  forget(&section);
  free(section.items);
  return result;
}

static MlirLogicalResult in_regions(MlirOperation parent) {
  for (int i = 0; i < (int)mlirOperationGetNumRegions(parent); ++i) {
    MlirBlock block =
        mlirRegionGetFirstBlock(mlirOperationGetRegion(parent, i));
    for (; !mlirBlockIsNull(block); block = mlirBlockGetNextInRegion(block)) {
      if (has_early(block) && mlirLogicalResultIsFailure(in_block(block)))
        return mlirLogicalResultFailure();
      for (MlirOperation op = mlirBlockGetFirstOperation(block);
           !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op))
        if (mlirLogicalResultIsFailure(in_regions(op)))
          return mlirLogicalResultFailure();
    }
  }
  return mlirLogicalResultSuccess();
}

MlirLogicalResult pass_interleave(MlirOperation module) {
  static const char *const names[] = {"gpu.module"};
  return pass_for_each(module, 1, names, in_regions);
}
