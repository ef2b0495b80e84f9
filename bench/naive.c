// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// 2-simplicial attention as the plain triple loop a C programmer would write
// first: causal, f32, online softmax, one thread. What bench.py compares with.

#include <math.h>
#include <stdint.h>

enum { MAX_DIM = 256 };

static int64_t max_i64(int64_t a, int64_t b) { return a > b ? a : b; }

/// q and out: [n, heads, dim]; k1, k2, v1, v2: [n, dim], shared by all heads.
/// dim <= 256.
void naive_attention(const float *q, const float *k1, const float *k2,
                     const float *v1, const float *v2, float *out, int64_t n,
                     int64_t heads, int64_t dim, int64_t w1, int64_t w2) {
  float scale = 1 / sqrtf((float)dim);
  for (int64_t row = 0; row < n * heads; ++row) {
    int64_t i = row / heads;
    const float *query = q + row * dim;
    float acc[MAX_DIM] = {0}, max = -INFINITY, sum = 0;
    for (int64_t j = max_i64(0, i - w1 + 1); j <= i; ++j) {
      for (int64_t k = max_i64(0, i - w2 + 1); k <= i; ++k) {
        float s = 0;
        for (int64_t d = 0; d < dim; ++d)
          s += query[d] * k1[j * dim + d] * k2[k * dim + d];
        s *= scale;
        if (s > max) {
          float rescale = expf(max - s);
          sum *= rescale;
          for (int64_t d = 0; d < dim; ++d)
            acc[d] *= rescale;
          max = s;
        }
        float p = expf(s - max);
        sum += p;
        for (int64_t d = 0; d < dim; ++d)
          acc[d] += p * v1[j * dim + d] * v2[k * dim + d];
      }
    }
    for (int64_t d = 0; d < dim; ++d)
      out[row * dim + d] = acc[d] / sum;
  }
}
