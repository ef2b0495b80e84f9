// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// cp.async: copies from global to shared memory, of 4, 8 or 16 bytes, that
// arrive at some moment between their issue and the wait for their group. Until
// that wait nobody may touch the bytes; after it the thread itself may, and
// after a barrier the others.

#include "block.h"

#include <stdlib.h>
#include <string.h>

static void land(Thread *thread, Copy *copy) {
  char *to = thread->block->shared + copy->to;
  memcpy(to, copy->from, copy->bytes);
  memset(to + copy->bytes, 0, copy->size - copy->bytes);
  copy->landed = true;
}

/// Lands the copies among the first `count`, in a random order.
static void land_all(Thread *thread, size_t count) {
  size_t start = count ? random_below(thread->block, (uint32_t)count) : 0;
  bool backwards = random_below(thread->block, 2);
  for (size_t i = 0; i < count; ++i) {
    size_t k = (start + i) % count;
    Copy *copy = &thread->copies[backwards ? count - 1 - k : k];
    if (!copy->landed)
      land(thread, copy);
  }
}

void copies_drift(Thread *thread) {
  size_t count = thread->copy_count;
  if (!count || random_below(thread->block, 4))
    return;
  Copy *copy = &thread->copies[random_below(thread->block, (uint32_t)count)];
  if (!copy->landed)
    land(thread, copy);
}

void simplicialEmulateCopyFill(Thread *thread, uint32_t site, uint64_t to,
                               uint64_t from, uint32_t bytes, uint32_t size) {
  if (bytes > size)
    thread_fail(thread, site, "%u of %u bytes to be copied", bytes, size);
  if (bytes)
    global_check(thread, site, "copies", from, bytes, 1);
  uint32_t offset = shared_offset(thread, site, "writes", to, size, size);
  if (from % size)
    thread_fail(thread, site,
                "misaligned: copies %u bytes of global memory from 0x%llx",
                size, (unsigned long long)from);
  shared_copy_begin(thread, site, offset, size);
  if (thread->copy_count == thread->copy_capacity) {
    size_t capacity = thread->copy_capacity ? 2 * thread->copy_capacity : 16;
    Copy *copies = realloc(thread->copies, capacity * sizeof *copies);
    if (!copies)
      thread_fail(thread, site, "out of memory");
    thread->copies = copies;
    thread->copy_capacity = capacity;
  }
  thread->copies[thread->copy_count++] =
      (Copy){.to = offset,
             .from = (const char *)(uintptr_t)from,
             .size = size,
             .bytes = bytes,
             .group = thread->group,
             .site = site};
  copies_drift(thread);
}

void simplicialEmulateCopy(Thread *thread, uint32_t site, uint64_t to,
                           uint64_t from, uint32_t size) {
  simplicialEmulateCopyFill(thread, site, to, from, size, size);
}

void simplicialEmulateCopyCommit(Thread *thread, uint32_t site) {
  (void)site;
  ++thread->group;
}

void simplicialEmulateCopyWait(Thread *thread, uint32_t site, uint32_t groups) {
  (void)site;
  copies_drift(thread);
  size_t done = 0; // groups are in order of issue
  while (done < thread->copy_count &&
         thread->copies[done].group + groups < thread->group)
    ++done;
  if (!done)
    return;
  land_all(thread, done);
  for (size_t i = 0; i < done; ++i)
    shared_copy_end(thread, thread->copies[i].to, thread->copies[i].size);
  thread->copy_count -= done;
  memmove(thread->copies, thread->copies + done,
          thread->copy_count * sizeof *thread->copies);
}

void copies_finish(Block *block) {
  for (int t = 0; t < block->n; ++t)
    if (block->threads[t].copy_count)
      thread_error(&block->threads[t], block->threads[t].copies->site,
                   "the kernel ends and the thread has not waited for this");
}
