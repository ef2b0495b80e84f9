// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where operands of products live. All engines take right operands from shared
// memory, and left ones that are [K, M], or that the program wants there; other
// left operands they take from registers, or from shared memory where they are
// there already.
//
// What is loaded in a loop for products alone is in a ring (stage.c). Anything
// else that they take from shared memory is put there where it is made:
//
// In:  %p = arith.truncf %s
//      vector.contract %a, %p ...
// Out: %buffer = memref.alloc() : memref<1x64x64xbf16, 3>
//      %p = arith.truncf %s
//      vector.transfer_write %p, %buffer[0, 0, 0]
//      %q = vector.transfer_read %buffer[0, 0, 0]
//      vector.contract %a, %q ...

#include "places.h"

#include "lowering/memory.h"
#include "lowering/tile_ops.h"

#include "simplicial/dialect.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <stdlib.h>

enum { LEFT, RIGHT };

/// Whether an operand is rounded to tf32, which is done behind the load of it
/// from shared memory.
static bool is_rounding(MlirOperation op) {
  return ir_is(op, "arith.truncf") &&
         mlirTypeIsATF32(ir_element(ir_type(ir_result(op, 0))));
}

/// Whether the program says that a tile is to be there.
static bool is_shared(MlirValue tile) {
  MlirOperation op = ir_def(tile);
  return !mlirOperationIsNull(op) &&
         !mlirAttributeIsNull(ir_get_attr(op, SIMPLICIAL_SHARED_ATTR));
}

/// Whether a product takes its operand from shared memory.
static bool takes_from_memory(MlirOperation product, int operand) {
  return operand == RIGHT ||
         (operand == LEFT && (tile_op_left_is_km(product) ||
                              is_shared(ir_operand(product, LEFT))));
}

/// Whether all uses are operands of products; `from_memory`: some of which are
/// taken from shared memory.
static bool is_for_products(MlirValue tile, bool *from_memory) {
  MlirOpOperand use = mlirValueGetFirstUse(tile);
  if (mlirOpOperandIsNull(use) || ir_rank(ir_type(tile)) != 2)
    return false;
  for (; !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use)) {
    MlirOperation user = mlirOpOperandGetOwner(use);
    int operand = (int)mlirOpOperandGetOperandNumber(use);
    if (is_rounding(user)) {
      if (!is_for_products(ir_result(user, 0), from_memory))
        return false;
      continue;
    }
    if (!ir_is(user, "vector.contract") || operand > RIGHT)
      return false;
    *from_memory |= takes_from_memory(user, operand);
  }
  return true;
}

bool places_feeds_products(MlirValue tile) {
  bool from_memory = false;
  return is_for_products(tile, &from_memory) && from_memory;
}

bool places_is_row(MlirValue tile) {
  MlirType type = ir_type(tile);
  return ir_rank(type) == 2 && ir_dim_size(type, 0) == 1 &&
         mlirTypeIsAF32(ir_element(type));
}

MlirValue places_allocate(MlirBlock program, int64_t slots, MlirType tile) {
  Ir b = ir_before(mlirBlockGetFirstOperation(program));
  const int64_t shape[] = {slots, ir_dim_size(tile, 0), ir_dim_size(tile, 1)};
  MlirAttribute space =
      mlirIntegerAttrGet(mlirIntegerTypeGet(b.context, 64), PLACES_SHARED);
  MlirType type =
      mlirMemRefTypeContiguousGet(ir_element(tile), 3, shape, space);
  return ir_alloc(&b, type);
}

MlirValue places_read(Ir *b, MlirType tile, MlirValue buffer, MlirValue slot) {
  MlirValue zero = ir_const_index(b, 0);
  return ir_transfer_read(b, tile, buffer,
                          (const MlirValue[]){slot, zero, zero},
                          (const unsigned[]){1, 2}, (MlirValue){NULL});
}

// Publishing ------------------------------------------------------------------

/// A tile and the buffer that it is put into.
typedef struct Published {
  MlirValue tile, buffer;
} Published;

typedef struct Places {
  MlirBlock program;
  int n, capacity;
  Published *published;
} Places;

/// Whether a tile is read from shared memory as it is there.
static bool is_in_memory(MlirValue tile) {
  MlirOperation op = ir_def(tile);
  return ir_is(op, "vector.transfer_read") &&
         !mlirAttributeIsNull(
             mlirMemRefTypeGetMemorySpace(ir_type(ir_operand(op, 0))));
}

/// The buffer that `tile` has been put into, as it is now.
static MlirValue buffer_of(Places *s, MlirValue tile) {
  for (int i = 0; i < s->n; ++i)
    if (mlirValueEqual(s->published[i].tile, tile))
      return s->published[i].buffer;
  if (s->n == s->capacity) {
    s->capacity = s->capacity ? 2 * s->capacity : 8;
    s->published = memory_resized(s->published,
                                  (size_t)s->capacity * sizeof *s->published);
  }
  MlirValue buffer = places_allocate(s->program, 1, ir_type(tile));
  MlirOperation made = ir_def(tile);
  Ir b = mlirOperationIsNull(made)
             ? ir_before(
                   mlirBlockGetFirstOperation(mlirBlockArgumentGetOwner(tile)))
             : ir_before(mlirOperationGetNextInBlock(made));
  MlirValue zero = ir_const_index(&b, 0);
  ir_transfer_write(&b, tile, buffer, (const MlirValue[]){zero, zero, zero},
                    (const unsigned[]){1, 2}, (MlirValue){NULL});
  s->published[s->n++] = (Published){tile, buffer};
  return buffer;
}

static void publish_operand(Places *s, MlirOperation product, int operand) {
  MlirValue taken = ir_operand(product, operand), tile = taken;
  MlirOperation rounding = ir_def(taken);
  if (is_rounding(rounding))
    tile = ir_operand(rounding, 0);
  if (is_in_memory(tile))
    return;
  MlirValue buffer = buffer_of(s, tile);
  Ir b = ir_before(product);
  MlirValue read =
      places_read(&b, ir_type(tile), buffer, ir_const_index(&b, 0));
  if (!mlirValueEqual(tile, taken))
    read = ir_clone_with(&b, rounding, ir_type(taken), &read);
  mlirOperationSetOperand(product, operand, read);
}

static void publish_in(Places *s, MlirBlock block) {
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    for (int i = LEFT; i <= RIGHT && ir_is(op, "vector.contract"); ++i)
      if (takes_from_memory(op, i))
        publish_operand(s, op, i);
    for (int i = 0; i < (int)mlirOperationGetNumRegions(op); ++i)
      publish_in(s, ir_body(op, i));
  }
}

int places_publish(MlirOperation forall) {
  Places s = {.program = ir_body(forall, 0)};
  publish_in(&s, s.program);
  free(s.published);
  return s.n;
}
