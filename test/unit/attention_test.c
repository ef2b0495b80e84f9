// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions from descriptions: what they compute, against the definition in
// double; that they are compiled once, from any thread and before and after a
// fork; and what is no description.

#include "unit.h"

#include "simplicial/attention.h"

#ifdef MLIR_C_IR_H
#error "attention.h is for who has no MLIR"
#endif

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { B = 2, NQ = 5, N = 9, HQ = 4, HK = 2, D = 16, W1 = 3, W2 = 4 };
enum { QUERY = B * NQ * HQ * D, KEY = B * N * HK * D, LSE = B * HQ * NQ };
enum { INPUTS = SIMPLICIAL_D_OUT + 1, GRADIENTS = SIMPLICIAL_V2 + 1 };

static const SimplicialAttentionSpec spec = {.dtype = {kDLFloat, 32, 1},
                                             .b = SIMPLICIAL_DYNAMIC,
                                             .nq = SIMPLICIAL_DYNAMIC,
                                             .n = SIMPLICIAL_DYNAMIC,
                                             .hq = HQ,
                                             .hk = HK,
                                             .d = D,
                                             .attributes = {.w1 = W1,
                                                            .w2 = W2,
                                                            .causal = true,
                                                            .scale = 0.3f,
                                                            .k2_bias = 0.1f},
                                             .lse = true};

// The definition --------------------------------------------------------------

typedef struct Data {
  float x[INPUTS][QUERY > KEY ? QUERY : KEY]; // by operand numbers
} Data;

static const float *query(const float *x, int b, int i, int h) {
  return x + ((b * NQ + i) * HQ + h) * D;
}

static int key(int b, int j, int h) { return ((b * N + j) * HK + h) * D; }

/// sum over d of x[d] * y[d] * (z[d] + bias)
static double product(const float *x, const float *y, const float *z,
                      double bias) {
  double sum = 0;
  for (int d = 0; d < D; ++d)
    sum += (double)x[d] * (double)y[d] * ((double)z[d] + bias);
  return sum;
}

static double logit(const Data *data, int b, int i, int h, int j, int k) {
  int hk = h / (HQ / HK);
  return (double)spec.attributes.scale *
         product(query(data->x[SIMPLICIAL_Q], b, i, h),
                 data->x[SIMPLICIAL_K1] + key(b, j, hk),
                 data->x[SIMPLICIAL_K2] + key(b, k, hk),
                 (double)spec.attributes.k2_bias);
}

/// Calls `visit` for each pair of keys that a query sees.
static void for_pairs(int i,
                      void (*visit)(void *context, int b, int i, int h, int j,
                                    int k),
                      void *context, int b, int h) {
  int p = i + N - NQ;
  for (int j = p - W1 + 1; j <= p; ++j)
    for (int k = p - W2 + 1; k <= p; ++k)
      if (j >= 0 && k >= 0)
        visit(context, b, i, h, j, k);
}

/// Sums of one query: of exp(S), and of those times values.
typedef struct Sums {
  const Data *data;
  double total, out[D];
} Sums;

static void add_pair(void *context, int b, int i, int h, int j, int k) {
  Sums *self = context;
  double p = exp(logit(self->data, b, i, h, j, k));
  int hk = h / (HQ / HK);
  self->total += p;
  for (int d = 0; d < D; ++d)
    self->out[d] += p *
                    (double)self->data->x[SIMPLICIAL_V1][key(b, j, hk) + d] *
                    (double)self->data->x[SIMPLICIAL_V2][key(b, k, hk) + d];
}

/// Sums of one query over pairs, for all gradients.
typedef struct Gradients {
  const Data *data;
  double (*d)[QUERY > KEY ? QUERY : KEY]; // by operand numbers
} Gradients;

