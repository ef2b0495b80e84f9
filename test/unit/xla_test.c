// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Handlers of XLA's custom calls, called as XLA would: versions and traits,
// results beside those of the same function called directly, dimensions that
// are one with the batch, what is refused; and, on the CUDA driver of
// cuda_fake.h, streams and what is loaded before a call is recorded.
// SIMPLICIAL_FAKE_CUDA is where that was built.

#include "cuda_fake.h"
#include "lowering/compiler/xla_ffi.h"
#include "simplicial/attention.h"
#include "simplicial/xla.h"
#include "unit.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { V = 3, B = 2, NQ = 5, N = 7, HQ = 4, HK = 2, D = 16, W1 = 3, W2 = 4 };
enum { MOST = V * B * N * HQ * D, TENSORS = 13, ATTRIBUTES = 8 };

typedef XLA_FFI_Error *Handler(XLA_FFI_CallFrame *frame);

// XLA -------------------------------------------------------------------------

/// The last error that was made.
static struct XLA_FFI_Error {
  XLA_FFI_Error_Code code;
  char message[256];
} last;

static XLA_FFI_Error *create_error(XLA_FFI_Error_Create_Args *args) {
  last.code = args->errc;
  snprintf(last.message, sizeof last.message, "%s", args->message);
  return &last;
}

static void *stream;
static bool has_stream = true;

static XLA_FFI_Error *get_stream(XLA_FFI_Stream_Get_Args *args) {
  args->stream = stream;
  return has_stream ? NULL : &last;
}

static const XLA_FFI_Api api = {.api_version = {.minor_version = 2},
                                .XLA_FFI_Error_Create = create_error,
                                .XLA_FFI_Stream_Get = get_stream};

// Calls -----------------------------------------------------------------------

/// An attention, or its gradients, of 32-bit floats.
typedef struct Call {
  XLA_FFI_CallFrame frame;
  XLA_FFI_Buffer buffers[TENSORS], *pointers[TENSORS];
  int64_t dims[TENSORS][5];
  float data[TENSORS][MOST];
  // Attributes.
  XLA_FFI_AttrType types[ATTRIBUTES];
  XLA_FFI_ByteSpan names[ATTRIBUTES], *name_pointers[ATTRIBUTES];
  XLA_FFI_Scalar scalars[ATTRIBUTES];
  void *values[ATTRIBUTES];
} Call;

static Call *call;
static const int64_t w1 = W1, w2 = W2, all = 0x1f;
static const float scale = 0.3f;
static const bool causal = true;

static void add_attribute(const char *name, XLA_FFI_DataType type,
                          const void *value) {
  int i = (int)call->frame.attrs.size++;
  call->types[i] = XLA_FFI_AttrType_SCALAR;
  call->names[i] = (XLA_FFI_ByteSpan){name, strlen(name)};
  call->name_pointers[i] = &call->names[i];
  call->scalars[i] = (XLA_FFI_Scalar){type, (void *)(uintptr_t)value};
  call->values[i] = &call->scalars[i];
}

static void add_text(const char *name, XLA_FFI_ByteSpan *text) {
  int i = (int)call->frame.attrs.size;
  add_attribute(name, 0, NULL);
  call->types[i] = XLA_FFI_AttrType_STRING;
  call->values[i] = text;
}

/// Element 0 <= i of tensor `index`: small numbers without a pattern.
static float element(int index, int i) {
  unsigned x = (unsigned)(i + 1000 * index) * 2654435761u;
  return (float)(x >> 16) / 32768.0f - 1.0f;
}

/// Sets the shape of a tensor; `v` other than 0 is a dimension before B.
static void set_tensor(int index, int v, bool keys) {
  int64_t *dims = call->dims[index];
  XLA_FFI_Buffer *buffer = &call->buffers[index];
  const int64_t shape[] = {v, B, keys ? N : NQ, keys ? HK : HQ, D};
  const int64_t lse[] = {v, B, HQ, NQ};
  bool is_lse = index == SIMPLICIAL_LSE;
  int rank = is_lse ? 3 : 4;
  memcpy(dims, is_lse ? lse : shape, (size_t)(rank + 1) * sizeof *dims);
  *buffer = (XLA_FFI_Buffer){.dtype = XLA_FFI_DataType_F32,
                             .data = call->data[index],
                             .rank = v ? rank + 1 : rank,
                             .dims = v ? dims : dims + 1};
  call->pointers[index] = buffer;
}

