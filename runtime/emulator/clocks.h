// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which accesses of a block's threads are ordered: vector clocks.
//
// A thread's clock counts the synchronisations it took part in. An epoch is a
// thread at a moment of its clock. Thread t has seen an epoch (u, c) when a
// chain of synchronisations leads from it to where t is now. As most barriers
// are for the whole block, what came before the last one of those (the floor)
// is kept as one number, and the vectors hold the rest.
//
// What works asynchronously for the threads is an agent, which has clocks too:
// it counts what it has done, and a thread sees that by waiting for it.
// Threads' proxy fences travel like clocks: t has seen u fence at c when what u
// wrote until then may be read by asynchronous operations of t.

#ifndef SIMPLICIAL_RUNTIME_EMULATOR_CLOCKS_H
#define SIMPLICIAL_RUNTIME_EMULATOR_CLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/// The number of the thread, or FIRST_AGENT plus that of the agent, in the low
/// EPOCH_THREAD_BITS, the clock above; never 0.
typedef uint32_t Epoch;

enum {
  EPOCH_THREAD_BITS = 11,
  EPOCH_CLOCK_BITS = 20,
  FIRST_AGENT = 1024,
  MAX_AGENTS = 128,
};

typedef struct Clocks {
  int n, agents;
  int width; ///< of vectors: n clocks, n clocks of fences, MAX_AGENTS clocks
  bool fences_used;
  uint32_t floor; ///< everyone has seen the clocks up to this one
  uint32_t *own;  ///< [n]
  uint32_t *seen; ///< [n][width]: what t has seen; 0 below the floors
  bool seen_used;
  uint32_t *fence_floor;            ///< [n]
  uint32_t agent_floor[MAX_AGENTS]; ///< everyone has seen these, too
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

static inline bool is_agent(Epoch epoch) {
  return epoch_thread(epoch) >= FIRST_AGENT;
}
static inline int epoch_agent(Epoch epoch) {
  return epoch_thread(epoch) - FIRST_AGENT;
}
static inline Epoch agent_epoch(int agent, uint32_t clock) {
  return clock << EPOCH_THREAD_BITS | (uint32_t)(FIRST_AGENT + agent);
}

/// Whether `thread` did what was done at `epoch` or, being another, has seen
/// it.
static inline bool clocks_seen(const Clocks *clocks, int thread, Epoch epoch) {
  uint32_t clock = epoch >> EPOCH_THREAD_BITS;
  int other = epoch_thread(epoch);
  const uint32_t *seen = clocks->seen + thread * clocks->width;
  if (is_agent(epoch))
    return clock <= clocks->agent_floor[epoch_agent(epoch)] ||
           clock <= seen[2 * clocks->n + epoch_agent(epoch)];
  return clock <= clocks->floor || other == thread || clock <= seen[other];
}

/// Whether `thread` has seen the thread of `epoch` fence after it.
static inline bool clocks_fenced(const Clocks *clocks, int thread,
                                 Epoch epoch) {
  uint32_t clock = epoch >> EPOCH_THREAD_BITS;
  int other = epoch_thread(epoch);
  return clock <= clocks->fence_floor[other] ||
         clock <= clocks->seen[thread * clocks->width + clocks->n + other];
}

/// A new agent; -1 if there are too many.
int clocks_add_agent(Clocks *clocks);
/// `thread` sees what `agent` had done at `clock`.
void clocks_see_agent(Clocks *clocks, int thread, int agent, uint32_t clock);
/// `thread` fences.
void clocks_fence(Clocks *clocks, int thread);

/// Everyone sees everything.
void clocks_join_all(Clocks *clocks);
/// An empty vector; NULL if memory ran out.
uint32_t *clocks_new_vector(const Clocks *clocks);
void clocks_empty_vector(const Clocks *clocks, uint32_t *vector);
/// Adds what is in `from` to `to`, and empties it.
void clocks_move(const Clocks *clocks, uint32_t *from, uint32_t *to);
/// Adds what `thread` has done and seen to `vector`.
void clocks_release(Clocks *clocks, int thread, uint32_t *vector);
/// `thread` sees what is in `vector`.
void clocks_acquire(Clocks *clocks, int thread, const uint32_t *vector);

/// Whether a thread has synchronised more often than an epoch can tell.
static inline bool clocks_overflow(const Clocks *clocks, int thread) {
  return clocks->own[thread] >> EPOCH_CLOCK_BITS;
}

#pragma GCC visibility pop

#endif // SIMPLICIAL_RUNTIME_EMULATOR_CLOCKS_H
