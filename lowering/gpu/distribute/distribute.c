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

#include "bulk_copy.h"
#include "bulk_store.h"
#include "convert.h"
#include "keep.h"
#include "kernel.h"
#include "roles.h"
#include "spread.h"

#include "lowering/gpu/engine/engine.h"
#include "lowering/gpu/target/layout.h"

#include "lowering/captures.h"
#include "lowering/ir_llvm.h"
#include "lowering/memory.h"
#include "lowering/notes.h"
#include "lowering/pass.h"
#include "lowering/tile/check.h"
#include "lowering/tile_rows.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

#include "simplicial/dialect.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_WARPS = 8 };

// Kernels ---------------------------------------------------------------------

/// Whether a store is of a load to a buffer: it is copied, whatever its rows.
static bool is_copy(MlirOperation write) {
  MlirValue memref = ir_operand(write, 1);
  return ir_is(ir_def(ir_operand(write, 0)), "vector.transfer_read") &&
         (!context_is_own(ir_type(memref)) ||
          ir_is(ir_def(memref), "memref.alloca"));
}

/// The rows that threads hold of what an op makes, reduces or stores.
static int64_t rows_of(MlirOperation op) {
  if (ir_is(op, "vector.contract"))
    return ir_dim_size(ir_type(ir_result(op, 0)), 0);
  if (tile_op_reduces_all(op))
    return tile_rows(ir_type(ir_operand(op, 0)), 1);
  if (tile_op_reduces_columns(op))
    return tile_rows(ir_type(ir_result(op, 0)),
                     ir_rank(ir_type(ir_result(op, 0))));
  if (tile_op_reduces_rows(op))
    return tile_rows(ir_type(ir_operand(op, 0)), 2);
  if (ir_is(op, "vector.transfer_write") && !is_copy(op))
    return tile_rows(ir_type(ir_operand(op, 0)), tile_op_stored_row_dims(op));
  return 1;
}

/// The rows of a block: the most that are held of anything in it.
static int64_t most_rows(MlirBlock block) {
  int64_t most = 1;
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationIsNull(op); op = mlirOperationGetNextInBlock(op)) {
    int64_t rows = rows_of(op);
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
  kernel_take_iteration(s);
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

/// The first product in the block that the engine refuses, and why; null: it
/// takes all.
static MlirOperation refused(const Distribute *s, MlirBlock block,
                             const char **why) {
  MlirOperation found = {NULL};
  for (MlirOperation op = mlirBlockGetFirstOperation(block);
       !mlirOperationIsNull(op) && !found.ptr;
       op = mlirOperationGetNextInBlock(op)) {
    if (ir_is(op, "vector.contract") &&
        (*why = s->engine->refuses_product(s, op)))
      found = op;
    for (int i = 0; i < (int)mlirOperationGetNumRegions(op) && !found.ptr; ++i)
      found = refused(s, ir_body(op, i), why);
  }
  return found;
}

enum { REASON = 160 };

/// Whether s->engine multiplies for the whole program, as buffers are laid out
/// for one engine; else `op` is what it refuses (null: any program there is)
/// and `why` the reason.
static bool multiplies(const Distribute *s, const ChipList *chips,
                       MlirBlock program, MlirOperation *op, char *why) {
  const Engine *engine = s->engine;
  const char *reason = NULL;
  *op = (MlirOperation){NULL};
  for (int i = 0; i < (chips->n ? chips->n : 1); ++i)
    if (!chips->n ? engine->warps > 1 : !engine->is_on(chips->chips[i])) {
      snprintf(why, REASON, "%s has no %ss",
               chips->n ? chips->chips[i]->name : "the target", engine->unit);
      return false;
    }
  if (s->warps % engine->warps) {
    snprintf(why, REASON, "a block's rows are no multiple of %d, a %s's",
             engine->warps * WARP_ROWS, engine->unit);
    return false;
  }
  *op = refused(s, program, &reason);
  snprintf(why, REASON, "%s", reason ? reason : "");
  return !reason;
}

/// The engines that there are, the fastest first.
static const Engine *const engines[] = {&engine_wgmma, &engine_mma_sync, NULL};

/// Decides what multiplies: the first engine that can.
static void choose_engine(Distribute *s, const ChipList *chips,
                          MlirBlock program) {
  char not[REASON + 32] = "", why[REASON];
  for (const Engine *const *engine = engines; *engine; ++engine) {
    MlirOperation op;
    s->engine = *engine;
    if (multiplies(s, chips, program, &op, why)) {
      note(s->forall, "products: %s, of %lld %ss%s", s->engine->name,
           (long long)s->warps / s->engine->warps, s->engine->unit, not);
      return;
    }
    if (!engine[1])
      context_fail(s, op, why);
    snprintf(not, sizeof not, "; not %s: %s", s->engine->name, why);
  }
}

/// Decides whether a producer copies, whose tensor maps it then plans.
static void choose_copies(Distribute *s, MlirBlock program) {
  bool wanted =
      !mlirAttributeIsNull(ir_get_attr(s->forall, SIMPLICIAL_PRODUCER_ATTR));
  const char *why = s->engine->no_producer;
  if (!why && !wanted)
    why = "the strategy has producer = false";
  else if (!why && s->alignment < CHUNK)
    why = "rows may not be aligned to 16 bytes";
  else if (!why)
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
                  .entries = {sizeof(Entry), &context_unknown, NULL, 0, 0}};
  MlirBlock program = ir_body(forall, 0);
  MlirAttribute notes = notes_get(forall);
  choose_engine(&s, chips, program);
  choose_copies(&s, program);
  keep_decide(&s, program);
  spread_plan(&s, program);
  if (s.n_maps)
    bulk_store_plan(&s, program);
  kernel->threads = warps * WARP;
  if (s.n_maps)
    kernel->threads += s.engine->warps * WARP;
  kernel->blocks = s.engine->share(warps, s.n_maps > 0, s.taken).blocks;
  kernel->n_maps = s.n_maps;
  for (int i = 0; i < s.n_maps; ++i)
    kernel->maps[i] = s.maps[i];
  Ir b = ir_before(forall);
  MlirBlock body = kernel_create(kernels, &b, kernel, arguments);
  kernel_set_iterations(&s, rank, extents);
  fill_kernel(&s, body, captures);
  kernel->shared_bytes = s.shared_bytes;
  note(forall,
       "block: %lld warps, %lld of which hold tiles; %lld bytes of "
       "shared memory",
       (long long)kernel->threads / WARP, (long long)warps,
       (long long)kernel->shared_bytes);
  notes_set(kernel->function, notes_get(forall));
  notes_set(forall, notes);
  bool failed = s.failed.ptr;
  context_free(&s);
  return failed ? mlirLogicalResultFailure()
                : check_shared(forall, chips, kernel->shared_bytes);
}

static MlirLogicalResult distribute(MlirOperation forall) {
  if (!tile_is_program(forall))
    return mlirLogicalResultSuccess();
  MlirOperation function;
  if (mlirLogicalResultIsFailure(tile_check_staged(forall)) ||
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
