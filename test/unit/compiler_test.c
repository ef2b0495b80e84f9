// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The compiler's API from eight threads at once, its caches in memory and on
// disk, and what calls check.

#include "lowering/compiler/cache_key.h"
#include "lowering/compiler/executable.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/Dialect/Func.h"
#include "simplicial/dialect.h"
#include "simplicial/jit.h"
#include "unit.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { THREADS = 8, CALLS = 4, N = 24, HEADS = 4, D = 16 };

// Two sources, so that the threads meet at one compilation and at two.
static const char *const windows[] = {"causal, w1 = 3 : i64, w2 = 8 : i64",
                                      "causal, w1 = 8 : i64, w2 = 3 : i64"};

static void write_source(char *text, size_t size, const char *attributes) {
#define Q "tensor<1x?x4x16xf32>"
#define K "tensor<1x?x1x16xf32>"
  snprintf(text, size,
           "func.func @f(%%q: " Q ", %%k: " K ") -> " Q " {\n"
           "  %%o, %%l = \"simplicial.attention\"(%%q, %%k, %%k, %%k, %%k) "
           "{%s}\n"
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

// On disk ---------------------------------------------------------------------

static char folder[64];

static int cache_begin(void **state) {
  (void)state;
  strcpy(folder, "/tmp/simplicial-compiler-test-XXXXXX");
  assert_non_null(mkdtemp(folder));
  setenv("SIMPLICIAL_CACHE_DIR", folder, true);
  setenv("SIMPLICIAL_CACHE_SIZE", "10", true);
  return 0;
}

static int cache_end(void **state) {
  (void)state;
  char command[128];
  setenv("SIMPLICIAL_CACHE_SIZE", "0", true);
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  return system(command);
}

/// What became of the key's file since the last call with `*info`, which is
/// updated: nothing (0), used (1), replaced or new (2).
static int change(const CacheKey *key, struct stat *info) {
  char path[256];
  int length = snprintf(path, sizeof path, "%s/", folder);
  for (size_t i = 0; i < sizeof key->bytes; ++i)
    length += snprintf(path + length, sizeof path - (size_t)length, "%02x",
                       key->bytes[i]);
  struct stat now;
  assert_int_equal(0, stat(path, &now));
  bool replaced = now.st_ino != info->st_ino;
  bool used = now.st_mtim.tv_sec != info->st_mtim.tv_sec;
  struct timespec old[2] = {{1000, 0}, {1000, 0}};
  assert_int_equal(0, utimensat(AT_FDCWD, path, old, 0));
  assert_int_equal(0, stat(path, info));
  return replaced ? 2 : used;
}

/// Loads the source with a compiler of its own, and checks what it computes.
static void load_and_call(const char *source) {
  SimplicialCompiler *compiler;
  SimplicialExecutable *executable;
  assert_status(SIMPLICIAL_OK, simplicialCompilerCreate(&compiler));
  assert_status(SIMPLICIAL_OK,
                simplicialCompilerLoad(compiler, source, strlen(source), "test",
                                       "cpu", &executable));
  simplicialCompilerDestroy(compiler);
  const SimplicialFunction *f = simplicialExecutableLookup(executable, "f");
  assert_int_equal(2, simplicialFunctionInputCount(f));
  assert_int_equal(1, simplicialFunctionOutputCount(f));
  SimplicialTensorType type = simplicialFunctionArgument(f, 1);
  assert_int_equal(4, type.rank);
  assert_int_equal(SIMPLICIAL_DYNAMIC, type.shape[1]);
  assert_int_equal(D, type.shape[3]);
  Inputs inputs;
  float out[N * HEADS * D];
  fill(inputs.q, N * HEADS * D, 0);
  fill(inputs.k, N * D, 5);
  assert_status(SIMPLICIAL_OK, call(executable, &inputs, out));
  for (int d = 0; d < D; ++d)
    assert_true(out[d] == inputs.k[d] * inputs.k[d]);

  int64_t q_shape[] = {1, N, HEADS, D}, k_shape[] = {1, N, 1, D};
  DLTensor q = describe(inputs.q, q_shape), k = describe(inputs.k, k_shape);
  double flops;
  assert_status(SIMPLICIAL_OK,
                simplicialFunctionFlops(f, (DLTensor *[]){&q, &k}, 2, &flops));
  assert_true(flops > 0);
  simplicialExecutableRelease(executable);
}

/// The keys that position p sees, counted one by one.
static int64_t keys_seen(int64_t p, int64_t n, int64_t w, bool causal) {
  int64_t seen = 0;
  for (int64_t k = 0; k < n; ++k)
    seen +=
        causal ? k <= p && (!w || k > p - w) : !w || (k > p - w && k < p + w);
  return seen;
}

typedef struct Windows {
  const char *attributes;
  int64_t w1, w2;
  bool causal;
} Windows;

static double flops_of(const SimplicialFunction *f, int64_t nq, int64_t n,
                       int64_t n2) {
  float data[1] = {0};
  int64_t q_shape[] = {1, nq, 1, 16}, k1_shape[] = {1, n, 1, 16};
  int64_t k2_shape[] = {1, n2, 1, 16};
  DLTensor q = describe(data, q_shape), k1 = describe(data, k1_shape);
  DLTensor k2 = describe(data, k2_shape);
  double flops;
  assert_status(SIMPLICIAL_OK, simplicialFunctionFlops(
                                   f, (DLTensor *[]){&q, &k1, &k2}, 3, &flops));
  return flops;
}

/// Four operations for each element of each pair of keys that a query sees.
static void check_flops(const SimplicialFunction *f, const Windows *windows) {
  static const int64_t sizes[][2] = {{1, 1},   {1, 12},  {5, 12}, {12, 12},
                                     {13, 13}, {12, 17}, {17, 4}, {40, 40},
                                     {3, 0},   {0, 3},   {30, 10}};
  static const int64_t more[] = {0, 1, 9, -4}; // keys of k2
  for (size_t s = 0; s < 4 * sizeof sizes / sizeof *sizes; ++s) {
    int64_t nq = sizes[s / 4][0], n = sizes[s / 4][1], n2 = n + more[s % 4];
    int64_t pairs = 0;
    if (n2 < 0)
      continue;
    for (int64_t i = 0; i < nq; ++i)
      pairs += keys_seen(n - nq + i, n, windows->w1, windows->causal) *
               keys_seen(n2 - nq + i, n2, windows->w2, windows->causal);
    assert_true(flops_of(f, nq, n, n2) == 4.0 * 16 * (double)pairs);
  }
  if (windows->w1 || windows->w2)
    return;
  // So many are not counted one by one.
  double n = 0x1p40, pairs = n * n * n, flops;
  if (windows->causal)
    pairs = pairs / 3 + n * n / 2 + n / 6;
  flops = flops_of(f, INT64_C(1) << 40, INT64_C(1) << 40, INT64_C(1) << 40);
  assert_true(fabs(flops - 64 * pairs) <= 1e-14 * flops);
}

static void flops_are_of_visible_pairs(void **state) {
  (void)state;
  static const Windows windows[] = {
      {"causal", 0, 0, true},
      {"causal, w1 = 3 : i64", 3, 0, true},
      {"causal, w1 = 7 : i64, w2 = 4 : i64", 7, 4, true},
      {"causal, w1 = 1 : i64, w2 = 100 : i64", 1, 100, true},
      {"w2 = 5 : i64", 0, 5, false},
      {"w1 = 2 : i64, w2 = 6 : i64", 2, 6, false},
      {"w1 = 9 : i64, w2 = 8 : i64", 9, 8, false},
      {"", 0, 0, false}};
  SimplicialCompiler *compiler;
  assert_status(SIMPLICIAL_OK, simplicialCompilerCreate(&compiler));
  for (size_t i = 0; i < sizeof windows / sizeof *windows; ++i) {
    char source[1024];
    snprintf(source, sizeof source,
             "!t = tensor<1x?x1x16xf32>\n"
             "func.func @f(%%q: !t, %%k: !t, %%j: !t) -> !t {\n"
             "  %%o, %%l = \"simplicial.attention\"(%%q, %%k, %%j, %%k, %%j)"
             " {two_lengths%s%s}"
             " : (!t, !t, !t, !t, !t) -> (!t, tensor<1x1x?xf32>)\n"
             "  return %%o : !t\n}\n",
             *windows[i].attributes ? ", " : "", windows[i].attributes);
    SimplicialExecutable *executable;
    assert_status(SIMPLICIAL_OK,
                  simplicialCompilerLoad(compiler, source, strlen(source),
                                         "test", "cpu", &executable));
    check_flops(simplicialExecutableLookup(executable, "f"), &windows[i]);
    simplicialExecutableRelease(executable);
  }
  simplicialCompilerDestroy(compiler);
}

static void executables_come_from_disk(void **state) {
  (void)state;
  char source[1024];
  CacheKey key;
  struct stat info = {0};
  write_source(source, sizeof source, windows[0]);
  assert_true(cache_key(source, strlen(source), "cpu", &key));
  load_and_call(source);
  assert_int_equal(2, change(&key, &info));
  load_and_call(source);
  assert_int_equal(1, change(&key, &info));
  simplicialSetThreadCount(2); // is the runtime's concern
  load_and_call(source);
  assert_int_equal(1, change(&key, &info));

  // Another module is not there.
  char other[1024];
  write_source(other, sizeof other, windows[1]);
  load_and_call(other);
  assert_int_equal(0, change(&key, &info));

  // Bytes that are whole but no image do no harm, whatever they are.
  Text image = {0};
  assert_true(cache_load(&key, &image));
  size_t size = image.size;
  for (size_t i = 0; i < size; i += 1 + i / 16) {
    SimplicialExecutable *executable;
    image.size = i;
    cache_store(&key, &image);
    assert_false(executable_restore(&key, &executable));
    assert_null(executable);
  }
  // An object file that is none.
  image.size = size;
  memset(image.data + size / 2, 0, size - size / 2);
  cache_store(&key, &image);
  change(&key, &info);
  load_and_call(source);
  assert_int_equal(2, change(&key, &info));
  text_free(&image);
}

static MlirModule parse(MlirContext context, const char *source) {
  assert_true(mlirLogicalResultIsSuccess(simplicialRegisterDialect(context)));
  mlirDialectHandleLoadDialect(mlirGetDialectHandle__func__(), context);
  return mlirModuleCreateParse(context, mlirStringRefCreateFromCString(source));
}

static int count_files(void) {
  char command[128];
  snprintf(command, sizeof command, "ls '%s' | wc -l", folder);
  FILE *pipe = popen(command, "r");
  int count = -1;
  assert_int_equal(1, fscanf(pipe, "%d", &count));
  pclose(pipe);
  return count;
}

static void modules_have_keys(void **state) {
  (void)state;
  char source[1024];
  Inputs inputs;
  fill(inputs.q, N * HEADS * D, 0);
  fill(inputs.k, N * D, 5);
  float outs[3][N * HEADS * D];
  for (int i = 0; i < 3; ++i) {
    write_source(source, sizeof source,
                 i < 2 ? windows[0] : "causal, w1 = 1 : i64");
    MlirContext context = mlirContextCreateWithThreading(false);
    MlirModule module = parse(context, source);
    SimplicialExecutable *executable;
    assert_status(SIMPLICIAL_OK, simplicialJit(module, "cpu", &executable));
    assert_status(SIMPLICIAL_OK, call(executable, &inputs, outs[i]));
    simplicialExecutableRelease(executable);
    mlirModuleDestroy(module);
    mlirContextDestroy(context);
    assert_int_equal(1 + i / 2, count_files());
  }
  assert_memory_equal(outs[0], outs[1], sizeof outs[0]);
  assert_memory_not_equal(outs[0], outs[2], sizeof outs[0]);
}

// Diagnostics -----------------------------------------------------------------

/// opaque_location.cpp
MlirLocation opaqueLocation(MlirLocation fallback);

static MlirWalkResult set_location(MlirOperation op, void *location) {
  mlirOperationSetLocation(op, *(MlirLocation *)location);
  return MlirWalkResultAdvance;
}

/// Asserts that a diagnostic about something at `location` begins so.
static void expect_place(MlirContext context, MlirLocation location,
                         const char *start) {
  char source[1024];
  write_source(source, sizeof source, "w1 = 0 : i64");
  MlirModule module = parse(context, source);
  mlirOperationWalk(mlirModuleGetOperation(module), set_location, &location,
                    MlirWalkPreOrder);
  SimplicialExecutable *executable;
  SimplicialStatus status = simplicialJit(module, "cpu", &executable);
  assert_int_equal(SIMPLICIAL_COMPILE_ERROR, status.code);
  char text[64] = {0};
  strncpy(text, simplicialStatusMessage(status), strlen(start));
  assert_string_equal(start, text);
  simplicialStatusFree(status);
  mlirModuleDestroy(module);
}

static void opaque_locations_fall_back(void **state) {
  (void)state;
  MlirContext context = mlirContextCreateWithThreading(false);
  MlirLocation unknown = mlirLocationUnknownGet(context);
  MlirLocation file = mlirLocationFileLineColGet(
      context, mlirStringRefCreateFromCString("a.py"), 3, 4);
  MlirLocation parts[] = {opaqueLocation(unknown), opaqueLocation(file)};
  MlirLocation fused =
      mlirLocationFusedGet(context, 2, parts, mlirAttributeGetNull());
  expect_place(context, file, "a.py:3:4: error: ");
  expect_place(context, parts[0], "error: ");
  expect_place(context, parts[1], "a.py:3:4: error: ");
  expect_place(context, fused, "a.py:3:4: error: ");
  mlirContextDestroy(context);
}

// Calls -----------------------------------------------------------------------

/// The executable is the caller's.
static SimplicialExecutable *load_source(const char *source,
                                         const char *target) {
  SimplicialCompiler *compiler;
  SimplicialExecutable *executable;
  assert_status(SIMPLICIAL_OK, simplicialCompilerCreate(&compiler));
  assert_status(SIMPLICIAL_OK,
                simplicialCompilerLoad(compiler, source, strlen(source), "test",
                                       target, &executable));
  simplicialCompilerDestroy(compiler);
  return executable;
}

static SimplicialExecutable *load(const char *target) {
  char source[1024];
  write_source(source, sizeof source, windows[0]);
  return load_source(source, target);
}

static void empty_tensors_have_any_strides(void **state) {
  (void)state;
  SimplicialExecutable *executable = load("cpu");
  const SimplicialFunction *f = simplicialExecutableLookup(executable, "f");
  Inputs inputs;
  fill(inputs.k, N * D, 5);
  int64_t none[] = {1, 0, HEADS, D}, no_keys[] = {1, 0, 1, D};
  int64_t keys[] = {1, N, 1, D};
  // As NumPy and DLPack make them, and nonsense.
  int64_t strides[][4] = {{0}, {-1, INT64_MIN, 7, 3}};
  for (int i = 0; i < 2; ++i) {
    DLTensor q = describe(NULL, none), k = describe(NULL, no_keys);
    DLTensor o = describe(NULL, none), full = describe(inputs.k, keys);
    q.strides = k.strides = o.strides = strides[i];
    assert_status(SIMPLICIAL_OK,
                  simplicialFunctionCall(f, (DLTensor *[]){&q, &k, &o}, 3));
    assert_status(SIMPLICIAL_OK,
                  simplicialFunctionCall(f, (DLTensor *[]){&q, &full, &o}, 3));
    double flops = -1;
    assert_status(SIMPLICIAL_OK, simplicialFunctionFlops(
                                     f, (DLTensor *[]){&q, &k}, 2, &flops));
    assert_true(flops == 0);
  }
  simplicialExecutableRelease(executable);
}

static bool is_seen(int64_t position, int64_t key, int64_t window,
                    bool causal) {
  return (!causal || key <= position) &&
         (!window || llabs(position - key) < window);
}

/// The pairs of keys that all queries see, counted one by one.
static double count_pairs(int64_t nq, int64_t n, int64_t w1, int64_t w2,
                          bool causal) {
  double pairs = 0;
  for (int64_t i = 0; i < nq; ++i) {
    int64_t outer = 0, inner = 0;
    for (int64_t j = 0; j < n; ++j) {
      outer += is_seen(i + n - nq, j, w1, causal);
      inner += is_seen(i + n - nq, j, w2, causal);
    }
    pairs += (double)outer * (double)inner;
  }
  return pairs;
}

/// Asserts that a call with `nq` queries and `n` keys, which nobody reads,
/// needs `want`.
static void expect_flops(SimplicialExecutable *executable, int64_t nq,
                         int64_t n, double want) {
  float data[1];
  int64_t q_shape[] = {1, nq, HEADS, D}, k_shape[] = {1, n, 1, D};
  DLTensor q = describe(data, q_shape), k = describe(data, k_shape);
  double flops;
  assert_status(SIMPLICIAL_OK, simplicialFunctionFlops(
                                   simplicialExecutableLookup(executable, "f"),
                                   (DLTensor *[]){&q, &k}, 2, &flops));
  assert_true(flops == want);
}

static void flops_are_counted_at_once(void **state) {
  (void)state;
  static const struct {
    const char *attributes;
    int64_t w1, w2;
    bool causal;
  } cases[] = {
      {"causal, w1 = 3 : i64, w2 = 8 : i64", 3, 8, true},
      {"w1 = 8 : i64, w2 = 3 : i64", 8, 3, false},
      {"causal, w1 = 1 : i64", 1, 0, true},
      {"w2 = 20 : i64", 0, 20, false},
      {"w1 = 20 : i64, w2 = 11 : i64", 20, 11, false},
      {"causal", 0, 0, true},
      {"", 0, 0, false},
      {"w1 = 9223372036854775807 : i64, w2 = 2 : i64", INT64_MAX, 2, false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    char source[1024];
    write_source(source, sizeof source, cases[i].attributes);
    SimplicialExecutable *executable = load_source(source, "cpu");
    for (int64_t nq = 0; nq < 30; ++nq)
      for (int64_t n = 0; n < 30; ++n)
        expect_flops(
            executable, nq, n,
            4 * D * HEADS *
                count_pairs(nq, n, cases[i].w1, cases[i].w2, cases[i].causal));
    if (i == 0) // all but the first few see 3 times 8 keys
      expect_flops(executable, INT64_C(1) << 40, INT64_C(1) << 40,
                   4 * D * HEADS *
                       (24 * (0x1p40 - 7) + 1 + 4 + 9 + 12 + 15 + 18 + 21));
    simplicialExecutableRelease(executable);
  }
}

static void strides_of_size_1_mean_nothing(void **state) {
  (void)state;
  static const char *const targets[] = {"cpu", "emulate:sm_80"};
  Inputs inputs;
  fill(inputs.q, N * HEADS * D, 0);
  fill(inputs.k, N * D, 5);
  int64_t q_shape[] = {1, N, HEADS, D}, k_shape[] = {1, N, 1, D};
  int64_t q_strides[] = {-5, HEADS * D, D, 1}, k_strides[] = {0, D, 3, 1};
  for (int i = 0; i < 2; ++i) {
    float want[N * HEADS * D], out[N * HEADS * D] = {0};
    SimplicialExecutable *executable = load(targets[i]);
    assert_status(SIMPLICIAL_OK, call(executable, &inputs, want));
    DLTensor q = describe(inputs.q, q_shape), k = describe(inputs.k, k_shape);
    DLTensor o = describe(out, q_shape);
    q.strides = o.strides = q_strides;
    k.strides = k_strides;
    assert_status(
        SIMPLICIAL_OK,
        simplicialFunctionCall(simplicialExecutableLookup(executable, "f"),
                               (DLTensor *[]){&q, &k, &o}, 3));
    assert_memory_equal(want, out, sizeof want);
    simplicialExecutableRelease(executable);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(eight_threads),
      cmocka_unit_test(executables_outlive_their_compiler),
      cmocka_unit_test(failures_are_not_kept),
      cmocka_unit_test(flops_are_of_visible_pairs),
      cmocka_unit_test_setup_teardown(executables_come_from_disk, cache_begin,
                                      cache_end),
      cmocka_unit_test_setup_teardown(modules_have_keys, cache_begin,
                                      cache_end),
      cmocka_unit_test(opaque_locations_fall_back),
      cmocka_unit_test(empty_tensors_have_any_strides),
      cmocka_unit_test(flops_are_counted_at_once),
      cmocka_unit_test(strides_of_size_1_mean_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
