// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Timing calls and putting the figures in relation to the machine.

#include "benchmark.h"

#include "simplicial/cuda.h"

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

/// Seconds of a call on the CPU.
static SimplicialStatus time_call(const SimplicialFunction *function,
                                  DLTensor *const *arguments, int count,
                                  double *seconds) {
  double start = now();
  SimplicialStatus status = simplicialFunctionCall(function, arguments, count);
  *seconds = now() - start;
  return status;
}

/// Seconds that the kernels of a call take on a GPU.
static SimplicialStatus time_kernels(const SimplicialFunction *function,
                                     DLTensor *const *arguments, int count,
                                     double *seconds) {
  SimplicialCudaEvent *start = NULL, *end = NULL;
  SimplicialStatus status = simplicialCudaEventCreate(&start);
  if (!status.code)
    status = simplicialCudaEventCreate(&end);
  if (!status.code)
    status = simplicialCudaEventRecord(start);
  if (!status.code)
    status = simplicialFunctionCall(function, arguments, count);
  if (!status.code)
    status = simplicialCudaEventRecord(end);
  if (!status.code)
    status = simplicialCudaEventElapsed(start, end, seconds);
  simplicialCudaEventDestroy(end);
  simplicialCudaEventDestroy(start);
  return status;
}

/// Sorted seconds of `n` calls, after one to warm up.
static SimplicialStatus time_calls(const SimplicialFunction *function,
                                   DLTensor *const *arguments, int count, int n,
                                   double *seconds) {
  bool gpu = simplicialFunctionDevice(function) == kDLCUDA;
  SimplicialStatus status = simplicialFunctionCall(function, arguments, count);
  for (int i = 0; i < n && !status.code; ++i)
    status = (gpu ? time_kernels : time_call)(function, arguments, count,
                                              &seconds[i]);
  if (!status.code)
    qsort(seconds, (size_t)n, sizeof *seconds, compare);
  return status;
}

static double median(const double *sorted, int n) {
  return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
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

/// Calls on a GPU, whose own peak depends on what it multiplies.
static SimplicialStatus benchmark_gpu(const SimplicialFunction *function,
                                      DLTensor *const *arguments, int count,
                                      int n, double flops, double *seconds) {
  SimplicialCudaDevice device;
  SimplicialStatus status = simplicialCudaGetDevice(&device);
  if (!status.code)
    status = time_calls(function, arguments, count, n, seconds);
  if (status.code)
    return status;
  printf("time        %.3f ms, the median of %d calls on %s (best %.3f ms)\n",
         1e3 * median(seconds, n), n, device.name, 1e3 * seconds[0]);
  if (flops > 0)
    printf("throughput  %.2f TFLOP/s\n", 1e-12 * flops / median(seconds, n));
  return status;
}

/// Calls on the CPU.
static SimplicialStatus benchmark_cpu(const SimplicialFunction *function,
                                      DLTensor *const *arguments, int count,
                                      int n, double flops, double *seconds) {
  // The machine's speed varies: its peak is the best of before and after.
  double peak = simplicialMeasureFmaPeak();
  SimplicialStatus reset = simplicialResetPeakMemory();
  int64_t before = reset.code ? -1 : simplicialPeakMemory();
  simplicialStatusFree(reset);
  SimplicialStatus status = time_calls(function, arguments, count, n, seconds);
  double again = simplicialMeasureFmaPeak();
  peak = again > peak ? again : peak;
  if (status.code)
    return status;
  printf("time        %.3f ms, the median of %d calls on %d threads (best "
         "%.3f ms)\n",
         1e3 * median(seconds, n), n, simplicialThreadCount(),
         1e3 * seconds[0]);
  if (flops > 0) {
    double rate = 1e-9 * flops / median(seconds, n);
    printf("throughput  %.2f GFLOP/s, %.1f%% of the %.1f GFLOP/s peak\n", rate,
           100 * rate / peak, peak);
  }
  print_memory(before);
  return status;
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
  bool gpu = simplicialFunctionDevice(function) == kDLCUDA;
  status = (gpu ? benchmark_gpu : benchmark_cpu)(function, arguments, count,
                                                 repetitions, flops, seconds);
  free(seconds);
  return status;
}
