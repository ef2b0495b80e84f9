// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// mbarriers of a block.

#ifndef SIMPLICIAL_RUNTIME_EMULATOR_MBARRIER_H
#define SIMPLICIAL_RUNTIME_EMULATOR_MBARRIER_H

#include "block.h"

#pragma GCC visibility push(hidden)

struct Mbarrier {
  bool valid;
  uint32_t offset; ///< in shared memory
  Mark init;
  Epoch fence;        ///< behind its initialisation, for loads; 0: none so far
  uint32_t phase;     ///< the number of phases that are complete
  uint32_t count;     ///< of arrivals to a phase ...
  uint32_t pending;   ///< ... and of those, the ones that are missing
  int64_t missing_tx; ///< bytes
  int agent;          ///< it loads what the mbarrier counts; phases are clocks
  /// What those released who arrived at this phase, and at those before.
  uint32_t *arriving, *complete;
  uint32_t waited; ///< the last phase that someone waited for
  uint32_t loaded; ///< the last phase that has a load, and the last load
  Thread *load_thread;
  uint32_t load_site;
};

bool mbarriers_create(Block *block);
void mbarriers_destroy(Block *block);
void mbarriers_reset(Block *block);
/// Reports what is pending when all threads have exited.
void mbarriers_finish(Block *block);

/// The one at `address`, to be used by `thread`.
Mbarrier *mbarrier_at(Thread *thread, uint32_t site, uint64_t address);

/// A load by `thread` begins. The epoch at which it is done.
Epoch mbarrier_begin_load(Thread *thread, uint32_t site, Mbarrier *mbarrier);
/// Its bytes have arrived; it began in `phase`.
void mbarrier_end_load(Thread *thread, uint32_t site, Mbarrier *mbarrier,
                       uint32_t phase, uint32_t bytes);

/// The initialisations by `thread` are made known to asynchronous operations.
void mbarriers_fence(Thread *thread);

/// What a thread waits for, in words.
void mbarrier_describe(const Mbarrier *mbarrier, uint32_t parity, char *text,
                       size_t size);

#pragma GCC visibility pop

#endif // SIMPLICIAL_RUNTIME_EMULATOR_MBARRIER_H
