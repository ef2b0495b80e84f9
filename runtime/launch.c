// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What each thread knows about its launches: their stream, and the first error.
//
// The error's message has a place of fixed size, so that a thread which ends
// without asking for it leaks nothing.

#include "launch.h"

#include "simplicial/cuda.h"

#include <stdio.h>

static _Thread_local struct {
  void *stream;
  SimplicialCode code;
  char message[512];
} thread;

void simplicialSetStream(void *stream) { thread.stream = stream; }
void *simplicialStream(void) { return thread.stream; }

void launch_report(SimplicialStatus status) {
  if (status.code && !thread.code) {
    thread.code = status.code;
    snprintf(thread.message, sizeof thread.message, "%s",
             simplicialStatusMessage(status));
  }
  simplicialStatusFree(status);
}

void simplicialLaunchTooLarge(int64_t size, int64_t most) {
  launch_report(simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                                "a size of %lld is too large: kernels take at "
                                "most %lld",
                                (long long)size, (long long)most));
}

SimplicialStatus simplicialTakeLaunchStatus(void) {
  SimplicialCode code = thread.code;
  thread.code = SIMPLICIAL_OK;
  return code ? simplicialError(code, "%s", thread.message) : simplicialOk();
}
