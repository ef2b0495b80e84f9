// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Timing calls and putting the figures in relation to the machine.

#include "benchmark.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int compare(const void *x, const void *y) {
  double a = *(const double *)x, b = *(const double *)y;
  return (a > b) - (a < b);
}

/// Sorted seconds of `n` calls.
static SimplicialStatus time_calls(const SimplicialFunction *function,
                                   DLTensor *const *arguments, int count, int n,
                                   double *seconds) {
  SimplicialStatus status = simplicialFunctionCall(function, arguments, count);
  for (int i = 0; i < n && !status.code; ++i) {
    double start = now();
    status = simplicialFunctionCall(function, arguments, count);
    seconds[i] = now() - start;
  }
  if (!status.code)
    qsort(seconds, (size_t)n, sizeof *seconds, compare);
  return status;
}

static void print_memory(int64_t before) {
  const double mib = 1 << 20;
  int64_t peak = simplicialPeakMemory();
  if (peak < 0)
    return;
  printf("memory      %.1f MiB peak", (double)peak / mib);
  if (before >= 0)
    printf(", %.1f MiB more than before the calls",
           (double)(peak - before) / mib);
  printf("\n");
}

SimplicialStatus benchmark(const SimplicialFunction *function,
                           DLTensor *const *arguments, int count,
                           int repetitions) {
  double flops;
  SimplicialStatus status = simplicialFunctionFlops(
      function, arguments, simplicialFunctionInputCount(function), &flops);
  if (status.code)
    return status;
  double *seconds = calloc((size_t)repetitions, sizeof *seconds);
  if (!seconds)
    return simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");

  // The machine's speed varies: its peak is the best of before and after.
  double peak = simplicialMeasureFmaPeak();
  SimplicialStatus reset = simplicialResetPeakMemory();
  int64_t before = reset.code ? -1 : simplicialPeakMemory();
  simplicialStatusFree(reset);
  status = time_calls(function, arguments, count, repetitions, seconds);
  double again = simplicialMeasureFmaPeak();
  peak = again > peak ? again : peak;
  if (!status.code) {
    double median =
        (seconds[(repetitions - 1) / 2] + seconds[repetitions / 2]) / 2;
    printf("time        %.3f ms, the median of %d calls on %d threads (best "
           "%.3f ms)\n",
           1e3 * median, repetitions, simplicialThreadCount(),
           1e3 * seconds[0]);
    if (flops > 0) {
      double rate = 1e-9 * flops / median;
      printf("throughput  %.2f GFLOP/s, %.1f%% of the %.1f GFLOP/s peak\n",
             rate, 100 * rate / peak, peak);
    }
    print_memory(before);
  }
  free(seconds);
  return status;
}
