// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What simplicial-verify asks of one operation, for passes that take it: they
// may be run on what was not verified.

#ifndef SIMPLICIAL_DIALECT_VERIFY_H
#define SIMPLICIAL_DIALECT_VERIFY_H

#include "mlir-c/IR.h"

/// Whether an attention, attention_into or attention_grad has operands, results
/// and attributes that fit together; diagnoses what does not.
MlirLogicalResult verify_attention(MlirOperation op);

#endif // SIMPLICIAL_DIALECT_VERIFY_H
