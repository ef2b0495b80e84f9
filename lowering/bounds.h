// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is known of a run-time number before it is there.

#ifndef SIMPLICIAL_LOWERING_BOUNDS_H
#define SIMPLICIAL_LOWERING_BOUNDS_H

#include "mlir-c/IR.h"

#include <stdint.h>

/// What a number is at least and at most; INT64_MIN and INT64_MAX: not known.
typedef struct Bounds {
  int64_t least, most;
} Bounds;

/// Of an index of a tile program.
Bounds bounds_of(MlirValue index);

#endif // SIMPLICIAL_LOWERING_BOUNDS_H
