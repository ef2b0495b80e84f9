// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Questions about the ops of tile programs.

#include "tile_ops.h"

#include "mlir-c/AffineExpr.h"
#include "mlir-c/AffineMap.h"
#include "mlir-c/BuiltinAttributes.h"
#include "mlir-c/BuiltinTypes.h"

bool tile_is(MlirValue value) { return mlirTypeIsAVector(ir_type(value)); }

int64_t tile_rows(MlirType tile, int row_dims) {
  int64_t rows = 1;
  for (int i = 0; i < row_dims; ++i)
    rows *= ir_dim_size(tile, i);
  return rows;
}

bool tile_has_columns(MlirType tile, int row_dims) {
  return ir_rank(tile) > row_dims;
}

int tile_uses(MlirValue tile) {
  int n = 0;
  for (MlirOpOperand use = mlirValueGetFirstUse(tile);
       !mlirOpOperandIsNull(use); use = mlirOpOperandGetNextUse(use))
    ++n;
  return n;
}

bool tile_op_is_elementwise(MlirOperation op) {
  static const char *const names[] = {
      "arith.addf",      "arith.subf",    "arith.mulf", "arith.divf",
      "arith.negf",      "arith.maxnumf", "arith.cmpf", "arith.select",
      "arith.extf",      "arith.truncf",  "arith.addi", "arith.xori",
      "arith.cmpi",      "math.fma",      "math.exp2",  "math.log",
      "arith.index_cast"};
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
    if (ir_is(op, names[i]))
      return true;
  return false;
}

MlirOperation tile_source(MlirValue tile) {
  MlirOperation op = ir_def(tile);
  while (ir_is(op, "vector.broadcast") || ir_is(op, "vector.shape_cast"))
    op = ir_def(ir_operand(op, 0));
  return op;
}

bool tile_op_reduces_all(MlirOperation op) {
  return ir_is(op, "vector.multi_reduction") && !tile_is(ir_result(op, 0));
}

/// The one dimension that a multi_reduction to a tile reduces; -1 for any other
/// op.
static int reduced_dim(MlirOperation op) {
  if (!ir_is(op, "vector.multi_reduction") || tile_op_reduces_all(op))
    return -1;
  MlirAttribute dims = ir_get_attr(op, "reduction_dims");
  return mlirDenseArrayGetNumElements(dims) == 1
             ? (int)mlirDenseI64ArrayGetElement(dims, 0)
             : -1;
}

bool tile_op_reduces_columns(MlirOperation op) {
  int dim = reduced_dim(op);
  return dim >= 0 && dim == ir_rank(ir_type(ir_operand(op, 0))) - 1;
}

bool tile_op_reduces_rows(MlirOperation op) {
  return reduced_dim(op) == 0 && !tile_op_reduces_columns(op);
}

IrReduction tile_op_reduction_kind(MlirOperation op) {
  MlirAttribute sum = mlirAttributeParseGet(mlirOperationGetContext(op),
                                            ir_str("#vector.kind<add>"));
  return mlirAttributeEqual(ir_get_attr(op, "kind"), sum) ? IR_SUM : IR_MAX;
}

int tile_op_source_row_dims(MlirOperation op, int row_dims) {
  MlirType from = ir_type(ir_operand(op, 0)), to = ir_type(ir_result(op, 0));
  if (ir_is(op, "vector.broadcast")) {
    int dims = row_dims - (ir_rank(to) - ir_rank(from));
    return dims > 0 ? dims : 0;
  }
  // A shape_cast keeps the order of elements: rows are as many dimensions as
  // make as many rows, those of size 1 included.
  int64_t rows = tile_rows(to, row_dims);
  int dims = 0;
  while (dims < ir_rank(from) && tile_rows(from, dims + 1) <= rows)
    ++dims;
  return dims ? dims : 1;
}

