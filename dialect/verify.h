// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What simplicial-verify asks of one operation, for passes that take it: they
// may be run on what was not verified.

#ifndef SIMPLICIAL_DIALECT_VERIFY_H
#define SIMPLICIAL_DIALECT_VERIFY_H

#include "mlir-c/IR.h"

/// Whether an attention, attention_grad, or one of them on memrefs, has
/// operands, results and attributes that fit together; diagnoses what does not.
MlirLogicalResult verify_attention(MlirOperation op);

/// The type of an attention's result for these operands: q's, with v1's head
/// dimension.
MlirType attention_out_type(MlirType q, MlirType v1);

/// The places of an attention_grad_into's gradients, of q to v2, in that order;
/// null where there is none. Diagnoses operandSegmentSizes that say no such
/// thing.
MlirLogicalResult verify_gradients(MlirOperation op, MlirValue *gradients);

#endif // SIMPLICIAL_DIALECT_VERIFY_H
