// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Handlers of XLA's custom calls: the call's buffers and attributes -> the
// description of an attention and DLTensors -> a call of its function.

#include "xla_ffi.h"

#include "dialect/forms.h"

#include "simplicial/attention.h"
#include "simplicial/cuda.h"
#include "simplicial/xla.h"

#include <string.h>

enum {
  INPUTS = SIMPLICIAL_V2 + 1,
  GRADIENT_INPUTS = SIMPLICIAL_D_OUT + 1,
  GRADIENTS = SIMPLICIAL_V2 + 1,
  MAX_TENSORS = GRADIENT_INPUTS + 1 + GRADIENTS,
  RANK = 4, // of all others
  LSE_RANK = 3,
};

/// Which handler it is.
typedef struct Handler {
  bool gradient, gpu;
} Handler;

/// A call, as the compiler's functions take it.
typedef struct Call {
  SimplicialAttentionSpec spec;
  int count;
  DLTensor tensors[MAX_TENSORS], *arguments[MAX_TENSORS];
  int64_t shapes[MAX_TENSORS][RANK]; // of those with more dimensions
} Call;

/// The rank of what bounds attention; if there is nothing, it is not read.
static int bound_rank(SimplicialBound bound) {
  return bound == SIMPLICIAL_LENGTHS ? 1 : 2;
}

// Attributes ------------------------------------------------------------------

static bool is_text(const XLA_FFI_ByteSpan *span, const char *text) {
  return span->len == strlen(text) && !memcmp(span->ptr, text, span->len);
}

static SimplicialStatus attribute_error(const XLA_FFI_ByteSpan *name,
                                        const char *problem) {
  int length = name->len < 64 ? (int)name->len : 64;
  return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                         "attention: the attribute '%.*s' %s", length,
                         name->ptr, problem);
}

static SimplicialStatus read_form(const XLA_FFI_ByteSpan *name,
                                  XLA_FFI_AttrType type, const void *value,
                                  SimplicialForm *form) {
  const XLA_FFI_ByteSpan *text = value;
  if (type == XLA_FFI_AttrType_STRING &&
      form_of_name(text->ptr, text->len, form))
    return simplicialOk();
  return attribute_error(name, "must be " FORM_NAMES);
}

static SimplicialStatus read_bound(const XLA_FFI_ByteSpan *name,
                                   XLA_FFI_AttrType type, const void *value,
                                   SimplicialBound *bound) {
  if (type == XLA_FFI_AttrType_STRING) {
    *bound = is_text(value, "lengths") ? SIMPLICIAL_LENGTHS : SIMPLICIAL_START;
    if (*bound == SIMPLICIAL_LENGTHS || is_text(value, "start"))
      return simplicialOk();
  }
  return attribute_error(name, "must be \"start\" or \"lengths\"");
}

static SimplicialStatus read_attribute(const XLA_FFI_Attrs *attributes,
                                       int64_t index,
                                       SimplicialAttentionSpec *spec,
                                       int64_t *gradients) {
  SimplicialAttentionAttributes *at = &spec->attributes;
  const struct {
    const char *name, *problem;
    XLA_FFI_DataType type;
    void *to;
    size_t size;
  } scalars[] = {
      {"w1", "must be an i64", XLA_FFI_DataType_S64, &at->w1, 8},
      {"w2", "must be an i64", XLA_FFI_DataType_S64, &at->w2, 8},
      {"gradients", "must be an i64", XLA_FFI_DataType_S64, gradients, 8},
      {"causal", "must be an i1", XLA_FFI_DataType_PRED, &at->causal, 1},
      {"two_lengths", "must be an i1", XLA_FFI_DataType_PRED, &at->two_lengths,
       1},
      {"scale", "must be an f32", XLA_FFI_DataType_F32, &at->scale, 4},
      {"k2_bias", "must be an f32", XLA_FFI_DataType_F32, &at->k2_bias, 4},
      {"v2_bias", "must be an f32", XLA_FFI_DataType_F32, &at->v2_bias, 4},
  };
  const XLA_FFI_ByteSpan *name = attributes->names[index];
  XLA_FFI_AttrType type = attributes->types[index];
  if (is_text(name, "form"))
    return read_form(name, type, attributes->attrs[index], &at->form);
  if (is_text(name, "bound"))
    return read_bound(name, type, attributes->attrs[index], &spec->bound);
  for (size_t i = 0; i < sizeof scalars / sizeof *scalars; ++i) {
    if (!is_text(name, scalars[i].name))
      continue;
    const XLA_FFI_Scalar *scalar = attributes->attrs[index];
    if (type != XLA_FFI_AttrType_SCALAR || scalar->dtype != scalars[i].type)
      return attribute_error(name, scalars[i].problem);
    memcpy(scalars[i].to, scalar->value, scalars[i].size);
    return simplicialOk();
  }
  return attribute_error(name, "is unknown");
}

