// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How much memory a call allocates: what the API says before it, what an
// allocator sees, and what happens where there is less.

#include "unit.h"

#include "simplicial/compiler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ARGUMENTS = 16, ALIGNMENT = 64 };

#define STATIC                                                                 \
  "!q = tensor<1x20x2x16xf32>\n!k = tensor<1x20x1x16xf32>\n"                   \
  "!l = tensor<1x2x20xf32>\n"
#define DYNAMIC                                                                \
  "!q = tensor<?x?x2x16xf32>\n!k = tensor<?x?x1x16xf32>\n"                     \
  "!l = tensor<?x2x?xf32>\n"
#define ATTENTION(RESULT, QUERY, ATTRIBUTES)                                   \
  "  " RESULT ":2 = \"simplicial.attention\"(" QUERY ", %a, %b, %c, %d) {"     \
  "causal" ATTRIBUTES "} : (!q, !k, !k, !k, !k) -> (!q, !l)\n"
#define ONE(ATTRIBUTES)                                                        \
  "func.func @f(%q: !q, %a: !k, %b: !k, %c: !k, %d: !k) -> !q "                \
  "attributes {" ATTRIBUTES "} {\n"
#define TWICE ATTENTION("%s", "%q", "") ATTENTION("%r", "%s#0", "")
#define RETURN "  return %r#0 : !q\n}\n"
#define GRADIENT(ATTRIBUTES)                                                   \
  "func.func @f(%q: !q, %a: !k, %b: !k, %c: !k, %d: !k, %o: !q, %l: !l, "      \
  "%x: !q) -> (!q, !k, !k, !k, !k) {\n"                                        \
  "  %g:5 = \"simplicial.attention_grad\"(%q, %a, %b, %c, %d, %o, %l, %x) {"   \
  "causal" ATTRIBUTES "} : (!q, !k, !k, !k, !k, !q, !l, !q) -> "               \
  "(!q, !k, !k, !k, !k)\n"                                                     \
  "  return %g#0, %g#1, %g#2, %g#3, %g#4 : !q, !k, !k, !k, !k\n}\n"
#define WINDOWS ", w1 = 3 : i64, w2 = 9 : i64"

typedef struct Case {
  const char *source, *function;
  bool allocates;
} Case;

static const Case cases[] = {
    {STATIC ONE("") ATTENTION("%r", "%q", WINDOWS) RETURN, "f", false},
    {DYNAMIC ONE("") ATTENTION("%r", "%q", WINDOWS) RETURN, "f", false},
    {STATIC ONE("") TWICE RETURN, "f", true},
    {DYNAMIC ONE("") TWICE RETURN, "f", true},
    {STATIC GRADIENT(WINDOWS), "f", true},
    {DYNAMIC GRADIENT(""), "f", true},
    {DYNAMIC GRADIENT(", two_lengths" WINDOWS), "f", true},
    {DYNAMIC ONE("simplicial.differentiate") ATTENTION("%r", "%q", WINDOWS)
         RETURN,
     "f_grad", true},
    // The name of a function of libm, which another one has meanwhile.
    {DYNAMIC
     "func.func @exp(%q: !q, %a: !k, %b: !k, %c: !k, %d: !k) -> !q {\n" TWICE
         RETURN,
     "exp", true},
};
static const char loop[] = STATIC ONE("") //
    "  %i = arith.constant 0 : index\n  %j = arith.constant 1 : index\n"
    "  %n = arith.constant 3 : index\n"
    "  %y = scf.for %z = %i to %n step %j iter_args(%p = %q) -> !q {\n" //
    ATTENTION("%s", "%p", "") ATTENTION("%r", "%s#0", "")               //
    "    scf.yield %r#0 : !q\n  }\n  return %y : !q\n}\n";

static const char *const targets[] = {"cpu", "emulate:sm_80"};

static SimplicialExecutable *load(const char *source, const char *target) {
  SimplicialCompiler *compiler;
  SimplicialExecutable *executable;
  assert_status(SIMPLICIAL_OK, simplicialCompilerCreate(&compiler));
  SimplicialStatus status = simplicialCompilerLoad(
      compiler, source, strlen(source), "test", target, &executable);
  if (status.code)
    print_error("%s: %s\n", target, simplicialStatusMessage(status));
  assert_status(SIMPLICIAL_OK, status);
  simplicialCompilerDestroy(compiler);
  return executable;
}

// Calls -----------------------------------------------------------------------

/// The arguments of a call. Dynamic sizes are `batches` and `length`.
typedef struct Call {
  const SimplicialFunction *function;
  int inputs, count;
  DLTensor tensors[MAX_ARGUMENTS], *arguments[MAX_ARGUMENTS];
  int64_t shapes[MAX_ARGUMENTS][SIMPLICIAL_MAX_RANK];
} Call;

