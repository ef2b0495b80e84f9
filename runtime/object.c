// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checks the arguments of a call, binds the function's symbols to their sizes,
// and calls.

#include "simplicial/object.h"

#include "simplicial/cuda.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_gpu(const SimplicialObjectFunction *f) {
  return f->device == kDLCUDA;
}

static SimplicialStatus no_memory(void) {
  return simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
}

__attribute__((format(printf, 3, 4))) static SimplicialStatus
argument_error(const SimplicialObjectFunction *f, int index, const char *format,
               ...) {
  char text[160];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  bool input = index < f->input_count;
  return simplicialError(SIMPLICIAL_INVALID_ARGUMENT, "%s: %s %d: %s", f->name,
                         input ? "input" : "output",
                         input ? index : index - f->input_count, text);
}

static bool can_reach(bool gpu, DLDeviceType memory) {
  switch (memory) {
  case kDLCUDAHost:
  case kDLCUDAManaged:
    return true;
  case kDLCPU:
    return !gpu;
  case kDLCUDA:
    return gpu;
  default:
    return false;
  }
}

/// What is wrong with where the elements lie, or NULL.
static const char *layout_problem(const SimplicialObjectFunction *f,
                                  const DLTensor *tensor, bool input) {
  if (!can_reach(is_gpu(f), tensor->device.device_type))
    return is_gpu(f) ? "is not in memory that the GPU can reach"
                     : "is not in memory that the CPU can reach";
  if (simplicialTensorIsContiguous(tensor)) // as an empty one is
    return NULL;
  int last = tensor->ndim - 1;
  if (tensor->shape[last] > 1 && tensor->strides[last] != 1)
    return "has an innermost stride other than 1";
  for (int d = 0; d < last && !input; ++d)
    if (tensor->shape[d] > 1 && tensor->strides[d] == 0)
      return "has several elements in one place";
  return NULL;
}

static SimplicialStatus check_tensor(const SimplicialObjectFunction *f,
                                     int index, const DLTensor *tensor) {
  const SimplicialObjectArgument *argument = &f->arguments[index];
  SimplicialStatus status = simplicialTensorCheck(tensor);
  if (status.code) {
    SimplicialStatus error =
        argument_error(f, index, "%s", simplicialStatusMessage(status));
    simplicialStatusFree(status);
    return error;
  }
  if (memcmp(&tensor->dtype, &argument->dtype, sizeof tensor->dtype))
    return argument_error(f, index, "has element type %s instead of %s",
                          simplicialTypeName(tensor->dtype),
                          simplicialTypeName(argument->dtype));
  if (tensor->ndim != argument->rank)
    return argument_error(f, index, "has rank %d instead of %d", tensor->ndim,
                          argument->rank);
  const char *problem = layout_problem(f, tensor, index < f->input_count);
  return problem ? argument_error(f, index, "%s", problem) : simplicialOk();
}

static SimplicialStatus bind(const SimplicialObjectFunction *f, int index,
                             const DLTensor *tensor, int64_t *sizes) {
  for (int d = 0; d < tensor->ndim; ++d) {
    int symbol = f->arguments[index].symbols[d];
    int64_t *size = &sizes[symbol];
    if (*size == SIMPLICIAL_DYNAMIC)
      *size = tensor->shape[d];
    if (*size != tensor->shape[d])
      return argument_error(f, index, "dimension %d is %lld instead of %lld%s",
                            d, (long long)tensor->shape[d], (long long)*size,
                            f->sizes[symbol] == SIMPLICIAL_DYNAMIC
                                ? ", the size that another argument gives it"
                                : "");
  }
  return simplicialOk();
}

/// Checks the first `count` arguments.
static SimplicialStatus bind_all(const SimplicialObjectFunction *f,
                                 DLTensor *const *arguments, int count,
                                 int expected, int64_t *sizes) {
  memcpy(sizes, f->sizes, (size_t)f->symbol_count * sizeof *sizes);
  if (count != expected)
    return simplicialError(
        SIMPLICIAL_INVALID_ARGUMENT, "%s: %d %s are needed, not %d", f->name,
        expected, expected == f->input_count ? "inputs" : "arguments", count);
  SimplicialStatus status = simplicialOk();
  for (int i = 0; i < count && !status.code; ++i) {
    status = check_tensor(f, i, arguments[i]);
    if (!status.code)
      status = bind(f, i, arguments[i], sizes);
  }
  return status;
}

SimplicialStatus simplicialObjectBind(const SimplicialObjectFunction *f,
                                      DLTensor *const *inputs, int count,
                                      int64_t *sizes) {
  return bind_all(f, inputs, count, f->input_count, sizes);
}

/// Device memory must be that of the device whose context is current. Other
/// memory that a GPU can reach, all of them can.
static SimplicialStatus check_devices(const SimplicialObjectFunction *f,
                                      DLTensor *const *arguments, int count) {
  int current = -1;
  for (int i = 0; i < count; ++i) {
    DLDevice device = arguments[i]->device;
    if (device.device_type != kDLCUDA)
      continue;
    SimplicialStatus status =
        current < 0 ? simplicialCudaGetDeviceId(&current) : simplicialOk();
    if (status.code)
      return status;
    if (device.device_id != current)
      return argument_error(f, i,
                            "is on CUDA device %d, but the current CUDA "
                            "context is of device %d",
                            device.device_id, current);
  }
  return simplicialOk();
}

