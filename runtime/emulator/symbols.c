// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The names by which emulated programs call the emulator.

#include "ops.h"

const SimplicialEmulatorSymbol *simplicialEmulatorSymbols(size_t *count) {
  static const SimplicialEmulatorSymbol symbols[] = {
      {"simplicialEmulatorLaunch", (uintptr_t)simplicialEmulatorLaunch},
      {"simplicialEmulatorTensorMap", (uintptr_t)simplicialEmulatorTensorMap},
#define ENTRY(result, name, ...)                                               \
  {"simplicialEmulate" #name, (uintptr_t)simplicialEmulate##name},
      FOR_EACH_OP(ENTRY)
#undef ENTRY
  };
  *count = sizeof symbols / sizeof *symbols;
  return symbols;
}
