// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operands of wgmma in shared memory, by the matrix descriptors and canonical
// layouts of the PTX ISA. Granules of 8 elements are one after another along
//
//                not swizzled               swizzled by `span` bytes
//   columns      8 rows: 16 bytes apart     8 rows: `span` bytes apart
//   (K-major)    next 8 rows: `stride`      next 8 rows: `stride`
//                next 8 columns: `leading`  the other columns: in the row
//   rows         8 columns: 16 bytes apart  8 columns: `span` bytes apart
//   (MN-major)   next 8 rows: `stride`      next rows, beyond `span`: `leading`
//                next 8 columns: `leading`  next 8 columns: `stride`

#include "wgmma_operand.h"

#include <string.h>

enum { K = WGMMA_K, ELEMENT = 2, EIGHT = 8 };

static void check_swizzle(Thread *thread, uint32_t site, const Operand *self) {
  uint32_t start = self->start, span = self->span;
  // The pattern repeats every 8 rows of it.
  if (start / 128 % (span / GRANULE))
    thread_fail(thread, site,
                "misaligned: a matrix at 0x%x, in the middle of the pattern of "
                "its %u-byte swizzle",
                start, span);
  // MN-major, what is longer goes on elsewhere.
  uint32_t bytes = (self->row_major ? self->rows : K) * ELEMENT;
  if (start % span + (bytes < span ? bytes : span) > span)
    thread_fail(thread, site,
                "misaligned: a matrix at 0x%x, whose rows are partly outside "
                "of the %u bytes that are swizzled",
                start, span);
}

Operand operand_of(Thread *thread, uint32_t site, uint64_t descriptor,
                   uint32_t rows, bool row_major) {
  static const uint32_t spans[] = {0, 128, 64, 32};
  enum { FIELD = 0x3fff, UNIT = 16 };
  Operand self = {.start = (uint32_t)(descriptor & FIELD) * UNIT,
                  .leading = (uint32_t)(descriptor >> 16 & FIELD) * UNIT,
                  .stride = (uint32_t)(descriptor >> 32 & FIELD) * UNIT,
                  .span = spans[descriptor >> 62],
                  .rows = rows,
                  .row_major = row_major};
  if (descriptor >> 49 & 7)
    thread_fail(thread, site, "the emulator takes no matrix base offset");
  if (self.span)
    check_swizzle(thread, site, &self);
  return self;
}

/// The address of the granule that begins with that row and column.
static uint32_t granule(const Operand *self, uint32_t row, uint32_t column) {
  uint32_t span = self->span, elements = span / ELEMENT, offset;
  if (!span)
    offset = row / EIGHT * self->stride + column / EIGHT * self->leading +
             (self->row_major ? column : row) % EIGHT * GRANULE;
  else if (self->row_major)
    offset = row / elements * self->leading + row % elements * ELEMENT +
             column / EIGHT * self->stride + column % EIGHT * span;
  else
    offset = row / EIGHT * self->stride + row % EIGHT * span + column * ELEMENT;
  return swizzled(self->start + offset, span);
}

#define EACH_GRANULE(self, row, column)                                        \
  for (uint32_t row = 0; row < (self)->rows;                                   \
       row += (self)->row_major ? EIGHT : 1)                                   \
    for (uint32_t column = 0; column < K;                                      \
         column += (self)->row_major ? 1 : EIGHT)

void operand_begin(Thread *first, uint32_t site, const Operand *self,
                   Epoch epoch) {
  EACH_GRANULE(self, row, column) {
    uint32_t offset = shared_offset(
        first, site, "reads", granule(self, row, column), GRANULE, GRANULE);
    shared_async_read(first, WARPGROUP, site, offset, GRANULE, epoch);
  }
}

float operand_to_float(uint16_t bits, bool is_bf16) {
  if (!is_bf16)
    return simplicialF16ToF32(bits);
  uint32_t word = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &word, sizeof value);
  return value;
}

void operand_read(const Block *block, const Operand *self, bool is_bf16,
                  float values[WGMMA_K][WGMMA_MAX_ROWS]) {
  EACH_GRANULE(self, row, column) {
    uint16_t bits[EIGHT];
    memcpy(bits, block->shared + granule(self, row, column) - SHARED,
           sizeof bits);
    for (uint32_t i = 0; i < EIGHT; ++i) {
      float value = operand_to_float(bits[i], is_bf16);
      if (self->row_major)
        values[column][row + i] = value;
      else
        values[column + i][row] = value;
    }
  }
}