// Compiled code writes contiguous results. One that its caller wants strided is
// written elsewhere, and copied.

static bool is_strided_result(const SimplicialObjectFunction *f,
                              DLTensor *const *arguments, int index) {
  return index >= f->input_count &&
         !simplicialTensorIsContiguous(arguments[index]);
}

/// Describes the arguments of the entry. False if there is no memory, which
/// simplicialTakeLaunchStatus says.
static bool describe(const SimplicialObjectFunction *f,
                     DLTensor *const *arguments, int count,
                     SimplicialMemref *memrefs) {
  for (int i = 0; i < count; ++i) {
    DLTensor tensor = *arguments[i];
    if (is_strided_result(f, arguments, i)) {
      tensor.data = simplicialAllocate(simplicialTensorByteSize(&tensor),
                                       is_gpu(f) ? kDLCUDA : kDLCPU);
      tensor.byte_offset = 0;
      tensor.strides = NULL;
      if (!tensor.data)
        return false;
    }
    simplicialMemrefFromTensor(&tensor, &memrefs[i]);
  }
  return true;
}

/// Copies a result from where it was written.
static void copy_result(const SimplicialObjectFunction *f,
                        SimplicialMemref *written, const DLTensor *result) {
  int rank = result->ndim;
  int64_t bytes = result->dtype.bits / 8;
  SimplicialMemref to;
  simplicialMemrefFromTensor(result, &to);
  if (!is_gpu(f)) {
    memrefCopy(bytes, &(SimplicialUnrankedMemref){rank, written},
               &(SimplicialUnrankedMemref){rank, &to});
    return;
  }
  SimplicialCudaCopy copy = {.from = written->aligned,
                             .to = to.aligned,
                             .element_bytes = bytes,
                             .rank = rank};
  memcpy(copy.sizes, to.dims, (size_t)rank * sizeof *copy.sizes);
  memcpy(copy.from_strides, written->dims + rank,
         (size_t)rank * sizeof *copy.sizes);
  memcpy(copy.to_strides, to.dims + rank, (size_t)rank * sizeof *copy.sizes);
  simplicialCudaCopyStrided(&copy);
}

static SimplicialStatus run(const SimplicialObjectFunction *f,
                            DLTensor *const *arguments, int count,
                            SimplicialMemref *memrefs, void **descriptors) {
  for (int i = 0; i < count; ++i)
    descriptors[i] = &memrefs[i];
  // What an earlier caller left is none of this one's.
  simplicialStatusFree(simplicialTakeLaunchStatus());
  if (describe(f, arguments, count, memrefs))
    f->entry(descriptors);
  SimplicialStatus status = simplicialTakeLaunchStatus();
  for (int i = 0; i < count && !status.code; ++i)
    if (is_strided_result(f, arguments, i)) {
      copy_result(f, &memrefs[i], arguments[i]);
      simplicialFree(memrefs[i].aligned);
    }
  if (status.code) {
    simplicialAbandon();
    return status;
  }
  return simplicialTakeLaunchStatus();
}

SimplicialStatus simplicialObjectCall(const SimplicialObjectFunction *f,
                                      DLTensor *const *arguments, int count) {
  int total = f->input_count + f->output_count;
  int64_t *sizes = malloc((size_t)f->symbol_count * sizeof *sizes + 1);
  if (!sizes)
    return no_memory();
  SimplicialStatus status = bind_all(f, arguments, count, total, sizes);
  free(sizes);
  if (!status.code && is_gpu(f))
    status = check_devices(f, arguments, count);
  if (status.code)
    return status;
  SimplicialMemref *memrefs = malloc(((size_t)count + 1) * sizeof *memrefs);
  void **descriptors = malloc(((size_t)count + 1) * sizeof *descriptors);
  status = memrefs && descriptors
               ? run(f, arguments, count, memrefs, descriptors)
               : no_memory();
  free(descriptors);
  free(memrefs);
  return status;
}

/// The device that the tensors are on; -1: none.
static int device_of(DLTensor *const *arguments, int count) {
  for (int i = 0; i < count; ++i)
    if (arguments[i] && arguments[i]->device.device_type == kDLCUDA)
      return arguments[i]->device.device_id;
  return -1;
}

SimplicialStatus simplicialObjectCallOn(const SimplicialObjectFunction *f,
                                        DLTensor *const *arguments, int count,
                                        void *stream) {
  if (!is_gpu(f))
    return simplicialObjectCall(f, arguments, count);
  SimplicialCudaScope scope;
  SimplicialStatus status =
      simplicialCudaEnter(stream, device_of(arguments, count), &scope);
  if (status.code)
    return status;
  status = simplicialObjectCall(f, arguments, count);
  simplicialCudaLeave(&scope);
  return status;
}
