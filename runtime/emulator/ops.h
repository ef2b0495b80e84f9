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
  X(uint32_t, BarrierOr, uint32_t flag)                                        \
  X(uint32_t, BarrierOrCount, uint32_t id, uint32_t threads, uint32_t flag)    \
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
  X(void, Stmatrix1, uint64_t row, uint32_t a)                                 \
  X(void, Stmatrix2, uint64_t row, uint32_t a, uint32_t b)                     \
  X(void, Stmatrix4, uint64_t row, uint32_t a, uint32_t b, uint32_t c,         \
    uint32_t d)                                                                \
  X(void, MmaF16, MMA_PARAMETERS)                                              \
  X(void, MmaBf16, MMA_PARAMETERS)                                             \
  X(void, MmaTf32, MMA_PARAMETERS)                                             \
  /* mbarriers, and copies of boxes of tensors that they wait for, or groups.  \
   */                                                                          \
  X(void, MbarrierInit, uint64_t mbarrier, uint32_t count)                     \
  X(void, MbarrierInval, uint64_t mbarrier)                                    \
  X(void, MbarrierFence)                                                       \
  X(void, MbarrierArrive, uint64_t mbarrier)                                   \
  X(void, MbarrierArriveCount, uint64_t mbarrier, uint32_t count)              \
  X(void, MbarrierArriveExpect, uint64_t mbarrier, uint32_t bytes)             \
  X(void, MbarrierExpect, uint64_t mbarrier, uint32_t bytes)                   \
  X(uint32_t, MbarrierTryWait, uint64_t mbarrier, uint32_t parity)             \
  X(uint32_t, MbarrierTryWaitTicks, uint64_t mbarrier, uint32_t parity,        \
    uint32_t ticks)                                                            \
  X(uint32_t, MbarrierTestWait, uint64_t mbarrier, uint32_t parity)            \
  X(void, TensorLoad2, uint64_t to, const void *map, AT_PARAMETERS2,           \
    uint64_t mbarrier)                                                         \
  X(void, TensorLoad3, uint64_t to, const void *map, AT_PARAMETERS3,           \
    uint64_t mbarrier)                                                         \
  X(void, TensorLoad4, uint64_t to, const void *map, AT_PARAMETERS4,           \
    uint64_t mbarrier)                                                         \
  X(void, TensorLoad5, uint64_t to, const void *map, AT_PARAMETERS5,           \
    uint64_t mbarrier)                                                         \
  X(void, TensorStore2, const void *map, uint64_t from, AT_PARAMETERS2)        \
  X(void, TensorStore3, const void *map, uint64_t from, AT_PARAMETERS3)        \
  X(void, TensorStore4, const void *map, uint64_t from, AT_PARAMETERS4)        \
  X(void, TensorStore5, const void *map, uint64_t from, AT_PARAMETERS5)        \
  X(void, TensorPrefetch, const void *map)                                     \
  X(void, StoreCommit)                                                         \
  X(void, StoreWait, uint32_t groups)                                          \
  X(void, ProxyFence)                                                          \
  /* Warpgroups. `acc` [n / 2] becomes the result. A is in the registers `a`   \
     or, if that is NULL, where its descriptor says. */                        \
  X(void, Wgmma, uint32_t *acc, const uint32_t *a, uint64_t descriptor_a,      \
    uint64_t descriptor_b, uint32_t accumulate, uint32_t n, uint32_t is_bf16,  \
    uint32_t a_mn_major, uint32_t b_mn_major)                                  \
  X(void, WgmmaFence)                                                          \
  X(void, WgmmaCommit)                                                         \
  X(void, WgmmaWait, uint32_t groups)                                          \
  /* Registers of products that have been waited for get their values. */      \
  X(void, Tie, uint32_t *registers, uint32_t count)                            \
  /* Checks that this is the value of a register, and not in flight. */        \
  X(void, Touch, uint32_t value)                                               \
  X(uint32_t, Elect)                                                           \
  X(uint32_t, ElectMask, uint32_t mask)                                        \
  X(void, IncreaseRegisters, uint32_t registers)                               \
  X(void, DecreaseRegisters, uint32_t registers)                               \
  /* Arithmetic. */                                                            \
  X(uint32_t, Ex2, uint32_t x)                                                 \
  X(uint32_t, Lg2, uint32_t x)                                                 \
  X(uint32_t, Rcp, uint32_t x)                                                 \
  X(uint32_t, Tf32, uint32_t x)

#define MMA_PARAMETERS                                                         \
  uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3, uint32_t b0,             \
      uint32_t b1, uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3,         \
      uint32_t *d

#define AT_PARAMETERS2 uint32_t x, uint32_t y
#define AT_PARAMETERS3 AT_PARAMETERS2, uint32_t z
#define AT_PARAMETERS4 AT_PARAMETERS3, uint32_t u
#define AT_PARAMETERS5 AT_PARAMETERS4, uint32_t v

/// Where a block's dynamic shared memory begins.
enum { SHARED = 1024 };

#define DECLARE(result, name, ...)                                             \
  SIMPLICIAL_API result simplicialEmulate##name(                               \
      SimplicialEmulatorThread *thread,                                        \
      uint32_t site __VA_OPT__(, ) __VA_ARGS__);
FOR_EACH_OP(DECLARE)
#undef DECLARE

#endif // SIMPLICIAL_RUNTIME_EMULATOR_OPS_H
