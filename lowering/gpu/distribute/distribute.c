// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// simplicial-distribute: tile programs -> GPU programs, one thread's view.
//
// In:  func.func @f(%q: memref<...>, ...) {
//        scf.forall (%b, %h, %i) in (%B, %H, %N) { a staged tile program }
//      }
// Out: gpu.module @f_kernels {
//        llvm.func @f_tiles(%q: !llvm.ptr<1>, %q_stride: i64, ...)
//            attributes {gpu.kernel, nvvm.kernel, nvvm.reqntid} {
//          %b, %h, %i from the block's number; tiles as scalars in registers;
//          hardware instructions as nvvm ops
//        }
//      }
//      func.func @f(...) {
//        gpu.launch_func @f_kernels::@f_tiles blocks in (%B * %H * %N) ...
//      }
//
// An "or" of all rows, the condition of an scf.if, is that of a warp's rows: a
// tile program gives the same rows on both sides of it wherever it is false.

#include "distribute.h"
#include "keep.h"
#include "kernel.h"
#include "lowering/gpu/target/chip.h"
#include "lowering/gpu/target/layout.h"

#include "lowering/captures.h"
#include "lowering/ir_llvm.h"
#include "lowering/memory.h"
#include "lowering/notes.h"
#include "lowering/pass.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include "simplicial/dialect.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_WARPS = 8 };

// What is known of values -----------------------------------------------------

static const Entry unknown = {.row_dims = 1};

Entry *distribute_entry(Distribute *s, MlirValue value) {
  return value_map_entry(&s->entries, value);
}

static void release(void *entry) { free(((Entry *)entry)->fragments); }

MlirValue distribute_scalar(Distribute *s, MlirValue old) {
  MlirValue scalar = distribute_entry(s, old)->scalar;
  if (mlirValueIsNull(scalar))
    distribute_fail(s, ir_def(old), "it is not known in the kernel");
  return scalar;
}

void distribute_fail(Distribute *s, MlirOperation op, const char *reason) {
  if (s->failed.ptr)
    return;
  if (mlirOperationIsNull(op))
    op = s->forall;
  s->failed = op;
  MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(op));
  ir_error(op, "simplicial-distribute cannot lower this '%.*s': %s",
           (int)name.length, name.data, reason);
}

int distribute_slices(MlirType tile, int row_dims) {
  if (!tile_has_columns(tile, row_dims))
    return 1;
  return (int)((ir_dim_size(tile, row_dims) + SLICE - 1) / SLICE);
}

At distribute_at(Distribute *s, MlirType tile, int row_dims, int slice) {
  At at = {.row_dims = row_dims, .slice = slice};
  MlirValue rows = ir_const_index(&s->b, tile_rows(tile, row_dims));
  for (int i = 0; i < 2; ++i)
    at.rows[i] = ir_remui(&s->b, s->rows[i], rows);
  return at;
}

// Kept tiles ------------------------------------------------------------------

static Fragment *allocate(Distribute *s, MlirValue tile) {
  Entry *entry = distribute_entry(s, tile);
  int n = distribute_slices(ir_type(tile), entry->row_dims);
  return memory_zeroed((size_t)n, sizeof(Fragment));
}

/// Whether a tile is a load by addresses that each of a thread's rows has of
/// its own, or from global memory.
static bool has_addresses_by_row(Distribute *s, MlirValue tile) {
  MlirOperation op = tile_source(tile);
  return ir_is(op, "vector.transfer_read") &&
         !(distribute_entry(s, ir_operand(op, 0))->local &&
           fragment_shares_rows(tile));
}

