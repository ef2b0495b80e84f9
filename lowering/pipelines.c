// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The named sequences of our passes and upstream's.

#include "pipelines.h"

#include "ir.h"

enum { MAX_STEPS = 16 };

enum {
  TO_FLAT,
  TO_TILE,
  TO_CPU,
  TO_GPU,
  TO_NVVM,
  TO_HOST,
  TO_EMULATOR,
  N_PIPELINES
};

static const SimplicialPipelineInfo infos[N_PIPELINES] = {
    [TO_FLAT] = {"simplicial-to-flat",
                 "Raise, check, inline calls, and add gradients"},
    [TO_TILE] = {"simplicial-to-tile",
                 "Lower attention on tensors to tile programs"},
    [TO_CPU] = {"simplicial-to-cpu", "Lower tile programs to the LLVM dialect"},
    [TO_GPU] = {"simplicial-to-gpu", "Lower tile programs to GPU kernels"},
    [TO_NVVM] = {"simplicial-to-nvvm",
                 "Lower GPU kernels to the NVVM and LLVM dialects"},
    [TO_HOST] = {"simplicial-to-host",
                 "Lower launches of compiled kernels to the LLVM dialect"},
    [TO_EMULATOR] = {"simplicial-to-emulator",
                     "Lower GPU kernels to the LLVM dialect, for the emulator"},
};

#define FLAT                                                                   \
  {.create = simplicialCreateRaisePass},                                       \
      {.create = simplicialCreateVerifyPass},                                  \
      {.create = simplicialCreateInlinePass}, {.upstream = "symbol-dce"}, {    \
    .create = simplicialCreateDifferentiatePass                                \
  }

/// Frees what functions allocate.
#define DEALLOCATE                                                             \
  "ownership-based-buffer-deallocation,buffer-deallocation-simplification,"    \
  "bufferization-lower-deallocations"

/// Floats that the host has no arithmetic for become f32.
#define HOST_FLOATS                                                            \
  "math-extend-to-supported-types{extra-types=f32 target-type=f32},"           \
  "arith-emulate-unsupported-floats{source-types=bf16,f16 target-type=f32},"   \
  "arith-expand{include-bf16=true}"

/// What is left of host functions -> LLVM dialect.
#define TO_LLVM                                                                \
  {.upstream = "convert-scf-to-cf"}, {.create = simplicialCreateAllocatePass}, \
  {                                                                            \
    .upstream = FROM_CF                                                        \
  }
#define FROM_CF                                                                \
  "expand-strided-metadata,lower-affine,"                                      \
  "convert-vector-to-llvm,convert-math-to-llvm,convert-math-to-libm,"          \
  "finalize-memref-to-llvm,"                                                   \
  "convert-arith-to-llvm,convert-index-to-llvm,convert-func-to-llvm,"          \
  "convert-cf-to-llvm,convert-ub-to-llvm,reconcile-unrealized-casts,"          \
  "canonicalize,cse"

static const PipelineStep steps[N_PIPELINES][MAX_STEPS] = {
    [TO_FLAT] = {FLAT},
    [TO_TILE] = {FLAT,
                 {.create = simplicialCreateConfigurePass},
                 {.create = simplicialCreateBufferizePass},
                 {.upstream = "func.func(convert-elementwise-to-linalg),"
                              "one-shot-bufferize{bufferize-function-"
                              "boundaries allow-return-allocs-from-loops},"
                              "func.func(convert-linalg-to-loops)"},
                 {.create = simplicialCreateTilePass},
                 {.upstream = "cse"}},
    [TO_GPU] = {{.create = simplicialCreateCheckTilesPass},
                {.create = simplicialCreateWorkspacePass},
                {.create = simplicialCreateStagePass},
                {.create = simplicialCreateDistributePass},
                // Top-down, it is quadratic in the length of a kernel.
                {.upstream = "canonicalize{top-down=false},cse"},
                {.create = simplicialCreateInterleavePass}},
    [TO_CPU] = {{.create = simplicialCreateCheckTilesPass},
                {.create = simplicialCreateWorkspacePass},
                {.create = simplicialCreateBlockPass},
                {.upstream = "canonicalize,cse"},
                {.create = simplicialCreateOutlinePass},
                {.upstream = DEALLOCATE ",canonicalize,cse," HOST_FLOATS
                                        ",convert-vector-to-scf"},
                TO_LLVM},
    [TO_NVVM] = {{.create = simplicialCreateNvvmPass},
                 // Not all of these take a gpu.module; those look into it.
                 {.upstream =
                      "gpu.module(convert-scf-to-cf,convert-vector-to-llvm,"
                      "convert-math-to-llvm,convert-arith-to-llvm{"
                      "index-bitwidth=32},convert-index-to-llvm{"
                      "index-bitwidth=32},convert-ub-to-llvm{"
                      "index-bitwidth=32}),convert-cf-to-llvm{"
                      "index-bitwidth=32},convert-nvvm-to-llvm,"
                      "gpu.module(convert-arith-to-llvm{"
                      "index-bitwidth=32},"
                      "reconcile-unrealized-casts,canonicalize,cse)"}},
    [TO_HOST] = {{.create = simplicialCreateLaunchPass},
                 {.upstream = DEALLOCATE ",arith-expand"},
                 TO_LLVM},
    [TO_EMULATOR] = {{.create = simplicialCreateEmulatePass},
                     {.upstream = DEALLOCATE "," HOST_FLOATS},
                     TO_LLVM},
};

const SimplicialPipelineInfo *simplicialPipelines(size_t *count) {
  *count = N_PIPELINES;
  return infos;
}

const PipelineStep *pipeline_steps(MlirStringRef name, int *count) {
  for (int i = 0; i < N_PIPELINES; ++i) {
    if (!mlirStringRefEqual(name, ir_str(infos[i].name)))
      continue;
    *count = 0;
    while (*count < MAX_STEPS &&
           (steps[i][*count].create || steps[i][*count].upstream))
      ++*count;
    return steps[i];
  }
  return NULL;
}

MlirLogicalResult simplicialAddPipeline(MlirOpPassManager manager,
                                        MlirStringRef name,
                                        MlirStringCallback callback,
                                        void *userData) {
  int count;
  const PipelineStep *sequence = pipeline_steps(name, &count);
  if (!sequence) {
    if (callback) {
      callback(ir_str("no such pass sequence: "), userData);
      callback(name, userData);
    }
    return mlirLogicalResultFailure();
  }
  for (const PipelineStep *step = sequence; step < sequence + count; ++step) {
    if (step->create)
      mlirOpPassManagerAddOwnedPass(manager, step->create());
    else if (mlirLogicalResultIsFailure(mlirOpPassManagerAddPipeline(
                 manager, ir_str(step->upstream), callback, userData)))
      return mlirLogicalResultFailure();
  }
  return mlirLogicalResultSuccess();
}
