// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compilations -> executables.

#ifndef SIMPLICIAL_COMPILER_EXECUTABLE_H
#define SIMPLICIAL_COMPILER_EXECUTABLE_H

#include "compilation.h"
#include "simplicial/compiler.h"

/// Lowers a compilation that began well, and loads the result.
SimplicialStatus executable_create(Compilation *compilation, const char *target,
                                   SimplicialExecutable **executable);

#endif // SIMPLICIAL_COMPILER_EXECUTABLE_H
