// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls gradient.mlir's functions by what its header has of them: the gradient
// that simplicial-differentiate made must be that of differences, and that of
// the operation, and both must allocate what the header says.

#include "gradient.h"

#include "simplicial/runtime.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
  B = 2,
  NQ = 7,
  N = 12,
  Q = B * NQ * 2 * 16,
  K = B * N * 16,
  L = B * 2 * NQ
};

static float q[Q], k[K], v[K], out[Q], lse[L], d_out[Q];
static float d_q[Q], d_k[K], d_v[K];                     // of the function
static float g_q[Q], g_k1[K], g_k2[K], g_v1[K], g_v2[K]; // of the operation
static float saved[Q];

static int64_t allocated, held;

static void *allocate(void *context, int64_t bytes, DLDeviceType device,
                      void *stream) {
  (void)context, (void)device, (void)stream;
  allocated += (bytes + 63) / 64 * 64;
  ++held;
  return aligned_alloc(64, (size_t)(bytes + 63) / 64 * 64);
}

static void release(void *context, void *data, DLDeviceType device,
                    void *stream) {
  (void)context, (void)device, (void)stream;
  --held;
  free(data);
}

static void fill(float *x, int n, int seed) {
  for (int i = 0; i < n; ++i)
    x[i] = (float)((i * 37 + seed * 11) % 23 - 11) / 8;
}

static double loss(void) {
  double sum = 0;
  simplicial_f(NQ, N, q, k, v, out);
  for (int i = 0; i < Q; ++i)
    sum += (double)out[i] * d_out[i];
  return sum;
}

/// How far the gradient of `n` elements at `x` is from a difference's.
static double wrong(float *x, const float *d_x, int n) {
  const float step = 1.0f / 64;
  double want = 0, up, down;
  for (int i = 0; i < n; ++i) {
    saved[i] = x[i];
    want += (double)d_x[i] * (i % 3 - 1);
  }
  for (int i = 0; i < n; ++i)
    x[i] = saved[i] + step * (float)(i % 3 - 1);
  up = loss();
  for (int i = 0; i < n; ++i)
    x[i] = saved[i] - step * (float)(i % 3 - 1);
  down = loss();
  for (int i = 0; i < n; ++i)
    x[i] = saved[i];
  return fabs((up - down) / (2 * (double)step) - want) / (1 + fabs(want));
}

static double apart(const float *x, const float *y, const float *z, int n) {
  double most = 0;
  for (int i = 0; i < n; ++i)
    most = fmax(most, fabs((double)x[i] - y[i] - (z ? z[i] : 0)));
  return most;
}

int main(void) {
  const SimplicialAllocator allocator = {allocate, release, NULL};
  int bad = 0;
  fill(q, Q, 1);
  fill(k, K, 2);
  fill(v, K, 3);
  fill(d_out, Q, 4);
  simplicialSetAllocator(&allocator);
  simplicial_f_grad(NQ, N, q, k, v, d_out, d_q, d_k, d_v);
  bad |= !allocated || allocated != simplicialWorkspace_f_grad(NQ, N);
  allocated = 0;
  simplicial_forward(NQ, N, q, k, v, out, lse);
  bad |= allocated || simplicialWorkspace_forward(NQ, N);
  simplicial_backward(NQ, N, q, k, v, out, lse, d_out, g_q, g_k1, g_k2, g_v1,
                      g_v2);
  bad |= !allocated || allocated != simplicialWorkspace_backward(NQ, N) || held;
  printf("memory: %s\n", bad ? "wrong" : "as said");

  double most = fmax(apart(d_q, g_q, NULL, Q), fmax(apart(d_k, g_k1, g_k2, K),
                                                    apart(d_v, g_v1, g_v2, K)));
  printf("function and operation: %s\n", most < 1e-5 ? "equal" : "apart");
  most = fmax(wrong(q, d_q, Q), fmax(wrong(k, d_k, K), wrong(v, d_v, K)));
  printf("differences: %s\n", most < 1e-2 ? "equal" : "apart");
  return 0;
}
