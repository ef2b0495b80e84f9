// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What threads of a warp do together: the meeting, shuffles, warp barriers.

#include "warp.h"

/// The lanes that `thread` waits for.
static uint32_t lanes_for(Thread *thread) {
  Thread *warp = warp_of(thread);
  return thread->mask ? thread->mask & ~warp_lanes_in(warp, EXITED)
                      : warp_lanes(warp);
}

static bool meets(const Thread *thread, const Thread *other) {
  return other->state == AT_COLLECTIVE && other->mask == thread->mask &&
         other->collective == thread->collective &&
         (thread->mask || other->site == thread->site);
}

/// If all that `thread` waits for have come, they act, and those that wait are
/// woken, but `running`.
static bool try_meeting(Thread *thread, const Thread *running) {
  Thread *warp = warp_of(thread);
  uint32_t lanes = lanes_for(thread) & warp_lanes(warp);
  for (int i = WARP - 1; i >= 0; --i) // lanes mostly come in order
    if (lanes >> i & 1 && !meets(thread, &warp[i]))
      return false;
  thread->collective(warp, lanes);
  for (int i = 0; i < WARP; ++i) {
    if (!(lanes >> i & 1))
      continue;
    if (&warp[i] == running)
      warp[i].state = RUNNING;
    else
      thread_wake(&warp[i]);
  }
  return true;
}

static void meet(Thread *thread, uint32_t site, uint32_t mask,
                 Collective collective, void *operands) {
  thread->state = AT_COLLECTIVE;
  thread->site = site;
  thread->mask = mask;
  thread->collective = collective;
  thread->operands = operands;
  if (!try_meeting(thread, thread))
    thread_wait(thread);
}

void warp_together(Thread *thread, uint32_t site, Collective collective,
                   void *operands) {
  meet(thread, site, 0, collective, operands);
}

void warp_together_masked(Thread *thread, uint32_t site, uint32_t mask,
                          Collective collective, void *operands) {
  if (!(mask >> lane_of(thread) & 1))
    thread_fail(thread, site, "lane %d is not in the mask 0x%08x",
                lane_of(thread), mask);
  meet(thread, site, mask, collective, operands);
}

void warp_lane_exited(Thread *thread) {
  Thread *warp = warp_of(thread);
  uint32_t waiting = warp_lanes_in(warp, AT_COLLECTIVE);
  for (int i = 0; i < WARP; ++i)
    if (waiting >> i & 1 && warp[i].mask && warp[i].state == AT_COLLECTIVE)
      try_meeting(&warp[i], NULL);
}

// bar.warp.sync ---------------------------------------------------------------

static void order_memory(Thread *warp, uint32_t lanes) {
  Block *block = warp->block;
  clocks_empty_vector(&block->clocks, block->vector);
  for (int i = 0; i < WARP; ++i)
    if (lanes >> i & 1)
      clocks_release(&block->clocks, warp[i].index, block->vector);
  for (int i = 0; i < WARP; ++i)
    if (lanes >> i & 1)
      clocks_acquire(&block->clocks, warp[i].index, block->vector);
}

void simplicialEmulateWarpBarrier(Thread *thread, uint32_t site,
                                  uint32_t mask) {
  warp_together_masked(thread, site, mask, order_memory, NULL);
  if (clocks_overflow(&thread->block->clocks, thread->index))
    thread_fail(thread, site,
                "the emulator can tell no more barriers of a block apart");
}

// vote.sync -------------------------------------------------------------------

typedef struct Vote {
  uint32_t flag, result;
} Vote;

static void count_votes(Thread *warp, uint32_t lanes) {
  uint32_t any = 0;
  for (int i = 0; i < WARP; ++i)
    if (lanes >> i & 1)
      any |= ((const Vote *)warp[i].operands)->flag;
  for (int i = 0; i < WARP; ++i)
    if (lanes >> i & 1)
      ((Vote *)warp[i].operands)->result = any;
}

uint32_t simplicialEmulateVoteAny(Thread *thread, uint32_t site, uint32_t mask,
                                  uint32_t flag) {
  Vote vote = {flag, 0};
  warp_together_masked(thread, site, mask, count_votes, &vote);
  return vote.result;
}

// shfl.sync -------------------------------------------------------------------

typedef struct Shuffle {
  uint32_t value, by, clamp;
  uint32_t result;
} Shuffle;

typedef enum { UP, DOWN, BFLY, IDX } ShuffleKind;

/// The lane that `lane` reads, as PTX defines it.
static int source_lane(ShuffleKind kind, int lane, uint32_t by,
                       uint32_t clamp) {
  int b = by & 31, c = clamp & 31, segment = clamp >> 8 & 31;
  int max_lane = (lane & segment) | (c & ~segment);
  int min_lane = lane & segment;
  switch (kind) {
  case UP:
    return lane - b >= max_lane ? lane - b : lane;
  case DOWN:
    return lane + b <= max_lane ? lane + b : lane;
  case BFLY:
    return (lane ^ b) <= max_lane ? lane ^ b : lane;
  case IDX:
    b = min_lane | (b & ~segment);
    return b <= max_lane ? b : lane;
  }
  return lane;
}

static void exchange(ShuffleKind kind, Thread *warp, uint32_t lanes) {
  for (int i = 0; i < WARP; ++i) {
    if (!(lanes >> i & 1))
      continue;
    Shuffle *shuffle = warp[i].operands;
    int source = source_lane(kind, i, shuffle->by, shuffle->clamp);
    if (!(lanes >> source & 1))
      thread_fail(&warp[i], warp[i].site,
                  "lane %d reads lane %d, which takes no part", i, source);
    shuffle->result = ((const Shuffle *)warp[source].operands)->value;
  }
}

// One collective a kind: threads meet at the same kind.
#define SHUFFLE(Name, kind)                                                    \
  static void exchange_##kind(Thread *warp, uint32_t lanes) {                  \
    exchange(kind, warp, lanes);                                               \
  }                                                                            \
  uint32_t simplicialEmulateShuffle##Name(Thread *thread, uint32_t site,       \
                                          uint32_t mask, uint32_t value,       \
                                          uint32_t by, uint32_t clamp) {       \
    Shuffle shuffle = {value, by, clamp, 0};                                   \
    warp_together_masked(thread, site, mask, exchange_##kind, &shuffle);       \
    return shuffle.result;                                                     \
  }
SHUFFLE(Up, UP)
SHUFFLE(Down, DOWN)
SHUFFLE(Bfly, BFLY)
SHUFFLE(Idx, IDX)

// elect.sync ------------------------------------------------------------------

/// For a mask it is always the same lane, which the seed picks.
static void elect(Thread *warp, uint32_t lanes) {
  uint64_t skip =
      warp->block->launch->seed % (uint32_t)__builtin_popcount(lanes);
  for (int i = 0; i < WARP; ++i)
    if (lanes >> i & 1)
      *(uint32_t *)warp[i].operands = skip-- == 0;
}

uint32_t simplicialEmulateElectMask(Thread *thread, uint32_t site,
                                    uint32_t mask) {
  uint32_t elected;
  warp_together_masked(thread, site, mask, elect, &elected);
  return elected;
}

uint32_t simplicialEmulateElect(Thread *thread, uint32_t site) {
  return simplicialEmulateElectMask(thread, site, UINT32_MAX);
}
