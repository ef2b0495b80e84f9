// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Object -> shared library.

#ifndef SIMPLICIAL_COMPILER_LINK_H
#define SIMPLICIAL_COMPILER_LINK_H

#include "trace.h"

/// Links `object` with the runtime that this process has, by the system's cc.
/// `trace` may be NULL.
SimplicialStatus link_library(MlirStringRef object, Trace *trace,
                              Text *library);

#endif // SIMPLICIAL_COMPILER_LINK_H
