// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The emulator: runs a GPU kernel on the CPU with the semantics of the PTX ISA,
// and reports what is undefined there instead of doing it.
//
// A kernel is a function that the pass simplicial-emulate made: one call of it
// runs one GPU thread, and calls the functions of runtime/emulator/ops.h where
// the GPU has an instruction. Every GPU thread is a fiber; the blocks of a grid
// run on the thread pool. A seed picks with which block a grid begins, and with
// which warp a block, and when and in which order what is asynchronous
// completes, which is late: a block does the same in runs with the same seed.
//
// Reported are: deadlocks; shared or global memory accessed out of bounds or
// misaligned; shared memory read before it is written, or while a copy into it
// has not been waited for; two threads that access the same bytes of shared
// memory, one of them writing, with no barrier between; an instruction for
// whole warps or warpgroups reached by part of one; barriers and mbarriers with
// wrong counts; registers touched while a wgmma has them; fences that are
// missing; and what is pending when the kernel ends. Races on global memory are
// not.
//
// Functions may be called from any thread.

#ifndef SIMPLICIAL_EMULATOR_H
#define SIMPLICIAL_EMULATOR_H

#include "simplicial/tensor_map.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A running GPU thread.
typedef struct SimplicialEmulatorThread SimplicialEmulatorThread;

typedef void (*SimplicialEmulatorKernel)(SimplicialEmulatorThread *thread,
                                         const void *arguments);

/// Memory that a kernel may access.
typedef struct SimplicialEmulatorBuffer {
  const void *data;
  int64_t bytes;
} SimplicialEmulatorBuffer;

typedef struct SimplicialEmulation {
  SimplicialEmulatorKernel kernel;
  const void *arguments; ///< Passed on to the kernel.
  /// Where the kernel's operations come from: zero-terminated texts, which a
  /// `site` is an offset into.
  const char *sites;
  int64_t grid[3];     ///< Blocks; there may be none.
  int64_t threads;     ///< A block; at most 1024.
  int64_t sharedBytes; ///< A block; what the kernel may use at `SHARED`.
  const SimplicialEmulatorBuffer *buffers;
  int64_t bufferCount;
  uint64_t seed;
} SimplicialEmulation;

/// Runs a grid. The error of the first block (in grid order) that fails is
/// returned; it begins with the operation's site.
SIMPLICIAL_API SimplicialStatus
simplicialEmulate(const SimplicialEmulation *emulation);

/// What the pass makes of gpu.launch_func: runs a grid with the calling
/// thread's seed, unless an earlier launch of the thread failed.
SIMPLICIAL_API void simplicialEmulatorLaunch(
    SimplicialEmulatorKernel kernel, const void *arguments, const char *sites,
    int64_t gridX, int64_t gridY, int64_t gridZ, int64_t threadsX,
    int64_t threadsY, int64_t threadsZ, int64_t sharedBytes,
    const SimplicialEmulatorBuffer *buffers, int64_t bufferCount);

/// Encodes a tensor map for emulated kernels. simplicialEmulatorTensorMap is
/// for compiled code: 1, or 0 if that fails.
SIMPLICIAL_API SimplicialStatus simplicialEmulatorEncodeTensorMap(
    const SimplicialTensorMapInfo *info, SimplicialTensorMap *map);
SIMPLICIAL_API int32_t simplicialEmulatorTensorMap(
    const SimplicialTensorMapInfo *info, SimplicialTensorMap *map);

/// The first error among the calling thread's launches since this was called
/// last, which the caller owns; OK if there was none.
SIMPLICIAL_API SimplicialStatus simplicialEmulatorTakeStatus(void);

/// Sets the seed of the calling thread's launches. Until then it is the
/// environment variable SIMPLICIAL_EMULATOR_SEED, or 0.
SIMPLICIAL_API void simplicialEmulatorSetSeed(uint64_t seed);

/// The functions that emulated kernels and their callers call, for a linker.
typedef struct SimplicialEmulatorSymbol {
  const char *name;
  uintptr_t address;
} SimplicialEmulatorSymbol;

SIMPLICIAL_API const SimplicialEmulatorSymbol *
simplicialEmulatorSymbols(size_t *count);

#ifdef __cplusplus
}
#endif

#endif // SIMPLICIAL_EMULATOR_H
