// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a host program may expect of modules compiled in it: its context and its
// tensors stay as they are, memory may run out, and stacks may be small.

#include "unit.h"

#include "simplicial/attention.h"
#include "simplicial/dialect.h"
#include "simplicial/jit.h"

#include "mlir-c/RegisterEverything.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { N = 8, HEADS = 2, D = 16, Q = N * HEADS * D, K = N * D };

#define TYPES                                                                  \
  "!q = tensor<1x8x2x16xf32>\n!k = tensor<1x8x1x16xf32>\n"                     \
  "!l = tensor<1x2x8xf32>\n"
#define ATTENTION(RESULT, QUERY, KEY, ATTRIBUTES)                              \
  "  " RESULT ":2 = \"simplicial.attention\"(" QUERY ", " KEY                  \
  ", %b, %c, %d) {causal" ATTRIBUTES "} : (!q, !k, !k, !k, !k) -> (!q, !l)\n"
#define FUNCTION                                                               \
  "func.func @f(%q: !q, %a: !k, %b: !k, %c: !k, %d: !k) -> !q {\n"
#define RETURN "  return %r#0 : !q\n}\n"

static const char once[] =
    TYPES FUNCTION ATTENTION("%r", "%q", "%a", "") RETURN;
static const char twice[] = TYPES FUNCTION ATTENTION("%s", "%q", "%a", "")
    ATTENTION("%r", "%s#0", "%a", "") RETURN;
/// The last key becomes the first one's.
static const char cache[] = TYPES FUNCTION
    "  %n = tensor.extract_slice %a[0, 0, 0, 0] [1, 1, 1, 16] [1, 1, 1, 1]"
    " : !k to tensor<1x1x1x16xf32>\n"
    "  %u = tensor.insert_slice %n into %a[0, 7, 0, 0] [1, 1, 1, 16]"
    " [1, 1, 1, 1] : tensor<1x1x1x16xf32> into !k\n" ATTENTION("%r", "%q", "%u",
                                                               "") RETURN;
static const char large_tiles[] = TYPES FUNCTION ATTENTION(
    "%r", "%q", "%a",
    ", simplicial.config = {block_j = 64 : i64, block_k = 1024 : i64}") RETURN;

typedef struct Tensors {
  float q[Q], k[4][K], out[Q];
} Tensors;

static Tensors *new_tensors(void) {
  Tensors *self = calloc(1, sizeof *self);
  for (int i = 0; i < Q; ++i)
    self->q[i] = (float)(i * 37 % 19 - 9) / 8;
  for (int i = 0; i < 4 * K; ++i)
    self->k[i / K][i % K] = (float)(i * 31 % 23 - 11) / 8;
  return self;
}

static SimplicialStatus load(const char *source,
                             SimplicialExecutable **executable) {
  SimplicialCompiler *compiler;
  SimplicialStatus status = simplicialCompilerCreate(&compiler);
  *executable = NULL;
  if (!status.code)
    status = simplicialCompilerLoad(compiler, source, strlen(source), "test",
                                    "cpu", executable);
  simplicialCompilerDestroy(compiler);
  return status;
}

/// Calls @f, with the keys that `keys` numbers.
static SimplicialStatus call(const SimplicialExecutable *executable,
                             Tensors *tensors, const int *keys) {
  int64_t q_shape[] = {1, N, HEADS, D}, k_shape[] = {1, N, 1, D};
  float *data[] = {tensors->q, NULL, NULL, NULL, NULL, tensors->out};
  DLTensor views[6], *arguments[6];
  for (int i = 0; i < 6; ++i) {
    bool is_key = i > 0 && i < 5;
    views[i] = (DLTensor){.data = is_key ? tensors->k[keys[i - 1]] : data[i],
                          .device = {kDLCPU, 0},
                          .ndim = 4,
                          .dtype = {kDLFloat, 32, 1},
                          .shape = is_key ? k_shape : q_shape};
    arguments[i] = &views[i];
  }
  return simplicialFunctionCall(simplicialExecutableLookup(executable, "f"),
                                arguments, 6);
}

static const int all_keys[] = {0, 1, 2, 3};

// The host's context ----------------------------------------------------------

static void contexts_need_not_know_the_dialect(void **state) {
  (void)state;
  MlirContext context = mlirContextCreateWithThreading(false);
  MlirDialectRegistry registry = mlirDialectRegistryCreate();
  mlirRegisterAllDialects(registry);
  mlirContextAppendDialectRegistry(context, registry);
  mlirDialectRegistryDestroy(registry);
  mlirContextSetAllowUnregisteredDialects(context, true);
  MlirModule module =
      mlirModuleCreateParse(context, mlirStringRefCreateFromCString(once));
  assert_false(mlirModuleIsNull(module));
  SimplicialExecutable *from_module, *from_text;
  assert_status(SIMPLICIAL_OK, simplicialJit(module, "cpu", &from_module));
  assert_false(mlirContextIsRegisteredOperation(
      context, mlirStringRefCreateFromCString(SIMPLICIAL_ATTENTION)));
  assert_status(SIMPLICIAL_OK, load(once, &from_text));
  Tensors *x = new_tensors(), *y = new_tensors();
  assert_status(SIMPLICIAL_OK, call(from_module, x, all_keys));
  assert_status(SIMPLICIAL_OK, call(from_text, y, all_keys));
  assert_memory_equal(x->out, y->out, sizeof x->out);
  free(x);
  free(y);
  simplicialExecutableRelease(from_module);
  simplicialExecutableRelease(from_text);
  mlirModuleDestroy(module);
  mlirContextDestroy(context);
}