static void add_gradients(void *context, int b, int i, int h, int j, int k) {
  Gradients *self = context;
  const Data *x = self->data;
  int hk = h / (HQ / HK), kj = key(b, j, hk), kk = key(b, k, hk);
  int at = (int)(query(x->x[0], b, i, h) - x->x[0]);
  const float *q = x->x[SIMPLICIAL_Q] + at,
              *d_out = x->x[SIMPLICIAL_D_OUT] + at;
  double p = exp(logit(x, b, i, h, j, k) -
                 (double)x->x[SIMPLICIAL_LSE][(b * HQ + h) * NQ + i]);
  double delta = 0;
  for (int d = 0; d < D; ++d)
    delta += (double)d_out[d] * (double)x->x[SIMPLICIAL_OUT][at + d];
  double dp =
      product(d_out, x->x[SIMPLICIAL_V1] + kj, x->x[SIMPLICIAL_V2] + kk, 0);
  double ds = (double)spec.attributes.scale * p * (dp - delta);
  for (int d = 0; d < D; ++d) {
    double k1 = (double)x->x[SIMPLICIAL_K1][kj + d];
    double k2 =
        (double)x->x[SIMPLICIAL_K2][kk + d] + (double)spec.attributes.k2_bias;
    double v1 = (double)x->x[SIMPLICIAL_V1][kj + d];
    double v2 = (double)x->x[SIMPLICIAL_V2][kk + d];
    self->d[SIMPLICIAL_Q][at + d] += ds * k1 * k2;
    self->d[SIMPLICIAL_K1][kj + d] += ds * (double)q[d] * k2;
    self->d[SIMPLICIAL_K2][kk + d] += ds * (double)q[d] * k1;
    self->d[SIMPLICIAL_V1][kj + d] += p * (double)d_out[d] * v2;
    self->d[SIMPLICIAL_V2][kk + d] += p * (double)d_out[d] * v1;
  }
}

static void for_queries(void (*visit)(void *context, int b, int i, int h),
                        void *context) {
  for (int b = 0; b < B; ++b)
    for (int i = 0; i < NQ; ++i)
      for (int h = 0; h < HQ; ++h)
        visit(context, b, i, h);
}

static void define_query(void *context, int b, int i, int h) {
  Data *data = context;
  Sums sums = {.data = data};
  for_pairs(i, add_pair, &sums, b, h);
  float *out =
      data->x[SIMPLICIAL_OUT] + (query(data->x[0], b, i, h) - data->x[0]);
  for (int d = 0; d < D; ++d)
    out[d] = (float)(sums.out[d] / sums.total);
  data->x[SIMPLICIAL_LSE][(b * HQ + h) * NQ + i] = (float)log(sums.total);
}

static void define_gradients(void *context, int b, int i, int h) {
  for_pairs(i, add_gradients, context, b, h);
}

/// Inputs, and what the definition makes of them.
static void fill(Data *data) {
  for (int i = 0; i < INPUTS; ++i)
    for (int j = 0; j < (QUERY > KEY ? QUERY : KEY); ++j)
      data->x[i][j] = (float)((j * 37 + i * 101) % 43 - 21) / 16;
  for_queries(define_query, data);
}

// Calls -----------------------------------------------------------------------

static int64_t query_shape[] = {B, NQ, HQ, D}, key_shape[] = {B, N, HK, D};
static int64_t lse_shape[] = {B, HQ, NQ};

static DLTensor tensor(float *data, int operand) {
  bool lse = operand == SIMPLICIAL_LSE;
  bool keys = operand >= SIMPLICIAL_K1 && operand <= SIMPLICIAL_V2;
  return (DLTensor){.data = data,
                    .device = {kDLCPU, 0},
                    .ndim = lse ? 3 : 4,
                    .dtype = {kDLFloat, 32, 1},
                    .shape = lse    ? lse_shape
                             : keys ? key_shape
                                    : query_shape};
}

static const SimplicialFunction *function_of(const SimplicialAttentionSpec *s) {
  const SimplicialFunction *function;
  assert_status(SIMPLICIAL_OK,
                simplicialAttentionFunction(s, "cpu", &function));
  return function;
}

