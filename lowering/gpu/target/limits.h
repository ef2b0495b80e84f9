// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What hardware allows, beside what differs by chip (chip.h): numbers, and what
// matrix instructions take. They are here once for those who generate code and
// those who foresee what it takes.

#ifndef SIMPLICIAL_LOWERING_GPU_TARGET_LIMITS_H
#define SIMPLICIAL_LOWERING_GPU_TARGET_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

/// Registers of 32 bits, and shared memory in bytes.
enum {
  LIMITS_REGISTERS = 65536,      ///< of an SM
  LIMITS_THREAD_REGISTERS = 255, ///< of a thread
  LIMITS_REGISTER_STEP = 8,      ///< in which threads get them
  LIMITS_RESERVED_SHARED = 1024, ///< of each block, for the system
  LIMITS_MBARRIER = 8,           ///< an mbarrier
};

/// Matrix instructions: the reduction of one, of 16 bits; rows of an
/// accumulator, and its columns, a slice, of which a thread has two in two
/// rows.
enum { LIMITS_DEPTH = 16, WARP_ROWS = 16, SLICE = 8 };

/// Shared memory, in bytes but for SWIZZLE_ROWS.
enum {
  CHUNK = 16,          ///< of an asynchronous copy
  TMA_ALIGNMENT = 128, ///< of what TMA writes in shared memory, and reads there
  PADDING = 16,        ///< behind a row that is in no panel
  SWIZZLE_BYTES = 128, ///< of a row in a panel, at most
  SWIZZLE_ROWS = 8,    ///< after which places repeat
};

/// How many bytes of a row of `bytes` are in a panel: the largest of 128, 64 and
/// 32 that divides them; 0: none does.
int64_t limits_panel_bytes(int64_t bytes);

/// The columns that a product of warpgroups has registers for at once, and in
/// parts of so many.
enum {
  LIMITS_WGMMA_COLUMNS = 128,
  LIMITS_WGMMA_COLUMNS_IN_PARTS = 192,
  LIMITS_WGMMA_PART = 64,
  LIMITS_WGMMA_DEPTH = 256, ///< of the reduction
  LIMITS_WARPGROUP = 4,     ///< warps
};

/// A product: rows x `columns` sums over `depth`, of operands of so many bytes.
typedef struct ProductShape {
  int64_t warps; ///< that have the rows
  int64_t columns, depth, bytes;
  int64_t row;   ///< columns of what has the right operand in shared memory
  bool by_depth; ///< its rows are the reduction's, not the result's columns
  bool added;    ///< the result is added to something
} ProductShape;

/// Why wgmma does not compute a product; NULL: it does.
const char *limits_wgmma_refuses(const ProductShape *product);

#endif // SIMPLICIAL_LOWERING_GPU_TARGET_LIMITS_H
