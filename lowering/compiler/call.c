// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checks the arguments of a call, binds the function's symbols to their sizes,
// and calls.

#include "function.h"
#include "no_memory.h"

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
    return no_memory();
  memcpy(self->sizes, f->sizes, bytes);
  SimplicialStatus status = simplicialOk();
  for (int i = 0; i < count && !status.code; ++i) {
    status = check_tensor(f, i, arguments[i]);
    if (!status.code)
      status = bind(self, i, arguments[i]);
  }
  return status;
}

/// Device memory must be that of the device whose context is current. Other
/// memory that a GPU can reach, all of them can.
static SimplicialStatus check_devices(const SimplicialFunction *f,
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

static bool is_strided_result(const SimplicialFunction *f,
                              DLTensor *const *arguments, int index) {
  return index >= f->input_count &&
         !simplicialTensorIsContiguous(arguments[index]);
}

/// Describes the arguments of the entry. False if there is no memory, which
/// simplicialTakeLaunchStatus says.
static bool describe(const SimplicialFunction *f, DLTensor *const *arguments,
                     int count, SimplicialMemref *memrefs) {
  for (int i = 0; i < count; ++i) {
    DLTensor tensor = *arguments[i];
    if (is_strided_result(f, arguments, i)) {
      tensor.data = simplicialAllocate(simplicialTensorByteSize(&tensor),
                                       f->gpu ? kDLCUDA : kDLCPU);
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
static void copy_result(const SimplicialFunction *f, SimplicialMemref *written,
                        const DLTensor *result) {
  int rank = result->ndim;
  int64_t bytes = result->dtype.bits / 8;
  SimplicialMemref to;
  simplicialMemrefFromTensor(result, &to);
  if (!f->gpu) {
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

/// The first error of the code that was called.
static SimplicialStatus take_status(const SimplicialFunction *f) {
  SimplicialStatus status = simplicialTakeLaunchStatus();
  if (!f->emulated)
    return status;
  SimplicialStatus emulated = simplicialEmulatorTakeStatus();
  if (!status.code)
    return emulated;
  simplicialStatusFree(emulated);
  return status;
}

static SimplicialStatus run(const SimplicialFunction *f,
                            DLTensor *const *arguments, int count,
                            SimplicialMemref *memrefs, void **descriptors) {
  for (int i = 0; i < count; ++i)
    descriptors[i] = &memrefs[i];
  // What an earlier caller left is none of this one's.
  simplicialStatusFree(simplicialTakeLaunchStatus());
  if (describe(f, arguments, count, memrefs))
    f->entry(descriptors);
  SimplicialStatus status = take_status(f);
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

SimplicialStatus simplicialFunctionCall(const SimplicialFunction *f,
                                        DLTensor *const *arguments, int count) {
  Binding binding;
  SimplicialStatus status =
      bind_all(&binding, f, arguments, count, f->input_count + f->output_count);
  free(binding.sizes);
  if (!status.code && f->gpu)
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

SimplicialStatus simplicialFunctionCallOn(const SimplicialFunction *f,
                                          DLTensor *const *arguments, int count,
                                          void *stream) {
  if (!f->gpu)
    return simplicialFunctionCall(f, arguments, count);
  SimplicialCudaScope scope;
  SimplicialStatus status =
      simplicialCudaEnter(stream, device_of(arguments, count), &scope);
  if (status.code)
    return status;
  status = simplicialFunctionCall(f, arguments, count);
  simplicialCudaLeave(&scope);
  return status;
}

SimplicialStatus simplicialFunctionPrepare(const SimplicialFunction *f,
                                           void *stream, int device) {
  if (!f->load)
    return simplicialOk();
  SimplicialCudaScope scope;
  SimplicialStatus status = simplicialCudaEnter(stream, device, &scope);
  if (status.code)
    return status;
  simplicialStatusFree(simplicialTakeLaunchStatus());
  f->load();
  status = simplicialTakeLaunchStatus();
  simplicialCudaLeave(&scope);
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

/// The sizes of all dimensions of all arguments.
static void list_sizes(const SimplicialFunction *f, const int64_t *symbols,
                       int64_t *sizes) {
  for (int i = 0; i < f->input_count + f->output_count; ++i)
    for (int d = 0; d < f->arguments[i].rank; ++d)
      *sizes++ = symbols[f->arguments[i].symbols[d]];
}

SimplicialStatus simplicialFunctionWorkspace(const SimplicialFunction *f,
                                             DLTensor *const *inputs, int count,
                                             int64_t *bytes) {
  *bytes = 0;
  Binding binding;
  SimplicialStatus status =
      bind_all(&binding, f, inputs, count, f->input_count);
  if (!status.code && !f->workspace)
    status = simplicialError(SIMPLICIAL_UNAVAILABLE,
                             "%s: what it allocates does not follow from the "
                             "sizes of its inputs alone",
                             f->name);
  size_t arguments = (size_t)(f->input_count + f->output_count);
  int64_t *sizes =
      malloc((arguments * SIMPLICIAL_MAX_RANK + 1) * sizeof *sizes);
  if (!status.code && !sizes)
    status = no_memory();
  if (!status.code) {
    list_sizes(f, binding.sizes, sizes);
    int64_t total = f->workspace(sizes);
    if (total < 0)
      status = simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                               "%s: its tensors between operations are too "
                               "large",
                               f->name);
    else
      *bytes = total;
  }
  free(sizes);
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

/// The sum of (x + a t) (y + b t) over 0 <= t < n. No term is negative.
static double sum_of_products(double x, double a, double y, double b,
                              double n) {
  return n * x * y + (x * b + y * a) * (n * (n - 1) / 2) +
         a * b * ((n - 1) * n * (2 * n - 1) / 6);
}

/// The pairs of keys that the positions [first, end) see, where both windows'
/// sizes grow, or shrink, by the same with each.
static double pairs_between(SimplicialAttentionAttributes at, int64_t n,
                            int64_t first, int64_t end) {
  bool c = at.causal;
  double last1 = (double)window_size(end - 1, n, at.w1, c);
  double last2 = (double)window_size(end - 1, n, at.w2, c);
  if (end - first == 1)
    return last1 * last2;
  double x = (double)window_size(first, n, at.w1, c);
  double y = (double)window_size(first, n, at.w2, c);
  double a = (double)window_size(first + 1, n, at.w1, c) - x;
  double b = (double)window_size(first + 1, n, at.w2, c) - y;
  double count = (double)(end - first);
  return a < 0 || b < 0 ? sum_of_products(last1, -a, last2, -b, count)
                        : sum_of_products(x, a, y, b, count);
}

/// The pairs of keys that all queries see. Sizes of windows change their growth
/// where they begin to show keys, no longer begin with the first one, and end
/// with the last one.
static double count_pairs(SimplicialAttentionAttributes at, int64_t nq,
                          int64_t n) {
  const int64_t places[] = {-1,        0,         at.w1 - 1, at.w2 - 1,
                            n - at.w1, n - at.w2, -at.w1,    -at.w2};
  double pairs = 0;
  for (int64_t p = n - nq; p < n;) {
    int64_t end = n;
    for (size_t i = 0; i < sizeof places / sizeof *places; ++i)
      if (places[i] > p)
        end = min(end, places[i]);
    pairs += pairs_between(at, n, p, end);
    p = end;
  }
  return pairs;
}

static double attention_flops(const Attention *a, const int64_t *sizes) {
  return 4 * count_pairs(a->attributes, sizes[a->nq], sizes[a->n]) *
         (double)sizes[a->b] * (double)sizes[a->hq] * (double)sizes[a->d];
}

double function_flops(const SimplicialFunction *f, const int64_t *sizes) {
  double flops = 0;
  for (int i = 0; i < f->attention_count; ++i)
    if (!f->attentions[i].gradient)
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