/// All slices of a tile.
static void keep_slices(Distribute *s, MlirValue tile, int slices,
                        Fragment *fragments) {
  At at =
      distribute_at(s, ir_type(tile), distribute_entry(s, tile)->row_dims, 0);
  // Its addresses would else be computed before a loop around it, and kept.
  bool anew = s->warpgroups && has_addresses_by_row(s, tile);
  MlirValue before[IR_MAX_RANK];
  for (int i = 0; i < 2 && anew; ++i)
    at.rows[i] = distribute_pinned_index(s, at.rows[i]);
  if (anew)
    distribute_pin_indices(s, tile_source(tile), 1, before);
  for (; at.slice < slices; ++at.slice) {
    distribute_pause(s, at.slice);
    fragments[at.slice] = fragment_definition(s, tile, at);
  }
  if (anew)
    distribute_restore_indices(s, tile_source(tile), 1, before);
}

static void keep_tile(Distribute *s, MlirValue tile) {
  Entry *entry = distribute_entry(s, tile);
  Fragment *fragments = allocate(s, tile);
  int slices = distribute_slices(ir_type(tile), entry->row_dims);
  MlirOperation op = ir_def(tile);
  if (copy_to_park(s, tile)) {
    entry->fragments = fragments;
    return;
  }
  if (ir_is(op, "vector.contract") && s->warpgroups)
    warpgroup_product(s, op, fragments);
  else if (ir_is(op, "vector.contract"))
    product_keep(s, op, fragments);
  else
    keep_slices(s, tile, slices, fragments);
  if (entry->parked)
    transfer_park(s, entry, fragments);
  entry->fragments = fragments;
}

// Blocks ----------------------------------------------------------------------

/// Which iteration of the scf.forall this block is. Those that are last in the
/// last dimension come first: in causal programs they have most to do, and what
/// is short fills the gaps at the end. Where registers are few it is computed
/// anew, not kept from earlier uses.
static void take_iteration(Distribute *s) {
  Ir *b = &s->b;
  MlirBlock program = ir_body(s->forall, 0);
  MlirValue rest = kernel_register(b, "nvvm.read.ptx.sreg.ctaid.x");
  if (s->at_once)
    rest = distribute_pinned_index(s, rest);
  for (int i = 0; i < s->rank; ++i) {
    MlirValue extent = distribute_scalar(s, s->extents[i]), iteration = rest;
    if (i < s->rank - 1) {
      iteration = ir_remui(b, rest, extent);
      rest = ir_divui(b, rest, extent);
    } else {
      MlirValue last = ir_subi(b, extent, ir_const_index(b, 1));
      iteration = ir_subi(b, last, rest);
    }
    distribute_entry(s, mlirBlockGetArgument(program, i))->scalar = iteration;
  }
}

// The walk --------------------------------------------------------------------

static void convert_body(Distribute *s, MlirBlock block);

/// How a carried tile travels: all distinct values of its fragments. A tile
/// without columns has one value a row.
static int flatten(const Fragment *fragments, int slices, bool columns,
                   MlirValue *values) {
  int n = 0;
  for (int slice = 0; slice < slices; ++slice)
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < (columns ? 2 : 1); ++j)
        values[n++] = fragments[slice].v[i][j];
  return n;
}

static int unflatten(const MlirValue *values, int slices, bool columns,
                     Fragment *fragments) {
  int n = 0;
  for (int slice = 0; slice < slices; ++slice)
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < 2; ++j)
        fragments[slice].v[i][j] = j && !columns ? values[n - 1] : values[n++];
  return n;
}

/// All fragments of `tiles`, flattened; -1 if they are too many.
static int flatten_all(Distribute *s, int n_tiles, const MlirValue *tiles,
                       MlirValue *values) {
  int n = 0;
  for (int t = 0; t < n_tiles; ++t) {
    MlirType type = ir_type(tiles[t]);
    bool scalar = !tile_is(tiles[t]);
    int slices = scalar ? 0 : distribute_slices(type, 1);
    if (n + 4 * slices > IR_MAX_VALUES - 4)
      return -1;
    if (scalar) {
      values[n++] = distribute_scalar(s, tiles[t]);
      continue;
    }
    At at = distribute_at(s, type, 1, 0);
    Fragment fragments[MAX_SLICES];
    for (; at.slice < slices; ++at.slice)
      fragments[at.slice] = fragment(s, tiles[t], at);
    n += flatten(fragments, slices, tile_has_columns(type, 1), values + n);
  }
  return n;
}

