// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Vector clocks.

#include "clocks.h"

#include <stdlib.h>
#include <string.h>

bool clocks_create(Clocks *clocks, int n) {
  size_t size = (size_t)n;
  *clocks = (Clocks){.n = n,
                     .own = calloc(size, sizeof *clocks->own),
                     .seen = calloc(size * size, sizeof *clocks->seen)};
  return clocks->own && clocks->seen;
}

void clocks_destroy(Clocks *clocks) {
  free(clocks->own);
  free(clocks->seen);
}

void clocks_reset(Clocks *clocks) {
  clocks->floor = 0;
  for (int t = 0; t < clocks->n; ++t)
    clocks->own[t] = 1;
  if (clocks->seen_used)
    memset(clocks->seen, 0,
           (size_t)clocks->n * (size_t)clocks->n * sizeof *clocks->seen);
  clocks->seen_used = false;
}

static uint32_t max(uint32_t a, uint32_t b) { return a > b ? a : b; }

void clocks_join_all(Clocks *clocks) {
  for (int t = 0; t < clocks->n; ++t)
    clocks->floor = max(clocks->floor, clocks->own[t]);
  for (int t = 0; t < clocks->n; ++t)
    clocks->own[t] = clocks->floor + 1;
}

void clocks_release(Clocks *clocks, int thread, uint32_t *vector) {
  const uint32_t *seen = clocks->seen + thread * clocks->n;
  for (int u = 0; u < clocks->n; ++u)
    vector[u] = max(vector[u], seen[u]);
  vector[thread] = clocks->own[thread]++;
}

void clocks_acquire(Clocks *clocks, int thread, const uint32_t *vector) {
  uint32_t *seen = clocks->seen + thread * clocks->n;
  for (int u = 0; u < clocks->n; ++u)
    seen[u] = max(seen[u], vector[u]);
  clocks->seen_used = true;
}
