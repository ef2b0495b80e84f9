// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared and global memory: the checks of every access.

#include "block.h"

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
  if (writer.epoch & IN_FLIGHT)
    thread_fail(thread, site,
                "%s byte %u of shared memory while thread %d's copy to it "
                "has not been waited for, from %s",
                verb, offset, epoch_thread(writer.epoch),
                site_text(thread->block, writer.site));
  if (writer.epoch &&
      !clocks_seen(&thread->block->clocks, thread->index, writer.epoch))
    race(thread, site, verb, offset, writer, "writes");
}

void shared_read(Thread *thread, uint32_t site, uint32_t offset,
                 uint32_t bytes) {
  const Clocks *clocks = &thread->block->clocks;
  Mark now = {clocks_now(clocks, thread->index), site};
  for (uint32_t i = offset; i < offset + bytes; ++i) {
    Shadow *shadow = &thread->block->shadow[i];
    if (!shadow->writer.epoch)
      thread_fail(thread, site,
                  "uninitialised: reads byte %u of shared memory, which "
                  "nothing has written so far",
                  i);
    check_writer(thread, site, "reads", i, shadow->writer);
    bool first = !shadow->readers[0].epoch ||
                 clocks_seen(clocks, thread->index, shadow->readers[0].epoch);
    shadow->readers[!first] = now;
  }
}

/// Checks that `thread` may write there, and makes `mark` the writer.
static void overwrite(Thread *thread, uint32_t site, uint32_t offset,
                      uint32_t bytes, Mark mark) {
  const Clocks *clocks = &thread->block->clocks;
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
