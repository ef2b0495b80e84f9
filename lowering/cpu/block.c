// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simplicial-block: tile programs -> vectors and scratch buffers, for a CPU.
//
// In:  tile values of any size, in the body of scf.forall
//        %s = vector.contract %a, %k, %zero : ... into vector<16x128xf32>
//        %p = math.exp2 %s : vector<16x128xf32>
// Out: loops over the columns of tiles, on vectors of their rows, between
//      buffers on the stack
//        scf.for %x = %c0 to %count step %c4 {
//          %s:4 = scf.for %k = %c0 to %c64 ... { vector.load, math.fma }
//          vector.store %s#0, %s_buffer[%x, %c0] ...
//        }
//        scf.for %x = %c0 to %count step %c1 { vector.load, ..., vector.store }
//
//
// Ops of tile programs that are no tiles stay what they are; a block's own
// memory is allocated with the buffers.

#include "block.h"

#include "lowering/bounds.h"

#include "lowering/memory.h"

#include "lowering/notes.h"
#include "lowering/pass.h"
#include "lowering/tile/check.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include <stdlib.h>

// What is known of values -----------------------------------------------------

static const Entry unknown = {.row_dims = 1};

Entry *block_entry(Block *s, MlirValue value) {
  return value_map_entry(&s->entries, value);
}

MlirValue block_scalar(Block *s, MlirValue old) {
  MlirValue scalar = block_entry(s, old)->scalar;
  return mlirValueIsNull(scalar) ? old : scalar;
}

MlirValue block_count(Block *s, MlirValue old, int64_t size) {
  if (mlirValueIsNull(old))
    return ir_const_index(&s->b, size);
  Bounds bounds = bounds_of(old);
  MlirValue count = block_scalar(s, old);
  if (bounds.most > size)
    count = ir_minsi(&s->b, count, ir_const_index(&s->b, size));
  if (bounds.least < 0)
    count = ir_maxsi(&s->b, count, ir_const_index(&s->b, 0));
  return count;
}

void block_fail(Block *s, MlirOperation op, const char *reason) {
  tile_fail(&s->failed, "simplicial-block", s->forall, op, reason);
}

int block_row_dims(MlirType tile) {
  int rank = ir_rank(tile);
  return rank == 1 ? 1 : rank - 1;
}

int64_t block_round_up(int64_t n) { return (n + LANES - 1) / LANES * LANES; }

int64_t block_lanes(MlirType tile, int row_dims) {
  return block_round_up(tile_rows(tile, row_dims));
}

MlirValue block_offset(Block *s, MlirValue x, int64_t k) {
  return k ? ir_addi(&s->b, x, ir_const_index(&s->b, k)) : x;
}

MlirValue block_column(Block *s, At at, int u) {
  return mlirValueIsNull(at.x) ? ir_const_index(&s->b, u)
                               : block_offset(s, at.x, u);
}

bool block_is_contraction(MlirOperation op) {
  return ir_is(op, "vector.contract");
}

// What there is code for ------------------------------------------------------

static bool has_tiles(MlirOperation op) {
  for (int i = 0; i < (int)mlirOperationGetNumResults(op); ++i)
    if (tile_is(ir_result(op, i)))
      return true;
  return false;
}

static MlirWalkResult find_tiles(MlirOperation op, void *found) {
  *(bool *)found = has_tiles(op);
  return *(bool *)found ? MlirWalkResultInterrupt : MlirWalkResultAdvance;
}

static bool is_own_memory(MlirOperation op) {
  return ir_is(op, "memref.alloca");
}

/// Types of elements that tiles may have.
static bool is_element(Block *s, MlirType type) {
  return mlirTypeIsAF32(type) || mlirTypeIsAF16(type) ||
         mlirTypeIsABF16(type) || mlirTypeIsAIndex(type) ||
         mlirTypeEqual(type, ir_i1(&s->b)) ||
         mlirTypeEqual(type, ir_i32(&s->b));
}

/// Whether a mask leaves in whole rows; there may be none.
static bool masks_rows(MlirOperation op, int dim) {
  if (ir_is(op, "arith.xori"))
    return masks_rows(ir_def(ir_operand(op, 0)), dim) &&
           masks_rows(ir_def(ir_operand(op, 1)), dim);
  for (int i = 0; i < (int)mlirOperationGetNumOperands(op); ++i)
    if (i != dim && !mlirValueIsNull(tile_op_mask_count(op, i)))
      return false;
  return true;
}

