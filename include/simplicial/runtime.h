// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The runtime: status values, the thread pool that compiled functions run on,
// tensors, floating-point conversions, and measurements of the machine.
//
// It needs no LLVM. A program that uses a function compiled ahead of time needs
// this library and no other. Every function may be called from any thread.

#ifndef SIMPLICIAL_RUNTIME_H
#define SIMPLICIAL_RUNTIME_H

#include "simplicial/export.h"

#include <dlpack/dlpack.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The version of this library, such as "0.1.0"; a constant.
SIMPLICIAL_API const char *simplicialVersion(void);

//===----------------------------------------------------------------------===//
// Status values
//===----------------------------------------------------------------------===//

typedef enum SimplicialCode {
  SIMPLICIAL_OK = 0,
  SIMPLICIAL_INVALID_ARGUMENT, ///< What was passed cannot be right.
  SIMPLICIAL_NOT_FOUND,        ///< No such function, file, target ...
  SIMPLICIAL_OUT_OF_MEMORY,
  SIMPLICIAL_IO_ERROR,      ///< A file could not be read or written.
  SIMPLICIAL_COMPILE_ERROR, ///< The IR is wrong; the message says where.
  SIMPLICIAL_UNAVAILABLE,   ///< This machine or build cannot do it.
  SIMPLICIAL_INTERNAL,      ///< A bug in Simplicial.
} SimplicialCode;

/// The outcome of a call. An error owns its message: whoever receives one
/// passes it on or frees it with simplicialStatusFree.
typedef struct SimplicialStatus {
  SimplicialCode code;
  char *message; ///< malloc'd; NULL when OK, and when memory ran out.
} SimplicialStatus;

SIMPLICIAL_API SimplicialStatus simplicialOk(void);

/// Makes an error; the message is formatted as by printf.
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
SIMPLICIAL_API SimplicialStatus simplicialError(SimplicialCode code,
                                                const char *format, ...);

/// Frees the message, if any.
SIMPLICIAL_API void simplicialStatusFree(SimplicialStatus status);

/// The message, or the code's name where there is none; never NULL. Valid until
/// the status is freed.
SIMPLICIAL_API const char *simplicialStatusMessage(SimplicialStatus status);

/// "ok", "invalid argument" ...; a constant, never NULL.
SIMPLICIAL_API const char *simplicialCodeName(SimplicialCode code);

//===----------------------------------------------------------------------===//
// Thread pool
//===----------------------------------------------------------------------===//

/// Runs `body(context, lo, hi)` over chunks that cover [0, count) once, on up
/// to simplicialThreadCount() threads, the calling one among them, and returns
/// when all are done.
///
/// Concurrent calls are all correct: each caller works on its own job, and the
/// threads of the process-wide pool help wherever there is work. A call from
/// inside a body runs inline. The pool starts on first use; where the system
/// refuses threads, fewer do the work. A forked child starts a pool of its own,
/// but `body` itself must not fork and then return in the child.
SIMPLICIAL_API void simplicialParallelFor(void (*body)(void *context,
                                                       int64_t lo, int64_t hi),
                                          void *context, int64_t count);

/// The same, with `scratchBytes` of memory of its own, aligned to 64 bytes, for
/// each thread that runs `body`: as long as it runs, and uninitialised.
/// Compiled functions call this, and so need little stack, in any thread. Where
/// memory runs out for several threads, one does the work; where it does for
/// one, nothing is run, and simplicialTakeLaunchStatus says so. The memory of a
/// call is kept for later ones until the process exits: never more blocks than
/// there were such calls at once, none larger than one of them wanted, which is
/// `scratchBytes` for each of its threads.
SIMPLICIAL_API void simplicialParallelForWithScratch(
    void (*body)(void *context, void *scratch, int64_t lo, int64_t hi),
    void *context, int64_t count, int64_t scratchBytes);

