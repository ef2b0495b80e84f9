// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The driver of cuda_fake.h. Contexts are numbers, as pointers, context N of
// device N - 1; functions are their names; all kernels take FAKE_ARGUMENTS
// arguments of 8 bytes; device memory is the host's.

#include "cuda_fake.h"

#include <stdlib.h>
#include <string.h>

static FakeCuda fake;
static _Thread_local CUcontext current;

FakeCuda *fakeCuda(void) { return &fake; }

static CUresult result_of(const char *function) {
  return fake.failing && !strcmp(fake.failing, function) ? fake.failure
                                                         : CUDA_SUCCESS;
}

// Returns from the caller if it is the one that is to fail, or has no context.
#define FAIL_IF_TOLD()                                                         \
  if (result_of(__func__))                                                     \
  return result_of(__func__)
#define NO_CAPTURE()                                                           \
  if (fake.capturing)                                                          \
  return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED
#define NEED_CONTEXT()                                                         \
  FAIL_IF_TOLD();                                                              \
  if (!current)                                                                \
  return CUDA_ERROR_INVALID_VALUE

// The prototypes, under the names of the exported symbols.
#define DECLARE(name, symbol, parameters) CUresult symbol parameters;
FOR_EACH_DRIVER_FUNCTION(DECLARE)
#undef DECLARE

CUresult cuInit(unsigned flags) {
  FAIL_IF_TOLD();
  return flags ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}