static void unflatten_all(Distribute *s, int n_tiles, const MlirValue *tiles,
                          const MlirValue *values) {
  int n = 0;
  for (int t = 0; t < n_tiles; ++t) {
    MlirType type = ir_type(tiles[t]);
    Entry *entry = distribute_entry(s, tiles[t]);
    if (!tile_is(tiles[t])) {
      entry->scalar = values[n++];
      continue;
    }
    if (!entry->fragments)
      entry->fragments = allocate(s, tiles[t]);
    n += unflatten(values + n, distribute_slices(type, 1),
                   tile_has_columns(type, 1), entry->fragments);
  }
}

enum { MAX_TILES = 16 };

/// Whether these values can travel in and out of regions.
static bool check_carried(Distribute *s, MlirOperation op) {
  int n = (int)mlirOperationGetNumResults(op);
  bool good = n <= MAX_TILES;
  for (int i = 0; i < n && good; ++i) {
    MlirType type = ir_type(ir_result(op, i));
    good = tile_is(ir_result(op, i))
               ? mlirTypeIsAF32(ir_element(type))
               : ir_is(op, "scf.for") && mlirTypeIsAIndex(type);
  }
  if (!good)
    distribute_fail(s, op,
                    "regions give a few tiles of f32 only, loops indices too");
  return good;
}

/// Whether a value that a region gives is one of the role's program.
static bool is_carried(const Distribute *s, MlirValue value) {
  return s->role != ROLE_PRODUCER || !tile_is(value);
}

/// What the region's yield makes of tiles, flattened.
static int convert_region(Distribute *s, MlirBlock body, MlirValue *values) {
  MlirValue tiles[MAX_TILES];
  int outside = s->flight.n;
  convert_body(s, body);
  if (s->flight.n > outside)
    warpgroup_await_all(s);
  MlirOperation yield = mlirBlockGetTerminator(body);
  int n = 0;
  for (int i = 0; i < (int)mlirOperationGetNumOperands(yield); ++i)
    if (is_carried(s, ir_operand(yield, i)))
      tiles[n++] = ir_operand(yield, i);
  return s->failed.ptr ? 0 : flatten_all(s, n, tiles, values);
}

/// Whether the kernel, one for rows that are not aligned, goes without a loop.
static bool is_left_out(const Distribute *s, MlirOperation loop) {
  return s->alignment < CHUNK &&
         !mlirAttributeIsNull(ir_get_attr(loop, SIMPLICIAL_OPTIONAL_ATTR));
}

static void convert_for(Distribute *s, MlirOperation op) {
  enum { FIRST_INIT = 3 };
  Ir *b = &s->b;
  MlirBlock body = ir_body(op, 0);
  int n = 0;
  MlirValue inits[MAX_TILES], args[MAX_TILES], results[MAX_TILES];
  MlirValue values[IR_MAX_VALUES];
  if (!check_carried(s, op))
    return;
  for (int i = 0; i < (int)mlirOperationGetNumResults(op); ++i) {
    if (!is_carried(s, ir_result(op, i)))
      continue;
    inits[n] = ir_operand(op, FIRST_INIT + i);
    args[n] = mlirBlockGetArgument(body, 1 + i);
    results[n++] = ir_result(op, i);
  }
  int count = flatten_all(s, n, inits, values);
  if (count < 0) {
    distribute_fail(s, op, "it carries more than the registers hold");
    return;
  }
  if (is_left_out(s, op)) {
    note(s->forall, "whole steps: in no loop of their own, masked as the rest "
                    "is; the kernel is kept small");
    unflatten_all(s, n, results, values);
    return;
  }
  warpgroup_await_for(s, op);
  copy_await_own(s);
  IrLoop loop =
      ir_for_begin(b, distribute_scalar(s, ir_operand(op, 0)),
                   distribute_scalar(s, ir_operand(op, 1)),
                   distribute_scalar(s, ir_operand(op, 2)), count, values);
  const Distribute before = *s;
  distribute_entry(s, mlirBlockGetArgument(body, 0))->scalar = loop.iv[0];
  unflatten_all(s, n, args, loop.args);
  convert_region(s, body, values);
  if (s->failed.ptr)
    return;
  ir_for_end(b, &loop, count, values);
  bool outermost = !ir_is(mlirOperationGetParentOperation(op), "scf.for");
  kernel_take_place(s, &before);
  if (outermost)
    kernel_find_place_anew(s);
  if (outermost && s->at_once && s->role == ROLE_ALL)
    take_iteration(s);
  unflatten_all(s, n, results, loop.results);
}

