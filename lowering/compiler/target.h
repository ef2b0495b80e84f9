// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a compilation is for.

#ifndef SIMPLICIAL_COMPILER_TARGET_H
#define SIMPLICIAL_COMPILER_TARGET_H

#include "simplicial/runtime.h"

typedef struct Target {
  const char *name;      ///< the value of `simplicial.target`
  const char *processor; ///< the CPU's; NULL: this machine's
  bool gpu;              ///< kernels run on a GPU
  bool emulated;         ///< kernels run on the emulator
  bool several;          ///< of the chips that it names
} Target;

/// `text`, which must stay, is "cpu" or "cpu:native", "cpu:" and a processor,
/// chips with commas between, "cuda" for the chip of the current device,
/// "cuda:N" for that of device N, or "emulate:" and a chip.
SimplicialStatus target_parse(const char *text, Target *target);

/// Makes "cuda", and "cuda:N", the chip of the calling thread's device: for who
/// then compiles in another thread. Other targets stay.
SimplicialStatus target_resolve(const char **text);

#endif // SIMPLICIAL_COMPILER_TARGET_H