/// The loops of a product that the two dimensions of one of its tiles run
/// along; -1 for none.
static void product_dims(MlirOperation op, int tile, int dims[2]) {
  MlirAttribute maps = ir_get_attr(op, "indexing_maps");
  MlirAffineMap map =
      mlirAffineMapAttrGetValue(mlirArrayAttrGetElement(maps, tile));
  dims[0] = dims[1] = -1;
  for (int i = 0; i < 2 && mlirAffineMapGetNumResults(map) == 2; ++i) {
    MlirAffineExpr expr = mlirAffineMapGetResult(map, i);
    if (mlirAffineExprIsADim(expr))
      dims[i] = (int)mlirAffineDimExprGetPosition(expr);
  }
}

/// Whether the last dimension of an operand is that one of the result.
static bool ends_with(MlirOperation op, int operand, int result_dim) {
  int dims[2], out[2];
  product_dims(op, operand, dims);
  product_dims(op, 2, out);
  return dims[1] == out[result_dim];
}

bool tile_op_left_is_km(MlirOperation op) { return ends_with(op, 0, 0); }

bool tile_op_right_is_kn(MlirOperation op) { return ends_with(op, 1, 1); }

void tile_op_memref_dims(MlirOperation op, int tile_rank, int *dims) {
  MlirAffineMap map =
      mlirAffineMapAttrGetValue(ir_get_attr(op, "permutation_map"));
  for (int t = 0; t < tile_rank; ++t) {
    MlirAffineExpr expr = mlirAffineMapGetResult(map, t);
    dims[t] = mlirAffineExprIsADim(expr)
                  ? (int)mlirAffineDimExprGetPosition(expr)
                  : -1;
  }
}

MlirValue tile_op_mask_count(MlirOperation create_mask, int dim) {
  MlirValue count = ir_operand(create_mask, dim);
  MlirOperation op = ir_def(count);
  bool whole = ir_is(op, "arith.constant") &&
               mlirIntegerAttrGetValueInt(ir_get_attr(op, "value")) >=
                   ir_dim_size(ir_type(ir_result(create_mask, 0)), dim);
  return whole ? (MlirValue){NULL} : count;
}

bool tile_op_mask(MlirOperation transfer, MlirValue *first, MlirValue *end) {
  *first = *end = (MlirValue){NULL};
  bool writes = ir_is(transfer, "vector.transfer_write");
  MlirValue memref = ir_operand(transfer, writes);
  // Behind the tile or before what pads it: the memref, and indices.
  int number = 2 + ir_rank(ir_type(memref));
  if (mlirOperationGetNumOperands(transfer) <= number)
    return true;
  // A mask has its dimensions in the memref's order.
  int rank = ir_rank(ir_type(ir_operand(transfer, number)));
  int dims[IR_MAX_RANK], dim = 0;
  tile_op_memref_dims(transfer, rank, dims);
  for (int t = 1; t < rank; ++t)
    dim += dims[t] < dims[0];
  MlirOperation mask = ir_def(ir_operand(transfer, number));
  if (ir_is(mask, "arith.xori")) {
    MlirOperation before = ir_def(ir_operand(mask, 1));
    if (!ir_is(before, "vector.create_mask"))
      return false;
    *first = ir_operand(before, dim);
    mask = ir_def(ir_operand(mask, 0));
  }
  if (!ir_is(mask, "vector.create_mask"))
    return false;
  *end = tile_op_mask_count(mask, dim);
  return true;
}

MlirValue tile_op_column_limit(MlirOperation op) {
  MlirValue none = {NULL};
  if (!ir_is(op, "arith.cmpi") || !tile_is(ir_operand(op, 0)) ||
      mlirIntegerAttrGetValueInt(ir_get_attr(op, "predicate")) != IR_SLT)
    return none;
  MlirOperation columns = ir_def(ir_operand(op, 0));
  MlirOperation rows = ir_def(ir_operand(op, 1));
  if (!ir_is(columns, "vector.broadcast") || !ir_is(rows, "vector.broadcast"))
    return none;
  columns = ir_def(ir_operand(columns, 0));
  if (ir_is(columns, "arith.index_cast"))
    columns = ir_def(ir_operand(columns, 0));
  rows = ir_def(ir_operand(rows, 0));
  return ir_is(columns, "vector.step") && ir_is(rows, "vector.shape_cast")
             ? ir_operand(rows, 0)
             : none;
}

// What tile programs are checked for ------------------------------------------