/// Makes a call of all inputs and results, with these dimensions before B.
static void prepare(bool gradient, int v) {
  *call =
      (Call){.frame = {.api = &api, .stage = XLA_FFI_ExecutionStage_EXECUTE}};
  int inputs = gradient ? 8 : 5, count = gradient ? 13 : 7;
  for (int t = 0; t < count; ++t) {
    bool keys = (t > 0 && t < 5) || t > 8;
    set_tensor(t, v, keys);
    for (int i = 0; i < MOST && t < inputs; ++i)
      call->data[t][i] = element(t, i);
  }
  call->frame.args = (XLA_FFI_Args){.size = inputs, .buffers = call->pointers};
  call->frame.rets = (XLA_FFI_Args){.size = count - inputs,
                                    .buffers = call->pointers + inputs};
  call->frame.attrs = (XLA_FFI_Attrs){.types = call->types,
                                      .names = call->name_pointers,
                                      .attrs = call->values};
  add_attribute("causal", XLA_FFI_DataType_PRED, &causal);
  add_attribute("scale", XLA_FFI_DataType_F32, &scale);
  add_attribute("w1", XLA_FFI_DataType_S64, &w1);
  add_attribute("w2", XLA_FFI_DataType_S64, &w2);
  if (gradient)
    add_attribute("gradients", XLA_FFI_DataType_S64, &all);
}

static void expect_success(Handler *handler) {
  XLA_FFI_Error *error = handler(&call->frame);
  if (error)
    fail_msg("%s", error->message);
}

static void expect_error(Handler *handler, XLA_FFI_Error_Code code,
                         const char *message) {
  assert_ptr_equal(&last, handler(&call->frame));
  assert_string_equal(message, last.message);
  assert_int_equal(code, last.code);
}

static void refuse(Handler *handler, const char *message) {
  expect_error(handler, XLA_FFI_Error_Code_INVALID_ARGUMENT, message);
}

// The same by simplicialFunctionCall ------------------------------------------

/// Calls with part `v` of the tensors, and compares results.
static void compare(bool gradient, int v) {
  const SimplicialAttentionSpec spec = {
      .dtype = {kDLFloat, 32, 1},
      .b = SIMPLICIAL_DYNAMIC,
      .nq = SIMPLICIAL_DYNAMIC,
      .n = SIMPLICIAL_DYNAMIC,
      .hq = HQ,
      .hk = HK,
      .d = D,
      .attributes = {.w1 = W1, .w2 = W2, .causal = true, .scale = 0.3f},
      .lse = !gradient,
      .gradients = gradient ? 0x1f : 0};
  const SimplicialFunction *f;
  assert_status(SIMPLICIAL_OK, simplicialAttentionFunction(&spec, "cpu", &f));
  int inputs = gradient ? 8 : 5, count = gradient ? 13 : 7;
  DLTensor tensors[TENSORS], *arguments[TENSORS];
  static float results[TENSORS][MOST];
  int64_t sizes[TENSORS];
  for (int t = 0; t < count; ++t) {
    int rank = t == SIMPLICIAL_LSE ? 3 : 4;
    int64_t *shape = &call->dims[t][1];
    sizes[t] = 1;
    for (int d = 0; d < rank; ++d)
      sizes[t] *= shape[d];
    float *data = call->data[t] + v * sizes[t];
    tensors[t] = (DLTensor){.data = t < inputs ? data : results[t],
                            .device = {kDLCPU, 0},
                            .ndim = rank,
                            .dtype = {kDLFloat, 32, 1},
                            .shape = shape};
    arguments[t] = &tensors[t];
  }
  assert_status(SIMPLICIAL_OK, simplicialFunctionCall(f, arguments, count));
  for (int t = inputs; t < count; ++t) {
    assert_memory_equal(results[t], call->data[t] + v * sizes[t],
                        (size_t)sizes[t] * sizeof(float));
    assert_true(results[t][0] != 0);
  }
}

// Tests -----------------------------------------------------------------------

static void says_what_it_is(void **state) {
  (void)state;
  static const struct {
    Handler *handler;
    uint32_t traits;
  } handlers[] = {{simplicialXlaAttention, 0},
                  {simplicialXlaAttentionGrad, 0},
                  {simplicialXlaAttentionCuda, 1},
                  {simplicialXlaAttentionGradCuda, 0}};
  XLA_FFI_Api newer = api;
  newer.api_version.minor_version = 9;
  const XLA_FFI_Api *const apis[] = {NULL, &api, &newer};
  const int versions[] = {1, 2, 3};
  for (int h = 0; h < 4; ++h)
    for (int i = 0; i < 3; ++i) {
      XLA_FFI_Metadata metadata = {.api_version = {.major_version = -1},
                                   .traits = 77};
      XLA_FFI_Metadata_Extension extension = {
          .extension_base = {.type = XLA_FFI_Extension_Metadata},
          .metadata = &metadata};
      XLA_FFI_CallFrame frame = {.extension_start = &extension.extension_base,
                                 .api = apis[i]};
      assert_null(handlers[h].handler(&frame));
      assert_int_equal(0, metadata.api_version.major_version);
      assert_int_equal(versions[i], metadata.api_version.minor_version);
      assert_int_equal(handlers[h].traits, metadata.traits);
    }
}

