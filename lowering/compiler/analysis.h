// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The analysis of a GPU program, as text.

#ifndef SIMPLICIAL_COMPILER_ANALYSIS_H
#define SIMPLICIAL_COMPILER_ANALYSIS_H

#include "compilation.h"

/// Prints what the launches of each public function of the GPU program
/// `compilation->lowered` are predicted to cost.
SimplicialStatus analysis_print(Compilation *compilation, Text *out);

#endif // SIMPLICIAL_COMPILER_ANALYSIS_H