static void check_transfer(Block *s, MlirOperation op) {
  bool writes = ir_is(op, "vector.transfer_write");
  MlirValue memref = ir_operand(op, writes), first, end;
  MlirType type = ir_type(memref);
  int rank = ir_rank(type), number = 2 + rank, dims[IR_MAX_RANK];
  MlirType tile = ir_type(writes ? ir_operand(op, 0) : ir_result(op, 0));
  if (mlirTypeEqual(ir_element(type), ir_i1(&s->b)))
    block_fail(s, op, "tiles of i1 are not in memory");
  if (!mlirAttributeIsNull(mlirMemRefTypeGetMemorySpace(type)))
    block_fail(s, op, "its memory is not the CPU's");
  if (mlirOperationGetNumOperands(op) <= number)
    return;
  if (!tile_op_mask(op, &first, &end)) {
    block_fail(s, op, "its mask is not of its first dimension's elements");
    return;
  }
  // A mask has its dimensions in the memref's order.
  int tile_rank = ir_rank(tile), dim = 0;
  tile_op_memref_dims(op, tile_rank, dims);
  for (int t = 1; t < tile_rank; ++t)
    dim += dims[t] < dims[0];
  if (!masks_rows(ir_def(ir_operand(op, number)), dim))
    block_fail(s, op, "its mask is not of its first dimension's elements");
}

static void check_op(Block *s, MlirOperation op) {
  int n = (int)mlirOperationGetNumOperands(op);
  for (int i = 0; i < n; ++i)
    if (tile_is(ir_operand(op, i)) &&
        !ir_is(ir_def(ir_operand(op, i)), "arith.constant") &&
        !block_entry(s, ir_operand(op, i))->inside)
      block_fail(s, op, "its tiles are from outside of the loop");
  for (int i = 0; i < (int)mlirOperationGetNumResults(op); ++i) {
    MlirValue result = ir_result(op, i);
    block_entry(s, result)->inside = true;
    if (tile_is(result) && !is_element(s, ir_element(ir_type(result))))
      block_fail(s, op, "there is no arithmetic of its elements");
  }
  if (ir_is(op, "vector.transfer_read") || ir_is(op, "vector.transfer_write"))
    check_transfer(s, op);
  if (ir_is(op, "vector.transfer_read"))
    block_entry(s, ir_result(op, 0))->overwritten =
        tile_op_is_overwritten(op, s->forall);
  if (is_own_memory(op) &&
      (n > 0 || !mlirAffineMapIsIdentity(
                    mlirMemRefTypeGetAffineMap(ir_type(ir_result(op, 0))))))
    block_fail(s, op, "a block's own memory is contiguous, of a static size");
  if (mlirOperationGetNumRegions(op) && !ir_is(op, "scf.for") &&
      !ir_is(op, "scf.if"))
    block_fail(s, op, "it is not an op of tile programs");
}

/// Whether there is code for the ops of a block, as far as their types say.
static bool check_ops(Block *s, MlirBlock block) {
  MlirOperation terminator = mlirBlockGetTerminator(block);
  for (intptr_t i = 0; i < mlirBlockGetNumArguments(block); ++i)
    block_entry(s, mlirBlockGetArgument(block, i))->inside = true;
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationIsNull(op) && !s->failed.ptr;
       op = mlirOperationGetNextInBlock(op)) {
    if (mlirOperationEqual(op, terminator) && !ir_is(op, "scf.yield"))
      break;
    check_op(s, op);
    for (int i = 0; i < (int)mlirOperationGetNumRegions(op); ++i)
      if (!mlirBlockIsNull(ir_body(op, i)) && !s->failed.ptr)
        check_ops(s, ir_body(op, i));
  }
  return !s->failed.ptr;
}

// The walk --------------------------------------------------------------------

