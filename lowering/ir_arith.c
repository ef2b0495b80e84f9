// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The builder of ir.h: arithmetic on scalars and vectors.

#include "ir.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

// Scalars and elementwise arithmetic ------------------------------------------

MlirValue ir_constant(Ir *b, MlirType type, MlirAttribute element) {
  MlirAttribute value = mlirTypeIsAVector(type)
                            ? mlirDenseElementsAttrSplatGet(type, element)
                            : element;
  return ir_value(b, "arith.constant", type, IR_NONE,
                  IR_ATTRIBUTES({"value", value}));
}

static MlirType scalar_of(MlirType type) {
  return mlirTypeIsAVector(type) ? ir_element(type) : type;
}

MlirValue ir_const_index(Ir *b, int64_t value) {
  return ir_constant(b, ir_index(b), mlirIntegerAttrGet(ir_index(b), value));
}

MlirValue ir_const_i64(Ir *b, int64_t value) {
  return ir_constant(b, ir_i64(b), ir_i64_attr(b, value));
}

MlirValue ir_const_f(Ir *b, MlirType type, double value) {
  return ir_constant(
      b, type, mlirFloatAttrDoubleGet(b->context, scalar_of(type), value));
}

MlirValue ir_const_i32(Ir *b, MlirType type, int32_t value) {
  return ir_constant(b, type, mlirIntegerAttrGet(scalar_of(type), value));
}

MlirValue ir_const_int(Ir *b, MlirType type, int64_t value) {
  return ir_constant(b, type, mlirIntegerAttrGet(type, value));
}

MlirValue ir_zero(Ir *b, MlirType type) {
  MlirType element = scalar_of(type);
  return mlirTypeIsAFloat(element)
             ? ir_const_f(b, type, 0)
             : ir_constant(b, type, mlirIntegerAttrGet(element, 0));
}

/// An op whose result has the type of its first operand.
static MlirValue same(Ir *b, const char *name, int n, const MlirValue *v) {
  return ir_value(b, name, ir_type(v[0]), n, v, IR_NONE);
}

#define BINARY(function, name)                                                 \
  MlirValue function(Ir *b, MlirValue x, MlirValue y) {                        \
    return same(b, name, IR_VALUES(x, y));                                     \
  }
BINARY(ir_addi, "arith.addi")
BINARY(ir_subi, "arith.subi")
BINARY(ir_muli, "arith.muli")
BINARY(ir_ori, "arith.ori")
BINARY(ir_xori, "arith.xori")
BINARY(ir_divui, "arith.divui")
BINARY(ir_remui, "arith.remui")
BINARY(ir_minsi, "arith.minsi")
BINARY(ir_maxsi, "arith.maxsi")
BINARY(ir_addf, "arith.addf")
BINARY(ir_subf, "arith.subf")
BINARY(ir_mulf, "arith.mulf")
BINARY(ir_divf, "arith.divf")
BINARY(ir_maxnumf, "arith.maxnumf")
#undef BINARY

MlirValue ir_ceil_div(Ir *b, MlirValue x, int64_t y) {
  return ir_divui(b, ir_addi(b, x, ir_const_index(b, y - 1)),
                  ir_const_index(b, y));
}

MlirValue ir_negf(Ir *b, MlirValue x) {
  return same(b, "arith.negf", IR_VALUES(x));
}

MlirValue ir_fma(Ir *b, MlirValue x, MlirValue y, MlirValue z) {
  return same(b, "math.fma", IR_VALUES(x, y, z));
}

MlirValue ir_exp2(Ir *b, MlirValue x) {
  return same(b, "math.exp2", IR_VALUES(x));
}

MlirValue ir_log(Ir *b, MlirValue x) {
  return same(b, "math.log", IR_VALUES(x));
}

MlirValue ir_select(Ir *b, MlirValue condition, MlirValue x, MlirValue y) {
  return ir_value(b, "arith.select", ir_type(x), IR_VALUES(condition, x, y),
                  IR_NONE);
}

static MlirValue compare(Ir *b, const char *name, int predicate, MlirValue x,
                         MlirValue y) {
  return ir_value(b, name, ir_with_element(ir_type(x), ir_i1(b)),
                  IR_VALUES(x, y),
                  IR_ATTRIBUTES({"predicate", ir_i64_attr(b, predicate)}));
}

MlirValue ir_cmpi(Ir *b, IrIntPredicate predicate, MlirValue x, MlirValue y) {
  return compare(b, "arith.cmpi", predicate, x, y);
}

MlirValue ir_cmpf(Ir *b, IrFloatPredicate predicate, MlirValue x, MlirValue y) {
  return compare(b, "arith.cmpf", predicate, x, y);
}

MlirValue ir_index_cast(Ir *b, MlirValue x, MlirType type) {
  if (mlirTypeEqual(ir_type(x), type))
    return x;
  return ir_value(b, "arith.index_cast", type, IR_VALUES(x), IR_NONE);
}

MlirValue ir_as_i64(Ir *b, MlirValue x) {
  MlirType i64 = ir_i64(b);
  if (mlirTypeIsAIndex(ir_type(x)) || mlirTypeEqual(ir_type(x), i64))
    return ir_index_cast(b, x, i64);
  return ir_value(b, "arith.extsi", i64, IR_VALUES(x), IR_NONE);
}