// Builders --------------------------------------------------------------------

enum { GRADIENT_ARGUMENTS = SIMPLICIAL_D_OUT + 1 + SIMPLICIAL_V2 + 1 };

/// Calls a gradient's function; all its results are in `results`.
static SimplicialStatus call_gradient(const SimplicialFunction *function,
                                      float results[5][Q]) {
  int64_t q_shape[] = {1, N, HEADS, D}, k_shape[] = {1, N, 1, D};
  int64_t lse_shape[] = {1, HEADS, N};
  Tensors *x = new_tensors();
  DLTensor views[GRADIENT_ARGUMENTS], *arguments[GRADIENT_ARGUMENTS];
  for (int i = 0; i < GRADIENT_ARGUMENTS; ++i) {
    int operand = i > SIMPLICIAL_D_OUT ? i - SIMPLICIAL_D_OUT - 1 : i;
    bool is_key = operand >= SIMPLICIAL_K1 && operand <= SIMPLICIAL_V2;
    bool is_lse = operand == SIMPLICIAL_LSE;
    views[i] = (DLTensor){.data = i > SIMPLICIAL_D_OUT ? results[operand]
                                  : is_key ? x->k[operand - SIMPLICIAL_K1]
                                           : x->q, // lse and all others
                          .device = {kDLCPU, 0},
                          .ndim = is_lse ? 3 : 4,
                          .dtype = {kDLFloat, 32, 1},
                          .shape = is_lse   ? lse_shape
                                   : is_key ? k_shape
                                            : q_shape};
    arguments[i] = &views[i];
  }
  SimplicialStatus status =
      simplicialFunctionCall(function, arguments, GRADIENT_ARGUMENTS);
  free(x);
  return status;
}

/// A gradient that simplicialAttentionGradCreate puts into a module is that of
/// the function of its description.
static void gradients_are_built(void **state) {
  (void)state;
  static const char source[] =
      TYPES "func.func @f(%q: !q, %a: !k, %b: !k, %c: !k, %d: !k, %o: !q, "
            "%l: !l, %g: !q) -> (!q, !k, !k, !k, !k) {\n"
            "  return %q, %a, %b, %c, %d : !q, !k, !k, !k, !k\n}\n";
  const SimplicialAttentionAttributes attributes = {.w1 = 3, .scale = 0.25f};
  MlirContext context = mlirContextCreateWithThreading(false);
  MlirDialectRegistry registry = mlirDialectRegistryCreate();
  mlirRegisterAllDialects(registry);
  mlirContextAppendDialectRegistry(context, registry);
  mlirDialectRegistryDestroy(registry);
  simplicialRegisterDialect(context);
  MlirModule module =
      mlirModuleCreateParse(context, mlirStringRefCreateFromCString(source));
  assert_false(mlirModuleIsNull(module));
  MlirOperation function =
      mlirBlockGetFirstOperation(mlirModuleGetBody(module));
  MlirBlock body = mlirRegionGetFirstBlock(mlirOperationGetRegion(function, 0));
  MlirOperation end = mlirBlockGetTerminator(body);
  MlirValue x[SIMPLICIAL_D_OUT + 1];
  for (int i = 0; i <= SIMPLICIAL_D_OUT; ++i)
    x[i] = mlirBlockGetArgument(body, i);
  MlirOperation gradient = simplicialAttentionGradCreate(
      mlirLocationUnknownGet(context), x[SIMPLICIAL_Q], x[SIMPLICIAL_K1],
      x[SIMPLICIAL_K2], x[SIMPLICIAL_V1], x[SIMPLICIAL_V2], x[SIMPLICIAL_OUT],
      x[SIMPLICIAL_LSE], x[SIMPLICIAL_D_OUT], attributes);
  mlirBlockInsertOwnedOperationBefore(body, end, gradient);
  for (int i = 0; i <= SIMPLICIAL_V2; ++i)
    mlirOperationSetOperand(end, i, mlirOperationGetResult(gradient, i));

  SimplicialExecutable *executable;
  assert_status(SIMPLICIAL_OK, simplicialJit(module, "cpu", &executable));
  const SimplicialAttentionSpec spec = {.dtype = {kDLFloat, 32, 1},
                                        .b = 1,
                                        .nq = N,
                                        .n = N,
                                        .hq = HEADS,
                                        .hk = 1,
                                        .d = D,
                                        .attributes = attributes,
                                        .gradients = 31};
  const SimplicialFunction *described;
  assert_status(SIMPLICIAL_OK,
                simplicialAttentionFunction(&spec, "cpu", &described));
  float built[5][Q] = {{0}}, want[5][Q] = {{0}};
  assert_status(
      SIMPLICIAL_OK,
      call_gradient(simplicialExecutableLookup(executable, "f"), built));
  assert_status(SIMPLICIAL_OK, call_gradient(described, want));
  assert_memory_equal(built, want, sizeof built);
  for (int i = 0; i < 5; ++i)
    assert_true(built[i][Q / HEADS - 1] != 0);
  simplicialExecutableRelease(executable);
  mlirModuleDestroy(module);
  mlirContextDestroy(context);
}

