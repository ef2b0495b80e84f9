// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared and global memory: the checks of every access.

#include "block.h"

#include "mbarrier.h"

#include <string.h>

static void check_alignment(Thread *thread, uint32_t site, const char *verb,
                            const char *space, uint64_t address, uint32_t bytes,
                            uint32_t alignment) {
  if (address % alignment)
    thread_fail(thread, site,
                "misaligned: %s %u bytes of %s memory at 0x%llx, which is not "
                "a multiple of %u",
                verb, bytes, space, (unsigned long long)address, alignment);
}

// Global ----------------------------------------------------------------------

static _Noreturn void out_of_bounds(Thread *thread, uint32_t site,
                                    const char *verb, uint64_t address,
                                    uint32_t bytes) {
  const SimplicialEmulation *launch = thread->block->launch;
  int64_t nearest = -1;
  uint64_t base = 0;
  for (int64_t i = 0; i < launch->bufferCount; ++i) {
    uint64_t start = (uintptr_t)launch->buffers[i].data;
    if (start <= address && start >= base) {
      nearest = i;
      base = start;
    }
  }
  if (nearest < 0)
    thread_fail(thread, site,
                "out of bounds: %s %u bytes of global memory at 0x%llx, before "
                "every buffer",
                verb, bytes, (unsigned long long)address);
  thread_fail(thread, site,
              "out of bounds: %s %u bytes of global memory, from byte %llu of "
              "buffer %lld, which has %lld",
              verb, bytes, (unsigned long long)(address - base),
              (long long)nearest, (long long)launch->buffers[nearest].bytes);
}

void global_check(Thread *thread, uint32_t site, const char *verb,
                  uint64_t address, uint32_t bytes, uint32_t alignment) {
  check_alignment(thread, site, verb, "global", address, bytes, alignment);
  const SimplicialEmulation *launch = thread->block->launch;
  for (int64_t i = 0; i < launch->bufferCount; ++i) {
    uint64_t offset = address - (uintptr_t)launch->buffers[i].data;
    uint64_t size = (uint64_t)launch->buffers[i].bytes;
    if (offset <= size && bytes <= size - offset)
      return;
  }
  out_of_bounds(thread, site, verb, address, bytes);
}

const void *simplicialEmulateReadGlobal(Thread *thread, uint32_t site,
                                        uint64_t address, uint32_t bytes,
                                        uint32_t alignment) {
  global_check(thread, site, "reads", address, bytes, alignment);
  return (const void *)(uintptr_t)address;
}

void *simplicialEmulateWriteGlobal(Thread *thread, uint32_t site,
                                   uint64_t address, uint32_t bytes,
                                   uint32_t alignment) {
  global_check(thread, site, "writes", address, bytes, alignment);
  return (void *)(uintptr_t)address;
}

// Shared ----------------------------------------------------------------------

// Set in a writer's epoch while the copy is on its way.
#define IN_FLIGHT (UINT32_C(1) << 31)
// The writer's epoch of the bytes of an mbarrier. It is no thread's.
#define MBARRIER UINT32_MAX

enum { MBARRIER_BYTES = 8 };

uint32_t shared_offset(Thread *thread, uint32_t site, const char *verb,
                       uint64_t address, uint32_t bytes, uint32_t alignment) {
  check_alignment(thread, site, verb, "shared", address, bytes, alignment);
  uint64_t size = (uint64_t)thread->block->launch->sharedBytes;
  uint64_t offset = address - SHARED;
  if (offset > size || bytes > size - offset)
    thread_fail(thread, site,
                "out of bounds: %s %u bytes of shared memory, from byte %lld "
                "of %llu",
                verb, bytes, (long long)offset, (unsigned long long)size);
  return (uint32_t)offset;
}

