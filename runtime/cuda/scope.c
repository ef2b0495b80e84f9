// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A stream and its context, for the length of a call.

#include "driver.h"

#include "simplicial/cuda.h"

/// CU_STREAM_LEGACY and CU_STREAM_PER_THREAD.
static bool is_default(const void *stream) { return (uintptr_t)stream <= 2; }

/// The context whose default streams are meant.
static SimplicialStatus default_context(const Driver *cuda, CUcontext current,
                                        int device, CUcontext *context) {
  CUdevice of_current;
  *context = current;
  if (device < 0)
    return simplicialOk();
  SimplicialStatus status = driver_status(
      cuda, cuda->cuCtxGetDevice(&of_current), "asking for the current device");
  // A CUdevice is the device's number.
  return status.code || of_current == device
             ? status
             : driver_primary(cuda, device, context);
}

SimplicialStatus simplicialCudaEnter(void *stream, int device,
                                     SimplicialCudaScope *scope) {
  const Driver *cuda;
  CUcontext current, context;
  *scope = (SimplicialCudaScope){.stream = simplicialStream()};
  SimplicialStatus status = driver_enter_context(&cuda, &current);
  if (status.code)
    return status;
  status = is_default(stream)
               ? default_context(cuda, current, device, &context)
               : driver_status(cuda, cuda->cuStreamGetCtx(stream, &context),
                               "asking for a stream's context");
  if (!status.code && context != current) {
    status = driver_status(cuda, cuda->cuCtxPushCurrent(context),
                           "making a stream's context current");
    scope->pushed = !status.code;
  }
  if (!status.code)
    simplicialSetStream(stream);
  return status;
}

void simplicialCudaLeave(const SimplicialCudaScope *scope) {
  const Driver *cuda;
  CUcontext left;
  simplicialSetStream(scope->stream);
  if (!scope->pushed)
    return;
  SimplicialStatus status = driver_enter_context(&cuda, &left);
  if (!status.code)
    cuda->cuCtxPopCurrent(&left);
  simplicialStatusFree(status);
}