/// Without data, for functions that only look at sizes.
static void describe(Call *self, const SimplicialFunction *function,
                     int64_t batches, int64_t length) {
  static float nothing[16];
  self->function = function;
  self->inputs = simplicialFunctionInputCount(function);
  self->count = self->inputs + simplicialFunctionOutputCount(function);
  assert_true(self->count <= MAX_ARGUMENTS);
  for (int i = 0; i < self->count; ++i) {
    SimplicialTensorType type = simplicialFunctionArgument(function, i);
    for (int d = 0; d < type.rank; ++d)
      self->shapes[i][d] = type.shape[d] != SIMPLICIAL_DYNAMIC ? type.shape[d]
                           : d                                 ? length
                                                               : batches;
    self->tensors[i] = (DLTensor){.data = nothing,
                                  .device = {kDLCPU, 0},
                                  .ndim = type.rank,
                                  .dtype = type.dtype,
                                  .shape = self->shapes[i]};
    self->arguments[i] = &self->tensors[i];
  }
}

static void fill(Call *self) {
  for (int i = 0; i < self->count; ++i) {
    int64_t n = simplicialTensorElementCount(&self->tensors[i]);
    float *data = calloc((size_t)n + 1, sizeof *data);
    for (int64_t j = 0; j < n && i < self->inputs; ++j)
      data[j] = (float)((j * 37 + i * 11) % 19 - 9) / 8;
    self->tensors[i].data = data;
  }
}

static void empty(Call *self) {
  for (int i = 0; i < self->count; ++i)
    free(self->tensors[i].data);
}

static SimplicialStatus run(Call *self) {
  return simplicialFunctionCall(self->function, self->arguments, self->count);
}

static SimplicialStatus ask(Call *self, int64_t *bytes) {
  return simplicialFunctionWorkspace(self->function, self->arguments,
                                     self->inputs, bytes);
}

static int64_t workspace(Call *self) {
  int64_t bytes = -1;
  assert_status(SIMPLICIAL_OK, ask(self, &bytes));
  return bytes;
}

static void expect_same_results(const Call *x, const Call *y) {
  for (int i = x->inputs; i < x->count; ++i)
    assert_memory_equal(x->tensors[i].data, y->tensors[i].data,
                        (size_t)simplicialTensorByteSize(&x->tensors[i]));
}

// Allocators ------------------------------------------------------------------

/// Memory that is taken from the front, and never again.
typedef struct Arena {
  char *memory;
  int64_t size, used;
  int left; ///< allocations that succeed
  int held, allocations;
} Arena;

static void *arena_allocate(void *context, int64_t bytes, DLDeviceType device,
                            void *stream) {
  (void)device, (void)stream;
  Arena *self = context;
  int64_t size = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  if (!self->left || size > self->size - self->used)
    return NULL;
  --self->left;
  ++self->held;
  ++self->allocations;
  self->used += size;
  return self->memory + (self->used - size);
}

static void arena_free(void *context, void *data, DLDeviceType device,
                       void *stream) {
  (void)data, (void)device, (void)stream;
  --((Arena *)context)->held;
}

/// Runs with an arena of so many bytes and allocations.
static SimplicialCode run_in(Call *call, int64_t bytes, int allocations,
                             Arena *arena) {
  *arena = (Arena){.memory = aligned_alloc(
                       ALIGNMENT, (size_t)(bytes / ALIGNMENT + 1) * ALIGNMENT),
                   .size = bytes,
                   .left = allocations};
  simplicialSetAllocator(
      &(SimplicialAllocator){arena_allocate, arena_free, arena});
  SimplicialStatus status = run(call);
  simplicialSetAllocator(NULL);
  free(arena->memory);
  simplicialStatusFree(status);
  assert_int_equal(arena->held, 0);
  return status.code;
}

// Tests -----------------------------------------------------------------------

static void check(const Case *c, const char *target) {
  SimplicialExecutable *executable = load(c->source, target);
  const SimplicialFunction *f =
      simplicialExecutableLookup(executable, c->function);
  Call want, call;
  Arena arena;
  for (int64_t length = 20; length > 0; length -= 17) {
    bool fits = simplicialFunctionArgument(f, 0).shape[1] == SIMPLICIAL_DYNAMIC;
    if (!fits && length != 20)
      break;
    describe(&want, f, 2, length);
    describe(&call, f, 2, length);
    fill(&want);
    fill(&call);
    int64_t bytes = workspace(&call);
    assert_int_equal(c->allocates, bytes > 0);
    assert_status(SIMPLICIAL_OK, run(&want));
    int n = 0;
    SimplicialCode code;
    while ((code = run_in(&call, bytes, n, &arena))) {
      assert_int_equal(SIMPLICIAL_OUT_OF_MEMORY, code);
      ++n;
    }
    expect_same_results(&want, &call);
    assert_int_equal(bytes, arena.used);
    assert_int_equal(n, arena.allocations);
    if (bytes)
      assert_int_equal(SIMPLICIAL_OUT_OF_MEMORY,
                       run_in(&call, bytes - 1, n, &arena));
    empty(&want);
    empty(&call);
  }
  simplicialExecutableRelease(executable);
}

