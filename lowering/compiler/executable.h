// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compilations, or what earlier ones left in the cache -> executables.

#ifndef SIMPLICIAL_COMPILER_EXECUTABLE_H
#define SIMPLICIAL_COMPILER_EXECUTABLE_H

#include "cache.h"
#include "simplicial/compiler.h"

/// simplicialCompilerLoad, without a memory of what was loaded before, and for
/// a target other than "cuda" (target_resolve).
SimplicialStatus executable_load_source(const char *source, size_t length,
                                        const char *source_name,
                                        const char *target,
                                        SimplicialExecutable **executable);

/// Loads what is in the cache; false if there is nothing that can be loaded.
bool executable_restore(const CacheKey *key, SimplicialExecutable **executable);

#endif // SIMPLICIAL_COMPILER_EXECUTABLE_H
