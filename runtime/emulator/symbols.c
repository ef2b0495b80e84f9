// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The names by which emulated programs call the emulator.

#include "ops.h"

#include <string.h>

/// What LLVM's code generator calls to round to bf16, and to move a bf16 that
/// it keeps in an f32, for hosts without an instruction for it; libgcc has it
/// from version 13 on. The result is in the low half of the register that would
/// have an f32.
static float round_to_bf16(float x) {
  uint32_t bits = simplicialF32ToBf16(x);
  memcpy(&x, &bits, sizeof x);
  return x;
}

const SimplicialEmulatorSymbol *simplicialEmulatorSymbols(size_t *count) {
  static const SimplicialEmulatorSymbol symbols[] = {
      {"simplicialEmulatorLaunch", (uintptr_t)simplicialEmulatorLaunch},
      {"simplicialEmulatorTensorMap", (uintptr_t)simplicialEmulatorTensorMap},
      {"__truncsfbf2", (uintptr_t)round_to_bf16},
#define ENTRY(result, name, ...)                                               \
  {"simplicialEmulate" #name, (uintptr_t)simplicialEmulate##name},
      FOR_EACH_OP(ENTRY)
#undef ENTRY
  };
  *count = sizeof symbols / sizeof *symbols;
  return symbols;
}
