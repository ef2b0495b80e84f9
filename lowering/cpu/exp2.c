// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// 2^x for vectors of f32, by a polynomial: relative error below 1e-7, results
// below 2^-126 flushed to 0, infinities and NaN as in IEEE arithmetic.
//
// x = n + f with n an integer and |f| <= 1/2; 2^x = 2^n * 2^f. Adding 1.5 *
// 2^23 + 127 rounds x to n and leaves n + 127 in the low bits, which shifted
// are the float 2^n. The coefficients are a minimax fit of 2^f.

#include "block.h"

MlirValue exp2_polynomial(Ir *b, MlirValue x) {
  static const double coefficients[] = {0.00015345810970757157,
                                        0.0013399930903688073,
                                        0.009618489071726799,
                                        0.05550328642129898,
                                        0.24022646248340607,
                                        0.6931471824645996,
                                        1.0};
  MlirType f32 = ir_type(x), i32 = ir_with_element(f32, ir_i32(b));
  MlirValue least = ir_const_f(b, f32, -127), most = ir_const_f(b, f32, 128);
  x = ir_select(b, ir_cmpf(b, IR_OLT, x, least), least, x);
  x = ir_select(b, ir_cmpf(b, IR_OGT, x, most), most, x);
  MlirValue magic = ir_const_f(b, f32, 12582912.0 + 127);
  MlirValue t = ir_addf(b, x, magic);
  MlirValue f = ir_subf(b, x, ir_subf(b, t, magic));
  MlirValue p = ir_const_f(b, f32, coefficients[0]);
  for (size_t i = 1; i < sizeof coefficients / sizeof *coefficients; ++i)
    p = ir_fma(b, p, f, ir_const_f(b, f32, coefficients[i]));
  MlirValue scale =
      ir_value(b, "arith.shli", i32,
               IR_VALUES(ir_bitcast(b, t, ir_i32(b)), ir_const_i32(b, i32, 23)),
               IR_NONE);
  return ir_mulf(b, p, ir_bitcast(b, scale, ir_f32(b)));
}
