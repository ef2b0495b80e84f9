// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operands of wgmma in shared memory.

#ifndef SIMPLICIAL_RUNTIME_EMULATOR_WGMMA_OPERAND_H
#define SIMPLICIAL_RUNTIME_EMULATOR_WGMMA_OPERAND_H

#include "block.h"

#pragma GCC visibility push(hidden)

enum { WGMMA_K = 16, WGMMA_MAX_ROWS = 256 };

/// A matrix of WGMMA_K columns: A, or B transposed.
typedef struct Operand {
  uint32_t start, leading, stride; ///< bytes
  uint32_t span;                   ///< of the swizzle; 0: none
  uint32_t rows;
  bool row_major; ///< MN-major: 8 rows, not 8 columns, are one after another
} Operand;

/// What a descriptor says, checked.
Operand operand_of(Thread *thread, uint32_t site, uint64_t descriptor,
                   uint32_t rows, bool row_major);

/// A product of the warpgroup of `first` begins that reads it; it is done at
/// `epoch`.
void operand_begin(Thread *first, uint32_t site, const Operand *operand,
                   Epoch epoch);

void operand_read(const Block *block, const Operand *operand, bool is_bf16,
                  float values[WGMMA_K][WGMMA_MAX_ROWS]);

/// A bf16 or f16 as f32.
float operand_to_float(uint16_t bits, bool is_bf16);

#pragma GCC visibility pop

#endif // SIMPLICIAL_RUNTIME_EMULATOR_WGMMA_OPERAND_H
