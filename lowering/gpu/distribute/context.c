// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the parts of simplicial-distribute share: what is known of values, the
// block's shared memory, and instructions that several of them need.

#include "context.h"

#include "lowering/gpu/target/layout.h"
#include "lowering/ir_llvm.h"
#include "lowering/memory.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "simplicial/dialect.h"

#include <stdlib.h>
#include <string.h>

// What is known of values -----------------------------------------------------

const Entry context_unknown = {.row_dims = 1};

Entry *context_entry(Distribute *s, MlirValue value) {
  return value_map_entry(&s->entries, value);
}

static void release(void *entry) { free(((Entry *)entry)->fragments); }

/// What a part remembers, in a list.
typedef struct ContextState {
  struct ContextState *next;
  const char *part;
  void *memory;
} ContextState;

void *context_state(Distribute *s, const char *part, size_t size) {
  ContextState *state = s->states;
  while (state && strcmp(state->part, part) != 0)
    state = state->next;
  if (state)
    return state->memory;
  state = memory_zeroed(1, sizeof *state);
  *state = (ContextState){s->states, part, memory_zeroed(1, size)};
  s->states = state;
  return state->memory;
}

void context_free(Distribute *s) {
  value_map_free(&s->entries, release);
  while (s->states) {
    ContextState *state = s->states;
    s->states = state->next;
    free(state->memory);
    free(state);
  }
}

MlirValue context_scalar(Distribute *s, MlirValue old) {
  MlirValue scalar = context_entry(s, old)->scalar;
  if (mlirValueIsNull(scalar))
    context_fail(s, ir_def(old), "it is not known in the kernel");
  return scalar;
}

void context_fail(Distribute *s, MlirOperation op, const char *reason) {
  tile_fail(&s->failed, "simplicial-distribute", s->forall, op, reason);
}

int context_slices(MlirType tile, int row_dims) {
  if (!tile_has_columns(tile, row_dims))
    return 1;
  return (int)((ir_dim_size(tile, row_dims) + SLICE - 1) / SLICE);
}

At context_at(Distribute *s, MlirType tile, int row_dims, int slice) {
  int64_t n = tile_rows(tile, row_dims);
  At at = {
      .row_dims = row_dims, .slice = slice, .own = n == s->warps * WARP_ROWS};
  MlirValue rows = ir_const_index(&s->b, n);
  for (int i = 0; i < 2; ++i)
    at.rows[i] = ir_remui(&s->b, s->rows[i], rows);
  return at;
}

Fragment *context_fragments(Distribute *s, MlirValue tile) {
  Entry *entry = context_entry(s, tile);
  int n = context_slices(ir_type(tile), entry->row_dims);
  return memory_zeroed((size_t)n, sizeof(Fragment));
}

// Shared memory ---------------------------------------------------------------

MlirValue context_allocate(Distribute *s, int64_t bytes, int64_t alignment) {
  Ir *b = &s->b;
  s->shared_bytes = (s->shared_bytes + alignment - 1) / alignment * alignment;
  const int32_t at = (int32_t)s->shared_bytes;
  s->shared_bytes += bytes;
  return ir_value(
      b, "llvm.getelementptr", ir_type(s->shared), IR_VALUES(s->shared),
      IR_ATTRIBUTES(
          {"elem_type", mlirTypeAttrGet(mlirIntegerTypeGet(b->context, 8))},
          {"rawConstantIndices", mlirDenseI32ArrayGet(b->context, 1, &at)}));
}

bool context_is_global(Distribute *s, MlirValue memref) {
  return !context_entry(s, memref)->bytes &&
         !ir_is(ir_def(memref), "memref.alloca");
}

MlirOperation context_shared_read(MlirValue tile) {
  MlirOperation op = ir_def(tile);
  if (ir_is(op, "arith.truncf") && mlirTypeIsATF32(ir_element(ir_type(tile))))
    op = ir_def(ir_operand(op, 0));
  if (ir_is(op, "vector.transfer_read") &&
      !context_is_own(ir_type(ir_operand(op, 0))))
    return op;
  return (MlirOperation){NULL};
}

bool context_is_own(MlirType memref) {
  return mlirAttributeIsNull(mlirMemRefTypeGetMemorySpace(memref));
}

// Instructions ----------------------------------------------------------------

void context_fence(Distribute *s) {
  Ir *b = &s->b;
  ir_op(b, "nvvm.fence.proxy", IR_NONE, IR_NONE,
        IR_ATTRIBUTES(
            {"kind", ir_parse_attr(b, "#nvvm.proxy_kind<async.shared>")},
            {"space", ir_parse_attr(b, "#nvvm.shared_space<cta>")}));
}

MlirValue context_pinned(Distribute *s, MlirValue x) {
  return ir_value(&s->b, SIMPLICIAL_TIE, ir_i32(&s->b), IR_VALUES(x), IR_NONE);
}

MlirValue context_pinned_index(Distribute *s, MlirValue index) {
  Ir *b = &s->b;
  MlirValue value = context_pinned(s, ir_index_cast(b, index, ir_i32(b)));
  return ir_index_cast(b, value, ir_index(b));
}

void context_barrier(Distribute *s) {
  Ir *b = &s->b;
  if (s->by_warp)
    context_fail(s, s->forall,
                 "rows are exchanged in a branch that parts of "
                 "them take for themselves");
  const int32_t segments[] = {1, 1, 0};
  MlirType i32 = ir_i32(b);
  if (s->role == ROLE_ALL)
    ir_op(b, "nvvm.barrier0", IR_NONE, IR_NONE, IR_NONE);
  else
    ir_op(b, "nvvm.barrier", IR_NONE,
          IR_VALUES(ir_const_i32(b, i32, CONSUMERS_BARRIER),
                    ir_const_i32(b, i32, (int32_t)s->warps * WARP)),
          IR_ATTRIBUTES(ir_segments(b, 3, segments)));
}

MlirValue context_uniform(Distribute *s, MlirValue index) {
  Ir *b = &s->b;
  MlirType i32 = ir_i32(b);
  return ir_value(
      b, "nvvm.shfl.sync", i32,
      IR_VALUES(ir_const_i32(b, i32, -1), ir_index_cast(b, index, i32),
                ir_const_i32(b, i32, 0), ir_const_i32(b, i32, WARP - 1)),
      IR_ATTRIBUTES({"kind", ir_parse_attr(b, "#nvvm<shfl_kind idx>")}));
}

void context_warp_barrier(Distribute *s) {
  Ir *b = &s->b;
  ir_op(b, "nvvm.bar.warp.sync", IR_NONE,
        IR_VALUES(ir_const_i32(b, ir_i32(b), -1)), IR_NONE);
}

void context_pause(Distribute *s, int64_t slice) {
  if (s->at_once && slice && slice % s->at_once == 0)
    context_warp_barrier(s);
}

IrIf context_begin_elected(Distribute *s) {
  Ir *b = &s->b;
  MlirValue elected =
      ir_value(b, "nvvm.elect.sync", ir_i1(b), IR_NONE, IR_NONE);
  return ir_if_begin(b, elected, IR_NONE);
}
