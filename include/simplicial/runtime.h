// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The runtime: status values, the thread pool that compiled functions run on,
// tensors, floating-point conversions, and measurements of the machine.
//
// It needs no LLVM. A program that uses a function compiled ahead of time needs
// this library and no other. Every function may be called from any thread.

#ifndef SIMPLICIAL_RUNTIME_H
#define SIMPLICIAL_RUNTIME_H

#include <dlpack/dlpack.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

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

SimplicialStatus simplicialOk(void);

/// Makes an error; the message is formatted as by printf.
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
SimplicialStatus simplicialError(SimplicialCode code, const char *format, ...);

/// Frees the message, if any.
void simplicialStatusFree(SimplicialStatus status);

/// The message, or the code's name where there is none; never NULL. Valid until
/// the status is freed.
const char *simplicialStatusMessage(SimplicialStatus status);

/// "ok", "invalid argument" ...; a constant, never NULL.
const char *simplicialCodeName(SimplicialCode code);

//===----------------------------------------------------------------------===//
// Thread pool
//===----------------------------------------------------------------------===//

/// Runs `body(context, lo, hi)` over chunks that cover [0, count) once, on up
/// to simplicialThreadCount() threads, the calling one among them, and returns
/// when all are done. Compiled functions call this.
///
/// Concurrent calls are all correct: each caller works on its own job, and the
/// threads of the process-wide pool help wherever there is work. A call from
/// inside a body runs inline. The pool starts on first use; where the system
/// refuses threads, fewer do the work. A forked child starts a pool of its own,
/// but `body` itself must not fork and then return in the child.
void simplicialParallelFor(void (*body)(void *context, int64_t lo, int64_t hi),
                           void *context, int64_t count);

/// Sets the number of threads that later calls use, at most 1024. A count below
/// 1 restores the default: the environment variable SIMPLICIAL_NUM_THREADS if
/// it holds a positive integer, else the number of CPUs this process may use.
void simplicialSetThreadCount(int count);
int simplicialThreadCount(void);

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//
//
// A tensor is a DLPack DLTensor: strides count elements, and NULL strides mean
// row-major order without gaps. Its memory belongs to the caller.

#define SIMPLICIAL_MAX_RANK 8

/// The name MLIR gives an element type: "f16", "bf16", "f32" or "f64", and
/// "unsupported" for any other type.
const char *simplicialTypeName(DLDataType type);

bool simplicialTypeIsSupported(DLDataType type);

/// The element type of that name; false if there is none.
bool simplicialTypeFromName(const char *name, DLDataType *type);

/// Checks that a tensor is well formed: a supported element type, a rank of at
/// most SIMPLICIAL_MAX_RANK, no negative dimension, a byte size that fits in
/// int64_t, and, unless it is empty, data aligned to its element type. The
/// functions below expect a well-formed tensor.
SimplicialStatus simplicialTensorCheck(const DLTensor *tensor);

int64_t simplicialTensorElementCount(const DLTensor *tensor);

/// The bytes of all elements side by side.
int64_t simplicialTensorByteSize(const DLTensor *tensor);

/// The address of the first element.
void *simplicialTensorData(const DLTensor *tensor);

/// Whether the elements lie side by side in row-major order.
bool simplicialTensorIsContiguous(const DLTensor *tensor);

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
void memrefCopy(int64_t elementSize, SimplicialUnrankedMemref *from,
                SimplicialUnrankedMemref *to);

/// Describes the tensor's memory; copies nothing.
void simplicialMemrefFromTensor(const DLTensor *tensor,
                                SimplicialMemref *memref);

//===----------------------------------------------------------------------===//
// Floating-point conversions
//===----------------------------------------------------------------------===//
//
// To the nearest value, ties to even; too large becomes infinity, subnormal
// values and the sign of zero are kept, NaN stays NaN (and becomes quiet).

float simplicialF16ToF32(uint16_t bits);
float simplicialBf16ToF32(uint16_t bits);
uint16_t simplicialF32ToF16(float value);
uint16_t simplicialF32ToBf16(float value);

/// Converts `count` elements between any two of f16, bf16, f32 and f64, each
/// with a single rounding. The arrays must not overlap.
SimplicialStatus simplicialConvert(void *to, DLDataType toType,
                                   const void *from, DLDataType fromType,
                                   int64_t count);

//===----------------------------------------------------------------------===//
// Measurements
//===----------------------------------------------------------------------===//

/// Measures, in about 0.1 s, the f32 multiply-add rate of
/// simplicialThreadCount() threads together, in GFLOP/s (a multiply-add counts
/// as 2), with the widest vectors of this CPU and all operands in registers.
double simplicialMeasureFmaPeak(void);

/// The most memory this process has held at once, in bytes, since its start or
/// the last reset; -1 where the system does not say.
int64_t simplicialPeakMemory(void);

/// Makes the memory held now the new peak.
SimplicialStatus simplicialResetPeakMemory(void);

#ifdef __cplusplus
}
#endif

#endif // SIMPLICIAL_RUNTIME_H