static MlirLogicalResult refuse(MlirOperation op, const char *what) {
  MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(op));
  return ir_error(op, "is not an op of tile programs: '%.*s' %s",
                  (int)name.length, name.data, what);
}

static bool is_attribute(MlirOperation op, MlirAttribute x, const char *text) {
  return mlirAttributeEqual(
      x, mlirAttributeParseGet(mlirOperationGetContext(op), ir_str(text)));
}

static MlirLogicalResult check_product(MlirOperation op) {
  enum { LOOPS = 3 };
  MlirAttribute iterators = ir_get_attr(op, "iterator_types");
  MlirAttribute kind = ir_get_attr(op, "kind");
  if (mlirArrayAttrGetNumElements(iterators) != LOOPS)
    return refuse(op, "must have three loops: over m, n and k");
  int left[2], right[2], out[2];
  product_dims(op, 0, left);
  product_dims(op, 1, right);
  product_dims(op, 2, out);
  int m = out[0], n = out[1], k = LOOPS - m - n;
  if (m < 0 || n < 0 || m == n)
    return refuse(op, "must have a result [M, N]");
  if ((left[0] != m || left[1] != k) && (left[0] != k || left[1] != m))
    return refuse(op, "must have a left operand [M, K] or [K, M]");
  if ((right[0] != n || right[1] != k) && (right[0] != k || right[1] != n))
    return refuse(op, "must have a right operand [N, K] or [K, N]");
  for (int i = 0; i < LOOPS; ++i)
    if (!is_attribute(op, mlirArrayAttrGetElement(iterators, i),
                      i == k ? "#vector.iterator_type<reduction>"
                             : "#vector.iterator_type<parallel>"))
      return refuse(op, "must reduce k");
  if (!mlirAttributeIsNull(kind) &&
      !is_attribute(op, kind, "#vector.kind<add>"))
    return refuse(op, "must add products");
  MlirType type = ir_element(ir_type(ir_operand(op, 0)));
  if (!mlirTypeEqual(type, ir_element(ir_type(ir_operand(op, 1)))) ||
      !mlirTypeIsAFloat(type) || mlirFloatTypeGetWidth(type) > 32 ||
      !mlirTypeIsAF32(ir_element(ir_type(ir_result(op, 0)))))
    return refuse(op, "must multiply floats of one type, and add them as f32");
  return mlirLogicalResultSuccess();
}

static MlirLogicalResult check_reduction(MlirOperation op) {
  if (tile_op_reduces_all(op)) // what kind of, those check who take it
    return mlirLogicalResultSuccess();
  if (!tile_op_reduces_columns(op) && !tile_op_reduces_rows(op))
    return refuse(op, "must reduce the first or the last dimension");
  MlirAttribute kind = ir_get_attr(op, "kind");
  return is_attribute(op, kind, "#vector.kind<add>") ||
                 is_attribute(op, kind, "#vector.kind<maxnumf>")
             ? mlirLogicalResultSuccess()
             : refuse(op, "must be a sum or a maximum");
}

static bool is_positive_zero(MlirValue value) {
  MlirAttribute attribute = ir_is(ir_def(value), "arith.constant")
                                ? ir_get_attr(ir_def(value), "value")
                                : mlirAttributeGetNull();
  if (mlirAttributeIsNull(attribute))
    return false;
  return mlirAttributeIsAFloat(attribute) &&
         mlirFloatAttrGetValueDouble(attribute) == 0;
}

