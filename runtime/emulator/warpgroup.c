// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The meeting of a warpgroup, and setmaxnreg.

#include "warpgroup.h"

#include <stdlib.h>

bool warpgroups_create(Block *block) {
  block->warpgroups =
      calloc((size_t)warpgroup_count(block), sizeof *block->warpgroups);
  return block->warpgroups;
}

void warpgroups_destroy(Block *block) {
  for (int g = 0; block->warpgroups && g < warpgroup_count(block); ++g)
    products_destroy(&block->warpgroups[g]);
  free(block->warpgroups);
}

void warpgroups_reset(Block *block) {
  for (int g = 0; g < warpgroup_count(block); ++g) {
    Warpgroup *group = &block->warpgroups[g];
    group->arrived = 0;
    group->registers = 0;
    products_reset(group);
  }
}

void warpgroup_together(Thread *thread, uint32_t site, Collective action,
                        void *operands) {
  Thread *first = warpgroup_first(thread);
  Warpgroup *group = warpgroup_of(thread);
  if (first->index + WARPGROUP > thread->block->n)
    thread_fail(thread, site, "the block's last warpgroup has not %d threads",
                WARPGROUP);
  thread->state = AT_WARPGROUP;
  thread->site = site;
  thread->mask = 0;
  thread->operands = operands;
  if (++group->arrived < WARPGROUP) {
    thread_wait(thread);
    return;
  }
  group->arrived = 0;
  for (int t = 0; t < WARPGROUP; ++t)
    if (first[t].site != site)
      thread_fail(thread, site,
                  "reached by part of a warpgroup: thread %d is at %s",
                  first[t].index, site_text(thread->block, first[t].site));
  action(first, UINT32_MAX);
  for (int t = 0; t < WARPGROUP; ++t)
    if (&first[t] != thread)
      thread_wake(&first[t]);
  thread->state = RUNNING;
}

// setmaxnreg ------------------------------------------------------------------

enum { FEWEST = 24, MOST = 256, STEP = 8, ALL = 64 << 10 };

/// What the threads of the block have together is known once all warpgroups
/// have said what they want.
static void set_registers(Thread *first, uint32_t lanes) {
  (void)lanes;
  Block *block = first->block;
  uint32_t wanted = *(const uint32_t *)first->operands, sum = 0;
  warpgroup_of(first)->registers = wanted;
  for (int g = 0; g < warpgroup_count(block); ++g) {
    if (!block->warpgroups[g].registers)
      return;
    sum += WARPGROUP * block->warpgroups[g].registers;
  }
  if (sum > ALL)
    thread_fail(first, first->site,
                "the block's threads have %u registers together, more than %d",
                sum, ALL);
}

static void set(Thread *thread, uint32_t site, uint32_t registers,
                bool increase) {
  uint32_t before = warpgroup_of(thread)->registers;
  if (registers < FEWEST || registers > MOST || registers % STEP)
    thread_fail(thread, site,
                "a thread has %d to %d registers, a multiple of %d, not %u",
                FEWEST, MOST, STEP, registers);
  if (before && (increase ? registers < before : registers > before))
    thread_fail(thread, site, "%s of registers from %u to %u",
                increase ? "an increase" : "a decrease", before, registers);
  warpgroup_together(thread, site, set_registers, &registers);
}

void simplicialEmulateIncreaseRegisters(Thread *thread, uint32_t site,
                                        uint32_t registers) {
  set(thread, site, registers, true);
}

void simplicialEmulateDecreaseRegisters(Thread *thread, uint32_t site,
                                        uint32_t registers) {
  set(thread, site, registers, false);
}