static void computes(void **state) {
  (void)state;
  for (int gradient = 0; gradient < 2; ++gradient) {
    Handler *handler =
        gradient ? simplicialXlaAttentionGrad : simplicialXlaAttention;
    prepare(gradient, 0);
    expect_success(handler);
    compare(gradient, 0);
    // More dimensions are more sequences.
    prepare(gradient, V);
    expect_success(handler);
    for (int v = 0; v < V; ++v)
      compare(gradient, v);
  }
}

static void attributes_have_defaults(void **state) {
  (void)state;
  static float want[MOST];
  static const int64_t zero = 0;
  static const float none = 0;
  static const bool no = false;
  XLA_FFI_ByteSpan form = {"trilinear", 9};
  prepare(false, 0);
  call->frame.attrs.size = 0;
  expect_success(simplicialXlaAttention);
  memcpy(want, call->data[SIMPLICIAL_OUT], sizeof want);

  prepare(false, 0);
  call->frame.attrs.size = 0;
  add_attribute("causal", XLA_FFI_DataType_PRED, &no);
  add_text("form", &form);
  add_attribute("gradients", XLA_FFI_DataType_S64, &zero);
  add_attribute("k2_bias", XLA_FFI_DataType_F32, &none);
  add_attribute("scale", XLA_FFI_DataType_F32, &none);
  add_attribute("v2_bias", XLA_FFI_DataType_F32, &none);
  add_attribute("w1", XLA_FFI_DataType_S64, &zero);
  add_attribute("w2", XLA_FFI_DataType_S64, &zero);
  expect_success(simplicialXlaAttention);
  assert_memory_equal(want, call->data[SIMPLICIAL_OUT], sizeof want);

  // One result is out.
  call->frame.rets.size = 1;
  memset(call->data[SIMPLICIAL_OUT], 0, sizeof want);
  expect_success(simplicialXlaAttention);
  assert_memory_equal(want, call->data[SIMPLICIAL_OUT], sizeof want);
}

static void refuses_attributes(void **state) {
  (void)state;
  XLA_FFI_ByteSpan text = {"cubic", 5};
  prepare(false, 0);
  add_attribute("w3", XLA_FFI_DataType_S64, &w1);
  refuse(simplicialXlaAttention, "attention: the attribute 'w3' is unknown");
  prepare(false, 0);
  add_attribute("k2_bias", XLA_FFI_DataType_F64, &w1);
  refuse(simplicialXlaAttention,
         "attention: the attribute 'k2_bias' must be an f32");
  prepare(false, 0);
  add_text("w1", &text);
  refuse(simplicialXlaAttention,
         "attention: the attribute 'w1' must be an i64");
  prepare(false, 0);
  add_text("form", &text);
  refuse(simplicialXlaAttention,
         "attention: the attribute 'form' must be \"trilinear\", "
         "\"determinant\" or \"pairwise\"");
  prepare(false, 0);
  add_attribute("gradients", XLA_FFI_DataType_S64, &all);
  refuse(simplicialXlaAttention, "attention: the attribute 'gradients' is 31");
  prepare(true, 0);
  --call->frame.attrs.size;
  refuse(simplicialXlaAttentionGrad,
         "attention_grad: the attribute 'gradients' is 0");
  static const int64_t many = INT64_C(1) << 32 | 1;
  add_attribute("gradients", XLA_FFI_DataType_S64, &many);
  refuse(simplicialXlaAttentionGrad,
         "attention_grad: the attribute 'gradients' is 4294967297");
}

