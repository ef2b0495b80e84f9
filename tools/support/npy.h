// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// NumPy's .npy files of floating-point arrays.

#ifndef SIMPLICIAL_TOOLS_NPY_H
#define SIMPLICIAL_TOOLS_NPY_H

#include "file.h"

/// An array that was read: row-major, in this machine's byte order.
typedef struct Npy {
  DLDataType type;
  int rank;
  int64_t shape[SIMPLICIAL_MAX_RANK];
  void *elements; ///< malloc'd
} Npy;

/// Reads f2, f4 or f8 of either byte order and either memory order, and bf16 as
/// ml_dtypes has NumPy save it (V2).
SimplicialStatus npy_read(const char *path, Npy *npy);
void npy_free(Npy *npy);

/// Writes a contiguous tensor; bf16, which .npy does not know, as f4.
SimplicialStatus npy_write(OutputFile *file, const DLTensor *tensor);

#endif // SIMPLICIAL_TOOLS_NPY_H
