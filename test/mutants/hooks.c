// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Between emulated kernels and the emulator: counts the synchronising
// operations that run, and leaves one of them out, or changes its number.
//
// Loaded before the compiler's library, it is this one's
// simplicialEmulatorSymbols that kernels are linked by.

#define _GNU_SOURCE

#include "runtime/emulator/block.h"

#include <dlfcn.h>
#include <string.h>

enum { MAX_OPERATIONS = 4096, MAX_SYMBOLS = 256 };

/// A synchronising operation that has run.
typedef struct Operation {
  const char *site;     ///< "file:line:column: name"
  const char *function; ///< that it calls
  int64_t runs;
} Operation;

static Operation operations[MAX_OPERATIONS];
static int operation_count;

/// The mutant: an operation by its site, and what is added to its number. If
/// that is 0, the operation is left out.
static const char *mutated_site;
static int mutated_by;

SIMPLICIAL_API int mutantsCount(void) { return operation_count; }
SIMPLICIAL_API const char *mutantsSite(int i) { return operations[i].site; }
SIMPLICIAL_API const char *mutantsFunction(int i) {
  return operations[i].function;
}
SIMPLICIAL_API int64_t mutantsRuns(int i) { return operations[i].runs; }

/// -1: none.
SIMPLICIAL_API void mutantsChoose(int i, int by) {
  mutated_site = i < 0 ? NULL : operations[i].site;
  mutated_by = by;
}

static void count(const char *site, const char *function) {
  int i = 0;
  while (i < operation_count && operations[i].site != site)
    ++i;
  if (i == MAX_OPERATIONS)
    return;
  if (i == operation_count)
    operations[operation_count++] = (Operation){site, function, 0};
  ++operations[i].runs;
}

/// Notes that the operation runs. Whether it is left out; if its number is the
/// mutated one, `number` changes.
static bool left_out(Thread *thread, uint32_t site, const char *function,
                     uint32_t *number) {
  const char *text = thread->block->launch->sites + site;
  if (!mutated_site)
    count(text, function);
  if (text != mutated_site)
    return false;
  *number += (uint32_t)mutated_by;
  return !mutated_by;
}

/// X(function, parameters, arguments, the number, 0 if it has none)
#define FOR_EACH_SYNCHRONISATION(X)                                            \
  X(BarrierAll, (), (), none)                                                  \
  X(BarrierId, (, uint32_t id), (, id), id)                                    \
  X(Barrier, (, uint32_t id, uint32_t threads), (, id, threads), threads)      \
  X(BarrierArrive, (, uint32_t id, uint32_t threads), (, id, threads),         \
    threads)                                                                   \
  X(WarpBarrier, (, uint32_t mask), (, mask), none)                            \
  X(CopyCommit, (), (), none)                                                  \
  X(CopyWait, (, uint32_t groups), (, groups), groups)                         \
  X(MbarrierInit, (, uint64_t mbarrier, uint32_t arrivals),                    \
    (, mbarrier, arrivals), arrivals)                                          \
  X(MbarrierInval, (, uint64_t mbarrier), (, mbarrier), none)                  \
  X(MbarrierFence, (), (), none)                                               \
  X(MbarrierArrive, (, uint64_t mbarrier), (, mbarrier), none)                 \
  X(MbarrierArriveCount, (, uint64_t mbarrier, uint32_t arrivals),             \
    (, mbarrier, arrivals), arrivals)                                          \
  X(MbarrierArriveExpect, (, uint64_t mbarrier, uint32_t bytes),               \
    (, mbarrier, bytes), bytes)                                                \
  X(MbarrierExpect, (, uint64_t mbarrier, uint32_t bytes),                     \
    (, mbarrier, bytes), bytes)                                                \
  X(StoreCommit, (), (), none)                                                 \
  X(StoreWait, (, uint32_t groups), (, groups), groups)                        \
  X(ProxyFence, (), (), none)                                                  \
  X(WgmmaFence, (), (), none)                                                  \
  X(WgmmaCommit, (), (), none)                                                 \
  X(WgmmaWait, (, uint32_t groups), (, groups), groups)

/// The same of functions that return a flag, with the one that stands for it if
/// the operation is left out.
#define FOR_EACH_FLAG(X)                                                       \
  X(BarrierOr, (, uint32_t flag), (, flag), none, flag)                        \
  X(MbarrierTryWait, (, uint64_t mbarrier, uint32_t parity),                   \
    (, mbarrier, parity), parity, true)                                        \
  X(MbarrierTryWaitTicks,                                                      \
    (, uint64_t mbarrier, uint32_t parity, uint32_t ticks),                    \
    (, mbarrier, parity, ticks), parity, true)                                 \
  X(MbarrierTestWait, (, uint64_t mbarrier, uint32_t parity),                  \
    (, mbarrier, parity), parity, true)

#define LIST(...) __VA_ARGS__
#define DEFINE(name, parameters, arguments, number)                            \
  static void mutate##name(Thread *thread, uint32_t site LIST parameters) {    \
    uint32_t none = 0;                                                         \
    (void)none;                                                                \
    if (!left_out(thread, site, #name, &number))                               \
      simplicialEmulate##name(thread, site LIST arguments);                    \
  }
#define DEFINE_FLAG(name, parameters, arguments, number, otherwise)            \
  static uint32_t mutate##name(Thread *thread,                                 \
                               uint32_t site LIST parameters) {                \
    uint32_t none = 0;                                                         \
    (void)none;                                                                \
    return left_out(thread, site, #name, &number)                              \
               ? otherwise                                                     \
               : simplicialEmulate##name(thread, site LIST arguments);         \
  }
FOR_EACH_SYNCHRONISATION(DEFINE)
FOR_EACH_FLAG(DEFINE_FLAG)

static void replace(SimplicialEmulatorSymbol *symbol) {
#define ENTRY(name, ...) {"simplicialEmulate" #name, (uintptr_t)mutate##name},
  static const SimplicialEmulatorSymbol ours[] = {
      FOR_EACH_SYNCHRONISATION(ENTRY) FOR_EACH_FLAG(ENTRY)};
  for (size_t i = 0; i < sizeof ours / sizeof *ours; ++i)
    if (!strcmp(ours[i].name, symbol->name))
      symbol->address = ours[i].address;
}

const SimplicialEmulatorSymbol *simplicialEmulatorSymbols(size_t *n) {
  static SimplicialEmulatorSymbol symbols[MAX_SYMBOLS];
  const SimplicialEmulatorSymbol *(*theirs)(size_t *);
  *(void **)&theirs = dlsym(RTLD_NEXT, "simplicialEmulatorSymbols");
  const SimplicialEmulatorSymbol *from = theirs(n);
  for (size_t i = 0; i < *n && i < MAX_SYMBOLS; ++i) {
    symbols[i] = from[i];
    replace(&symbols[i]);
  }
  return symbols;
}