static void refuses_tensors(void **state) {
  (void)state;
  prepare(false, 0);
  call->frame.args.size = 4;
  refuse(simplicialXlaAttention, "attention: there are 4 inputs and 2 results, "
                                 "instead of 5 and 1 to 2");
  prepare(true, 0);
  call->frame.rets.size = 6;
  refuse(simplicialXlaAttentionGrad,
         "attention_grad: there are 8 inputs and 6 results, instead of 8 and 1 "
         "to 5");
  call->frame.rets.size = 4;
  refuse(simplicialXlaAttentionGrad,
         "attention_grad: 13 arguments are needed, not 12");
  prepare(false, 0);
  call->buffers[SIMPLICIAL_K1].rank = 3;
  refuse(simplicialXlaAttention, "attention: k1 has rank 3 instead of 4");
  prepare(false, 0);
  call->buffers[SIMPLICIAL_V1].rank = 2;
  refuse(simplicialXlaAttention, "attention: v1 has rank 2 instead of 4");
  prepare(false, 0);
  call->buffers[SIMPLICIAL_Q].dtype = XLA_FFI_DataType_S64;
  refuse(simplicialXlaAttention,
         "attention: element type must be f32, f16 or bf16");
  prepare(false, 0);
  call->buffers[SIMPLICIAL_K2].dtype = XLA_FFI_DataType_BF16;
  refuse(simplicialXlaAttention,
         "attention: input 2: has element type bf16 instead of f32");
  prepare(false, 0);
  call->buffers[SIMPLICIAL_V2].dims[1] = N - 1;
  refuse(simplicialXlaAttention,
         "attention: input 4: dimension 1 is 6 instead of 7, the size that "
         "another argument gives it");
  // What the operation's verifier says.
  prepare(false, 0);
  call->buffers[SIMPLICIAL_Q].dims[3] = 8;
  refuse(simplicialXlaAttention, "attention: error: head dimension must be a "
                                 "multiple of 16 from 16 to 256, not 8");
}

/// Documents of one key: P is 1. With two dimensions before N, of which the
/// first is one with B.
static void takes_documents(void **state) {
  (void)state;
  enum { V = 2, INPUTS = 5 };
  prepare(false, V);
  int32_t starts[V * B * N];
  for (int i = 0; i < V * B * N; ++i)
    starts[i] = i % N;
  int64_t dims[] = {V, B, N};
  XLA_FFI_Buffer start = {
      .dtype = XLA_FFI_DataType_S32, .data = starts, .rank = 3, .dims = dims};
  XLA_FFI_Buffer *inputs[INPUTS + 1];
  memcpy(inputs, call->pointers, sizeof inputs);
  inputs[INPUTS] = &start;
  call->frame.args = (XLA_FFI_Args){.size = INPUTS + 1, .buffers = inputs};
  refuse(simplicialXlaAttention, "attention: there are 6 inputs and 2 results, "
                                 "instead of 5 and 1 to 2");
  XLA_FFI_ByteSpan bound = {"start", 5}, lengths = {"lengths", 7},
                   other = {"starts", 6};
  add_text("bound", &other);
  refuse(simplicialXlaAttention, "attention: the attribute 'bound' must be "
                                 "\"start\" or \"lengths\"");
  call->values[call->frame.attrs.size - 1] = &bound;
  expect_success(simplicialXlaAttention);
  const float *out = call->data[SIMPLICIAL_OUT];
  for (int i = 0; i < V * B * NQ * HQ * D; ++i) {
    int query = i / (HQ * D), head = i / D % HQ / (HQ / HK);
    int key = ((query / NQ * N + query % NQ + N - NQ) * HK + head) * D + i % D;
    double want = (double)call->data[SIMPLICIAL_V1][key] *
                  (double)call->data[SIMPLICIAL_V2][key];
    assert_true(fabs((double)out[i] - want) < 1e-5);
  }
  start.dtype = XLA_FFI_DataType_F32;
  refuse(simplicialXlaAttention,
         "attention: input 5: has element type f32 instead of i32");

  // One key each: the last query sees key 0, the others none.
  for (int i = 0; i < V * B; ++i)
    starts[i] = 1;
  start.dtype = XLA_FFI_DataType_S32;
  start.rank = 2;
  call->values[call->frame.attrs.size - 1] = &lengths;
  expect_success(simplicialXlaAttention);
  for (int i = 0; i < V * B * NQ * HQ * D; ++i) {
    int query = i / (HQ * D), head = i / D % HQ / (HQ / HK);
    int key = (query / NQ * N * HK + head) * D + i % D;
    double want = (double)call->data[SIMPLICIAL_V1][key] *
                  (double)call->data[SIMPLICIAL_V2][key];
    if (query % NQ < NQ - 1)
      want = 0;
    assert_true(fabs((double)out[i] - want) < 1e-5);
  }
}

