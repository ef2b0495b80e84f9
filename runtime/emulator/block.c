// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs the threads of a block, one after the other until each waits or exits,
// and says what is wrong when all that are left wait.

#include "block.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// Address space; what a kernel does not touch costs no memory.
enum { STACK_BYTES = 256 << 10 };

// Stacks with an unmapped page between, so that an overflow is a fault.
static bool create_stacks(Block *block) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  block->stacks_size = (size_t)block->n * STACK_BYTES;
  void *stacks = mmap(NULL, block->stacks_size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (stacks == MAP_FAILED)
    return false;
  block->stacks = stacks;
  for (int t = 0; t < block->n; ++t)
    if (mprotect(block->stacks + (size_t)t * STACK_BYTES, page, PROT_NONE))
      return false;
  return true;
}

SimplicialStatus block_create(Block *block, const SimplicialEmulation *launch) {
  size_t n = (size_t)launch->threads, bytes = (size_t)launch->sharedBytes;
  *block = (Block){.launch = launch,
                   .n = (int)n,
                   .threads = calloc(n, sizeof *block->threads),
                   .ready = calloc(n, sizeof *block->ready),
                   .shared = aligned_alloc(1024, (bytes / 1024 + 1) * 1024),
                   .shadow = calloc(bytes + 1, sizeof *block->shadow),
                   .vector = calloc(n, sizeof *block->vector),
                   .status = simplicialOk()};
  bool ok = block->threads && block->ready && block->shared && block->shadow &&
            block->vector && clocks_create(&block->clocks, block->n) &&
            create_stacks(block);
  for (int i = 0; i < BARRIERS; ++i) {
    block->barriers[i].clock = calloc(n, sizeof(uint32_t));
    ok &= block->barriers[i].clock != NULL;
  }
  size_t guard = (size_t)sysconf(_SC_PAGESIZE);
  for (int t = 0; ok && t < block->n; ++t) {
    Thread *thread = &block->threads[t];
    thread->block = block;
    thread->index = t;
    fiber_create(&thread->fiber,
                 block->stacks + (size_t)t * STACK_BYTES + guard,
                 STACK_BYTES - guard);
  }
  return ok ? simplicialOk()
            : simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
}

void block_destroy(Block *block) {
  for (int t = 0; block->threads && t < block->n; ++t) {
    if (block->threads[t].fiber.stack)
      fiber_destroy(&block->threads[t].fiber);
    free(block->threads[t].copies);
  }
  for (int i = 0; i < BARRIERS; ++i)
    free(block->barriers[i].clock);
  if (block->stacks)
    munmap(block->stacks, block->stacks_size);
  clocks_destroy(&block->clocks);
  free(block->threads);
  free(block->ready);
  free(block->shared);
  free(block->shadow);
  free(block->vector);
}

const char *site_text(const Block *block, uint32_t site) {
  return block->launch->sites + site;
}

// xorshift64*
uint32_t random_below(Block *block, uint32_t bound) {
  uint64_t x = block->random;
  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  block->random = x;
  return (uint32_t)((x * UINT64_C(2685821657736338717) >> 32) * bound >> 32);
}

// Threads ---------------------------------------------------------------------

static void set_ready(Thread *thread) {
  Block *block = thread->block;
  block->ready[(block->first_ready + block->ready_count++) % block->n] =
      thread->index;
}

/// The next to run: a thread, or, when none can, the scheduler.
static Fiber *take_ready(Block *block) {
  if (!block->ready_count)
    return &block->scheduler;
  int thread = block->ready[block->first_ready];
  block->first_ready = (block->first_ready + 1) % block->n;
  --block->ready_count;
  return &block->threads[thread].fiber;
}

void thread_wake(Thread *thread) {
  thread->state = RUNNING;
  set_ready(thread);
}

void thread_wait(Thread *thread) {
  copies_drift(thread);
  fiber_switch(&thread->fiber, take_ready(thread->block));
}

static void run_thread(void *argument) {
  Thread *thread = argument;
  Block *block = thread->block;
  fiber_begin(&thread->fiber);
  block->launch->kernel(thread, block->launch->arguments);
  thread->state = EXITED;
  ++block->exited;
  warp_lane_exited(thread);
  fiber_switch(&thread->fiber, take_ready(block));
}

uint32_t warp_lanes(const Thread *warp) {
  int lanes = warp->block->n - warp->index;
  return lanes < WARP ? (1u << lanes) - 1 : UINT32_MAX;
}

uint32_t warp_lanes_in(const Thread *warp, State state) {
  uint32_t lanes = 0;
  for (int i = 0; i < WARP && warp->index + i < warp->block->n; ++i)
    lanes |= (uint32_t)(warp[i].state == state) << i;
  return lanes;
}

