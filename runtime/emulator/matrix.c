// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ldmatrix, stmatrix and mma.sync, by the fragment layouts of the PTX ISA. With
// g = lane / 4 and t = lane % 4, a lane holds
//
//   8x8 matrix of 16-bit elements (ldmatrix, stmatrix)
//                                   row g, columns 2t, 2t+1
//   A of m16n8k16, registers 0..3   rows g, g+8, g, g+8; columns 2t, 2t+1 in
//                                   registers 0 and 1, 2t+8, 2t+9 in 2 and 3
//   B of m16n8k16, registers 0, 1   column g; rows 2t, 2t+1 and 2t+8, 2t+9
//   A of m16n8k8 (tf32), 0..3       rows g, g+8, g, g+8; columns t, t, t+4, t+4
//   B of m16n8k8 (tf32), 0, 1       column g; rows t and t+4
//   C, D, registers 0..3            rows g, g, g+8, g+8; columns 2t, 2t+1,
//                                   2t, 2t+1
//
// A register with two 16-bit elements has the first in its low half.

#include "warp.h"

#include <string.h>

// ldmatrix --------------------------------------------------------------------

typedef struct Load {
  uint64_t row;
  uint32_t count;
  uint32_t result[4];
} Load;

static uint16_t element(const Block *block, const uint32_t *rows, int row,
                        int column) {
  uint16_t bits;
  memcpy(&bits, block->shared + rows[row] + 2 * column, sizeof bits);
  return bits;
}

/// Lane 8 m + r says where row r of matrix m is.
static void load(Thread *warp, bool transposed) {
  uint32_t count = ((const Load *)warp->operands)->count;
  uint32_t rows[4 * 8];
  for (uint32_t i = 0; i < 8 * count; ++i) {
    Thread *thread = &warp[i];
    const Load *lane = thread->operands;
    rows[i] = shared_offset(thread, thread->site, "reads", lane->row, 16, 16);
    shared_read(thread, thread->site, rows[i], 16);
  }
  for (int i = 0; i < WARP; ++i)
    for (uint32_t m = 0; m < count; ++m) {
      int g = i / 4, t = i % 4;
      uint32_t halves[2];
      for (int h = 0; h < 2; ++h)
        halves[h] = transposed
                        ? element(warp->block, rows + 8 * m, 2 * t + h, g)
                        : element(warp->block, rows + 8 * m, g, 2 * t + h);
      ((Load *)warp[i].operands)->result[m] = halves[0] | halves[1] << 16;
    }
}

static void load_plain(Thread *warp, uint32_t lanes) {
  (void)lanes;
  load(warp, false);
}

static void load_transposed(Thread *warp, uint32_t lanes) {
  (void)lanes;
  load(warp, true);
}

/// Warp instructions on matrices have no meaning for fewer than 32 threads.
static void require_whole_warp(Thread *thread, uint32_t site) {
  if (warp_lanes(warp_of(thread)) != UINT32_MAX)
    thread_fail(thread, site, "the block's last warp has not 32 threads");
}

static void ldmatrix(Thread *thread, uint32_t site, Collective collective,
                     uint64_t row, uint32_t count, uint32_t *result) {
  require_whole_warp(thread, site);
  Load lane = {.row = row, .count = count};
  warp_together(thread, site, collective, &lane);
  memcpy(result, lane.result, count * sizeof *result);
}

void simplicialEmulateLdmatrix(Thread *thread, uint32_t site, uint64_t row,
                               uint32_t count, uint32_t *result) {
  ldmatrix(thread, site, load_plain, row, count, result);
}

void simplicialEmulateLdmatrixTrans(Thread *thread, uint32_t site, uint64_t row,
                                    uint32_t count, uint32_t *result) {
  ldmatrix(thread, site, load_transposed, row, count, result);
}

uint32_t simplicialEmulateLdmatrix1(Thread *thread, uint32_t site,
                                    uint64_t row) {
  uint32_t result;
  ldmatrix(thread, site, load_plain, row, 1, &result);
  return result;
}

uint32_t simplicialEmulateLdmatrix1Trans(Thread *thread, uint32_t site,
                                         uint64_t row) {
  uint32_t result;
  ldmatrix(thread, site, load_transposed, row, 1, &result);
  return result;
}

// stmatrix --------------------------------------------------------------------

typedef struct Store {
  uint64_t row;
  uint32_t count;
  const uint32_t *values;
} Store;

/// Lane 8 m + r says where row r of matrix m is, and counts as its writer.
static void store(Thread *warp, uint32_t lanes) {
  enum { SHARERS = 4 }; // of a row
  uint32_t count = ((const Store *)warp->operands)->count;
  (void)lanes;
  for (uint32_t i = 0; i < 8 * count; ++i) {
    Thread *thread = &warp[i];
    const Store *lane = thread->operands;
    uint32_t row =
        shared_offset(thread, thread->site, "writes", lane->row, 16, 16);
    shared_write(thread, thread->site, row, 16);
    for (uint32_t t = 0; t < SHARERS; ++t) {
      const Store *sharer = warp[SHARERS * (i % 8) + t].operands;
      memcpy(warp->block->shared + row + 4 * t, &sharer->values[i / 8], 4);
    }
  }
}

