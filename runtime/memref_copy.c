// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What MLIR's lowering of `memref.copy` calls when strides differ.

#include "simplicial/runtime.h"

#include <string.h>

static void copy(int64_t size, int64_t rank, const int64_t *sizes,
                 const int64_t *from_strides, const char *from,
                 const int64_t *to_strides, char *to) {
  if (rank == 0) {
    memcpy(to, from, (size_t)size);
    return;
  }
  if (rank == 1 && from_strides[0] == 1 && to_strides[0] == 1) {
    memcpy(to, from, (size_t)(sizes[0] * size));
    return;
  }
  for (int64_t i = 0; i < sizes[0]; ++i)
    copy(size, rank - 1, sizes + 1, from_strides + 1,
         from + i * from_strides[0] * size, to_strides + 1,
         to + i * to_strides[0] * size);
}

void memrefCopy(int64_t elementSize, SimplicialUnrankedMemref *from,
                SimplicialUnrankedMemref *to) {
  const SimplicialMemref *f = from->descriptor, *t = to->descriptor;
  int64_t rank = from->rank;
  copy(elementSize, rank, f->dims, f->dims + rank,
       (const char *)f->aligned + f->offset * elementSize, t->dims + rank,
       (char *)t->aligned + t->offset * elementSize);
}
