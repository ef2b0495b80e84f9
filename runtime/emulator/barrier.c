// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Barriers of a block: bar.sync, bar.red.or and bar.arrive, all .aligned.

#include "block.h"

/// Whether `thread` waits at the barrier `id`.
static bool waits_at(const Thread *thread, int id) {
  return thread->state == AT_BARRIER && thread->barrier == id;
}

/// The instruction is for whole warps.
static void check_warps(Block *block, int id) {
  for (int t = 0; t < block->n; ++t) {
    Thread *thread = &block->threads[t];
    if (!waits_at(thread, id))
      continue;
    for (Thread *other = warp_of(thread);
         other < block->threads + block->n && other < warp_of(thread) + WARP;
         ++other)
      if (!waits_at(other, id) || other->site != thread->site)
        thread_fail(thread, thread->site,
                    "reached by part of a warp: thread %d is not here",
                    other->index);
  }
}

/// All have come. Wakes all that wait, but `last`, which runs.
static void complete(Thread *last, int id) {
  Block *block = last->block;
  Barrier *barrier = &block->barriers[id];
  check_warps(block, id);
  if (barrier->expected == block->n && !barrier->passing) {
    clocks_join_all(&block->clocks);
  } else {
    for (int t = 0; t < block->n; ++t)
      if (waits_at(&block->threads[t], id))
        clocks_release(&block->clocks, t, barrier->clock);
    for (int t = 0; t < block->n; ++t)
      if (waits_at(&block->threads[t], id))
        clocks_acquire(&block->clocks, t, barrier->clock);
    clocks_empty_vector(&block->clocks, barrier->clock);
  }
  barrier->expected = 0;
  uint32_t any = 0;
  for (int t = 0; t < block->n; ++t)
    if (waits_at(&block->threads[t], id))
      any |= block->threads[t].flag;
  for (int t = 0; t < block->n; ++t) {
    Thread *thread = &block->threads[t];
    if (!waits_at(thread, id))
      continue;
    thread->flag = any;
    if (thread != last)
      thread_wake(thread);
  }
  last->state = RUNNING;
  if (clocks_overflow(&block->clocks, last->index))
    thread_fail(last, last->site,
                "the emulator can tell no more barriers of a block apart");
}

/// Comes to the barrier; `count` threads do. Those that wait learn whether any
/// of them has a flag.
static void arrive(Thread *thread, uint32_t site, uint32_t id, uint32_t count,
                   bool waits, uint32_t flag) {
  Block *block = thread->block;
  if (id >= BARRIERS)
    thread_fail(thread, site, "no barrier %u: there are %d", id, BARRIERS);
  if (!count || count > (uint32_t)block->n ||
      (count % WARP && count != (uint32_t)block->n))
    thread_fail(thread, site,
                "barrier %u for %u threads: not some of the block's %d warps",
                id, count, (block->n + WARP - 1) / WARP);
  Barrier *barrier = &block->barriers[id];
  if (!barrier->expected) {
    barrier->expected = (int)count;
    barrier->arrived = barrier->passing = 0;
    barrier->site = site;
  } else if (barrier->expected != (int)count) {
    thread_fail(thread, site,
                "barrier %u for %u threads here, and for %d at %s", id, count,
                barrier->expected, site_text(block, barrier->site));
  }
  ++barrier->arrived;
  thread->site = site;
  thread->mask = 0;
  if (waits) {
    thread->state = AT_BARRIER;
    thread->barrier = (int)id;
    thread->flag = flag;
  } else {
    ++barrier->passing;
    clocks_release(&block->clocks, thread->index, barrier->clock);
  }
  if (barrier->arrived == barrier->expected)
    complete(thread, (int)id);
  else if (waits)
    thread_wait(thread);
}

void simplicialEmulateBarrierAll(Thread *thread, uint32_t site) {
  arrive(thread, site, 0, (uint32_t)thread->block->n, true, 0);
}

void simplicialEmulateBarrierId(Thread *thread, uint32_t site, uint32_t id) {
  arrive(thread, site, id, (uint32_t)thread->block->n, true, 0);
}

void simplicialEmulateBarrier(Thread *thread, uint32_t site, uint32_t id,
                              uint32_t threads) {
  arrive(thread, site, id, threads, true, 0);
}

void simplicialEmulateBarrierArrive(Thread *thread, uint32_t site, uint32_t id,
                                    uint32_t threads) {
  arrive(thread, site, id, threads, false, 0);
}

uint32_t simplicialEmulateBarrierOr(Thread *thread, uint32_t site,
                                    uint32_t flag) {
  arrive(thread, site, 0, (uint32_t)thread->block->n, true, flag);
  return thread->flag;
}

uint32_t simplicialEmulateBarrierOrCount(Thread *thread, uint32_t site,
                                         uint32_t id, uint32_t threads,
                                         uint32_t flag) {
  arrive(thread, site, id, threads, true, flag);
  return thread->flag;
}
