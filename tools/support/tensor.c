// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Allocating and filling tensors.

#include "tensor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool tensor_fits(DLDataType type, int rank, const int64_t *shape) {
  int64_t bytes = type.bits / 8;
  for (int d = 0; d < rank; ++d)
    if (shape[d] && __builtin_mul_overflow(bytes, shape[d], &bytes))
      return false;
  return true;
}

SimplicialStatus tensor_allocate(Tensor *tensor, DLDataType type, int rank,
                                 const int64_t *shape, int64_t pad) {
  enum { ALIGNMENT = 64 };
  *tensor = (Tensor){0};
  int64_t extents[SIMPLICIAL_MAX_RANK]; // padding included
  memcpy(extents, shape, (size_t)rank * sizeof *shape);
  bool fits = !rank || !__builtin_add_overflow(extents[rank - 1], pad,
                                               &extents[rank - 1]);
  if (!fits || !tensor_fits(type, rank, extents))
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "the tensor is too large");
  int64_t stride = 1;
  bool empty = false;
  for (int d = rank - 1; d >= 0; --d) {
    tensor->shape[d] = shape[d];
    tensor->strides[d] = stride;
    empty |= !shape[d];
    stride *= extents[d] ? extents[d] : 1;
  }
  size_t size = empty ? 0 : (size_t)stride * (type.bits / 8);
  size_t bytes = (size / ALIGNMENT + 1) * ALIGNMENT;
  void *data = aligned_alloc(ALIGNMENT, bytes);
  if (!data)
    return simplicialError(SIMPLICIAL_OUT_OF_MEMORY,
                           "out of memory for a tensor of %zu bytes", bytes);
  memset(data, 0xff, bytes); // NaN in every floating-point type
  tensor->view = (DLTensor){.data = data,
                            .device = {kDLCPU, 0},
                            .ndim = rank,
                            .dtype = type,
                            .shape = tensor->shape,
                            .strides = tensor->strides};
  return simplicialOk();
}

/// The innermost rows, which may have padding between them.
static int64_t row_length(const Tensor *tensor) {
  return tensor->view.ndim ? tensor->shape[tensor->view.ndim - 1] : 1;
}

static int64_t row_stride(const Tensor *tensor) {
  return tensor->view.ndim > 1 ? tensor->strides[tensor->view.ndim - 2] : 1;
}

static SimplicialStatus fill_row(Tensor *tensor, int64_t row,
                                 const void *elements, DLDataType type) {
  char *to = (char *)tensor->view.data +
             row * row_stride(tensor) * (tensor->view.dtype.bits / 8);
  return simplicialConvert(to, tensor->view.dtype, elements, type,
                           row_length(tensor));
}

static int64_t row_count(const Tensor *tensor) {
  int64_t length = row_length(tensor);
  return length ? simplicialTensorElementCount(&tensor->view) / length : 0;
}

SimplicialStatus tensor_fill(Tensor *tensor, const void *elements,
                             DLDataType type) {
  int64_t row_bytes = row_length(tensor) * (type.bits / 8);
  SimplicialStatus status = simplicialOk();
  for (int64_t row = 0; row < row_count(tensor) && !status.code; ++row)
    status =
        fill_row(tensor, row, (const char *)elements + row * row_bytes, type);
  return status;
}

/// The generator "splitmix64"; uniform in (0, 1].
static double uniform(uint64_t *state) {
  uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return (double)(((z ^ z >> 31) >> 11) + 1) * 0x1p-53;
}

SimplicialStatus tensor_fill_random(Tensor *tensor, uint64_t seed,
                                    double deviation) {
  const DLDataType f64 = {kDLFloat, 64, 1};
  const double two_pi = 6.283185307179586;
  int64_t length = row_length(tensor);
  if (row_count(tensor) == 0)
    return simplicialOk();
  double *elements = malloc((size_t)length * sizeof *elements + 1);
  if (!elements)
    return simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
  SimplicialStatus status = simplicialOk();
  for (int64_t row = 0; row < row_count(tensor) && !status.code; ++row) {
    for (int64_t i = 0; i < length; ++i) {
      double radius = sqrt(-2 * log(uniform(&seed))); // Box-Muller
      elements[i] = deviation * radius * cos(two_pi * uniform(&seed));
    }
    status = fill_row(tensor, row, elements, f64);
  }
  free(elements);
  return status;
}

void tensor_free(Tensor *tensor) {
  free(tensor->view.data);
  tensor->view.data = NULL;
}
