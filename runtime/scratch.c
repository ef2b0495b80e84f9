// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Blocks are taken from a list of spare ones and go back there. If none of them
// is large enough, all of them make way for a new one: there are never more
// than were in use at once, and what is spare is as large as what is wanted.

#include "scratch.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

/// What stands before a block's data.
typedef struct Block Block;
struct Block {
  _Alignas(SCRATCH_ALIGNMENT) Block *next;
  size_t bytes;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static Block *spare; // under the mutex

// A forked child inherits the list, so it must not be forked in mid-change.
static void lock(void) { pthread_mutex_lock(&mutex); }
static void unlock(void) { pthread_mutex_unlock(&mutex); }
static void handle_forks(void) { pthread_atfork(lock, unlock, unlock); }

static void free_blocks(Block *block) {
  for (Block *next; block; block = next) {
    next = block->next;
    free(block);
  }
}

/// Takes a block of at least that size off the list, or else all off it.
static Block *take_spare(size_t bytes) {
  lock();
  Block **link = &spare, *found;
  while (*link && (*link)->bytes < bytes)
    link = &(*link)->next;
  found = *link;
  Block *small = NULL;
  if (found) {
    *link = found->next;
  } else {
    small = spare;
    spare = NULL;
  }
  unlock();
  free_blocks(small);
  return found;
}

static Block *allocate(size_t bytes) {
  void *data;
  if (bytes > SIZE_MAX - sizeof(Block) ||
      posix_memalign(&data, SCRATCH_ALIGNMENT, sizeof(Block) + bytes))
    return NULL;
  Block *block = data;
  block->bytes = bytes;
  return block;
}

void *scratch_take(size_t bytes) {
  static pthread_once_t fork_handlers = PTHREAD_ONCE_INIT;
  pthread_once(&fork_handlers, handle_forks);
  Block *block = take_spare(bytes);
  if (!block)
    block = allocate(bytes);
  return block ? block + 1 : NULL;
}

void scratch_give(void *data) {
  if (!data)
    return;
  Block *block = (Block *)data - 1;
  lock();
  block->next = spare;
  spare = block;
  unlock();
}

__attribute__((destructor)) static void free_spare(void) {
  lock();
  Block *blocks = spare;
  spare = NULL;
  unlock();
  free_blocks(blocks);
}
