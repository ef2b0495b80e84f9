// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Devices, device memory, and the time that work on a device takes.

#include "driver.h"

#include "simplicial/cuda.h"

SimplicialStatus simplicialCudaGetDevice(SimplicialCudaDevice *device) {
  int id;
  SimplicialStatus status = simplicialCudaGetDeviceId(&id);
  return status.code ? status : simplicialCudaGetDeviceOf(id, device);
}

SimplicialStatus simplicialCudaGetDeviceOf(int id,
                                           SimplicialCudaDevice *device) {
  const Driver *cuda;
  SimplicialStatus status = driver_enter(&cuda);
  if (status.code)
    return status;
  CUdevice handle;
  CUresult result = cuda->cuDeviceGet(&handle, id);
  if (!result)
    result = cuda->cuDeviceGetName(device->name, sizeof device->name, handle);
  if (!result)
    result = cuda->cuDeviceGetAttribute(
        &device->major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, handle);
  if (!result)
    result = cuda->cuDeviceGetAttribute(
        &device->minor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, handle);
  return driver_status(cuda, result, "asking about CUDA device %d", id);
}

SimplicialStatus simplicialCudaGetDeviceId(int *id) {
  const Driver *cuda;
  SimplicialStatus status = driver_enter(&cuda);
  // A CUdevice is the device's number.
  return status.code ? status
                     : driver_status(cuda, cuda->cuCtxGetDevice(id),
                                     "asking for the current device");
}

SimplicialStatus simplicialCudaAllocate(int64_t bytes, void **data) {
  const Driver *cuda;
  *data = NULL;
  SimplicialStatus status = driver_enter(&cuda);
  if (status.code || bytes == 0)
    return status;
  CUdeviceptr address = 0;
  status =
      driver_status(cuda, cuda->cuMemAlloc(&address, (size_t)bytes),
                    "allocating %lld bytes of device memory", (long long)bytes);
  *data = (void *)(uintptr_t)address;
  return status;
}

SimplicialStatus simplicialCudaFree(void *data) {
  const Driver *cuda;
  if (!data)
    return simplicialOk();
  SimplicialStatus status = driver_enter(&cuda);
  return status.code ? status
                     : driver_status(cuda, cuda->cuMemFree((uintptr_t)data),
                                     "freeing device memory");
}

SimplicialStatus simplicialCudaCopy(void *to, const void *from, int64_t bytes) {
  const Driver *cuda;
  SimplicialStatus status = driver_enter(&cuda);
  if (status.code || bytes == 0)
    return status;
  return driver_status(
      cuda, cuda->cuMemcpy((uintptr_t)to, (uintptr_t)from, (size_t)bytes),
      "copying %lld bytes", (long long)bytes);
}

SimplicialStatus simplicialCudaSynchronize(void) {
  const Driver *cuda;
  SimplicialStatus status = driver_enter(&cuda);
  return status.code ? status
                     : driver_status(cuda, cuda->cuCtxSynchronize(),
                                     "waiting for the device");
}

// Events ----------------------------------------------------------------------

static CUevent handle(SimplicialCudaEvent *event) { return (CUevent)event; }

SimplicialStatus simplicialCudaEventCreate(SimplicialCudaEvent **event) {
  const Driver *cuda;
  CUevent created = NULL;
  SimplicialStatus status = driver_enter(&cuda);
  if (!status.code)
    status = driver_status(cuda, cuda->cuEventCreate(&created, 0),
                           "creating an event");
  *event = (SimplicialCudaEvent *)created;
  return status;
}

void simplicialCudaEventDestroy(SimplicialCudaEvent *event) {
  const Driver *cuda;
  if (!event)
    return;
  SimplicialStatus status = driver_enter(&cuda);
  if (!status.code)
    cuda->cuEventDestroy(handle(event));
  simplicialStatusFree(status);
}

SimplicialStatus simplicialCudaEventRecord(SimplicialCudaEvent *event) {
  const Driver *cuda;
  SimplicialStatus status = driver_enter(&cuda);
  return status.code
             ? status
             : driver_status(
                   cuda, cuda->cuEventRecord(handle(event), simplicialStream()),
                   "recording an event");
}

SimplicialStatus simplicialCudaEventElapsed(SimplicialCudaEvent *start,
                                            SimplicialCudaEvent *end,
                                            double *seconds) {
  const Driver *cuda;
  SimplicialStatus status = driver_enter(&cuda);
  if (status.code)
    return status;
  float milliseconds = 0;
  CUresult result = cuda->cuEventSynchronize(handle(end));
  if (!result)
    result =
        cuda->cuEventElapsedTime(&milliseconds, handle(start), handle(end));
  *seconds = 1e-3 * (double)milliseconds;
  return driver_status(cuda, result, "waiting for the device");
}
