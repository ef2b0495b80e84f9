// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls of GPU functions: whose device the tensors must be on, on which stream
// they run, and what is loaded when. SIMPLICIAL_FAKE_CUDA is where the driver
// of cuda_fake.h was built.

#include "cuda_fake.h"
#include "simplicial/attention.h"
#include "simplicial/cuda.h"
#include "unit.h"

#include <dlfcn.h>
#include <stdlib.h>

enum { N = 24, HEADS = 4, D = 16 };

static const DLDevice first = {kDLCUDA, 0}, second = {kDLCUDA, 1};

static struct {
  FakeCuda *state;
  CUresult (*set_context)(CUcontext), (*get_context)(CUcontext *);
} fake;

static SimplicialCompiler *compiler; ///< which keeps what is called

static int end(void **state) {
  (void)state;
  simplicialCompilerDestroy(compiler);
  return 0;
}

static int begin(void **state) {
  (void)state;
  SimplicialStatus status = simplicialCompilerCreate(&compiler);
  simplicialStatusFree(status);
  FakeCudaGet *get;
  void *library = dlopen(SIMPLICIAL_FAKE_CUDA, RTLD_NOW | RTLD_LOCAL);
  if (!library || status.code)
    return -1;
  setenv("SIMPLICIAL_CUDA_DRIVER", SIMPLICIAL_FAKE_CUDA, true);
  *(void **)&get = dlsym(library, "fakeCuda");
  *(void **)&fake.set_context = dlsym(library, "cuCtxSetCurrent");
  *(void **)&fake.get_context = dlsym(library, "cuCtxGetCurrent");
  fake.state = get();
  return 0;
}

/// A function that nothing is loaded of: each test has another window.
static const SimplicialFunction *function_of(const char *target, int window) {
  const SimplicialAttentionSpec spec = {.dtype = {kDLFloat, 32, 1},
                                        .b = 1,
                                        .nq = SIMPLICIAL_DYNAMIC,
                                        .n = SIMPLICIAL_DYNAMIC,
                                        .hq = HEADS,
                                        .hk = 1,
                                        .d = D,
                                        .attributes = {.w1 = window}};
  char *text;
  size_t length;
  assert_status(SIMPLICIAL_OK,
                simplicialAttentionModule(&spec, "attention", &text, &length));
  SimplicialExecutable *executable;
  assert_status(SIMPLICIAL_OK,
                simplicialCompilerLoad(compiler, text, length, "attention",
                                       target, &executable));
  free(text);
  const SimplicialFunction *f =
      simplicialExecutableLookup(executable, "attention");
  simplicialExecutableRelease(executable);
  return f;
}

/// The tensors of a call, whose memory the fake driver does not mind.
typedef struct Call {
  int64_t q_shape[4], k_shape[4];
  float q[N * HEADS * D], k[N * D], out[N * HEADS * D];
  DLTensor tensors[6], *arguments[6];
} Call;

/// With q, k1 and out on these devices, and all others where k1 is.
static Call *call_of(DLDevice q, DLDevice k, DLDevice out) {
  static Call call = {.q_shape = {1, N, HEADS, D}, .k_shape = {1, N, 1, D}};
  for (int i = 0; i < 6; ++i) {
    bool keys = i > 0 && i < 5;
    call.tensors[i] = (DLTensor){.data = i == 0 ? call.q
                                         : keys ? call.k
                                                : call.out,
                                 .device = i == 0 ? q
                                           : keys ? k
                                                  : out,
                                 .ndim = 4,
                                 .dtype = {kDLFloat, 32, 1},
                                 .shape = keys ? call.k_shape : call.q_shape};
    call.arguments[i] = &call.tensors[i];
  }
  return &call;
}

static SimplicialStatus call_with(const SimplicialFunction *f, DLDevice q,
                                  DLDevice k, DLDevice out) {
  return simplicialFunctionCall(f, call_of(q, k, out)->arguments, 6);
}

