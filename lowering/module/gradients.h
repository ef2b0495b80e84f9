// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The gradients of a function's values while they are summed, from its last op
// to its first, for simplicial-differentiate.

#ifndef SIMPLICIAL_LOWERING_MODULE_GRADIENTS_H
#define SIMPLICIAL_LOWERING_MODULE_GRADIENTS_H

#include "lowering/ir.h"
#include "lowering/value_map.h"

/// That of one value.
typedef struct Gradient {
  bool active;     ///< asked for: the value depends on an argument that has one
  MlirValue value; ///< as far as it is summed; null: zero
} Gradient;

typedef struct Gradients {
  ValueMap map;   ///< of `Gradient`s
  Ir b;           ///< where they are computed
  bool constants; ///< zeros are constants where they can be, as GPUs need them
} Gradients;

Gradient *gradient_of(Gradients *g, MlirValue value);

/// Adds to the gradient of a value, if that is active.
void gradients_add(Gradients *g, MlirValue value, MlirValue gradient);

/// Zeros of the shape of a tensor.
MlirValue gradients_zeros(Gradients *g, MlirValue like);

/// Adds to the gradients of what an op takes, if what it makes has one.
MlirLogicalResult gradients_go_back(Gradients *g, MlirOperation op);

/// The diagnostic at an op that a gradient would have to pass.
MlirLogicalResult gradients_refuse(MlirOperation op);

#endif // SIMPLICIAL_LOWERING_MODULE_GRADIENTS_H