/// Sets the number of threads that later calls use, at most 1024. A count below
/// 1 restores the default: the environment variable SIMPLICIAL_NUM_THREADS if
/// it holds a positive integer, else the number of CPUs this process may use.
SIMPLICIAL_API void simplicialSetThreadCount(int count);
SIMPLICIAL_API int simplicialThreadCount(void);

/// The first error of the compiled functions that this thread has called since
/// this was last called: memory that ran out, or, on a GPU, a kernel that could
/// not be launched. Launches are asynchronous: an error of a kernel that has
/// started, such as CUDA_ERROR_ILLEGAL_ADDRESS, shows when the stream is
/// synchronised. simplicialFunctionCall (compiler.h) returns it by itself.
SIMPLICIAL_API SimplicialStatus simplicialTakeLaunchStatus(void);

//===----------------------------------------------------------------------===//
// Memory between operations
//===----------------------------------------------------------------------===//
//
// A function with several operations, or with copies, has tensors that neither
// come from its caller nor go there. Their memory is allocated during a call,
// freed in it, and never more than those tensors' sizes.

/// Where that memory comes from. `device` is kDLCPU or kDLCUDA; memory for the
/// latter is in the calling thread's current context, used by `stream`'s (a
/// CUstream's) later work only, and freed while that may still be running.
/// `bytes` is at least 1; the result is aligned to 64 bytes, or NULL if there
/// is none, which the call of the compiled function then reports as
/// SIMPLICIAL_OUT_OF_MEMORY. Both functions may be called from any thread.
typedef struct SimplicialAllocator {
  void *(*allocate)(void *context, int64_t bytes, DLDeviceType device,
                    void *stream);
  void (*free)(void *context, void *data, DLDeviceType device, void *stream);
  void *context;
} SimplicialAllocator;

/// Sets the process's allocator, of which a copy is kept. NULL, as at the
/// start: posix_memalign, and the stream-ordered memory of the CUDA driver.
/// What is allocated is freed by the allocator that it came from, which must
/// work until then.
SIMPLICIAL_API void
simplicialSetAllocator(const SimplicialAllocator *allocator);

/// What compiled functions call: memory on a device, which the thread keeps in
/// mind until it is freed. NULL after an error, such as a number of bytes below
/// 0, which goes to simplicialTakeLaunchStatus.
SIMPLICIAL_API void *simplicialAllocate(int64_t bytes, int32_t device);
SIMPLICIAL_API void simplicialFree(void *data);

/// Frees all that this thread's call has allocated, which ends early.
SIMPLICIAL_API void simplicialAbandon(void);

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//
//
// A tensor is a DLPack DLTensor: strides count elements, and NULL strides mean
// row-major order without gaps. A stride along which there are no two elements,
// as in an empty tensor and of a dimension of size 1, may be any number. Its
// memory belongs to the caller.

#define SIMPLICIAL_MAX_RANK 8

/// The name MLIR gives an element type: "f16", "bf16", "f32", "f64" or
/// "i32", and "unsupported" for any other type.
SIMPLICIAL_API const char *simplicialTypeName(DLDataType type);

SIMPLICIAL_API bool simplicialTypeIsSupported(DLDataType type);

/// The element type of that name; false if there is none.
SIMPLICIAL_API bool simplicialTypeFromName(const char *name, DLDataType *type);

/// Checks that a tensor is well formed: a supported element type, a rank of at
/// most SIMPLICIAL_MAX_RANK, no negative dimension, a byte size that fits in
/// int64_t, empty dimensions not counted, and, unless it is empty, data aligned
/// to its element type and strides that lead no further than int64_t counts
/// bytes. The functions below expect a well-formed tensor.
SIMPLICIAL_API SimplicialStatus simplicialTensorCheck(const DLTensor *tensor);

SIMPLICIAL_API int64_t simplicialTensorElementCount(const DLTensor *tensor);

/// The bytes of all elements side by side.
SIMPLICIAL_API int64_t simplicialTensorByteSize(const DLTensor *tensor);

/// The address of the first element.
SIMPLICIAL_API void *simplicialTensorData(const DLTensor *tensor);

