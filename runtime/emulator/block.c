// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs the threads of a block, one after the other until each waits or exits,
// and says what is wrong when all that are left wait.

#include "block.h"

#include "mbarrier.h"
#include "tensor_map.h"
#include "warpgroup.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
  STACK_BYTES = 1 << 20, // address space: what is not touched costs no memory
  POLLS = 1000,          // in vain, of a thread: nothing will happen any more
};

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
                   .async_readers = calloc(bytes / GRANULE + 1,
                                           sizeof *block->async_readers),
                   .status = simplicialOk()};
  bool ok = block->threads && block->ready && block->shared && block->shadow &&
            block->async_readers && clocks_create(&block->clocks, block->n) &&
            mbarriers_create(block) && warpgroups_create(block) &&
            create_stacks(block);
  block->vector = clocks_new_vector(&block->clocks);
  ok &= block->vector != NULL;
  for (int i = 0; i < BARRIERS; ++i) {
    block->barriers[i].clock = clocks_new_vector(&block->clocks);
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
  mbarriers_destroy(block);
  warpgroups_destroy(block);
  flights_destroy(block);
  free(block->threads);
  free(block->ready);
  free(block->shared);
  free(block->shadow);
  free(block->async_readers);
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
  thread->block->polls = 0;
  set_ready(thread);
}

void thread_stop_on_error(Thread *thread) {
  if (thread->block->status.code)
    fiber_switch(&thread->fiber, &thread->block->scheduler);
}

void thread_wait(Thread *thread) {
  copies_drift(thread);
  products_drift(thread->block);
  flights_drift(thread->block);
  thread_stop_on_error(thread);
  Fiber *next = take_ready(thread->block);
  if (next != &thread->fiber) // which what has just arrived may have woken
    fiber_switch(&thread->fiber, next);
}

bool thread_yield(Thread *thread) {
  if (++thread->block->polls / POLLS > (uint32_t)thread->block->n)
    return false;
  set_ready(thread);
  thread_wait(thread);
  return true;
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
  if (block->status.code)
    return; // the first one counts
  char text[1024];
  vsnprintf(text, sizeof text, format, arguments);
  block->status = simplicialError(
      SIMPLICIAL_INVALID_ARGUMENT,
      "%s: %s [block (%" PRId64 ", %" PRId64 ", %" PRId64 "), thread %d]",
      site_text(block, site), text, block->index[0], block->index[1],
      block->index[2], thread->index);
}

void thread_error(Thread *thread, uint32_t site, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  set_error(thread, site, format, arguments);
  va_end(arguments);
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

/// If threads of its warpgroup that `thread` waits for are elsewhere, and not
/// at an mbarrier, which another thread may hold up, reports it.
static bool is_partial_group(Thread *thread) {
  const Thread *first = warpgroup_first(thread);
  const Thread *missing = NULL;
  int here = 0;
  for (int t = 0; t < WARPGROUP; ++t) {
    bool is_here =
        first[t].state == AT_WARPGROUP && first[t].site == thread->site;
    here += is_here;
    if (!is_here && (!missing || missing->state == AT_MBARRIER))
      missing = &first[t];
  }
  if (missing->state == AT_MBARRIER)
    return false;
  stuck_at(thread,
           "reached by part of a warpgroup: %d of %d threads; thread %d %s%s",
           here, WARPGROUP, missing->index,
           missing->state == EXITED ? "" : "waits at ", whereabouts(missing));
  return true;
}

/// The same for the lanes of its warp.
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
    else if (!missing || missing->state == AT_MBARRIER)
      missing = other;
  }
  if (!missing || missing->state == AT_MBARRIER)
    return false;
  stuck_at(thread,
           "reached by part of a warp: lanes 0x%08x of 0x%08x; thread %d %s%s",
           here, wanted, missing->index,
           missing->state == EXITED ? "" : "waits at ", whereabouts(missing));
  return true;
}

/// Nothing runs and not all have exited.
static void diagnose(const Block *block) {
  const Thread *waiting = NULL, *other = NULL, *at_mbarrier = NULL;
  for (int t = 0; t < block->n; ++t) {
    Thread *thread = &block->threads[t];
    if (thread->state == EXITED)
      continue;
    if (thread->state == AT_MBARRIER) {
      if (!at_mbarrier)
        at_mbarrier = thread;
      continue;
    }
    if (thread->state == AT_WARPGROUP ? is_partial_group(thread)
                                      : is_partial(thread))
      return;
    if (!waiting)
      waiting = thread;
    else if (!other && thread->site != waiting->site)
      other = thread;
  }
  if (at_mbarrier) {
    char text[256];
    mbarrier_describe(at_mbarrier->mbarrier, at_mbarrier->parity, text,
                      sizeof text);
    stuck_at(at_mbarrier, "deadlock: %s", text);
    return;
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
  block->polls = 0;
  block->random = (block->launch->seed + 1) * UINT64_C(0x9e3779b97f4a7c15) ^
                  (uint64_t)(number + 1) * UINT64_C(0xbf58476d1ce4e5b9);
  block->random += !block->random; // xorshift stays at 0
  size_t bytes = (size_t)block->launch->sharedBytes;
  memset(block->shadow, 0, bytes * sizeof *block->shadow);
  memset(block->async_readers, 0,
         (bytes / GRANULE + 1) * sizeof *block->async_readers);
  clocks_reset(&block->clocks);
  for (int i = 0; i < BARRIERS; ++i) {
    block->barriers[i].expected = 0;
    clocks_empty_vector(&block->clocks, block->barriers[i].clock);
  }
  mbarriers_reset(block);
  warpgroups_reset(block);
  flights_reset(block);
}

/// Threads begin with a warp that the seed picks.
static void start_threads(Block *block) {
  int warps = (block->n + WARP - 1) / WARP;
  int first = WARP * (int)(block->launch->seed % (uint64_t)warps);
  for (int t = 0; t < block->n; ++t) {
    Thread *thread = &block->threads[(first + t) % block->n];
    thread->copy_count = 0;
    thread->group = 0;
    thread->store_group = thread->store_last = thread->store_waited = 0;
    thread->store_agent = -1;
    thread->products_committed = thread->products_retired = 0;
    thread->products_fenced = false;
    fiber_start(&thread->fiber, run_thread, thread);
    thread_wake(thread);
  }
}

/// Reports what is pending at the end.
static void finish(Block *block) {
  copies_finish(block);
  mbarriers_finish(block);
  flights_finish(block);
  products_finish(block);
}

SimplicialStatus block_run(Block *block, int64_t number) {
  reset(block, number);
  fiber_here(&block->scheduler);
  start_threads(block);
  // When no thread can run, what is on its way arrives, and may wake some.
  do {
    if (block->ready_count)
      fiber_switch(&block->scheduler, take_ready(block));
  } while (!block->status.code && flights_progress(block));
  if (!block->status.code && block->exited < block->n)
    diagnose(block);
  if (!block->status.code)
    finish(block);
  SimplicialStatus status = block->status;
  block->status = simplicialOk();
  return status;
}
