// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Trains one layer of 2-simplicial attention: forward and backward are compiled
// functions, all else is plain C.
//
// The task needs pairs of keys. A sequence hides three marked numbers, 1 or -1,
// among others that are not marked; behind them are questions, each for the
// product of two of the marked numbers:
//
//      -1   1   A:1  -1  C:-1   1  B:-1 ...   AB?  BC?  AC? ...
//                                              -1    1   -1
//
// A token is a few features x; what attention takes are products of x with
// matrices that are learned, and so is how its result is read:
//
//   q = x Wq, k1 = x Wk1, ...      out = attention(q, k1, k2, v1, v2)
//   answer = sum over heads and columns of out * reading
//
// A host with automatic differentiation would call @forward and @backward from
// its rules, as `step` does here. Without one, a function with the attribute
// simplicial.differentiate gets its gradient from a pass: docs/operation.md.
//
// Prints the loss, which begins at 1 or more: answers that know nothing are 0.
// Exits with 1 if it has not fallen to a twentieth of what it was at first.

#include "simplicial/compiler.h"
#include "simplicial/runtime.h"

#include <dlpack/dlpack.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Sequences, tokens in them, the questions at their ends, heads, columns.
enum {
  B = 16,
  N = 24,
  NQ = 12,
  H = 2,
  D = 16,
  WIDTH = H * D,
  STEPS = 600,
  SHOWN = 50
};

static const char source[] =
    "!q = tensor<16x12x2x16xf32>\n"
    "!k = tensor<16x24x2x16xf32>\n"
    "!l = tensor<16x2x12xf32>\n"
    "func.func @forward(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k)\n"
    "    -> (!q, !l) {\n"
    "  %out, %lse = \"simplicial.attention\"(%q, %k1, %k2, %v1, %v2) {causal}\n"
    "    : (!q, !k, !k, !k, !k) -> (!q, !l)\n"
    "  return %out, %lse : !q, !l\n"
    "}\n"
    "func.func @backward(%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k,\n"
    "    %out: !q, %lse: !l, %d_out: !q) -> (!q, !k, !k, !k, !k) {\n"
    "  %d:5 = \"simplicial.attention_grad\"(%q, %k1, %k2, %v1, %v2, %out, %lse,"
    " %d_out) {causal}\n"
    "    : (!q, !k, !k, !k, !k, !q, !l, !q) -> (!q, !k, !k, !k, !k)\n"
    "  return %d#0, %d#1, %d#2, %d#3, %d#4 : !q, !k, !k, !k, !k\n"
    "}\n";

// The task --------------------------------------------------------------------

// What a token is: its number, its mark, its question, and a constant.
enum { MARKS = 3, NUMBER = 0, MARK = 1, ASK = 4, ONE = 7, FEATURES = 8 };

static float x[B][N][FEATURES], wanted[B * NQ];

static unsigned random_number(unsigned below) {
  static unsigned state = 1;
  state = state * 1664525u + 1013904223u;
  return (state >> 8) % below;
}

static void make_sequences(void) {
  memset(x, 0, sizeof x);
  for (int b = 0; b < B; ++b) {
    float marked[MARKS];
    for (int i = 0; i < N; ++i) {
      x[b][i][ONE] = 1;
      if (i < N - NQ)
        x[b][i][NUMBER] = random_number(2) ? 1 : -1;
    }
    for (int mark = 0; mark < MARKS; ++mark) {
      int place; // one that has no mark yet
      do
        place = (int)random_number(N - NQ);
      while (x[b][place][MARK] + x[b][place][MARK + 1] + x[b][place][MARK + 2]);
      x[b][place][MARK + mark] = 1;
      marked[mark] = x[b][place][NUMBER];
    }
    for (int i = 0; i < NQ; ++i) {
      int left_out = (int)random_number(MARKS);
      x[b][N - NQ + i][ASK + left_out] = 1;
      wanted[b * NQ + i] =
          marked[(left_out + 1) % MARKS] * marked[(left_out + 2) % MARKS];
    }
  }
}

// The model -------------------------------------------------------------------

// In the order of @forward's and @backward's arguments.
enum { Q, K1, K2, V1, V2, PROJECTIONS, OUT = PROJECTIONS, LSE, D_OUT, TENSORS };

typedef float Weights[FEATURES][WIDTH];

static Weights weights[PROJECTIONS], slopes[PROJECTIONS], speeds[PROJECTIONS];
static float reading[WIDTH], reading_slope[WIDTH], reading_speed[WIDTH];

// As large as the largest: [B, N, H, D].
static float values[TENSORS][B * N * WIDTH];
static float gradients[PROJECTIONS][B * N * WIDTH];

// Only questions ask; all tokens are keys.
static int rows_of(int t) { return B * (t == Q ? NQ : N); }

static const float *token(int t, int row) {
  return t == Q ? x[row / NQ][N - NQ + row % NQ] : x[row / N][row % N];
}

// y = x W.
static void project(int t) {
  for (int row = 0; row < rows_of(t); ++row)
    for (int c = 0; c < WIDTH; ++c) {
      float *y = &values[t][row * WIDTH + c];
      *y = 0;
      for (int f = 0; f < FEATURES; ++f)
        *y += token(t, row)[f] * weights[t][f][c];
    }
}