/// Whether the elements lie side by side in row-major order.
SIMPLICIAL_API bool simplicialTensorIsContiguous(const DLTensor *tensor);

/// A tensor with uninitialised memory of its own, row-major without gaps, on
/// the CPU (kDLCPU; aligned to 64 bytes) or in device memory of the current
/// CUDA context (kDLCUDA). The caller owns it, and passes it on, to whoever
/// takes DLPack's managed tensors, or calls its `deleter`, in any thread.
SIMPLICIAL_API SimplicialStatus
simplicialTensorCreate(DLDataType type, int rank, const int64_t *shape,
                       DLDevice device, DLManagedTensor **tensor);

/// An MLIR strided memref descriptor of any rank r <= SIMPLICIAL_MAX_RANK: what
/// the `_mlir_ciface_` functions that Simplicial compiles take pointers to.
typedef struct SimplicialMemref {
  void *allocated;
  void *aligned;
  int64_t offset;
  int64_t dims[2 * SIMPLICIAL_MAX_RANK]; ///< r sizes, then r strides.
} SimplicialMemref;

typedef struct SimplicialUnrankedMemref {
  int64_t rank;
  void *descriptor; ///< a SimplicialMemref of that rank
} SimplicialUnrankedMemref;

/// Copies element by element between memrefs of equal sizes that do not
/// overlap; `elementSize` in bytes. Compiled functions call this, by the name
/// that MLIR gives it, to copy what is strided.
SIMPLICIAL_API void memrefCopy(int64_t elementSize,
                               SimplicialUnrankedMemref *from,
                               SimplicialUnrankedMemref *to);

/// Rounds to bf16. Compiled functions call this, by the name that LLVM gives
/// it, on processors without an instruction for it, also to move a bf16 that
/// LLVM keeps in an f32; libgcc has it since GCC 13 only. A bf16 is returned as
/// the low half of a float.
SIMPLICIAL_API float __truncsfbf2(float x);

/// Describes the tensor's memory; copies nothing. Strides that may be any
/// number become those of row-major order.
SIMPLICIAL_API void simplicialMemrefFromTensor(const DLTensor *tensor,
                                               SimplicialMemref *memref);

//===----------------------------------------------------------------------===//
// Floating-point conversions
//===----------------------------------------------------------------------===//
//
// To the nearest value, ties to even; too large becomes infinity, subnormal
// values and the sign of zero are kept, NaN stays NaN (and becomes quiet).

SIMPLICIAL_API float simplicialF16ToF32(uint16_t bits);
SIMPLICIAL_API float simplicialBf16ToF32(uint16_t bits);
SIMPLICIAL_API uint16_t simplicialF32ToF16(float value);
SIMPLICIAL_API uint16_t simplicialF32ToBf16(float value);

/// Converts `count` elements between any two of f16, bf16, f32 and f64, each
/// with a single rounding; an i32 to nothing but itself. The arrays must not
/// overlap.
SIMPLICIAL_API SimplicialStatus simplicialConvert(void *to, DLDataType toType,
                                                  const void *from,
                                                  DLDataType fromType,
                                                  int64_t count);

//===----------------------------------------------------------------------===//
// Measurements
//===----------------------------------------------------------------------===//

/// Measures, in about 0.1 s, the f32 multiply-add rate of
/// simplicialThreadCount() threads together, in GFLOP/s (a multiply-add counts
/// as 2), with the widest vectors of this CPU and all operands in registers.
SIMPLICIAL_API double simplicialMeasureFmaPeak(void);

/// The most memory this process has held at once, in bytes, since its start or
/// the last reset; -1 where the system does not say.
SIMPLICIAL_API int64_t simplicialPeakMemory(void);

/// Makes the memory held now the new peak.
SIMPLICIAL_API SimplicialStatus simplicialResetPeakMemory(void);

#ifdef __cplusplus
}
#endif

#endif // SIMPLICIAL_RUNTIME_H
