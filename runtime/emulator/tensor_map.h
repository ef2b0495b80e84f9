// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Copies of boxes of tensors that are on their way.

#ifndef SIMPLICIAL_RUNTIME_EMULATOR_TENSOR_MAP_H
#define SIMPLICIAL_RUNTIME_EMULATOR_TENSOR_MAP_H

#include "block.h"

#pragma GCC visibility push(hidden)

void flights_destroy(Block *block);
void flights_reset(Block *block);
/// One of them arrives. False if there is none.
bool flights_progress(Block *block);
/// One of them arrives, perhaps.
void flights_drift(Block *block);
/// Reports what is pending when all threads have exited.
void flights_finish(Block *block);

#pragma GCC visibility pop

#endif // SIMPLICIAL_RUNTIME_EMULATOR_TENSOR_MAP_H
