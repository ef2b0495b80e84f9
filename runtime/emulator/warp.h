// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What threads of a warp do together.

#ifndef SIMPLICIAL_RUNTIME_EMULATOR_WARP_H
#define SIMPLICIAL_RUNTIME_EMULATOR_WARP_H

#include "block.h"

#pragma GCC visibility push(hidden)

/// Waits until the whole warp is at this operation; the last to come calls
/// `collective`, which finds each thread's `operands` and sets its results.
/// (An .aligned instruction.)
void warp_together(Thread *thread, uint32_t site, Collective collective,
                   void *operands);

/// The same for the lanes of `mask` that have not exited; they need not be at
/// the same operation, but at the same kind of one.
void warp_together_masked(Thread *thread, uint32_t site, uint32_t mask,
                          Collective collective, void *operands);

#pragma GCC visibility pop

#endif // SIMPLICIAL_RUNTIME_EMULATOR_WARP_H
