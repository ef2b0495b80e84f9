// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions that were compiled ahead of time, as TVM FFI's. A library that
// simplicial-compile --emit=tvm-ffi makes has `__tvm_ffi_NAME`, of TVM FFI's C
// ABI, for each public function NAME, which does nothing but call
// simplicialTvmFfiCall.

#ifndef SIMPLICIAL_TVM_FFI_H
#define SIMPLICIAL_TVM_FFI_H

#include "simplicial/object.h"

#ifdef __cplusplus
extern "C" {
#endif

/// What TVM FFI has for functions: TVMFFIErrorSetRaisedFromCStr and
/// TVMFFIEnvGetStream. The library that calls is linked to it, the runtime is
/// not.
typedef void (*SimplicialTvmFfiRaise)(const char *kind, const char *message);
typedef void *(*SimplicialTvmFfiGetStream)(int32_t device_type,
                                           int32_t device_id);

/// Calls with the tensors among `arguments` (`count` TVMFFIAny), the inputs and
/// then the outputs, on a GPU on the stream that TVM FFI has for their device.
/// `*result` (a TVMFFIAny) becomes None. Whatever is wrong is raised, as a
/// TypeError, ValueError, MemoryError or RuntimeError with the message of the
/// status. Returns 0, or -1 after an error.
SIMPLICIAL_API int
simplicialTvmFfiCall(const SimplicialObjectFunction *function,
                     const void *arguments, int32_t count, void *result,
                     SimplicialTvmFfiRaise raise,
                     SimplicialTvmFfiGetStream get_stream);

#ifdef __cplusplus
}
#endif

#endif // SIMPLICIAL_TVM_FFI_H