static SimplicialStatus read_attributes(const XLA_FFI_Attrs *attributes,
                                        bool gradient,
                                        SimplicialAttentionSpec *spec) {
  int64_t gradients = 0;
  SimplicialStatus status = simplicialOk();
  for (int64_t i = 0; i < attributes->size && !status.code; ++i)
    status = read_attribute(attributes, i, spec, &gradients);
  if (status.code)
    return status;
  if (gradient ? gradients < 1 || gradients >> GRADIENTS : gradients != 0)
    return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                           "attention%s: the attribute 'gradients' is %lld",
                           gradient ? "_grad" : "", (long long)gradients);
  spec->gradients = (unsigned)gradients;
  return simplicialOk();
}

// Buffers ---------------------------------------------------------------------

/// What is no element type of tensors becomes one that is refused.
static DLDataType type_of(XLA_FFI_DataType type) {
  switch (type) {
  case XLA_FFI_DataType_F32:
    return (DLDataType){kDLFloat, 32, 1};
  case XLA_FFI_DataType_F16:
    return (DLDataType){kDLFloat, 16, 1};
  case XLA_FFI_DataType_BF16:
    return (DLDataType){kDLBfloat, 16, 1};
  case XLA_FFI_DataType_F64:
    return (DLDataType){kDLFloat, 64, 1};
  case XLA_FFI_DataType_S32:
    return (DLDataType){kDLInt, 32, 1};
  default:
    return (DLDataType){kDLOpaqueHandle, 8, 1};
  }
}

/// Adds a tensor of these elements, and of `rank` dimensions. Its first ones
/// are made one, as far as there are too many.
static void add_tensor(Call *self, const XLA_FFI_Buffer *buffer, int rank,
                       DLDevice device) {
  int index = self->count++;
  DLTensor *tensor = &self->tensors[index];
  self->arguments[index] = tensor;
  *tensor = (DLTensor){.data = buffer->data,
                       .device = device,
                       .ndim = (int32_t)buffer->rank,
                       .dtype = type_of(buffer->dtype),
                       .shape = buffer->dims};
  int64_t extra = buffer->rank - rank;
  if (extra <= 0)
    return;
  uint64_t batch = 1;
  for (int64_t i = 0; i <= extra; ++i)
    batch *= (uint64_t)buffer->dims[i];
  self->shapes[index][0] = (int64_t)batch;
  memcpy(self->shapes[index] + 1, buffer->dims + extra + 1,
         (size_t)(rank - 1) * sizeof *buffer->dims);
  tensor->ndim = rank;
  tensor->shape = self->shapes[index];
}

/// Inputs without a bound.
static int inputs_of(bool gradient) {
  return gradient ? GRADIENT_INPUTS : INPUTS;
}

