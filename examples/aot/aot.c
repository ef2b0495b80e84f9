// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A program that decodes with attention compiled ahead of time: decode.mlir is
// an object file by now, and there is no LLVM in this process. The caches have
// room for more keys than they hold, so their rows are a strided view. Compares
// every step with a plain C loop; exits with 1 if one differs.

#include "decode.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

// As in decode.mlir; ROOM is how many keys a cache has room for.
enum { B = 2, HQ = 8, HK = 2, D = 64, W1 = 16, W2 = 64, ROOM = 100 };

static float q[B][HQ][D], out[B][HQ][D];
static float k1[B][ROOM][HK][D], k2[B][ROOM][HK][D];
static float v1[B][ROOM][HK][D], v2[B][ROOM][HK][D];

// The first n keys of a cache.
static SimplicialMemref4 filled(float (*cache)[ROOM][HK][D], int64_t n) {
  return (SimplicialMemref4){.allocated = cache,
                             .aligned = cache,
                             .sizes = {B, n, HK, D},
                             .strides = {ROOM * HK * D, HK * D, D, 1}};
}

static void decode(int64_t n) {
  SimplicialMemref4 query = {.allocated = q,
                             .aligned = q,
                             .sizes = {B, 1, HQ, D},
                             .strides = {HQ * D, HQ * D, D, 1}};
  SimplicialMemref4 result = query;
  result.allocated = result.aligned = out;
  SimplicialMemref4 caches[] = {filled(k1, n), filled(k2, n), filled(v1, n),
                                filled(v2, n)};
  _mlir_ciface_decode(&query, &caches[0], &caches[1], &caches[2], &caches[3],
                      &result);
}

static void fill(float *data) {
  for (int d = 0; d < D; ++d)
    data[d] = 2 * (float)rand() / (float)RAND_MAX - 1;
}

// A new query, and its key as the last one of the caches.
static void append(int64_t n) {
  for (int b = 0; b < B; ++b) {
    for (int h = 0; h < HQ; ++h)
      fill(q[b][h]);
    for (int h = 0; h < HK; ++h) {
      fill(k1[b][n - 1][h]);
      fill(k2[b][n - 1][h]);
      fill(v1[b][n - 1][h]);
      fill(v2[b][n - 1][h]);
    }
  }
}

// The definition, for one head; gives the largest difference.
static double difference(int b, int h, int64_t n) {
  int kv = h / (HQ / HK);
  double acc[D] = {0}, sum = 0, worst = 0;
  for (int64_t j = n < W1 ? 0 : n - W1; j < n; ++j)
    for (int64_t k = n < W2 ? 0 : n - W2; k < n; ++k) {
      double s = 0;
      for (int d = 0; d < D; ++d)
        s += (double)q[b][h][d] * k1[b][j][kv][d] * k2[b][k][kv][d];
      double p = exp(s / sqrt(D)); // the inputs are small: no overflow
      sum += p;
      for (int d = 0; d < D; ++d)
        acc[d] += p * v1[b][j][kv][d] * v2[b][k][kv][d];
    }
  for (int d = 0; d < D; ++d) {
    double apart = fabs(acc[d] / sum - out[b][h][d]);
    if (!(apart <= worst)) // also when it is NaN
      worst = apart;
  }
  return worst;
}

int main(void) {
  double worst = 0;
  for (int64_t n = 1; n <= ROOM; ++n) {
    append(n);
    decode(n);
    for (int b = 0; b < B; ++b)
      for (int h = 0; h < HQ; ++h) {
        double apart = difference(b, h, n);
        if (!(apart <= worst))
          worst = apart;
      }
  }
  printf("%d steps, largest difference from the plain C loop: %.2g\n", ROOM,
         worst);
  return worst < 1e-5 ? EXIT_SUCCESS : EXIT_FAILURE;
}
