// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Opening the CUDA driver.

#include "driver.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_DEVICES = 64 };

/// The driver is the process's, as are the primary contexts of devices, each of
/// which is retained at most once.
static struct {
  pthread_mutex_t lock;
  atomic_bool open;
  Driver functions;
  CUcontext primary[MAX_DEVICES]; ///< NULL until a thread needs it
} process = {.lock = PTHREAD_MUTEX_INITIALIZER};

static SimplicialCode code_of(CUresult result) {
  switch (result) {
  case CUDA_SUCCESS:
    return SIMPLICIAL_OK;
  case CUDA_ERROR_OUT_OF_MEMORY:
    return SIMPLICIAL_OUT_OF_MEMORY;
  case CUDA_ERROR_INVALID_VALUE:
  case CUDA_ERROR_INVALID_HANDLE:
    return SIMPLICIAL_INVALID_ARGUMENT;
  case CUDA_ERROR_INSUFFICIENT_DRIVER:
  case CUDA_ERROR_DEVICE_UNAVAILABLE:
  case CUDA_ERROR_NO_DEVICE:
  case CUDA_ERROR_NO_BINARY_FOR_GPU:
  case CUDA_ERROR_UNSUPPORTED_PTX_VERSION:
  case CUDA_ERROR_SYSTEM_DRIVER_MISMATCH:
    return SIMPLICIAL_UNAVAILABLE;
  default:
    return SIMPLICIAL_INTERNAL;
  }
}

SimplicialStatus driver_status(const Driver *driver, CUresult result,
                               const char *format, ...) {
  if (result == CUDA_SUCCESS)
    return simplicialOk();
  char what[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  const char *name = NULL, *text = NULL;
  driver->cuGetErrorName(result, &name);
  driver->cuGetErrorString(result, &text);
  if (!name)
    return simplicialError(code_of(result), "%s: CUDA error %d", what, result);
  return simplicialError(code_of(result), "%s: %s (%s)", what, name,
                         text ? text : "no description");
}

static SimplicialStatus find_functions(void *library, const char *path,
                                       Driver *functions) {
#define FIND(name, symbol, parameters)                                         \
  if (!(*(void **)&functions->name = dlsym(library, #symbol)))                 \
    return simplicialError(SIMPLICIAL_UNAVAILABLE,                             \
                           "the CUDA driver '%s' is too old: it has no %s",    \
                           path, #symbol);
  FOR_EACH_DRIVER_FUNCTION(FIND)
#undef FIND
  return simplicialOk();
}

/// With the lock held.
static SimplicialStatus open_driver(void) {
  const char *path = getenv("SIMPLICIAL_CUDA_DRIVER");
  if (!path || !*path)
    path = "libcuda.so.1";
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return simplicialError(SIMPLICIAL_UNAVAILABLE,
                           "there is no CUDA driver: %s", dlerror());
  SimplicialStatus status = find_functions(library, path, &process.functions);
  if (!status.code)
    status = driver_status(&process.functions, process.functions.cuInit(0),
                           "starting the CUDA driver");
  if (status.code)
    dlclose(library);
  else
    atomic_store(&process.open, true);
  return status;
}

SimplicialStatus driver_primary(const Driver *cuda, int device,
                                CUcontext *context) {
  *context = NULL;
  if (device < 0 || device >= MAX_DEVICES)
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "there is no CUDA device %d", device);
  CUdevice handle;
  CUresult result = CUDA_SUCCESS;
  pthread_mutex_lock(&process.lock);
  if (!process.primary[device]) {
    result = cuda->cuDeviceGet(&handle, device);
    if (!result)
      result = cuda->cuDevicePrimaryCtxRetain(&process.primary[device], handle);
  }
  *context = process.primary[device];
  pthread_mutex_unlock(&process.lock);
  return driver_status(cuda, result, "using CUDA device %d", device);
}

SimplicialStatus driver_enter(const Driver **driver) {
  CUcontext context;
  return driver_enter_context(driver, &context);
}

SimplicialStatus driver_enter_context(const Driver **driver,
                                      CUcontext *context) {
  const Driver *cuda = *driver = &process.functions;
  SimplicialStatus status = simplicialOk();
  if (!atomic_load(&process.open)) {
    pthread_mutex_lock(&process.lock);
    if (!atomic_load(&process.open))
      status = open_driver();
    pthread_mutex_unlock(&process.lock);
    if (status.code)
      return status;
  }
  *context = NULL;
  status = driver_status(cuda, cuda->cuCtxGetCurrent(context),
                         "asking for the current context");
  if (status.code || *context)
    return status;
  status = driver_primary(cuda, 0, context);
  return status.code ? status
                     : driver_status(cuda, cuda->cuCtxSetCurrent(*context),
                                     "using CUDA device 0");
}
