// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// mbarriers: phases of arrivals and of bytes loaded. A phase is complete when
// all have arrived and no bytes are missing; then the next one begins. Loads
// count bytes down, which may be before they are expected.

#include "mbarrier.h"

#include "warp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_COUNT = (1 << 20) - 1, BYTES = 8 };

bool mbarriers_create(Block *block) {
  block->mbarriers = calloc(MAX_MBARRIERS, sizeof *block->mbarriers);
  return block->mbarriers;
}

void mbarriers_destroy(Block *block) {
  for (int i = 0; block->mbarriers && i < MAX_MBARRIERS; ++i) {
    free(block->mbarriers[i].arriving);
    free(block->mbarriers[i].complete);
  }
  free(block->mbarriers);
}

void mbarriers_reset(Block *block) {
  for (int i = 0; i < MAX_MBARRIERS; ++i)
    block->mbarriers[i].valid = false;
}

static Mbarrier *find(Block *block, uint32_t offset) {
  for (int i = 0; i < MAX_MBARRIERS; ++i)
    if (block->mbarriers[i].valid && block->mbarriers[i].offset == offset)
      return &block->mbarriers[i];
  return NULL;
}

Mbarrier *mbarrier_at(Thread *thread, uint32_t site, uint64_t address) {
  Block *block = thread->block;
  uint32_t offset = shared_offset(thread, site, "uses", address, BYTES, BYTES);
  Mbarrier *self = find(block, offset);
  if (!self)
    thread_fail(thread, site,
                "byte %u of shared memory is no mbarrier: nothing has "
                "initialised it",
                offset);
  if (!clocks_seen(&block->clocks, thread->index, self->init.epoch))
    thread_fail(thread, site,
                "race: uses the mbarrier at byte %u of shared memory, which "
                "thread %d initialises at %s with no barrier between",
                offset, epoch_thread(self->init.epoch),
                site_text(block, self->init.site));
  return self;
}

// Initialisation --------------------------------------------------------------

/// A free one.
static Mbarrier *add(Thread *thread, uint32_t site) {
  Block *block = thread->block;
  Mbarrier *self = block->mbarriers;
  while (self < block->mbarriers + MAX_MBARRIERS && self->valid)
    ++self;
  int agent = clocks_add_agent(&block->clocks);
  if (self == block->mbarriers + MAX_MBARRIERS || agent < 0)
    thread_fail(thread, site, "the emulator has %d mbarriers a block, no more",
                MAX_MBARRIERS);
  uint32_t *arriving =
      self->arriving ? self->arriving : clocks_new_vector(&block->clocks);
  uint32_t *complete =
      self->complete ? self->complete : clocks_new_vector(&block->clocks);
  *self = (Mbarrier){.arriving = arriving, .complete = complete};
  if (!arriving || !complete)
    thread_fail(thread, site, "out of memory");
  clocks_empty_vector(&block->clocks, arriving);
  clocks_empty_vector(&block->clocks, complete);
  self->agent = agent;
  return self;
}

void simplicialEmulateMbarrierInit(Thread *thread, uint32_t site,
                                   uint64_t address, uint32_t count) {
  Block *block = thread->block;
  uint32_t offset =
      shared_offset(thread, site, "initialises", address, BYTES, BYTES);
  if (!count || count > MAX_COUNT)
    thread_fail(thread, site, "an mbarrier counts 1 to %d arrivals, not %u",
                MAX_COUNT, count);
  const Mbarrier *old = find(block, offset);
  if (old)
    thread_fail(thread, site,
                "byte %u of shared memory has been initialised as an mbarrier "
                "before, at %s",
                offset, site_text(block, old->init.site));
  shared_mbarrier_begin(thread, site, offset);
  Mbarrier *self = add(thread, site);
  self->valid = true;
  self->offset = offset;
  self->init = (Mark){clocks_now(&block->clocks, thread->index), site};
  self->count = self->pending = count;
}

