// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A program with the runtime alone: counts to a thousand on the thread pool.

#include "simplicial/cuda.h"
#include "simplicial/runtime.h"

#include <stdatomic.h>
#include <stdlib.h>

static atomic_llong sum;

static void body(void *context, int64_t lo, int64_t hi) {
  (void)context;
  sum += hi - lo;
}

int main(void) {
  simplicialParallelFor(body, NULL, 1000);
  SimplicialStatus status = simplicialTakeLaunchStatus();
  return sum == 1000 && !status.code ? EXIT_SUCCESS : EXIT_FAILURE;
}