static SimplicialStatus call(const SimplicialFunction *function, Data *data,
                             float *out, float *lse) {
  DLTensor tensors[7], *arguments[7];
  for (int i = 0; i < 7; ++i) {
    tensors[i] = tensor(data->x[i], i);
    arguments[i] = &tensors[i];
  }
  tensors[SIMPLICIAL_OUT].data = out;
  tensors[SIMPLICIAL_LSE].data = lse;
  return simplicialFunctionCall(function, arguments, lse ? 7 : 6);
}

static void assert_close(const float *got, const double *want, int count) {
  for (int i = 0; i < count; ++i)
    if (!(fabs((double)got[i] - want[i]) <= 2e-5 * (1 + fabs(want[i]))))
      fail_msg("element %d is %g, not %g", i, (double)got[i], want[i]);
}

static void assert_close_to_floats(const float *got, const float *want,
                                   int count) {
  for (int i = 0; i < count; ++i)
    assert_close(&got[i], &(double){(double)want[i]}, 1);
}

static void computes_attention(void **state) {
  Data *data = *state;
  float out[QUERY], lse[LSE];
  const SimplicialFunction *function = function_of(&spec);
  assert_string_equal("attention", simplicialFunctionName(function));
  assert_status(SIMPLICIAL_OK, call(function, data, out, lse));
  assert_close_to_floats(out, data->x[SIMPLICIAL_OUT], QUERY);
  assert_close_to_floats(lse, data->x[SIMPLICIAL_LSE], LSE);

  SimplicialAttentionSpec without = spec;
  without.lse = false;
  without.b = B, without.nq = NQ, without.n = N; // and static
  memset(out, 0, sizeof out);
  assert_status(SIMPLICIAL_OK, call(function_of(&without), data, out, NULL));
  assert_close_to_floats(out, data->x[SIMPLICIAL_OUT], QUERY);
}

/// Documents of one key: each query's P is 1, and dS is 0.
static void computes_documents(void **state) {
  Data *data = *state;
  int32_t starts[B * N];
  for (int i = 0; i < B * N; ++i)
    starts[i] = i % N;
  int64_t shape[] = {B, N};
  DLTensor start = {.data = starts,
                    .device = {kDLCPU, 0},
                    .ndim = 2,
                    .dtype = {kDLInt, 32, 1},
                    .shape = shape};
  SimplicialAttentionSpec s = spec;
  s.bound = SIMPLICIAL_START;
  float out[QUERY], lse[LSE], d_q[QUERY];
  DLTensor tensors[INPUTS + 1], *arguments[INPUTS + 2];
  for (int i = 0; i < INPUTS; ++i) {
    tensors[i] = tensor(data->x[i], i);
    arguments[i + (i > SIMPLICIAL_V2)] = &tensors[i];
  }
  arguments[SIMPLICIAL_V2 + 1] = &start;
  tensors[SIMPLICIAL_OUT].data = out;
  tensors[SIMPLICIAL_LSE].data = lse;
  assert_status(SIMPLICIAL_OK,
                simplicialFunctionCall(function_of(&s), arguments, 8));
  for (int i = 0; i < QUERY; ++i) {
    int query = i / (HQ * D), head = i / D % HQ / (HQ / HK);
    int at = key(query / NQ, query % NQ + N - NQ, head) + i % D;
    double want =
        (double)data->x[SIMPLICIAL_V1][at] * (double)data->x[SIMPLICIAL_V2][at];
    assert_close(&out[i], &want, 1);
  }

  s.lse = false;
  s.gradients = 1 << SIMPLICIAL_Q;
  tensors[INPUTS] = tensor(d_q, SIMPLICIAL_Q);
  for (int i = 0; i < INPUTS; ++i)
    arguments[i] = &tensors[i];
  arguments[INPUTS] = &start;
  arguments[INPUTS + 1] = &tensors[INPUTS];
  assert_status(SIMPLICIAL_OK,
                simplicialFunctionCall(function_of(&s), arguments, INPUTS + 2));
  for (int i = 0; i < QUERY; ++i)
    assert_close(&d_q[i], &(double){0}, 1);
  arguments[INPUTS] = &tensors[SIMPLICIAL_LSE];
  assert_status(SIMPLICIAL_INVALID_ARGUMENT,
                simplicialFunctionCall(function_of(&s), arguments, INPUTS + 2));
}