/// A scalar op: copied into the new program.
static void copy_scalar(Block *s, MlirOperation op) {
  MlirValue operands[IR_MAX_VALUES];
  int n = (int)mlirOperationGetNumOperands(op);
  if (mlirOperationGetNumResults(op) != 1 || mlirOperationGetNumRegions(op) ||
      n > IR_MAX_VALUES) {
    block_fail(s, op, "it is not an op of tile programs");
    return;
  }
  for (int i = 0; i < n; ++i) {
    operands[i] = block_scalar(s, ir_operand(op, i));
    if (tile_is(ir_operand(op, i))) {
      block_fail(s, op, "it makes a scalar of a tile");
      return;
    }
  }
  MlirValue result = ir_result(op, 0);
  block_entry(s, result)->scalar =
      ir_clone_with(&s->b, op, ir_type(result), operands);
}

static void convert_tile(Block *s, MlirOperation op) {
  MlirValue tile = ir_result(op, 0);
  const Entry *entry = block_entry(s, tile);
  Read read;
  if (read_of(s, tile, &read)) {
    if (entry->wide)
      read.element = ir_f32(&s->b);
    if (entry->on_lanes && (read_is_packed(s, &read) || entry->kept))
      pack_on_lanes(s, tile, &read);
    read.element = ir_f32(&s->b);
    if (entry->in_order)
      pack_in_order(s, tile, &read);
  } else if (tile_op_reduces_columns(op)) {
    columns_reduce(s, op);
  } else if (entry->kept && entry->on_lanes) {
    columns_keep(s, tile);
  }
}

MlirOperation *block_ops(MlirBlock block, size_t *n) {
  size_t capacity = 0;
  MlirOperation *ops = NULL, terminator = mlirBlockGetTerminator(block);
  *n = 0;
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationEqual(op, terminator);
       op = mlirOperationGetNextInBlock(op)) {
    if (*n == capacity) {
      capacity = capacity ? 2 * capacity : 64;
      ops = memory_resized(ops, capacity * sizeof *ops);
    }
    ops[(*n)++] = op;
  }
  return ops;
}

static void convert_op(Block *s, MlirOperation op) {
  if (ir_is(op, "scf.for"))
    regions_convert_for(s, op);
  else if (ir_is(op, "scf.if"))
    regions_convert_if(s, op);
  else if (ir_is(op, "vector.transfer_write"))
    unpack(s, op);
  else if (ir_is(op, "vector.multi_reduction") && tile_op_reduces_all(op))
    columns_reduce_all(s, op);
  else if (has_tiles(op))
    convert_tile(s, op);
  else if (is_own_memory(op))
    block_entry(s, ir_result(op, 0))->scalar =
        ir_alloca(&s->scratch, ir_type(ir_result(op, 0)));
  else
    copy_scalar(s, op);
}

static void convert_ops(Block *s, size_t n, const MlirOperation *ops) {
  for (size_t i = 0; i < n && !s->failed.ptr; ++i)
    convert_op(s, ops[i]);
}

void block_convert_body(Block *s, MlirBlock block) {
  size_t n;
  MlirOperation *ops = block_ops(block, &n);
  convert_ops(s, n, ops);
  free(ops);
}

/// The new ops come behind the old ones, which then go.
static MlirLogicalResult convert_forall(MlirOperation forall) {
  MlirBlock body = ir_body(forall, 0);
  size_t n;
  MlirOperation *ops = block_ops(body, &n);
  bool any = false;
  mlirOperationWalk(forall, find_tiles, &any, MlirWalkPreOrder);
  Block s = {.b = ir_before(mlirBlockGetTerminator(body)),
             .scratch = ir_before(mlirBlockGetFirstOperation(body)),
             .forall = forall,
             .entries = {sizeof(Entry), &unknown, NULL, 0, 0}};
  if (any && (mlirLogicalResultIsFailure(tile_check(forall)) ||
              !check_ops(&s, body))) {
    s.failed = forall;
  } else if (any) {
    note(forall,
         "vectors: of f32, a block's rows beside each other, rounded up to a "
         "multiple of %d, which LLVM splits into the processor's registers",
         LANES);
    keep_tiles(&s, body);
    convert_ops(&s, n, ops);
    for (size_t i = n; i-- > 0 && !s.failed.ptr;)
      mlirOperationDestroy(ops[i]);
  }
  value_map_free(&s.entries, NULL);
  free(ops);
  return s.failed.ptr ? mlirLogicalResultFailure() : mlirLogicalResultSuccess();
}

MlirLogicalResult pass_block(MlirOperation module) {
  static const char *const names[] = {"scf.forall"};
  return pass_for_each(module, 1, names, convert_forall);
}
