// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Moving tensors between the host's memory and the GPU's.

#include "device.h"

#include "simplicial/cuda.h"

/// The bytes from the first element to behind the last.
static int64_t extent(const DLTensor *tensor) {
  int64_t last = 0;
  for (int d = 0; d < tensor->ndim; ++d) {
    if (tensor->shape[d] == 0)
      return 0;
    last += (tensor->shape[d] - 1) * tensor->strides[d];
  }
  return (last + 1) * (tensor->dtype.bits / 8);
}

SimplicialStatus device_upload(const DLTensor *host, DLTensor *device) {
  *device = *host;
  device->device = (DLDevice){kDLCUDA, 0};
  SimplicialStatus status = simplicialCudaAllocate(extent(host), &device->data);
  if (!status.code)
    status = simplicialCudaCopy(device->data, host->data, extent(host));
  return status;
}

SimplicialStatus device_download(const DLTensor *device, const DLTensor *host) {
  return simplicialCudaCopy(host->data, device->data, extent(host));
}

void device_free(DLTensor *device) {
  simplicialStatusFree(simplicialCudaFree(device->data));
  device->data = NULL;
}
