// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the programs of these tests call: inputs, checks, and the outcome of
// launches, printed.

#include "simplicial/emulator.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/// Prints how the launches since the last report went.
void report(void) {
  SimplicialStatus status = simplicialEmulatorTakeStatus();
  printf("%s\n", simplicialStatusMessage(status));
  fflush(stdout);
  simplicialStatusFree(status);
}

/// A small integer, which every type holds exactly: so are products and sums.
static float value_at(int64_t row, int64_t column) {
  return (float)((row * 37 + column * 101 + row * column * 13) % 17 - 8);
}

static uint16_t *half_at(const SimplicialMemref *m, int64_t row, int64_t col) {
  return (uint16_t *)m->aligned + m->offset + row * m->dims[2] +
         col * m->dims[3];
}

static float *float_at(const SimplicialMemref *m, int64_t row, int64_t col) {
  return (float *)m->aligned + m->offset + row * m->dims[2] + col * m->dims[3];
}

#define EACH(m, r, c)                                                          \
  for (int64_t r = 0; r < (m)->dims[0]; ++r)                                   \
    for (int64_t c = 0; c < (m)->dims[1]; ++c)

void _mlir_ciface_fill_bf16(SimplicialMemref *m) {
  EACH(m, r, c) * half_at(m, r, c) = simplicialF32ToBf16(value_at(r, c));
}

void _mlir_ciface_fill_f16(SimplicialMemref *m) {
  EACH(m, r, c) * half_at(m, r, c) = simplicialF32ToF16(value_at(r, c));
}

void _mlir_ciface_fill_f32(SimplicialMemref *m) {
  EACH(m, r, c) * float_at(m, r, c) = value_at(r, c);
}

/// Whether `m` is filled as another matrix of its size is.
void _mlir_ciface_check_filled(SimplicialMemref *m) {
  int wrong = 0;
  EACH(m, r, c) wrong += *float_at(m, r, c) != value_at(r, c);
  printf("%d of %d wrong\n", wrong, (int)(m->dims[0] * m->dims[1]));
  fflush(stdout);
}

/// Whether `m` [M][N] is the product of two filled matrices, [M][k] and [N][k],
/// or, if `right_is_kn`, [k][N].
void _mlir_ciface_check_product(SimplicialMemref *m, int64_t k,
                                bool right_is_kn) {
  int wrong = 0;
  EACH(m, r, c) {
    float sum = 0;
    for (int64_t i = 0; i < k; ++i)
      sum += value_at(r, i) * (right_is_kn ? value_at(i, c) : value_at(c, i));
    wrong += *float_at(m, r, c) != sum;
  }
  printf("%d of %d wrong\n", wrong, (int)(m->dims[0] * m->dims[1]));
  fflush(stdout);
}

/// A tensor map of `m` with boxes of `rows` by `columns`; dimensions from the
/// third on have one element.
void _mlir_ciface_tensor_map(SimplicialMemref *m, SimplicialTensorMap *map,
                             int64_t element_bytes, int64_t rank,
                             int64_t swizzle, int64_t rows, int64_t columns) {
  int64_t stride = m->dims[2] * element_bytes;
  SimplicialTensorMapInfo info = {
      .data = m->aligned,
      .elementBytes = element_bytes,
      .rank = rank,
      .swizzle = swizzle,
      .sizes = {m->dims[1], m->dims[0], 1, 1, 1},
      .strides = {element_bytes, stride, stride, stride, stride},
      .box = {columns, rows, 1, 1, 1}};
  if (!simplicialEmulatorTensorMap(&info, map))
    abort();
}

void _mlir_ciface_tensor_map_f32(SimplicialMemref *m, SimplicialTensorMap *map,
                                 int64_t element_bytes, int64_t rank,
                                 int64_t swizzle, int64_t rows,
                                 int64_t columns) {
  _mlir_ciface_tensor_map(m, map, element_bytes, rank, swizzle, rows, columns);
}

/// Whether `o` [M][N] is 2^(q k^T / 512) k, of filled matrices, [M][D] and k,
/// of which it has N columns. The weights may have been rounded to bf16.
void _mlir_ciface_check_exp2(SimplicialMemref *o, SimplicialMemref *k) {
  int wrong = 0;
  EACH(o, r, c) {
    double sum = 0, magnitude = 0;
    for (int64_t j = 0; j < k->dims[0]; ++j) {
      double logit = 0;
      for (int64_t d = 0; d < k->dims[1]; ++d)
        logit += (double)value_at(r, d) * (double)value_at(j, d);
      double term = exp2(logit / 512) * (double)value_at(j, c);
      sum += term;
      magnitude += fabs(term);
    }
    wrong += fabs((double)*float_at(o, r, c) - sum) > magnitude / 256;
  }
  printf("%d of %d wrong\n", wrong, (int)(o->dims[0] * o->dims[1]));
  fflush(stdout);
}

void _mlir_ciface_print_rows(SimplicialMemref *m) {
  EACH(m, r, c) {
    const int32_t *data = m->aligned;
    printf("%d%c", data[m->offset + r * m->dims[2] + c * m->dims[3]],
           c + 1 < m->dims[1] ? ' ' : '\n');
  }
  fflush(stdout);
}
