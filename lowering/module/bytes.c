// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products of sizes -> ops that notice an overflow.
//
//     %low, %high = arith.mului_extended %x, %y : i64
//     %bytes = %high == 0 and %low >= 0 ? %low : -1

#include "bytes.h"

#include "mlir-c/BuiltinTypes.h"

MlirValue bytes_multiply(Ir *b, MlirValue x, MlirValue y) {
  MlirType types[] = {ir_i64(b), ir_i64(b)};
  MlirOperation product =
      ir_op(b, "arith.mului_extended", 2, types, IR_VALUES(x, y), IR_NONE);
  MlirValue low = ir_result(product, 0), high = ir_result(product, 1);
  MlirValue zero = ir_const_i64(b, 0), none = ir_const_i64(b, -1);
  MlirValue fits = ir_cmpi(b, IR_EQ, high, zero);
  return ir_select(b, ir_cmpi(b, IR_SLT, low, zero), none,
                   ir_select(b, fits, low, none));
}

MlirValue bytes_of(Ir *b, MlirType memref, int64_t element,
                   const MlirValue *sizes) {
  MlirValue bytes = ir_const_i64(b, element);
  for (int d = 0; d < ir_rank(memref); ++d)
    bytes = bytes_multiply(b, bytes,
                           mlirShapedTypeIsDynamicDim(memref, d)
                               ? sizes[d]
                               : ir_const_i64(b, ir_dim_size(memref, d)));
  return bytes;
}
