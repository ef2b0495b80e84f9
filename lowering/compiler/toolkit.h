// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The programs of the CUDA toolkit that make machine code from PTX.

#ifndef SIMPLICIAL_COMPILER_TOOLKIT_H
#define SIMPLICIAL_COMPILER_TOOLKIT_H

#include "text.h"

#include "simplicial/runtime.h"

/// Finds the folder that has bin/`program`: above a folder in PATH, else
/// $CUDA_HOME, else /usr/local/cuda.
SimplicialStatus toolkit_find(const char *program, Text *folder);

/// Appends which file `program` is, or that there is none.
void toolkit_describe(const char *program, Text *text);

#endif // SIMPLICIAL_COMPILER_TOOLKIT_H
