// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Times the calls of a compiled attention as a C program makes them: seconds
// from the first call to the return of the last. The device is not waited for.

#include <time.h>

/// `_mlir_ciface_f`: q, k1, k2, v1, v2, out and lse.
typedef void Function(void *, void *, void *, void *, void *, void *, void *);

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

double time_launches(Function *function, void *const *a, int calls) {
  double start = now();
  for (int i = 0; i < calls; ++i)
    function(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
  return now() - start;
}
