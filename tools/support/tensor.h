// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors in memory of their own.

#ifndef SIMPLICIAL_TOOLS_TENSOR_H
#define SIMPLICIAL_TOOLS_TENSOR_H

#include "simplicial/runtime.h"

typedef struct Tensor {
  DLTensor view; ///< points into this struct, which must not move
  int64_t shape[SIMPLICIAL_MAX_RANK];
  int64_t strides[SIMPLICIAL_MAX_RANK];
} Tensor;

/// Whether int64_t holds the bytes of a tensor of this shape, empty dimensions
/// not counted, so that its strides fit too.
bool tensor_fits(DLDataType type, int rank, const int64_t *shape);

/// A row-major tensor with `pad` unused elements after each innermost row.
/// Elements and padding are NaN. Freed with tensor_free.
SimplicialStatus tensor_allocate(Tensor *tensor, DLDataType type, int rank,
                                 const int64_t *shape, int64_t pad);

/// Sets the tensor's elements, converted, from `elements` in row-major order.
SimplicialStatus tensor_fill(Tensor *tensor, const void *elements,
                             DLDataType type);

/// Sets them to normally distributed numbers that depend on `seed` alone.
SimplicialStatus tensor_fill_random(Tensor *tensor, uint64_t seed,
                                    double deviation);

/// Harmless on a zero-initialised tensor.
void tensor_free(Tensor *tensor);

#endif // SIMPLICIAL_TOOLS_TENSOR_H
