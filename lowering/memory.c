// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The thread's handler of memory.h.

#include "memory.h"

#include <stdlib.h>

static _Thread_local MemoryHandler *thread_handler;

MemoryHandler *memory_set_handler(MemoryHandler *handler) {
  MemoryHandler *before = thread_handler;
  thread_handler = handler;
  return before;
}

static void *checked(void *memory) {
  if (memory)
    return memory;
  if (thread_handler)
    thread_handler();
  abort();
}

void *memory_zeroed(size_t count, size_t size) {
  return checked(calloc(count ? count : 1, size));
}

void *memory_resized(void *memory, size_t size) {
  return checked(realloc(memory, size ? size : 1));
}
