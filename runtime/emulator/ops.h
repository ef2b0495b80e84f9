// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an emulated kernel calls: one function an instruction.
//
// Each takes the thread, the site of the operation, then the operation's
// operands and integer attributes, then room for its results if they are
// several. 32-bit values of any type travel as their bits, flags as 0 or 1. A
// function that finds an error does not return: the whole launch ends.

#ifndef SIMPLICIAL_RUNTIME_EMULATOR_OPS_H
#define SIMPLICIAL_RUNTIME_EMULATOR_OPS_H

#include "simplicial/emulator.h"

/// X(result, name, parameters after thread and site)
#define FOR_EACH_OP(X)                                                         \
  /* Special registers. */                                                     \
  X(uint32_t, TidX)                                                            \
  X(uint32_t, NtidX)                                                           \
  X(uint32_t, LaneId)                                                          \
  X(uint32_t, CtaidX)                                                          \
  X(uint32_t, CtaidY)                                                          \
  X(uint32_t, CtaidZ)                                                          \
  X(uint32_t, NctaidX)                                                         \
  X(uint32_t, NctaidY)                                                         \
  X(uint32_t, NctaidZ)                                                         \
  /* Memory: the place on this machine of `bytes` bytes at `address`, which    \
     must be aligned to `alignment`. */                                        \
  X(const void *, ReadGlobal, uint64_t address, uint32_t bytes,                \
    uint32_t alignment)                                                        \
  X(void *, WriteGlobal, uint64_t address, uint32_t bytes, uint32_t alignment) \
  X(const void *, ReadShared, uint64_t address, uint32_t bytes,                \
    uint32_t alignment)                                                        \
  X(void *, WriteShared, uint64_t address, uint32_t bytes, uint32_t alignment) \
  /* Asynchronous copies, of `size` bytes: `bytes` from `from`, then zeros. */ \
  X(void, Copy, uint64_t to, uint64_t from, uint32_t size)                     \
  X(void, CopyFill, uint64_t to, uint64_t from, uint32_t bytes, uint32_t size) \
  X(void, CopyCommit)                                                          \
  X(void, CopyWait, uint32_t groups)                                           \
  /* Barriers. */                                                              \
  X(void, BarrierAll)                                                          \
  X(void, BarrierId, uint32_t id)                                              \
  X(void, Barrier, uint32_t id, uint32_t threads)                              \
  X(void, BarrierArrive, uint32_t id, uint32_t threads)                        \
  X(void, WarpBarrier, uint32_t mask)                                          \
  /* Votes, of flags, and shuffles. */                                         \
  X(uint32_t, VoteAny, uint32_t mask, uint32_t flag)                           \
  X(uint32_t, ShuffleUp, uint32_t mask, uint32_t value, uint32_t by,           \
    uint32_t clamp)                                                            \
  X(uint32_t, ShuffleDown, uint32_t mask, uint32_t value, uint32_t by,         \
    uint32_t clamp)                                                            \
  X(uint32_t, ShuffleBfly, uint32_t mask, uint32_t value, uint32_t by,         \
    uint32_t clamp)                                                            \
  X(uint32_t, ShuffleIdx, uint32_t mask, uint32_t value, uint32_t by,          \
    uint32_t clamp)                                                            \
  /* Matrices. */                                                              \
  X(uint32_t, Ldmatrix1, uint64_t row)                                         \
  X(uint32_t, Ldmatrix1Trans, uint64_t row)                                    \
  X(void, Ldmatrix, uint64_t row, uint32_t count, uint32_t *result)            \
  X(void, LdmatrixTrans, uint64_t row, uint32_t count, uint32_t *result)       \
  X(void, MmaF16, MMA_PARAMETERS)                                              \
  X(void, MmaBf16, MMA_PARAMETERS)                                             \
  X(void, MmaTf32, MMA_PARAMETERS)                                             \
  /* Arithmetic. */                                                            \
  X(uint32_t, Ex2, uint32_t x)                                                 \
  X(uint32_t, Lg2, uint32_t x)                                                 \
  X(uint32_t, Rcp, uint32_t x)                                                 \
  X(uint32_t, Tf32, uint32_t x)

#define MMA_PARAMETERS                                                         \
  uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3, uint32_t b0,             \
      uint32_t b1, uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3,         \
      uint32_t *d

/// Where a block's dynamic shared memory begins.
enum { SHARED = 1024 };

#define DECLARE(result, name, ...)                                             \
  result simplicialEmulate##name(SimplicialEmulatorThread *thread,             \
                                 uint32_t site __VA_OPT__(, ) __VA_ARGS__);
FOR_EACH_OP(DECLARE)
#undef DECLARE

#endif // SIMPLICIAL_RUNTIME_EMULATOR_OPS_H
