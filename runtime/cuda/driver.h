// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The CUDA driver's functions that we call, as NVIDIA's cuda.h declares them.
// The driver is opened at run time, so that neither building nor loading the
// runtime needs CUDA.

#ifndef SIMPLICIAL_RUNTIME_CUDA_DRIVER_H
#define SIMPLICIAL_RUNTIME_CUDA_DRIVER_H

#include "simplicial/runtime.h"

#include <stddef.h>

typedef int CUdevice;
typedef uint64_t CUdeviceptr;
typedef struct CUctx_st *CUcontext;
typedef struct CUmod_st *CUmodule;
typedef struct CUfunc_st *CUfunction;
typedef struct CUstream_st *CUstream;
typedef struct CUevent_st *CUevent;

typedef enum CUresult {
  CUDA_SUCCESS = 0,
  CUDA_ERROR_INVALID_VALUE = 1,
  CUDA_ERROR_OUT_OF_MEMORY = 2,
  CUDA_ERROR_INSUFFICIENT_DRIVER = 35,
  CUDA_ERROR_DEVICE_UNAVAILABLE = 46,
  CUDA_ERROR_NO_DEVICE = 100,
  CUDA_ERROR_INVALID_IMAGE = 200,
  CUDA_ERROR_NO_BINARY_FOR_GPU = 209,
  CUDA_ERROR_INVALID_PTX = 218,
  CUDA_ERROR_UNSUPPORTED_PTX_VERSION = 222,
  CUDA_ERROR_INVALID_HANDLE = 400,
  CUDA_ERROR_NOT_FOUND = 500,
  CUDA_ERROR_ILLEGAL_ADDRESS = 700,
  CUDA_ERROR_LAUNCH_FAILED = 719,
  CUDA_ERROR_SYSTEM_DRIVER_MISMATCH = 803,
  CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED = 900,
} CUresult;

enum {
  CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR = 75,
  CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR = 76,
  CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN = 97,
  CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES = 8,
};

typedef struct CUarray_st *CUarray;

typedef enum CUmemorytype { CU_MEMORYTYPE_UNIFIED = 4 } CUmemorytype;

typedef struct CUDA_MEMCPY2D {
  size_t srcXInBytes, srcY;
  CUmemorytype srcMemoryType;
  const void *srcHost;
  CUdeviceptr srcDevice;
  CUarray srcArray;
  size_t srcPitch;
  size_t dstXInBytes, dstY;
  CUmemorytype dstMemoryType;
  void *dstHost;
  CUdeviceptr dstDevice;
  CUarray dstArray;
  size_t dstPitch;
  size_t WidthInBytes, Height;
} CUDA_MEMCPY2D;

typedef enum CUtensorMapDataType {
  CU_TENSOR_MAP_DATA_TYPE_UINT8 = 0,
  CU_TENSOR_MAP_DATA_TYPE_UINT16 = 1,
  CU_TENSOR_MAP_DATA_TYPE_UINT32 = 2,
  CU_TENSOR_MAP_DATA_TYPE_UINT64 = 4,
} CUtensorMapDataType;

typedef enum CUtensorMapInterleave {
  CU_TENSOR_MAP_INTERLEAVE_NONE = 0
} CUtensorMapInterleave;

typedef enum CUtensorMapSwizzle {
  CU_TENSOR_MAP_SWIZZLE_NONE = 0,
  CU_TENSOR_MAP_SWIZZLE_32B = 1,
  CU_TENSOR_MAP_SWIZZLE_64B = 2,
  CU_TENSOR_MAP_SWIZZLE_128B = 3,
} CUtensorMapSwizzle;

typedef enum CUtensorMapL2promotion {
  CU_TENSOR_MAP_L2_PROMOTION_L2_256B = 3
} CUtensorMapL2promotion;

typedef enum CUtensorMapFloatOOBfill {
  CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE = 0
} CUtensorMapFloatOOBfill;