static SimplicialStatus call_on(const SimplicialFunction *f, DLDevice device,
                                uintptr_t stream) {
  return simplicialFunctionCallOn(f, call_of(device, device, device)->arguments,
                                  6, (void *)stream);
}

static void expect_message(SimplicialStatus status, const char *message) {
  assert_int_equal(SIMPLICIAL_INVALID_ARGUMENT, status.code);
  assert_string_equal(message, simplicialStatusMessage(status));
  simplicialStatusFree(status);
}

static void assert_current(uintptr_t context) {
  CUcontext current;
  fake.get_context(&current);
  assert_ptr_equal(context, current);
}

static void tensors_are_on_the_current_device(void **state) {
  (void)state;
  const SimplicialFunction *f = function_of("sm_80", 1);
  const DLDevice managed = {kDLCUDAManaged, 0}, pinned = {kDLCUDAHost, 0};

  assert_status(SIMPLICIAL_OK, call_with(f, first, first, first));
  fake.set_context((CUcontext)2);
  assert_status(SIMPLICIAL_OK, call_with(f, second, second, second));
  // "cuda" is the chip of this context, wherever the compiler runs.
  int retained = fake.state->retained;
  const SimplicialFunction *current = function_of("cuda", 1);
  assert_int_equal(retained, fake.state->retained);
  assert_status(SIMPLICIAL_OK, call_with(current, second, second, second));
  assert_ptr_equal(current, function_of("cuda:0", 1));
  assert_ptr_equal(current, function_of("cuda:1", 1));
  assert_ptr_not_equal(current, f); // for sm_86, as the driver says
  assert_status(SIMPLICIAL_OK, call_with(f, managed, second, pinned));
  assert_status(SIMPLICIAL_OK, call_with(f, managed, pinned, managed));
  int launches = fake.state->launches;
  assert_true(launches > 0);
  expect_message(call_with(f, first, first, first),
                 "attention: input 0: is on CUDA device 0, but the current "
                 "CUDA context is of device 1");
  expect_message(call_with(f, second, first, second),
                 "attention: input 1: is on CUDA device 0, but the current "
                 "CUDA context is of device 1");
  fake.set_context(NULL); // which makes device 0's current
  expect_message(call_with(f, first, managed, second),
                 "attention: output 0: is on CUDA device 1, but the current "
                 "CUDA context is of device 0");
  assert_status(SIMPLICIAL_OK, call_with(f, first, pinned, first));
  assert_true(fake.state->launches > launches);
}

static void calls_take_a_stream(void **state) {
  (void)state;
  const SimplicialFunction *f = function_of("sm_80", 1);
  fake.set_context((CUcontext)1);
  simplicialSetStream((void *)0x991);

  // The stream's context is of device 1; the thread's is what it was.
  int launches = fake.state->launches;
  assert_status(SIMPLICIAL_OK, call_on(f, second, 0x302));
  assert_true(fake.state->launches > launches);
  assert_ptr_equal(0x302, fake.state->stream);
  assert_ptr_equal(0x991, simplicialStream());
  assert_current(1);
  expect_message(call_on(f, first, 0x302),
                 "attention: input 0: is on CUDA device 0, but the current "
                 "CUDA context is of device 1");
  assert_ptr_equal(0x991, simplicialStream());
  assert_current(1);

  // Default streams are those of the tensors' device.
  for (uintptr_t stream = 0; stream <= 2; ++stream) {
    assert_status(SIMPLICIAL_OK, call_on(f, second, stream));
    assert_ptr_equal(stream, fake.state->stream);
    assert_status(SIMPLICIAL_OK, call_on(f, first, stream));
    assert_current(1);
  }
  // No stream, and no device.
  assert_status(SIMPLICIAL_INVALID_ARGUMENT, call_on(f, first, 0x300));
  expect_message(call_on(f, (DLDevice){kDLCUDA, 999}, 0),
                 "there is no CUDA device 999");
  assert_current(1);
  simplicialSetStream(NULL);
}