// The gradient of W: the transpose of x times that of y.
static void project_back(int t) {
  memset(slopes[t], 0, sizeof slopes[t]);
  for (int row = 0; row < rows_of(t); ++row)
    for (int f = 0; f < FEATURES; ++f)
      for (int c = 0; c < WIDTH; ++c)
        slopes[t][f][c] += token(t, row)[f] * gradients[t][row * WIDTH + c];
}

// The loss, which is the mean of squared errors, and the gradients of `out` and
// of how it is read.
static float answer(void) {
  float loss = 0;
  memset(reading_slope, 0, sizeof reading_slope);
  for (int i = 0; i < B * NQ; ++i) {
    const float *out = &values[OUT][i * WIDTH];
    float error = -wanted[i];
    for (int c = 0; c < WIDTH; ++c)
      error += out[c] * reading[c];
    loss += error * error / (B * NQ);
    for (int c = 0; c < WIDTH; ++c) {
      values[D_OUT][i * WIDTH + c] = 2 * error * reading[c] / (B * NQ);
      reading_slope[c] += 2 * error * out[c] / (B * NQ);
    }
  }
  return loss;
}

// Calls -----------------------------------------------------------------------

static int64_t q_shape[] = {B, NQ, H, D}, k_shape[] = {B, N, H, D};
static int64_t lse_shape[] = {B, H, NQ};

static DLTensor tensor(float *data, int t) {
  bool is_key = t >= K1 && t <= V2;
  return (DLTensor){.data = data,
                    .device = {kDLCPU, 0},
                    .ndim = t == LSE ? 3 : 4,
                    .dtype = {kDLFloat, 32, 1},
                    .shape = is_key     ? k_shape
                             : t == LSE ? lse_shape
                                        : q_shape};
}

// Calls a function of the first of the values and of the gradients.
static SimplicialStatus call(const SimplicialFunction *function, int n_values,
                             int n_gradients) {
  DLTensor tensors[TENSORS + PROJECTIONS];
  DLTensor *arguments[TENSORS + PROJECTIONS];
  for (int i = 0; i < n_values + n_gradients; ++i) {
    int g = i - n_values;
    tensors[i] = g < 0 ? tensor(values[i], i) : tensor(gradients[g], g);
    arguments[i] = &tensors[i];
  }
  return simplicialFunctionCall(function, arguments, n_values + n_gradients);
}

// Training --------------------------------------------------------------------

// SGD with momentum.
static void descend(float *w, float *speed, const float *slope, int n) {
  const float rate = 0.1f, momentum = 0.9f;
  for (int i = 0; i < n; ++i) {
    speed[i] = momentum * speed[i] - rate * slope[i];
    w[i] += speed[i];
  }
}

static SimplicialStatus step(const SimplicialFunction *forward,
                             const SimplicialFunction *backward, float *loss) {
  make_sequences();
  for (int t = 0; t < PROJECTIONS; ++t)
    project(t);
  SimplicialStatus status = call(forward, LSE + 1, 0);
  if (status.code)
    return status;
  *loss = answer();
  status = call(backward, TENSORS, PROJECTIONS);
  for (int t = 0; t < PROJECTIONS && !status.code; ++t) {
    project_back(t);
    descend(weights[t][0], speeds[t][0], slopes[t][0], FEATURES * WIDTH);
  }
  descend(reading, reading_speed, reading_slope, WIDTH);
  return status;
}

static void begin(float *w, int n, float most) {
  for (int i = 0; i < n; ++i)
    w[i] = most * ((float)random_number(2001) / 1000 - 1);
}

static SimplicialStatus train(const SimplicialExecutable *executable,
                              bool *learned) {
  const SimplicialFunction *forward =
      simplicialExecutableLookup(executable, "forward");
  const SimplicialFunction *backward =
      simplicialExecutableLookup(executable, "backward");
  for (int t = 0; t < PROJECTIONS; ++t)
    begin(weights[t][0], FEATURES * WIDTH, 1);
  begin(reading, WIDTH, 0.5f);
  float first = 0, mean = 0;
  for (int i = 1; i <= STEPS; ++i) {
    float loss;
    SimplicialStatus status = step(forward, backward, &loss);
    if (status.code)
      return status;
    mean += (loss - mean) / (float)((i - 1) % SHOWN + 1);
    if (i == SHOWN)
      first = mean;
    if (i % SHOWN == 0)
      printf("steps %3d to %3d: loss %.4f\n", i - SHOWN + 1, i, mean);
  }
  *learned = mean < first / 20;
  return simplicialOk();
}

int main(void) {
  SimplicialCompiler *compiler;
  SimplicialExecutable *executable = NULL;
  bool learned = false;
  SimplicialStatus status = simplicialCompilerCreate(&compiler);
  if (!status.code)
    status = simplicialCompilerLoad(compiler, source, strlen(source), "train.c",
                                    "cpu", &executable);
  if (!status.code)
    status = train(executable, &learned);
  if (status.code)
    fprintf(stderr, "train: %s\n", simplicialStatusMessage(status));
  simplicialStatusFree(status);
  simplicialExecutableRelease(executable);
  simplicialCompilerDestroy(compiler);
  return learned ? EXIT_SUCCESS : EXIT_FAILURE;
}