static _Noreturn void race(Thread *thread, uint32_t site, const char *verb,
                           uint32_t offset, Mark mark, const char *other_verb) {
  thread_fail(thread, site,
              "race: %s byte %u of shared memory, which thread %d %s at %s "
              "with no barrier between",
              verb, offset, epoch_thread(mark.epoch), other_verb,
              site_text(thread->block, mark.site));
}

static void check_writer(Thread *thread, uint32_t site, const char *verb,
                         uint32_t offset, Mark writer) {
  if (writer.epoch == MBARRIER)
    thread_fail(thread, site,
                "%s byte %u of shared memory, which is an mbarrier's since %s",
                verb, offset, site_text(thread->block, writer.site));
  if (writer.epoch & IN_FLIGHT)
    thread_fail(thread, site,
                "%s byte %u of shared memory while thread %d's copy to it "
                "has not been waited for, from %s",
                verb, offset, epoch_thread(writer.epoch),
                site_text(thread->block, writer.site));
  if (!writer.epoch ||
      clocks_seen(&thread->block->clocks, thread->index, writer.epoch))
    return;
  if (is_agent(writer.epoch))
    thread_fail(thread, site,
                "%s byte %u of shared memory without having waited for the "
                "load that writes it, from %s",
                verb, offset, site_text(thread->block, writer.site));
  race(thread, site, verb, offset, writer, "writes");
}

static void check_written(Thread *thread, uint32_t site, uint32_t offset) {
  if (!thread->block->shadow[offset].writer.epoch)
    thread_fail(thread, site,
                "uninitialised: reads byte %u of shared memory, which nothing "
                "has written so far",
                offset);
}

void shared_read(Thread *thread, uint32_t site, uint32_t offset,
                 uint32_t bytes) {
  const Clocks *clocks = &thread->block->clocks;
  Mark now = {clocks_now(clocks, thread->index), site};
  for (uint32_t i = offset; i < offset + bytes; ++i) {
    Shadow *shadow = &thread->block->shadow[i];
    check_written(thread, site, i);
    check_writer(thread, site, "reads", i, shadow->writer);
    bool first = !shadow->readers[0].epoch ||
                 clocks_seen(clocks, thread->index, shadow->readers[0].epoch);
    shadow->readers[!first] = now;
  }
}

/// Checks that asynchronous operations do not read there any more.
static void check_async_readers(Thread *thread, uint32_t site, uint32_t offset,
                                uint32_t bytes) {
  const Block *block = thread->block;
  uint32_t end = (offset + bytes + GRANULE - 1) / GRANULE;
  for (uint32_t g = offset / GRANULE; g < end; ++g)
    for (int r = 0; r < 2; ++r) {
      Mark reader = block->async_readers[g][r];
      if (reader.epoch &&
          !clocks_seen(&block->clocks, thread->index, reader.epoch))
        thread_fail(thread, site,
                    "writes byte %u of shared memory without having waited for "
                    "what reads it, from %s",
                    g * GRANULE < offset ? offset : g * GRANULE,
                    site_text(block, reader.site));
    }
}

/// Checks that `thread` may write there, and makes `mark` the writer.
static void overwrite(Thread *thread, uint32_t site, uint32_t offset,
                      uint32_t bytes, Mark mark) {
  const Clocks *clocks = &thread->block->clocks;
  check_async_readers(thread, site, offset, bytes);
  for (uint32_t i = offset; i < offset + bytes; ++i) {
    Shadow *shadow = &thread->block->shadow[i];
    check_writer(thread, site, "writes", i, shadow->writer);
    for (int r = 0; r < 2; ++r)
      if (shadow->readers[r].epoch &&
          !clocks_seen(clocks, thread->index, shadow->readers[r].epoch))
        race(thread, site, "writes", i, shadow->readers[r], "reads");
    *shadow = (Shadow){.writer = mark};
  }
}

void shared_write(Thread *thread, uint32_t site, uint32_t offset,
                  uint32_t bytes) {
  Epoch now = clocks_now(&thread->block->clocks, thread->index);
  overwrite(thread, site, offset, bytes, (Mark){now, site});
}

