// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products: a slice of the result accumulates in registers.
//
//     for each 16 of the reduction dimension:
//       a (4 registers) = two neighbouring slices of the left operand
//       b (2 registers) = ldmatrix of the right operand's tile in shared memory
//       acc = mma.sync.m16n8k16(a, b, acc)
//
// One ldmatrix loads for 32 of the reduction dimension where there are as many.

#include "distribute.h"

#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"
#include "mlir-c/Dialect/LLVM.h"

#include <stdio.h>

enum { STEP = 16, MATRIX = 8 };

/// A register of two 16-bit elements: nvvm.mma.sync takes bf16 as integers, and
/// f16 as what it is.
static MlirValue as_operand(Ir *b, MlirValue two, MlirType element) {
  MlirType type =
      mlirTypeIsABF16(element) ? ir_i32(b) : ir_vector(element, IR_DIMS(2));
  if (mlirTypeEqual(ir_type(two), type))
    return two;
  return ir_value(b, "llvm.bitcast", type, IR_VALUES(two), IR_NONE);
}

static MlirValue field(Ir *b, MlirValue record, MlirType type, int64_t i) {
  return ir_value(b, "llvm.extractvalue", type, IR_VALUES(record),
                  IR_ATTRIBUTES({"position", ir_i64_array(b, IR_DIMS(i))}));
}

static MlirType record_of(Ir *b, MlirType type, int n) {
  MlirType types[] = {type, type, type, type};
  return mlirLLVMStructTypeLiteralGet(b->context, n, types, false);
}

/// The right operand's registers for `steps` (1 or 2) steps from `k` on and the
/// slice's 8 columns. The lanes name the rows to load: 8 of each matrix.
static void load_right(Distribute *s, MlirOperation read, bool k_major,
                       int slice, int64_t k, int steps, MlirValue *registers) {
  Ir *b = &s->b;
  int n = 2 * steps;
  MlirValue row = ir_remui(b, s->lane, ir_const_index(b, n * MATRIX));
  MlirValue column;
  if (k_major) { // matrices one below the other, transposed by the load
    row = ir_addi(b, row, ir_const_index(b, k));
    column = ir_const_index(b, slice * SLICE);
  } else { // one beside the other
    MlirValue matrix = ir_divui(b, row, ir_const_index(b, MATRIX));
    row = ir_addi(b, ir_remui(b, row, ir_const_index(b, MATRIX)),
                  ir_const_index(b, slice * SLICE));
    column = ir_addi(b, ir_muli(b, matrix, ir_const_index(b, MATRIX)),
                     ir_const_index(b, k));
  }
  MlirValue memref = ir_operand(read, 0), indices[IR_MAX_RANK];
  int rank = ir_rank(ir_type(memref)), dims[2];
  tile_op_memref_dims(read, 2, dims);
  for (int d = 0; d < rank; ++d)
    indices[d] = distribute_scalar(s, ir_operand(read, 1 + d));
  indices[dims[0]] = ir_addi(b, indices[dims[0]], row);
  indices[dims[1]] = ir_addi(b, indices[dims[1]], column);
  MlirValue address = transfer_address(s, memref, indices);
  MlirAttribute layout = ir_parse_attr(b, k_major ? "#nvvm.mma_layout<col>"
                                                  : "#nvvm.mma_layout<row>");
  MlirValue loaded = ir_value(
      b, "nvvm.ldmatrix", record_of(b, ir_i32(b), n), IR_VALUES(address),
      IR_ATTRIBUTES(
          {"num", mlirIntegerAttrGet(ir_i32(b), n)}, {"layout", layout},
          {"shape", ir_parse_attr(b, "#nvvm.ld_st_matrix_shape<m = 8, n = 8>")},
          {"eltType", ir_parse_attr(b, "#nvvm.ld_st_matrix_elt_type<b16>")}));
  for (int i = 0; i < n; ++i)
    registers[i] = as_operand(b, field(b, loaded, ir_i32(b), i),
                              ir_element(ir_type(memref)));
}

static MlirValue multiply(Ir *b, MlirType element, const MlirValue *left,
                          const MlirValue *right, const Fragment *acc) {
  const char *type =
      mlirTypeIsABF16(element) ? "#nvvm.mma_type<bf16>" : "#nvvm.mma_type<f16>";
  MlirAttribute ptx = ir_parse_attr(b, type);
  const int32_t segments[] = {4, 2, 4};
  return ir_value(
      b, "nvvm.mma.sync", record_of(b, ir_f32(b), 4),
      IR_VALUES(left[0], left[1], left[2], left[3], right[0], right[1],
                acc->v[0][0], acc->v[0][1], acc->v[1][0], acc->v[1][1]),
      IR_ATTRIBUTES(
          {"shape", ir_parse_attr(b, "#nvvm.shape<m = 16, n = 8, k = 16>")},
          {"layoutA", ir_parse_attr(b, "#nvvm.mma_layout<row>")},
          {"layoutB", ir_parse_attr(b, "#nvvm.mma_layout<col>")},
          {"multiplicandAPtxType", ptx}, {"multiplicandBPtxType", ptx},
          {"operandSegmentSizes",
           mlirDenseI32ArrayGet(b->context, 3, segments)}));
}

Fragment product(Distribute *s, MlirOperation op, At at) {
  Ir *b = &s->b;
  MlirValue lhs = ir_operand(op, 0);
  MlirOperation read = ir_def(ir_operand(op, 1));
  const Entry *left = distribute_entry(s, lhs);
  Fragment acc = fragment(s, ir_operand(op, 2), at);
  if (!fragment_is_packed(ir_type(lhs)) || !left->fragments ||
      !ir_is(read, "vector.transfer_read") ||
      mlirAttributeIsNull(
          mlirMemRefTypeGetMemorySpace(ir_type(ir_operand(read, 0))))) {
    distribute_fail(s, op,
                    "its operands must be of 16 bits, the right one in "
                    "shared memory: run simplicial-stage first");
    return acc;
  }
  MlirType element = ir_element(ir_type(lhs));
  int64_t size = ir_dim_size(ir_type(lhs), 1);
  bool k_major = tile_op_is_k_major(op);
  MlirValue right[4];
  for (int64_t k = 0; k < size; k += STEP) {
    int64_t odd = k / STEP % 2;
    if (!odd)
      load_right(s, read, k_major, at.slice, k, k + STEP < size ? 2 : 1, right);
    MlirValue a[4];
    for (int i = 0; i < 4; ++i)
      a[i] = as_operand(b, left->fragments[k / SLICE + i / 2].v[i % 2][0],
                        element);
    MlirValue result = multiply(b, element, a, right + 2 * odd, &acc);
    for (int i = 0; i < 4; ++i)
      acc.v[i / 2][i % 2] = field(b, result, ir_f32(b), i);
  }
  return acc;
}
