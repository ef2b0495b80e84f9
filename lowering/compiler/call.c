// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checks the arguments of a call, binds the function's symbols to their sizes,
// and calls.

#include "function.h"

#include "simplicial/emulator.h"

#include "simplicial/cuda.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// The symbols' sizes in one call.
typedef struct Binding {
  const SimplicialFunction *function;
  int64_t *sizes;
} Binding;

__attribute__((format(printf, 3, 4))) static SimplicialStatus
argument_error(const SimplicialFunction *f, int index, const char *format,
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
static const char *layout_problem(const SimplicialFunction *f,
                                  const DLTensor *tensor, bool input) {
  if (!can_reach(f->gpu, tensor->device.device_type))
    return f->gpu ? "is not in memory that the GPU can reach"
                  : "is not in memory that the CPU can reach";
  int last = tensor->ndim - 1;
  if (!input && !simplicialTensorIsContiguous(tensor))
    return "is not contiguous";
  if (last >= 0 && tensor->strides && tensor->shape[last] > 1 &&
      tensor->strides[last] != 1)
    return "has an innermost stride other than 1";
  return NULL;
}

static SimplicialStatus check_tensor(const SimplicialFunction *f, int index,
                                     const DLTensor *tensor) {
  const Argument *argument = &f->arguments[index];
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

static SimplicialStatus bind(Binding *self, int index, const DLTensor *tensor) {
  const SimplicialFunction *f = self->function;
  for (int d = 0; d < tensor->ndim; ++d) {
    int symbol = f->arguments[index].symbols[d];
    int64_t *size = &self->sizes[symbol];
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

/// Checks the first `count` arguments. Whatever the status, `self` must be
/// freed.
static SimplicialStatus bind_all(Binding *self, const SimplicialFunction *f,
                                 DLTensor *const *arguments, int count,
                                 int expected) {
  *self = (Binding){.function = f};
  if (count != expected)
    return simplicialError(
        SIMPLICIAL_INVALID_ARGUMENT, "%s: %d %s are needed, not %d", f->name,
        expected, expected == f->input_count ? "inputs" : "arguments", count);
  size_t bytes = (size_t)f->symbol_count * sizeof *self->sizes;
  self->sizes = malloc(bytes + 1);
  if (!self->sizes)
    return simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
  memcpy(self->sizes, f->sizes, bytes);
  SimplicialStatus status = simplicialOk();
  for (int i = 0; i < count && !status.code; ++i) {
    status = check_tensor(f, i, arguments[i]);
    if (!status.code)
      status = bind(self, i, arguments[i]);
  }
  return status;
}

SimplicialStatus simplicialFunctionCall(const SimplicialFunction *f,
                                        DLTensor *const *arguments, int count) {
  Binding binding;
  SimplicialStatus status =
      bind_all(&binding, f, arguments, count, f->input_count + f->output_count);
  free(binding.sizes);
  if (status.code)
    return status;
  SimplicialMemref *memrefs = malloc(((size_t)count + 1) * sizeof *memrefs);
  void **descriptors = malloc(((size_t)count + 1) * sizeof *descriptors);
  if (memrefs && descriptors) {
    for (int i = 0; i < count; ++i) {
      simplicialMemrefFromTensor(arguments[i], &memrefs[i]);
      descriptors[i] = &memrefs[i];
    }
    if (f->gpu) // whatever an earlier caller left
      simplicialStatusFree(simplicialTakeLaunchStatus());
    f->entry(descriptors);
    if (f->gpu)
      status = simplicialTakeLaunchStatus();
    if (f->emulated)
      status = simplicialEmulatorTakeStatus();
  } else {
    status = simplicialError(SIMPLICIAL_OUT_OF_MEMORY, "out of memory");
  }
  free(descriptors);
  free(memrefs);
  return status;
}

SimplicialStatus simplicialFunctionOutputShape(const SimplicialFunction *f,
                                               DLTensor *const *inputs,
                                               int count, int index,
                                               int64_t *shape) {
  if (index < 0 || index >= f->output_count)
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT, "%s: has no output %d",
                           f->name, index);
  Binding binding;
  SimplicialStatus status =
      bind_all(&binding, f, inputs, count, f->input_count);
  const Argument *output = &f->arguments[f->input_count + index];
  for (int d = 0; d < output->rank && !status.code; ++d)
    shape[d] = binding.sizes[output->symbols[d]];
  free(binding.sizes);
  return status;
}

static int64_t min(int64_t x, int64_t y) { return x < y ? x : y; }
static int64_t max(int64_t x, int64_t y) { return x > y ? x : y; }

/// How many of `n` keys a window of `w` (0: none) shows to position `p`.
static int64_t window_size(int64_t p, int64_t n, int64_t w, bool causal) {
  int64_t low = w && p >= w ? p - w + 1 : 0;
  int64_t high = causal ? min(p + 1, n) : w && w < n - p ? p + w : n;
  return max(high - low, 0);
}

static double attention_flops(const Attention *a, const int64_t *sizes) {
  int64_t nq = sizes[a->nq], n = sizes[a->n];
  SimplicialAttentionAttributes at = a->attributes;
  double pairs = 0;
  for (int64_t i = 0; i < nq; ++i) {
    int64_t p = i + n - nq;
    pairs += (double)window_size(p, n, at.w1, at.causal) *
             (double)window_size(p, n, at.w2, at.causal);
  }
  return 4 * pairs * (double)sizes[a->b] * (double)sizes[a->hq] *
         (double)sizes[a->d];
}

double function_flops(const SimplicialFunction *f, const int64_t *sizes) {
  double flops = 0;
  for (int i = 0; i < f->attention_count; ++i)
    flops += attention_flops(&f->attentions[i], sizes);
  return flops;
}

SimplicialStatus simplicialFunctionFlops(const SimplicialFunction *f,
                                         DLTensor *const *inputs, int count,
                                         double *flops) {
  Binding binding;
  SimplicialStatus status =
      bind_all(&binding, f, inputs, count, f->input_count);
  *flops = status.code ? 0 : function_flops(f, binding.sizes);
  free(binding.sizes);
  return status;
}
