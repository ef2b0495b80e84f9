// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls from TVM FFI: its values -> DLTensors -> a checked call -> its errors.

#include "simplicial/tvm_ffi.h"

#include "tvm_ffi_abi.h"

#include <stdlib.h>

/// The tensor, or NULL if it is another value.
static DLTensor *tensor_of(const TVMFFIAny *value) {
  switch (value->type_index) {
  case kTVMFFIDLTensorPtr:
    return value->v_ptr;
  case kTVMFFITensor:
    return (DLTensor *)((TVMFFIObject *)value->v_ptr + 1);
  default:
    return NULL;
  }
}

static void *stream_of(DLTensor *const *tensors, int count,
                       SimplicialTvmFfiGetStream get_stream) {
  for (int i = 0; i < count; ++i)
    if (tensors[i]->device.device_type == kDLCUDA)
      return get_stream(kDLCUDA, tensors[i]->device.device_id);
  return get_stream(kDLCUDA, 0);
}

static const char *kind_of(SimplicialCode code) {
  switch (code) {
  case SIMPLICIAL_INVALID_ARGUMENT:
    return "ValueError";
  case SIMPLICIAL_OUT_OF_MEMORY:
    return "MemoryError";
  default:
    return "RuntimeError";
  }
}

static int fail(const char *kind, SimplicialStatus status,
                SimplicialTvmFfiRaise raise) {
  raise(kind, simplicialStatusMessage(status));
  simplicialStatusFree(status);
  return -1;
}

int simplicialTvmFfiCall(const SimplicialObjectFunction *f,
                         const void *arguments, int32_t count, void *result,
                         SimplicialTvmFfiRaise raise,
                         SimplicialTvmFfiGetStream get_stream) {
  enum { MOST = 32 };
  DLTensor *tensors[MOST];
  const TVMFFIAny *values = arguments;
  int expected = f->input_count + f->output_count;
  if (count != expected)
    return fail("TypeError",
                simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                                "%s: %d arguments are needed, not %d", f->name,
                                expected, count),
                raise);
  DLTensor **all = count > MOST ? malloc((size_t)count * sizeof *all) : tensors;
  if (!all)
    return fail("MemoryError",
                (SimplicialStatus){SIMPLICIAL_OUT_OF_MEMORY, NULL}, raise);
  SimplicialStatus status = simplicialOk();
  const char *kind = "TypeError";
  for (int i = 0; i < count && !status.code; ++i)
    if (!(all[i] = tensor_of(&values[i])))
      status = simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                               "%s: argument %d is not a tensor", f->name, i);
  if (!status.code) {
    status = f->device == kDLCUDA
                 ? simplicialObjectCallOn(f, all, count,
                                          stream_of(all, count, get_stream))
                 : simplicialObjectCall(f, all, count);
    kind = kind_of(status.code);
  }
  if (all != tensors)
    free(all);
  if (status.code)
    return fail(kind, status, raise);
  *(TVMFFIAny *)result = (TVMFFIAny){.type_index = kTVMFFINone};
  return 0;
}