void simplicialEmulateMbarrierInval(Thread *thread, uint32_t site,
                                    uint64_t address) {
  Mbarrier *self = mbarrier_at(thread, site, address);
  self->valid = false;
  shared_mbarrier_end(thread->block, self->offset);
}

void mbarriers_fence(Thread *thread) {
  for (int i = 0; i < MAX_MBARRIERS; ++i) {
    Mbarrier *self = &thread->block->mbarriers[i];
    if (self->valid && !self->fence &&
        epoch_thread(self->init.epoch) == thread->index)
      self->fence = clocks_now(&thread->block->clocks, thread->index);
  }
}

void simplicialEmulateMbarrierFence(Thread *thread, uint32_t site) {
  (void)site;
  mbarriers_fence(thread);
}

// Arriving --------------------------------------------------------------------

static bool is_complete(const Mbarrier *self, uint32_t parity) {
  return (self->phase & 1) != (parity & 1);
}

/// If all is there, the phase is complete: those that wait for it go on.
static void try_complete(Thread *thread, uint32_t site, Mbarrier *self) {
  Block *block = thread->block;
  if (self->pending)
    return;
  if (self->missing_tx < 0)
    thread_error(thread, site,
                 "the mbarrier at byte %u of shared memory expected %" PRId64
                 " bytes fewer than have been loaded",
                 self->offset, -self->missing_tx);
  if (self->missing_tx)
    return;
  ++self->phase;
  if (self->phase >> EPOCH_CLOCK_BITS)
    thread_error(thread, site, "the emulator can tell no more phases apart");
  self->pending = self->count;
  // What arrives from now on does not concern those that wait for this phase.
  clocks_move(&block->clocks, self->arriving, self->complete);
  for (int t = 0; t < block->n; ++t) {
    Thread *waiting = &block->threads[t];
    if (waiting->state == AT_MBARRIER && waiting->mbarrier == self &&
        is_complete(self, waiting->parity))
      thread_wake(waiting);
  }
}

static void expect(Thread *thread, uint32_t site, Mbarrier *self,
                   uint32_t bytes) {
  if (bytes > MAX_COUNT || self->missing_tx + bytes > MAX_COUNT)
    thread_fail(thread, site,
                "an mbarrier counts at most %d bytes, not %" PRId64, MAX_COUNT,
                self->missing_tx + bytes);
  self->missing_tx += bytes;
}

static void arrive(Thread *thread, uint32_t site, Mbarrier *self,
                   uint32_t count) {
  if (!count || count > self->pending)
    thread_fail(thread, site,
                "arrives %u times at the mbarrier at byte %u of shared memory, "
                "whose phase misses %u of %u arrivals",
                count, self->offset, self->pending, self->count);
  clocks_release(&thread->block->clocks, thread->index, self->arriving);
  if (clocks_overflow(&thread->block->clocks, thread->index))
    thread_fail(thread, site,
                "the emulator can tell no more barriers of a block apart");
  self->pending -= count;
  try_complete(thread, site, self);
  thread_stop_on_error(thread);
}

void simplicialEmulateMbarrierArrive(Thread *thread, uint32_t site,
                                     uint64_t address) {
  arrive(thread, site, mbarrier_at(thread, site, address), 1);
}

void simplicialEmulateMbarrierArriveCount(Thread *thread, uint32_t site,
                                          uint64_t address, uint32_t count) {
  arrive(thread, site, mbarrier_at(thread, site, address), count);
}

void simplicialEmulateMbarrierArriveExpect(Thread *thread, uint32_t site,
                                           uint64_t address, uint32_t bytes) {
  Mbarrier *self = mbarrier_at(thread, site, address);
  expect(thread, site, self, bytes);
  arrive(thread, site, self, 1);
}

void simplicialEmulateMbarrierExpect(Thread *thread, uint32_t site,
                                     uint64_t address, uint32_t bytes) {
  expect(thread, site, mbarrier_at(thread, site, address), bytes);
}

