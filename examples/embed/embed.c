// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A host compiler embeds Simplicial: it loads the dialect into a context of its
// own, builds a function around `simplicial.attention` with the MLIR C API,
// runs one of the passes on it, compiles the module for this CPU, calls it and
// compares with a plain C loop. Exits with 1 if anything fails or differs.

#include "simplicial/dialect.h"
#include "simplicial/jit.h"
#include "simplicial/passes.h"
#include "simplicial/runtime.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "mlir-c/Dialect/Func.h"
#include "mlir-c/IR.h"
#include "mlir-c/Pass.h"

#include <dlpack/dlpack.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

// Batch, queries, keys, query heads, key heads, head dimension, windows.
enum { B = 2, NQ = 24, N = 40, HQ = 6, HK = 2, D = 16, W1 = 5, W2 = 11 };

static float q[B][NQ][HQ][D], k1[B][N][HK][D], k2[B][N][HK][D];
static float v1[B][N][HK][D], v2[B][N][HK][D];
static float out[B][NQ][HQ][D], lse[B][HQ][NQ];

static MlirStringRef str(const char *s) {
  return mlirStringRefCreateFromCString(s);
}

static MlirNamedAttribute named(MlirContext context, const char *name,
                                MlirAttribute value) {
  return mlirNamedAttributeGet(mlirIdentifierGet(context, str(name)), value);
}

// A module with one function that is one attention operation:
//
//   func.func @attention(q, k1, k2, v1, v2) -> (out, lse)
//
// B, Nq and N stay dynamic: the compiled function serves them all.
static MlirModule build_module(MlirContext context) {
  MlirLocation location = mlirLocationUnknownGet(context);
  int64_t any = mlirShapedTypeGetDynamicSize();
  int64_t q_shape[] = {any, any, HQ, D}, k_shape[] = {any, any, HK, D};
  int64_t lse_shape[] = {any, HQ, any};
  MlirAttribute none = mlirAttributeGetNull();
  MlirType f32 = mlirF32TypeGet(context);
  MlirType q_type = mlirRankedTensorTypeGet(4, q_shape, f32, none);
  MlirType k_type = mlirRankedTensorTypeGet(4, k_shape, f32, none);
  MlirType lse_type = mlirRankedTensorTypeGet(3, lse_shape, f32, none);
  MlirType inputs[] = {q_type, k_type, k_type, k_type, k_type};
  MlirType results[] = {q_type, lse_type};
  MlirLocation locations[] = {location, location, location, location, location};

  MlirBlock body = mlirBlockCreate(5, inputs, locations);
  MlirValue operands[5];
  for (int i = 0; i < 5; ++i)
    operands[i] = mlirBlockGetArgument(body, i);

  SimplicialAttentionAttributes attributes = {
      .w1 = W1, .w2 = W2, .causal = true};
  MlirOperation attention = simplicialAttentionCreate(
      location, operands[SIMPLICIAL_Q], operands[SIMPLICIAL_K1],
      operands[SIMPLICIAL_K2], operands[SIMPLICIAL_V1], operands[SIMPLICIAL_V2],
      attributes);
  mlirBlockAppendOwnedOperation(body, attention);

  MlirValue returned[] = {mlirOperationGetResult(attention, 0),
                          mlirOperationGetResult(attention, 1)};
  MlirOperationState return_state =
      mlirOperationStateGet(str("func.return"), location);
  mlirOperationStateAddOperands(&return_state, 2, returned);
  mlirBlockAppendOwnedOperation(body, mlirOperationCreate(&return_state));

  MlirRegion region = mlirRegionCreate();
  mlirRegionAppendOwnedBlock(region, body);
  MlirType type = mlirFunctionTypeGet(context, 5, inputs, 2, results);
  MlirNamedAttribute function_attributes[] = {
      named(context, "sym_name", mlirStringAttrGet(context, str("attention"))),
      named(context, "function_type", mlirTypeAttrGet(type))};
  MlirOperationState function_state =
      mlirOperationStateGet(str("func.func"), location);
  mlirOperationStateAddAttributes(&function_state, 2, function_attributes);
  mlirOperationStateAddOwnedRegions(&function_state, 1, &region);

  MlirModule module = mlirModuleCreateEmpty(location);
  mlirBlockAppendOwnedOperation(mlirModuleGetBody(module),
                                mlirOperationCreate(&function_state));
  return module;
}