// Errors ----------------------------------------------------------------------

static void set_error(const Thread *thread, uint32_t site, const char *format,
                      va_list arguments) {
  Block *block = thread->block;
  char text[1024];
  vsnprintf(text, sizeof text, format, arguments);
  block->status = simplicialError(
      SIMPLICIAL_INVALID_ARGUMENT,
      "%s: %s [block (%" PRId64 ", %" PRId64 ", %" PRId64 "), thread %d]",
      site_text(block, site), text, block->index[0], block->index[1],
      block->index[2], thread->index);
}

void thread_fail(Thread *thread, uint32_t site, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  set_error(thread, site, format, arguments);
  va_end(arguments);
  fiber_switch(&thread->fiber, &thread->block->scheduler);
  abort(); // nobody resumes it
}

/// An error at the operation that `thread` waits at.
__attribute__((format(printf, 2, 3))) static void
stuck_at(const Thread *thread, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  set_error(thread, thread->site, format, arguments);
  va_end(arguments);
}

static const char *whereabouts(const Thread *thread) {
  return thread->state == EXITED ? "has exited"
                                 : site_text(thread->block, thread->site);
}

/// If lanes of its warp that `thread` waits for are elsewhere, reports it.
static bool is_partial(const Thread *thread) {
  const Thread *warp = thread - lane_of(thread);
  uint32_t wanted = thread->mask ? thread->mask : warp_lanes(warp), here = 0;
  const Thread *missing = NULL;
  for (int i = 0; i < WARP; ++i) {
    if (!(wanted >> i & 1))
      continue;
    const Thread *other = &warp[i];
    if (other->state == thread->state && other->site == thread->site)
      here |= 1u << i;
    else if (!missing)
      missing = other;
  }
  if (!missing)
    return false;
  stuck_at(thread,
           "reached by part of a warp: lanes 0x%08x of 0x%08x; thread %d %s%s",
           here, wanted, missing->index,
           missing->state == EXITED ? "" : "waits at ", whereabouts(missing));
  return true;
}

/// Nothing runs and not all have exited.
static void diagnose(const Block *block) {
  const Thread *waiting = NULL, *other = NULL;
  for (int t = 0; t < block->n; ++t) {
    const Thread *thread = &block->threads[t];
    if (thread->state == EXITED)
      continue;
    if (is_partial(thread))
      return;
    if (!waiting)
      waiting = thread;
    else if (!other && thread->site != waiting->site)
      other = thread;
  }
  const Barrier *barrier = &block->barriers[waiting->barrier];
  if (other)
    stuck_at(waiting,
             "deadlock: barrier %d has %d of the %d threads it waits for; "
             "thread %d waits at %s",
             waiting->barrier, barrier->arrived, barrier->expected,
             other->index, whereabouts(other));
  else
    stuck_at(waiting,
             "barrier %d has %d of the %d threads it waits for, and %d of the "
             "block's %d have exited",
             waiting->barrier, barrier->arrived, barrier->expected,
             block->exited, block->n);
}

// Running ---------------------------------------------------------------------

static void reset(Block *block, int64_t number) {
  const int64_t *grid = block->launch->grid;
  block->index[0] = number % grid[0];
  block->index[1] = number / grid[0] % grid[1];
  block->index[2] = number / grid[0] / grid[1];
  block->exited = block->first_ready = block->ready_count = 0;
  block->random = (block->launch->seed + 1) * UINT64_C(0x9e3779b97f4a7c15) ^
                  (uint64_t)(number + 1) * UINT64_C(0xbf58476d1ce4e5b9);
  block->random += !block->random; // xorshift stays at 0
  size_t bytes = (size_t)block->launch->sharedBytes;
  memset(block->shadow, 0, bytes * sizeof *block->shadow);
  clocks_reset(&block->clocks);
  for (int i = 0; i < BARRIERS; ++i) {
    block->barriers[i].expected = 0;
    memset(block->barriers[i].clock, 0, (size_t)block->n * sizeof(uint32_t));
  }
}

static void start_threads(Block *block) {
  for (int t = 0; t < block->n; ++t) {
    Thread *thread = &block->threads[t];
    thread->copy_count = 0;
    thread->group = 0;
    fiber_start(&thread->fiber, run_thread, thread);
    thread_wake(thread);
  }
}

SimplicialStatus block_run(Block *block, int64_t number) {
  reset(block, number);
  fiber_here(&block->scheduler);
  start_threads(block);
  fiber_switch(&block->scheduler, take_ready(block));
  if (!block->status.code && block->exited < block->n)
    diagnose(block);
  SimplicialStatus status = block->status;
  block->status = simplicialOk();
  return status;
}
