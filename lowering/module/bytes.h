// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arithmetic of sizes in bytes, which need not fit into an i64.

#ifndef SIMPLICIAL_LOWERING_MODULE_BYTES_H
#define SIMPLICIAL_LOWERING_MODULE_BYTES_H

#include "lowering/ir.h"

/// x * y, of which both are at least 0, or -1 if that is no i64.
MlirValue bytes_multiply(Ir *b, MlirValue x, MlirValue y);

/// The bytes of a memref's elements, of which each has `element`; the same.
/// Sizes are i64; those of static dimensions may be null.
MlirValue bytes_of(Ir *b, MlirType memref, int64_t element,
                   const MlirValue *sizes);

#endif // SIMPLICIAL_LOWERING_MODULE_BYTES_H
