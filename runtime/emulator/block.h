// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A running block: its threads, who of them waits for what, its shared memory.

#ifndef SIMPLICIAL_RUNTIME_EMULATOR_BLOCK_H
#define SIMPLICIAL_RUNTIME_EMULATOR_BLOCK_H

#include "clocks.h"
#include "fiber.h"
#include "ops.h"

#pragma GCC visibility push(hidden)

enum {
  WARP = 32,
  WARPGROUP = 4 * WARP,
  MAX_THREADS = 1024,
  BARRIERS = 16,
  MAX_MBARRIERS = 64,
  GRANULE = 16, ///< bytes that asynchronous operations access at once, at least
};

typedef struct Block Block;
typedef SimplicialEmulatorThread Thread;

/// What the threads of a warp do together once all have come. `warp` is the
/// first of its threads; bit i of `lanes` says whether the i-th takes part.
typedef void (*Collective)(Thread *warp, uint32_t lanes);

typedef enum ThreadState {
  RUNNING,
  AT_COLLECTIVE,
  AT_WARPGROUP, ///< an instruction for whole warpgroups
  AT_BARRIER,
  AT_MBARRIER,
  EXITED
} State;

typedef struct Mbarrier Mbarrier;
typedef struct Warpgroup Warpgroup;
typedef struct Flight Flight;

/// An asynchronous copy that has not been waited for.
typedef struct Copy {
  uint32_t to; ///< offset in shared memory
  const char *from;
  uint32_t size, bytes; ///< `bytes` from `from`, then zeros
  uint32_t group, site;
  bool landed; ///< in shared memory already, which nobody may rely on
} Copy;

struct SimplicialEmulatorThread {
  Block *block;
  int index;
  Fiber fiber;
  State state;
  uint32_t site; ///< of the operation it waits at
  // At a collective:
  Collective collective;
  uint32_t mask; ///< the lanes it waits for; 0 if the whole warp must be here
  void *operands;
  // At a barrier, or an mbarrier:
  int barrier;
  uint32_t flag; ///< that it brings, then whether any did
  Mbarrier *mbarrier;
  uint32_t parity; ///< of the phase that it waits for
  // Copies in order of issue; those of the groups before `group` are committed.
  Copy *copies;
  size_t copy_count, copy_capacity;
  uint32_t group;
  // The same for its stores of tensors, which its agent does; -1: none so far.
  uint32_t store_group;
  int store_agent;
  uint32_t store_last,
      store_waited;    ///< the last group with a store, waited for
  uint32_t store_site; ///< of the last store
  // Groups of wgmmas that it has committed, and of those, waited for.
  uint32_t products_committed, products_retired;
  bool products_fenced; ///< since the last commit
};

typedef struct Barrier {
  int expected;    ///< 0: nobody is here
  int arrived;     ///< of them
  int passing;     ///< of those, the ones that do not wait
  uint32_t site;   ///< of the first to come
  uint32_t *clock; ///< what those that do not wait released
} Barrier;

/// Who touched a byte of shared memory last.
typedef struct Mark {
  Epoch epoch; ///< 0: nobody
  uint32_t site;
} Mark;

/// Of a byte's readers since the last write, two that had not seen each other
/// are remembered, if there are: whoever writes next differs from one of them.
/// So races are all found where barriers are for the whole block; with others,
/// a race with a third reader may be missed. There are no false alarms.
typedef struct Shadow {
  Mark writer, readers[2];
} Shadow;

struct Block {
  const SimplicialEmulation *launch;
  int64_t index[3];
  Thread *threads;
  int n, exited;
  Fiber scheduler;
  char *stacks;
  size_t stacks_size;
  int *ready; ///< ring of n: who can run
  int first_ready, ready_count;
  char *shared;
  Shadow *shadow;           ///< a byte each
  Mark (*async_readers)[2]; ///< a granule each: as a shadow's, of agents
  Clocks clocks;
  Barrier barriers[BARRIERS];
  Mbarrier *mbarriers; ///< [MAX_MBARRIERS]
  Warpgroup *warpgroups;
  Flight *flights;
  size_t flight_count, flight_capacity;
  uint32_t polls;   ///< in vain, since a thread was last woken
  uint32_t *vector; ///< scratch
  uint64_t random;
  SimplicialStatus status;
};