/// Of keys, only as many as the windows reach: the results are the same.
static void computes_two_lengths(void **state) {
  enum { N1 = W1 + NQ - 1, N2 = W2 + NQ - 1 };
  Data *data = *state;
  int64_t strides[] = {N * HK * D, HK * D, D, 1};
  int64_t first[] = {B, N1, HK, D}, second[] = {B, N2, HK, D};
  float out[QUERY], lse[LSE];
  DLTensor tensors[7], *arguments[7];
  for (int i = 0; i < 7; ++i) {
    tensors[i] = tensor(data->x[i], i);
    arguments[i] = &tensors[i];
    if (i < SIMPLICIAL_K1 || i > SIMPLICIAL_V2)
      continue;
    bool is_second = i == SIMPLICIAL_K2 || i == SIMPLICIAL_V2;
    tensors[i].shape = is_second ? second : first;
    tensors[i].strides = strides;
    tensors[i].data = data->x[i] + key(0, N - (is_second ? N2 : N1), 0);
  }
  tensors[SIMPLICIAL_OUT].data = out;
  tensors[SIMPLICIAL_LSE].data = lse;
  assert_status(SIMPLICIAL_INVALID_ARGUMENT,
                simplicialFunctionCall(function_of(&spec), arguments, 7));
  SimplicialAttentionSpec s = spec;
  s.attributes.two_lengths = true;
  s.n2 = SIMPLICIAL_DYNAMIC;
  const SimplicialFunction *any = function_of(&s);
  s.n = N1, s.n2 = N2;
  const SimplicialFunction *fixed = function_of(&s);
  assert_ptr_not_equal(any, fixed);
  for (int i = 0; i < 2; ++i) {
    memset(out, 0, sizeof out);
    assert_status(SIMPLICIAL_OK,
                  simplicialFunctionCall(i ? fixed : any, arguments, 7));
    assert_close_to_floats(out, data->x[SIMPLICIAL_OUT], QUERY);
    assert_close_to_floats(lse, data->x[SIMPLICIAL_LSE], LSE);
  }
  s.n2 = N1;
  assert_ptr_not_equal(fixed, function_of(&s));
  assert_status(SIMPLICIAL_INVALID_ARGUMENT,
                simplicialFunctionCall(function_of(&s), arguments, 7));
}

/// Code for the processors of these names, as far as GCC says that this machine
/// runs it.
static void computes_on_processors(void **state) {
#if defined(__x86_64__)
  Data *data = *state;
  const struct {
    const char *target;
    bool runs;
  } targets[] = {{"cpu:native", true},
                 {"cpu:x86-64", true},
                 {"cpu:x86-64-v2", __builtin_cpu_supports("x86-64-v2")},
                 {"cpu:x86-64-v3", __builtin_cpu_supports("x86-64-v3")},
                 {"cpu:x86-64-v4", __builtin_cpu_supports("x86-64-v4")}};
  for (size_t i = 0; i < sizeof targets / sizeof *targets; ++i) {
    float out[QUERY] = {0}, lse[LSE];
    const SimplicialFunction *function;
    assert_status(
        targets[i].runs ? SIMPLICIAL_OK : SIMPLICIAL_UNAVAILABLE,
        simplicialAttentionFunction(&spec, targets[i].target, &function));
    if (!targets[i].runs)
      continue;
    assert_status(SIMPLICIAL_OK, call(function, data, out, lse));
    assert_close_to_floats(out, data->x[SIMPLICIAL_OUT], QUERY);
  }
#else
  (void)state;
  skip();
#endif
}

