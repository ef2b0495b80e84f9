// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Who multiplies: a table of functions and numbers for each kind of matrix
// instruction. What is above it, and the cost model, asks an engine for these
// and never which one it is.

#ifndef SIMPLICIAL_LOWERING_GPU_ENGINE_ENGINE_H
#define SIMPLICIAL_LOWERING_GPU_ENGINE_ENGINE_H

#include "lowering/gpu/distribute/context.h"
#include "lowering/gpu/target/chip.h"

struct Engine {
  const char *name;
  const char *unit; ///< what multiplies at once
  int warps;        ///< of a unit; a block's are a multiple of it

  // What it takes.
  bool (*is_on)(const Chip *chip);
  /// The reason why it does not compute a product; NULL: it does.
  const char *(*refuses_product)(const Distribute *s,
                                 MlirOperation contraction);
  /// Whether a buffer of simplicial-stage is to lie in swizzled panels, as it
  /// (and TMA) reads them; else its rows are padded.
  bool (*is_swizzled)(MlirType buffer);
  /// Whether it reads shared memory through the asynchronous proxy, which sees
  /// what threads wrote there behind a fence only.
  bool reads_by_proxy;

  // Products.
  /// Whether a product is begun as a whole where it stands, and so kept; else
  /// it is evaluated a slice at a time where it is used, if nothing else keeps
  /// it.
  bool (*is_whole)(MlirOperation contraction);
  /// Begins a product. Its fragments are there when it has been waited for
  /// (flight.h), or at once.
  void (*begin)(Distribute *s, MlirOperation contraction, Fragment *result);
  /// A slice of a product that is not kept. Slices are asked for in order.
  Fragment (*slice)(Distribute *s, MlirOperation contraction, At at);
  /// Waits until no more than so many products are in flight.
  void (*await)(Distribute *s, int pending);
  /// Takes the result of one that is done.
  void (*take)(Distribute *s, const InFlight *product);

  // Registers, of 255.
  /// Whether its loops leave few: then addresses are computed where they are
  /// used, not before loops.
  bool is_tight;
  int64_t most_of_load; ///< of a load that is kept, to begin early
  /// Slices that are evaluated at once where the largest product and what a
  /// loop carries have so many; 0: all.
  int64_t (*slices_at_once)(int64_t product, int64_t carried);
  /// Those left for what was loaded before a loop, where so many are taken, the
  /// largest product's among them, of so many that a thread has (0: not known).
  int64_t (*registers_left)(int64_t product, int64_t taken, int64_t all);

  /// How blocks of so many warps share an SM's registers, with a producer or
  /// without, where a loop's product and what it carries take some; blocks = 0:
  /// as they like.
  ChipShare (*share)(int64_t warps, bool producer, int64_t taken);
  const char *no_producer; ///< why a warp of its own may not copy; NULL: it may
};

extern const Engine engine_mma_sync; ///< a warp's mma.sync
extern const Engine engine_wgmma;    ///< a warpgroup's wgmma.mma_async

#endif // SIMPLICIAL_LOWERING_GPU_ENGINE_ENGINE_H
