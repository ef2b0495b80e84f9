// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Memory that compiled functions need between their operations.
//
// A thread keeps what its current call has, newest first: a function that frees
// all it takes leaves nothing, and one that ends early has it freed here.

#include "launch.h"

#include "simplicial/cuda.h"

#include "cuda/stream.h"

#include <pthread.h>
#include <stdlib.h>

/// Vectors of any width are aligned to it.
enum { ALIGNMENT = 64 };

typedef struct Block Block;
struct Block {
  Block *next;
  void *data;
  DLDeviceType device;
  void *stream;
  SimplicialAllocator allocator; ///< that it is of
};

static _Thread_local Block *blocks;

// Allocators ------------------------------------------------------------------

static void *default_allocate(void *context, int64_t bytes, DLDeviceType device,
                              void *stream) {
  (void)context;
  void *data = NULL;
  if (device == kDLCUDA) {
    launch_report(stream_allocate(bytes, stream, &data));
    return data;
  }
  return posix_memalign(&data, ALIGNMENT, (size_t)bytes) ? NULL : data;
}

static void default_free(void *context, void *data, DLDeviceType device,
                         void *stream) {
  (void)context;
  if (device == kDLCUDA)
    launch_report(stream_free(data, stream));
  else
    free(data);
}

static const SimplicialAllocator default_allocator = {default_allocate,
                                                      default_free, NULL};

static struct {
  pthread_mutex_t lock;
  SimplicialAllocator allocator; ///< without functions: the default
} process = {.lock = PTHREAD_MUTEX_INITIALIZER};

void simplicialSetAllocator(const SimplicialAllocator *allocator) {
  pthread_mutex_lock(&process.lock);
  process.allocator = allocator ? *allocator : (SimplicialAllocator){0};
  pthread_mutex_unlock(&process.lock);
}

static SimplicialAllocator current_allocator(void) {
  pthread_mutex_lock(&process.lock);
  SimplicialAllocator allocator = process.allocator;
  pthread_mutex_unlock(&process.lock);
  return allocator.allocate ? allocator : default_allocator;
}

// What compiled functions call ------------------------------------------------

void *simplicialAllocate(int64_t bytes, int32_t device) {
  if (bytes < 0) {
    launch_report(simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                                  "a tensor between two operations is too "
                                  "large"));
    return NULL;
  }
  Block *block = malloc(sizeof *block);
  if (block) {
    *block = (Block){.next = blocks,
                     .device = (DLDeviceType)device,
                     .stream = device == kDLCUDA ? simplicialStream() : NULL,
                     .allocator = current_allocator()};
    // An address of its own even for nothing.
    block->data =
        block->allocator.allocate(block->allocator.context, bytes ? bytes : 1,
                                  block->device, block->stream);
  }
  if (!block || !block->data) {
    launch_report(simplicialError(SIMPLICIAL_OUT_OF_MEMORY,
                                  "no %lld bytes for a tensor between two "
                                  "operations",
                                  (long long)bytes));
    free(block);
    return NULL;
  }
  blocks = block;
  return block->data;
}

/// Frees the block that `link` points to.
static void release(Block **link) {
  Block *block = *link;
  *link = block->next;
  block->allocator.free(block->allocator.context, block->data, block->device,
                        block->stream);
  free(block);
}

void simplicialFree(void *data) {
  for (Block **link = &blocks; *link; link = &(*link)->next)
    if ((*link)->data == data) {
      release(link);
      return;
    }
}

void simplicialAbandon(void) {
  while (blocks)
    release(&blocks);
}