static void convert_if(Distribute *s, MlirOperation op) {
  Ir *b = &s->b;
  int n = (int)mlirOperationGetNumResults(op), count = 0;
  MlirValue results[MAX_TILES], values[IR_MAX_VALUES];
  MlirType types[IR_MAX_VALUES];
  if (!check_carried(s, op))
    return;
  for (int i = 0; i < n; ++i) {
    results[i] = ir_result(op, i);
    bool columns = tile_has_columns(ir_type(results[i]), 1);
    count += distribute_slices(ir_type(results[i]), 1) * (columns ? 4 : 2);
  }
  if (count > IR_MAX_VALUES) {
    distribute_fail(s, op, "it gives more than the registers hold");
    return;
  }
  for (int i = 0; i < count; ++i)
    types[i] = ir_f32(b);
  int awaited = warpgroup_needed(s, op);
  bool inside = warpgroup_is_only_for(s, awaited, op);
  if (!inside)
    warpgroup_await_oldest(s, awaited);
  copy_await_own(s);
  const Flight before = s->flight;
  IrIf branch =
      ir_if_begin(b, distribute_scalar(s, ir_operand(op, 0)), count, types);
  for (int side = 0; side < 2; ++side) {
    s->flight = before;
    if (inside)
      warpgroup_await_oldest(s, awaited);
    convert_region(s, ir_body(op, side), values);
    if (s->failed.ptr)
      return;
    (side ? ir_if_end : ir_if_else)(b, &branch, count, values);
  }
  for (int i = 0; i < count; ++i)
    values[i] = ir_result(branch.op, i);
  unflatten_all(s, n, results, values);
}

bool distribute_is_swizzled(const Distribute *s, MlirType memref) {
  int last = ir_rank(memref) - 1;
  MlirType element = ir_element(memref);
  return s->warpgroups && last == 2 &&
         !mlirAttributeIsNull(mlirMemRefTypeGetMemorySpace(memref)) &&
         mlirFloatTypeGetWidth(element) == 16 &&
         ir_dim_size(memref, last) * 2 % SWIZZLE_BYTES == 0 &&
         ir_dim_size(memref, last - 1) % SWIZZLE_ROWS == 0;
}

