// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Running what may end the process. Where LLVM finds an error that it has no
// other way to report, or no memory, it calls a handler and aborts; MLIR throws
// C++'s std::bad_alloc, and so do we where passes have no memory.

#ifndef SIMPLICIAL_COMPILER_GUARD_H
#define SIMPLICIAL_COMPILER_GUARD_H

#include "simplicial/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Calls `body(data)`, in a thread of its own with much stack, and returns its
/// status, or, if it would have ended the process, an error. What it had not
/// freed is then lost, since nobody knows in which state it is.
SimplicialStatus guard_run(SimplicialStatus (*body)(void *data), void *data);

#ifdef __cplusplus
}
#endif

#endif // SIMPLICIAL_COMPILER_GUARD_H
