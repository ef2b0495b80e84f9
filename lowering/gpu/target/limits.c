// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What matrix instructions take. PTX ISA, "wgmma.mma_async": operands of 16
// bits, results of a multiple of 8 columns up to 256, of which the registers of
// a thread hold 128 beside what else is there.

#include "limits.h"

#include <stddef.h>

int64_t limits_panel_bytes(int64_t bytes) {
  enum { LEAST = 32 };
  int64_t panel = SWIZZLE_BYTES;
  while (bytes % panel)
    panel /= 2;
  return panel < LEAST ? 0 : panel;
}

/// Why a product cannot be computed in parts: a panel each, added to nothing.
/// One warpgroup alone on an SM has too few registers even so. NULL: it can.
static const char *why_not_in_parts(const ProductShape *p) {
  if (p->columns > LIMITS_WGMMA_COLUMNS_IN_PARTS ||
      p->columns % LIMITS_WGMMA_PART)
    return "there are registers for products of 128 columns, or of 192 in "
           "parts";
  if (p->warps <= LIMITS_WARPGROUP)
    return "one warpgroup alone has too few registers for a product in parts";
  if (!p->by_depth || p->added)
    return "a product in parts is one with values, added to nothing";
  return NULL;
}

const char *limits_wgmma_refuses(const ProductShape *p) {
  if (p->bytes != 2)
    return "wgmma takes operands of f16 and bf16 only";
  if (!limits_panel_bytes(p->row * p->bytes))
    return "wgmma takes operands from shared memory that have rows of a "
           "multiple of 16 columns there, and a multiple of 8 of them";
  if (p->depth % LIMITS_DEPTH || p->depth > LIMITS_WGMMA_DEPTH)
    return "wgmma reduces multiples of 16 columns, up to 256";
  if (p->columns % SLICE)
    return "wgmma makes multiples of 8 columns";
  return p->columns > LIMITS_WGMMA_COLUMNS ? why_not_in_parts(p) : NULL;
}
