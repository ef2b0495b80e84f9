// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The passes and the named pass sequences, for users of the MLIR C API.
//
// All passes run on `builtin.module` and take no options: what a pass needs to
// know stands in the IR, as the module attribute `simplicial.target` and the
// operation attribute `simplicial.config`. All of them diagnose what they
// cannot lower at its location and then fail. Passes and sequences hold no
// state and may be created from several threads at once.

#ifndef SIMPLICIAL_PASSES_H
#define SIMPLICIAL_PASSES_H

#include "mlir-c/Pass.h"

#ifdef __cplusplus
extern "C" {
#endif

/// simplicial-raise: carriers of `simplicial.attention` and
/// `simplicial.attention_grad` become these operations, of the same operands
/// and results (attention's lse may be left out):
///
///   stablehlo.composite    whose name is the operation's, attributes in
///                          `composite_attributes`
///   stablehlo.custom_call  whose call_target_name is, attributes in the
///                          dictionary `mhlo.backend_config`, or else
///                          `backend_config`; of layouts, where it has some,
///                          whose last dimension is innermost
///   func.call              of a function with the attribute
///                          `simplicial.attention` (or `_grad`), a dictionary
///
/// Numbers may have any width, and `causal` may be a bool. StableHLO need not
/// be registered. Functions that carriers named are left to symbol-dce. What is
/// wrong with the operation is diagnosed at its carrier's location.
MLIR_CAPI_EXPORTED MlirPass simplicialCreateRaisePass(void);

/// simplicial-verify: checks what the dialect's definition cannot say; and that
/// no tensor or memref has more than 2^63 - 1 bytes, no constant 256 MiB or
/// more (compilers hold them whole), and nothing in the module a
/// `simplicial.target` other than the module's.
MLIR_CAPI_EXPORTED MlirPass simplicialCreateVerifyPass(void);

/// simplicial-inline: calls of functions with a body of one block become that
/// body, and what is in nested modules moves to the outermost one. Recursion
/// is diagnosed, and so are calls of functions without a body that take or
/// return tensors, and what is not registered: it may call what it likes.
MLIR_CAPI_EXPORTED MlirPass simplicialCreateInlinePass(void);

/// simplicial-differentiate: behind each function @f with the unit attribute
/// `simplicial.differentiate`, which is taken away, comes its gradient @f_grad.
/// It takes what @f takes and the gradients of @f's results that are tensors of
/// floats, and returns those of @f's arguments that are such tensors, of their
/// types: of a sum of the results' products with what was given for them. @f is
/// of one block; between the arguments and the results are attention, of which
/// `out` is used, and tensors' casts, slices, reshapes, conversions of floats
/// and arith's addf, subf, negf, mulf and divf. Any other op that a gradient
/// would have to pass is diagnosed, and so is a name that is taken.
MLIR_CAPI_EXPORTED MlirPass simplicialCreateDifferentiatePass(void);

/// simplicial-configure: attaches `simplicial.config` to each operation; what a
/// dictionary already there says is kept (and checked). For GPUs the rest is
/// chosen so that it takes least time, as estimated from the shape and the
/// chip's rates, of what fits its shared memory and registers.
///
///   block_q : i64     queries in a tile; more than 1 on GPUs only, and only
///                     where block_j is 1
///   block_h : i64     query heads in a tile; divides Hq/Hk
///   block_j : i64     keys of the outer window in a tile
///   block_k : i64     keys of the inner window in a tile
///   tiles   : i64     tiles of a step, whose products with the inner values
///                     are summed before the outer values multiply them, and
///                     of which the next one's logits are computed beside
///                     this one's product; 1 to 4, more than 1 on GPUs only
///   block_last : i64  keys of a step's last tile; other than block_k on GPUs
///                     only
///   block_tail : i64  keys of the tiles behind the window's whole steps, which
///                     then are masked only where they must be; 0: no other
///                     tiles, and all of them masked
///   order   : string  "kj" (a tile of inner keys stays while the outer ones
///                     pass) or "jk"
///   local_outer : bool  a block of queries loads its outer window once, into
///                     shared memory, if the window has a bound; GPUs only
///   lazy_rescale : bool  sums are scaled for a new maximum only when one has
///                     grown more than 256-fold in the exponential; GPUs only
///   sum_columns : i64  columns that a row's sum is kept in until the end: 1
///                     or, on GPUs, 8, which saves exchanges between threads
///   stages  : i64     steps in shared memory at once: 1 to 8 on GPUs, all but
///                     one of them on their way; 0 on CPUs
///   producer : bool   a warp that does nothing else copies the inner tiles, by
///                     TMA; sm_90a only, where products are warpgroups'. Else,
///                     and where TMA's rules forbid it, all warps copy.
///   operand : type    element type of the operands of matrix products. CPUs
///                     take f32, or the inputs' type, which rounds. GPUs take
///                     the inputs' type, where f32 products are sums of three
///                     of tf32 and nearly as exact, or tf32 for f32 inputs,
///                     which rounds the operands to 11 bits.
///   blocks  : i64     so many blocks are wanted: where there are fewer,
///                     several share an inner window, in parts whose softmaxes
///                     are merged in one order; 0: never. Only where block_q is
///                     1
///   few     : dictionary  these entries for calls with at most 16 queries,
///                     where that is not known before, and one more; {} has
///                     them chosen
///   queries : i64     of `few`: calls with at most so many queries of all
///                     sequences take it, too; GPUs only
///
/// A gradient's dictionary has two, `query` for the program of q's gradient and
/// `keys` for those of keys' and values' gradients. `query` has these entries
/// but lazy_rescale and sum_columns, and each means the same; and
///
///   turns   : i64     queries that a block takes one after the other; above 1
///                     only where block_q is 1
///   local_sums : bool  what these add to gradients of outer keys is in shared
///                     memory while they pass; only with by_pairs of `keys`,
///                     turns above 1, and a window; GPUs only
///   shared_left : bool  the left operands that outer keys make are put into
///                     shared memory, from which products take them; GPUs only
///
/// `keys`, of which tiles have rows of inner keys, has
///
///   by_pairs : bool   a tile's columns are pairs of outer keys and heads of a
///                     query; gradients of outer keys and values are then of
///                     the program for q's, whose order is "jk"
///   block_q : i64     queries that are a tile's columns; above 1 only where
///                     block_h is 1, and not by_pairs
///   block_h : i64     query heads that are a tile's columns; divides Hq/Hk
///   block_j : i64     outer keys that are; above 1 only by_pairs. On GPUs
///                     block_q * block_h * block_j is a multiple of 16, and at
///                     most 128
///   local_outer : bool  by_pairs, what `turns` queries and the outer keys that
///                     they see are is loaded once, into shared memory; GPUs
///                     only
///   block_k : i64     inner keys in a tile; at most 128 on GPUs
///   local_rows : bool  rows of inner keys and values are loaded once, and
///                     are in shared memory while outer keys pass; not with
///                     by_pairs; GPUs only
///   local_sums : bool  what an outer key's queries add up to is in the
///                     block's shared memory, f32, while it is added to global
///                     memory, by rows; only with global_sums; GPUs only
///   split   : bool    gradients of keys and of values have programs of their
///                     own, and sums over outer keys are in shared memory; GPUs
///                     only
///   global_sums : bool  these sums are in global memory, f32 [B, N, Hk, D], or
///                     D + Dv of keys and values, part of the function's
///                     workspace; GPUs only
///   shared_left : bool  the left operands that an outer key makes are put into
///                     shared memory, from which products take them; GPUs only
///   stages, producer, operand: as above, of tiles of columns
MLIR_CAPI_EXPORTED MlirPass simplicialCreateConfigurePass(void);

/// simplicial-bufferize: `attention` on tensors -> `attention_into` on memrefs,
/// and `attention_grad` -> `attention_grad_into` of the gradients that
/// something uses, or those ops with a bound (between bufferization.to_buffer
/// and to_tensor, which upstream's one-shot-bufferize then takes away). A
/// public function's results that are tensors become trailing arguments, and it
/// does not write its inputs. For GPUs, ops on tensors are diagnosed that are
/// more than views and copies; for CPUs, those of linalg that are no loops,
/// such as softmax.
MLIR_CAPI_EXPORTED MlirPass simplicialCreateBufferizePass(void);

/// simplicial-tile: `attention_into` -> a tile program of upstream dialects,
/// `attention_grad_into` -> several.
MLIR_CAPI_EXPORTED MlirPass simplicialCreateTilePass(void);

/// simplicial-check-tiles: checks that each scf.forall with tiles is a tile
/// program, of which docs/tile-program.md says what it may contain; changes
/// nothing.
MLIR_CAPI_EXPORTED MlirPass simplicialCreateCheckTilesPass(void);

/// simplicial-workspace: beside a public function of memrefs, a private one
/// that computes how many bytes a call of it allocates at most, each
/// allocation's rounded up to a multiple of 64:
/// `i64 @_simplicial_workspace_NAME(!llvm.ptr)`, from the sizes of the
/// arguments' dimensions, an array of i64; -1, if the bytes are no i64. There
/// is none if that depends on more than these sizes, as where memory is
/// allocated in a loop.
MLIR_CAPI_EXPORTED MlirPass simplicialCreateWorkspacePass(void);

/// simplicial-stage (GPU): loads that feed products, and of one row of f32
/// beside them, -> asynchronous copies into rings of tiles in shared memory.
MLIR_CAPI_EXPORTED MlirPass simplicialCreateStagePass(void);

/// simplicial-distribute (GPU): a tile program -> a kernel in which each thread
/// holds its part of every tile, in terms of hardware instructions, and its
/// launch.
MLIR_CAPI_EXPORTED MlirPass simplicialCreateDistributePass(void);

/// simplicial-emulate (GPU programs on a CPU): kernels -> functions, hardware
/// instructions -> calls of the emulator, see emulator.h.
MLIR_CAPI_EXPORTED MlirPass simplicialCreateEmulatePass(void);

/// simplicial-interleave (GPU): begins products of warpgroups that say
/// `simplicial.early` before all of their left operands are there, beside what
/// makes the rest of these.
MLIR_CAPI_EXPORTED MlirPass simplicialCreateInterleavePass(void);

/// simplicial-block (CPU): tile values -> scratch buffers with rows on vector
/// lanes, and loops over registers' worth of them.
MLIR_CAPI_EXPORTED MlirPass simplicialCreateBlockPass(void);

/// simplicial-outline (CPU): scf.forall -> a function of an iteration range,
/// handed to the runtime's thread pool.
MLIR_CAPI_EXPORTED MlirPass simplicialCreateOutlinePass(void);

/// simplicial-nvvm (GPU): says in each gpu.module what upstream is to compile
/// it for, which is the module's `simplicial.target`, and makes our own ops in
/// it inline assembly.
MLIR_CAPI_EXPORTED MlirPass simplicialCreateNvvmPass(void);

/// simplicial-launch (GPU): gpu.binary and gpu.launch_func -> constants and
/// calls of the runtime (cuda.h).
MLIR_CAPI_EXPORTED MlirPass simplicialCreateLaunchPass(void);

/// simplicial-allocate: memref.alloc and memref.dealloc of functions of blocks
/// (cf) -> calls of the runtime (runtime.h), for memory of the module's
/// `simplicial.target`. If there is none, the function frees what it has, and
/// returns. On GPUs, memref.copy -> a call of the runtime, too.
MLIR_CAPI_EXPORTED MlirPass simplicialCreateAllocatePass(void);

typedef struct SimplicialPassInfo {
  const char *name;
  const char *description;
  MlirPass (*create)(void);
} SimplicialPassInfo;

/// The passes above, in pipeline order; `*count` gets their number.
MLIR_CAPI_EXPORTED const SimplicialPassInfo *simplicialPasses(size_t *count);

typedef struct SimplicialPipelineInfo {
  const char *name;
  const char *description;
} SimplicialPipelineInfo;

/// The named sequences; `*count` gets their number.
///
///   simplicial-to-flat   a module -> public functions that call nobody, and
///                        the gradients that are asked for
///   simplicial-to-tile   attention on tensors -> tile program on memrefs
///   simplicial-to-cpu    tile program -> LLVM dialect
///   simplicial-to-emulator  GPU kernels -> LLVM dialect, for the emulator
///   simplicial-to-gpu    tile program -> GPU kernels of hardware instructions
///   simplicial-to-nvvm   kernels -> NVVM and LLVM dialect, for upstream's
///                        gpu-module-to-binary
///   simplicial-to-host   compiled kernels and launches -> LLVM dialect
MLIR_CAPI_EXPORTED const SimplicialPipelineInfo *
simplicialPipelines(size_t *count);

/// Appends the named sequence to `manager` (anchored at `builtin.module`).
/// Fails if there is no sequence of this name, or if an upstream pass in it is
/// not registered (call mlirRegisterAllPasses first); `callback`, if not NULL,
/// receives the reason.
MLIR_CAPI_EXPORTED MlirLogicalResult
simplicialAddPipeline(MlirOpPassManager manager, MlirStringRef name,
                      MlirStringCallback callback, void *userData);

#ifdef __cplusplus
}
#endif

#endif // SIMPLICIAL_PASSES_H