/// Heads outside of queries in memory, with gaps between the heads.
static void results_may_be_strided(void **state) {
  enum { GAP = 3, HEAD = NQ * D + GAP, LSE_HEAD = NQ + GAP };
  Data *data = *state;
  float out[B * HQ * HEAD], lse[B * HQ * LSE_HEAD];
  for (int i = 0; i < B * HQ * HEAD; ++i)
    out[i] = 77;
  int64_t out_strides[] = {HQ * HEAD, D, HEAD, 1};
  int64_t lse_strides[] = {HQ * LSE_HEAD, LSE_HEAD, 1};
  DLTensor tensors[7], *arguments[7];
  for (int i = 0; i < 7; ++i) {
    tensors[i] = tensor(data->x[i], i);
    arguments[i] = &tensors[i];
  }
  tensors[SIMPLICIAL_OUT].data = out;
  tensors[SIMPLICIAL_OUT].strides = out_strides;
  tensors[SIMPLICIAL_LSE].data = lse;
  tensors[SIMPLICIAL_LSE].strides = lse_strides;
  const SimplicialFunction *f = function_of(&spec);
  assert_status(SIMPLICIAL_OK, simplicialFunctionCall(f, arguments, 7));
  for (int i = 0; i < B * NQ * HQ; ++i) {
    int b = i / (NQ * HQ), h = i % HQ, n = i / HQ % NQ;
    assert_close_to_floats(out + (b * HQ + h) * HEAD + n * D,
                           data->x[SIMPLICIAL_OUT] + i * D, D);
    assert_close_to_floats(lse + (b * HQ + h) * LSE_HEAD + n,
                           data->x[SIMPLICIAL_LSE] + (b * HQ + h) * NQ + n, 1);
  }
  for (int i = NQ * D; i < B * HQ * HEAD;
       i += i % HEAD == HEAD - 1 ? NQ * D + 1 : 1)
    assert_true(out[i] == 77); // what is in the gaps

  out_strides[3] = 2;
  assert_status(SIMPLICIAL_INVALID_ARGUMENT,
                simplicialFunctionCall(f, arguments, 7));
  out_strides[3] = 1;
  out_strides[1] = 0;
  assert_status(SIMPLICIAL_INVALID_ARGUMENT,
                simplicialFunctionCall(f, arguments, 7));
}

static void *refuse(void *context, int64_t bytes, DLDeviceType device,
                    void *stream) {
  (void)context, (void)bytes, (void)device, (void)stream;
  return NULL;
}

static void strided_results_need_memory(void **state) {
  Data *data = *state;
  float out[2 * QUERY] = {0};
  int64_t strides[] = {2 * NQ * HQ * D, 2 * HQ * D, 2 * D, 1};
  SimplicialAttentionSpec without = spec;
  without.lse = false;
  DLTensor tensors[6], *arguments[6];
  for (int i = 0; i < 6; ++i) {
    tensors[i] = tensor(data->x[i], i);
    arguments[i] = &tensors[i];
  }
  tensors[SIMPLICIAL_OUT].data = out;
  tensors[SIMPLICIAL_OUT].strides = strides;
  const SimplicialFunction *f = function_of(&without);
  simplicialSetAllocator(&(SimplicialAllocator){.allocate = refuse});
  assert_status(SIMPLICIAL_OUT_OF_MEMORY,
                simplicialFunctionCall(f, arguments, 6));
  simplicialSetAllocator(NULL);
  assert_status(SIMPLICIAL_OK, simplicialFunctionCall(f, arguments, 6));
  for (int i = 0; i < B * NQ * HQ; ++i)
    assert_close_to_floats(out + 2 * i * D, data->x[SIMPLICIAL_OUT] + i * D, D);
}

