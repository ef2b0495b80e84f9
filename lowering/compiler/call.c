// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls of functions in memory, which the runtime checks, and what is known of
// one before it is made.

#include "function.h"
#include "no_memory.h"

#include "simplicial/cuda.h"
#include "simplicial/emulator.h"

#include <stdlib.h>
#include <string.h>

SimplicialObjectFunction function_description(const SimplicialFunction *f) {
  return (SimplicialObjectFunction){.name = f->name,
                                    .entry = f->entry,
                                    .arguments = f->arguments,
                                    .sizes = f->sizes,
                                    .input_count = f->input_count,
                                    .output_count = f->output_count,
                                    .symbol_count = f->symbol_count,
                                    .device = f->gpu ? kDLCUDA : kDLCPU};
}

/// The first error of a call: its own, or the emulator's.
static SimplicialStatus finish(const SimplicialFunction *f,
                               SimplicialStatus status) {
  if (!f->emulated)
    return status;
  SimplicialStatus emulated = simplicialEmulatorTakeStatus();
  if (!status.code)
    return emulated;
  simplicialStatusFree(emulated);
  return status;
}

SimplicialStatus simplicialFunctionCall(const SimplicialFunction *f,
                                        DLTensor *const *arguments, int count) {
  SimplicialObjectFunction object = function_description(f);
  return finish(f, simplicialObjectCall(&object, arguments, count));
}

SimplicialStatus simplicialFunctionCallOn(const SimplicialFunction *f,
                                          DLTensor *const *arguments, int count,
                                          void *stream) {
  SimplicialObjectFunction object = function_description(f);
  return finish(f, simplicialObjectCallOn(&object, arguments, count, stream));
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

/// Checks the inputs and binds the symbols. Whatever the status, `*sizes` must
/// be freed.
static SimplicialStatus bind(const SimplicialFunction *f,
                             DLTensor *const *inputs, int count,
                             int64_t **sizes) {
  SimplicialObjectFunction object = function_description(f);
  *sizes = malloc((size_t)f->symbol_count * sizeof **sizes + 1);
  return *sizes ? simplicialObjectBind(&object, inputs, count, *sizes)
                : no_memory();
}

SimplicialStatus simplicialFunctionOutputShape(const SimplicialFunction *f,
                                               DLTensor *const *inputs,
                                               int count, int index,
                                               int64_t *shape) {
  if (index < 0 || index >= f->output_count)
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT, "%s: has no output %d",
                           f->name, index);
  int64_t *symbols;
  SimplicialStatus status = bind(f, inputs, count, &symbols);
  const Argument *output = &f->arguments[f->input_count + index];
  for (int d = 0; d < output->rank && !status.code; ++d)
    shape[d] = symbols[output->symbols[d]];
  free(symbols);
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
  int64_t *symbols;
  SimplicialStatus status = bind(f, inputs, count, &symbols);
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
    list_sizes(f, symbols, sizes);
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
  free(symbols);
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
/// sizes grow, or shrink, by the same with each. Positions are those among the
/// n keys of k1; k2 has n2.
static double pairs_between(SimplicialAttentionAttributes at, int64_t n,
                            int64_t n2, int64_t first, int64_t end) {
  bool c = at.causal;
  int64_t ahead = n2 - n;
  double last1 = (double)window_size(end - 1, n, at.w1, c);
  double last2 = (double)window_size(end - 1 + ahead, n2, at.w2, c);
  if (end - first == 1)
    return last1 * last2;
  double x = (double)window_size(first, n, at.w1, c);
  double y = (double)window_size(first + ahead, n2, at.w2, c);
  double a = (double)window_size(first + 1, n, at.w1, c) - x;
  double b = (double)window_size(first + 1 + ahead, n2, at.w2, c) - y;
  double count = (double)(end - first);
  return a < 0 || b < 0 ? sum_of_products(last1, -a, last2, -b, count)
                        : sum_of_products(x, a, y, b, count);
}

/// The pairs of keys that all queries see. Sizes of windows change their growth
/// where they begin to show keys, no longer begin with the first one, and end
/// with the last one.
static double count_pairs(SimplicialAttentionAttributes at, int64_t nq,
                          int64_t n, int64_t n2) {
  const int64_t far = (int64_t)1 << 60; // no sequence is as long
  int64_t back = n - n2, w2 = min(at.w2, far);
  const int64_t places[] = {
      -1,       0,    at.w1 - 1, n - at.w1,     -at.w1,
      back - 1, back, n - w2,    back + w2 - 1, back - w2};
  double pairs = 0;
  for (int64_t p = n - nq; p < n;) {
    int64_t end = n;
    for (size_t i = 0; i < sizeof places / sizeof *places; ++i)
      if (places[i] > p)
        end = min(end, places[i]);
    pairs += pairs_between(at, n, n2, p, end);
    p = end;
  }
  return pairs;
}

static double attention_flops(const Attention *a, const int64_t *sizes) {
  return 4 *
         count_pairs(a->attributes, sizes[a->nq], sizes[a->n], sizes[a->n2]) *
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
  int64_t *symbols;
  SimplicialStatus status = bind(f, inputs, count, &symbols);
  *flops = status.code ? 0 : function_flops(f, symbols);
  free(symbols);
  return status;
}