MlirValue distribute_allocate(Distribute *s, int64_t bytes, int64_t alignment) {
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

bool distribute_is_local(MlirType memref) {
  return mlirAttributeIsNull(mlirMemRefTypeGetMemorySpace(memref));
}

void distribute_make_buffer(Distribute *s, MlirOperation op) {
  Ir *b = &s->b;
  MlirType type = ir_type(ir_result(op, 0));
  Entry *entry = distribute_entry(s, ir_result(op, 0));
  if (entry->pointer.ptr) // it is there for both roles
    return;
  int64_t bytes = ir_float_bytes(ir_element(type)), stride = 1;
  bool swizzled = distribute_is_swizzled(s, type);
  entry->local = distribute_is_local(type);
  int64_t padding = swizzled || entry->local ? 0 : PADDING / bytes;
  for (int d = ir_rank(type) - 1; d >= 0; --d) {
    entry->strides[d] = ir_const_i64(b, stride);
    stride *= ir_dim_size(type, d);
    if (d == ir_rank(type) - 1)
      stride += padding;
  }
  entry->bytes = stride * bytes;
  entry->pointer = distribute_allocate(
      s, entry->bytes, swizzled ? SWIZZLE_ROWS * SWIZZLE_BYTES : CHUNK);
  entry->offset = s->shared_bytes - entry->bytes;
}

void distribute_fence(Distribute *s) {
  Ir *b = &s->b;
  ir_op(b, "nvvm.fence.proxy", IR_NONE, IR_NONE,
        IR_ATTRIBUTES(
            {"kind", ir_parse_attr(b, "#nvvm.proxy_kind<async.shared>")},
            {"space", ir_parse_attr(b, "#nvvm.shared_space<cta>")}));
}

MlirValue distribute_pinned(Distribute *s, MlirValue x) {
  return ir_value(&s->b, SIMPLICIAL_TIE, ir_i32(&s->b), IR_VALUES(x), IR_NONE);
}

MlirValue distribute_pinned_index(Distribute *s, MlirValue index) {
  Ir *b = &s->b;
  MlirValue value = distribute_pinned(s, ir_index_cast(b, index, ir_i32(b)));
  return ir_index_cast(b, value, ir_index(b));
}

static int rank_of(MlirOperation transfer, int first) {
  return ir_rank(ir_type(ir_operand(transfer, first - 1)));
}

void distribute_pin_indices(Distribute *s, MlirOperation transfer, int first,
                            MlirValue *before) {
  for (int d = 0; d < rank_of(transfer, first); ++d) {
    MlirValue index = ir_operand(transfer, first + d);
    Entry *entry = distribute_entry(s, index);
    before[d] = entry->scalar;
    if (s->warpgroups && s->at_once && !ir_is(ir_def(index), "arith.constant"))
      entry->scalar = distribute_pinned_index(s, entry->scalar);
  }
}

void distribute_restore_indices(Distribute *s, MlirOperation transfer,
                                int first, const MlirValue *before) {
  for (int d = rank_of(transfer, first) - 1; d >= 0; --d)
    distribute_entry(s, ir_operand(transfer, first + d))->scalar = before[d];
}

void distribute_barrier(Distribute *s) {
  Ir *b = &s->b;
  enum { NAME = 1 }; // 0 is for all threads of the block
  const int32_t segments[] = {1, 1, 0};
  MlirType i32 = ir_i32(b);
  if (s->role == ROLE_ALL)
    ir_op(b, "nvvm.barrier0", IR_NONE, IR_NONE, IR_NONE);
  else
    ir_op(b, "nvvm.barrier", IR_NONE,
          IR_VALUES(ir_const_i32(b, i32, NAME),
                    ir_const_i32(b, i32, (int32_t)s->warps * WARP)),
          IR_ATTRIBUTES(ir_segments(b, 3, segments)));
}

void distribute_warp_barrier(Distribute *s) {
  Ir *b = &s->b;
  ir_op(b, "nvvm.bar.warp.sync", IR_NONE,
        IR_VALUES(ir_const_i32(b, ir_i32(b), -1)), IR_NONE);
}

void distribute_pause(Distribute *s, int64_t slice) {
  if (s->at_once && slice && slice % s->at_once == 0)
    distribute_warp_barrier(s);
}

IrIf distribute_begin_elected(Distribute *s) {
  Ir *b = &s->b;
  MlirValue elected =
      ir_value(b, "nvvm.elect.sync", ir_i1(b), IR_NONE, IR_NONE);
  return ir_if_begin(b, elected, IR_NONE);
}

static void convert_tile(Distribute *s, MlirOperation op) {
  MlirValue tile = ir_result(op, 0);
  Entry *entry = distribute_entry(s, tile);
  if (!entry->kept)
    return;
  if (tile_op_reduces_columns(op)) {
    entry->fragments = allocate(s, tile);
    reduce_columns(s, op);
  } else if (tile_op_reduces_rows(op)) {
    warpgroup_await_for(s, op);
    entry->fragments = allocate(s, tile);
    reduce_rows(s, op);
  } else {
    keep_tile(s, tile);
  }
}

/// A store to global memory.
static void convert_store(Distribute *s, MlirOperation op) {
  MlirType tile = ir_type(ir_operand(op, 0));
  int row_dims = tile_op_stored_row_dims(op);
  long long rows = (long long)tile_rows(tile, row_dims), columns = 1;
  if (tile_has_columns(tile, row_dims))
    columns = (long long)ir_dim_size(tile, row_dims);
  const char *why = bulk_store(s, op);
  if (why) {
    note(s->forall,
         "stores of %lld x %lld: by threads, from registers; not TMA: %s", rows,
         columns, why);
    transfer_write(s, op);
  } else {
    note(s->forall, "stores of %lld x %lld: TMA, by each warp of its rows",
         rows, columns);
  }
}

static void convert_write(Distribute *s, MlirOperation op) {
  warpgroup_await_for(s, op);
  if (distribute_entry(s, ir_operand(op, 1))->local)
    copy_own(s, op);
  else
    convert_store(s, op);
}

static void copy_scalar(Distribute *s, MlirOperation op) {
  MlirValue operands[IR_MAX_VALUES];
  int n = (int)mlirOperationGetNumOperands(op);
  if (mlirOperationGetNumResults(op) != 1 || mlirOperationGetNumRegions(op) ||
      n > IR_MAX_VALUES) {
    distribute_fail(s, op, "it is not an op of tile programs");
    return;
  }
  for (int i = 0; i < n; ++i)
    operands[i] = distribute_scalar(s, ir_operand(op, i));
  MlirValue result = ir_result(op, 0);
  if (!s->failed.ptr)
    distribute_entry(s, result)->scalar =
        ir_clone_with(&s->b, op, ir_type(result), operands);
}

static void convert(Distribute *s, MlirOperation op) {
  if (s->role == ROLE_PRODUCER && !roles_producer_has(op))
    return;
  if (copies_is_one(op))
    copies_convert(s, op);
  else if (ir_is(op, "scf.for"))
    convert_for(s, op);
  else if (ir_is(op, "scf.if"))
    convert_if(s, op);
  else if (tile_op_reduces_all(op))
    reduce_all(s, op);
  else if (ir_is(op, "vector.transfer_write"))
    convert_write(s, op);
  else if (ir_is(op, "memref.alloc") || ir_is(op, "memref.alloca"))
    distribute_make_buffer(s, op);
  else if (mlirOperationGetNumResults(op) == 1 && tile_is(ir_result(op, 0)))
    convert_tile(s, op);
  else
    copy_scalar(s, op);
}

void distribute_range(Distribute *s, MlirOperation first, MlirOperation end) {
  for (MlirOperation op = first; !mlirOperationEqual(op, end) && !s->failed.ptr;
       op = mlirOperationGetNextInBlock(op))
    convert(s, op);
}

static void convert_body(Distribute *s, MlirBlock block) {
  distribute_range(s, mlirBlockGetFirstOperation(block),
                   mlirBlockGetTerminator(block));
}

// Kernels ---------------------------------------------------------------------

/// The most rows that any product's result in the loop has.
static int64_t most_rows(MlirBlock block) {
  int64_t most = 0;
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    int64_t rows = 0;
    if (ir_is(op, "vector.contract"))
      rows = ir_dim_size(ir_type(ir_result(op, 0)), 0);
    most = rows > most ? rows : most;
    for (int i = 0; i < (int)mlirOperationGetNumRegions(op); ++i) {
      rows = most_rows(ir_body(op, i));
      most = rows > most ? rows : most;
    }
  }
  return most;
}