static void computes_gradients(unsigned wanted, Data *data) {
  SimplicialAttentionSpec gradient = spec;
  gradient.lse = false;
  gradient.gradients = wanted;
  const SimplicialFunction *function = function_of(&gradient);
  assert_string_equal("attention_grad", simplicialFunctionName(function));

  static double want[GRADIENTS][QUERY > KEY ? QUERY : KEY];
  memset(want, 0, sizeof want);
  for_queries(define_gradients, &(Gradients){data, want});
  static float got[GRADIENTS][QUERY > KEY ? QUERY : KEY];
  DLTensor tensors[INPUTS + GRADIENTS], *arguments[INPUTS + GRADIENTS];
  int count = INPUTS;
  for (int i = 0; i < INPUTS; ++i)
    tensors[i] = tensor(data->x[i], i);
  for (int i = 0; i < GRADIENTS; ++i)
    if (wanted >> i & 1)
      tensors[count++] = tensor(got[i], i);
  for (int i = 0; i < count; ++i)
    arguments[i] = &tensors[i];
  assert_status(SIMPLICIAL_OK,
                simplicialFunctionCall(function, arguments, count));
  for (int i = 0; i < GRADIENTS; ++i)
    if (wanted >> i & 1)
      assert_close(got[i], want[i], i == SIMPLICIAL_Q ? QUERY : KEY);
}

static void computes_all_gradients(void **state) {
  computes_gradients((1u << GRADIENTS) - 1, *state);
}

static void computes_some_gradients(void **state) {
  computes_gradients(1u << SIMPLICIAL_K2 | 1u << SIMPLICIAL_V1, *state);
}

// One function a description --------------------------------------------------

/// No other test compiles these.
static SimplicialAttentionSpec numbered(int number) {
  SimplicialAttentionSpec s = spec;
  s.attributes.w1 = W1 + number;
  return s;
}

static void *look_up(void *number) {
  SimplicialAttentionSpec s = numbered(*(int *)number);
  const SimplicialFunction *function;
  simplicialStatusFree(simplicialAttentionFunction(&s, "cpu", &function));
  return (void *)(uintptr_t)function;
}

static void is_one_function(void **state) {
  (void)state;
  enum { THREADS = 6 };
  pthread_t threads[THREADS];
  int numbers[THREADS];
  void *found[THREADS];
  for (int i = 0; i < THREADS; ++i) {
    numbers[i] = 1 + i % 2;
    assert_int_equal(0,
                     pthread_create(&threads[i], NULL, look_up, &numbers[i]));
  }
  for (int i = 0; i < THREADS; ++i)
    pthread_join(threads[i], &found[i]);
  for (int i = 0; i < THREADS; ++i) {
    assert_non_null(found[i]);
    assert_ptr_equal(found[i], found[i % 2]);
  }
  assert_ptr_not_equal(found[0], found[1]);
}

/// A child that calls, finds and compiles functions, while the parent's other
/// thread is compiling one of them.
static void lives_on_after_fork(void **state) {
  Data *data = *state;
  const SimplicialFunction *function = function_of(&spec);
  pthread_t other;
  int number = 3;
  assert_int_equal(0, pthread_create(&other, NULL, look_up, &number));
  usleep(20000);
  pid_t child = fork();
  if (child == 0) {
    float out[QUERY], lse[LSE];
    SimplicialStatus status = call(function, data, out, lse);
    bool fine = !status.code && function_of(&spec) == function;
    fine &= fabsf(out[0] - data->x[SIMPLICIAL_OUT][0]) < 1e-4f;
    fine &= look_up(&number) != NULL;
    _exit(fine ? 0 : 1);
  }
  int result = -1;
  assert_true(child > 0 && waitpid(child, &result, 0) == child);
  assert_int_equal(0, result);
  pthread_join(other, NULL);
}

// Errors ----------------------------------------------------------------------

static void expect_error(SimplicialAttentionSpec s, SimplicialCode code,
                         const char *words) {
  const SimplicialFunction *function = (const SimplicialFunction *)1;
  SimplicialStatus status = simplicialAttentionFunction(&s, "cpu", &function);
  assert_int_equal(code, status.code);
  assert_null(function);
  if (!strstr(simplicialStatusMessage(status), words))
    fail_msg("'%s' does not say '%s'", simplicialStatusMessage(status), words);
  simplicialStatusFree(status);
}

