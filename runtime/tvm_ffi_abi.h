// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is needed of the C ABI of TVM FFI, version 0.1, as declared by
// tvm/ffi/c_api.h of Apache TVM FFI (https://github.com/apache/tvm-ffi, Apache
// License 2.0). Names are TVM FFI's.

#ifndef SIMPLICIAL_RUNTIME_TVM_FFI_ABI_H
#define SIMPLICIAL_RUNTIME_TVM_FFI_ABI_H

#include <stdint.h>

enum {
  kTVMFFINone = 0,
  kTVMFFIDLTensorPtr = 7, ///< v_ptr is a DLTensor
  kTVMFFITensor = 70,     ///< v_ptr is a TVMFFIObject, and a DLTensor behind it
};

typedef struct TVMFFIObject {
  uint64_t combined_ref_count;
  int32_t type_index;
  uint32_t padding;
  union {
    void (*deleter)(void *self, int flags);
    int64_t ensure_align;
  };
} TVMFFIObject;

/// A value of any type.
typedef struct TVMFFIAny {
  int32_t type_index;
  uint32_t zero_padding;
  union {
    int64_t v_int64;
    void *v_ptr;
  };
} TVMFFIAny;

#endif // SIMPLICIAL_RUNTIME_TVM_FFI_ABI_H
