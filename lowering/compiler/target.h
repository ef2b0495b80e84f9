// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a compilation is for.

#ifndef SIMPLICIAL_COMPILER_TARGET_H
#define SIMPLICIAL_COMPILER_TARGET_H

#include "simplicial/runtime.h"

typedef struct Target {
  const char *name; ///< the value of `simplicial.target`
  bool gpu;         ///< it is a chip, and kernels run on it
  bool emulated;    ///< it is a chip, and kernels run on the emulator
} Target;

/// `text` is "cpu", a chip, "cuda" for the chip of the current device, or
/// "emulate:" and a chip.
SimplicialStatus target_parse(const char *text, Target *target);

#endif // SIMPLICIAL_COMPILER_TARGET_H
