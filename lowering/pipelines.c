// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The named sequences of our passes and upstream's.

#include "ir.h"

#include "simplicial/passes.h"

/// A step is a pass of ours or a piece of textual pipeline.
typedef struct Step {
  MlirPass (*create)(void);
  const char *upstream;
} Step;

enum { MAX_STEPS = 8 };

enum { TO_TILE, TO_CPU, TO_GPU, TO_NVVM, TO_HOST, TO_EMULATOR, N_PIPELINES };

static const SimplicialPipelineInfo infos[N_PIPELINES] = {
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

/// What is left of host functions -> LLVM dialect.
#define TO_LLVM                                                                \
  "convert-scf-to-cf,expand-strided-metadata,lower-affine,"                    \
  "convert-vector-to-llvm,convert-math-to-llvm,finalize-memref-to-llvm,"       \
  "convert-arith-to-llvm,convert-index-to-llvm,convert-func-to-llvm,"          \
  "convert-cf-to-llvm,convert-ub-to-llvm,reconcile-unrealized-casts,"          \
  "canonicalize,cse"

static const Step steps[N_PIPELINES][MAX_STEPS] = {
    [TO_TILE] =
        {{.create = simplicialCreateVerifyPass},
         {.create = simplicialCreateConfigurePass},
         {.create = simplicialCreateBufferizePass},
         // The caller allocates results: they become trailing arguments.
         {.upstream = "one-shot-bufferize{bufferize-function-boundaries "
                      "allow-unknown-ops},"
                      "buffer-results-to-out-params{hoist-static-allocs "
                      "hoist-dynamic-allocs modify-public-functions}"},
         {.create = simplicialCreateTilePass},
         {.upstream = "cse"}},
    [TO_GPU] = {{.create = simplicialCreateStagePass},
                {.create = simplicialCreateDistributePass},
                // Top-down, it is quadratic in the length of a kernel.
                {.upstream = "canonicalize{top-down=false},cse"}},
    [TO_CPU] = {{.create = simplicialCreateBlockPass},
                {.upstream = "canonicalize,cse"},
                {.create = simplicialCreateOutlinePass},
                {.upstream = "buffer-deallocation-pipeline,"
                             "convert-bufferization-to-memref,"
                             "arith-expand{include-bf16=true},"
                             "convert-vector-to-scf," TO_LLVM}},
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
                 {.upstream = "arith-expand," TO_LLVM}},
    [TO_EMULATOR] = {{.create = simplicialCreateEmulatePass},
                     {.upstream = "arith-emulate-unsupported-floats{"
                                  "source-types=bf16,f16 target-type=f32},"
                                  "arith-expand{include-bf16=true}," TO_LLVM}},
};

const SimplicialPipelineInfo *simplicialPipelines(size_t *count) {
  *count = N_PIPELINES;
  return infos;
}

MlirLogicalResult simplicialAddPipeline(MlirOpPassManager manager,
                                        MlirStringRef name,
                                        MlirStringCallback callback,
                                        void *userData) {
  for (int i = 0; i < N_PIPELINES; ++i) {
    if (!mlirStringRefEqual(name, ir_str(infos[i].name)))
      continue;
    for (const Step *step = steps[i]; step < steps[i] + MAX_STEPS; ++step) {
      if (step->create)
        mlirOpPassManagerAddOwnedPass(manager, step->create());
      else if (step->upstream &&
               mlirLogicalResultIsFailure(mlirOpPassManagerAddPipeline(
                   manager, ir_str(step->upstream), callback, userData)))
        return mlirLogicalResultFailure();
    }
    return mlirLogicalResultSuccess();
  }
  if (callback) {
    callback(ir_str("no such pass sequence: "), userData);
    callback(name, userData);
  }
  return mlirLogicalResultFailure();
}
