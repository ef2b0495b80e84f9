// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Copies of tensors in a GPU's memory.

#ifndef SIMPLICIAL_TOOLS_DEVICE_H
#define SIMPLICIAL_TOOLS_DEVICE_H

#include "tensor.h"

/// Copies `host` into device memory of its own, padding included; `device` is
/// `host` but for the data and the device. Freed with device_free.
SimplicialStatus device_upload(const DLTensor *host, DLTensor *device);

/// Copies the elements back.
SimplicialStatus device_download(const DLTensor *device, const DLTensor *host);

/// Harmless on a zero-initialised tensor.
void device_free(DLTensor *device);

#endif // SIMPLICIAL_TOOLS_DEVICE_H