MlirValue ir_convert(Ir *b, MlirValue x, MlirType element) {
  MlirType from = scalar_of(ir_type(x));
  if (mlirTypeEqual(from, element))
    return x;
  bool wider = mlirFloatTypeGetWidth(element) > mlirFloatTypeGetWidth(from);
  return ir_value(b, wider ? "arith.extf" : "arith.truncf",
                  ir_with_element(ir_type(x), element), IR_VALUES(x), IR_NONE);
}

MlirValue ir_bitcast(Ir *b, MlirValue x, MlirType element) {
  return ir_value(b, "arith.bitcast", ir_with_element(ir_type(x), element),
                  IR_VALUES(x), IR_NONE);
}

// Vectors ---------------------------------------------------------------------

MlirValue ir_broadcast(Ir *b, MlirValue x, MlirType vector) {
  return ir_value(b, "vector.broadcast", vector, IR_VALUES(x), IR_NONE);
}

MlirValue ir_shape_cast(Ir *b, MlirValue x, MlirType vector) {
  return ir_value(b, "vector.shape_cast", vector, IR_VALUES(x), IR_NONE);
}

MlirValue ir_broadcast_rows(Ir *b, MlirValue x, int64_t n) {
  MlirType type = ir_type(x), element = ir_element(type);
  int64_t m = ir_dim_size(type, 0);
  MlirValue column = ir_shape_cast(b, x, ir_vector(element, IR_DIMS(m, 1)));
  return ir_broadcast(b, column, ir_vector(element, IR_DIMS(m, n)));
}

MlirValue ir_step(Ir *b, int64_t n) {
  return ir_value(b, "vector.step", ir_vector(ir_index(b), IR_DIMS(n)), IR_NONE,
                  IR_NONE);
}

MlirValue ir_any(Ir *b, MlirValue x) {
  const int64_t dims[] = {0, 1};
  return ir_value(b, "vector.multi_reduction", ir_i1(b),
                  IR_VALUES(x, ir_const_int(b, ir_i1(b), 0)),
                  IR_ATTRIBUTES({"kind", ir_parse_attr(b, "#vector.kind<or>")},
                                {"reduction_dims",
                                 ir_i64_array(b, ir_rank(ir_type(x)), dims)}));
}

MlirValue ir_columns(Ir *b, MlirValue x, int64_t first, int64_t n) {
  int64_t rows = ir_dim_size(ir_type(x), 0);
  MlirType type = ir_vector(ir_element(ir_type(x)), IR_DIMS(rows, n));
  // In the order of the names: offsets, sizes, strides.
  const int64_t numbers[3][2] = {{0, first}, {rows, n}, {1, 1}};
  MlirAttribute arrays[3];
  for (int i = 0; i < 3; ++i) {
    MlirAttribute pair[] = {ir_i64_attr(b, numbers[i][0]),
                            ir_i64_attr(b, numbers[i][1])};
    arrays[i] = mlirArrayAttrGet(b->context, 2, pair);
  }
  return ir_value(b, "vector.extract_strided_slice", type, IR_VALUES(x),
                  IR_ATTRIBUTES({"offsets", arrays[0]}, {"sizes", arrays[1]},
                                {"strides", arrays[2]}));
}

MlirValue ir_create_mask(Ir *b, int n, const MlirValue *sizes, MlirType mask) {
  return ir_value(b, "vector.create_mask", mask, n, sizes, IR_NONE);
}

MlirValue ir_multi_reduction(Ir *b, IrReduction kind, MlirValue x, int dim,
                             MlirValue init) {
  MlirAttribute kind_attr = ir_parse_attr(
      b, kind == IR_SUM ? "#vector.kind<add>" : "#vector.kind<maxnumf>");
  return ir_value(
      b, "vector.multi_reduction", ir_type(init), IR_VALUES(x, init),
      IR_ATTRIBUTES({"kind", kind_attr},
                    {"reduction_dims", ir_i64_array(b, IR_DIMS(dim))}));
}

MlirValue ir_contract(Ir *b, MlirValue lhs, MlirValue rhs, bool rhs_is_kn,
                      MlirValue acc) {
  MlirAttribute maps = ir_parse_attr(
      b, rhs_is_kn ? "[affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(k,n)>, "
                     "affine_map<(m,n,k)->(m,n)>]"
                   : "[affine_map<(m,n,k)->(m,k)>, affine_map<(m,n,k)->(n,k)>, "
                     "affine_map<(m,n,k)->(m,n)>]");
  MlirAttribute iterators = ir_parse_attr(
      b, "[#vector.iterator_type<parallel>, #vector.iterator_type<parallel>, "
         "#vector.iterator_type<reduction>]");
  return ir_value(
      b, "vector.contract", ir_type(acc), IR_VALUES(lhs, rhs, acc),
      IR_ATTRIBUTES({"indexing_maps", maps}, {"iterator_types", iterators}));
}

MlirValue ir_shuffle(Ir *b, MlirValue x, MlirValue y, int n,
                     const int64_t *mask) {
  MlirType type = ir_vector(ir_element(ir_type(x)), IR_DIMS(n));
  return ir_value(b, "vector.shuffle", type, IR_VALUES(x, y),
                  IR_ATTRIBUTES({"mask", ir_i64_array(b, n, mask)}));
}
