// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How unit tests of the emulator launch kernels.

#ifndef SIMPLICIAL_TEST_UNIT_EMULATOR_TEST_H
#define SIMPLICIAL_TEST_UNIT_EMULATOR_TEST_H

#include "unit.h"

#include "runtime/emulator/ops.h"

#include <string.h>

static const char sites[] = "a:1:2: first\0b:3:4: second";
enum { FIRST = 0, SECOND = 13 };

static inline SimplicialEmulation launch_of(SimplicialEmulatorKernel kernel,
                                            const void *arguments) {
  return (SimplicialEmulation){.kernel = kernel,
                               .arguments = arguments,
                               .sites = sites,
                               .grid = {1, 1, 1},
                               .threads = 32};
}

static inline void assert_emulates(SimplicialEmulation launch) {
  SimplicialStatus status = simplicialEmulate(&launch);
  assert_string_equal("ok", simplicialStatusMessage(status));
}

static inline void assert_reports(const char *message,
                                  SimplicialEmulation launch) {
  SimplicialStatus status = simplicialEmulate(&launch);
  assert_int_equal(SIMPLICIAL_INVALID_ARGUMENT, status.code);
  assert_string_equal(message, simplicialStatusMessage(status));
  simplicialStatusFree(status);
}

#endif // SIMPLICIAL_TEST_UNIT_EMULATOR_TEST_H