// Loads -----------------------------------------------------------------------

Epoch mbarrier_begin_load(Thread *thread, uint32_t site, Mbarrier *self) {
  if (!self->fence ||
      !clocks_seen(&thread->block->clocks, thread->index, self->fence))
    thread_fail(thread, site,
                "loads for the mbarrier at byte %u of shared memory, whose "
                "initialisation at %s no fence.mbarrier_init follows",
                self->offset, site_text(thread->block, self->init.site));
  self->loaded = self->phase + 1;
  self->load_thread = thread;
  self->load_site = site;
  return agent_epoch(self->agent, self->phase + 1);
}

void mbarrier_end_load(Thread *thread, uint32_t site, Mbarrier *self,
                       uint32_t phase, uint32_t bytes) {
  if (self->phase != phase) {
    thread_error(thread, site,
                 "%u bytes arrive after the phase of the mbarrier at byte %u "
                 "of shared memory was complete, which did not expect them",
                 bytes, self->offset);
    return;
  }
  self->missing_tx -= bytes;
  try_complete(thread, site, self);
}

// Waiting ---------------------------------------------------------------------

static bool test(Thread *thread, Mbarrier *self, uint32_t parity) {
  Clocks *clocks = &thread->block->clocks;
  if (!is_complete(self, parity))
    return false;
  clocks_acquire(clocks, thread->index, self->complete);
  clocks_see_agent(clocks, thread->index, self->agent, self->phase);
  self->waited = self->phase;
  return true;
}

uint32_t simplicialEmulateMbarrierTryWait(Thread *thread, uint32_t site,
                                          uint64_t address, uint32_t parity) {
  Mbarrier *self = mbarrier_at(thread, site, address);
  if (test(thread, self, parity))
    return true;
  thread->site = site;
  thread->mask = 0;
  // It may give up early.
  if (!random_below(thread->block, 8)) {
    thread_yield(thread);
    return test(thread, self, parity);
  }
  thread->state = AT_MBARRIER;
  thread->mbarrier = self;
  thread->parity = parity;
  thread_wait(thread);
  return test(thread, self, parity);
}

uint32_t simplicialEmulateMbarrierTryWaitTicks(Thread *thread, uint32_t site,
                                               uint64_t address,
                                               uint32_t parity,
                                               uint32_t ticks) {
  (void)ticks;
  return simplicialEmulateMbarrierTryWait(thread, site, address, parity);
}

uint32_t simplicialEmulateMbarrierTestWait(Thread *thread, uint32_t site,
                                           uint64_t address, uint32_t parity) {
  Mbarrier *self = mbarrier_at(thread, site, address);
  if (test(thread, self, parity))
    return true;
  if (!thread_yield(thread)) {
    char text[256];
    mbarrier_describe(self, parity, text, sizeof text);
    thread_fail(thread, site, "deadlock: %s", text);
  }
  return test(thread, self, parity);
}

void mbarrier_describe(const Mbarrier *self, uint32_t parity, char *text,
                       size_t size) {
  snprintf(text, size,
           "the mbarrier at byte %u of shared memory never completes a phase "
           "of parity %u: its phase %u misses %u of %u arrivals and %" PRId64
           " bytes",
           self->offset, parity & 1, self->phase, self->pending, self->count,
           self->missing_tx);
}

void mbarriers_finish(Block *block) {
  for (int i = 0; i < MAX_MBARRIERS; ++i) {
    const Mbarrier *self = &block->mbarriers[i];
    if (!self->valid)
      continue;
    if (self->waited < self->loaded)
      thread_error(self->load_thread, self->load_site,
                   "the kernel ends and nothing has waited for this");
    else if (self->missing_tx)
      thread_error(&block->threads[epoch_thread(self->init.epoch)],
                   self->init.site,
                   "the kernel ends and the mbarrier misses %" PRId64 " bytes",
                   self->missing_tx);
  }
}
