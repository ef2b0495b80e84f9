// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The compiler's API from eight threads at once, and its cache.

#include "simplicial/compiler.h"
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 8, CALLS = 4, N = 24, HEADS = 4, D = 16 };

// Two sources, so that the threads meet at one compilation and at two.
static const char *const windows[] = {"w1 = 3 : i64, w2 = 8 : i64",
                                      "w1 = 8 : i64, w2 = 3 : i64"};

static void write_source(char *text, size_t size, const char *attributes) {
#define Q "tensor<1x?x4x16xf32>"
#define K "tensor<1x?x1x16xf32>"
  snprintf(text, size,
           "func.func @f(%%q: " Q ", %%k: " K ") -> " Q " {\n"
           "  %%o, %%l = \"simplicial.attention\"(%%q, %%k, %%k, %%k, %%k) "
           "{causal, %s}\n"
           "    : (" Q ", " K ", " K ", " K ", " K ") -> (" Q
           ", tensor<1x4x?xf32>)\n"
           "  return %%o : " Q "\n"
           "}\n",
           attributes);
#undef Q
#undef K
}

typedef struct Inputs {
  float q[N * HEADS * D], k[N * D];
} Inputs;

static void fill(float *x, int n, int seed) {
  for (int i = 0; i < n; ++i)
    x[i] = (float)((i * 37 + seed * 11) % 19 - 9) / 4;
}

static DLTensor describe(float *data, int64_t *shape) {
  return (DLTensor){.data = data,
                    .device = {kDLCPU, 0},
                    .ndim = 4,
                    .dtype = {kDLFloat, 32, 1},
                    .shape = shape};
}

static SimplicialStatus call(SimplicialExecutable *executable, Inputs *inputs,
                             float *out) {
  int64_t q_shape[] = {1, N, HEADS, D}, k_shape[] = {1, N, 1, D};
  DLTensor q = describe(inputs->q, q_shape), k = describe(inputs->k, k_shape);
  DLTensor o = describe(out, q_shape);
  DLTensor *arguments[] = {&q, &k, &o};
  return simplicialFunctionCall(simplicialExecutableLookup(executable, "f"),
                                arguments, 3);
}

typedef struct Worker {
  SimplicialCompiler *compiler;
  int number;
  SimplicialCode code;
  SimplicialExecutable *executable;
  float out[N * HEADS * D];
} Worker;

// cmocka cannot fail a test on other threads: the code is looked at afterwards.
static void *work(void *context) {
  Worker *self = context;
  char source[1024];
  write_source(source, sizeof source, windows[self->number % 2]);
  Inputs inputs;
  fill(inputs.q, N * HEADS * D, self->number % 2);
  fill(inputs.k, N * D, 5);
  SimplicialStatus status = simplicialCompilerLoad(
      self->compiler, source, strlen(source), "test", "cpu", &self->executable);
  for (int i = 0; i < CALLS && !status.code; ++i) {
    memset(self->out, 0, sizeof self->out);
    status = call(self->executable, &inputs, self->out);
  }
  self->code = status.code;
  simplicialStatusFree(status);
  return NULL;
}

static void eight_threads(void **state) {
  (void)state;
  simplicialSetThreadCount(3);
  SimplicialCompiler *compiler;
  assert_status(SIMPLICIAL_OK, simplicialCompilerCreate(&compiler));
  Worker *workers = calloc(THREADS, sizeof *workers);
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; ++i) {
    workers[i].compiler = compiler;
    workers[i].number = i;
    assert_int_equal(0, pthread_create(&threads[i], NULL, work, &workers[i]));
  }
  for (int i = 0; i < THREADS; ++i)
    pthread_join(threads[i], NULL);
  for (int i = 0; i < THREADS; ++i) {
    assert_int_equal(SIMPLICIAL_OK, workers[i].code);
    // One compilation a source, and one result.
    assert_ptr_equal(workers[i].executable, workers[i % 2].executable);
    assert_memory_equal(workers[i].out, workers[i % 2].out,
                        sizeof workers[i].out);
  }
  assert_ptr_not_equal(workers[0].executable, workers[1].executable);
  assert_memory_not_equal(workers[0].out, workers[1].out,
                          sizeof workers[0].out);
  // A causal query at position 0 sees one pair: out is k[0] * k[0].
  Inputs inputs;
  fill(inputs.k, N * D, 5);
  for (int d = 0; d < D; ++d)
    assert_true(workers[0].out[d] == inputs.k[d] * inputs.k[d]);
  for (int i = 0; i < THREADS; ++i)
    simplicialExecutableRelease(workers[i].executable);
  free(workers);
  simplicialCompilerDestroy(compiler);
}

static void executables_outlive_their_compiler(void **state) {
  (void)state;
  SimplicialCompiler *compiler;
  SimplicialExecutable *executable;
  char source[1024];
  write_source(source, sizeof source, windows[0]);
  assert_status(SIMPLICIAL_OK, simplicialCompilerCreate(&compiler));
  assert_status(SIMPLICIAL_OK,
                simplicialCompilerLoad(compiler, source, strlen(source), "test",
                                       "cpu", &executable));
  simplicialCompilerDestroy(compiler);
  Inputs inputs;
  float out[N * HEADS * D];
  fill(inputs.q, N * HEADS * D, 0);
  fill(inputs.k, N * D, 5);
  assert_status(SIMPLICIAL_OK, call(executable, &inputs, out));
  simplicialExecutableRelease(executable);
}

static void failures_are_not_kept(void **state) {
  (void)state;
  SimplicialCompiler *compiler;
  SimplicialExecutable *executable;
  const char *source = "func.func @f(";
  assert_status(SIMPLICIAL_OK, simplicialCompilerCreate(&compiler));
  for (int i = 0; i < 2; ++i) {
    assert_status(SIMPLICIAL_COMPILE_ERROR,
                  simplicialCompilerLoad(compiler, source, strlen(source),
                                         "test", "cpu", &executable));
    assert_status(SIMPLICIAL_INVALID_ARGUMENT,
                  simplicialCompilerLoad(compiler, "", 0, "test", "toaster",
                                         &executable));
  }
  simplicialCompilerDestroy(compiler);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(eight_threads),
      cmocka_unit_test(executables_outlive_their_compiler),
      cmocka_unit_test(failures_are_not_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
