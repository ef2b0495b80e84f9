// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The version, which the build knows.

#include "simplicial/runtime.h"

const char *simplicialVersion(void) { return SIMPLICIAL_VERSION; }
