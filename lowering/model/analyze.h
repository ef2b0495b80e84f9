// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a GPU program will cost, before it is run.

#ifndef SIMPLICIAL_LOWERING_MODEL_ANALYZE_H
#define SIMPLICIAL_LOWERING_MODEL_ANALYZE_H

#include "cost.h"

/// What a part of a kernel costs an SM.
typedef struct AnalysisPart {
  double kinds[COST_KINDS]; ///< instructions of a warp
  double clocks;            ///< that pass
  double units[COST_UNITS]; ///< clocks that a unit is busy
  double flops;             ///< of products
  CostUnit busiest;
  double tensor_share; ///< of the peak that products with wgmma have
} AnalysisPart;

/// A launch. Counts are of warps that hold products where warps differ.
typedef struct Analysis {
  MlirOperation kernel;
  const Chip *chip;
  int64_t blocks;
  int threads, shared_bytes;
  int registers; ///< of a thread; 0: not known
  int resident;  ///< blocks on an SM at once
  double waves;
  int walked;        ///< blocks, each for as many as any other
  AnalysisPart tile; ///< one trip of the loop around products that takes most
                     ///< time, by all resident warps that run it
  double tile_trips; ///< of a warp in a block, on average
  double tile_warps; ///< of a block, on each scheduler
  AnalysisPart launch;
  double l2_bytes;       ///< of the launch
  double seconds;        ///< at the chip's clock
  int64_t assumed;       ///< conditions on data a walk, held to be false
  bool has_mbarriers;    ///< which were taken not to wait
  MlirOperation unknown; ///< one that the table of costs lacks; null: none
} Analysis;

/// Registers of a thread of the kernel, as machine code has them; 0: not known.
typedef int (*AnalyzeRegisters)(MlirOperation kernel, void *user);

typedef void (*AnalyzeVisit)(const Analysis *analysis, void *user);

/// Walks what a func.func launches on `chip`, and calls `visit` for each
/// launch. All sizes must be static; memrefs are taken to be contiguous and
/// aligned. Diagnoses what cannot be analysed.
MlirLogicalResult analyze_function(MlirOperation function, const Chip *chip,
                                   AnalyzeRegisters registers,
                                   AnalyzeVisit visit, void *user);

#endif // SIMPLICIAL_LOWERING_MODEL_ANALYZE_H