static void calls_allocate_what_is_said(void **state) {
  (void)state;
  for (size_t t = 0; t < sizeof targets / sizeof *targets; ++t)
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i)
      check(&cases[i], targets[t]);
}

static void empty_tensors_take_a_line_each(void **state) {
  (void)state;
  SimplicialExecutable *executable = load(DYNAMIC ONE("") TWICE RETURN, "cpu");
  Call call;
  describe(&call, simplicialExecutableLookup(executable, "f"), 0, 5);
  assert_int_equal(ALIGNMENT, workspace(&call));
  simplicialExecutableRelease(executable);
}

static void too_many_bytes_are_an_error(void **state) {
  (void)state;
  SimplicialExecutable *executable = load(DYNAMIC GRADIENT(""), "cpu");
  Call call;
  int64_t bytes;
  // Sums for N / 64 tiles of N keys.
  describe(&call, simplicialExecutableLookup(executable, "f"), 1,
           INT64_C(1) << 29);
  assert_true(workspace(&call) > INT64_C(1) << 50);
  describe(&call, simplicialExecutableLookup(executable, "f"), 1,
           INT64_C(1) << 40);
  assert_status(SIMPLICIAL_INVALID_ARGUMENT, ask(&call, &bytes));
  assert_int_equal(0, bytes);
  simplicialExecutableRelease(executable);
}

static void inputs_are_checked(void **state) {
  (void)state;
  SimplicialExecutable *executable = load(DYNAMIC GRADIENT(""), "cpu");
  Call call;
  int64_t bytes;
  describe(&call, simplicialExecutableLookup(executable, "f"), 1, 8);
  --call.inputs;
  assert_status(SIMPLICIAL_INVALID_ARGUMENT, ask(&call, &bytes));
  ++call.inputs;
  call.shapes[1][1] = 9; // the keys, of which others are 8
  assert_status(SIMPLICIAL_INVALID_ARGUMENT, ask(&call, &bytes));
  simplicialExecutableRelease(executable);
}

static void loops_are_not_known(void **state) {
  (void)state;
  for (size_t t = 0; t < sizeof targets / sizeof *targets; ++t) {
    SimplicialExecutable *executable = load(loop, targets[t]);
    Call call;
    int64_t bytes = -1;
    describe(&call, simplicialExecutableLookup(executable, "f"), 1, 20);
    assert_status(SIMPLICIAL_UNAVAILABLE, ask(&call, &bytes));
    assert_int_equal(0, bytes);
    simplicialExecutableRelease(executable);
  }
}

// What docs/operation.md says of gradients ------------------------------------

enum { HEADS = 32, KEY_HEADS = 2, COLUMNS = 16, BATCHES = 3 };

#define CAUSAL "causal, w1 = 3 : i64, w2 = 9 : i64, "
#define KEYS(ENTRIES) "simplicial.config = {keys = {" ENTRIES "}}"
#define TILE(R) "block_k = " #R " : i64"

typedef struct Documented {
  const char *target, *attributes;
  const char *results; ///< which are used, of "01234"
  int64_t rows;        ///< R, inner keys of a tile
  int64_t beyond;      ///< M - R; -1: M is N
  int sums;            ///< by tile, of outer keys and values
  int global_sums;     ///< of keys and values
  int64_t queries;     ///< block_q of `keys`
  int64_t behind;      ///< keys behind the last one, with local_sums
} Documented;

static const Documented documented[] = {
    {"cpu", CAUSAL KEYS(TILE(16)), "01234", 16, 10, 2, 0, 1, 0},
    {"cpu", "w1 = 9 : i64, w2 = 3 : i64, " KEYS(TILE(32)), "01234", 32, 20, 2,
     0, 1, 0},
    {"cpu", "causal, w1 = 3 : i64, " KEYS(TILE(16)), "01234", 16, -1, 2, 0, 1,
     0},
    {"cpu", CAUSAL KEYS(TILE(16)), "01", 16, 10, 1, 0, 1, 0},
    {"cpu", CAUSAL KEYS(TILE(16)), "24", 16, 10, 0, 0, 1, 0},
    {"cpu", CAUSAL KEYS(TILE(16) ", block_q = 8 : i64"), "13", 16, 10, 2, 0, 8,
     0},
    {"emulate:sm_80", CAUSAL KEYS(TILE(16) ", global_sums = true"), "134", 16,
     10, 2, 2, 1, 0},
    {"emulate:sm_80",
     CAUSAL KEYS(TILE(16) ", global_sums = true, local_sums = true"), "134", 16,
     10, 2, 2, 1, 15},
};

