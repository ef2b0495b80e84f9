// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The plugin that stock MLIR tools load with --load-pass-plugin: it registers
// our passes and sequences by name, for which the MLIR C API has no entry.

#include "simplicial/passes.h"

#include "mlir/CAPI/Pass.h"
#include "mlir/CAPI/Support.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Tools/Plugins/PassPlugin.h"

static void registerAll() {
  size_t count;
  const SimplicialPassInfo *passes = simplicialPasses(&count);
  for (size_t i = 0; i < count; ++i)
    mlir::registerPass([create = passes[i].create] {
      return std::unique_ptr<mlir::Pass>(unwrap(create()));
    });

  const SimplicialPipelineInfo *pipelines = simplicialPipelines(&count);
  for (size_t i = 0; i < count; ++i)
    mlir::registerPassPipeline(
        pipelines[i].name, pipelines[i].description,
        [name = pipelines[i].name](
            mlir::OpPassManager &manager, llvm::StringRef options,
            llvm::function_ref<mlir::LogicalResult(const llvm::Twine &)> error)
            -> mlir::LogicalResult {
          if (!options.empty())
            return error(llvm::Twine(name) + " takes no options");
          return unwrap(simplicialAddPipeline(
              wrap(&manager), mlirStringRefCreateFromCString(name), nullptr,
              nullptr));
        },
        [](llvm::function_ref<void(const mlir::detail::PassOptions &)>) {});
}

extern "C" MLIR_CAPI_EXPORTED mlir::PassPluginLibraryInfo
mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "Simplicial", SIMPLICIAL_VERSION,
          registerAll};
}
