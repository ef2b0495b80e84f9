// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Launches a grid: its blocks run on the thread pool, in an order that the seed
// picks, and of the errors the first block's is kept, so that the outcome does
// not depend on it.

#include "block.h"

#include "../launch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

// Of compute capability 9.0, the most that any GPU offers to a block.
enum { MAX_SHARED_BYTES = 227 << 10 };
// Blocks whose order the seed picks.
enum { GROUP = 256 };

// A block's memory, between two uses.
typedef struct Spare Spare;
struct Spare {
  Block block;
  Spare *next;
};

typedef struct Grid {
  const SimplicialEmulation *launch;
  int64_t blocks;
  atomic_int_fast64_t failed; // the first block that did
  pthread_mutex_t mutex;
  // Under the mutex:
  SimplicialStatus status; // of the block `failed`
  Spare *spares;
} Grid;

static void keep_error(Grid *grid, int64_t block, SimplicialStatus status) {
  pthread_mutex_lock(&grid->mutex);
  if (block < grid->failed) {
    grid->failed = block;
    simplicialStatusFree(grid->status);
    grid->status = status;
  } else {
    simplicialStatusFree(status);
  }
  pthread_mutex_unlock(&grid->mutex);
}

static void destroy(Spare *spare) {
  block_destroy(&spare->block);
  free(spare);
}

static SimplicialStatus take_spare(Grid *grid, Spare **spare) {
  pthread_mutex_lock(&grid->mutex);
  *spare = grid->spares;
  if (*spare)
    grid->spares = (*spare)->next;
  pthread_mutex_unlock(&grid->mutex);
  if (*spare)
    return simplicialOk();
  *spare = malloc(sizeof **spare);
  if (!*spare)
    return simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
  SimplicialStatus status = block_create(&(*spare)->block, grid->launch);
  if (status.code) {
    destroy(*spare);
    *spare = NULL;
  }
  return status;
}

static void put_spare(Grid *grid, Spare *spare) {
  pthread_mutex_lock(&grid->mutex);
  spare->next = grid->spares;
  grid->spares = spare;
  pthread_mutex_unlock(&grid->mutex);
}

/// The block that is run as the i-th one: the seed picks the first one of a
/// group, and if it is odd they go backwards from there.
static int64_t block_at(const Grid *grid, int64_t i) {
  uint64_t seed = grid->launch->seed;
  int64_t first = i / GROUP * GROUP, left = grid->blocks - first;
  int64_t n = left < GROUP ? left : GROUP;
  int64_t at = (i - first + (int64_t)(seed / 2 % (uint64_t)n)) % n;
  return first + (seed % 2 ? n - 1 - at : at);
}

static void run_blocks(void *context, int64_t lo, int64_t hi) {
  Grid *grid = context;
  Spare *spare;
  SimplicialStatus status = take_spare(grid, &spare);
  if (status.code) {
    keep_error(grid, block_at(grid, lo), status);
    return;
  }
  for (int64_t i = lo; i < hi && i / GROUP * GROUP < grid->failed; ++i) {
    int64_t block = block_at(grid, i);
    if (block >= grid->failed)
      continue;
    status = block_run(&spare->block, block);
    if (status.code)
      keep_error(grid, block, status);
  }
  put_spare(grid, spare);
}

static SimplicialStatus check(const SimplicialEmulation *e) {
  for (int i = 0; i < 3; ++i)
    if (e->grid[i] < 0 || e->grid[i] > launch_max_grid[i])
      return simplicialError(
          SIMPLICIAL_INVALID_ARGUMENT,
          "a grid has at most %lld blocks in dimension %c, not %lld",
          (long long)launch_max_grid[i], "xyz"[i], (long long)e->grid[i]);
  if (e->threads < 1 || e->threads > MAX_THREADS)
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "a block has 1 to %d threads, not %lld", MAX_THREADS,
                           (long long)e->threads);
  if (e->sharedBytes < 0 || e->sharedBytes > MAX_SHARED_BYTES)
    return simplicialError(
        SIMPLICIAL_INVALID_ARGUMENT,
        "a block has at most %d bytes of shared memory, not %lld",
        MAX_SHARED_BYTES, (long long)e->sharedBytes);
  return simplicialOk();
}

SimplicialStatus simplicialEmulate(const SimplicialEmulation *emulation) {
  SimplicialStatus status = check(emulation);
  if (status.code)
    return status;
  int64_t blocks = emulation->grid[0] * emulation->grid[1] * emulation->grid[2];
  Grid grid = {.launch = emulation,
               .blocks = blocks,
               .failed = INT64_MAX,
               .mutex = PTHREAD_MUTEX_INITIALIZER,
               .status = simplicialOk()};
  simplicialParallelFor(run_blocks, &grid, blocks);
  while (grid.spares) {
    Spare *spare = grid.spares;
    grid.spares = spare->next;
    destroy(spare);
  }
  pthread_mutex_destroy(&grid.mutex);
  return grid.status;
}

// Launches of compiled code ---------------------------------------------------

static _Thread_local SimplicialStatus launch_status;
static _Thread_local uint64_t launch_seed;
static _Thread_local bool seed_set;

void simplicialEmulatorSetSeed(uint64_t seed) {
  launch_seed = seed;
  seed_set = true;
}

static uint64_t current_seed(void) {
  const char *text = getenv("SIMPLICIAL_EMULATOR_SEED");
  return seed_set ? launch_seed : text ? strtoull(text, NULL, 0) : 0;
}

int32_t simplicialEmulatorTensorMap(const SimplicialTensorMapInfo *info,
                                    SimplicialTensorMap *map) {
  SimplicialStatus status = simplicialEmulatorEncodeTensorMap(info, map);
  int32_t encoded = !status.code;
  simplicialStatusFree(status);
  return encoded;
}

void simplicialEmulatorLaunch(SimplicialEmulatorKernel kernel,
                              const void *arguments, const char *sites,
                              int64_t gridX, int64_t gridY, int64_t gridZ,
                              int64_t threadsX, int64_t threadsY,
                              int64_t threadsZ, int64_t sharedBytes,
                              const SimplicialEmulatorBuffer *buffers,
                              int64_t bufferCount) {
  if (launch_status.code)
    return;
  if (threadsY != 1 || threadsZ != 1) {
    launch_status =
        simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                        "the emulator takes blocks of one dimension");
    return;
  }
  SimplicialEmulation emulation = {.kernel = kernel,
                                   .arguments = arguments,
                                   .sites = sites,
                                   .grid = {gridX, gridY, gridZ},
                                   .threads = threadsX,
                                   .sharedBytes = sharedBytes,
                                   .buffers = buffers,
                                   .bufferCount = bufferCount,
                                   .seed = current_seed()};
  launch_status = simplicialEmulate(&emulation);
}

SimplicialStatus simplicialEmulatorTakeStatus(void) {
  SimplicialStatus status = launch_status;
  launch_status = simplicialOk();
  return status;
}
