// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The executables that a process keeps until it ends.

#ifndef SIMPLICIAL_COMPILER_COMPILER_H
#define SIMPLICIAL_COMPILER_COMPILER_H

#include "simplicial/compiler.h"

/// The process's compiler. A child of fork goes on with what its parent had
/// compiled by then.
SimplicialCompiler *compiler_of_process(void);

#endif // SIMPLICIAL_COMPILER_COMPILER_H
