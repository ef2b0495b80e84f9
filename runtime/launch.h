// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How a launch reports its error to the thread that called.

#ifndef SIMPLICIAL_RUNTIME_LAUNCH_H
#define SIMPLICIAL_RUNTIME_LAUNCH_H

#include "simplicial/runtime.h"

/// Keeps the error for simplicialTakeLaunchStatus, unless one is kept already.
/// Consumes `status`.
void launch_report(SimplicialStatus status);

#endif // SIMPLICIAL_RUNTIME_LAUNCH_H
