// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors with memory of their own, as DLPack hands them from library to
// library. On the CPU one block of memory holds all:
//
//   | DLManagedTensor, shape | elements |
//                            ^ a multiple of 64
//
// so that free() is what deletes it, in whatever thread and however late.

#include "simplicial/cuda.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

/// The tensor comes first: its address is the block's.
typedef struct Managed {
  DLManagedTensor tensor;
  int64_t shape[SIMPLICIAL_MAX_RANK];
} Managed;

static void delete_on_cpu(DLManagedTensor *self) { free(self); }

/// The context of the memory's device may not be the thread's: CUDA takes the
/// address for that. Nobody is there for errors.
static void delete_on_gpu(DLManagedTensor *self) {
  simplicialStatusFree(simplicialCudaFree(self->dl_tensor.data));
  free(self);
}

static SimplicialStatus allocate_on_cpu(Managed **self, int64_t bytes) {
  size_t size = (sizeof **self + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  void *block;
  if ((uint64_t)bytes > SIZE_MAX - size ||
      posix_memalign(&block, ALIGNMENT, size + (size_t)bytes))
    return simplicialError(SIMPLICIAL_OUT_OF_MEMORY,
                           "no memory for a tensor of %lld bytes",
                           (long long)bytes);
  *self = block;
  (*self)->tensor.dl_tensor.data = (char *)block + size;
  (*self)->tensor.deleter = delete_on_cpu;
  return simplicialOk();
}

static SimplicialStatus allocate_on_gpu(Managed **self, int64_t bytes) {
  *self = malloc(sizeof **self);
  if (!*self)
    return simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
  (*self)->tensor.deleter = delete_on_gpu;
  SimplicialStatus status =
      simplicialCudaAllocate(bytes, &(*self)->tensor.dl_tensor.data);
  if (status.code)
    free(*self);
  return status;
}

SimplicialStatus simplicialTensorCreate(DLDataType type, int rank,
                                        const int64_t *shape, DLDevice device,
                                        DLManagedTensor **tensor) {
  *tensor = NULL;
  int64_t copy[SIMPLICIAL_MAX_RANK] = {0};
  if (rank >= 0 && rank <= SIMPLICIAL_MAX_RANK)
    memcpy(copy, shape, (size_t)rank * sizeof *shape);
  DLTensor described = {.data = copy, // until there are elements
                        .device = device,
                        .ndim = rank,
                        .dtype = type,
                        .shape = copy};
  SimplicialStatus status = simplicialTensorCheck(&described);
  if (!status.code && device.device_type != kDLCPU &&
      device.device_type != kDLCUDA)
    status = simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                             "there is no memory on devices of type %d",
                             (int)device.device_type);
  if (status.code)
    return status;
  Managed *self = NULL;
  int64_t bytes = simplicialTensorByteSize(&described);
  status = device.device_type == kDLCPU ? allocate_on_cpu(&self, bytes)
                                        : allocate_on_gpu(&self, bytes);
  if (status.code)
    return status;
  memcpy(self->shape, copy, sizeof copy);
  self->tensor.manager_ctx = NULL;
  described.data = self->tensor.dl_tensor.data;
  described.shape = self->shape;
  self->tensor.dl_tensor = described;
  *tensor = &self->tensor;
  return simplicialOk();
}
