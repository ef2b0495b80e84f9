// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Processors. It is C++, as LLVM's C API takes any name for one's, and prints
// what it thinks of it.

#include "processor.h"

#include "machine.h"

#include "llvm-c/Core.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/TargetParser/Triple.h"

#include <memory>
#include <string>

namespace {

/// What LLVM knows of this machine's architecture; NULL if that is nothing.
std::unique_ptr<llvm::MCSubtargetInfo> subtarget() {
  machine_initialize();
  char *text = LLVMGetDefaultTargetTriple();
  const llvm::Triple triple{llvm::StringRef(text)};
  LLVMDisposeMessage(text);
  std::string error;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, error);
  return std::unique_ptr<llvm::MCSubtargetInfo>(
      target ? target->createMCSubtargetInfo(triple, "", "") : nullptr);
}

/// The features of a processor, not what is fast on it.
llvm::FeatureBitset features_of(llvm::MCSubtargetInfo &info, const char *name,
                                const char *more) {
  info.setDefaultFeatures(name, "", more);
  return info.getFeatureBits();
}

} // namespace

bool processor_is_known(const char *name) {
  const auto info = subtarget();
  return info && info->isCPUStringValid(name);
}

bool processor_runs_here(const char *name) {
  const auto info = subtarget();
  if (!info)
    return false;
  char *host = LLVMGetHostCPUName(), *more = LLVMGetHostCPUFeatures();
  const llvm::FeatureBitset has = features_of(*info, host, more);
  LLVMDisposeMessage(more);
  LLVMDisposeMessage(host);
  return (features_of(*info, name, "") & ~has).none();
}
