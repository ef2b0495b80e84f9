// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors: what a DLTensor holds, and how compiled functions see it.

#include "simplicial/runtime.h"

#include <stddef.h>
#include <string.h>

static const struct {
  const char *name;
  DLDataType type;
} element_types[] = {
    {"f16", {kDLFloat, 16, 1}}, {"bf16", {kDLBfloat, 16, 1}},
    {"f32", {kDLFloat, 32, 1}}, {"f64", {kDLFloat, 64, 1}},
    {"i32", {kDLInt, 32, 1}},
};

enum { ELEMENT_TYPE_COUNT = sizeof element_types / sizeof element_types[0] };

static const char unsupported[] = "unsupported";

const char *simplicialTypeName(DLDataType type) {
  for (int i = 0; i < ELEMENT_TYPE_COUNT; ++i) {
    DLDataType known = element_types[i].type;
    if (type.code == known.code && type.bits == known.bits &&
        type.lanes == known.lanes)
      return element_types[i].name;
  }
  return unsupported;
}

bool simplicialTypeIsSupported(DLDataType type) {
  return simplicialTypeName(type) != unsupported;
}

bool simplicialTypeFromName(const char *name, DLDataType *type) {
  for (int i = 0; i < ELEMENT_TYPE_COUNT; ++i)
    if (strcmp(name, element_types[i].name) == 0) {
      *type = element_types[i].type;
      return true;
    }
  return false;
}

// The product of the sizes and `factor`; INT64_MAX if that is too much.
static int64_t product(const DLTensor *tensor, int64_t factor) {
  for (int d = 0; d < tensor->ndim; ++d)
    if (tensor->shape[d] == 0)
      return 0;
  for (int d = 0; d < tensor->ndim; ++d)
    if (__builtin_mul_overflow(factor, tensor->shape[d], &factor))
      return INT64_MAX;
  return factor;
}

int64_t simplicialTensorElementCount(const DLTensor *tensor) {
  return product(tensor, 1);
}

int64_t simplicialTensorByteSize(const DLTensor *tensor) {
  return product(tensor, tensor->dtype.bits / 8);
}

void *simplicialTensorData(const DLTensor *tensor) {
  return tensor->data ? (char *)tensor->data + tensor->byte_offset : NULL;
}

bool simplicialTensorIsContiguous(const DLTensor *tensor) {
  if (!tensor->strides || simplicialTensorElementCount(tensor) == 0)
    return true;
  int64_t stride = 1;
  for (int d = tensor->ndim - 1; d >= 0; --d) {
    if (tensor->shape[d] != 1 && tensor->strides[d] != stride)
      return false;
    stride *= tensor->shape[d];
  }
  return true;
}

// Checks the dimensions. The product over the nonzero ones must fit as well, so
// that row-major strides do, even of an empty tensor.
static SimplicialStatus check_shape(const DLTensor *tensor) {
  int64_t bytes = tensor->dtype.bits / 8;
  for (int d = 0; d < tensor->ndim; ++d) {
    int64_t size = tensor->shape[d];
    if (size < 0)
      return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                             "dimension %d is negative: %lld", d,
                             (long long)size);
    if (size > 0 && __builtin_mul_overflow(bytes, size, &bytes))
      return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                             "the tensor is too large");
  }
  return simplicialOk();
}

// Checks that the elements' distances from the first fit in int64_t, in bytes.
static SimplicialStatus check_strides(const DLTensor *tensor) {
  int64_t low = 0, high = 0, bytes = tensor->dtype.bits / 8;
  for (int d = 0; tensor->strides && d < tensor->ndim; ++d) {
    int64_t last = tensor->shape[d] - 1;
    if (last > 0 && (__builtin_mul_overflow(last, tensor->strides[d], &last) ||
                     __builtin_mul_overflow(last, bytes, &last) ||
                     __builtin_add_overflow(low, last < 0 ? last : 0, &low) ||
                     __builtin_add_overflow(high, last > 0 ? last : 0, &high)))
      return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                             "stride %lld of dimension %d is too large",
                             (long long)tensor->strides[d], d);
  }
  return simplicialOk();
}

SimplicialStatus simplicialTensorCheck(const DLTensor *tensor) {
  if (!tensor)
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT, "the tensor is NULL");
  DLDataType type = tensor->dtype;
  if (!simplicialTypeIsSupported(type))
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "unsupported element type (DLPack code %d, %d bits, "
                           "%d lanes); supported are f16, bf16, f32, f64 "
                           "and i32",
                           type.code, type.bits, type.lanes);
  if (tensor->ndim < 0 || tensor->ndim > SIMPLICIAL_MAX_RANK)
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "rank %d is not between 0 and %d", tensor->ndim,
                           SIMPLICIAL_MAX_RANK);
  if (tensor->ndim > 0 && !tensor->shape)
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "the tensor has no shape");
  SimplicialStatus status = check_shape(tensor);
  if (status.code != SIMPLICIAL_OK || simplicialTensorElementCount(tensor) == 0)
    return status;
  if (!tensor->data)
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "the tensor has no data");
  int alignment = type.bits / 8;
  if ((uintptr_t)simplicialTensorData(tensor) % alignment != 0)
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "the data of type %s is not aligned to %d bytes",
                           simplicialTypeName(type), alignment);
  return check_strides(tensor);
}

void simplicialMemrefFromTensor(const DLTensor *tensor,
                                SimplicialMemref *memref) {
  memref->allocated = memref->aligned = simplicialTensorData(tensor);
  memref->offset = 0;
  bool row_major =
      !tensor->strides || simplicialTensorElementCount(tensor) == 0;
  int64_t *sizes = memref->dims, *strides = memref->dims + tensor->ndim;
  int64_t stride = 1;
  for (int d = tensor->ndim - 1; d >= 0; --d) {
    int64_t size = sizes[d] = tensor->shape[d];
    strides[d] = row_major || size == 1 ? stride : tensor->strides[d];
    stride *= size ? size : 1;
  }
}