static SimplicialStatus check_counts(const XLA_FFI_CallFrame *frame,
                                     bool gradient, SimplicialBound bound) {
  int inputs = inputs_of(gradient) + (bound != SIMPLICIAL_NO_BOUND);
  int most = gradient ? GRADIENTS : 2;
  if (frame->args.size == inputs && frame->rets.size >= 1 &&
      frame->rets.size <= most)
    return simplicialOk();
  return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                         "attention%s: there are %lld inputs and %lld results, "
                         "instead of %d and 1 to %d",
                         gradient ? "_grad" : "", (long long)frame->args.size,
                         (long long)frame->rets.size, inputs, most);
}

static SimplicialStatus read_buffers(Call *self, const XLA_FFI_CallFrame *frame,
                                     bool gradient, DLDevice device) {
  SimplicialStatus status = check_counts(frame, gradient, self->spec.bound);
  if (status.code)
    return status;
  int inputs = inputs_of(gradient);
  for (int i = 0; i < (int)frame->args.size; ++i)
    add_tensor(self, frame->args.buffers[i],
               i == inputs           ? bound_rank(self->spec.bound)
               : i == SIMPLICIAL_LSE ? LSE_RANK
                                     : RANK,
               device);
  for (int i = 0; i < (int)frame->rets.size; ++i)
    add_tensor(self, frame->rets.buffers[i], !gradient && i ? LSE_RANK : RANK,
               device);
  const DLTensor *q = &self->tensors[SIMPLICIAL_Q];
  const DLTensor *k1 = &self->tensors[SIMPLICIAL_K1];
  const DLTensor *k2 = &self->tensors[SIMPLICIAL_K2];
  static const char *const names[] = {"q", "k1", "k2"};
  for (int i = SIMPLICIAL_Q; i <= SIMPLICIAL_K2; ++i)
    if (self->tensors[i].ndim != RANK)
      return simplicialError(SIMPLICIAL_INVALID_ARGUMENT,
                             "attention: %s has rank %d instead of %d",
                             names[i], self->tensors[i].ndim, RANK);
  self->spec.dtype = q->dtype;
  self->spec.b = self->spec.nq = SIMPLICIAL_DYNAMIC;
  self->spec.n = self->spec.n2 = SIMPLICIAL_DYNAMIC;
  if (!gradient)
    self->spec.nq = simplicialFewQueries(
        q->shape[1], k1->shape[1] > k2->shape[1] ? k1->shape[1] : k2->shape[1]);
  self->spec.hq = q->shape[2];
  self->spec.hk = k1->shape[2];
  self->spec.d = q->shape[3];
  self->spec.lse = !gradient && frame->rets.size == 2;
  return simplicialOk();
}

// Calls -----------------------------------------------------------------------

/// Does what XLA is at. `device` is where the tensors are.
static SimplicialStatus run(const XLA_FFI_CallFrame *frame, bool gradient,
                            DLDevice device) {
  Call call = {0};
  const SimplicialFunction *function;
  SimplicialStatus status =
      read_attributes(&frame->attrs, gradient, &call.spec);
  if (!status.code)
    status = read_buffers(&call, frame, gradient, device);
  if (!status.code)
    status = simplicialAttentionFunction(
        &call.spec, device.device_type == kDLCUDA ? "cuda" : "cpu", &function);
  if (status.code)
    return status;
  return frame->stage == XLA_FFI_ExecutionStage_INITIALIZE
             ? simplicialFunctionPrepare(function, simplicialStream(),
                                         device.device_id)
             : simplicialFunctionCall(function, call.arguments, call.count);
}

/// The same in a stream's context.
static SimplicialStatus run_on(const XLA_FFI_CallFrame *frame, bool gradient,
                               void *stream) {
  SimplicialCudaScope scope;
  SimplicialStatus status = simplicialCudaEnter(stream, -1, &scope);
  if (status.code)
    return status;
  DLDevice device = {.device_type = kDLCUDA};
  status = simplicialCudaGetDeviceId(&device.device_id);
  if (!status.code)
    status = run(frame, gradient, device);
  simplicialCudaLeave(&scope);
  return status;
}

