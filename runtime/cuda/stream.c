// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Memory and copies in the order of a stream's work.

#include "stream.h"

#include "../launch.h"
#include "driver.h"

#include "simplicial/cuda.h"

static CUdeviceptr address(const void *data) {
  return (CUdeviceptr)(uintptr_t)data;
}

SimplicialStatus stream_allocate(int64_t bytes, void *stream, void **data) {
  const Driver *cuda;
  *data = NULL;
  SimplicialStatus status = driver_enter(&cuda);
  if (status.code)
    return status;
  CUdeviceptr allocated = 0;
  status = driver_status(
      cuda, cuda->cuMemAllocAsync(&allocated, (size_t)bytes, stream),
      "allocating %lld bytes of device memory between two "
      "operations",
      (long long)bytes);
  *data = (void *)(uintptr_t)allocated;
  return status;
}

SimplicialStatus stream_free(void *data, void *stream) {
  const Driver *cuda;
  SimplicialStatus status = driver_enter(&cuda);
  return status.code
             ? status
             : driver_status(cuda, cuda->cuMemFreeAsync(address(data), stream),
                             "freeing device memory");
}

// Copies ----------------------------------------------------------------------

/// A dimension of a copy: steps in bytes.
typedef struct Dim {
  int64_t size, from, to;
} Dim;

typedef struct Copy {
  const char *from;
  char *to;
  int64_t bytes; ///< that lie side by side on both sides
  int rank;
  Dim dims[SIMPLICIAL_MAX_RANK]; ///< outermost first
} Copy;

/// Whether rows of the dimension can be a pitch apart.
static bool has_pitch(const Dim *dim, int64_t bytes) {
  enum { MOST = INT32_MAX };
  return dim->from >= bytes && dim->to >= bytes && dim->from <= MOST &&
         dim->to <= MOST;
}

/// The copy without dimensions of one element, and with those that lie side by
/// side as one. False if there is nothing to copy.
static bool simplify(const SimplicialCudaCopy *copy, Copy *self) {
  int64_t bytes = copy->element_bytes;
  *self = (Copy){copy->from, copy->to, bytes, 0, {{0, 0, 0}}};
  Dim inner[SIMPLICIAL_MAX_RANK]; // innermost first
  int n = 0;
  for (int64_t d = copy->rank - 1; d >= 0; --d) {
    Dim dim = {copy->sizes[d], copy->from_strides[d] * bytes,
               copy->to_strides[d] * bytes};
    if (dim.size == 0)
      return false;
    if (dim.size == 1)
      continue;
    Dim *last = n ? &inner[n - 1] : NULL;
    if (!n && dim.from == self->bytes && dim.to == self->bytes)
      self->bytes *= dim.size;
    else if (last && dim.from == last->from * last->size &&
             dim.to == last->to * last->size)
      last->size *= dim.size;
    else
      inner[n++] = dim;
  }
  // The longest dimension whose rows are a pitch apart is copied at once.
  int best = 0;
  for (int i = 1; i < n; ++i)
    if (has_pitch(&inner[i], self->bytes) &&
        (!has_pitch(&inner[best], self->bytes) ||
         inner[i].size > inner[best].size))
      best = i;
  for (int i = n - 1; i >= 0; --i)
    if (i != best)
      self->dims[self->rank++] = inner[i];
  if (n)
    self->dims[self->rank++] = inner[best];
  return true;
}

static CUresult copy_rows(const Driver *cuda, const Copy *self, int64_t from,
                          int64_t to, Dim rows) {
  CUDA_MEMCPY2D copy = {.srcMemoryType = CU_MEMORYTYPE_UNIFIED,
                        .srcDevice = address(self->from + from),
                        .srcPitch = (size_t)rows.from,
                        .dstMemoryType = CU_MEMORYTYPE_UNIFIED,
                        .dstDevice = address(self->to + to),
                        .dstPitch = (size_t)rows.to,
                        .WidthInBytes = (size_t)self->bytes,
                        .Height = (size_t)rows.size};
  return cuda->cuMemcpy2DAsync(&copy, simplicialStream());
}

/// Copies what dimensions from `dim` on say.
static CUresult copy_dims(const Driver *cuda, const Copy *self, int dim,
                          int64_t from, int64_t to) {
  if (dim == self->rank)
    return copy_rows(cuda, self, from, to, (Dim){1, self->bytes, self->bytes});
  Dim d = self->dims[dim];
  if (dim == self->rank - 1 && has_pitch(&d, self->bytes))
    return copy_rows(cuda, self, from, to, d);
  CUresult result = CUDA_SUCCESS;
  for (int64_t i = 0; i < d.size && !result; ++i)
    result = copy_dims(cuda, self, dim + 1, from + i * d.from, to + i * d.to);
  return result;
}

void simplicialCudaCopyStrided(const SimplicialCudaCopy *copy) {
  Copy self;
  const Driver *cuda;
  if (!simplify(copy, &self))
    return;
  SimplicialStatus status = driver_enter(&cuda);
  if (!status.code)
    status = driver_status(cuda, copy_dims(cuda, &self, 0, 0, 0),
                           "copying a tensor");
  launch_report(status);
}