static void prepared_calls_can_be_captured(void **state) {
  (void)state;
  const SimplicialFunction *f = function_of("sm_80", 2);
  fake.set_context((CUcontext)1);
  fake.state->capturing = true;
  assert_status(SIMPLICIAL_INTERNAL, call_on(f, first, 0x301));
  assert_status(SIMPLICIAL_INTERNAL, simplicialFunctionPrepare(f, NULL, 0));
  fake.state->capturing = false;
  int launches = fake.state->launches;
  assert_status(SIMPLICIAL_OK, simplicialFunctionPrepare(f, NULL, 0));
  assert_int_equal(launches, fake.state->launches);
  fake.state->capturing = true;
  assert_status(SIMPLICIAL_OK, call_on(f, first, 0x301));
  assert_true(fake.state->launches > launches);

  // Each context has its own.
  assert_status(SIMPLICIAL_INTERNAL, call_on(f, second, 0x302));
  fake.state->capturing = false;
  assert_status(SIMPLICIAL_OK, simplicialFunctionPrepare(f, (void *)0x302, 0));
  fake.state->capturing = true;
  assert_status(SIMPLICIAL_OK, call_on(f, second, 0x302));
  fake.state->capturing = false;
}

static void strided_results_are_copied(void **state) {
  (void)state;
  const SimplicialFunction *f = function_of("sm_80", 1);
  fake.set_context((CUcontext)1);
  Call *call = call_of(first, first, first);
  int64_t strides[] = {N * HEADS * D, D, N * D, 1};
  int copies = fake.state->copies, allocated = fake.state->allocated;
  void *out;
  assert_status(SIMPLICIAL_OK, simplicialCudaAllocate(sizeof call->out, &out));
  call->tensors[5].data = out;
  call->tensors[5].strides = strides;
  assert_status(SIMPLICIAL_OK,
                simplicialFunctionCallOn(f, call->arguments, 6, (void *)0x301));
  // On the call's stream, a head or a query at a time.
  assert_int_equal(HEADS, fake.state->copies - copies);
  assert_ptr_equal(0x301, fake.state->stream);
  assert_status(SIMPLICIAL_OK, simplicialCudaFree(out));
  assert_int_equal(allocated, fake.state->allocated);
}

static void refuses_devices(void **state) {
  (void)state;
  static const char *const targets[] = {"cuda:", "cuda:x", "cuda:-1",
                                        "cuda:1,"};
  const SimplicialAttentionSpec spec = {.dtype = {kDLFloat, 32, 1},
                                        .b = 1,
                                        .nq = 1,
                                        .n = 1,
                                        .hq = 1,
                                        .hk = 1,
                                        .d = D};
  const SimplicialFunction *f;
  for (int i = 0; i < 4; ++i)
    assert_status(SIMPLICIAL_INVALID_ARGUMENT,
                  simplicialAttentionFunction(&spec, targets[i], &f));
  fake.state->failing = "cuDeviceGet";
  fake.state->failure = CUDA_ERROR_INVALID_VALUE;
  assert_status(SIMPLICIAL_INVALID_ARGUMENT,
                simplicialAttentionFunction(&spec, "cuda:9", &f));
  fake.state->failing = NULL;
}

static void cpus_have_no_streams(void **state) {
  (void)state;
  const SimplicialFunction *f = function_of("cpu", 1);
  assert_status(SIMPLICIAL_OK, simplicialFunctionPrepare(f, NULL, 0));
  assert_status(SIMPLICIAL_OK, call_on(f, (DLDevice){kDLCPU, 0}, 0x300));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tensors_are_on_the_current_device),
      cmocka_unit_test(calls_take_a_stream),
      cmocka_unit_test(prepared_calls_can_be_captured),
      cmocka_unit_test(strided_results_are_copied),
      cmocka_unit_test(refuses_devices),
      cmocka_unit_test(cpus_have_no_streams),
  };
  return cmocka_run_group_tests(tests, begin, end);
}
