// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiled functions on CUDA devices: the stream they run on, how their errors
// reach the caller, and the little device memory management that a program
// without the CUDA toolkit needs.
//
//   simplicialSetStream(stream);           // CUstream or cudaStream_t
//   _mlir_ciface_f(&q, &k1, ..., &out);    // memrefs of device memory
//   SimplicialStatus status = simplicialTakeLaunchStatus();
//
// The driver (libcuda.so.1, or the library that the environment variable
// SIMPLICIAL_CUDA_DRIVER names) is opened when a function here first needs it;
// without one they all return SIMPLICIAL_UNAVAILABLE. Errors of the driver
// carry its name for them, such as CUDA_ERROR_OUT_OF_MEMORY, in the message.
//
// Everything happens in the thread's current CUDA context, as made current by
// the CUDA runtime (cudaSetDevice, PyTorch ...) or cuCtxSetCurrent. A thread
// without one gets the primary context of device 0, as with the CUDA runtime.
// Every function may be called from any thread.

#ifndef SIMPLICIAL_CUDA_H
#define SIMPLICIAL_CUDA_H

#include "simplicial/tensor_map.h"

#ifdef __cplusplus
extern "C" {
#endif

//===----------------------------------------------------------------------===//
// Calling compiled functions
//===----------------------------------------------------------------------===//

/// Sets the stream (CUstream or cudaStream_t) that this thread's later calls of
/// compiled functions launch on, until it sets another. It belongs to the
/// current context. NULL, as at the start: the default stream.
SIMPLICIAL_API void simplicialSetStream(void *stream);
SIMPLICIAL_API void *simplicialStream(void);

/// What simplicialCudaEnter found.
typedef struct SimplicialCudaScope {
  void *stream;
  bool pushed; ///< whether another context is below the current one
} SimplicialCudaScope;

/// Makes `stream` the thread's and its context current, until
/// simplicialCudaLeave, as long as there is no error. Every context has streams
/// NULL, CU_STREAM_LEGACY and CU_STREAM_PER_THREAD: those of the current one
/// are meant, if it is of CUDA device `device` or that is below 0, else those
/// of this device's primary context.
SIMPLICIAL_API SimplicialStatus simplicialCudaEnter(void *stream, int device,
                                                    SimplicialCudaScope *scope);
SIMPLICIAL_API void simplicialCudaLeave(const SimplicialCudaScope *scope);

//===----------------------------------------------------------------------===//
// What compiled functions call
//===----------------------------------------------------------------------===//

/// Kernels, embedded in the program. Compiled functions define these as
/// variables. No kernel is loaded until it is first launched in a context.
typedef struct SimplicialCudaModule {
  const void *image;  ///< cubin, fatbin, or PTX with a NUL behind it
  const char *target; ///< what it was compiled for: "sm_80", "sm_80,sm_90" ...
  void *loaded;       ///< the runtime's, NULL at first
} SimplicialCudaModule;

/// Launches `kernel` on this thread's stream. `arguments` points to a pointer
/// to each argument. `shared_bytes` of dynamic shared memory may be all that
/// the device has. A grid without blocks launches nothing; one with more than
/// 2^31 - 1, 65535 and 65535 blocks is refused. Errors go to
/// simplicialTakeLaunchStatus. `module` and `kernel` stay where they are until
/// the module is unloaded.
SIMPLICIAL_API void simplicialCudaLaunch(SimplicialCudaModule *module,
                                         const char *kernel, int64_t grid_x,
                                         int64_t grid_y, int64_t grid_z,
                                         int64_t block_x, int64_t block_y,
                                         int64_t block_z, int64_t shared_bytes,
                                         void **arguments);

/// Called instead of launching kernels, in which sizes of tensors have 32 bits:
/// gives simplicialTakeLaunchStatus an error that names `size` and the `most`
/// that one may be.
SIMPLICIAL_API void simplicialLaunchTooLarge(int64_t size, int64_t most);

/// Encodes a tensor map, for kernels to take by value. 1, or 0 if that fails:
/// then another kernel is launched, one that takes none.
SIMPLICIAL_API int32_t simplicialCudaTensorMap(
    const SimplicialTensorMapInfo *info, SimplicialTensorMap *map);

/// The same, with the error as its result.
SIMPLICIAL_API SimplicialStatus simplicialCudaEncodeTensorMap(
    const SimplicialTensorMapInfo *info, SimplicialTensorMap *map);

/// A copy of a tensor's elements. Strides count elements.
typedef struct SimplicialCudaCopy {
  const void *from;
  void *to;
  int64_t element_bytes, rank;
  int64_t sizes[SIMPLICIAL_MAX_RANK];
  int64_t from_strides[SIMPLICIAL_MAX_RANK], to_strides[SIMPLICIAL_MAX_RANK];
} SimplicialCudaCopy;

/// Copies on this thread's stream, between device memory and, if it stays there
/// until that is done, host memory. Errors go to simplicialTakeLaunchStatus.
SIMPLICIAL_API void simplicialCudaCopyStrided(const SimplicialCudaCopy *copy);

/// Loads `kernel` into the current context, if that has not been done, so that
/// a launch of it with `shared_bytes` does nothing else: as it must be where
/// launches are captured into a graph. Errors go to simplicialTakeLaunchStatus.
SIMPLICIAL_API void simplicialCudaLoad(SimplicialCudaModule *module,
                                       const char *kernel,
                                       int64_t shared_bytes);

/// Unloads the module's kernels from all contexts. They are loaded again if
/// they are launched again; none may run or be launched meanwhile.
SIMPLICIAL_API void simplicialCudaUnload(SimplicialCudaModule *module);

//===----------------------------------------------------------------------===//
// Devices and their memory
//===----------------------------------------------------------------------===//

typedef struct SimplicialCudaDevice {
  char name[128];   ///< such as "NVIDIA A100-SXM4-80GB"
  int major, minor; ///< compute capability: 8 and 0 for sm_80
} SimplicialCudaDevice;

/// The device of the current context.
SIMPLICIAL_API SimplicialStatus
simplicialCudaGetDevice(SimplicialCudaDevice *device);

/// The device of this number.
SIMPLICIAL_API SimplicialStatus
simplicialCudaGetDeviceOf(int id, SimplicialCudaDevice *device);

/// The number of the current context's device, as CUDA's runtime and DLDevice
/// count. Cheap enough to ask before each call.
SIMPLICIAL_API SimplicialStatus simplicialCudaGetDeviceId(int *id);

/// Uninitialised device memory, freed with simplicialCudaFree; NULL for 0
/// bytes.
SIMPLICIAL_API SimplicialStatus simplicialCudaAllocate(int64_t bytes,
                                                       void **data);

/// NULL is fine.
SIMPLICIAL_API SimplicialStatus simplicialCudaFree(void *data);

/// Copies between host and device memory, either to either, and returns when it
/// is done.
SIMPLICIAL_API SimplicialStatus simplicialCudaCopy(void *to, const void *from,
                                                   int64_t bytes);

/// Waits for all work of the current context.
SIMPLICIAL_API SimplicialStatus simplicialCudaSynchronize(void);

/// A point in a stream's work (CUevent).
typedef struct SimplicialCudaEvent SimplicialCudaEvent;

SIMPLICIAL_API SimplicialStatus
simplicialCudaEventCreate(SimplicialCudaEvent **event);

/// NULL is fine.
SIMPLICIAL_API void simplicialCudaEventDestroy(SimplicialCudaEvent *event);

/// Puts `event` behind the work that this thread's stream has so far.
SIMPLICIAL_API SimplicialStatus
simplicialCudaEventRecord(SimplicialCudaEvent *event);

/// Waits for `end` and computes the seconds from `start` to it.
SIMPLICIAL_API SimplicialStatus simplicialCudaEventElapsed(
    SimplicialCudaEvent *start, SimplicialCudaEvent *end, double *seconds);

#ifdef __cplusplus
}
#endif

#endif // SIMPLICIAL_CUDA_H