/// X(name in cuda.h, exported symbol, parameters)
#define FOR_EACH_DRIVER_FUNCTION(X)                                            \
  X(cuInit, cuInit, (unsigned flags))                                          \
  X(cuGetErrorName, cuGetErrorName, (CUresult result, const char **name))      \
  X(cuGetErrorString, cuGetErrorString, (CUresult result, const char **text))  \
  X(cuDeviceGet, cuDeviceGet, (CUdevice * device, int ordinal))                \
  X(cuDeviceGetName, cuDeviceGetName, (char *name, int size, CUdevice device)) \
  X(cuDeviceGetAttribute, cuDeviceGetAttribute,                                \
    (int *value, int attribute, CUdevice device))                              \
  X(cuDevicePrimaryCtxRetain, cuDevicePrimaryCtxRetain,                        \
    (CUcontext * context, CUdevice device))                                    \
  X(cuCtxGetCurrent, cuCtxGetCurrent, (CUcontext * context))                   \
  X(cuCtxSetCurrent, cuCtxSetCurrent, (CUcontext context))                     \
  X(cuCtxPushCurrent, cuCtxPushCurrent_v2, (CUcontext context))                \
  X(cuCtxPopCurrent, cuCtxPopCurrent_v2, (CUcontext * context))                \
  X(cuStreamGetCtx, cuStreamGetCtx, (CUstream stream, CUcontext * context))    \
  X(cuCtxGetDevice, cuCtxGetDevice, (CUdevice * device))                       \
  X(cuCtxSynchronize, cuCtxSynchronize, (void))                                \
  X(cuModuleLoadData, cuModuleLoadData,                                        \
    (CUmodule * module, const void *image))                                    \
  X(cuModuleUnload, cuModuleUnload, (CUmodule module))                         \
  X(cuModuleGetFunction, cuModuleGetFunction,                                  \
    (CUfunction * function, CUmodule module, const char *name))                \
  X(cuFuncSetAttribute, cuFuncSetAttribute,                                    \
    (CUfunction function, int attribute, int value))                           \
  X(cuLaunchKernel, cuLaunchKernel,                                            \
    (CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z,   \
     unsigned block_x, unsigned block_y, unsigned block_z,                     \
     unsigned shared_bytes, CUstream stream, void **arguments, void **extra))  \
  X(cuMemAlloc, cuMemAlloc_v2, (CUdeviceptr * data, size_t bytes))             \
  X(cuMemFree, cuMemFree_v2, (CUdeviceptr data))                               \
  X(cuMemAllocAsync, cuMemAllocAsync,                                          \
    (CUdeviceptr * data, size_t bytes, CUstream stream))                       \
  X(cuMemFreeAsync, cuMemFreeAsync, (CUdeviceptr data, CUstream stream))       \
  X(cuMemcpy2DAsync, cuMemcpy2DAsync_v2,                                       \
    (const CUDA_MEMCPY2D *copy, CUstream stream))                              \
  X(cuMemcpy, cuMemcpy, (CUdeviceptr to, CUdeviceptr from, size_t bytes))      \
  X(cuEventCreate, cuEventCreate, (CUevent * event, unsigned flags))           \
  X(cuEventDestroy, cuEventDestroy_v2, (CUevent event))                        \
  X(cuEventRecord, cuEventRecord, (CUevent event, CUstream stream))            \
  X(cuEventSynchronize, cuEventSynchronize, (CUevent event))                   \
  X(cuEventElapsedTime, cuEventElapsedTime,                                    \
    (float *milliseconds, CUevent start, CUevent end))                         \
  X(cuTensorMapEncodeTiled, cuTensorMapEncodeTiled,                            \
    (void *map, CUtensorMapDataType type, uint32_t rank, void *data,           \
     const uint64_t *sizes, const uint64_t *strides, const uint32_t *box,      \
     const uint32_t *steps, CUtensorMapInterleave interleave,                  \
     CUtensorMapSwizzle swizzle, CUtensorMapL2promotion promotion,             \
     CUtensorMapFloatOOBfill fill))

typedef struct Driver {
#define FIELD(name, symbol, parameters) CUresult(*name) parameters;
  FOR_EACH_DRIVER_FUNCTION(FIELD)
#undef FIELD
} Driver;

/// Opens the driver, if that has not been done, and gives the thread a current
/// context, if it has none. After an error the next call tries again.
SimplicialStatus driver_enter(const Driver **driver);

/// The same, and says which context that is.
SimplicialStatus driver_enter_context(const Driver **driver,
                                      CUcontext *context);

/// The primary context of a device, retained once a process.
SimplicialStatus driver_primary(const Driver *cuda, int device,
                                CUcontext *context);

/// OK if `result` is CUDA_SUCCESS, else an error that says what failed, with
/// CUDA's name and description of the reason.
__attribute__((format(printf, 3, 4))) SimplicialStatus
driver_status(const Driver *driver, CUresult result, const char *format, ...);

#endif // SIMPLICIAL_RUNTIME_CUDA_DRIVER_H
