// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Copies of tiles from global to shared memory by threads.

#ifndef SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_COPY_H
#define SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_COPY_H

#include "context.h"

/// A simplicial.copy_async into a slot by so many threads; this one is number
/// `thread`.
void copy_tile(Distribute *s, MlirOperation op, MlirValue slot,
               MlirValue thread, int64_t threads);
/// Begins the copy that a vector.transfer_write of a load into a buffer may be;
/// false if it may not.
bool copy_into_buffer(Distribute *s, MlirOperation write);
/// Begins to copy a tile to where it is parked, if other copies are under way
/// for queries that a loop goes over, and it is a load of aligned rows, all of
/// which are parked. Elsewhere kernels are faster that load it to registers.
bool copy_to_park(Distribute *s, MlirValue tile);
/// Waits for the copies of the two kinds before that have been begun.
void copy_await_own(Distribute *s);
/// The same before a loop, unless it begins with a wait that is for them too:
/// true then. Behind the loop, which may not have run, copy_leave_loop.
bool copy_enter_loop(Distribute *s, MlirOperation loop);
void copy_leave_loop(Distribute *s, bool waits);
/// Makes a group of the thread's copies into rings, and of those.
void copy_commit_with_ring(Distribute *s);
/// All groups of the thread's copies have been waited for. Whether there were
/// some that all threads now have to wait for.
bool copy_finish_with_ring(Distribute *s);

#endif // SIMPLICIAL_LOWERING_GPU_DISTRIBUTE_COPY_H