SimplicialStatus block_create(Block *block, const SimplicialEmulation *launch);
void block_destroy(Block *block);
/// Runs the block of that number.
SimplicialStatus block_run(Block *block, int64_t number);

/// Notes an error at `site`, about `thread`, which ends the launch when a
/// thread next waits.
void thread_error(Thread *thread, uint32_t site, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/// The same, at once. Does not return.
_Noreturn void thread_fail(Thread *thread, uint32_t site, const char *format,
                           ...) __attribute__((format(printf, 3, 4)));
/// Does not return if there is an error.
void thread_stop_on_error(Thread *thread);
/// Runs others until somebody wakes this thread, whose state says what it
/// waits for.
void thread_wait(Thread *thread);
void thread_wake(Thread *thread);
/// Runs others. False if that has been done often without anything happening.
bool thread_yield(Thread *thread);

static inline Thread *warp_of(Thread *thread) {
  return &thread->block->threads[thread->index / WARP * WARP];
}
static inline int lane_of(const Thread *thread) { return thread->index % WARP; }
/// The lanes that `warp` has (the last one of a block may be partial) ...
uint32_t warp_lanes(const Thread *warp);
/// ... and those of them in that state.
uint32_t warp_lanes_in(const Thread *warp, State state);

const char *site_text(const Block *block, uint32_t site);

uint32_t random_below(Block *block, uint32_t bound);

/// A thread has exited: those that wait for the others of its warp may go on.
void warp_lane_exited(Thread *thread);

/// Some of the thread's copies arrive, perhaps.
void copies_drift(Thread *thread);
/// Reports what is pending when all threads have exited.
void copies_finish(Block *block);

// Shared memory ---------------------------------------------------------------

/// Where what belongs at `address` is, with the 16-byte granules of each row of
/// `span` bytes exchanged as the number of the 128 bytes that it is in says.
static inline uint32_t swizzled(uint32_t address, uint32_t span) {
  uint32_t granules = span ? span / GRANULE : 1;
  return address ^ (address / 128 % granules) * GRANULE;
}

/// The offset of `bytes` bytes at `address`, which must be inside and aligned.
uint32_t shared_offset(Thread *thread, uint32_t site, const char *verb,
                       uint64_t address, uint32_t bytes, uint32_t alignment);
/// Checks and remembers accesses.
void shared_read(Thread *thread, uint32_t site, uint32_t offset,
                 uint32_t bytes);
void shared_write(Thread *thread, uint32_t site, uint32_t offset,
                  uint32_t bytes);
/// A copy into these bytes begins, and has been waited for.
void shared_copy_begin(Thread *thread, uint32_t site, uint32_t offset,
                       uint32_t bytes);
void shared_copy_end(Thread *thread, uint32_t offset, uint32_t bytes);
/// An asynchronous operation of `n` threads from `first` on begins that writes
/// or reads these bytes; at `epoch` an agent will have done it.
void shared_async_write(Thread *thread, uint32_t site, uint32_t offset,
                        uint32_t bytes, Epoch epoch);
void shared_async_read(Thread *first, int n, uint32_t site, uint32_t offset,
                       uint32_t bytes, Epoch epoch);
/// These bytes become an mbarrier, and memory that nothing has written again.
void shared_mbarrier_begin(Thread *thread, uint32_t site, uint32_t offset);
void shared_mbarrier_end(Block *block, uint32_t offset);

void global_check(Thread *thread, uint32_t site, const char *verb,
                  uint64_t address, uint32_t bytes, uint32_t alignment);

#pragma GCC visibility pop

#endif // SIMPLICIAL_RUNTIME_EMULATOR_BLOCK_H
