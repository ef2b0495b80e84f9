// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a compilation is for.

#ifndef SIMPLICIAL_COMPILER_TARGET_H
#define SIMPLICIAL_COMPILER_TARGET_H

#include "simplicial/runtime.h"

typedef struct Target {
  const char *name; ///< the value of `simplicial.target`
  bool gpu;
} Target;

/// `text` is "cpu", a chip, or "cuda" for the chip of the current device.
SimplicialStatus target_parse(const char *text, Target *target);

#endif // SIMPLICIAL_COMPILER_TARGET_H