void shared_copy_begin(Thread *thread, uint32_t site, uint32_t offset,
                       uint32_t bytes) {
  Epoch now = clocks_now(&thread->block->clocks, thread->index);
  overwrite(thread, site, offset, bytes, (Mark){now | IN_FLIGHT, site});
}

void shared_copy_end(Thread *thread, uint32_t offset, uint32_t bytes) {
  Epoch now = clocks_now(&thread->block->clocks, thread->index);
  for (uint32_t i = offset; i < offset + bytes; ++i)
    thread->block->shadow[i].writer.epoch = now;
}

void shared_async_write(Thread *thread, uint32_t site, uint32_t offset,
                        uint32_t bytes, Epoch epoch) {
  overwrite(thread, site, offset, bytes, (Mark){epoch, site});
}

/// Checks that the threads see what `writer` wrote, in the async proxy too.
static void check_async_writer(Thread *first, int n, uint32_t site,
                               uint32_t offset, Mark writer) {
  const Block *block = first->block;
  check_written(first, site, offset);
  for (int t = 0; t < n; ++t) {
    check_writer(&first[t], site, "reads", offset, writer);
    if (!is_agent(writer.epoch) &&
        !clocks_fenced(&block->clocks, first[t].index, writer.epoch))
      thread_fail(&first[t], site,
                  "reads byte %u of shared memory, which thread %d writes at "
                  "%s with no fence.proxy.async of its own behind",
                  offset, epoch_thread(writer.epoch),
                  site_text(block, writer.site));
  }
}

void shared_async_read(Thread *first, int n, uint32_t site, uint32_t offset,
                       uint32_t bytes, Epoch epoch) {
  Block *block = first->block;
  Mark checked = {0};
  for (uint32_t i = offset; i < offset + bytes; ++i) {
    Mark writer = block->shadow[i].writer;
    if (i == offset || writer.epoch != checked.epoch)
      check_async_writer(first, n, site, i, writer);
    checked = writer;
  }
  for (uint32_t g = offset / GRANULE; g < (offset + bytes) / GRANULE; ++g) {
    Mark *readers = block->async_readers[g];
    bool first_is_old =
        !readers[0].epoch ||
        epoch_thread(readers[0].epoch) == epoch_thread(epoch) ||
        clocks_seen(&block->clocks, first->index, readers[0].epoch);
    readers[!first_is_old] = (Mark){epoch, site};
  }
}

void shared_mbarrier_begin(Thread *thread, uint32_t site, uint32_t offset) {
  overwrite(thread, site, offset, MBARRIER_BYTES, (Mark){MBARRIER, site});
}

void shared_mbarrier_end(Block *block, uint32_t offset) {
  memset(&block->shadow[offset], 0, MBARRIER_BYTES * sizeof *block->shadow);
}

void simplicialEmulateProxyFence(Thread *thread, uint32_t site) {
  Clocks *clocks = &thread->block->clocks;
  mbarriers_fence(thread);
  clocks_fence(clocks, thread->index);
  if (clocks_overflow(clocks, thread->index))
    thread_fail(thread, site, "the emulator can tell no more fences apart");
}

const void *simplicialEmulateReadShared(Thread *thread, uint32_t site,
                                        uint64_t address, uint32_t bytes,
                                        uint32_t alignment) {
  uint32_t offset =
      shared_offset(thread, site, "reads", address, bytes, alignment);
  shared_read(thread, site, offset, bytes);
  return thread->block->shared + offset;
}

void *simplicialEmulateWriteShared(Thread *thread, uint32_t site,
                                   uint64_t address, uint32_t bytes,
                                   uint32_t alignment) {
  uint32_t offset =
      shared_offset(thread, site, "writes", address, bytes, alignment);
  shared_write(thread, site, offset, bytes);
  return thread->block->shared + offset;
}