static void fill_kernel(Distribute *s, MlirBlock body,
                        const Captures *captures) {
  Ir *b = &s->b;
  *b = ir_at_end(body, mlirOperationGetLocation(s->forall));
  MlirBlock old = ir_body(s->forall, 0);
  kernel_take_arguments(s, captures, body);
  kernel_find_place(s);
  take_iteration(s);
  if (s->n_maps)
    roles_convert(s, old);
  else
    convert_body(s, old);
  ir_op(b, "llvm.return", IR_NONE, IR_NONE, IR_NONE);
}

/// Whether the chips have the kernel's shared memory.
static MlirLogicalResult check_shared(MlirOperation forall,
                                      const ChipList *chips, int64_t bytes) {
  for (int i = 0; i < chips->n; ++i)
    if (bytes > chips->chips[i]->shared_bytes)
      return ir_error(forall,
                      "the kernel needs %lld bytes of shared memory; %s has %d",
                      (long long)bytes, chips->chips[i]->name,
                      chips->chips[i]->shared_bytes);
  return mlirLogicalResultSuccess();
}

/// Why there are no instructions of warpgroups for all products of the loop: a
/// buffer in shared memory is laid out for one kind of instruction. NULL: there
/// are.
static const char *warpgroups_refuse(const Distribute *s, MlirBlock block) {
  const char *why = NULL;
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationIsNull(op) && !why; op = mlirOperationGetNextInBlock(op)) {
    if (ir_is(op, "vector.contract"))
      why = warpgroup_refuses(s, op);
    for (int i = 0; i < (int)mlirOperationGetNumRegions(op) && !why; ++i)
      why = warpgroups_refuse(s, ir_body(op, i));
  }
  return why;
}