/// Of k2 and v2 the last W2 + NQ - 1 keys, as windows see no others.
static void takes_two_lengths(void **state) {
  (void)state;
  enum { W1 = 3, W2 = 2, N2 = W2 + NQ - 1, INPUTS = 5 };
  static const int64_t w1 = W1, w2 = W2;
  static const bool yes = true;
  static float want[B * NQ * HQ * D], keys[2][B * N2 * HK * D];
  for (int two = 0; two < 2; ++two) {
    prepare(false, 0);
    add_attribute("w1", XLA_FFI_DataType_S64, &w1);
    add_attribute("w2", XLA_FFI_DataType_S64, &w2);
    add_attribute("causal", XLA_FFI_DataType_PRED, &yes);
    if (!two) {
      expect_success(simplicialXlaAttention);
      memcpy(want, call->data[SIMPLICIAL_OUT], sizeof want);
      continue;
    }
    for (int i = 0; i < 2; ++i) {
      int operand = i ? SIMPLICIAL_V2 : SIMPLICIAL_K2;
      XLA_FFI_Buffer *buffer = call->frame.args.buffers[operand];
      const float *from = buffer->data;
      for (int b = 0; b < B; ++b)
        memcpy(keys[i] + b * N2 * HK * D, from + (b * N + N - N2) * HK * D,
               sizeof keys[i] / B);
      buffer->data = keys[i];
      buffer->dims[1] = N2;
    }
    assert_non_null(simplicialXlaAttention(&call->frame));
    add_attribute("two_lengths", XLA_FFI_DataType_PRED, &yes);
    expect_success(simplicialXlaAttention);
    assert_memory_equal(want, call->data[SIMPLICIAL_OUT], sizeof want);
  }
}

static void runs_on_a_gpus_stream(void **state) {
  (void)state;
  FakeCudaGet *get;
  void *library = dlopen(SIMPLICIAL_FAKE_CUDA, RTLD_NOW | RTLD_LOCAL);
  assert_non_null(library);
  *(void **)&get = dlsym(library, "fakeCuda");
  FakeCuda *fake = get();
  prepare(false, 0);

  // Before it is initialised there is no recording a call.
  stream = (void *)0x302; // of device 1
  atomic_store(&fake->capturing, true);
  assert_non_null(simplicialXlaAttentionCuda(&call->frame));
  assert_int_equal(XLA_FFI_Error_Code_INTERNAL, last.code);
  atomic_store(&fake->capturing, false);
  int launches = fake->launches;
  call->frame.stage = XLA_FFI_ExecutionStage_INITIALIZE;
  expect_success(simplicialXlaAttentionCuda);
  assert_int_equal(launches, fake->launches);
  atomic_store(&fake->capturing, true);
  call->frame.stage = XLA_FFI_ExecutionStage_EXECUTE;
  expect_success(simplicialXlaAttentionCuda);
  assert_true(fake->launches > launches);
  assert_ptr_equal(stream, fake->stream);
  atomic_store(&fake->capturing, false);

  prepare(true, 0);
  launches = fake->launches;
  expect_success(simplicialXlaAttentionGradCuda);
  assert_true(fake->launches > launches);
  assert_int_equal(0, fake->allocated);

  // XLA's own error, and the driver's.
  has_stream = false;
  snprintf(last.message, sizeof last.message, "no stream");
  assert_string_equal("no stream",
                      simplicialXlaAttentionCuda(&call->frame)->message);
  has_stream = true;
  fake->failing = "cuStreamGetCtx";
  fake->failure = CUDA_ERROR_OUT_OF_MEMORY;
  assert_non_null(simplicialXlaAttentionCuda(&call->frame));
  assert_int_equal(XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, last.code);
  fake->failing = NULL;
}

/// The process's functions stay, and what they loaded, which LeakSanitizer does
/// not find in their data.
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:load_kernel"; }

static int start(void **state) {
  (void)state;
  setenv("SIMPLICIAL_CUDA_DRIVER", SIMPLICIAL_FAKE_CUDA, true);
  call = malloc(sizeof *call);
  return call ? 0 : -1;
}

static int end(void **state) {
  (void)state;
  free(call);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(says_what_it_is),
      cmocka_unit_test(computes),
      cmocka_unit_test(attributes_have_defaults),
      cmocka_unit_test(refuses_attributes),
      cmocka_unit_test(refuses_tensors),
      cmocka_unit_test(takes_documents),
      cmocka_unit_test(takes_two_lengths),
      cmocka_unit_test(runs_on_a_gpus_stream),
  };
  return cmocka_run_group_tests(tests, start, end);
}
