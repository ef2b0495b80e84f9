// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions -> the C header of an ahead-of-time object.

#ifndef SIMPLICIAL_COMPILER_HEADER_H
#define SIMPLICIAL_COMPILER_HEADER_H

#include "function.h"

SimplicialStatus header_print(const SimplicialFunction *functions, int count,
                              Text *out);

#endif // SIMPLICIAL_COMPILER_HEADER_H