static XLA_FFI_Error_Code code_of(SimplicialCode code) {
  switch (code) {
  case SIMPLICIAL_INVALID_ARGUMENT:
  case SIMPLICIAL_COMPILE_ERROR:
    return XLA_FFI_Error_Code_INVALID_ARGUMENT;
  case SIMPLICIAL_NOT_FOUND:
    return XLA_FFI_Error_Code_NOT_FOUND;
  case SIMPLICIAL_OUT_OF_MEMORY:
    return XLA_FFI_Error_Code_RESOURCE_EXHAUSTED;
  case SIMPLICIAL_UNAVAILABLE:
    return XLA_FFI_Error_Code_UNAVAILABLE;
  default:
    return XLA_FFI_Error_Code_INTERNAL;
  }
}

static XLA_FFI_Error *error_of(const XLA_FFI_Api *api,
                               SimplicialStatus status) {
  if (!status.code)
    return NULL;
  XLA_FFI_Error *error = api->XLA_FFI_Error_Create(&(XLA_FFI_Error_Create_Args){
      .struct_size = sizeof(XLA_FFI_Error_Create_Args),
      .message = simplicialStatusMessage(status),
      .errc = code_of(status.code)});
  simplicialStatusFree(status);
  return error;
}

/// The newest version that XLA and this file know. An XLA that does not tell
/// its own has 0.1. What is used here is the same in all.
static int minor_version(const XLA_FFI_Api *api) {
  int theirs = api ? api->api_version.minor_version : 1;
  return theirs < XLA_FFI_API_MINOR ? theirs : XLA_FFI_API_MINOR;
}

/// Answers XLA's question for a handler's version and traits. False if it does
/// not ask.
static bool describe(const XLA_FFI_CallFrame *frame, Handler handler) {
  const XLA_FFI_Extension_Base *extension = frame->extension_start;
  if (!extension || extension->type != XLA_FFI_Extension_Metadata)
    return false;
  XLA_FFI_Metadata *metadata =
      ((const XLA_FFI_Metadata_Extension *)extension)->metadata;
  metadata->api_version.major_version = XLA_FFI_API_MAJOR;
  metadata->api_version.minor_version = minor_version(frame->api);
  metadata->traits = handler.gpu && !handler.gradient
                         ? XLA_FFI_HANDLER_TRAITS_COMMAND_BUFFER_COMPATIBLE
                         : 0;
  return true;
}

static XLA_FFI_Error *handle(const XLA_FFI_CallFrame *frame, Handler handler) {
  if (describe(frame, handler))
    return NULL;
  if (!handler.gpu)
    return error_of(frame->api,
                    run(frame, handler.gradient, (DLDevice){kDLCPU, 0}));
  XLA_FFI_Stream_Get_Args get = {.struct_size = sizeof get, .ctx = frame->ctx};
  XLA_FFI_Error *error = frame->api->XLA_FFI_Stream_Get(&get);
  if (error)
    return error;
  return error_of(frame->api, run_on(frame, handler.gradient, get.stream));
}

XLA_FFI_Error *simplicialXlaAttention(XLA_FFI_CallFrame *frame) {
  return handle(frame, (Handler){.gradient = false, .gpu = false});
}

XLA_FFI_Error *simplicialXlaAttentionCuda(XLA_FFI_CallFrame *frame) {
  return handle(frame, (Handler){.gradient = false, .gpu = true});
}

XLA_FFI_Error *simplicialXlaAttentionGrad(XLA_FFI_CallFrame *frame) {
  return handle(frame, (Handler){.gradient = true, .gpu = false});
}

XLA_FFI_Error *simplicialXlaAttentionGradCuda(XLA_FFI_CallFrame *frame) {
  return handle(frame, (Handler){.gradient = true, .gpu = true});
}
