// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The multiply-add peak of this CPU: what a kernel's GFLOP/s are compared to.
// (Built with -O3 -ffp-contract=fast, whatever the rest is built with.)

#include "simplicial/runtime.h"

#include <time.h>

// Independent chains of multiply-adds: enough to hide the latency of two units
// (4 cycles each), few enough that chains and operands fit in 16 registers.
enum { CHAINS = 12, STEPS = 10000 };

// Defines NAME(): STEPS multiply-adds on each of CHAINS vectors of BYTES bytes.
// Elements start at 3 or above and converge to 2: no two chains are equal, none
// is constant, and no number is infinite or subnormal.
#define DEFINE_FMA_LOOP(NAME, BYTES, TARGET)                                   \
  TARGET static void NAME(void) {                                              \
    typedef float Vector __attribute__((vector_size(BYTES)));                  \
    const Vector half = (Vector){0} + 0.5f, one = (Vector){0} + 1.0f;          \
    Vector chains[CHAINS];                                                     \
    for (int c = 0; c < CHAINS; ++c)                                           \
      chains[c] = (Vector){0} + (float)(3 + c);                                \
    for (int step = 0; step < STEPS; ++step)                                   \
      for (int c = 0; c < CHAINS; ++c)                                         \
        chains[c] = chains[c] * half + one;                                    \
    __asm__ volatile("" : : "r"(chains) : "memory"); /* the result is used */  \
  }

typedef struct FmaLoop {
  void (*run)(void);
  int lanes;
} FmaLoop;

#if defined(__x86_64__)

DEFINE_FMA_LOOP(fma_avx512, 64, __attribute__((target("avx512f"))))
DEFINE_FMA_LOOP(fma_avx2, 32, __attribute__((target("avx2,fma"))))
DEFINE_FMA_LOOP(multiply_add_sse, 16, )

static FmaLoop widest_loop(void) {
  if (__builtin_cpu_supports("avx512f"))
    return (FmaLoop){fma_avx512, 16};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return (FmaLoop){fma_avx2, 8};
  return (FmaLoop){multiply_add_sse, 4};
}

#else

DEFINE_FMA_LOOP(fma_vector, 16, )

static FmaLoop widest_loop(void) { return (FmaLoop){fma_vector, 4}; }

#endif

static void run_loops(void *context, int64_t lo, int64_t hi) {
  for (int64_t i = lo; i < hi; ++i)
    ((const FmaLoop *)context)->run();
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double simplicialMeasureFmaPeak(void) {
  // A run is about 10 ms, the best of ten runs the peak.
  enum { RUNS = 10, LOOPS_PER_THREAD = 400 };
  FmaLoop loop = widest_loop();
  int64_t loops = (int64_t)simplicialThreadCount() * LOOPS_PER_THREAD;
  double flops = 2.0 * CHAINS * STEPS * loop.lanes * (double)loops, peak = 0;
  for (int run = 0; run < RUNS; ++run) {
    double start = seconds();
    simplicialParallelFor(run_loops, &loop, loops);
    double rate = 1e-9 * flops / (seconds() - start);
    if (rate > peak)
      peak = rate;
  }
  return peak;
}