/// A gradient function of any batches, queries and keys.
static SimplicialExecutable *load_documented(const Documented *d) {
  char source[2048], results[64] = "", types[64] = "";
  for (const char *r = d->results; *r; ++r) {
    const char *comma = r == d->results ? "" : ", ";
    sprintf(results + strlen(results), "%s%%g#%c", comma, *r);
    sprintf(types + strlen(types), "%s%s", comma, *r == '0' ? "!q" : "!k");
  }
  snprintf(source, sizeof source,
           "!q = tensor<?x?x%dx%dxf32>\n!k = tensor<?x?x%dx%dxf32>\n"
           "!l = tensor<?x%dx?xf32>\n"
           "func.func @f(%%q: !q, %%a: !k, %%b: !k, %%c: !k, %%d: !k, "
           "%%o: !q, %%l: !l, %%x: !q) -> (%s) {\n"
           "  %%g:5 = \"simplicial.attention_grad\"(%%q, %%a, %%b, %%c, %%d, "
           "%%o, %%l, %%x) {%s} : (!q, !k, !k, !k, !k, !q, !l, !q) -> "
           "(!q, !k, !k, !k, !k)\n  return %s : %s\n}\n",
           HEADS, COLUMNS, KEY_HEADS, COLUMNS, HEADS, types, d->attributes,
           results, types);
  return load(source, d->target);
}

static int64_t bytes_of(int64_t numbers) {
  return (4 * numbers + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static int64_t documented_bytes(const Documented *d, int64_t n) {
  int64_t tiles = (n + d->rows - 1) / d->rows, outer = d->rows + d->beyond;
  if (d->beyond < 0 || outer > n)
    outer = n;
  int64_t queries = d->queries > 1 ? 4 * ((n + d->queries + 8) / 4 * 4) : n;
  return 3 * bytes_of(BATCHES * HEADS * queries) +
         d->sums * bytes_of(BATCHES * KEY_HEADS * tiles * outer * COLUMNS) +
         d->global_sums *
             bytes_of(BATCHES * (n + d->behind) * KEY_HEADS * COLUMNS);
}

static void gradients_take_what_is_documented(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof documented / sizeof *documented; ++i) {
    const Documented *d = &documented[i];
    SimplicialExecutable *executable = load_documented(d);
    for (int64_t n = 7; n < 10000; n *= 17) {
      Call call;
      describe(&call, simplicialExecutableLookup(executable, "f"), BATCHES, n);
      int64_t bytes = workspace(&call), want = documented_bytes(d, n);
      if (bytes != want)
        print_error("%s %s %s, N = %lld\n", d->target, d->attributes,
                    d->results, (long long)n);
      assert_int_equal(want, bytes);
    }
    simplicialExecutableRelease(executable);
  }
}

static void images_keep_it(void **state) {
  (void)state;
  char folder[] = "/tmp/simplicial-workspace-XXXXXX", command[64];
  assert_non_null(mkdtemp(folder));
  setenv("SIMPLICIAL_CACHE_DIR", folder, true);
  unsetenv("SIMPLICIAL_CACHE_SIZE");
  int64_t bytes[2];
  for (int i = 0; i < 2; ++i) { // the second time from disk
    SimplicialExecutable *executable = load(DYNAMIC GRADIENT(WINDOWS), "cpu");
    Call call;
    describe(&call, simplicialExecutableLookup(executable, "f"), 3, 50);
    bytes[i] = workspace(&call);
    simplicialExecutableRelease(executable);
  }
  assert_true(bytes[0] > 0 && bytes[0] == bytes[1]);
  snprintf(command, sizeof command, "rm -r '%s'", folder);
  assert_int_equal(0, system(command));
  setenv("SIMPLICIAL_CACHE_SIZE", "0", true);
}

int main(void) {
  setenv("SIMPLICIAL_CACHE_SIZE", "0", true);
  simplicialSetThreadCount(1); // for work of this size
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(calls_allocate_what_is_said),
      cmocka_unit_test(empty_tensors_take_a_line_each),
      cmocka_unit_test(too_many_bytes_are_an_error),
      cmocka_unit_test(inputs_are_checked),
      cmocka_unit_test(loops_are_not_known),
      cmocka_unit_test(gradients_take_what_is_documented),
      cmocka_unit_test(images_keep_it)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
