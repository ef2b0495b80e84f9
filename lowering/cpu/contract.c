// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products. A few columns of the result, all rows of each, accumulate in
// registers while a loop runs over the reduction dimension:
//
//     for k: a = lhs[k][0..lanes)              // from its buffer
//            acc[u] += a * splat(rhs[x+u, k])  // u < n; straight from memory
//
// The left operand is kept with rows on lanes; the right one is read scalar by
// scalar, as it lies in memory, or from a copy widened to f32.

#include "block.h"

#include "mlir-c/AffineExpr.h"
#include "mlir-c/AffineMap.h"
#include "mlir-c/BuiltinAttributes.h"

static MlirValue rhs_element(Block *s, MlirValue rhs, const Read *read,
                             MlirValue row, MlirValue column) {
  MlirValue natural = block_entry(s, rhs)->natural;
  if (!mlirValueIsNull(natural))
    return ir_load(&s->b, natural, (const MlirValue[]){row, column});
  MlirValue indices[IR_MAX_RANK];
  read_indices(s, read, row, column, indices);
  return ir_load(&s->b, read->memref, indices);
}

Columns eval_contraction(Block *s, MlirOperation op, At at) {
  Ir *b = &s->b;
  MlirValue lhs = ir_operand(op, 0), rhs = ir_operand(op, 1);
  MlirValue buffer = block_entry(s, lhs)->buffer;
  int64_t lanes = block_lanes(ir_type(lhs), 1);
  bool kn = tile_op_right_is_kn(op);
  Columns acc = eval(s, ir_operand(op, 2), at);
  Read read;
  if (mlirValueIsNull(buffer) || !read_of(rhs, &read)) {
    block_fail(s, op, "its operands are not where products take them from");
    return acc;
  }
  // What the left operand pads with zeros contributes nothing.
  Padding padding = padding_of(lhs, 1);
  MlirValue size = padding.value == 0 && !mlirValueIsNull(padding.limit)
                       ? block_scalar(s, padding.limit)
                       : ir_const_index(b, ir_dim_size(ir_type(lhs), 1));
  // The right operand may be read only before its count.
  MlirValue bound = kn ? padding.limit : at.limit;
  if (!mlirValueIsNull(read.count) &&
      (mlirValueIsNull(bound) || !mlirValueEqual(bound, read.count))) {
    block_fail(s, op, "its right operand is padded where its result is not");
    return acc;
  }

  IrLoop loop = ir_for_begin(b, ir_const_index(b, 0), size,
                             ir_const_index(b, 1), at.n, acc.v);
  MlirValue k = loop.iv[0];
  MlirValue a = ir_vector_load(b, ir_vector(ir_f32(b), IR_DIMS(lanes)), buffer,
                               (const MlirValue[]){k, ir_const_index(b, 0)});
  for (int u = 0; u < at.n; ++u) {
    MlirValue x = block_column(s, at, u);
    MlirValue element = kn ? rhs_element(s, rhs, &read, k, x)
                           : rhs_element(s, rhs, &read, x, k);
    acc.v[u] = ir_fma(b, a, eval_splat(s, element, lanes), loop.args[u]);
  }
  ir_for_end(b, &loop, at.n, acc.v);
  for (int u = 0; u < at.n; ++u)
    acc.v[u] = loop.results[u];
  return acc;
}