static MlirLogicalResult check_transfer(MlirOperation op) {
  bool writes = ir_is(op, "vector.transfer_write");
  MlirValue memref = ir_operand(op, writes);
  MlirType tile = ir_type(writes ? ir_operand(op, 0) : ir_result(op, 0));
  if (!mlirTypeIsAMemRef(ir_type(memref)) ||
      !mlirTypeEqual(ir_element(ir_type(memref)), ir_element(tile)))
    return refuse(op, "must be of a memref of the tile's elements");
  int rank = ir_rank(tile), dims[IR_MAX_RANK];
  int number = 2 + ir_rank(ir_type(memref));
  MlirAffineMap map =
      mlirAffineMapAttrGetValue(ir_get_attr(op, "permutation_map"));
  bool plain = mlirAffineMapGetNumResults(map) == rank;
  if (plain)
    tile_op_memref_dims(op, rank, dims);
  for (int i = 0; i < rank && plain; ++i)
    for (int j = 0; j <= i && plain; ++j)
      plain = dims[i] >= 0 && (i == j || dims[i] != dims[j]);
  if (!plain)
    return refuse(op, "must run along dimensions of the memref");
  MlirAttribute in_bounds = ir_get_attr(op, "in_bounds");
  for (int i = 0; i < rank; ++i)
    if (!mlirBoolAttrGetValue(mlirArrayAttrGetElement(in_bounds, i)))
      return refuse(op, "must be in bounds, or have a mask");
  if (!writes && mlirOperationGetNumOperands(op) > number &&
      !is_positive_zero(ir_operand(op, number - 1)))
    return refuse(op, "must pad with zeros");
  return mlirLogicalResultSuccess();
}

static MlirLogicalResult check_types(MlirOperation op) {
  int n = (int)mlirOperationGetNumOperands(op);
  int results = (int)mlirOperationGetNumResults(op);
  if (n + results > IR_MAX_VALUES / 2)
    return refuse(op, "has too many operands or results");
  for (int i = 0; i < n + results; ++i) {
    MlirType type = ir_type(i < n ? ir_operand(op, i) : ir_result(op, i - n));
    bool ranked = mlirTypeIsAVector(type) || mlirTypeIsAMemRef(type);
    if (ranked && ir_rank(type) > IR_MAX_RANK)
      return refuse(op, "has values of too many dimensions");
    if (mlirTypeIsAVector(type) &&
        (ir_rank(type) == 0 || mlirVectorTypeIsScalable(type)))
      return refuse(op, "must have tiles of one dimension or more, none of "
                        "them scalable");
  }
  for (intptr_t i = 0; i < mlirOperationGetNumRegions(op); ++i) {
    MlirBlock block = ir_body(op, (int)i);
    if (mlirBlockIsNull(block) ||
        !mlirBlockIsNull(mlirBlockGetNextInRegion(block)))
      return refuse(op, "must have regions of one block each");
  }
  return mlirLogicalResultSuccess();
}

static MlirWalkResult check_op(MlirOperation op, void *status) {
  MlirLogicalResult result = check_types(op);
  if (mlirLogicalResultIsSuccess(result)) {
    if (ir_is(op, "vector.contract"))
      result = check_product(op);
    else if (ir_is(op, "vector.multi_reduction"))
      result = check_reduction(op);
    else if (ir_is(op, "vector.transfer_read") ||
             ir_is(op, "vector.transfer_write"))
      result = check_transfer(op);
  }
  *(MlirLogicalResult *)status = result;
  return mlirLogicalResultIsSuccess(result) ? MlirWalkResultAdvance
                                            : MlirWalkResultInterrupt;
}

MlirLogicalResult tile_check(MlirOperation forall) {
  MlirLogicalResult status = mlirLogicalResultSuccess();
  if (mlirOperationGetNumResults(forall))
    return refuse(forall, "must be on memrefs");
  mlirOperationWalk(forall, check_op, &status, MlirWalkPreOrder);
  return status;
}

static MlirWalkResult find_left_km(MlirOperation op, void *status) {
  bool found = ir_is(op, "vector.contract") && tile_op_left_is_km(op);
  if (found)
    *(MlirLogicalResult *)status =
        ir_error(op, "has a left operand [K, M], for which there is no code");
  return found ? MlirWalkResultInterrupt : MlirWalkResultAdvance;
}

MlirLogicalResult tile_refuse_left_km(MlirOperation forall) {
  MlirLogicalResult status = mlirLogicalResultSuccess();
  mlirOperationWalk(forall, find_left_km, &status, MlirWalkPreOrder);
  return status;
}

static MlirWalkResult find_product(MlirOperation op, void *found) {
  *(bool *)found = ir_is(op, "vector.contract");
  return *(bool *)found ? MlirWalkResultInterrupt : MlirWalkResultAdvance;
}

bool tile_has_products(MlirOperation forall) {
  bool found = false;
  mlirOperationWalk(forall, find_product, &found, MlirWalkPreOrder);
  return found;
}
