// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compilations, or what earlier ones left in the cache -> executables.

#ifndef SIMPLICIAL_COMPILER_EXECUTABLE_H
#define SIMPLICIAL_COMPILER_EXECUTABLE_H

#include "cache.h"
#include "compilation.h"
#include "simplicial/compiler.h"

/// Lowers a compilation that began well, and loads the result. With a `key`, it
/// is also left in the cache.
SimplicialStatus executable_create(Compilation *compilation, const char *target,
                                   const CacheKey *key,
                                   SimplicialExecutable **executable);

/// Loads what is in the cache; false if there is nothing that can be loaded.
bool executable_restore(const CacheKey *key, SimplicialExecutable **executable);

#endif // SIMPLICIAL_COMPILER_EXECUTABLE_H
