// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Vector clocks.

#include "clocks.h"

#include <stdlib.h>
#include <string.h>

bool clocks_create(Clocks *clocks, int n) {
  size_t size = (size_t)n, width = 2 * size + MAX_AGENTS;
  *clocks = (Clocks){.n = n,
                     .width = (int)width,
                     .own = calloc(size, sizeof *clocks->own),
                     .seen = calloc(size * width, sizeof *clocks->seen),
                     .fence_floor = calloc(size, sizeof *clocks->fence_floor)};
  return clocks->own && clocks->seen && clocks->fence_floor;
}

void clocks_destroy(Clocks *clocks) {
  free(clocks->own);
  free(clocks->seen);
  free(clocks->fence_floor);
}

void clocks_reset(Clocks *clocks) {
  size_t n = (size_t)clocks->n, width = (size_t)clocks->width;
  clocks->floor = 0;
  for (int t = 0; t < clocks->n; ++t)
    clocks->own[t] = 1;
  if (clocks->seen_used)
    memset(clocks->seen, 0, n * width * sizeof *clocks->seen);
  memset(clocks->fence_floor, 0, n * sizeof *clocks->fence_floor);
  memset(clocks->agent_floor, 0, sizeof clocks->agent_floor);
  clocks->agents = 0;
  clocks->fences_used = clocks->seen_used = false;
}

static uint32_t max(uint32_t a, uint32_t b) { return a > b ? a : b; }

/// How much of the vectors may be in use.
static int columns(const Clocks *clocks) {
  if (clocks->agents)
    return 2 * clocks->n + clocks->agents;
  return clocks->fences_used ? 2 * clocks->n : clocks->n;
}

static uint32_t *seen_by(Clocks *clocks, int thread) {
  clocks->seen_used = true;
  return clocks->seen + thread * clocks->width;
}

int clocks_add_agent(Clocks *clocks) {
  return clocks->agents < MAX_AGENTS ? clocks->agents++ : -1;
}

void clocks_see_agent(Clocks *clocks, int thread, int agent, uint32_t clock) {
  uint32_t *seen = &seen_by(clocks, thread)[2 * clocks->n + agent];
  *seen = max(*seen, clock);
}

void clocks_fence(Clocks *clocks, int thread) {
  clocks->fences_used = true;
  seen_by(clocks, thread)[clocks->n + thread] = clocks->own[thread]++;
}

void clocks_join_all(Clocks *clocks) {
  for (int t = 0; t < clocks->n; ++t) {
    const uint32_t *seen = clocks->seen + t * clocks->width;
    clocks->floor = max(clocks->floor, clocks->own[t]);
    clocks->fence_floor[t] = max(clocks->fence_floor[t], seen[clocks->n + t]);
    for (int a = 0; a < clocks->agents; ++a)
      clocks->agent_floor[a] =
          max(clocks->agent_floor[a], seen[2 * clocks->n + a]);
  }
  for (int t = 0; t < clocks->n; ++t)
    clocks->own[t] = clocks->floor + 1;
}

uint32_t *clocks_new_vector(const Clocks *clocks) {
  return calloc((size_t)clocks->width, sizeof(uint32_t));
}

void clocks_empty_vector(const Clocks *clocks, uint32_t *vector) {
  memset(vector, 0, (size_t)clocks->width * sizeof *vector);
}

void clocks_move(const Clocks *clocks, uint32_t *from, uint32_t *to) {
  for (int u = 0; u < columns(clocks); ++u)
    to[u] = max(to[u], from[u]);
  clocks_empty_vector(clocks, from);
}

void clocks_release(Clocks *clocks, int thread, uint32_t *vector) {
  const uint32_t *seen = clocks->seen + thread * clocks->width;
  for (int u = 0; u < columns(clocks); ++u)
    vector[u] = max(vector[u], seen[u]);
  vector[thread] = clocks->own[thread]++;
}

void clocks_acquire(Clocks *clocks, int thread, const uint32_t *vector) {
  uint32_t *seen = seen_by(clocks, thread);
  for (int u = 0; u < columns(clocks); ++u)
    seen[u] = max(seen[u], vector[u]);
}