// The host's tensors ----------------------------------------------------------

static void inputs_are_not_written(void **state) {
  (void)state;
  SimplicialExecutable *executable, *plain;
  assert_status(SIMPLICIAL_OK, load(cache, &executable));
  assert_status(SIMPLICIAL_OK, load(once, &plain));
  // One buffer for the cache and for k2.
  const int shared[] = {0, 0, 2, 3}, updated[] = {1, 0, 2, 3};
  Tensors *x = new_tensors(), *before = new_tensors(), *want = new_tensors();
  assert_status(SIMPLICIAL_OK, call(executable, x, shared));
  assert_memory_equal(x->q, before->q, sizeof x->q);
  assert_memory_equal(x->k, before->k, sizeof x->k);
  memcpy(want->k[1], want->k[0], sizeof want->k[0]);
  memcpy(want->k[1] + 7 * D, want->k[0], D * sizeof(float));
  assert_status(SIMPLICIAL_OK, call(plain, want, updated));
  assert_memory_equal(x->out, want->out, sizeof x->out);
  free(x);
  free(before);
  free(want);
  simplicialExecutableRelease(executable);
  simplicialExecutableRelease(plain);
}

// Memory ----------------------------------------------------------------------

typedef struct Limited {
  int left, held;
} Limited;

static void *limited_allocate(void *context, int64_t bytes, DLDeviceType device,
                              void *stream) {
  (void)device, (void)stream;
  Limited *self = context;
  if (!self->left)
    return NULL;
  --self->left;
  ++self->held;
  return aligned_alloc(64, (size_t)(bytes + 63) / 64 * 64);
}

static void limited_free(void *context, void *data, DLDeviceType device,
                         void *stream) {
  (void)device, (void)stream;
  --((Limited *)context)->held;
  free(data);
}

static void missing_memory_is_a_status(void **state) {
  (void)state;
  SimplicialExecutable *executable;
  assert_status(SIMPLICIAL_OK, load(twice, &executable));
  Tensors *x = new_tensors(), *want = new_tensors();
  assert_status(SIMPLICIAL_OK, call(executable, want, all_keys));
  Limited limited = {0};
  simplicialSetAllocator(
      &(SimplicialAllocator){limited_allocate, limited_free, &limited});
  int allocations = 0;
  for (;; ++allocations) {
    limited.left = allocations;
    SimplicialStatus status = call(executable, x, all_keys);
    assert_int_equal(limited.held, 0);
    SimplicialCode code = status.code;
    simplicialStatusFree(status);
    if (!code)
      break;
    assert_int_equal(code, SIMPLICIAL_OUT_OF_MEMORY);
  }
  assert_int_equal(allocations, 1); // what is between the two
  assert_memory_equal(x->out, want->out, sizeof x->out);
  simplicialSetAllocator(NULL);
  free(x);
  free(want);
  simplicialExecutableRelease(executable);
}

/// Compiles and calls.
static void *use_little_stack(void *tensors) {
  SimplicialExecutable *executable;
  SimplicialStatus status = load(large_tiles, &executable);
  if (!status.code)
    status = call(executable, tensors, all_keys);
  simplicialExecutableRelease(executable);
  simplicialStatusFree(status);
  return status.code ? tensors : NULL;
}

static void stacks_may_be_small(void **state) {
  (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  enum { STACK = 256 << 10 }; // with what sanitizers add
#else
  enum { STACK = 64 << 10 };
#endif
  Tensors *x = new_tensors(), *want = new_tensors();
  assert_null(use_little_stack(want));
  pthread_attr_t attributes;
  pthread_t thread;
  void *failed;
  pthread_attr_init(&attributes);
  assert_int_equal(0, pthread_attr_setstacksize(&attributes, STACK));
  assert_int_equal(0,
                   pthread_create(&thread, &attributes, use_little_stack, x));
  pthread_attr_destroy(&attributes);
  assert_int_equal(0, pthread_join(thread, &failed));
  assert_null(failed);
  assert_memory_equal(x->out, want->out, sizeof x->out);
  free(x);
  free(want);
}

int main(void) {
  setenv("SIMPLICIAL_CACHE_SIZE", "0", true);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(contexts_need_not_know_the_dialect),
      cmocka_unit_test(gradients_are_built),
      cmocka_unit_test(inputs_are_not_written),
      cmocka_unit_test(missing_memory_is_a_status),
      cmocka_unit_test(stacks_may_be_small)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