/// Decides what multiplies.
static void choose_engine(Distribute *s, const ChipList *chips,
                          MlirBlock program) {
  const Chip *chip = chip_list_without_warpgroups(chips);
  const char *why = NULL;
  s->warpgroups = s->warps % WARPGROUP == 0 && chip_list_has_warpgroups(chips);
  if (s->warpgroups)
    why = warpgroups_refuse(s, program);
  else if (chips->n && !chip)
    why = "a block's rows are no multiple of 64, a warpgroup's";
  s->warpgroups = s->warpgroups && !why;
  if (s->warpgroups)
    note(s->forall, "products: wgmma, of %lld warpgroups",
         (long long)s->warps / WARPGROUP);
  else
    note(s->forall, "products: mma.sync, of %lld warps; not wgmma: %s%s",
         (long long)s->warps,
         why    ? why
         : chip ? chip->name
                : "the target",
         why ? "" : " has no warpgroups");
}

/// Decides whether a producer copies, whose tensor maps it then plans.
static void choose_copies(Distribute *s, MlirBlock program) {
  bool wanted =
      !mlirAttributeIsNull(ir_get_attr(s->forall, SIMPLICIAL_PRODUCER_ATTR));
  const char *why = NULL;
  if (!s->warpgroups)
    why = "products are not wgmma";
  else if (!wanted)
    why = "the strategy has producer = false";
  else if (s->alignment < CHUNK)
    why = "rows may not be aligned to 16 bytes";
  else
    why = bulk_copy_plan(s, program);
  if (!why)
    return;
  s->n_maps = 0;
  note(s->forall, "inner tiles: by all threads; not TMA by a producer: %s",
       why);
}

/// The kernel for inputs whose rows are aligned to so many bytes.
static MlirLogicalResult make_kernel(MlirOperation forall,
                                     const ChipList *chips, MlirBlock kernels,
                                     int64_t warps, int64_t alignment,
                                     const Captures *captures,
                                     const Arguments *arguments, int rank,
                                     const MlirValue *extents, Kernel *kernel) {
  Distribute s = {.forall = forall,
                  .warps = warps,
                  .alignment = alignment,
                  .rank = rank,
                  .extents = extents,
                  .scratch_offset = -1,
                  .entries = {sizeof(Entry), &unknown, NULL, 0, 0}};
  MlirBlock program = ir_body(forall, 0);
  MlirAttribute notes = notes_get(forall);
  choose_engine(&s, chips, program);
  choose_copies(&s, program);
  keep_decide(&s, program);
  if (s.n_maps)
    bulk_store_plan(&s, program);
  kernel->threads = warps * WARP;
  if (s.n_maps)
    kernel->threads += WARPGROUP * WARP;
  if (s.n_maps || (s.warpgroups && warps == WARPGROUP))
    kernel->blocks = chip_share(warps / WARPGROUP, s.n_maps > 0).blocks;
  kernel->n_maps = s.n_maps;
  for (int i = 0; i < s.n_maps; ++i)
    kernel->maps[i] = s.maps[i];
  Ir b = ir_before(forall);
  MlirBlock body = kernel_create(kernels, &b, kernel, arguments);
  fill_kernel(&s, body, captures);
  kernel->shared_bytes = s.shared_bytes;
  note(forall,
       "block: %lld warps, %lld of which hold tiles; %lld bytes of "
       "shared memory",
       (long long)kernel->threads / WARP, (long long)warps,
       (long long)kernel->shared_bytes);
  notes_set(kernel->function, notes_get(forall));
  notes_set(forall, notes);
  value_map_free(&s.entries, release);
  return s.failed.ptr ? mlirLogicalResultFailure()
                      : check_shared(forall, chips, kernel->shared_bytes);
}

