// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensor maps: what kernels for compute capability 9.0 take to copy boxes of
// tensors between global and shared memory. A map goes to a kernel by value;
// what its 128 bytes hold is between those who encode it (cuda.h, emulator.h)
// and those who run the kernel.

#ifndef SIMPLICIAL_TENSOR_MAP_H
#define SIMPLICIAL_TENSOR_MAP_H

#include "simplicial/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { SIMPLICIAL_TENSOR_MAP_RANK = 5 };

/// A tensor in global memory, and the boxes of it that are copied. Dimensions
/// begin with the innermost. What is outside of the tensor reads as zero and is
/// not written.
typedef struct SimplicialTensorMapInfo {
  void *data;           ///< aligned to 16 bytes
  int64_t elementBytes; ///< 1, 2, 4 or 8
  int64_t rank;         ///< 2 to 5
  /// Of each row of a box, in bytes: the 16-byte pieces of rows are exchanged
  /// within 32, 64 or 128 bytes, as the address of the row says, so that
  /// columns are in different banks. 0: they are not.
  int64_t swizzle;
  int64_t sizes[SIMPLICIAL_TENSOR_MAP_RANK];   ///< elements, at most 2^31
  int64_t strides[SIMPLICIAL_TENSOR_MAP_RANK]; ///< bytes; of 16, but for the
                                               ///< first: of an element
  int64_t box[SIMPLICIAL_TENSOR_MAP_RANK];     ///< elements, at most 256
} SimplicialTensorMapInfo;

/// Aligned to 64 bytes where the driver writes or reads it.
typedef struct SimplicialTensorMap {
  uint64_t words[16];
} SimplicialTensorMap;

/// Whether there is such a map.
SIMPLICIAL_API SimplicialStatus
simplicialTensorMapCheck(const SimplicialTensorMapInfo *info);

#ifdef __cplusplus
}
#endif

#endif // SIMPLICIAL_TENSOR_MAP_H