static void refuses_what_cannot_be(void **state) {
  (void)state;
  SimplicialAttentionSpec s;
#define EXPECT(FIELD, VALUE, CODE, WORDS)                                      \
  s = spec;                                                                    \
  s.FIELD = VALUE;                                                             \
  expect_error(s, SIMPLICIAL_##CODE, WORDS)
  EXPECT(n, -2, INVALID_ARGUMENT, "attention: N is -2");
  EXPECT(dtype.bits, 8, INVALID_ARGUMENT, "element type");
  EXPECT(dtype.bits, 64, COMPILE_ERROR, "element type must be f32");
  EXPECT(attributes.form, 7, INVALID_ARGUMENT, "no form 7");
  EXPECT(bound, 3, INVALID_ARGUMENT, "no bound 3");
  EXPECT(bound, 7, INVALID_ARGUMENT, "no bound 7");
  EXPECT(gradients, 64, INVALID_ARGUMENT, "0x40");
  EXPECT(gradients, 1, INVALID_ARGUMENT, "without lse");
  EXPECT(d, 24, COMPILE_ERROR, "multiple of 16");
  EXPECT(d, SIMPLICIAL_DYNAMIC, COMPILE_ERROR, "must be static");
  EXPECT(hk, 3, COMPILE_ERROR, "not a multiple of 3");
  EXPECT(attributes.w1, -1, COMPILE_ERROR, "'w1' must be at least 1");
  EXPECT(attributes.scale, -1, COMPILE_ERROR, "'scale' must be positive");
  EXPECT(attributes.v2_bias, NAN, COMPILE_ERROR, "'v2_bias' must be finite");
#undef EXPECT
  const SimplicialFunction *function;
  assert_status(SIMPLICIAL_INVALID_ARGUMENT,
                simplicialAttentionFunction(&spec, "sm_1", &function));
  assert_null(function);
  assert_status(SIMPLICIAL_INVALID_ARGUMENT,
                simplicialAttentionFunction(&spec, "cpu:x86", &function));
  assert_null(function);
}

static void says_what_few_queries_are(void **state) {
  (void)state;
  assert_int_equal(1, simplicialFewQueries(1, 2));
  assert_int_equal(SIMPLICIAL_FEW_QUERIES,
                   simplicialFewQueries(SIMPLICIAL_FEW_QUERIES, 100));
  assert_int_equal(SIMPLICIAL_DYNAMIC,
                   simplicialFewQueries(SIMPLICIAL_FEW_QUERIES + 1, 100));
  assert_int_equal(SIMPLICIAL_DYNAMIC, simplicialFewQueries(7, 7));
}

static void writes_modules(void **state) {
  (void)state;
  char *text, *object;
  size_t length, size;
  assert_status(SIMPLICIAL_OK,
                simplicialAttentionModule(&spec, "f.1", &text, &length));
  assert_int_equal(length, strlen(text));
  assert_non_null(strstr(text, "func.func @f.1("));
  assert_status(SIMPLICIAL_OK,
                simplicialCompile(text, length, "f", "cpu",
                                  SIMPLICIAL_EMIT_TILE, &object, &size));
  free(object);
  free(text);
  assert_status(SIMPLICIAL_INVALID_ARGUMENT,
                simplicialAttentionModule(&spec, "f()", &text, &length));
  assert_null(text);
}

// TSan would otherwise end a forked child that starts threads.
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) { return "die_after_fork=0"; }

int main(void) {
  static Data data;
  fill(&data);
  void *state = &data;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_prestate(computes_attention, state),
      cmocka_unit_test_prestate(computes_documents, state),
      cmocka_unit_test_prestate(computes_two_lengths, state),
      cmocka_unit_test_prestate(computes_on_processors, state),
      cmocka_unit_test_prestate(results_may_be_strided, state),
      cmocka_unit_test_prestate(strided_results_need_memory, state),
      cmocka_unit_test_prestate(computes_all_gradients, state),
      cmocka_unit_test_prestate(computes_some_gradients, state),
      cmocka_unit_test(is_one_function),
      cmocka_unit_test_prestate(lives_on_after_fork, state),
      cmocka_unit_test(refuses_what_cannot_be),
      cmocka_unit_test(says_what_few_queries_are),
      cmocka_unit_test(writes_modules),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
