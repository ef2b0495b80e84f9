// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which accesses of a block's threads are ordered: vector clocks.
//
// A thread's clock counts the synchronisations it took part in. An epoch is a
// thread at a moment of its clock. Thread t has seen an epoch (u, c) when a
// chain of synchronisations leads from it to where t is now. As most barriers
// are for the whole block, what came before the last one of those (the floor)
// is kept as one number, and the vectors hold the rest.

#ifndef SIMPLICIAL_RUNTIME_EMULATOR_CLOCKS_H
#define SIMPLICIAL_RUNTIME_EMULATOR_CLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/// The thread's number in the low EPOCH_THREAD_BITS, its clock above; never 0.
typedef uint32_t Epoch;

enum { EPOCH_THREAD_BITS = 10, EPOCH_CLOCK_BITS = 21 };

typedef struct Clocks {
  int n;
  uint32_t floor; ///< everyone has seen the clocks up to this one
  uint32_t *own;  ///< [n]
  uint32_t *seen; ///< [n][n]: the clock of u that t has seen; 0 below the floor
  bool seen_used;
} Clocks;

/// False if memory ran out.
bool clocks_create(Clocks *clocks, int n);
void clocks_destroy(Clocks *clocks);
void clocks_reset(Clocks *clocks);

static inline int epoch_thread(Epoch epoch) {
  return (int)(epoch & ((1u << EPOCH_THREAD_BITS) - 1));
}

static inline Epoch clocks_now(const Clocks *clocks, int thread) {
  return clocks->own[thread] << EPOCH_THREAD_BITS | (uint32_t)thread;
}

/// Whether what `thread` did at `epoch` or, being another, has seen it.
static inline bool clocks_seen(const Clocks *clocks, int thread, Epoch epoch) {
  uint32_t clock = epoch >> EPOCH_THREAD_BITS;
  int other = epoch_thread(epoch);
  return clock <= clocks->floor || other == thread ||
         clock <= clocks->seen[thread * clocks->n + other];
}

/// Everyone sees everything.
void clocks_join_all(Clocks *clocks);
/// Adds what `thread` has done and seen to `vector` [n].
void clocks_release(Clocks *clocks, int thread, uint32_t *vector);
/// `thread` sees what is in `vector`.
void clocks_acquire(Clocks *clocks, int thread, const uint32_t *vector);

/// Whether a thread has synchronised more often than an epoch can tell.
static inline bool clocks_overflow(const Clocks *clocks, int thread) {
  return clocks->own[thread] >> EPOCH_CLOCK_BITS;
}

#pragma GCC visibility pop

#endif // SIMPLICIAL_RUNTIME_EMULATOR_CLOCKS_H