static void stmatrix(Thread *thread, uint32_t site, uint64_t row,
                     uint32_t count, const uint32_t *values) {
  require_whole_warp(thread, site);
  Store lane = {row, count, values};
  warp_together(thread, site, store, &lane);
}

void simplicialEmulateStmatrix1(Thread *thread, uint32_t site, uint64_t row,
                                uint32_t a) {
  stmatrix(thread, site, row, 1, &a);
}

void simplicialEmulateStmatrix2(Thread *thread, uint32_t site, uint64_t row,
                                uint32_t a, uint32_t b) {
  stmatrix(thread, site, row, 2, (const uint32_t[]){a, b});
}

void simplicialEmulateStmatrix4(Thread *thread, uint32_t site, uint64_t row,
                                uint32_t a, uint32_t b, uint32_t c,
                                uint32_t d) {
  stmatrix(thread, site, row, 4, (const uint32_t[]){a, b, c, d});
}

// mma.sync --------------------------------------------------------------------

enum { M = 16, N = 8, MAX_K = 16 };

typedef struct Mma {
  uint32_t a[4], b[2], c[4];
  uint32_t d[4];
} Mma;

static float as_float(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static uint32_t as_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/// C's and D's place: register r of `lane` is [row][column].
static int c_row(int lane, int r) { return lane / 4 + r / 2 * 8; }
static int c_column(int lane, int r) { return lane % 4 * 2 + r % 2; }

/// d = a b + c, with the warp's A and B already put together.
static void multiply(Thread *warp, int k_size, const float a[M][MAX_K],
                     const float b[MAX_K][N]) {
  float d[M][N];
  for (int i = 0; i < WARP; ++i)
    for (int r = 0; r < 4; ++r)
      d[c_row(i, r)][c_column(i, r)] =
          as_float(((const Mma *)warp[i].operands)->c[r]);
  for (int m = 0; m < M; ++m)
    for (int k = 0; k < k_size; ++k)
      for (int n = 0; n < N; ++n)
        d[m][n] += a[m][k] * b[k][n];
  for (int i = 0; i < WARP; ++i)
    for (int r = 0; r < 4; ++r)
      ((Mma *)warp[i].operands)->d[r] = as_bits(d[c_row(i, r)][c_column(i, r)]);
}

static inline void mma_16bit(Thread *warp, float (*to_float)(uint16_t)) {
  float a[M][MAX_K], b[MAX_K][N];
  for (int i = 0; i < WARP; ++i) {
    const Mma *lane = warp[i].operands;
    int g = i / 4, t = i % 4;
    for (int h = 0; h < 2; ++h) { // a register's halves
      for (int r = 0; r < 4; ++r)
        a[g + r % 2 * 8][2 * t + r / 2 * 8 + h] =
            to_float((uint16_t)(lane->a[r] >> 16 * h));
      for (int r = 0; r < 2; ++r)
        b[2 * t + r * 8 + h][g] = to_float((uint16_t)(lane->b[r] >> 16 * h));
    }
  }
  multiply(warp, 16, a, b);
}

static void mma_f16(Thread *warp, uint32_t lanes) {
  (void)lanes;
  mma_16bit(warp, simplicialF16ToF32);
}

static float bf16_to_f32(uint16_t bits) {
  return as_float((uint32_t)bits << 16);
}

static void mma_bf16(Thread *warp, uint32_t lanes) {
  (void)lanes;
  mma_16bit(warp, bf16_to_f32);
}

/// The instruction reads no more than 10 bits of the mantissa.
static float tf32(uint32_t bits) { return as_float(bits & 0xffffe000); }

static void mma_tf32(Thread *warp, uint32_t lanes) {
  (void)lanes;
  float a[M][MAX_K], b[MAX_K][N];
  for (int i = 0; i < WARP; ++i) {
    const Mma *lane = warp[i].operands;
    int g = i / 4, t = i % 4;
    for (int r = 0; r < 4; ++r)
      a[g + r % 2 * 8][t + r / 2 * 4] = tf32(lane->a[r]);
    for (int r = 0; r < 2; ++r)
      b[t + r * 4][g] = tf32(lane->b[r]);
  }
  multiply(warp, 8, a, b);
}

#define MMA(Name, collective)                                                  \
  void simplicialEmulateMma##Name(Thread *thread, uint32_t site,               \
                                  MMA_PARAMETERS) {                            \
    require_whole_warp(thread, site);                                          \
    Mma lane = {{a0, a1, a2, a3}, {b0, b1}, {c0, c1, c2, c3}, {0}};            \
    warp_together(thread, site, collective, &lane);                            \
    memcpy(d, lane.d, sizeof lane.d);                                          \
  }
MMA(F16, mma_f16)
MMA(Bf16, mma_bf16)
MMA(Tf32, mma_tf32)
