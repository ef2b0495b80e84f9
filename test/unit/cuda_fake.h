// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A CUDA driver for tests: it has any number of devices, runs no kernels, fails
// when it is told to, and records what it is asked for. A stream is a number,
// as a pointer, whose last hexadecimal digit is its context's. A program that
// touches device memory on the host crashes. The devices have compute
// capability 8.6, or, with FAKE_CUDA_CAPABILITY=90 in the environment, 9.0.

#ifndef SIMPLICIAL_TEST_UNIT_CUDA_FAKE_H
#define SIMPLICIAL_TEST_UNIT_CUDA_FAKE_H

#include "runtime/cuda/driver.h"

#include <stdatomic.h>

enum { FAKE_SHARED_LIMIT = 100000, FAKE_ARGUMENTS = 3 };

typedef struct FakeTensorMap {
  void *data;
  CUtensorMapDataType type;
  CUtensorMapSwizzle swizzle;
  uint32_t rank, box[5], steps[5];
  uint64_t sizes[5], strides[5];
} FakeTensorMap;

typedef struct FakeCuda {
  // What the test sets.
  const char *failing;   ///< the function that fails ...
  CUresult failure;      ///< ... and how
  atomic_bool capturing; ///< launches into a graph: nothing may be loaded

  // What has happened.
  atomic_int retained, loads, unloads, lookups, attributes, launches;
  atomic_int allocated, events; ///< and not yet freed
  atomic_int copies;            ///< of rows
  const void *image;            ///< loaded last
  int shared_allowed;           ///< by the last attribute that was set

  // The last launch.
  const char *kernel;
  unsigned grid[3], block[3], shared;
  CUstream stream;
  int64_t arguments[FAKE_ARGUMENTS];

  FakeTensorMap map; ///< encoded last
} FakeCuda;

/// Exported by the fake driver as `fakeCuda`.
typedef FakeCuda *FakeCudaGet(void);

#endif // SIMPLICIAL_TEST_UNIT_CUDA_FAKE_H