static MlirLogicalResult distribute(MlirOperation forall) {
  if (!tile_has_products(forall))
    return mlirLogicalResultSuccess();
  MlirOperation function;
  if (mlirLogicalResultIsFailure(tile_check(forall)) ||
      mlirLogicalResultIsFailure(forall_function(forall, &function)))
    return mlirLogicalResultFailure();
  int64_t rows = most_rows(ir_body(forall, 0));
  MlirOperation module = mlirOperationGetParentOperation(function);
  ChipList chips;
  if (mlirLogicalResultIsFailure(chip_list_of(forall, &chips)))
    return mlirLogicalResultFailure();
  int64_t warps = (rows + WARP_ROWS - 1) / WARP_ROWS;
  if (warps > MAX_WARPS)
    return ir_error(forall,
                    "simplicial-distribute takes tiles of at most %d rows, "
                    "not %lld",
                    MAX_WARPS * WARP_ROWS, (long long)rows);

  Ir b = ir_before(forall);
  int rank;
  MlirValue extents[IR_MAX_RANK];
  Captures captures;
  Arguments arguments;
  if (mlirLogicalResultIsFailure(forall_extents(&b, forall, &rank, extents)) ||
      mlirLogicalResultIsFailure(
          captures_collect(&captures, forall, rank, extents)) ||
      mlirLogicalResultIsFailure(kernel_arguments(&b, &arguments, &captures)))
    return mlirLogicalResultFailure();

  char name[KERNEL_PREFIX], kernels[KERNEL_NAME];
  kernel_prefix(ir_symbol_name(function), name);
  ir_unique_name(module, ir_str(name), "_kernels", kernels, sizeof kernels);
  MlirBlock container = kernel_module(module, &b, kernels);
  const int64_t alignments[] = {CHUNK, 1};
  Kernel kernel[2] = {0};
  for (int i = 0; i < 2; ++i) {
    snprintf(kernel[i].name, sizeof kernel[i].name, "%s_tiles%s", name,
             i ? "_unaligned" : "");
    if (mlirLogicalResultIsFailure(
            make_kernel(forall, &chips, container, warps, alignments[i],
                        &captures, &arguments, rank, extents, &kernel[i])))
      return mlirLogicalResultFailure();
  }
  // Each block writes elements of its own, so that their number, as the size of
  // what they write to, is no more than an i64 holds; what a grid holds, the
  // launch checks.
  MlirValue blocks = extents[0];
  for (int i = 1; i < rank; ++i)
    blocks = ir_muli(&b, blocks, extents[i]);
  kernel_launch_either(&b, kernels, kernel, blocks, &arguments);
  mlirOperationDestroy(forall);
  mlirOperationSetAttributeByName(module, ir_str("gpu.container_module"),
                                  mlirUnitAttrGet(b.context));
  return mlirLogicalResultSuccess();
}

MlirLogicalResult pass_distribute(MlirOperation module) {
  static const char *const names[] = {"scf.forall"};
  return pass_for_each(module, 1, names, distribute);
}
