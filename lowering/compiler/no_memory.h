// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a function returns that gets no memory.

#ifndef SIMPLICIAL_COMPILER_NO_MEMORY_H
#define SIMPLICIAL_COMPILER_NO_MEMORY_H

#include "simplicial/runtime.h"

static inline SimplicialStatus no_memory(void) {
  return simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
}

#endif // SIMPLICIAL_COMPILER_NO_MEMORY_H