// Any of the passes can be part of the host's own pipeline. This one says
// early, at the operation's location, what is wrong with it.
static bool verify(MlirContext context, MlirModule module) {
  MlirPassManager manager = mlirPassManagerCreate(context);
  mlirPassManagerAddOwnedPass(manager, simplicialCreateVerifyPass());
  MlirLogicalResult result =
      mlirPassManagerRunOnOp(manager, mlirModuleGetOperation(module));
  mlirPassManagerDestroy(manager);
  return mlirLogicalResultIsSuccess(result);
}

// A row-major f32 tensor in this process's memory.
static DLTensor tensor(void *data, int rank, int64_t *shape) {
  return (DLTensor){.data = data,
                    .device = {kDLCPU, 0},
                    .ndim = rank,
                    .dtype = {kDLFloat, 32, 1},
                    .shape = shape};
}

static SimplicialStatus run(MlirModule module) {
  SimplicialExecutable *executable = NULL;
  SimplicialStatus status = simplicialJit(module, "cpu", &executable);
  if (status.code)
    return status;

  int64_t q_shape[] = {B, NQ, HQ, D}, k_shape[] = {B, N, HK, D};
  int64_t lse_shape[] = {B, HQ, NQ};
  DLTensor tensors[] = {tensor(q, 4, q_shape),    tensor(k1, 4, k_shape),
                        tensor(k2, 4, k_shape),   tensor(v1, 4, k_shape),
                        tensor(v2, 4, k_shape),   tensor(out, 4, q_shape),
                        tensor(lse, 3, lse_shape)};
  DLTensor *arguments[7];
  for (int i = 0; i < 7; ++i)
    arguments[i] = &tensors[i];

  const SimplicialFunction *function =
      simplicialExecutableLookup(executable, "attention");
  status = simplicialFunctionCall(function, arguments, 7);
  simplicialExecutableRelease(executable);
  return status;
}

static void fill(float *data, size_t count, unsigned *seed) {
  for (size_t i = 0; i < count; ++i) {
    *seed = *seed * 1664525u + 1013904223u;
    data[i] = (float)(*seed >> 8) / (1 << 23) - 1;
  }
}

// The definition, for one query of one head; gives the largest difference.
static double difference(int b, int i, int h) {
  int kv = h / (HQ / HK), p = i + N - NQ;
  double acc[D] = {0}, sum = 0;
  for (int j = p < W1 ? 0 : p - W1 + 1; j <= p; ++j)
    for (int k = p < W2 ? 0 : p - W2 + 1; k <= p; ++k) {
      double s = 0;
      for (int d = 0; d < D; ++d)
        s += (double)q[b][i][h][d] * k1[b][j][kv][d] * k2[b][k][kv][d];
      double e = exp(s / sqrt(D)); // the inputs are small: no overflow
      sum += e;
      for (int d = 0; d < D; ++d)
        acc[d] += e * v1[b][j][kv][d] * v2[b][k][kv][d];
    }
  double worst = fabs(log(sum) - lse[b][h][i]);
  for (int d = 0; d < D; ++d)
    worst = fmax(worst, fabs(acc[d] / sum - out[b][i][h][d]));
  return worst;
}

int main(void) {
  unsigned seed = 1;
  fill(&q[0][0][0][0], sizeof q / sizeof(float), &seed);
  fill(&k1[0][0][0][0], sizeof k1 / sizeof(float), &seed);
  fill(&k2[0][0][0][0], sizeof k2 / sizeof(float), &seed);
  fill(&v1[0][0][0][0], sizeof v1 / sizeof(float), &seed);
  fill(&v2[0][0][0][0], sizeof v2 / sizeof(float), &seed);

  // The host's own context and dialects; Simplicial's joins them.
  MlirContext context = mlirContextCreate();
  mlirDialectHandleLoadDialect(mlirGetDialectHandle__func__(), context);
  if (mlirLogicalResultIsFailure(simplicialRegisterDialect(context)))
    return EXIT_FAILURE;

  MlirModule module = build_module(context);
  mlirOperationDump(mlirModuleGetOperation(module));
  if (!verify(context, module))
    return EXIT_FAILURE;

  SimplicialStatus status = run(module);
  mlirModuleDestroy(module);
  mlirContextDestroy(context);
  if (status.code) {
    fprintf(stderr, "embed: %s\n", simplicialStatusMessage(status));
    simplicialStatusFree(status);
    return EXIT_FAILURE;
  }

  double worst = 0;
  for (int b = 0; b < B; ++b)
    for (int i = 0; i < NQ; ++i)
      for (int h = 0; h < HQ; ++h) {
        double d = difference(b, i, h);
        if (!(d <= worst)) // also when d is NaN
          worst = d;
      }
  printf("largest difference from the plain C loop: %.2g\n", worst);
  return worst < 1e-5 ? EXIT_SUCCESS : EXIT_FAILURE;
}
