// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Asynchronous copies, by the role that they are for.

#ifndef SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_COPIES_H
#define SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_COPIES_H

#include "context.h"

/// Whether an op is one of simplicial-stage's.
bool copies_is_one(MlirOperation op);
/// Whether a buffer is a ring, which copies fill.
bool copies_is_ring(MlirValue buffer);
/// Whether an op copies into a ring, or holds one that does.
bool copies_in(MlirOperation op);
/// Whether anything is copied into rings after `op` has run.
bool copies_follow(const Distribute *s, MlirOperation op);
/// What the role does of it.
void copies_convert(Distribute *s, MlirOperation op);
/// Makes a group of the thread's copies.
void copies_commit(Distribute *s);
/// Waits for all groups of the thread's copies but the newest ones.
void copies_wait_for_groups(Distribute *s, int64_t pending);
/// The same, where products read what they wrote.
void copies_wait_for_operands(Distribute *s, int64_t pending);

#endif // SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_COPIES_H
