// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loading kernels and launching them.
//
// A SimplicialCudaModule holds a list of what it has been loaded into:
//
//   module -> Loaded (context A) -> Kernel "f_tiles" -> Kernel ...
//          -> Loaded (context B) -> Kernel "f_tiles"
//
// Lists grow at their heads, under one lock, and shrink when a module is
// unloaded, when nobody may launch its kernels. So a launch reads them without
// the lock, and takes it for what is not there yet.

#include "driver.h"

#include "../launch.h"
#include "simplicial/cuda.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/// What every kernel may use without asking, in bytes.
enum { DEFAULT_SHARED = 48 << 10 };

typedef struct Kernel Kernel;
struct Kernel {
  Kernel *next;
  const char *name; ///< the caller's
  CUfunction function;
  _Atomic int64_t shared_limit; ///< bytes of dynamic shared memory it may use
};

typedef struct Loaded Loaded;
struct Loaded {
  Loaded *next;
  CUcontext context;
  CUmodule module;
  _Atomic(Kernel *) kernels;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static SimplicialStatus load(const Driver *cuda, SimplicialCudaModule *module,
                             CUcontext context, Loaded **result) {
  Loaded *self = calloc(1, sizeof *self);
  if (!self)
    return simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
  self->context = context;
  CUresult failure = cuda->cuModuleLoadData(&self->module, module->image);
  if (failure) {
    free(self);
    SimplicialCudaDevice device;
    SimplicialStatus status = simplicialCudaGetDevice(&device);
    if (status.code)
      return status;
    return driver_status(
        cuda, failure, "loading kernels for %s on %s (sm_%d%d)", module->target,
        device.name, device.major, device.minor);
  }
  self->next = module->loaded;
  __atomic_store_n(&module->loaded, *result = self, __ATOMIC_RELEASE);
  return simplicialOk();
}

/// What of the module is loaded in this context, or NULL.
static Loaded *find_loaded(const SimplicialCudaModule *module,
                           CUcontext context) {
  Loaded *l = __atomic_load_n(&module->loaded, __ATOMIC_ACQUIRE);
  while (l && l->context != context)
    l = l->next;
  return l;
}

static Kernel *find_kernel(Loaded *module, const char *name) {
  Kernel *k = atomic_load_explicit(&module->kernels, memory_order_acquire);
  while (k && k->name != name && strcmp(k->name, name))
    k = k->next;
  return k;
}

static SimplicialStatus add_kernel(const Driver *cuda, Loaded *module,
                                   const char *name, Kernel **result) {
  CUfunction function;
  SimplicialStatus status = driver_status(
      cuda, cuda->cuModuleGetFunction(&function, module->module, name),
      "looking for kernel '%s'", name);
  if (status.code)
    return status;
  Kernel *self = *result = malloc(sizeof *self);
  if (!self)
    return simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
  *self = (Kernel){module->kernels, name, function, DEFAULT_SHARED};
  atomic_store_explicit(&module->kernels, self, memory_order_release);
  return simplicialOk();
}

static SimplicialStatus allow_shared(const Driver *cuda, Kernel *kernel,
                                     int64_t bytes) {
  if (bytes <= kernel->shared_limit)
    return simplicialOk();
  CUdevice device;
  int limit = 0;
  CUresult result = cuda->cuCtxGetDevice(&device);
  if (!result)
    result = cuda->cuDeviceGetAttribute(
        &limit, CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, device);
  if (!result && bytes > limit)
    return simplicialError(SIMPLICIAL_UNAVAILABLE,
                           "kernel '%s' needs %lld bytes of shared memory; the "
                           "device has %d",
                           kernel->name, (long long)bytes, limit);
  if (!result)
    result = cuda->cuFuncSetAttribute(
        kernel->function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
        (int)bytes);
  if (!result)
    kernel->shared_limit = bytes;
  return driver_status(cuda, result,
                       "asking for %lld bytes of shared memory for kernel '%s'",
                       (long long)bytes, kernel->name);
}

/// Loads the kernel in `context`, the current one, as far as that has not been
/// done, and lets it have its shared memory; with the lock held.
static SimplicialStatus load_kernel(const Driver *cuda,
                                    SimplicialCudaModule *module,
                                    CUcontext context, const char *name,
                                    int64_t shared_bytes, Kernel **kernel) {
  SimplicialStatus status = simplicialOk();
  Loaded *loaded = find_loaded(module, context);
  if (!loaded)
    status = load(cuda, module, context, &loaded);
  if (!status.code && !(*kernel = find_kernel(loaded, name)))
    status = add_kernel(cuda, loaded, name, kernel);
  return status.code ? status : allow_shared(cuda, *kernel, shared_bytes);
}

/// The kernel in the current context, ready for a launch.
static SimplicialStatus prepare(const Driver *cuda,
                                SimplicialCudaModule *module, CUcontext context,
                                const char *name, int64_t shared_bytes,
                                CUfunction *function) {
  SimplicialStatus status = simplicialOk();
  Loaded *loaded = find_loaded(module, context);
  Kernel *kernel = loaded ? find_kernel(loaded, name) : NULL;
  if (!kernel || shared_bytes > kernel->shared_limit) {
    pthread_mutex_lock(&lock);
    status = load_kernel(cuda, module, context, name, shared_bytes, &kernel);
    pthread_mutex_unlock(&lock);
  }
  if (!status.code)
    *function = kernel->function;
  return status;
}

static SimplicialStatus launch(SimplicialCudaModule *module, const char *name,
                               const int64_t *grid, const int64_t *block,
                               int64_t shared_bytes, void **arguments) {
  // CUDA itself checks a block's limits, which depend on the kernel. Numbers of
  // blocks are products: one that overflowed is negative.
  const int64_t *max = launch_max_grid;
  for (int i = 0; i < 3; ++i)
    if (grid[i] < 0 || grid[i] > max[i])
      return simplicialError(
          SIMPLICIAL_INVALID_ARGUMENT,
          "kernel '%s' needs a grid of %lld x %lld x %lld blocks; CUDA has at "
          "most %lld x %lld x %lld",
          name, (long long)grid[0], (long long)grid[1], (long long)grid[2],
          (long long)max[0], (long long)max[1], (long long)max[2]);
  const Driver *cuda;
  CUcontext context;
  CUfunction function = NULL;
  SimplicialStatus status = driver_enter_context(&cuda, &context);
  if (!status.code)
    status = prepare(cuda, module, context, name, shared_bytes, &function);
  if (status.code)
    return status;
  CUresult result = cuda->cuLaunchKernel(
      function, (unsigned)grid[0], (unsigned)grid[1], (unsigned)grid[2],
      (unsigned)block[0], (unsigned)block[1], (unsigned)block[2],
      (unsigned)shared_bytes, simplicialStream(), arguments, NULL);
  return driver_status(cuda, result, "launching kernel '%s'", name);
}

void simplicialCudaLaunch(SimplicialCudaModule *module, const char *kernel,
                          int64_t grid_x, int64_t grid_y, int64_t grid_z,
                          int64_t block_x, int64_t block_y, int64_t block_z,
                          int64_t shared_bytes, void **arguments) {
  const int64_t grid[] = {grid_x, grid_y, grid_z};
  const int64_t block[] = {block_x, block_y, block_z};
  if (grid_x && grid_y && grid_z)
    launch_report(launch(module, kernel, grid, block, shared_bytes, arguments));
}

void simplicialCudaLoad(SimplicialCudaModule *module, const char *kernel,
                        int64_t shared_bytes) {
  const Driver *cuda;
  CUcontext context;
  CUfunction function;
  SimplicialStatus status = driver_enter_context(&cuda, &context);
  if (!status.code)
    status = prepare(cuda, module, context, kernel, shared_bytes, &function);
  launch_report(status);
}

void simplicialCudaUnload(SimplicialCudaModule *module) {
  const Driver *cuda;
  pthread_mutex_lock(&lock);
  Loaded *next = module->loaded;
  module->loaded = NULL;
  pthread_mutex_unlock(&lock);
  if (!next)
    return;
  simplicialStatusFree(driver_enter(&cuda));
  while (next) {
    Loaded *loaded = next;
    next = loaded->next;
    // Both fail, harmlessly, if the context is gone, as at the process's end.
    if (!cuda->cuCtxPushCurrent(loaded->context)) {
      cuda->cuModuleUnload(loaded->module);
      cuda->cuCtxPopCurrent(&loaded->context);
    }
    for (Kernel *k = loaded->kernels, *following; k; k = following) {
      following = k->next;
      free(k);
    }
    free(loaded);
  }
}
