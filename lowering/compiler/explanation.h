// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What passes note about kernels, as text.

#ifndef SIMPLICIAL_COMPILER_EXPLANATION_H
#define SIMPLICIAL_COMPILER_EXPLANATION_H

#include "compilation.h"

/// Lowers a compilation that began well for `target`, and prints of each kernel
/// why it is as it is.
SimplicialStatus explanation_print(Compilation *compilation, const char *target,
                                   Text *out);

#endif // SIMPLICIAL_COMPILER_EXPLANATION_H