CUresult cuGetErrorName(CUresult result, const char **name) {
  static const struct {
    CUresult result;
    const char *name;
  } names[] = {
      {CUDA_ERROR_INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE"},
      {CUDA_ERROR_OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY"},
      {CUDA_ERROR_NO_DEVICE, "CUDA_ERROR_NO_DEVICE"},
      {CUDA_ERROR_NO_BINARY_FOR_GPU, "CUDA_ERROR_NO_BINARY_FOR_GPU"},
      {CUDA_ERROR_NOT_FOUND, "CUDA_ERROR_NOT_FOUND"},
      {CUDA_ERROR_ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS"},
      {CUDA_ERROR_LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED"},
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
    if (names[i].result == result) {
      *name = names[i].name;
      return CUDA_SUCCESS;
    }
  return CUDA_ERROR_INVALID_VALUE;
}

CUresult cuGetErrorString(CUresult result, const char **text) {
  (void)result;
  *text = "as the test wants it";
  return CUDA_SUCCESS;
}

CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  FAIL_IF_TOLD();
  *device = ordinal;
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetName(char *name, int size, CUdevice device) {
  (void)device;
  FAIL_IF_TOLD();
  strncpy(name, "Fake GPU", (size_t)size);
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetAttribute(int *value, int attribute, CUdevice device) {
  (void)device;
  FAIL_IF_TOLD();
  const char *text = getenv("FAKE_CUDA_CAPABILITY");
  int capability = text ? atoi(text) : 86;
  *value = attribute == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
               ? capability / 10
           : attribute == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR
               ? capability % 10
               : FAKE_SHARED_LIMIT;
  return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
  FAIL_IF_TOLD();
  ++fake.retained;
  *context = (CUcontext)((uintptr_t)device + 1);
  return CUDA_SUCCESS;
}

CUresult cuCtxGetCurrent(CUcontext *context) {
  FAIL_IF_TOLD();
  *context = current;
  return CUDA_SUCCESS;
}

CUresult cuCtxSetCurrent(CUcontext context) {
  FAIL_IF_TOLD();
  current = context;
  return CUDA_SUCCESS;
}

/// A stack of one is enough.
static _Thread_local CUcontext below;

CUresult cuCtxPushCurrent_v2(CUcontext context) {
  FAIL_IF_TOLD();
  below = current;
  current = context;
  return CUDA_SUCCESS;
}

CUresult cuCtxPopCurrent_v2(CUcontext *context) {
  FAIL_IF_TOLD();
  *context = current;
  current = below;
  return CUDA_SUCCESS;
}

CUresult cuStreamGetCtx(CUstream stream, CUcontext *context) {
  FAIL_IF_TOLD();
  *context = (CUcontext)((uintptr_t)stream % 16);
  return *context ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

CUresult cuCtxGetDevice(CUdevice *device) {
  NEED_CONTEXT();
  *device = (CUdevice)((uintptr_t)current - 1);
  return CUDA_SUCCESS;
}

CUresult cuCtxSynchronize(void) {
  NEED_CONTEXT();
  return CUDA_SUCCESS;
}

/// A module remembers its context, where it must be unloaded.
CUresult cuModuleLoadData(CUmodule *module, const void *image) {
  NEED_CONTEXT();
  NO_CAPTURE();
  ++fake.loads;
  fake.image = image;
  *module = (CUmodule)current;
  return CUDA_SUCCESS;
}

CUresult cuModuleUnload(CUmodule module) {
  NEED_CONTEXT();
  if (module != (CUmodule)current)
    return CUDA_ERROR_INVALID_HANDLE;
  ++fake.unloads;
  return CUDA_SUCCESS;
}

CUresult cuModuleGetFunction(CUfunction *function, CUmodule module,
                             const char *name) {
  NEED_CONTEXT();
  NO_CAPTURE();
  if (module != (CUmodule)current)
    return CUDA_ERROR_INVALID_HANDLE;
  ++fake.lookups;
  *function = (CUfunction)name;
  return CUDA_SUCCESS;
}

CUresult cuFuncSetAttribute(CUfunction function, int attribute, int value) {
  (void)function;
  NEED_CONTEXT();
  NO_CAPTURE();
  if (attribute != CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES)
    return CUDA_ERROR_INVALID_VALUE;
  ++fake.attributes;
  fake.shared_allowed = value;
  return CUDA_SUCCESS;
}

CUresult cuLaunchKernel(CUfunction function, unsigned grid_x, unsigned grid_y,
                        unsigned grid_z, unsigned block_x, unsigned block_y,
                        unsigned block_z, unsigned shared_bytes,
                        CUstream stream, void **arguments, void **extra) {
  NEED_CONTEXT();
  if (extra)
    return CUDA_ERROR_INVALID_VALUE;
  ++fake.launches;
  if (!arguments)
    return CUDA_SUCCESS; // one of many threads: there is no last launch
  fake.kernel = (const char *)function;
  memcpy(fake.grid, (unsigned[]){grid_x, grid_y, grid_z}, sizeof fake.grid);
  memcpy(fake.block, (unsigned[]){block_x, block_y, block_z},
         sizeof fake.block);
  fake.shared = shared_bytes;
  fake.stream = stream;
  for (int i = 0; i < FAKE_ARGUMENTS; ++i)
    fake.arguments[i] = *(const int64_t *)arguments[i];
  return CUDA_SUCCESS;
}

/// A device's addresses are none that the host can touch.
static const CUdeviceptr on_device = (CUdeviceptr)1 << 62;

static void *memory(CUdeviceptr data) {
  return (void *)(uintptr_t)(data & ~on_device);
}

CUresult cuMemAlloc_v2(CUdeviceptr *data, size_t bytes) {
  NEED_CONTEXT();
  ++fake.allocated;
  *data = (uintptr_t)calloc(1, bytes) | on_device;
  return CUDA_SUCCESS;
}

CUresult cuMemFree_v2(CUdeviceptr data) {
  NEED_CONTEXT();
  --fake.allocated;
  free(memory(data));
  return CUDA_SUCCESS;
}

CUresult cuMemAllocAsync(CUdeviceptr *data, size_t bytes, CUstream stream) {
  FAIL_IF_TOLD();
  fake.stream = stream;
  return cuMemAlloc_v2(data, bytes);
}

CUresult cuMemFreeAsync(CUdeviceptr data, CUstream stream) {
  FAIL_IF_TOLD();
  fake.stream = stream;
  return cuMemFree_v2(data);
}

CUresult cuMemcpy2DAsync_v2(const CUDA_MEMCPY2D *copy, CUstream stream) {
  NEED_CONTEXT();
  if (copy->srcPitch < copy->WidthInBytes ||
      copy->dstPitch < copy->WidthInBytes)
    return CUDA_ERROR_INVALID_VALUE;
  fake.stream = stream;
  ++fake.copies;
  for (size_t row = 0; row < copy->Height; ++row)
    memcpy((char *)memory(copy->dstDevice) + row * copy->dstPitch,
           (const char *)memory(copy->srcDevice) + row * copy->srcPitch,
           copy->WidthInBytes);
  return CUDA_SUCCESS;
}

CUresult cuMemcpy(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
  NEED_CONTEXT();
  memcpy(memory(to), memory(from), bytes);
  return CUDA_SUCCESS;
}

/// An event is the time it was recorded at, counted in milliseconds.
CUresult cuEventCreate(CUevent *event, unsigned flags) {
  (void)flags;
  NEED_CONTEXT();
  ++fake.events;
  *event = malloc(sizeof(float));
  return CUDA_SUCCESS;
}

CUresult cuEventDestroy_v2(CUevent event) {
  NEED_CONTEXT();
  --fake.events;
  free(event);
  return CUDA_SUCCESS;
}

CUresult cuEventRecord(CUevent event, CUstream stream) {
  static float now;
  NEED_CONTEXT();
  fake.stream = stream;
  *(float *)event = now += 2;
  return CUDA_SUCCESS;
}

CUresult cuEventSynchronize(CUevent event) {
  (void)event;
  NEED_CONTEXT();
  return CUDA_SUCCESS;
}

CUresult cuEventElapsedTime(float *milliseconds, CUevent start, CUevent end) {
  NEED_CONTEXT();
  *milliseconds = *(float *)end - *(float *)start;
  return CUDA_SUCCESS;
}

CUresult cuTensorMapEncodeTiled(void *map, CUtensorMapDataType type,
                                uint32_t rank, void *data,
                                const uint64_t *sizes, const uint64_t *strides,
                                const uint32_t *box, const uint32_t *steps,
                                CUtensorMapInterleave interleave,
                                CUtensorMapSwizzle swizzle,
                                CUtensorMapL2promotion promotion,
                                CUtensorMapFloatOOBfill fill) {
  (void)interleave, (void)promotion, (void)fill;
  NEED_CONTEXT();
  if ((uintptr_t)map % 64)
    return CUDA_ERROR_INVALID_VALUE;
  memset(map, 0x5a, 128);
  fake.map = (FakeTensorMap){.data = data, .type = type, .swizzle = swizzle};
  fake.map.rank = rank;
  for (uint32_t d = 0; d < rank; ++d) {
    fake.map.sizes[d] = sizes[d];
    fake.map.box[d] = box[d];
    fake.map.steps[d] = steps[d];
    if (d + 1 < rank)
      fake.map.strides[d] = strides[d];
  }
  return CUDA_SUCCESS;
}
